"""Row streams: products from both sides with one matrix, in one pass over its rows.

A linear model reads each row twice: for its prediction, and for its part of the gradient. Between
the two lie only maps over rows. Fused, a row is read once, which doubles the speed where rows
come from the outer caches.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from thalweg.compiler.access import domain_index, is_inner
from thalweg.compiler.graph import PRODUCTS, REDUCTIONS, squeezed
from thalweg.compiler.kernels import Kernel, Kind, Plan
from thalweg.core.program import Equation, Symbol


@dataclass
class Stream:
    """What a STREAM kernel computes, in order.

    Attributes:
        matrix: The matrix whose rows are read, of shape (rows, columns).
        forward: Products matrix · vector, one number a row.
        maps: Values of the shape of one number a row.
        sums: Reductions over all rows.
        scalars: Maps on those.
        backward: Kernels of products matrixᵀ · (one number a row), each with its maps.
    """

    matrix: Symbol
    forward: list[Symbol] = field(default_factory=list)
    maps: list[Symbol] = field(default_factory=list)
    sums: list[Symbol] = field(default_factory=list)
    scalars: list[Symbol] = field(default_factory=list)
    backward: list[Kernel] = field(default_factory=list)


def fuse_streams(plan: Plan, row_bytes: int) -> None:
    """Fuse each pair of products with one matrix, and the maps between, into a STREAM kernel.

    Args:
        plan: Changed in place.
        row_bytes: The longest row that fits the registers several times.
    """
    done: set[Symbol] = set()
    while True:
        found = _candidate(plan, done, row_bytes)
        if found is None:
            return
        first, matrix = found
        done.add(plan.kernels[first].main)
        _try_to_fuse(plan, first, matrix)


def _candidate(plan: Plan, done: set[Symbol], row_bytes: int) -> tuple[int, Symbol] | None:
    for position, kernel in enumerate(plan.kernels):
        if kernel.kind is Kind.PRODUCT and kernel.main not in done:
            matrix = _forward_matrix(plan.graph.producer[kernel.main])
            if matrix is not None and matrix.shape[1] * matrix.dtype.itemsize <= row_bytes:
                return position, matrix
    return None


def _forward_matrix(equation: Equation) -> Symbol | None:
    """Return the matrix of a product matrix · vector with many rows."""
    left, right = equation.inputs
    if (
        equation.primitive.name != "matrix_product"
        or left.dtype.kind != "f"
        or len(left.shape) != 2
    ):
        return None
    if right.shape[-1] == 1 and left.shape[0] > 1 and left.shape[1] > 1:
        return left
    return None


def _backward_weights(plan: Plan, equation: Equation, matrix: Symbol) -> Symbol | None:
    """Return r of a product matrixᵀ · r with one number a row, None for any other equation."""
    if equation.primitive.name != "matrix_product" or len(equation.output.shape) != 2:
        return None
    left, right = equation.inputs
    maker = plan.graph.producer.get(left)
    if maker is not None and maker.primitive.name == "transpose" and maker.inputs[0] is matrix:
        return right if right.shape[-1] == 1 else None
    return left if right is matrix and left.shape[0] == 1 else None


def _try_to_fuse(plan: Plan, first: int, matrix: Symbol) -> None:
    rows = matrix.shape[:1]
    stream = Stream(matrix)
    members: list[Kernel] = []
    dependents: list[Kernel] = []
    last = first
    for kernel in plan.kernels[first:]:
        inside = {root for member in members for root in member.roots}
        if members and not _depends(plan, kernel, inside | _roots(dependents)):
            continue
        if not _depends(plan, kernel, _roots(dependents)) and _admit(
            plan, stream, kernel, rows, inside
        ):
            members.append(kernel)
            if stream.backward[-1:] == [kernel]:
                last = plan.kernels.index(kernel)
        elif kernel is plan.kernels[first]:
            return
        else:
            dependents.append(kernel)
    if stream.backward:
        _replace(plan, stream, members, last)


def _roots(kernels: list[Kernel]) -> set[Symbol]:
    return {root for kernel in kernels for root in kernel.roots}


def _depends(plan: Plan, kernel: Kernel, symbols: set[Symbol]) -> bool:
    return any(a.symbol in symbols for root in kernel.roots for a in plan.accesses.of(root))


def _admit(
    plan: Plan, stream: Stream, kernel: Kernel, rows: tuple[int, ...], inside: set[Symbol]
) -> bool:
    """Add a kernel to a stream if all it computes fits there."""
    graph = plan.graph
    equation = graph.producer[kernel.main]
    per_row = {*stream.forward, *stream.maps}
    if kernel.kind is Kind.PRODUCT:
        if not inside and _forward_matrix(equation) is stream.matrix:
            stream.forward.append(kernel.main)
            stream.maps += kernel.roots[1:]
            return True
        weights = _backward_weights(plan, equation, stream.matrix)
        if weights is None or not _rowwise_reads(plan, kernel.main, inside, per_row, rows):
            return False
        if any(_depends_on(plan, root, inside) for root in kernel.roots[1:]):
            return False
        stream.backward.append(kernel)
        return True
    if kernel.kind is Kind.MAP and kernel.domain == rows:
        fits = all(_rowwise_reads(plan, root, inside, per_row, rows) for root in kernel.roots)
        stream.maps += kernel.roots if fits else []
        return fits
    if kernel.kind is Kind.ROW and kernel.domain == rows and kernel.outer == ():
        return _admit_row(plan, stream, kernel, rows, inside)
    return False


def _depends_on(plan: Plan, root: Symbol, symbols: set[Symbol]) -> bool:
    return any(access.symbol in symbols for access in plan.accesses.of(root))


def _admit_row(
    plan: Plan, stream: Stream, kernel: Kernel, rows: tuple[int, ...], inside: set[Symbol]
) -> bool:
    """Admit reductions over the rows, maps over rows beside them, and maps on the results."""
    sums: list[Symbol] = []
    maps: list[Symbol] = []
    scalars: list[Symbol] = []
    for root in kernel.roots:
        per_row = {*stream.forward, *stream.maps, *maps}
        known = inside | set(kernel.roots)
        if plan.graph.producer[root].primitive.name in REDUCTIONS:
            if not _rowwise_reads(plan, root, known, per_row, rows):
                return False
            sums.append(root)
        elif squeezed(root.shape) == rows:
            if not _rowwise_reads(plan, root, known, per_row, rows):
                return False
            maps.append(root)
        elif root.shape and squeezed(root.shape) != ():
            return False
        else:
            allowed = {*stream.sums, *stream.scalars, *sums, *scalars}
            if any(a.symbol in known - allowed for a in plan.accesses.of(root)):
                return False
            scalars.append(root)
    stream.sums += sums
    stream.maps += maps
    stream.scalars += scalars
    return True


def _rowwise_reads(
    plan: Plan, root: Symbol, inside: set[Symbol], per_row: set[Symbol], rows: tuple[int, ...]
) -> bool:
    """Tell whether all a value reads within the stream is one number of its own row.

    A map runs along its own axis, a sum or a product along its inner one; a row chosen by an
    index array may be any.
    """
    name = plan.graph.producer[root].primitive.name
    summed = name in REDUCTIONS or name in PRODUCTS
    axis = next((at for at in domain_index(root.shape) if at.terms), None)
    for access in plan.accesses.of(root):
        if access.symbol not in inside:
            continue
        if access.symbol not in per_row or access.index is None:
            return False
        own = [at for at, n in zip(access.index, access.symbol.shape, strict=True) if n != 1]
        if len(own) != 1 or len(own[0].terms) != 1 or own[0].constant:
            return False
        var, coefficient = own[0].terms[0]
        if coefficient != 1 or var.extent != rows[0]:
            return False
        if not (is_inner(var) if summed else own[0] == axis):
            return False
    return True


def _replace(plan: Plan, stream: Stream, members: list[Kernel], last: int) -> None:
    """Put one kernel in the place of the last product, and what waits for it behind."""
    first = plan.kernels.index(members[0])
    roots = [*stream.forward, *stream.maps, *stream.sums, *stream.scalars]
    fused = Kernel(Kind.STREAM, (stream.matrix.shape[0],), (), roots, list(stream.backward))
    for kernel in stream.backward:
        fused.roots += kernel.roots
    fused.stream = stream
    others = [kernel for kernel in plan.kernels[first:] if kernel not in members]
    needed = _needed(plan, others, set(fused.roots))
    ready: list[Kernel] = []
    waiting: list[Kernel] = []
    for kernel in others:
        blocked = _roots(waiting) | set(fused.roots)
        early = plan.kernels.index(kernel) < last and not _depends(plan, kernel, blocked)
        (ready if kernel in needed or early else waiting).append(kernel)
    plan.kernels[first:] = [*ready, fused, *waiting]


def _needed(plan: Plan, kernels: list[Kernel], roots: set[Symbol]) -> list[Kernel]:
    """Return the kernels whose results these values need, directly or through others."""
    wanted = {a.symbol for root in roots for a in plan.accesses.of(root)} - roots
    found: list[Kernel] = []
    for kernel in reversed(kernels):
        if wanted & set(kernel.roots):
            found.append(kernel)
            wanted |= {a.symbol for root in kernel.roots for a in plan.accesses.of(root)}
    return found
