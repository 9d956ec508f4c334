"""The derivative of a loop's body in two parts: what a turn keeps, and what comes later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thalweg.autodiff.reverse import captured_by
from thalweg.control.body import floating, pull_back
from thalweg.core.apply import run
from thalweg.core.primitive import is_floating
from thalweg.core.program import Equation, Program, Symbol, finish, remove_dead_code, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, make
from thalweg.ops.creation.creation import full

# What costs no more than so many additions is computed again rather than kept.
_CHEAP = 6


@dataclass(frozen=True, eq=False)
class Residuals:
    """The derivative of a program in two parts.

    Attributes:
        forward: Maps (inputs, captured) to (outputs, saved).
        results: How many outputs the program itself has.
        inputs: The specs of its inputs and of what is captured.
        saved: What the second part needs of the first.
        captured: Tensors that the derivative's rules use.
        moved: The inputs that have a cotangent.
        later: Maps (cotangents of floating outputs, saved, inputs after those carried over,
            captured) to the cotangents of `moved`.
    """

    forward: Program
    results: int
    inputs: tuple[Spec, ...]
    saved: tuple[Symbol, ...]
    captured: list[Tensor]
    moved: tuple[int, ...]
    later: Program

    def pull_back(
        self, given: Mapping[int, Tensor], saved: Sequence[Tensor], rest: Sequence[Tensor]
    ) -> dict[int, Tensor]:
        """Return the cotangents of the inputs from those of some outputs."""
        outputs = self.forward.outputs[: self.results]
        traced = next(iter((*given.values(), *saved, *rest)))
        moving = [
            given[i] if i in given else full(symbol.shape, 0, symbol.dtype, like=traced)
            for i, symbol in enumerate(outputs)
            if is_floating(symbol.dtype)
        ]
        found = run(self.later, [*moving, *saved, *rest])
        return dict(zip(self.moved, found, strict=True))


def split_at(body: Program, carries: int) -> Residuals:
    """Return the derivative of a body whose leading inputs are gone when it is computed."""
    count, ends = len(body.inputs), floating(body.outputs)

    def both(*tensors: Tensor) -> tuple[list[Tensor], dict[int, Tensor]]:
        return pull_back(body, tensors[:count], dict(zip(ends, tensors[count:], strict=True)))

    specs = [symbol.spec for symbol in (*body.inputs, *(body.outputs[i] for i in ends))]
    (found, pulled), current, symbols = trace(both, [Spec(s.shape, s.dtype) for s in specs], make)
    moved = tuple(sorted(pulled))
    results = [current.lift(tensor._bare()) for tensor in found]
    pulled_back = [current.lift(pulled[i]) for i in moved]
    whole = finish(current, symbols, [*results, *pulled_back])
    # What is finished may have other equations, and so other outputs.
    results, pulled_back = [*whole.outputs[: len(found)]], [*whole.outputs[len(found) :]]
    given, moving = whole.inputs[:count], whole.inputs[count : len(symbols)]
    captured = whole.inputs[len(symbols) :]
    known, linear = _parted(whole.equations, {*moving})
    again, saved = _kept(known, linear, pulled_back, {*given[carries:], *captured}, {*moving})
    forward = Program((*given, *captured), known, (*results, *saved))
    later = Program(
        (*moving, *saved, *given[carries:], *captured), (*again, *linear), tuple(pulled_back)
    )
    inputs = tuple(Spec(symbol.shape, symbol.dtype) for symbol in forward.inputs)
    body = remove_dead_code(forward)
    return Residuals(body, len(results), inputs, saved, captured_by(current), moved, later)


def _parted(
    equations: tuple[Equation, ...], moving: set[Symbol]
) -> tuple[tuple[Equation, ...], tuple[Equation, ...]]:
    """Part equations by whether they depend on some symbols."""
    known, linear, reached = [], [], set(moving)
    for equation in equations:
        if reached.isdisjoint(equation.inputs):
            known.append(equation)
        else:
            linear.append(equation)
            reached.add(equation.output)
    return tuple(known), tuple(linear)


def _kept(
    known: tuple[Equation, ...],
    linear: tuple[Equation, ...],
    outputs: list[Symbol],
    available: set[Symbol],
    moving: set[Symbol],
) -> tuple[list[Equation], tuple[Symbol, ...]]:
    """Return which known equations are computed again, and which of their results are kept."""
    maker = {equation.output: equation for equation in known}
    made = {equation.output for equation in linear} | moving
    wanted = dict.fromkeys(
        symbol
        for symbol in (*(s for equation in linear for s in equation.inputs), *outputs)
        if symbol.value is None and symbol not in made
    )
    order = {symbol: i for i, symbol in enumerate(maker)}
    saved: list[Symbol] = []
    again: set[Equation] = set()

    def behind(symbol: Symbol, left: int) -> set[Equation] | None:
        """Return the equations to compute again for a symbol, None if they are too dear."""
        if symbol in available or symbol.value is not None:
            return set()
        equation = maker.get(symbol)
        if equation is None or equation.primitive.role not in _AGAIN:
            return None
        found = {equation}
        left -= equation.primitive.cost
        for operand in equation.inputs:
            below = None if left < 0 else behind(operand, left)
            if below is None:
                return None
            found |= below
        return found

    for symbol in sorted(wanted, key=lambda symbol: order.get(symbol, -1)):
        computed = behind(symbol, _CHEAP)
        if computed is None:
            saved.append(symbol)
            available = available | {symbol}
        else:
            again |= computed
    return [equation for equation in known if equation in again], tuple(saved)


# Of these roles is what may be computed again: each element of a few.
_AGAIN = ("elementwise", "view", "move", "piecewise", "position", "part")
