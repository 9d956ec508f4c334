"""Asking for rows ahead of time: the order of rows is known, the caches need not guess it."""

from __future__ import annotations

from thalweg.compiler.kernels.affine import Affine
from thalweg.core.program import Equation, Symbol
from thalweg.engines.llvm.ir.values import BYTES
from thalweg.engines.llvm.kernels.lowering import TYPES
from thalweg.engines.llvm.kernels.writer import Writer
from thalweg.ops.index.take import take

_LINE = 64

# Arrays up to this size stay in the inner caches by themselves.
_SMALL = 1 << 18

# This many rows ahead hides the latency of the outer caches; tried from 8 to 64. The order of the
# rows is read that far beyond its end.
AHEAD = 24


class RowPrefetch:
    """Prefetches the rows that a gather will read, where their order is trusted."""

    def __init__(self, writer: Writer, gathered: Symbol) -> None:
        self.writer = writer
        maker = writer.graph.producer.get(gathered)
        self.gather: Equation | None = None
        if maker is not None and maker.primitive is take and maker.params["axis"] == 0:
            source, indices = maker.inputs
            known = writer.facts.within(indices, source.shape[0])
            if known and source.spec.nbytes > _SMALL and writer.graph.is_leaf(source):
                self.gather = maker

    def row(self, at: Affine) -> None:
        """Ask for the row that will be read `AHEAD` rows after this one."""
        if self.gather is None:
            return
        writer = self.writer
        source, indices = self.gather.inputs
        place = writer.address(indices, at + AHEAD)
        position = writer.e.convert(writer.e.load(place, TYPES[indices.dtype]), "i64")
        row = writer.bind(position, source.shape[0])
        length = source.spec.size // source.shape[0]
        per_line = _LINE // BYTES[TYPES[source.dtype]]
        for column in range(0, length, per_line):
            writer.e.prefetch(writer.address(source, row * length + column))
        if length % per_line != 1 and length > 1:
            # A row need not start on a line: its last element may lie on one more.
            writer.e.prefetch(writer.address(source, row * length + (length - 1)))
