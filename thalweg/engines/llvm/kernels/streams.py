"""Row streams: blocks of rows in registers, for both products with their matrix at once."""

from __future__ import annotations

from collections.abc import Callable

from thalweg.compiler.kernels.affine import ZERO, Affine, Index
from thalweg.compiler.kernels.kernels import Kernel, Stream
from thalweg.core.program import Symbol
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.blocks import fold, sums_across, total_of
from thalweg.engines.llvm.kernels.loops import narrow, spread
from thalweg.engines.llvm.kernels.lowering import TYPES
from thalweg.engines.llvm.kernels.prefetch import RowPrefetch
from thalweg.engines.llvm.kernels.writer import Writer

# A block's rows stay in registers up to this many vectors; more are read again from the cache.
_ROW_VECTORS = 24


class _Stream:
    """Writes one STREAM kernel."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        assert writer.kernel.stream is not None
        self.stream: Stream = writer.kernel.stream
        self.rows, self.columns = self.stream.matrix.shape
        self.type = TYPES[self.stream.matrix.dtype]
        lanes = writer.e.target.lanes(self.type)
        self.width = narrow(lanes, self.columns)
        self.vectors = -(-self.columns // self.width)
        # Rows read together: a vector's lanes of numbers a row.
        self.block = narrow(lanes, self.rows)
        self.sums = [
            total_of(writer, writer.maker(root).primitive.name, TYPES[root.dtype], self.block)
            for root in self.stream.sums
        ]
        self.gradient = total_of(writer, "reduce_sum", self.type, self.width)
        self.held = self.block * self.vectors <= _ROW_VECTORS
        self.prefetch = RowPrefetch(writer, self.stream.matrix)

    def write(self) -> None:
        writer = self.writer
        parameters = [self._parameters(root) for root in self.stream.forward]
        kinds = [*self.sums, *[self.gradient] * (self.vectors * len(self.stream.backward))]
        totals = [kind.empty for kind in kinds]
        full, rest = divmod(self.rows, self.block)

        def rows(at: Affine, sums: list[Value]) -> list[Value]:
            return self._rows(at * self.block, self.block, parameters, sums)

        if full > 1:
            totals = fold(writer, full, kinds, totals, rows, self.block)
        elif full:
            totals = self._rows(ZERO, self.block, parameters, totals)
        if rest:
            totals = self._rows(Affine(full * self.block), rest, parameters, totals)
        self._finish(totals)

    # ---- positions

    def _columns(self) -> list[Affine]:
        """Return the positions of the vectors of a row."""
        self.writer.width = self.width
        return self.writer.vectors(self.columns)

    def _vectors(self, symbol: Symbol, index: Callable[[Affine], Index]) -> list[Value]:
        """Return the vectors along a row, with zeros in the lanes beyond its end."""
        writer = self.writer
        return [writer.real(writer.value(symbol, index(at)), at) for at in self._columns()]

    def _parameters(self, root: Symbol) -> list[Value]:
        """Return the vectors of the forward product's right factor."""
        return self._vectors(self.writer.maker(root).inputs[1], lambda at: (at, ZERO))

    # ---- a block of rows

    def _rows(
        self, first: Affine, count: int, parameters: list[list[Value]], totals: list[Value]
    ) -> list[Value]:
        """Read some rows once: predictions, maps and sums over them, their part of the gradient."""
        writer = self.writer
        for k in range(count):
            self.prefetch.row(first + k)
        rows = [self._row(first + k) for k in range(count)]
        for root, vectors in zip(self.stream.forward, parameters, strict=True):
            self._predict(root, first, rows, vectors)
        writer.width = self.block
        lanes = first + writer.lanes(count)
        for root in self.stream.maps:
            writer.compute(root, spread([lanes], root.shape))
        sums = [
            kind.combine(total, self._operand(root, lanes, kind.empty))
            for root, kind, total in zip(self.stream.sums, self.sums, totals, strict=False)
        ]
        weights = [self._weights(kernel, lanes) for kernel in self.stream.backward]
        writer.flush()
        gradients = totals[len(sums) :]
        for i, weight in enumerate(weights):
            for k, row in enumerate(rows if self.held else self._reread(first, count)):
                factor = writer.e.splat(writer.e.extract(weight, k), self.width)
                for j, vector in enumerate(row):
                    slot = i * self.vectors + j
                    gradients[slot] = writer.e.fma(factor, vector, gradients[slot])
        return [*sums, *gradients]

    def _row(self, row: Affine) -> list[Value]:
        return self._vectors(self.stream.matrix, lambda at: (row, at))

    def _reread(self, first: Affine, count: int) -> list[list[Value]]:
        """Read the rows a second time, so that they need not be kept in registers."""
        with self.writer.fresh_loads():
            return [self._row(first + k) for k in range(count)]

    def _predict(
        self, root: Symbol, first: Affine, rows: list[list[Value]], parameters: list[Value]
    ) -> None:
        e, writer = self.writer.e, self.writer
        products = []
        for row in rows:
            total = e.multiply(row[0], parameters[0])
            for x, b in zip(row[1:], parameters[1:], strict=True):
                total = e.fma(x, b, total)
            products.append(total)
        vector = sums_across(writer, products, self.gradient, self.block)
        writer.width = self.block
        at = first + writer.lanes(len(rows))
        writer.put(root, spread([at], root.shape), vector)

    def _operand(self, root: Symbol, lanes: Affine, empty: Value) -> Value:
        """Return a block of what is summed over all rows."""
        operand = self.writer.maker(root).inputs[0]
        return self.writer.real(self._values(operand, lanes), lanes, empty)

    def _weights(self, kernel: Kernel, lanes: Affine) -> Value:
        """Return the numbers a row that weigh the rows in the gradient."""
        left, right = self.writer.maker(kernel.main).inputs
        weights = self._values(left if right is self.stream.matrix else right, lanes)
        return self.writer.e.splat(weights, self.block)

    def _values(self, symbol: Symbol, lanes: Affine) -> Value:
        """Return the numbers a row of a block."""
        return self.writer.value(symbol, tuple(ZERO if n == 1 else lanes for n in symbol.shape))

    # ---- the end

    def _finish(self, totals: list[Value]) -> None:
        writer = self.writer
        count = len(self.sums)
        for root, kind, total in zip(self.stream.sums, self.sums, totals, strict=False):
            value = writer.e.horizontal(total, kind.combine)
            writer.width = self.block
            writer.put(root, (ZERO,) * len(root.shape), value)
        for root in self.stream.scalars:
            writer.compute(root, (ZERO,) * len(root.shape))
        for i, kernel in enumerate(self.stream.backward):
            for j, at in enumerate(self._columns()):
                total = totals[count + i * self.vectors + j]
                shape = kernel.main.shape
                writer.put(kernel.main, spread([at], shape), total)
                for root in kernel.roots[1:]:
                    writer.compute(root, spread([at], root.shape))
        # Not before: any of these values may overwrite a state that another one reads.
        writer.flush()


def write_stream(writer: Writer) -> None:
    """Write a STREAM kernel."""
    _Stream(writer).write()
