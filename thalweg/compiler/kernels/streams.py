"""Row streams: products from both sides with one matrix, in one pass over its rows.

A linear model reads each row twice: for its prediction, and for its part of the gradient. Between
the two lie only maps over rows. Fused, a row is read once, which doubles the speed where rows
come from the outer caches.
"""

from __future__ import annotations

from collections.abc import Set

from thalweg.compiler.kernels.affine import moving, of
from thalweg.compiler.kernels.fusion import Fusion, Order
from thalweg.compiler.kernels.graph import domain_index, is_inner, squeezed
from thalweg.compiler.kernels.kernels import MOST_SIZE, Kernel, KernelPlan, Kind, Stream
from thalweg.core.program import Equation, Symbol
from thalweg.ops.linalg.products import matrix_product
from thalweg.ops.shape.transpose import transpose


def fuse_streams(plan: KernelPlan, row_bytes: int) -> None:
    """Fuse each pair of products with one matrix, and the maps between, into a STREAM kernel.

    Args:
        plan: Changed in place.
        row_bytes: The longest row that fits the registers several times.
    """
    order = Order(plan)
    behind = {matrix for kernel in plan.kernels for matrix in _backward_matrices(plan, kernel)}
    tried: set[Kernel] = set()
    position = 0
    while position < len(plan.kernels):
        first = plan.kernels[position]
        matrix = _forward_matrix(plan, first)
        short = matrix is not None and matrix.shape[1] * matrix.dtype.itemsize <= row_bytes
        if matrix is None or matrix not in behind or not short or first in tried:
            position += 1
            continue
        # A fusion reorders what follows, so that the position is looked at again.
        tried.add(first)
        fusion = _StreamFusion(order, matrix)
        fusion.grow(first)
        if fusion.stream.backward:
            fusion.finish(position, fusion.stream.backward[-1])


def _forward_matrix(plan: KernelPlan, kernel: Kernel) -> Symbol | None:
    """Return the matrix of a kernel's product matrix · vector with many rows."""
    equation = plan.graph.producer[kernel.main]
    if kernel.kind is not Kind.PRODUCT or equation.primitive is not matrix_product:
        return None
    left, right = equation.inputs
    if left.dtype.kind != "f" or len(left.shape) != 2:
        return None
    if right.shape[-1] == 1 and left.shape[0] > 1 and left.shape[1] > 1:
        return left
    return None


def _backward_matrices(plan: KernelPlan, kernel: Kernel) -> list[Symbol]:
    """Return the matrices that a kernel may be a product matrixᵀ · (one number a row) with."""
    equation = plan.graph.producer[kernel.main]
    if kernel.kind is not Kind.PRODUCT or equation.primitive is not matrix_product:
        return []
    left, right = equation.inputs
    maker = plan.graph.producer.get(left)
    turned = maker is not None and maker.primitive is transpose
    return [right, maker.inputs[0]] if maker is not None and turned else [right]


def _backward_weights(plan: KernelPlan, equation: Equation, matrix: Symbol) -> Symbol | None:
    """Return r of a product matrixᵀ · r with one number a row, None for any other equation."""
    if equation.primitive is not matrix_product or len(equation.output.shape) != 2:
        return None
    left, right = equation.inputs
    maker = plan.graph.producer.get(left)
    if maker is not None and maker.primitive is transpose and maker.inputs[0] is matrix:
        return right if right.shape[-1] == 1 else None
    return left if right is matrix and left.shape[0] == 1 else None


class _StreamFusion(Fusion):
    """A stream that grows from a product of its matrix."""

    def __init__(self, order: Order, matrix: Symbol) -> None:
        super().__init__(order)
        self.stream = Stream(matrix)
        self.rows = matrix.shape[:1]
        # What of all that is inside is one number a row.
        self.per_row: set[Symbol] = set()

    # ---- what may join

    def admit(self, kernel: Kernel) -> bool:
        """Add what a kernel computes to the stream, if all of it fits there."""
        stream, rows = self.stream, self.rows
        if self.size + kernel.size > MOST_SIZE:
            return False
        if kernel.kind is Kind.PRODUCT:
            return self._admit_product(kernel)
        if kernel.kind is Kind.MAP and kernel.domain == rows:
            fits = all(self._rowwise(root, self.inside) for root in kernel.roots)
            if fits:
                stream.maps += kernel.roots
                self.per_row.update(kernel.roots)
            return fits
        if kernel.kind is Kind.ROW and kernel.domain == rows and kernel.outer == ():
            return self._admit_row(kernel)
        return False

    def _admit_product(self, kernel: Kernel) -> bool:
        stream = self.stream
        if not self.members:
            stream.forward.append(kernel.main)
            stream.maps += kernel.roots[1:]
            self.per_row.update(kernel.roots)
            return True
        weights = _backward_weights(self.plan, self.plan.graph.producer[kernel.main], stream.matrix)
        if weights is None or not self._rowwise(kernel.main, self.inside):
            return False
        accesses = self.plan.accesses
        if any(a.symbol in self.inside for root in kernel.roots[1:] for a in accesses.of(root)):
            return False
        stream.backward.append(kernel)
        return True

    def _admit_row(self, kernel: Kernel) -> bool:
        """Admit reductions over the rows, maps over rows beside them, and maps on the results."""
        known = self.inside.union(kernel.roots)
        whole = {*self.stream.sums, *self.stream.scalars}
        sums: list[Symbol] = []
        maps: list[Symbol] = []
        scalars: list[Symbol] = []
        for root in kernel.roots:
            reads = {access.symbol for access in self.plan.accesses.of(root)} & known
            summed = self.plan.graph.producer[root].primitive.role == "reduction"
            if summed or squeezed(root.shape) == self.rows:
                if not self._rowwise(root, known, maps):
                    return False
                (sums if summed else maps).append(root)
            elif squeezed(root.shape) or not reads <= whole:
                return False
            else:
                scalars.append(root)
            whole.update(sums, scalars)
        self.stream.sums += sums
        self.stream.maps += maps
        self.stream.scalars += scalars
        self.per_row.update(maps)
        return True

    def _rowwise(self, root: Symbol, known: Set[Symbol], maps: list[Symbol] | None = None) -> bool:
        """Tell whether all a value reads of what is known is one number of its own row.

        A map runs along its own axis, a sum or a product along its inner one; a row chosen by an
        index array may be any.
        """
        role = self.plan.graph.producer[root].primitive.role
        summed = role in ("reduction", "product")
        axis = next((at for at in domain_index(root.shape) if at.terms), None)
        for access in self.plan.accesses.of(root):
            symbol = access.symbol
            if symbol not in known:
                continue
            per_row = symbol in self.per_row or (maps is not None and symbol in maps)
            if not per_row or access.index is None:
                return False
            own = moving(access.index, symbol.shape)
            if len(own) != 1 or not own[0].terms:
                return False
            var = own[0].terms[0][0]
            if own[0] != of(var) or var.extent != self.rows[0]:
                return False
            if not (is_inner(var) if summed else own[0] == axis):
                return False
        return True

    # ---- the end

    def fused(self) -> Kernel:
        """Return the stream's kernel."""
        stream = self.stream
        roots = [*stream.forward, *stream.maps, *stream.sums, *stream.scalars]
        for kernel in stream.backward:
            roots += kernel.roots
        fused = Kernel(Kind.STREAM, self.rows, (), roots, list(stream.backward), stream)
        fused.size = self.size
        return fused
