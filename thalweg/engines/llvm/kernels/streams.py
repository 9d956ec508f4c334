"""Row streams: blocks of rows in registers, for both products with their matrix at once."""

from __future__ import annotations

import functools

from thalweg.compiler.kernels.affine import ZERO, Affine, Index
from thalweg.compiler.kernels.kernels import Kernel, Plan
from thalweg.compiler.kernels.streams import Stream
from thalweg.core.program import Symbol
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.blocks import Total, accumulated
from thalweg.engines.llvm.kernels.loops import spread
from thalweg.engines.llvm.kernels.lowering import COMBINE, TYPES, identity
from thalweg.engines.llvm.kernels.prefetch import RowPrefetch
from thalweg.engines.llvm.kernels.writer import Writer

# A block's rows stay in registers up to this many vectors; more are read again from the cache.
_ROW_VECTORS = 24


class _Stream:
    """Writes one STREAM kernel."""

    def __init__(self, writer: Writer, plan: Plan, kernel: Kernel) -> None:
        self.writer, self.plan, self.kernel = writer, plan, kernel
        assert kernel.stream is not None
        self.stream: Stream = kernel.stream
        self.rows, self.columns = self.stream.matrix.shape
        self.type = TYPES[self.stream.matrix.dtype]
        self.width = writer.e.target.lanes(self.type)
        while self.width > 1 and self.width // 2 >= self.columns:
            self.width //= 2
        self.vectors = -(-self.columns // self.width)
        self.block = self._block()
        self.held = self.block * self.vectors <= _ROW_VECTORS
        self.prefetch = RowPrefetch(writer, plan.graph, self.stream.matrix)

    def _block(self) -> int:
        """Return the rows read together: a vector's lanes of numbers a row."""
        block = self.writer.e.target.lanes(self.type)
        while block > 1 and block // 2 >= self.rows:
            block //= 2
        return block

    def write(self) -> None:
        writer = self.writer
        parameters = [self._parameters(root) for root in self.stream.forward]
        kinds = self._totals()
        totals = [kind.empty for kind in kinds]
        full, rest = divmod(self.rows, self.block)
        if full > 1:
            totals = accumulated(
                writer,
                full,
                kinds,
                totals,
                lambda at, sums: self._rows(at * self.block, self.block, parameters, sums),
                self.block,
            )
        elif full:
            totals = self._rows(ZERO, self.block, parameters, totals)
        if rest:
            totals = self._rows(Affine(full * self.block), rest, parameters, totals)
        self._finish(totals)

    # ---- positions

    def _columns(self) -> list[Affine]:
        """Return the positions of the vectors of a row."""
        writer = self.writer
        writer.width = self.width
        full, rest = divmod(self.columns, self.width)
        places = [writer.lanes(self.width) + k * self.width for k in range(full)]
        return places + ([writer.lanes(rest) + full * self.width] if rest else [])

    def _masked(self, value: Value, at: Affine) -> Value:
        """Return a vector with zeros in the lanes beyond the row's end."""
        e = self.writer.e
        value = e.splat(value, self.width)
        active = self.writer.active((at,))
        if active is None or active == self.width:
            return value
        return e.select(e.leading(active, self.width), value, 0)

    def _parameters(self, root: Symbol) -> list[Value]:
        """Return the vectors of the forward product's right factor."""
        right = self.plan.graph.producer[root].inputs[1]
        return [self._masked(self.writer.value(right, (at, ZERO)), at) for at in self._columns()]

    # ---- accumulators

    def _totals(self) -> list[Total]:
        e, sums = self.writer.e, []
        for root in self.stream.sums:
            name, type = self.plan.graph.producer[root].primitive.name, TYPES[root.dtype]
            empty = e.constant(identity(name, type), type, self.block)
            sums.append(Total(empty, functools.partial(COMBINE[name], e)))
        gradient = Total(e.constant(0, self.type, self.width), e.add)
        return sums + [gradient] * (self.vectors * len(self.stream.backward))

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
            self._add(root, lanes, count, total)
            for root, total in zip(self.stream.sums, totals, strict=False)
        ]
        weights = [self._weights(kernel, lanes) for kernel in self.stream.backward]
        writer.flush()
        gradients = totals[len(sums) :]
        for i, weight in enumerate(weights):
            for k, row in enumerate(rows if self.held else self._again(first, count)):
                factor = writer.e.splat(writer.e.extract(weight, k), self.width)
                for j, vector in enumerate(row):
                    slot = i * self.vectors + j
                    gradients[slot] = writer.e.fma(factor, vector, gradients[slot])
        return [*sums, *gradients]

    def _row(self, row: Affine) -> list[Value]:
        return [
            self._masked(self.writer.value(self.stream.matrix, (row, at)), at)
            for at in self._columns()
        ]

    def _again(self, first: Affine, count: int) -> list[list[Value]]:
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
        padded = 1
        while padded < len(products):
            padded *= 2
        products += [e.constant(0, self.type, self.width)] * (padded - len(products))
        vector = e.tree_reduce(products, e.add)
        if vector.width < self.block:
            lanes = [i if i < vector.width else 0 for i in range(self.block)]
            vector = e.shuffle(vector, None, lanes)
        writer.width = self.block
        at = first + writer.lanes(len(rows))
        writer.put(root, spread([at], root.shape), vector)

    def _add(self, root: Symbol, lanes: Affine, count: int, total: Value) -> Value:
        """Add a block to a sum over all rows, lane by lane."""
        writer, equation = self.writer, self.plan.graph.producer[root]
        operand = equation.inputs[0]
        index = self._reduced(equation.inputs[0].shape, lanes)
        value = writer.e.splat(writer.value(operand, index), self.block)
        name = equation.primitive.name
        if count < self.block:
            start = identity(name, TYPES[root.dtype])
            value = writer.e.select(writer.e.leading(count, self.block), value, start)
        return COMBINE[name](writer.e, total, value)

    @staticmethod
    def _reduced(shape: tuple[int, ...], lanes: Affine) -> Index:
        return tuple(ZERO if n == 1 else lanes for n in shape)

    def _weights(self, kernel: Kernel, lanes: Affine) -> Value:
        """Return the numbers a row that weigh the rows in the gradient."""
        left, right = self.plan.graph.producer[kernel.main].inputs
        weights = left if right is self.stream.matrix else right
        index = self._reduced(weights.shape, lanes)
        return self.writer.e.splat(self.writer.value(weights, index), self.block)

    # ---- the end

    def _finish(self, totals: list[Value]) -> None:
        writer, graph = self.writer, self.plan.graph
        count = len(self.stream.sums)
        for root, total in zip(self.stream.sums, totals, strict=False):
            combine = functools.partial(COMBINE[graph.producer[root].primitive.name], writer.e)
            value = writer.e.horizontal(total, combine)
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


def write_stream(writer: Writer, plan: Plan, kernel: Kernel) -> None:
    """Write a STREAM kernel."""
    _Stream(writer, plan, kernel).write()
