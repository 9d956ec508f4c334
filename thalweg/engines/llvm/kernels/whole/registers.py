"""Loops whose turns compute little: everything in registers, what is carried over among it.

A value of a turn is a list of rows: vectors along its last axis, one after another in row-major
order, padded to a power of two with lanes that mean nothing. Where the last axis has extent 1 rows
are numbers. What does not go row by row is put together of elements.
"""

from __future__ import annotations

import itertools
import math
import weakref
from collections.abc import Iterator, Sequence

from thalweg.compiler.kernels.graph import product_labels, reduced_axes
from thalweg.compiler.pipeline import optimize
from thalweg.compiler.rewrites.widening import widened
from thalweg.core.program import Equation, Program, Symbol
from thalweg.engines.llvm.ir.values import BYTES, Value
from thalweg.engines.llvm.kernels.guards import offsets
from thalweg.engines.llvm.kernels.lowering import LOWERINGS, REDUCTIONS, TYPES
from thalweg.engines.llvm.kernels.matrices import tiny
from thalweg.engines.llvm.kernels.writer import Writer
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.index.take import scatter_add, take
from thalweg.ops.shape.cut import pad_with_zeros
from thalweg.ops.shape.join import concatenate

Rows = list[Value]
Place = tuple[int, ...]

# A value has no more rows, and a turn computes no more of them, or it would outgrow registers and
# the functions that LLVM compiles in a moment. In memory each decomposition of a matrix is a call,
# which takes as long as more instructions here.
_MOST_ROWS, _MOST_INPUTS, _MOST_WORK, _CALL = 16, 96, 2_000, 750

_MOST_LANES = 16

_ROLES = (
    "elementwise", "view", "move", "piecewise", "reduction", "product", "position", "gather",
    "scatter",
)  # fmt: skip

_optimized: weakref.WeakKeyDictionary[Program, Program] = weakref.WeakKeyDictionary()


def small(program: Program) -> Program:
    """Return a program as it is computed."""
    found = _optimized.get(program)
    if found is None:
        found = _optimized[program] = optimize(widened(program))
    return found


def is_small(equation: Equation) -> bool:
    """Tell whether an equation is a loop whose turns are computed in registers."""
    if equation.primitive.name != "counted_loop":
        return False
    body = small(equation.params["body"])
    looked_up = tables(body, equation.params["carries"] + equation.params["stacked"])
    inputs = [symbol for symbol in body.inputs if symbol not in looked_up]
    symbols = [*inputs, *(e.output for e in body.equations)]
    return (
        all(_is_short(symbol) for symbol in symbols)
        and sum(map(_work, body.equations)) <= _MOST_WORK + _CALL * _calls(body)
        and sum(_count(symbol) for symbol in inputs) <= _MOST_INPUTS
        and all(map(_is_known, body.equations))
    )


def tables(body: Program, first: int) -> set[Symbol]:
    """Return the inputs from one on of which a body reads a part at a position that it computes."""
    found = {e.inputs[0] for e in body.equations if e.primitive is take}
    whole = found & {symbol for symbol in body.inputs[first:] if symbol.dtype in TYPES}
    read = {
        symbol
        for e in body.equations
        for symbol in (e.inputs[1:] if e.primitive is take else e.inputs)
    }
    return whole - read - {*body.outputs}


def _is_known(equation: Equation) -> bool:
    primitive = equation.primitive
    if primitive.role not in _ROLES:
        return tiny.is_tiny(equation)
    if primitive.role in ("gather", "scatter"):
        return primitive in (take, scatter_add) and equation.inputs[1].spec.size == 1
    if primitive.role == "elementwise":
        return primitive is astype or primitive.name in LOWERINGS
    if primitive.role == "piecewise":
        return primitive in (concatenate, pad_with_zeros)
    return primitive.role != "product" or 0 not in equation.inputs[0].shape


def _is_short(symbol: Symbol) -> bool:
    known = symbol.dtype in TYPES and symbol.spec.size > 0
    return known and _lanes(symbol) <= _MOST_LANES and _count(symbol) <= _MOST_ROWS


def _lanes(symbol: Symbol) -> int:
    return symbol.shape[-1] if symbol.shape else 1


def _count(symbol: Symbol) -> int:
    return symbol.spec.size // _lanes(symbol)


def _work(equation: Equation) -> int:
    """Return about how many instructions an equation takes."""
    if tiny.is_tiny(equation):
        return tiny.work(equation)
    rows = _count(equation.output) * max(1, equation.primitive.cost)
    if equation.primitive.role == "product":
        return rows * 2 * math.prod(equation.inputs[0].shape)
    if equation.primitive is take:
        return 2 * equation.output.spec.size
    return max(rows, *(_count(symbol) for symbol in equation.inputs), 1)


def _calls(body: Program) -> int:
    return sum(tiny.is_tiny(e) and tiny.work(e) > 0 for e in body.equations)


class _Turn:
    """One turn of a loop, computed in registers."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.e = writer, writer.e
        self.rows: dict[Symbol, Rows] = {}
        self.tables: dict[Symbol, Value] = {}

    # ---- rows and elements

    def of(self, symbol: Symbol) -> Rows:
        """Return the rows of a value."""
        if symbol.value is not None:
            return [self.e.constant(symbol.value.item(), TYPES[symbol.dtype])]
        return self.rows[symbol]

    def element(self, symbol: Symbol, place: Place) -> Value:
        """Return one element of a value."""
        row, lane = divmod(_number(symbol.shape, place), _lanes(symbol))
        return self._lane(self.of(symbol)[row], lane)

    def _lane(self, row: Value, lane: int) -> Value:
        return row if row.width == 1 else self.e.extract(row, lane)

    def row(self, elements: Sequence[Value]) -> Value:
        """Return elements as a row."""
        if len(elements) == 1:
            return elements[0]
        if len(set(elements)) == 1:
            return self.e.splat(elements[0], _width(len(elements)))
        row = self.e.constant(0, elements[0].type, _width(len(elements)))
        for lane, element in enumerate(elements):
            row = self.e.insert(row, element, lane)
        return row

    def whole(self, row: Value, lanes: int, empty: float | bool) -> Value:
        """Return a row with something empty in the lanes that mean nothing."""
        if row.width == lanes:
            return row
        return self.e.select(self.e.leading(lanes, row.width), row, empty)

    # ---- memory

    def load(self, symbol: Symbol, pointer: Value) -> Rows:
        """Return the rows of a value in memory."""
        type, lanes = TYPES[symbol.dtype], _lanes(symbol)
        step = lanes * BYTES[type]
        return [
            self.e.load(self.e.offset(pointer, i * step), type, _width(lanes), lanes, cse=False)
            for i in range(_count(symbol))
        ]

    def store(self, symbol: Symbol, pointer: Value) -> None:
        """Write the rows of a value to memory."""
        type, lanes = TYPES[symbol.dtype], _lanes(symbol)
        for i, row in enumerate(self.of(symbol)):
            address = self.e.offset(pointer, i * lanes * BYTES[type])
            self.e.store(self.e.splat(row, _width(lanes)), address, lanes)

    # ---- equations

    def compute(self, equation: Equation) -> None:
        """Compute an equation."""
        role = equation.primitive.role
        if tiny.is_tiny(equation):
            found = self._of_matrices(equation)
        elif role == "elementwise":
            found = self._elementwise(equation)
        elif role == "reduction":
            found = self._reduction(equation)
        elif role == "product":
            found = self._product(equation)
        elif role == "gather":
            found = self._taken(equation)
        elif role == "scatter":
            found = self._scattered(equation)
        else:
            found = self._moved(equation)
        self.rows[equation.output] = found

    def _elementwise(self, equation: Equation) -> Rows:
        primitive, output = equation.primitive, equation.output
        rows = []
        for lead in _places(output.shape[:-1]):
            operands = [
                self.of(x)[_number(x.shape[:-1], _aligned(lead, x.shape[:-1]))]
                for x in equation.inputs
            ]
            if primitive is astype:
                row = self.e.convert(operands[0], TYPES[output.dtype])
            else:
                row = LOWERINGS[primitive.name](self.e, *operands)
            rows.append(self.e.splat(row, _width(_lanes(output))))
        return rows

    def _reduction(self, equation: Equation) -> Rows:
        operand, axes = equation.inputs[0], reduced_axes(equation)
        reduction = REDUCTIONS[equation.primitive.name]
        shape, rank = operand.shape, len(operand.shape)
        partial: dict[Place, Value] = {}
        for lead in _places(shape[:-1]):
            key = tuple(at for axis, at in enumerate(lead) if axis not in axes)
            row = self.of(operand)[_number(shape[:-1], lead)]
            held = partial.get(key)
            partial[key] = row if held is None else reduction.combine(self.e, held, row)
        if rank - 1 not in axes:
            return list(partial.values())
        empty = reduction.start(TYPES[operand.dtype])

        def total(row: Value) -> Value:
            row = self.whole(row, _lanes(operand), empty)
            return self.e.horizontal(row, lambda a, b: reduction.combine(self.e, a, b))

        return self._assembled(equation.output, [total(row) for row in partial.values()])

    def _assembled(self, symbol: Symbol, elements: Sequence[Value]) -> Rows:
        lanes = _lanes(symbol)
        return [self.row(elements[i : i + lanes]) for i in range(0, len(elements), lanes)]

    def _moved(self, equation: Equation) -> Rows:
        """Return rows that are those of operands, or put together of their elements."""
        output, rows = equation.output, []
        for lead in _places(output.shape[:-1]):
            lanes = range(_lanes(output))
            sources = [self._source(equation, (*lead, i) if output.shape else ()) for i in lanes]
            rows.append(self._copied(sources))
        return rows

    def _copied(self, sources: Sequence[tuple[Symbol, Place] | Value]) -> Value:
        """Return the row of elements from elsewhere."""
        found: list[tuple[Value, int]] = []
        for source in sources:
            if isinstance(source, Value):
                return self.row([s if isinstance(s, Value) else self.element(*s) for s in sources])
            symbol, place = source
            number, lane = divmod(_number(symbol.shape, place), _lanes(symbol))
            found.append((self.of(symbol)[number], lane))
        row, width = found[0][0], _width(len(found))
        if row.width == 1 or any(other is not row for other, _ in found):
            return self.row([self._lane(*pair) for pair in found])
        lanes = [lane for _, lane in found]
        if lanes == list(range(len(lanes))) and row.width == width:
            return row
        if width == 1:
            return self.e.extract(row, lanes[0])
        return self.e.shuffle(row, None, lanes + [lanes[-1]] * (width - len(lanes)))

    def _source(self, equation: Equation, place: Place) -> tuple[Symbol, Place] | Value:
        """Return where an element comes from, or the element."""
        primitive, inputs, params = equation.primitive, equation.inputs, equation.params
        zero = self.e.constant(0, TYPES[equation.output.dtype])
        if primitive.role == "position":
            return self.e.constant(place[params["axis"]], TYPES[equation.output.dtype])
        if primitive is concatenate:
            axis = params["axis"]
            for operand, start in reversed(list(zip(inputs, offsets(equation), strict=True))):
                if place[axis] >= start:
                    return operand, (*place[:axis], place[axis] - start, *place[axis + 1 :])
        if primitive is pad_with_zeros:
            at = []
            for i, low, gap, n in zip(
                place, params["low"], params["interior"], inputs[0].shape, strict=True
            ):
                number, rest = divmod(i - low, gap + 1)
                if rest or not 0 <= number < n:
                    return zero
                at.append(number)
            return inputs[0], tuple(at)
        specs = [symbol.spec for symbol in inputs]
        index = primitive.reads(place, *specs, **params)[0]
        if index is None:
            index = _place(inputs[0].shape, _number(equation.output.shape, place))
        return inputs[0], tuple(index)

    # ---- at positions

    def _position(self, equation: Equation) -> Value:
        """Return the position that an equation reads or writes at, checked, from the front."""
        (index,) = self.of(equation.inputs[1])
        extent = equation.inputs[0].shape[equation.params["axis"]]
        value = self.e.convert(self.e.extract(index, 0), "i64")
        return self.writer.checked(value, extent, None)

    def _taken(self, equation: Equation) -> Rows:
        x, at, axis = equation.inputs[0], self._position(equation), equation.params["axis"]
        held = len(equation.inputs[1].shape)
        elements = []
        for place in _places(equation.output.shape):
            lead, rest = place[:axis], place[axis + held :]
            if x in self.tables:
                elements.append(self._looked_up(x, lead, at, rest))
            else:
                every = [self.element(x, (*lead, i, *rest)) for i in range(x.shape[axis])]
                elements.append(self._chosen(every, at))
        return self._assembled(equation.output, elements)

    def _looked_up(self, x: Symbol, lead: Place, at: Value, rest: Place) -> Value:
        """Return an element of an array in memory."""
        type, after = TYPES[x.dtype], math.prod(x.shape[len(lead) + 1 :])
        first = _number(x.shape, (*lead, 0, *rest))
        pointer = self.e.element(self.tables[x], self.e.multiply(at, after), type)
        return self.e.load(self.e.offset(pointer, first * BYTES[type]), type, cse=False)

    def _chosen(self, every: Sequence[Value], at: Value) -> Value:
        chosen = every[0]
        for i, value in enumerate(every[1:], start=1):
            chosen = self.e.select(self.e.compare("eq", at, i), value, chosen)
        return chosen

    def _scattered(self, equation: Equation) -> Rows:
        x, _, updates = equation.inputs
        at, axis = self._position(equation), equation.params["axis"]
        held = len(equation.inputs[1].shape)
        elements = []
        for place in _places(x.shape):
            before = self.element(x, place)
            source = (*place[:axis], *(0,) * held, *place[axis + 1 :])
            after = self._add(before, self.element(updates, source))
            elements.append(self.e.select(self.e.compare("eq", at, place[axis]), after, before))
        return self._assembled(x, elements)

    # ---- matrices

    def _of_matrices(self, equation: Equation) -> Rows:
        operands = [
            [self.e.splat(row, _width(_lanes(symbol))) for row in self.of(symbol)]
            for symbol in equation.inputs
        ]
        return tiny.write_tiny(self.e, equation, operands)

    # ---- products

    def _product(self, equation: Equation) -> Rows:
        left, right, result = product_labels(equation)
        shape = equation.output.shape
        # What lies along the lanes: the last axis, or where it is one number the axis before it.
        axis = len(shape) - 1 - (shape[-1:] == (1,))
        count = shape[axis] if axis >= 0 else 1
        summed = left[-1:] == right[-1:] and left[-1:] not in ("", *result)
        # Where both are summed along the lanes, rows are not turned for the sake of one result.
        if count == 1 or (summed and equation.output.spec.size == count):
            dots = [self._dot(equation, dict(zip(result, p, strict=True))) for p in _places(shape)]
            return self._assembled(equation.output, dots)
        rows = []
        for lead in _places(shape[:axis]):
            at = dict.fromkeys(result, 0) | dict(zip(result, lead, strict=False))
            total = self._sum(self._terms(equation, at, result[axis]))
            rows.append(self.e.splat(total, _width(count)))
        if axis == len(shape) - 1:
            return rows
        return [self.e.extract(row, i) for row in rows for i in range(count)]

    def _terms(
        self, equation: Equation, at: dict[str, int], lane: str
    ) -> list[tuple[Value, Value]]:
        """Return the factors at a place of the result, with a label along the lanes if any."""
        left, right, result = product_labels(equation)
        x, y = equation.inputs
        extents = dict(zip(left + right, (*x.shape, *y.shape), strict=True))
        inner = [label for label in left if label not in (*result, lane)]

        def factor(symbol: Symbol, labels: str, at: dict[str, int]) -> Value:
            if lane == "" or lane not in labels:
                return self.element(symbol, tuple(at[label] for label in labels))
            along = [at | {lane: i} for i in range(extents[lane])]
            return self._copied([(symbol, tuple(p[label] for label in labels)) for p in along])

        terms = []
        for places in _places([extents[label] for label in inner]):
            whole = at | dict(zip(inner, places, strict=True))
            terms.append((factor(x, left, whole), factor(y, right, whole)))
        return terms

    def _dot(self, equation: Equation, at: dict[str, int]) -> Value:
        """Return one element of a product: rows are multiplied as such where both are summed."""
        left, right, result = product_labels(equation)
        lane, lanes = left[-1:], _lanes(equation.inputs[0])
        if lane in ("", *result) or lane != right[-1:] or lanes == 1:
            return self._sum(self._terms(equation, at, ""))
        total = self._sum(self._terms(equation, at, lane))
        return self.e.horizontal(self.whole(total, lanes, 0), self._add)

    def _add(self, a: Value, b: Value) -> Value:
        return REDUCTIONS["reduce_sum"].combine(self.e, a, b)

    def _sum(self, terms: Sequence[tuple[Value, Value]]) -> Value:
        """Return a sum of products, one term after another."""
        multiply = LOWERINGS["multiply"]
        total = multiply(self.e, *terms[0])
        for x, y in terms[1:]:
            fused = total.type in ("f32", "f64")
            total = self.e.fma(x, y, total) if fused else self._add(total, multiply(self.e, x, y))
        return total


def _width(lanes: int) -> int:
    return 1 << (lanes - 1).bit_length()


def _places(shape: Sequence[int]) -> Iterator[Place]:
    return itertools.product(*map(range, shape))


def _number(shape: Sequence[int], place: Sequence[int]) -> int:
    """Return the number of a place in row-major order."""
    number = 0
    for extent, at in zip(shape, place, strict=True):
        number = number * extent + at
    return number


def _place(shape: Sequence[int], number: int) -> Place:
    place: list[int] = []
    for extent in reversed(shape):
        number, at = divmod(number, extent)
        place.append(at)
    return tuple(reversed(place))


def _aligned(place: Place, shape: Sequence[int]) -> Place:
    """Return where an operand of a shape is read that is broadcast to a place."""
    tail = place[len(place) - len(shape) :]
    return tuple(0 if n == 1 else at for at, n in zip(tail, shape, strict=True))


def write_loop(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Sequence[Value | None]
) -> None:
    """Write a loop with a number of turns that are computed in registers."""
    params, body = equation.params, small(equation.params["body"])
    carries, length = params["carries"], params["length"]
    end = carries + params["stacked"]
    turn, e = _Turn(writer), writer.e
    looked_up = tables(body, end)
    for symbol, pointer in zip(body.inputs[end:], operands[end:], strict=True):
        if symbol in looked_up:
            turn.tables[symbol] = pointer
        else:
            turn.rows[symbol] = turn.load(symbol, pointer)
    carried = [turn.load(s, p) for s, p in zip(body.inputs[:carries], operands, strict=False)]
    if length:
        number, phis = e.begin_loop(length, list(itertools.chain(*carried)), writer.stop(length))
        at = e.subtract(e.constant(length - 1, "i64"), number) if params["reverse"] else number
        rest = iter(phis)
        for symbol, rows in zip(body.inputs, carried, strict=False):
            turn.rows[symbol] = [next(rest) for _ in rows]
        for symbol, pointer in zip(body.inputs[carries:end], operands[carries:], strict=False):
            turn.rows[symbol] = turn.load(symbol, _row_of(writer, symbol, pointer, at))
        for step in body.equations:
            turn.compute(step)
        for symbol, place in zip(body.outputs[carries:], results[carries:], strict=True):
            if place is not None:
                turn.store(symbol, _row_of(writer, symbol, place, at))
        following = [turn.of(symbol) for symbol in body.outputs[:carries]]
        widths = [[row.width for row in rows] for rows in carried]
        after = [
            e.splat(row, width)
            for rows, wide in zip(following, widths, strict=True)
            for row, width in zip(rows, wide, strict=True)
        ]
        left = iter(e.end_loop(after))
        carried = [[next(left) for _ in rows] for rows in carried]
    for symbol, rows, place in zip(body.outputs, carried, results, strict=False):
        if place is not None:
            final = Symbol(symbol.spec)
            turn.rows[final] = rows
            turn.store(final, place)


def _row_of(writer: Writer, symbol: Symbol, pointer: Value, at: Value) -> Value:
    e, type = writer.e, TYPES[symbol.dtype]
    return e.element(pointer, e.multiply(at, symbol.spec.size), type)
