"""Buffers: which values share memory, and which states change in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from thalweg.compiler.kernels.affine import Index
from thalweg.compiler.kernels.graph import domain_index, squeezed
from thalweg.compiler.kernels.kernels import Kernel, KernelPlan, Kind
from thalweg.compiler.kernels.strips import ENDING, part_of
from thalweg.core.program import Symbol

ALIGNMENT = 64


def aligned_size(nbytes: int) -> int:
    """Return a size rounded up, so that whole vectors may be read at the end of a buffer."""
    return (nbytes + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


@dataclass
class Storage:
    """Where the values of a plan live.

    Attributes:
        offsets: The place in the arena of each state and kept value that is stored.
        copies: Pairs (state, new value) to be copied when the step has ended.
        stored: The kept values that need memory: read by another kernel, or returned.
        lent: The kept values that lie where an input outside of the arena is, by that input.
        sent: Pairs (input outside, new value) to be copied when the step has ended.
        end: The first byte of the arena that was never used.
        free: Stretches below that, (offset, size), whose values nobody reads any more.
    """

    offsets: dict[Symbol, int]
    copies: list[tuple[Symbol, Symbol]]
    stored: set[Symbol]
    end: int
    free: list[tuple[int, int]] = field(default_factory=list)
    lent: dict[Symbol, Symbol] = field(default_factory=dict)
    sent: list[tuple[Symbol, Symbol]] = field(default_factory=list)


# Kernels that write what they put, and no more, where vectors may not reach past the end.
_EXACT = (Kind.MAP, Kind.ROW, Kind.COLUMN)


def assign(
    plan: KernelPlan,
    states: list[tuple[Symbol, Symbol]],
    offsets: dict[Symbol, int],
    start: int,
    outside: Sequence[tuple[Symbol, Symbol]] = (),
) -> Storage:
    """Give every stored value a place in the arena.

    Args:
        plan: Kernels in the order they run.
        states: Pairs of a state input and the output that replaces it after the step: itself or
            a kept value.
        offsets: The places of the state inputs, fixed beforehand.
        start: The first byte of the arena for everything else.
        outside: Pairs of an input outside of the arena and the output that replaces it there.
    """
    readers = _readers(plan)
    home = plan.home
    outputs = set(plan.graph.program.outputs)
    stored = {
        root
        for root in plan.kept
        if root in outputs or any(at != home[root] for at, _, _ in readers.get(root, []))
    }
    storage = Storage(dict(offsets), [], stored, start)
    for state, new in states:
        if new is state:
            continue
        if new not in storage.offsets and _in_place(
            plan, home[new], state, new, readers.get(state, [])
        ):
            storage.offsets[new] = offsets[state]
        else:
            storage.copies.append((state, new))
    for given, new in outside:
        exact = new not in storage.lent and plan.kernels[home[new]].kind in _EXACT
        if exact and _in_place(plan, home[new], given, new, readers.get(given, [])):
            storage.lent[new] = given
        else:
            storage.sent.append((given, new))
    kept_to_end = outputs | {new for _, new in storage.copies}
    _place_temporaries(plan, storage, readers, kept_to_end)
    return storage


Reader = tuple[int, Symbol, Index | None]


def _readers(plan: KernelPlan) -> dict[Symbol, list[Reader]]:
    """Return, for each value, the kernels, roots and indices that read it."""
    readers: dict[Symbol, list[Reader]] = {}
    for position, kernel in enumerate(plan.kernels):
        for root in kernel.roots:
            for access in plan.accesses.of(root):
                readers.setdefault(access.symbol, []).append((position, root, access.index))
    return readers


def _in_place(
    plan: KernelPlan, position: int, state: Symbol, new: Symbol, readers: list[Reader]
) -> bool:
    """Tell whether the new value may overwrite the old one: all reads come before the write."""
    kernel = plan.kernels[position]
    return all(
        at < position or (at == position and _read_first(plan, kernel, state, root, index, new))
        for at, root, index in readers
    )


def _read_first(
    plan: KernelPlan, kernel: Kernel, state: Symbol, root: Symbol, index: Index | None, new: Symbol
) -> bool:
    """Tell whether a read in the writing kernel itself precedes the write of its element."""
    equation = plan.graph.producer[root]
    if kernel.kind is Kind.SCATTER:
        # Updates and positions are read while the array changes, at places unknown.
        own = index == domain_index(state.shape)
        return root is new and state is equation.inputs[0] and own
    if kernel.stream is not None:
        # What ends the kernel is written after all else is read.
        ending = {r for part in kernel.parts for r in part.roots[1:]} | set(kernel.stream.scalars)
        return new in ending
    if kernel.kind is Kind.STRIP and part_of(plan.graph.producer[new], kernel.domain) in ENDING:
        return True
    if kernel.kind in (Kind.ROW, Kind.SCAN, Kind.TRANSPOSE, Kind.WHOLE):
        return False
    same = index == domain_index(state.shape) and squeezed(state.shape) == squeezed(root.shape)
    return same and equation.primitive.kind == "elementwise"


def _place_temporaries(
    plan: KernelPlan, storage: Storage, readers: dict[Symbol, list[Reader]], to_end: set[Symbol]
) -> None:
    """Place what has no place yet, reusing the memory of values nobody reads any more."""
    last = len(plan.kernels)
    expiring: dict[int, dict[Symbol, tuple[int, int]]] = {}
    for position, kernel in enumerate(plan.kernels):
        ending = expiring.setdefault(position, {})
        for root in kernel.roots:
            placed = root in storage.offsets or root in storage.lent
            if root not in storage.stored or placed:
                continue
            size = aligned_size(root.spec.nbytes)
            before = _replaced(plan, position, root, readers)
            place = ending.pop(before, None) if before is not None else None
            storage.offsets[root] = _take(storage, size) if place is None else place[0]
            ends = max((at for at, _, _ in readers.get(root, [])), default=position)
            until = last if root in to_end else ends
            expiring.setdefault(until, {})[root] = storage.offsets[root], size
        storage.free += expiring.pop(position).values()


def _replaced(
    plan: KernelPlan, position: int, root: Symbol, readers: dict[Symbol, list[Reader]]
) -> Symbol | None:
    """Return the value that a scatter changes in place, if nobody reads it any more."""
    if plan.kernels[position].kind is not Kind.SCATTER:
        return None
    before = plan.graph.producer[root].inputs[0]
    return before if _in_place(plan, position, before, root, readers.get(before, [])) else None


def _take(storage: Storage, size: int) -> int:
    for i, (offset, room) in enumerate(storage.free):
        if room >= size:
            if room > size:
                storage.free[i] = (offset + size, room - size)
            else:
                del storage.free[i]
            return offset
    offset = storage.end
    storage.end += size
    return offset
