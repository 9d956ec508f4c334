"""Which tensors share memory, when that was last written, and what views show of what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg.core.program import Symbol, Trace, clock, tracing

if TYPE_CHECKING:
    from thalweg.core.primitive import Primitive
    from thalweg.core.tensor import Tensor


class Memory:
    """What tensors on the same memory share; it is made when it is first written in place.

    Attributes:
        version: How often it was written in place.
        changed: When it was last, on the clock of the tape; -1 for never.
        line: The line of the user's code that wrote it last, where that is known.
        home: The trace that was being written when it was made, of traced values.
        first: The symbol of the traced values it was made for, whose layout it keeps; or the
            distances of neighbours along each axis themselves.
    """

    __slots__ = ("changed", "first", "home", "line", "version")

    home: Trace | None
    first: Symbol | tuple[int, ...] | None

    def __init__(self, home: Trace | None = None, first: Symbol | None = None) -> None:
        self.home, self.first = home, first
        self.version = 0
        self.changed = -1
        self.line = ""

    def written(self, line: str) -> None:
        """Take note of a change in place."""
        self.version += 1
        self.changed = next(clock)
        self.line = line


class Element(Memory):
    """What one element has that was read alone: as NumPy's scalars, a value of its own.

    Methods that change it in place, which NumPy's scalars do not have, write where it was read.

    Attributes:
        tensor: What it was read from.
        key: The indices.
    """

    __slots__ = ("key", "tensor")

    def __init__(self, tensor: Tensor, key: tuple[int, ...]) -> None:
        # As `Memory` does, in less time: elements are read by the thousand.
        self.home = self.first = None
        self.version, self.changed, self.line = 0, -1, ""
        self.tensor, self.key = tensor, key


class View:
    """How a tensor was cut out of another one, its base, which is no view itself.

    Attributes:
        steps: The primitives, with their parameters, that lead from the base to the view.
        seen: The version of the memory at which the view's own history was made.
        own: Whether the base is what the tensor itself was before it became a view.
        detached: Whether it has the values alone, and nothing of their history.
        doubtful: Whether it may be a copy in NumPy, which depends on an unknown layout.
    """

    __slots__ = ("_base", "_held", "detached", "doubtful", "own", "seen", "steps")

    def __init__(self, base: Tensor, steps: tuple[tuple[Primitive, Any], ...], seen: int) -> None:
        self._base = base
        # Traced values change; what stays is that they are of one memory.
        self._held = memory_of(base) if base.array.__class__ is Symbol else base.array
        self.steps = steps
        self.seen = seen
        self.own = self.detached = self.doubtful = False

    @property
    def base(self) -> Tensor:
        """The tensor that owns the history of the memory."""
        base = self._base
        if base.array is not self._held and not self._holds(base):
            # The base itself was given another shape, or other data, and keeps no history of ours.
            former = base.origin.base if base.origin is not None else None
            if former is None or not self._holds(former):
                former = base._on(self._held)
            self._base = base = former
        return base

    def _holds(self, base: Tensor) -> bool:
        held = base.memory if base.array.__class__ is Symbol else base.array
        return held is self._held

    def is_of(self, base: Tensor) -> bool:
        """Tell whether a tensor is the base, without asking what it holds."""
        return self._base is base

    def follow(self, memory: Memory) -> None:
        """Go on with a base whose values were given before and are traced now."""
        self._held, self.seen = memory, -1


def memory_of(tensor: Tensor) -> Memory:
    """Return what a tensor shares with others on its memory, made when it is first asked for."""
    base = tensor if tensor.origin is None else tensor.origin.base
    memory = base.memory
    if memory is None:
        memory = base.memory = Memory()
        if base.array.__class__ is Symbol:
            memory.first = base.array
        _note(base, memory)
    _note(tensor, memory)
    return memory


def _note(tensor: Tensor, memory: Memory) -> None:
    # After a change in place the tape keeps a result of its own, which no later change touches.
    # A symbol stands for one value for ever.
    node = tensor.node
    if node is not None and node.array is tensor.array and node.array.__class__ is not Symbol:
        node.memory = memory


def known_memory(tensor: Tensor) -> Memory | None:
    """Return what a tensor shares with others, or None if its memory was never written."""
    view = tensor.origin
    return tensor.memory if view is None else view.base.memory


def note_view(tensor: Tensor, source: Tensor, primitive: Primitive, params: Any) -> None:
    """Note that a tensor shows part of another one's memory."""
    step = (primitive, params)
    whole = source.origin
    base = source if whole is None else whole.base
    steps = (step,) if whole is None else (*whole.steps, step)
    _show(tensor, base, steps, whole is not None and whole.detached)
    if whole is not None and whole.doubtful and tensor.origin is not None:
        tensor.origin.doubtful = True


def note_detached(tensor: Tensor, source: Tensor) -> None:
    """Note that a tensor shows all of another one's memory, without its history."""
    whole = source.origin
    if whole is None:
        _show(tensor, source, (), True)
    else:
        _show(tensor, whole.base, whole.steps, True)


def _show(
    tensor: Tensor, base: Tensor, steps: tuple[tuple[Primitive, Any], ...], detached: bool
) -> None:
    memory = base.memory
    node = base.node
    if memory is None and node is not None and node.is_variable:
        # A variable: that it is shown elsewhere decides whether it may be changed.
        memory_of(base)
    tensor.origin = view = View(base, steps, 0 if memory is None else memory.version)
    if detached:
        view.detached = True
    if tracing.traces:
        for trace in tracing.traces:
            trace.views.add(tensor)
