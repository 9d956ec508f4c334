"""Products: sums of products in tiles of registers, and maps on the result beside them.

The labels of a product's axes are loops. In a tile, vectors run along the last axis of the result;
it spans one axis of each operand, so that what is read once is used several times.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from thalweg.compiler.kernels.affine import ZERO, Affine, Index, Var, axis_variables, linear
from thalweg.compiler.kernels.graph import inner_labels, product_labels
from thalweg.engines.llvm.ir.values import Value, is_float
from thalweg.engines.llvm.kernels.blocks import Total, fold, fold_over, total_of
from thalweg.engines.llvm.kernels.loops import blocks, panels, spread, width_for
from thalweg.engines.llvm.kernels.lowering import LOWERINGS, TYPES
from thalweg.engines.llvm.kernels.writer import Writer

# Up to this many terms along the innermost axis are written out …
_WRITTEN_OUT = 8

# … longer ones this many at a time.
_UNROLLED = 4

# Rows of a tile at most.
_TILE_ROWS = 12

# A product of few accumulators is split along the inner axis to hide the latency of fma.
_IN_FLIGHT = 8

# Accumulators, or None for a sum of nothing yet.
Totals = list[Any]

Step = Callable[[Totals], None]


class Product:
    """What all schedules share: positions by label, sums over labels, maps on the result.

    Attributes:
        balanced_from: Blocks of at least this size are made alike, so that the last is as large.
    """

    balanced_from = 0

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.equation = writer.maker(writer.kernel.main)
        self.type = TYPES[self.equation.output.dtype]
        self.own = product_labels(self.equation)
        left, right, self.result = self.own
        shapes = [n for operand in self.equation.inputs for n in operand.shape]
        self.extents = dict(zip(left + right, shapes, strict=True))
        self.at = dict.fromkeys(self.extents, ZERO)
        self.inner = [label for label in inner_labels(self.equation) if self.extents[label] > 1]
        self.outer = [label for label in self.result if self.extents[label] > 1]

    # ---- operands

    def read(self, position: int) -> Value:
        """Return an operand where the labels are, in a vector."""
        index: Index = tuple(self.at[label] for label in self.own[position])
        value = self.writer.value(self.equation.inputs[position], index)
        return self.writer.e.splat(value, self.writer.width)

    def stride(self, position: int, label: str) -> int:
        """Return the distance in memory of neighbours along a label; 0 if there is not one."""
        symbol, labels = self.equation.inputs[position], self.own[position]
        if label not in labels:
            return 0
        axis = labels.index(label)
        var = Var(axis, symbol.shape[axis])
        for access in self.writer.plan.accesses.behind(symbol, axis_variables(symbol.shape)):
            if access.index is not None:
                return abs(linear(access.index, access.symbol.shape).coefficient(var))
        return 0

    def side_by_side(self, position: int, label: str) -> bool:
        """Tell whether an operand's neighbours along a label are neighbours in memory."""
        labels = self.own[position]
        return label in labels and self.writer.plan.accesses.unit_stride(
            self.equation.inputs[position], labels.index(label)
        )

    def alone(self, position: int) -> list[str]:
        """Return the labels of the result that only one operand has."""
        other = self.own[1 - position]
        return [label for label in self.outer if label not in other]

    # ---- loops

    @contextmanager
    def nest(self, labels: Sequence[str]) -> Iterator[None]:
        """Open a loop a label around a `with` block."""
        with self.writer.nest([self.extents[label] for label in labels]) as places:
            self.at.update(zip(labels, places, strict=True))
            yield

    def blocks(self, label: str | None, size: int, body: Callable[[int], None]) -> None:
        """Call a body for each block of positions along a label, with their number."""
        if label is None:
            body(1)
            return
        extent = self.extents[label]

        def block(first: Affine, count: int) -> None:
            self.at[label] = first
            body(count)

        if size >= self.balanced_from:
            size = -(-extent // -(-extent // size))
        blocks(self.writer, extent, size, block)

    def shifted(self, label: str | None, by: int, start: Affine) -> None:
        """Move to a position of a block."""
        if label is not None:
            self.at[label] = start + by

    # ---- sums

    def accumulate(self, x: Value, y: Value, total: Value | None) -> Value:
        """Return a sum of products with one product more."""
        e = self.writer.e
        if total is None or not is_float(self.type):
            product = LOWERINGS["multiply"](e, x, y)
            return product if total is None else LOWERINGS["add"](e, total, product)
        return e.fma(x, y, total)

    @property
    def total(self) -> Total:
        """An accumulator of products, a lane."""
        return total_of(self.writer, "reduce_sum", self.type)

    def summed(self, labels: list[str], totals: Totals, step: Step) -> Totals:
        """Return the totals after a step at every position along some labels."""
        if not labels:
            step(totals)
            return totals
        *outer, label = labels
        extent, kinds = self.extents[label], [self.total] * len(totals)
        rounds = 0 if extent <= _WRITTEN_OUT else extent // _UNROLLED

        def steps(at: Affine, count: int, carried: Totals) -> Totals:
            for k in range(count):
                self.at[label] = at + k
                step(carried)
            return carried

        def body(at: Affine, carried: Totals) -> Totals:
            return steps(at * _UNROLLED, _UNROLLED, carried)

        def within(places: list[Affine], carried: Totals) -> Totals:
            self.at.update(zip(outer, places, strict=True))
            if rounds:
                carried = fold(self.writer, rounds, kinds, carried, body, _UNROLLED)
            done = rounds * _UNROLLED
            return steps(Affine(done), extent - done, carried)

        extents = [self.extents[label] for label in outer]
        return fold_over(self.writer, extents, kinds, totals, within, extent)

    def finish(self, total: Value) -> None:
        """Put a result where the labels are, and compute the maps on it."""
        writer = self.writer
        index = tuple(self.at[label] if self.extents[label] > 1 else ZERO for label in self.result)
        writer.put(writer.kernel.main, index, total)
        position = [self.at[label] for label in self.outer]
        for root in writer.kernel.roots[1:]:
            writer.compute(root, spread(position, root.shape))


class Tiles(Product):
    """Vectors along the last axis of the result: one operand in vectors, one in numbers."""

    def write(self) -> None:
        """Write the kernel."""
        lane = next(reversed(self.spanned()), None)
        apart = [position for position in (0, 1) if lane is None or lane not in self.own[position]]
        # Where both operands have the lanes, the one that has rows is read row by row.
        self.wide = 1 - apart[-1] if apart else 1 if self.alone(0) else 0
        rows = self.alone(1 - self.wide)
        columns = [label for label in self.alone(self.wide) if label != lane]
        self.lane, self.row = lane, rows[-1] if rows else None
        self.column = columns[-1] if columns else None
        self.inner.sort(key=lambda label: -self.stride(self.wide, label))
        extent = 1 if lane is None else self.extents[lane]
        writer = self.writer
        writer.width = width_for(writer, extent)
        self.across = self.vectors_across(-(-extent // writer.width))
        looped = [label for label in self.outer if label not in (lane, self.row, self.column)]
        beside = 1 if self.column is None else max(1, 3 // self.across)
        with self.nest(looped):
            self.blocks(self.column, beside, self._columns)

    def spanned(self) -> list[str]:
        """Return the labels along which vectors may run."""
        return self.outer

    def vectors_across(self, vectors: int) -> int:
        """Return how many of the vectors along the lanes a tile has."""
        return vectors if vectors <= 3 else 3 if vectors % 3 == 0 else 2

    def height(self, most: int, vectors: int) -> int:
        """Return the rows of a tile of so many vectors a row."""
        return most

    def sums(self, count: int, step: Step) -> Totals:
        """Return so many totals after a step at every position that is summed."""
        return self.summed(self.inner, [self.total.empty] * count, step)

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
        most = self.height(min(room, _TILE_ROWS), len(places))
        self.blocks(self.row, most, lambda height: self._tile(height, start, places))

    def _tile(self, height: int, start: Affine, places: list[tuple[int, Affine]]) -> None:
        first = self.at[self.row] if self.row is not None else ZERO
        narrow = 1 - self.wide
        # Where both operands have the label of the lanes, the other is a vector too.
        both = self.lane is not None and self.lane in self.own[narrow]

        def step(totals: Totals) -> None:
            vectors = []
            for by, at in places:
                self._place(by, at, start)
                vectors.append(self.read(self.wide))
            for i in range(height):
                self.shifted(self.row, i, first)
                element = self.read(narrow)
                for j, (by, at) in enumerate(places):
                    if both:
                        self._place(by, at, start)
                        element = self.read(narrow)
                    slot = i * len(places) + j
                    totals[slot] = self.accumulate(element, vectors[j], totals[slot])
            self.shifted(self.row, 0, first)

        totals = self.sums(height * len(places), step)
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


class MatrixTiles(Tiles):
    """Tiles of a product of matrices: along one inner axis, several sums may take turns."""

    balanced_from = 5

    def spanned(self) -> list[str]:
        """Return the label of the columns, or else of the rows, if there are several."""
        return [label for label in self.outer if label in self.result[-2:]]

    def vectors_across(self, vectors: int) -> int:
        """Return more for few rows."""
        rows = 1 if self.row is None else self.extents[self.row]
        return min(vectors, 4) if rows <= 2 else super().vectors_across(vectors)

    def height(self, most: int, vectors: int) -> int:
        """Return fewer of which the result has whole tiles, where that is faster.

        A tile takes as long as it has sums, few of them as long as `_IN_FLIGHT`; a last one of
        another height is written apart.
        """
        extent = 1 if self.row is None else self.extents[self.row]

        def time(height: int) -> int:
            full, rest = divmod(extent, height)
            each, last = (max(_IN_FLIGHT, rows * vectors) for rows in (height, rest))
            return full * each + (last if rest else 0)

        whole = (n for n in range(most - 1, 2 * most // 3 - 1, -1) if n and extent % n == 0)
        best = next(whole, most)
        return best if time(best) < 0.95 * time(most) else most

    def sums(self, count: int, step: Step) -> Totals:
        """Return so many totals after a step at every inner position."""
        label = self.own[0][-1]
        inner = self.extents[label]

        def add(at: Affine, totals: Totals) -> Totals:
            self.at[label] = at
            step(totals)
            return totals

        if inner <= _WRITTEN_OUT or (inner <= 2 * _WRITTEN_OUT and count <= 4):
            totals: Totals = [None] * count
            for k in range(inner):
                add(Affine(k), totals)
            return totals
        sets = 1 if count >= _IN_FLIGHT else min(4, -(-_IN_FLIGHT // count))
        unrolled = sets if sets > 1 else 2
        kind, trip = self.total, inner // unrolled

        def body(at: Affine, carried: Totals) -> Totals:
            for u in range(unrolled):
                carried[u % sets :: sets] = add(at * unrolled + u, carried[u % sets :: sets])
            return carried

        kinds, empty = [kind] * (count * sets), [kind.empty] * (count * sets)
        totals = fold(self.writer, trip, kinds, empty, body, unrolled // sets)
        for k in range(trip * unrolled, inner):
            totals[k % sets :: sets] = add(Affine(k), totals[k % sets :: sets])
        return [kind.merge(totals[i : i + sets]) for i in range(0, count * sets, sets)]
