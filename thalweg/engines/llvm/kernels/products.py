"""Matrix products: tiles of accumulators in registers, and maps on the result beside them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from thalweg.compiler.kernels.affine import ZERO, Affine
from thalweg.compiler.kernels.kernels import Kernel, Plan
from thalweg.engines.llvm.ir.values import Value, is_float
from thalweg.engines.llvm.kernels.blocks import Total, accumulated
from thalweg.engines.llvm.kernels.loops import panels, spread, width_for
from thalweg.engines.llvm.kernels.lowering import TYPES
from thalweg.engines.llvm.kernels.writer import Writer

# Rows of a tile by its vectors across; the accumulators must fit beside the operands.
_TILE_ROWS = {1: 12, 2: 12, 3: 8, 4: 6}

# Inner extents up to this are written out.
_SHORT = 8

# A product of few accumulators is split along the inner axis to hide the latency of fma.
_IN_FLIGHT = 8


class Sums:
    """What every product needs: sums of products in registers, and maps on the result."""

    def __init__(self, writer: Writer, plan: Plan, kernel: Kernel) -> None:
        self.writer, self.plan, self.kernel = writer, plan, kernel
        self.equation = plan.graph.producer[kernel.main]
        self.left, self.right = self.equation.inputs
        self.type = TYPES[self.equation.output.dtype]

    def accumulate(self, x: Value, y: Value, total: Value | None) -> Value:
        """Return a sum of products with one product more."""
        e = self.writer.e
        if is_float(self.type):
            return e.multiply(x, y) if total is None else e.fma(x, y, total)
        if self.type == "i1":
            both = e.bit_and(x, y)
            return both if total is None else e.bit_or(total, both)
        product = e.multiply(x, y)
        return product if total is None else e.add(total, product)

    def combine(self, x: Value, y: Value) -> Value:
        """Return the sum of two partial sums."""
        return self.writer.e.bit_or(x, y) if self.type == "i1" else self.writer.e.add(x, y)

    def zero(self) -> Value:
        """Return an empty sum a lane."""
        return self.writer.e.constant(0, self.type, self.writer.width)

    @property
    def total(self) -> Total:
        """An accumulator of products, a lane."""
        return Total(self.zero(), self.combine)

    def put(self, places: Sequence[Affine], total: Value) -> None:
        """Put one result, at a position an axis, and compute the maps on it."""
        writer, shape = self.writer, self.equation.output.shape
        index = tuple(ZERO if n == 1 else at for at, n in zip(places, shape, strict=True))
        writer.put(self.kernel.main, index, total)
        position = [at for at, n in zip(index, shape, strict=True) if n != 1]
        for root in self.kernel.roots[1:]:
            writer.compute(root, spread(position, root.shape))


class _Product(Sums):
    """What both schedules share: operands by row, inner position and column."""

    def __init__(self, writer: Writer, plan: Plan, kernel: Kernel) -> None:
        super().__init__(writer, plan, kernel)
        self.batch: list[Affine] = []
        self.rows, self.inner = self.left.shape[-2:]
        self.columns = self.right.shape[-1]
        self.swapped = False

    def read_left(self, row: Affine, inner: Affine) -> Value:
        return self.writer.value(self.left, (*self.batch, row, inner))

    def read_right(self, inner: Affine, column: Affine) -> Value:
        return self.writer.value(self.right, (*self.batch, inner, column))

    def finish(self, row: Affine, column: Affine, total: Value) -> None:
        """Put one result and compute the maps on it."""
        if self.swapped:
            row, column = column, row
        self.put((*self.batch, row, column), total)


class _Tiles(_Product):
    """Vectors along the columns: row elements are broadcast, columns loaded in vectors.

    `swapped` exchanges the operands' roles: the vectors run along the left operand's rows.
    """

    def write(self) -> None:
        if self.swapped:
            self.rows, self.columns = self.columns, self.rows
        self.writer.width = width_for(self.plan, self.kernel.roots, self.columns, self.writer)
        vectors = -(-self.columns // self.writer.width)
        panels(self.writer, self.columns, self._across(vectors), self._down)

    def _across(self, vectors: int) -> int:
        """Return the vectors of a tile's row."""
        if self.rows <= 2:
            return min(vectors, 4)
        if vectors <= 3:
            return vectors
        return 3 if vectors % 3 == 0 else 2

    def _down(self, places: list[Affine]) -> None:
        """Write a panel of columns in tiles of balanced heights."""
        capacity = self.writer.e.target.accumulators
        height = max(1, min(self.rows, _TILE_ROWS[len(places)], capacity // len(places)))
        full, rest = divmod(self.rows, height)
        if rest and full and height > 4:
            height = -(-self.rows // -(-self.rows // height))
            full, rest = divmod(self.rows, height)
        if full > 1:
            at, _ = self.writer.loop(full)
            self._tile(at * height, height, places)
            self.writer.e.end_loop()
        elif full:
            self._tile(ZERO, height, places)
        if rest:
            self._tile(Affine(full * height), rest, places)

    def _tile(self, row: Affine, height: int, places: list[Affine]) -> None:
        count = height * len(places)
        if self.inner <= _SHORT or (self.inner <= 2 * _SHORT and count <= 4):
            totals = self._written_out(row, height, places)
        else:
            totals = self._looped(row, height, places)
        for i in range(height):
            for j, at in enumerate(places):
                self.finish(row + i, at, totals[i * len(places) + j])
        self.writer.flush()

    def _written_out(self, row: Affine, height: int, places: list[Affine]) -> list[Value]:
        totals: list[Value | None] = [None] * (height * len(places))
        for k in range(self.inner):
            self._step(row, height, places, Affine(k), totals, 1, 0)
        return [total for total in totals if total is not None]

    def _looped(self, row: Affine, height: int, places: list[Affine]) -> list[Value]:
        count = height * len(places)
        sets = 1 if count >= _IN_FLIGHT else min(4, -(-_IN_FLIGHT // count))
        unrolled = sets if sets > 1 else (4 if count <= _IN_FLIGHT else 2)

        def body(at: Affine, carried: list[Value]) -> list[Value]:
            sums: list[Value | None] = list(carried)
            for u in range(unrolled):
                self._step(row, height, places, at * unrolled + u, sums, sets, u % sets)
            return [total for total in sums if total is not None]

        kinds = [self.total] * (count * sets)
        before = [kind.empty for kind in kinds]
        totals: list[Value | None] = list(
            accumulated(self.writer, self.inner // unrolled, kinds, before, body, unrolled // sets)
        )
        for u in range(self.inner // unrolled * unrolled, self.inner):
            self._step(row, height, places, Affine(u), totals, sets, u % sets)
        complete = [total for total in totals if total is not None]
        return [self._sum(complete[i * sets : (i + 1) * sets]) for i in range(count)]

    def _sum(self, parts: list[Value]) -> Value:
        total = parts[0]
        for part in parts[1:]:
            total = self.combine(total, part)
        return total

    def _step(
        self,
        row: Affine,
        height: int,
        places: list[Affine],
        inner: Affine,
        totals: list[Value | None],
        sets: int,
        chosen: int,
    ) -> None:
        """Add one inner position to every accumulator of a tile."""
        e, width = self.writer.e, self.writer.width
        columns = [e.splat(self._vector(inner, at), width) for at in places]
        for i in range(height):
            element = e.splat(self._element(row + i, inner), width)
            for j, column in enumerate(columns):
                slot = (i * len(places) + j) * sets + chosen
                totals[slot] = self.accumulate(element, column, totals[slot])

    def _vector(self, inner: Affine, at: Affine) -> Value:
        return self.read_left(at, inner) if self.swapped else self.read_right(inner, at)

    def _element(self, row: Affine, inner: Affine) -> Value:
        return self.read_right(inner, row) if self.swapped else self.read_left(row, inner)


class _Dots(_Product):
    """Vectors along the inner axis: several dot products at once, summed across by a tree."""

    def write(self) -> None:
        lanes_are_columns = self.columns > 1
        count = self.columns if lanes_are_columns else self.rows
        writer = self.writer
        inner_width = width_for(self.plan, self.kernel.roots, self.inner, writer)
        result_width = min(width_for(self.plan, self.kernel.roots, count, writer), inner_width)
        outer = ZERO
        looped = lanes_are_columns and self.rows > 1
        if looped:
            outer, _ = writer.loop(self.rows)

        def one(number: Affine, at: Affine) -> Value:
            if lanes_are_columns:
                return self.read_right(at, number)
            return self.read_left(number, at)

        def other(at: Affine) -> Value:
            return self.read_left(outer, at) if lanes_are_columns else self.read_right(at, ZERO)

        def block(first: Affine, size: int) -> None:
            dots = [functools.partial(one, first + k) for k in range(size)]
            totals = [self._dot(dot, other, inner_width) for dot in dots]
            self._gathered(totals, outer, first, lanes_are_columns, result_width)

        full, rest = divmod(count, result_width)
        if full > 2:
            at, _ = writer.loop(full)
            block(at * result_width, result_width)
            writer.e.end_loop()
        else:
            for k in range(full):
                block(Affine(k * result_width), result_width)
        if rest:
            block(Affine(full * result_width), rest)
        if looped:
            writer.e.end_loop()

    def _dot(
        self, one: Callable[[Affine], Value], other: Callable[[Affine], Value], width: int
    ) -> Value:
        """Return the lanes whose sum is one dot product."""
        writer = self.writer
        writer.width = width
        full, rest = divmod(self.inner, width)
        total: Value | None = None

        def add(at: Affine, before: Value | None) -> Value:
            x, y = (writer.e.splat(read(at), width) for read in (one, other))
            active = writer.active((at,))
            if active is not None and active < width:
                mask = writer.e.leading(active, width)
                x, y = writer.e.select(mask, x, 0), writer.e.select(mask, y, 0)
            return self.accumulate(x, y, before)

        if full <= 4:
            for k in range(full):
                total = add(writer.lanes(width) + k * width, total)
        else:
            (total,) = accumulated(
                writer,
                full,
                [self.total],
                [self.zero()],
                lambda at, sums: [add(at * width + writer.lanes(width), sums[0])],
            )
        if rest:
            total = add(writer.lanes(rest) + full * width, total)
        assert total is not None
        return total

    def _gathered(
        self, totals: list[Value], outer: Affine, first: Affine, columns: bool, width: int
    ) -> None:
        writer, size = self.writer, len(totals)
        writer.width = width
        if width == 1:
            self._place(outer, first, columns, writer.e.horizontal(totals[0], self.combine))
            return
        padded = 1
        while padded < size:
            padded *= 2
        zero = writer.e.constant(0, self.type, totals[0].width)
        vector = writer.e.tree_reduce(totals + [zero] * (padded - size), self.combine)
        if vector.width < width:
            lanes = [i if i < vector.width else 0 for i in range(width)]
            vector = writer.e.shuffle(vector, None, lanes)
        self._place(outer, first + writer.lanes(size), columns, vector)

    def _place(self, outer: Affine, at: Affine, columns: bool, total: Value) -> None:
        if columns:
            self.finish(outer, at, total)
        else:
            self.finish(at, ZERO, total)
        self.writer.flush()


def write_product(writer: Writer, plan: Plan, kernel: Kernel) -> None:
    """Write a PRODUCT kernel by the schedule that its operands' strides favour."""
    equation = plan.graph.producer[kernel.main]
    left, right = equation.inputs
    if 0 in equation.output.shape:
        return
    reads = plan.accesses
    along = (
        left.shape[-1] >= 4
        and reads.unit_stride(left, len(left.shape) - 1)
        and reads.unit_stride(right, len(right.shape) - 2)
    )
    # Results are stored along their lanes: down the rows only where there is a single column.
    single = right.shape[-1] == 1
    if single:
        in_lanes = left.shape[-2] > 1 and reads.unit_stride(left, len(left.shape) - 2)
    else:
        in_lanes = reads.unit_stride(right, len(right.shape) - 1)
    product: _Tiles | _Dots
    if along and not in_lanes:
        product = _Dots(writer, plan, kernel)
    else:
        product = _Tiles(writer, plan, kernel)
        product.swapped = single
    with writer.nest(equation.output.shape[:-2]) as product.batch:
        product.write()
