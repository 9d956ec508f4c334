"""Row streams: products from both sides with one matrix, in one pass over its rows.

A linear model reads each row twice: for its prediction, and for its part of the gradient. Between
the two lie only maps over rows. Fused, a row is read once, which doubles the speed where rows
come from the outer caches.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Set

from thalweg.compiler.kernels.affine import moving, of
from thalweg.compiler.kernels.graph import domain_index, is_inner, squeezed
from thalweg.compiler.kernels.kernels import MOST_SIZE, Kernel, KernelPlan, Kind, Stream
from thalweg.core.program import Equation, Symbol
from thalweg.ops.linalg.products import matrix_product
from thalweg.ops.shape.transpose import transpose

# How many kernels are looked at to find out whether one may join a stream. What is farther apart
# stays so, and the time of a long program grows no faster than its length.
_LOOKED_AT = 1_000


def fuse_streams(plan: KernelPlan, row_bytes: int) -> None:
    """Fuse each pair of products with one matrix, and the maps between, into a STREAM kernel.

    Args:
        plan: Changed in place.
        row_bytes: The longest row that fits the registers several times.
    """
    order = _Order(plan)
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
        fusion = _Fusion(order, matrix)
        fusion.grow(first)
        if fusion.stream.backward:
            fusion.finish(position)


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


class _Order:
    """The kernels of a plan, their places, and what they read of each other."""

    def __init__(self, plan: KernelPlan) -> None:
        self.plan = plan
        # Numbers that grow along the order; fusions leave gaps.
        self.place = {kernel: place for place, kernel in enumerate(plan.kernels)}
        self.home = {root: kernel for kernel in plan.kernels for root in kernel.roots}
        self.reads: dict[Kernel, set[Symbol]] = {}
        # Roots rather than kernels, which fuse.
        self.readers: dict[Symbol, list[Symbol]] = {}
        for kernel in plan.kernels:
            self.reads[kernel] = set()
            for root in kernel.roots:
                read = {access.symbol for access in plan.accesses.of(root)}
                self.reads[kernel] |= read
                for symbol in read:
                    self.readers.setdefault(symbol, []).append(root)

    def sources(self, kernel: Kernel) -> Set[Kernel]:
        """Return the kernels whose results a kernel reads."""
        return {self.home[symbol] for symbol in self.reads[kernel] if symbol in self.home}

    def readers_of(self, kernel: Kernel) -> Iterator[Kernel]:
        """Yield the kernels that read what a kernel computes, some of them several times."""
        for root in kernel.roots:
            for reader in self.readers.get(root, ()):
                yield self.home[reader]

    def fuse(self, members: list[Kernel], fused: Kernel) -> None:
        """Let a new kernel compute what some others do."""
        self.home |= dict.fromkeys(fused.roots, fused)
        self.reads[fused] = {s for member in members for s in self.reads[member]}
        self.reads[fused].difference_update(fused.roots)

    def replace(self, first: int, before: list[Kernel], after: list[Kernel]) -> None:
        """Put kernels, as many or fewer, where others were from a position on."""
        places = [self.place[kernel] for kernel in before]
        self.plan.kernels[first : first + len(before)] = after
        self.place.update(zip(after, places, strict=False))


class _Fusion:
    """A stream that grows, kernel by kernel, from a product of its matrix."""

    def __init__(self, order: _Order, matrix: Symbol) -> None:
        self.order, self.plan = order, order.plan
        self.stream = Stream(matrix)
        self.rows = matrix.shape[:1]
        self.members: list[Kernel] = []
        # What the members compute, and what of it is one number a row.
        self.inside: set[Symbol] = set()
        self.per_row: set[Symbol] = set()
        self._size = 0
        # Kernels that need a member's result but are none, and such as need no member's.
        self._bound: set[Kernel] = set()
        self._free: set[Kernel] = set()
        self._looked_at = 0

    def grow(self, first: Kernel) -> None:
        """Take in the first product, and then whatever reads what is there and may join."""
        place = self.order.place
        waiting, known = [(place[first], first)], {first}
        while waiting:
            at, kernel = heapq.heappop(waiting)
            if self._is_bound(kernel) or not self._admit(kernel):
                self._bound.add(kernel)
                continue
            self.members.append(kernel)
            self.inside.update(kernel.roots)
            self._size += kernel.size
            for reader in self.order.readers_of(kernel):
                if reader not in known and place[reader] > at:
                    known.add(reader)
                    heapq.heappush(waiting, (place[reader], reader))

    def _is_bound(self, kernel: Kernel) -> bool:
        """Tell whether a kernel needs a member's result by way of kernels that are none."""
        if not self.members:
            return False
        order, first = self.order, self.order.place[self.members[0]]
        ends, seen = self._bound.union(self.members), {kernel}
        sources = order.sources(kernel)
        if not sources.isdisjoint(self._bound):
            return True
        # The earliest first: where there is a way back to a member, it is found soon.
        waiting = [(order.place[k], k) for k in sources - self._free if k not in ends]
        heapq.heapify(waiting)
        while waiting:
            at, source = heapq.heappop(waiting)
            if at <= first or source in seen:
                continue
            seen.add(source)
            self._looked_at += 1
            sources = order.sources(source)
            if self._looked_at > _LOOKED_AT or not sources.isdisjoint(ends):
                return True
            for other in sources - seen - self._free:
                heapq.heappush(waiting, (order.place[other], other))
        self._free |= seen - {kernel}
        return False

    # ---- what may join

    def _admit(self, kernel: Kernel) -> bool:
        """Add what a kernel computes to the stream, if all of it fits there."""
        stream, rows = self.stream, self.rows
        if self._size + kernel.size > MOST_SIZE:
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

    def finish(self, position: int) -> None:
        """Put one kernel in the place of the last product, and what waits for it behind.

        Args:
            position: That of the first member among the plan's kernels.
        """
        order, stream, kernels = self.order, self.stream, self.plan.kernels
        end = position + 1
        while kernels[end - 1] is not self.members[-1]:
            end += 1
        window, members = kernels[position:end], set(self.members)
        others = [kernel for kernel in window if kernel not in members]
        needed = self._needed(others)
        last = order.place[stream.backward[-1]]
        ready: list[Kernel] = []
        waiting: list[Kernel] = []
        for kernel in others:
            # What waits is a member's like: nothing that reads it can come before.
            early = order.place[kernel] < last and members.isdisjoint(order.sources(kernel))
            if early or kernel in needed:
                ready.append(kernel)
            else:
                waiting.append(kernel)
                members.add(kernel)
        fused = self._fused()
        order.fuse(self.members, fused)
        order.replace(position, window, [*ready, fused, *waiting])

    def _fused(self) -> Kernel:
        stream = self.stream
        roots = [*stream.forward, *stream.maps, *stream.sums, *stream.scalars]
        for kernel in stream.backward:
            roots += kernel.roots
        fused = Kernel(Kind.STREAM, self.rows, (), roots, list(stream.backward), stream)
        fused.size = self._size
        return fused

    def _needed(self, kernels: list[Kernel]) -> set[Kernel]:
        """Return those of some kernels that the members need, directly or through others."""
        wanted = {source for member in self.members for source in self.order.sources(member)}
        found: set[Kernel] = set()
        for kernel in reversed(kernels):
            if kernel in wanted:
                found.add(kernel)
                wanted |= self.order.sources(kernel)
        return found
