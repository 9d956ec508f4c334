"""Rules for counted loops whose turns need little of each other.

Where what is handed on does not depend on itself, an elementwise body is computed of all rows at
once: in vectors, and in one kernel with what reads the results. What a turn hands on is then a
series like the rows, such as the last of them, which the next turn reads. It may also be a sum
that no turn reads: it is summed behind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from thalweg.autodiff.batching import evaluate_batch
from thalweg.compiler.rewrites.rewrite import Draft, Rule
from thalweg.control.body import trace_body
from thalweg.control.loops import counted_loop
from thalweg.core.primitive import Primitive, Role
from thalweg.core.program import Equation, Program, Symbol, remove_dead_code
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor
from thalweg.ops.control.bundle import packed
from thalweg.ops.elementwise.arithmetic import add, subtract
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.cut import slice_
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape

# What is added to a carry, or subtracted from it, in order.
Terms = list[tuple[Primitive, Symbol]]

# What is computed element by element is the same for one turn and for all.
ROLES: tuple[Role, ...] = ("elementwise", "view", "move")

# Of so many elements of a turn all turns' may lie in memory, even if no row is as large.
_FEW = 16


def all_turns_at_once(draft: Draft, equation: Equation) -> Symbol | None:
    """`counted_loop(x)` of an elementwise body that is no recursion -> the body of all of x.

    Exact but for sums, which are in another order.
    """
    params, body = equation.params, equation.params["body"]
    carries, length, reverse = params["carries"], params["length"], params["reverse"]
    sums = sums_of(body, carries)
    order = None if length < 2 else _in_order(body, [i for i in range(carries) if i not in sums])
    if order is None:
        return None
    terms = tuple(term for parts in sums.values() for _, term in parts)
    series = tuple(body.outputs[i] for i in order)
    behind = of_outputs(body, (*terms, *body.outputs[carries:]))
    both = (*behind.equations, *of_outputs(body, series).equations)
    rows = (*body.inputs[: carries + params["stacked"]], *body.outputs)
    most = max(_FEW, *(symbol.spec.size for symbol in rows))
    if any(e.primitive.role not in ROLES or e.output.spec.size > most for e in both):
        return None
    given, stacked = list(equation.inputs), set(range(carries, carries + params["stacked"]))
    last: dict[int, Symbol] = {}
    for number in order:
        one = of_outputs(body, (body.outputs[number],))
        (found,) = of_all_turns(draft, one, given, stacked, length)
        given[number] = _a_turn_later(draft, given[number], found, reverse)
        last[number] = _row(draft, found, 0 if reverse else length - 1)
        stacked.add(number)
    results = iter(of_all_turns(draft, behind, given, stacked, length))
    for number, parts in sums.items():
        last[number] = with_terms(draft, given[number], parts, results)
    return draft.add(packed, (*(last[i] for i in range(carries)), *results))


def of_outputs(body: Program, outputs: tuple[Symbol, ...]) -> Program:
    """Return what of a body computes some values."""
    return remove_dead_code(Program(body.inputs, body.equations, outputs))


# ---- what turns hand on


def _in_order(body: Program, carries: Sequence[int]) -> list[int] | None:
    """Return carries so that each depends on those before it alone; None if they are recursive."""
    numbers = {symbol: i for i, symbol in enumerate(body.inputs)}
    pending, order = {}, list[int]()
    for number in carries:
        one = of_outputs(body, (body.outputs[number],))
        read = {*one.outputs, *(s for e in one.equations for s in e.inputs)}
        pending[number] = {numbers[s] for s in read if s in numbers}
    while pending:
        free = [number for number, read in pending.items() if read.isdisjoint(pending)]
        if not free:
            return None
        order += free
        for number in free:
            del pending[number]
    return order


def sums_of(body: Program, carries: int) -> dict[int, Terms]:
    """Return what is added to carries that no turn reads, or subtracted from them, in order."""
    made = {e.output: e for e in body.equations}
    uses = Counter([*(s for e in body.equations for s in e.inputs), *body.outputs])
    found = {}
    for number, (carry, after) in enumerate(zip(body.inputs[:carries], body.outputs, strict=False)):
        terms = _added(made, uses, carry, after)
        if terms:
            found[number] = terms
    return found


def with_terms(draft: Draft, first: Symbol, terms: Terms, stacked: Iterator[Symbol]) -> Symbol:
    """Write what a carry is at last, from what it is at first and what all turns add to it."""
    for combine, _ in terms:
        total = draft.add(reduce_sum, (next(stacked),), {"axis": (0,)})
        first = draft.add(combine, (first, total))
    return first


def _added(
    made: dict[Symbol, Equation], uses: Counter[Symbol], carry: Symbol, after: Symbol
) -> Terms | None:
    """Return what is added to a carry; None if that is not all that is done with it."""
    terms: Terms = []
    while after is not carry:
        equation = made.get(after)
        if equation is None or uses[after] != 1 or equation.primitive not in (add, subtract):
            return None
        x, y = equation.inputs
        if y is carry and equation.primitive is add:
            x, y = y, x
        if x.spec.shape != after.spec.shape or y.spec.shape != after.spec.shape:
            return None
        terms.append((equation.primitive, y))
        after = x
    return terms[::-1] if uses[carry] == 1 and carry.dtype.kind == "f" else None


def _a_turn_later(draft: Draft, first: Symbol, series: Symbol, reverse: bool) -> Symbol:
    """Return a series with its values a turn later, and what the first turn finds."""
    length, *shape = series.shape
    start = draft.add(reshape, (first,), {"shape": (1, *shape)})
    bounds = ((1, length, 1) if reverse else (0, length - 1, 1), *((0, n, 1) for n in shape))
    rest = draft.add(slice_, (series,), {"bounds": bounds})
    return draft.add(concatenate, (rest, start) if reverse else (start, rest), {"axis": 0})


def _row(draft: Draft, x: Symbol, number: int) -> Symbol:
    shape = x.shape[1:]
    bounds = ((number, number + 1, 1), *((0, n, 1) for n in shape))
    return draft.add(reshape, (draft.add(slice_, (x,), {"bounds": bounds}),), {"shape": shape})


# ---- what turns compute


def of_all_turns(
    draft: Draft, body: Program, given: Sequence[Symbol], stacked: set[int], length: int
) -> list[Symbol]:
    """Write what a body computes of all rows, as some of what it is given are; all is stacked."""
    body, literals = _without_literals(body)
    given = [*given, *literals]

    def computed(*tensors: Tensor) -> list[Tensor]:
        pairs = [(x, i in stacked) for i, x in enumerate(tensors)]
        found = evaluate_batch(body, pairs, length)
        return [x if is_rows else broadcast_to(x, (length, *x.shape)) for x, is_rows in found]

    specs = [symbol.spec for symbol in given]
    program = trace_body(computed, [0.0] * len(specs), specs).program
    values = dict(zip(program.inputs, given, strict=True))

    def of(symbol: Symbol) -> Symbol:
        return values[symbol] if symbol.value is None else draft.adopt(symbol.value, symbol)

    for step in program.equations:
        values[step.output] = draft.copy(step, tuple(map(of, step.inputs)))
    return [of(symbol) for symbol in program.outputs]


def _without_literals(body: Program) -> tuple[Program, list[Symbol]]:
    """Return a body that takes its literals as inputs behind the others, and the literals.

    What is computed of literals alone would be an array when it is traced, which no program has.
    """
    read = [*(s for e in body.equations for s in e.inputs), *body.outputs]
    inputs = {symbol: Symbol(symbol.spec) for symbol in read if symbol.value is not None}
    equations = tuple(e.reading(inputs) for e in body.equations)
    outputs = tuple(inputs.get(s, s) for s in body.outputs)
    return Program((*body.inputs, *inputs.values()), equations, outputs), list(inputs)


# ---- rows that are all alike


def rows_alike(draft: Draft, equation: Equation) -> Symbol | None:
    """`counted_loop(broadcast_to(x)) -> counted_loop(x)`, which every turn takes whole. Exact."""
    params, body = equation.params, equation.params["body"]
    carries, end = params["carries"], params["carries"] + params["stacked"]
    alike: dict[int, Symbol] = {}
    for number in range(carries, end):
        repeated = draft.spread.get(equation.inputs[number])
        if repeated is not None and len(repeated.shape) < len(equation.inputs[number].shape):
            alike[number] = repeated
    if not alike:
        return None
    ahead, whole = list[Equation](), list[tuple[Symbol, Symbol]]()
    for number, x in alike.items():
        given = body.inputs[number]
        if x.value is not None:
            ahead.append(Equation(broadcast_to, (x,), {"shape": given.shape}, given))
        else:
            whole.append((given, draft.conform(x, Spec(given.shape, given.dtype))))
    stays = [number for number in range(len(body.inputs)) if number not in alike]
    inputs = (*(body.inputs[i] for i in stays), *(symbol for symbol, _ in whole))
    operands = (*(equation.inputs[i] for i in stays), *(x for _, x in whole))
    changed = Program(inputs, (*ahead, *body.equations), body.outputs)
    left = {**params, "body": changed, "stacked": params["stacked"] - len(alike)}
    return draft.add(counted_loop, operands, left)


RULES: dict[Primitive, tuple[Rule, ...]] = {counted_loop: (rows_alike, all_turns_at_once)}
