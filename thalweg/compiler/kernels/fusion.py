"""Fusions: kernels that grow by whatever reads what they compute."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Set

from thalweg.compiler.kernels.kernels import Kernel, KernelPlan
from thalweg.core.program import Symbol

# How many kernels are looked at to find out whether one may join a fusion. What is farther apart
# stays so, and the time of a long program grows no faster than its length.
_LOOKED_AT = 1_000


class Order:
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


class Fusion:
    """A kernel that grows, member by member, from a first one.

    Attributes:
        members: The kernels that it takes the place of, in order.
        inside: What the members compute.
        size: The cost of one element of everything together.
    """

    def __init__(self, order: Order) -> None:
        self.order, self.plan = order, order.plan
        self.members: list[Kernel] = []
        self.inside: set[Symbol] = set()
        self.size = 0
        # Kernels that need a member's result but are none, and such as need no member's.
        self._bound: set[Kernel] = set()
        self._free: set[Kernel] = set()
        self._looked_at = 0

    def admit(self, kernel: Kernel) -> bool:
        """Add what a kernel computes, if all of it fits there."""
        raise NotImplementedError

    def fused(self) -> Kernel:
        """Return one kernel that computes what the members do."""
        raise NotImplementedError

    def grow(self, first: Kernel) -> None:
        """Take in the first member, and then whatever reads what is there and may join."""
        place = self.order.place
        waiting, known = [(place[first], first)], {first}
        while waiting:
            at, kernel = heapq.heappop(waiting)
            if self._is_bound(kernel) or not self.admit(kernel):
                self._bound.add(kernel)
                continue
            self.members.append(kernel)
            self.inside.update(kernel.roots)
            self.size += kernel.size
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

    # ---- the end

    def finish(self, position: int, last: Kernel) -> None:
        """Put one kernel in the place of a member, and what waits for it behind.

        Args:
            position: That of the first member among the plan's kernels.
            last: The member in whose place it is put, as far as it can be.
        """
        order, kernels = self.order, self.plan.kernels
        end = position + 1
        while kernels[end - 1] is not self.members[-1]:
            end += 1
        window, members = kernels[position:end], set(self.members)
        others = [kernel for kernel in window if kernel not in members]
        needed = self._needed(others)
        ready: list[Kernel] = []
        waiting: list[Kernel] = []
        for kernel in others:
            # What waits is a member's like: nothing that reads it can come before.
            early = order.place[kernel] < order.place[last]
            if (early and members.isdisjoint(order.sources(kernel))) or kernel in needed:
                ready.append(kernel)
            else:
                waiting.append(kernel)
                members.add(kernel)
        fused = self.fused()
        order.fuse(self.members, fused)
        order.replace(position, window, [*ready, fused, *waiting])

    def _needed(self, kernels: list[Kernel]) -> set[Kernel]:
        """Return those of some kernels that the members need, directly or through others."""
        wanted = {source for member in self.members for source in self.order.sources(member)}
        found: set[Kernel] = set()
        for kernel in reversed(kernels):
            if kernel in wanted:
                found.add(kernel)
                wanted |= self.order.sources(kernel)
        return found
