"""The stateful habit over the same tape: backward, .grad, grad_fn, no_grad, enable_grad."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from thalweg.autodiff.reverse import cotangents, reachable
from thalweg.core.operation import operation
from thalweg.core.tape import Node, is_recording, set_recording
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.errors import GradientError, ShapeError, TracingError
from thalweg.ops.creation import ones_like, zeros_like

# PyTorch's names for the steps of its tape, where they are not ours in capitals.
_STEP_NAMES = {
    "absolute": "Abs",
    "astype": "ToCopy",
    "broadcast_to": "Expand",
    "concatenate": "Cat",
    "cumulative_sum": "Cumsum",
    "divide": "Div",
    "matrix_product": "Mm",
    "multiply": "Mul",
    "negative": "Neg",
    "power": "Pow",
    "reduce_max": "Amax",
    "reduce_min": "Amin",
    "reduce_prod": "Prod",
    "reduce_sum": "Sum",
    "reshape": "View",
    "slice_": "Slice",
    "square": "Pow",
    "subtract": "Sub",
    "take": "IndexSelect",
    "take_along_axis": "Gather",
    "transpose": "Permute",
}


def no_grad() -> AbstractContextManager[None]:
    """Record nothing on the tape inside a `with` block or a decorated function, in this thread.

    `grad`, `vjp` and the like still differentiate a function that is called inside.

    Example:
        >>> import thalweg as tw
        >>> x = tw.Tensor([1.0, 2.0], requires_grad=True)
        >>> with tw.no_grad():
        ...     y = 2 * x
        >>> y.requires_grad
        False
    """
    return set_recording(False)


def enable_grad() -> AbstractContextManager[None]:
    """Record on the tape again, inside `no_grad`; a `with` block or a decorator.

    Example:
        >>> import thalweg as tw
        >>> x = tw.Tensor([1.0, 2.0], requires_grad=True)
        >>> with tw.no_grad(), tw.enable_grad():
        ...     y = 2 * x
        >>> y.requires_grad
        True
    """
    return set_recording(True)


@operation
def backward(tensor: Tensor, gradient: Any = None, retain_graph: bool = False) -> None:
    """Add the derivative of a tensor to `.grad` of every leaf that it depends on.

    Args:
        tensor: What to differentiate; a scalar, unless a gradient is given.
        gradient: The cotangent of the tensor, of its shape; by default 1.
        retain_graph: Whether the tape is kept for another backward; otherwise it is freed.

    Raises:
        GradientError: If the tensor does not depend on a leaf that requires gradients, if it is
            not a scalar and no gradient is given, or if its tape has been freed.
        ShapeError: If the gradient has another shape than the tensor.
    """
    if tensor.node is None:
        raise GradientError(
            "backward() was called on a tensor that does not require grad and was not computed "
            "from one that does. Set requires_grad=True on the leaves first, outside no_grad()."
        )
    start = _start(tensor, gradient)
    order = reachable([tensor], None)
    for node, g in cotangents([(tensor, start)], None, create_graph=False).items():
        leaf = node.leaf() if node.leaf is not None else None
        if leaf is not None:
            _store(leaf, g)
    if not retain_graph:
        for node in order:
            if node.primitive is not None:
                node.inputs, node.params, node.data = (), {}, None


def _start(tensor: Tensor, gradient: Any) -> Tensor:
    if gradient is None:
        if tensor.size != 1:
            raise GradientError(
                f"grad can be implicitly created only for scalar outputs, and backward() was "
                f"called on a tensor of shape {tensor.shape}. Reduce it with .sum() or .mean(), "
                "or give a gradient of that shape."
            )
        return ones_like(tensor)
    start = as_tensor(gradient).detach()
    if start.shape != tensor.shape:
        raise ShapeError(
            f"backward() got a gradient of shape {start.shape} for a tensor of shape "
            f"{tensor.shape}. Give one number an element."
        )
    return start if start.dtype == tensor.dtype else start.astype(tensor.dtype)


def _store(leaf: Tensor, g: Tensor) -> None:
    if g.is_symbolic and not leaf.is_symbolic:
        raise TracingError(
            "backward() was called inside a traced function on a leaf outside of it, whose .grad "
            "would exist only when the program runs. Pass the leaf as an argument, and use grad."
        )
    if leaf.grad is not None:
        leaf.grad = (leaf.grad + g).detach()
    else:
        # Another leaf may have been given the same array, and users change .grad in place.
        leaf.grad = make(g.data if g.is_symbolic else g.data.copy())


# ---- changing leaves


@operation
def assign(tensor: Tensor, value: Tensor) -> Tensor:
    """Give a leaf that requires gradients a new value: what `w -= lr * w.grad` means.

    Any other tensor is a value that does not change: `x -= y` is `x = x - y`.

    Raises:
        GradientError: If the tape is recording, for the step itself would be differentiated.
        ShapeError: If the shape would change.
    """
    if tensor.node is None or tensor.node.leaf is None:
        return value
    if is_recording():
        raise GradientError(
            "A leaf that requires gradients was changed in place, as in w -= lr * w.grad, while "
            "operations are recorded. Write the update inside `with tw.no_grad():`."
        )
    if value.shape != tensor.shape:
        raise ShapeError(
            f"A tensor of shape {tensor.shape} was changed in place to shape {value.shape}. "
            "Combine it with tensors that broadcast to its own shape."
        )
    value = value if value.dtype == tensor.dtype else value.astype(tensor.dtype)
    tensor.replace_data(value.data)
    return tensor


@operation
def zero_(tensor: Tensor) -> Tensor:
    """Set all elements to zero, as in `w.grad.zero_()`, and return the tensor.

    Raises:
        GradientError: If the tensor is computed from others whose derivatives are recorded.
    """
    if tensor.node is not None and (tensor.node.leaf is None or is_recording()):
        raise GradientError(
            "zero_() was called on a tensor with a recorded history, which it would falsify. "
            "Zero gradients, w.grad.zero_(), or leaves inside `with tw.no_grad():`."
        )
    tensor.replace_data(zeros_like(tensor).data)
    return tensor


# ---- looking at the tape


class Step:
    """One step of the tape, as PyTorch shows it; two are equal if they are the same step."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def name(self) -> str:
        """Return the step's name in PyTorch's style, such as `LogBackward0`."""
        primitive = self._node.primitive
        if primitive is None:
            return "AccumulateGrad"
        default = "".join(part.capitalize() for part in primitive.name.split("_"))
        return f"{_STEP_NAMES.get(primitive.name, default)}Backward0"

    @property
    def next_functions(self) -> tuple[tuple[Step | None, int], ...]:
        """The steps that made the operands, None for constants; each with output number 0."""
        return tuple((_step(tensor), 0) for tensor in self._node.inputs)

    @property
    def variable(self) -> Tensor | None:
        """The leaf whose `.grad` this step adds to, as long as it lives."""
        return self._node.leaf() if self._node.leaf is not None else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Step) and self._node is other._node

    def __hash__(self) -> int:
        return hash(self._node)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self._node):#x}>"


@operation
def grad_fn(tensor: Tensor) -> Step | None:
    """Return the step of the tape that made a tensor, or that adds to a leaf's `.grad`."""
    return _step(tensor)


def _step(tensor: Tensor) -> Step | None:
    node = tensor.node
    # A variable of an enclosing functional derivative stands for the tensor it was made from.
    while node is not None and node.primitive is None and node.inputs:
        node = node.inputs[0].node
    return None if node is None else Step(node)
