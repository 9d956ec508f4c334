"""Kernels that compute each element alone, and the packed transpose."""

from __future__ import annotations

import functools

from thalweg.compiler.kernels.affine import Affine
from thalweg.engines.llvm.ir.turning import turned
from thalweg.engines.llvm.kernels.loops import Domain, blocks, chunks, spread, width_for
from thalweg.engines.llvm.kernels.writer import Writer


def write_map(writer: Writer) -> None:
    """Write the loops of a MAP kernel: axes that run together as one, the last one in vectors."""
    roots, shape = writer.kernel.roots, writer.kernel.domain
    if 0 in shape:
        return
    domain = Domain(writer)
    *outer, (lane, extent) = domain.joined(range(len(shape))) or [(0, 1)]
    writer.width = width_for(writer, extent)

    def body(at: Affine) -> None:
        domain.position[lane] = at
        for root in roots:
            writer.compute(root, spread(domain.position, root.shape))
        writer.flush()

    with domain.nest(outer):
        # Padding and joining make the ends of an axis different from its middle.
        differ = any(e.primitive.role == "piecewise" for e in writer.inlined)
        chunks(writer, extent, body, cost=writer.kernel.size, ends_differ=differ)


def write_transpose(writer: Writer) -> None:
    """Write a matrix transposed, in square tiles that are turned within registers."""
    root = writer.kernel.main
    equation = writer.maker(root)
    source = equation.inputs[0]
    rows, columns = root.shape
    writer.width = width_for(writer, max(rows, columns))
    width = writer.width

    def tile(row: Affine, height: int, column: Affine, breadth: int) -> None:
        lanes = writer.lanes(height)
        vectors = [
            writer.value(source, (column + min(j, breadth - 1), row + lanes)) for j in range(width)
        ]
        for i, vector in enumerate(turned(writer.e, vectors)[:height]):
            writer.put(root, (row + i, column + writer.lanes(breadth)), vector)
        writer.flush()

    def strip(row: Affine, height: int) -> None:
        blocks(writer, columns, width, functools.partial(tile, row, height))

    blocks(writer, rows, width, strip)
