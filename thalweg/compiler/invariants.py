"""What a step computes of the data alone is computed once, before the first step.

Data are the same arrays all along. A logarithm of them, the order of a column, the products of its
rows with themselves need no more than one computation a run; what costs little beside reading it
again stays in the step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from thalweg.core.primitive import Role
from thalweg.core.program import Equation, Program, Symbol, depending, made_of, remove_dead_code
from thalweg.core.spec import Bundle, Spec

# An elementwise function of this cost takes longer than to read its value.
_DEAR = 8

_COMPUTED: tuple[Role, ...] = ("reduction", "scan", "scatter", "whole", "product", "draw")

# Elements of others, found by their places: a step reads them where those are.
_MOVED: tuple[Role, ...] = ("view", "move", "position")


def ahead(
    program: Program, first: int, count: int, stays: Callable[[Equation], bool] = lambda _: False
) -> tuple[Program, Program] | None:
    """Split a step in what is computed of its data alone, and the rest.

    Args:
        program: The step.
        first: The number of the first input that is data.
        count: How many there are.
        stays: Tells of an equation that it is computed in every step all the same.

    Returns:
        A program of the data, and a step that takes its results behind them; None if there are
        none worth it.
    """
    data = program.inputs[first : first + count]
    known = made_of(program, data, stays)
    dear = _dear(known)
    wanted = dict.fromkeys(_read_by_others(program, known, dear))
    if not wanted:
        return None
    before = remove_dead_code(Program(data, tuple(known.values()), tuple(wanted)))
    given = {
        symbol: Symbol(Spec(symbol.shape, symbol.dtype, symbol.spec.weak)) for symbol in wanted
    }
    rest = [e.reading(given) for e in program.equations if e.output not in given]
    inputs = (*program.inputs[: first + count], *given.values(), *program.inputs[first + count :])
    outputs = tuple(given.get(symbol, symbol) for symbol in program.outputs)
    return before, remove_dead_code(Program(inputs, tuple(rest), outputs))


def _dear(known: dict[Symbol, Equation]) -> set[Symbol]:
    """Return the values that something dear is computed for."""
    own = (
        symbol
        for symbol, equation in known.items()
        if equation.primitive.role in _COMPUTED or equation.primitive.cost >= _DEAR
    )
    return depending(known.values(), own)


def _read_by_others(
    program: Program, known: dict[Symbol, Equation], dear: set[Symbol]
) -> Iterator[Symbol]:
    """Yield the dear values that the rest of the step reads, behind what only moves them."""
    read = [s for e in program.equations if e.output not in known for s in e.inputs]
    pending, seen = [*read, *program.outputs], set[Symbol]()
    while pending:
        symbol = pending.pop()
        if symbol in seen or symbol not in dear:
            continue
        seen.add(symbol)
        equation = known[symbol]
        if equation.primitive.role in _MOVED or isinstance(symbol.spec, Bundle):
            pending += equation.inputs
        else:
            yield symbol
