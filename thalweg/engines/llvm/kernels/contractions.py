"""Contractions: products of arrays of many axes, summed in tiles of registers.

The labels of a contraction are loops. Vectors run along the last axis of the result, where one
operand has its elements side by side, or along an axis that is summed; a tile of accumulators
spans one axis of each operand, so that what is read once is used several times.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

from thalweg.compiler.kernels.affine import ZERO, Affine, Index, Var, axis_variables, linear
from thalweg.compiler.kernels.graph import inner_labels, product_labels
from thalweg.compiler.kernels.kernels import Kernel, Plan
from thalweg.core.program import Symbol
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.blocks import BLOCK, accumulated
from thalweg.engines.llvm.kernels.loops import panels, width_for
from thalweg.engines.llvm.kernels.products import Sums, write_product
from thalweg.engines.llvm.kernels.writer import Writer

# Up to this many terms along the innermost axis are written out …
_WRITTEN_OUT = 8

# … longer ones this many at a time.
_UNROLLED = 4

# Columns of a tile of dot products: their sums across lanes are taken together.
_COLUMNS = 8

Totals = list[Value]

Step = Callable[[Totals], None]


class _Contraction(Sums):
    """What both schedules share: positions by label, and the loops over what is summed."""

    def __init__(self, writer: Writer, plan: Plan, kernel: Kernel) -> None:
        super().__init__(writer, plan, kernel)
        self.own = product_labels(self.equation)
        left, right, self.result = self.own
        shapes = self.left.shape + self.right.shape
        self.extents = dict(zip(left + right, shapes, strict=True))
        self.at = dict.fromkeys(self.extents, ZERO)
        self.inner = [label for label in inner_labels(self.equation) if self.extents[label] > 1]
        self.outer = [label for label in self.result if self.extents[label] > 1]

    def read(self, position: int) -> Value:
        """Return an operand where the labels are, in a vector."""
        symbol: Symbol = self.equation.inputs[position]
        index: Index = tuple(self.at[label] for label in self.own[position])
        return self.writer.e.splat(self.writer.value(symbol, index), self.writer.width)

    def stride(self, position: int, label: str) -> int:
        """Return the distance in memory of neighbours along a label; 0 if there is not one."""
        symbol, labels = self.equation.inputs[position], self.own[position]
        if label not in labels:
            return 0
        axis = labels.index(label)
        var = Var(axis, symbol.shape[axis])
        for access in self.plan.accesses.behind(symbol, axis_variables(symbol.shape)):
            if access.index is not None:
                return abs(linear(access.index, access.symbol.shape).coefficient(var))
        return 0

    def side_by_side(self, position: int, label: str) -> bool:
        """Tell whether an operand's neighbours along a label are neighbours in memory."""
        labels = self.own[position]
        return label in labels and self.plan.accesses.unit_stride(
            self.equation.inputs[position], labels.index(label)
        )

    def alone(self, position: int) -> list[str]:
        """Return the labels of the result that only one operand has."""
        other = self.own[1 - position]
        return [label for label in self.outer if label not in other]

    def nest(self, labels: list[str]) -> None:
        """Open loops over labels, to be closed by as many `end_loop`."""
        for label in labels:
            self.at[label], _ = self.writer.loop(self.extents[label])

    def finish(self, total: Value) -> None:
        """Put the result where the labels are."""
        self.put([self.at[label] for label in self.result], total)

    def blocks(self, label: str | None, size: int, body: Callable[[int], None]) -> None:
        """Call a body for each block of positions along a label, with their number."""
        if label is None:
            body(1)
            return
        extent = self.extents[label]
        size = -(-extent // -(-extent // size))
        full, rest = divmod(extent, size)
        if full > 1:
            at, _ = self.writer.loop(full)
            self.at[label] = at * size
            body(size)
            self.writer.e.end_loop()
        else:
            self.at[label] = ZERO
            body(size)
        if rest:
            self.at[label] = Affine(full * size)
            body(rest)

    def shifted(self, label: str | None, by: int, start: Affine) -> None:
        """Move to a position of a block."""
        if label is not None:
            self.at[label] = start + by

    def summed(self, labels: list[str], totals: Totals, step: Step) -> Totals:
        """Return the totals after a step at every position along some labels."""
        if not labels:
            step(totals)
            return totals
        label, rest = labels[0], labels[1:]
        extent, kinds = self.extents[label], [self.total] * len(totals)
        if rest:

            def outer(at: Affine, carried: Totals) -> Totals:
                self.at[label] = at
                return self.summed(rest, carried, step)

            each = min(math.prod(self.extents[inner] for inner in rest), BLOCK)
            return accumulated(self.writer, extent, kinds, totals, outer, each)
        rounds = 0 if extent <= _WRITTEN_OUT else extent // _UNROLLED
        if rounds:

            def body(at: Affine, carried: Totals) -> Totals:
                for k in range(_UNROLLED):
                    self.at[label] = at * _UNROLLED + k
                    step(carried)
                return carried

            totals = accumulated(self.writer, rounds, kinds, totals, body, _UNROLLED)
        for k in range(rounds * _UNROLLED, extent):
            self.at[label] = Affine(k)
            step(totals)
        return totals


class _Tiles(_Contraction):
    """Vectors along the last axis of the result: one operand in vectors, one in numbers."""

    def write(self) -> None:
        lane = self.outer[-1] if self.outer else None
        apart = [position for position in (0, 1) if lane is None or lane not in self.own[position]]
        # Where both operands have the lanes, the one that has rows is read row by row.
        wide = 1 - apart[0] if apart else 1 if self.alone(0) else 0
        rows = self.alone(1 - wide)
        columns = [label for label in self.alone(wide) if label != lane]
        self.wide, self.lane = wide, lane
        self.row = rows[-1] if rows else None
        self.column = columns[-1] if columns else None
        self.inner.sort(key=lambda label: -self.stride(wide, label))
        extent = 1 if lane is None else self.extents[lane]
        writer = self.writer
        writer.width = width_for(self.plan, self.kernel.roots, extent, writer)
        vectors = -(-extent // writer.width)
        self.across = vectors if vectors <= 3 else 3 if vectors % 3 == 0 else 2
        tiled = (lane, self.row, self.column)
        looped = [label for label in self.outer if label not in tiled]
        self.nest(looped)
        beside = 1 if self.column is None else max(1, 3 // self.across)
        self.blocks(self.column, beside, self._columns)
        for _ in looped:
            writer.e.end_loop()

    def _columns(self, count: int) -> None:
        start = self.at[self.column] if self.column is not None else ZERO
        if self.lane is None:
            self._panel(count, start, [ZERO])
            return
        extent = self.extents[self.lane]
        panels(self.writer, extent, self.across, lambda at: self._panel(count, start, at))

    def _panel(self, count: int, start: Affine, lanes: list[Affine]) -> None:
        places = list(itertools.product(range(count), lanes))
        room = max(1, self.writer.e.target.accumulators // len(places))
        self.blocks(self.row, min(room, 12), lambda height: self._tile(height, start, places))

    def _tile(self, height: int, start: Affine, places: list[tuple[int, Affine]]) -> None:
        first = self.at[self.row] if self.row is not None else ZERO

        def step(totals: Totals) -> None:
            vectors = []
            for by, at in places:
                self._place(by, at, start)
                vectors.append(self.read(self.wide))
            for i in range(height):
                self.shifted(self.row, i, first)
                for j, (by, at) in enumerate(places):
                    # Where both operands have the label of the lanes, the other is a vector too.
                    self._place(by, at, start)
                    slot = i * len(places) + j
                    totals[slot] = self.accumulate(
                        self.read(1 - self.wide), vectors[j], totals[slot]
                    )
            self.shifted(self.row, 0, first)

        totals = self.summed(self.inner, [self.zero()] * (height * len(places)), step)
        for i in range(height):
            self.shifted(self.row, i, first)
            for j, (by, at) in enumerate(places):
                self._place(by, at, start)
                self.finish(totals[i * len(places) + j])
        self.shifted(self.row, 0, first)
        self.writer.flush()

    def _place(self, by: int, at: Affine, start: Affine) -> None:
        self.shifted(self.column, by, start)
        if self.lane is not None:
            self.at[self.lane] = at


class _Dots(_Contraction):
    """Vectors along a summed axis that both operands have side by side; sums across at the end."""

    def write_along(self, lane: str) -> None:
        self.lane = lane
        self.inner.remove(lane)
        last = next((label for label in reversed(self.outer) if not self._shared(label)), None)
        narrow = 1 if last is None or last in self.own[1] else 0
        self.narrow, self.column = narrow, last
        rows = self.alone(1 - narrow)
        self.row = rows[-1] if rows else None
        self.inner.sort(key=lambda label: -self.stride(narrow, label))
        writer = self.writer
        self.lanes = width_for(self.plan, self.kernel.roots, self.extents[lane], writer)
        looped = [label for label in self.outer if label not in (self.row, self.column)]
        self.nest(looped)
        most = min(_COLUMNS, self.lanes)
        extent = 1 if last is None else self.extents[last]
        self.blocks(self.column, most if extent <= most else max(1, most // 2), self._columns)
        for _ in looped:
            writer.e.end_loop()

    def _shared(self, label: str) -> bool:
        return label in self.own[0] and label in self.own[1]

    def _columns(self, count: int) -> None:
        start = self.at[self.column] if self.column is not None else ZERO
        target = self.writer.e.target
        room = 20 if target.vector_bytes == 64 else target.accumulators
        self.blocks(
            self.row, max(1, min(6, room // count)), lambda height: self._tile(height, count, start)
        )

    def _tile(self, height: int, count: int, start: Affine) -> None:
        first = self.at[self.row] if self.row is not None else ZERO
        writer, narrow = self.writer, self.narrow
        writer.width = width = self.lanes
        full, rest = divmod(self.extents[self.lane], width)

        def add(at: Affine, totals: Totals) -> None:
            self.at[self.lane] = at
            columns = []
            for j in range(count):
                self.shifted(self.column, j, start)
                columns.append(self._real(narrow, at))
            self.shifted(self.column, 0, start)
            for i in range(height):
                self.shifted(self.row, i, first)
                row = self._real(1 - narrow, at)
                for j in range(count):
                    slot = i * count + j
                    totals[slot] = self.accumulate(row, columns[j], totals[slot])
            self.shifted(self.row, 0, first)

        def step(totals: Totals) -> None:
            if full <= 4:
                for k in range(full):
                    add(writer.lanes(width) + k * width, totals)
            else:

                def body(at: Affine, carried: Totals) -> Totals:
                    add(at * width + writer.lanes(width), carried)
                    return carried

                kinds = [self.total] * len(totals)
                totals[:] = accumulated(writer, full, kinds, totals, body)
            if rest:
                add(writer.lanes(rest) + full * width, totals)

        totals = self.summed(self.inner, [self.zero()] * (height * count), step)
        self.at[self.lane] = ZERO
        for i in range(height):
            self.shifted(self.row, i, first)
            self._across(totals[i * count : (i + 1) * count], start)
        self.shifted(self.row, 0, first)
        self.writer.flush()

    def _real(self, position: int, at: Affine) -> Value:
        """Return an operand with zeros in the lanes that are not real."""
        value, writer = self.read(position), self.writer
        active = writer.active((at,))
        if active is None or active == writer.width:
            return value
        return writer.e.select(writer.e.leading(active, writer.width), value, 0)

    def _across(self, totals: Totals, start: Affine) -> None:
        """Sum each total's lanes and put the results, side by side where they are so."""
        writer = self.writer
        if len(totals) == 1 or self.column != self.result[-1]:
            for j, total in enumerate(totals):
                self.shifted(self.column, j, start)
                writer.width = 1
                self.finish(writer.e.horizontal(total, self.combine))
                writer.flush()
            return
        padded = 1 << (len(totals) - 1).bit_length()
        zero = writer.e.constant(0, self.type, totals[0].width)
        vector = writer.e.tree_reduce([*totals, *[zero] * (padded - len(totals))], self.combine)
        writer.width = padded
        assert self.column is not None
        self.at[self.column] = start + writer.lanes(len(totals))
        self.finish(vector)
        writer.flush()


def write_sums_of_products(writer: Writer, plan: Plan, kernel: Kernel) -> None:
    """Write a PRODUCT kernel: of matrices, or of arrays of many axes."""
    if plan.graph.producer[kernel.main].primitive.name == "matrix_product":
        write_product(writer, plan, kernel)
    else:
        _write_contraction(writer, plan, kernel)


def _write_contraction(writer: Writer, plan: Plan, kernel: Kernel) -> None:
    """Write a contraction's kernel by the schedule that its operands' strides favour."""
    tiles = _Tiles(writer, plan, kernel)
    if 0 in tiles.equation.output.shape:
        return
    lane = tiles.outer[-1] if tiles.outer else None
    along = [
        label
        for label in tiles.inner
        if tiles.extents[label] >= 4
        and tiles.side_by_side(0, label)
        and tiles.side_by_side(1, label)
    ]
    best = max(along, key=lambda label: tiles.extents[label], default=None)
    if best is not None and not _fills(tiles, lane, best):
        _Dots(writer, plan, kernel).write_along(best)
    else:
        tiles.write()


def _fills(tiles: _Contraction, lane: str | None, inner: str) -> bool:
    """Tell whether vectors along the result are read side by side, and fuller than along a sum."""
    if lane is None or not any(tiles.side_by_side(position, lane) for position in (0, 1)):
        return False
    whole = tiles.writer.e.target.vector_bytes // max(4, tiles.equation.output.dtype.itemsize)
    return tiles.extents[lane] >= min(whole, tiles.extents[inner])
