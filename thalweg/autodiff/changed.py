"""What was changed in place after it was recorded: derivatives that need it are refused."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.memory import Memory, known_memory
from thalweg.core.program import Symbol
from thalweg.core.tape import Node, PackedNode
from thalweg.core.tensor import Tensor, make
from thalweg.errors import GradientError


class _Overwritten:
    """Stands for values that are gone: its shape is known, and asking for more is refused."""

    __slots__ = ("_memory", "_node", "_position", "dtype", "shape")

    def __init__(self, array: Any, node: Node, memory: Memory, position: int | None) -> None:
        self.shape, self.dtype = array.shape, array.dtype
        self._node, self._memory, self._position = node, memory, position

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def __getattr__(self, name: str) -> Any:
        raise GradientError(self._refusal())

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise GradientError(self._refusal())

    def _refusal(self) -> str:
        primitive = self._node.primitive
        name = "an operation" if primitive is None else self._node.called or primitive.name
        what = "its result" if self._position is None else f"its operand {self._position}"
        line = f" at {self._memory.line}" if self._memory.line else " where nothing is recorded"
        return (
            "one of the variables needed for gradient computation has been modified by an inplace "
            f"operation: {name} needs {what}, of shape {self.shape}, which was changed in place "
            f"since{line}, and is at version {self._memory.version} now. Write that change "
            "without the underscore (x = x + y), change a clone(), or call backward() before it."
        )


def operands(node: Node) -> tuple[Tensor, ...]:
    """Return the operands of a recorded operation, those overwritten since guarded."""
    inputs = node.inputs
    for tensor in inputs:
        if tensor.memory is None and tensor.origin is None:
            continue
        memory = tensor.memory if tensor.origin is None else tensor.origin.base.memory
        if memory is not None and memory.changed > node.order:
            return tuple(_guard(t, node, i) for i, t in enumerate(inputs))
    return inputs


def _guard(tensor: Tensor, node: Node, position: int) -> Tensor:
    memory, source = known_memory(tensor), node.sources[position]
    if memory is None or memory.changed <= node.order:
        return tensor if tensor.node is source else make(tensor.array, source)
    if source is not None and source.array is not None and _outlasts(source, tensor):
        return make(source.array, source)
    # The tensor may have another shape by now; its node has that of the values it stood for.
    shaped = tensor.array if source is None or source.array is None else source.array
    return make(_Overwritten(shaped, node, memory, position), source)


def _outlasts(source: Node, tensor: Tensor) -> bool:
    """Tell whether the values a node stands for are as they were though its tensor changed."""
    moved = source.is_variable and tensor.array is not source.array
    return isinstance(source.array, Symbol) or moved


def require_unchanged(tensor: Tensor, node: Node, position: int | None) -> None:
    """Refuse what was kept for a derivative, if it was changed in place since.

    Args:
        tensor: What was kept.
        node: The step that needs it.
        position: Which operand it is; None for the result.

    Raises:
        GradientError: If it was.
    """
    memory = known_memory(tensor)
    if memory is not None and memory.changed > node.order:
        raise GradientError(_Overwritten(tensor.array, node, memory, position)._refusal())


def result(node: Node) -> Tensor:
    """Return the result of a recorded operation, guarded if it was overwritten since."""
    memory = node.memory
    if memory is None or memory.changed <= node.order:
        return make(node.array, node)
    if isinstance(node, PackedNode):
        return node.result()
    return make(_Overwritten(node.array, node, memory, None), node)
