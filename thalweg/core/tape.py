"""The tape: what a tensor remembers of how it was made, and whether anything is remembered."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType

from thalweg.core.tracing import clock

if TYPE_CHECKING:
    from thalweg.core.primitive import Primitive
    from thalweg.core.tensor import Tensor


class Node:
    """One recorded operation: what a backward walk needs to know about a tensor.

    A variable (a tensor whose derivative is wanted) is a node without a primitive. Its input is
    the tensor it stands for; or, if the derivative is to be stored in a tensor's `.grad`, it has
    no input and `leaf` refers to that tensor, weakly, because the tensor holds the node.
    `order` increases with time, so descending order is a valid backward order.
    """

    __slots__ = ("__weakref__", "data", "inputs", "leaf", "order", "params", "primitive")

    def __init__(
        self,
        primitive: Primitive | None,
        inputs: tuple[Tensor, ...],
        params: Mapping[str, Any],
        data: Any,
        leaf: ReferenceType[Tensor] | None = None,
    ) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.params = params
        self.data = data
        self.leaf = leaf
        self.order = next(clock)

    def is_differentiated(self) -> bool:
        """Tell whether grad, vjp or the like wants a derivative with respect to what is below."""
        seen: set[Node] = set()
        stack: list[Node] = [self]
        while stack:
            node = stack.pop()
            if node.primitive is None and node.leaf is None:
                return True
            if node not in seen:
                seen.add(node)
                stack += [t.node for t in node.inputs if t.node is not None]
        return False


class _Recording(threading.local):
    enabled = True


_recording = _Recording()


def is_recording() -> bool:
    """Tell whether operations are recorded on the tape in this thread."""
    return _recording.enabled


@contextmanager
def set_recording(enabled: bool) -> Iterator[None]:
    """Switch the tape on or off inside a `with` block, in this thread."""
    before = _recording.enabled
    _recording.enabled = enabled
    try:
        yield
    finally:
        _recording.enabled = before
