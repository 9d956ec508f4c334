"""Kernels that compute each element alone, and the packed transpose."""

from __future__ import annotations

import math
from collections.abc import Callable

from thalweg.compiler.kernels.affine import ZERO, Affine
from thalweg.compiler.kernels.kernels import Kernel, Plan
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.loops import (
    chunks,
    collapsed,
    expression_cost,
    guarded,
    spread,
    width_for,
)
from thalweg.engines.llvm.kernels.writer import Writer


def write_map(writer: Writer, plan: Plan, kernel: Kernel) -> None:
    """Write the loops of a MAP kernel: axes that run together as one, the last one in vectors."""
    roots, domain = kernel.roots, kernel.domain
    if 0 in domain:
        return
    groups = collapsed(plan, roots, domain)
    extents = [math.prod(domain[axis] for axis in group) for group in groups]
    writer.width = width_for(plan, roots, extents[-1] if extents else 1, writer)
    position = [ZERO] * len(domain)

    def body(at: Affine) -> None:
        if groups:
            position[groups[-1][-1]] = at
        for root in roots:
            writer.compute(root, spread(position, root.shape))
        writer.flush()

    with writer.nest(extents[:-1]) as places:
        for group, at in zip(groups, places, strict=False):
            position[group[-1]] = at
        cost, differ = expression_cost(plan, roots), guarded(plan, roots)
        chunks(writer, extents[-1] if extents else 1, body, cost=cost, ends_differ=differ)


def write_transpose(writer: Writer, plan: Plan, kernel: Kernel) -> None:
    """Write a matrix transposed, in square tiles that are turned within registers."""
    root = kernel.main
    equation = plan.graph.producer[root]
    source = equation.inputs[0]
    rows, columns = root.shape
    writer.width = width_for(plan, [root], max(rows, columns), writer)
    width = writer.width

    def tile(row: Affine, column: Affine, height: int, breadth: int) -> None:
        lanes = writer.lanes(height)
        vectors = [
            writer.value(source, (column + min(j, breadth - 1), row + lanes)) for j in range(width)
        ]
        for i, vector in enumerate(_turned(writer, vectors)[:height]):
            writer.put(root, (row + i, column + writer.lanes(breadth)), vector)
        writer.flush()

    def strip(row: Affine, height: int) -> None:
        _tiles(writer, columns, lambda column, breadth: tile(row, column, height, breadth))

    _tiles(writer, rows, strip)


def _tiles(writer: Writer, extent: int, body: Callable[[Affine, int], None]) -> None:
    full, rest = divmod(extent, writer.width)
    if full > 1:
        at, _ = writer.loop(full)
        body(at * writer.width, writer.width)
        writer.e.end_loop()
    elif full:
        body(ZERO, writer.width)
    if rest:
        body(Affine(full * writer.width), rest)


def _turned(writer: Writer, vectors: list[Value]) -> list[Value]:
    """Transpose a square of lanes by exchanging ever larger blocks across the diagonal."""
    width, step = writer.width, 1
    vectors = [writer.e.splat(v, width) for v in vectors]
    while step < width:
        turned = list(vectors)
        for i in range(width):
            if i & step:
                continue
            a, b = vectors[i], vectors[i | step]
            low = [j if not j & step else width + (j ^ step) for j in range(width)]
            high = [(j | step) if not j & step else width + j for j in range(width)]
            turned[i] = writer.e.shuffle(a, b, low)
            turned[i | step] = writer.e.shuffle(a, b, high)
        vectors, step = turned, 2 * step
    return vectors
