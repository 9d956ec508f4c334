"""Which tensors share memory, when that was last written, and what views show of what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg.core.tracing import clock

if TYPE_CHECKING:
    from thalweg.core.primitive import Primitive
    from thalweg.core.tensor import Tensor


class Memory:
    """What tensors on the same memory share.

    Attributes:
        version: How often it was written in place.
        changed: When it was last, on the clock of the tape; -1 for never.
        line: The line of the user's code that wrote it last, where that is known.
    """

    __slots__ = ("changed", "line", "version")

    def __init__(self) -> None:
        self.version = 0
        self.changed = -1
        self.line = ""

    def written(self, line: str) -> None:
        """Take note of a change in place."""
        self.version += 1
        self.changed = next(clock)
        self.line = line


class View:
    """How a tensor was cut out of another one, its base, which is no view itself.

    Attributes:
        base: The tensor that owns the history of the memory.
        steps: The primitives, with their parameters, that lead from the base to the view.
        seen: The version of the memory at which the view's own history was made.
    """

    __slots__ = ("base", "seen", "steps")

    def __init__(self, base: Tensor, steps: tuple[tuple[Primitive, Any], ...], seen: int) -> None:
        self.base = base
        self.steps = steps
        self.seen = seen


def memory_of(tensor: Tensor) -> Memory:
    """Return what a tensor shares with others on its memory, made when it is first asked for."""
    memory = tensor.memory
    if memory is None:
        memory = tensor.memory = Memory()
        if tensor.node is not None:
            tensor.node.memory = memory
    return memory


def share(tensor: Tensor, source: Tensor) -> None:
    """Note that two tensors lie on the same memory."""
    tensor.memory = memory_of(source)
    if tensor.node is not None and tensor.node is not source.node:
        tensor.node.memory = tensor.memory


def note_view(tensor: Tensor, source: Tensor, primitive: Primitive, params: Any) -> None:
    """Note that a tensor shows part of another one's memory."""
    share(tensor, source)
    base, steps = (source, ()) if source.view is None else (source.view.base, source.view.steps)
    memory = memory_of(source)
    tensor.view = View(base, (*steps, (primitive, params)), memory.version)
