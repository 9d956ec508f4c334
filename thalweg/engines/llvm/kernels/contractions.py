"""Products of matrices and contractions: by tiles, or as dot products in vectors along a sum."""

from __future__ import annotations

from collections.abc import Callable

from thalweg.compiler.kernels.affine import ZERO, Affine
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.blocks import Total, fold, sums_across
from thalweg.engines.llvm.kernels.loops import blocks, width_for
from thalweg.engines.llvm.kernels.products import MatrixTiles, Product, Tiles, Totals
from thalweg.engines.llvm.kernels.writer import Writer

# Columns of a tile of dot products: their sums across lanes are taken together.
_COLUMNS = 8

# Sums that are under way at once in dot products, to hide the latency of fma; of one of them …
_IN_FLIGHT = 8

# … so many at most.
_CHAINS = 4

# Dot products of up to so many vectors are written out.
_WRITTEN_OUT = 4


class Dots(Product):
    """Vectors along a summed axis that both operands have side by side; sums across at the end."""

    def write_along(self, lane: str) -> None:
        """Write the kernel with vectors along a label."""
        self.lane = lane
        self.inner.remove(lane)
        last = next((label for label in reversed(self.outer) if not self._shared(label)), None)
        narrow = 1 if last is None or last in self.own[1] else 0
        self.narrow, self.column = narrow, last
        rows = self.alone(1 - narrow)
        self.row = rows[-1] if rows else None
        self.inner.sort(key=lambda label: -self.stride(narrow, label))
        writer = self.writer
        self.lanes = width_for(writer, self.extents[lane])
        looped = [label for label in self.outer if label not in (self.row, self.column)]
        most = min(_COLUMNS, self.lanes)
        extent = 1 if last is None else self.extents[last]
        with self.nest(looped):
            self.blocks(self.column, most if extent <= most else max(1, most // 2), self._columns)

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
        extent = self.extents[self.lane]
        full = extent // width if extent // width > 4 else 0

        def add(at: Affine, totals: Totals) -> None:
            self.at[self.lane] = at
            columns = []
            for j in range(count):
                self.shifted(self.column, j, start)
                columns.append(writer.real(self.read(narrow), at))
            self.shifted(self.column, 0, start)
            for i in range(height):
                self.shifted(self.row, i, first)
                row = writer.real(self.read(1 - narrow), at)
                for j in range(count):
                    slot = i * count + j
                    totals[slot] = self.accumulate(row, columns[j], totals[slot])
            self.shifted(self.row, 0, first)

        def body(at: Affine, carried: Totals) -> Totals:
            add(at * width + writer.lanes(width), carried)
            return carried

        def step(totals: Totals) -> None:
            if full:
                kinds = [self.total] * len(totals)
                totals[:] = fold(writer, full, kinds, totals, body)
            for at in writer.vectors(extent, full):
                add(at, totals)

        kind = self.total
        totals = self.summed(self.inner, [kind.empty] * (height * count), step)
        self.at[self.lane] = ZERO
        for i in range(height):
            self.shifted(self.row, i, first)
            self._across(kind, totals[i * count : (i + 1) * count], start)
        self.shifted(self.row, 0, first)
        self.writer.flush()

    def _across(self, kind: Total, totals: Totals, start: Affine) -> None:
        """Sum each total's lanes and put the results, side by side where they are so."""
        writer = self.writer
        if len(totals) == 1 or self.column != self.result[-1]:
            for j, total in enumerate(totals):
                self.shifted(self.column, j, start)
                writer.width = 1
                self.finish(writer.e.horizontal(total, kind.combine))
                writer.flush()
            return
        vector = sums_across(writer, totals, kind)
        writer.width = vector.width
        assert self.column is not None
        self.at[self.column] = start + writer.lanes(len(totals))
        self.finish(vector)
        writer.flush()


class MatrixDots(Product):
    """Vectors along the inner axis: one dot product after another, summed across together."""

    def write(self) -> None:
        """Write the kernel."""
        writer, inner = self.writer, self.extents[self.own[0][-1]]
        # Results lie along their lanes: down the rows only where there is a single column.
        self.many = 1 if self.extents[self.result[-1]] > 1 else 0
        lane = self.result[-1 if self.many else -2]
        inner_width = width_for(writer, inner)
        result_width = min(width_for(writer, self.extents[lane]), inner_width)

        def block(first: Affine, size: int) -> None:
            writer.width = inner_width
            vector = sums_across(writer, self._dots(lane, first, size), self.total, result_width)
            writer.width = result_width
            self.at[lane] = first + writer.lanes(size)
            self.finish(vector)
            writer.flush()

        with self.nest([label for label in self.outer if label != lane]):
            blocks(writer, self.extents[lane], result_width, block, written_out=2)

    def _dots(self, lane: str, first: Affine, size: int) -> list[Value]:
        """Return the lanes whose sums are so many dot products, from a position of the result.

        They are computed side by side, and few of them in several sums that take turns: an fma
        waits for the one before it in its sum.
        """
        writer, width, label = self.writer, self.writer.width, self.own[0][-1]
        inner, kind = self.extents[label], self.total
        chains = max(1, min(_CHAINS, _IN_FLIGHT // size))
        full = inner // width
        rounds = full // chains if full > _WRITTEN_OUT else 0

        def add(at: Affine, chain: int, totals: Totals) -> None:
            self.at[label] = at
            self.at[lane] = first
            shared = writer.real(self.read(1 - self.many), at)
            for k in range(size):
                self.at[lane] = first + k
                slot = k * chains + chain
                own = writer.real(self.read(self.many), at)
                totals[slot] = self.accumulate(own, shared, totals[slot])

        def body(at: Affine, totals: Totals) -> Totals:
            for chain in range(chains):
                add((at * chains + chain) * width + writer.lanes(width), chain, totals)
            return totals

        totals: Totals = [None] * (size * chains)
        if rounds:
            totals = fold(writer, rounds, [kind] * len(totals), [kind.empty] * len(totals), body)
        for i, at in enumerate(writer.vectors(inner, rounds * chains)):
            add(at, i % chains, totals)
        apart = (totals[k : k + chains] for k in range(0, len(totals), chains))
        return [kind.merge([total for total in sums if total is not None]) for sums in apart]


def write_sums_of_products(writer: Writer) -> None:
    """Write a PRODUCT kernel: of matrices, or of arrays of many axes."""
    PRODUCTS[writer.maker(writer.kernel.main).primitive.name](writer)


def _write_contraction(writer: Writer) -> None:
    """Write a contraction's kernel by the schedule that its operands' strides favour."""
    tiles = Tiles(writer)
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
        Dots(writer).write_along(best)
    else:
        tiles.write()


def _fills(tiles: Product, lane: str | None, inner: str) -> bool:
    """Tell whether vectors along the result are read side by side, and fuller than along a sum."""
    if lane is None or not any(tiles.side_by_side(position, lane) for position in (0, 1)):
        return False
    whole = tiles.writer.e.target.vector_bytes // max(4, tiles.equation.output.dtype.itemsize)
    return tiles.extents[lane] >= min(whole, tiles.extents[inner])


def _write_matrix_product(writer: Writer) -> None:
    """Write a matrix product's kernel by the schedule that its operands' strides favour."""
    tiles = MatrixTiles(writer)
    if 0 in tiles.equation.output.shape:
        return
    row, inner, column = tiles.own[0][-2], tiles.own[0][-1], tiles.result[-1]
    along = tiles.extents[inner] >= 4 and all(tiles.side_by_side(i, inner) for i in (0, 1))
    if tiles.extents[column] == 1:
        in_lanes = tiles.extents[row] > 1 and tiles.side_by_side(0, row)
    else:
        in_lanes = tiles.side_by_side(1, column)
    if along and not in_lanes:
        MatrixDots(writer).write()
    else:
        tiles.write()


PRODUCTS: dict[str, Callable[[Writer], None]] = {
    "matrix_product": _write_matrix_product,
    "contract": _write_contraction,
}
