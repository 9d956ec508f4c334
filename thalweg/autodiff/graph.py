"""Looking at the tape: `grad_fn`, `next_functions`, and hooks on its steps."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from thalweg.autodiff.hooks import Handle
from thalweg.core.operation import attach
from thalweg.core.tape import Node, watched
from thalweg.core.tensor import Tensor

# PyTorch's names for the steps of its tape, where they are not ours in capitals.
_STEP_NAMES = {
    "absolute": "Abs",
    "arccos": "Acos",
    "arccosh": "Acosh",
    "arcsin": "Asin",
    "arcsinh": "Asinh",
    "arctan": "Atan",
    "arctan2": "Atan2",
    "arctanh": "Atanh",
    "astype": "ToCopy",
    "broadcast_to": "Expand",
    "concatenate": "Cat",
    "conjugate": "Conj",
    "cumulative_product": "Cumprod",
    "cumulative_sum": "Cumsum",
    "divide": "Div",
    "duplicate": "Clone",
    "erfcx": "SpecialErfcx",
    "i0e": "SpecialI0E",
    "i1": "SpecialI1",
    "i1e": "SpecialI1E",
    "log1p": "Log1P",
    "matrix_product": "Mm",
    "multiply": "Mul",
    "ndtri": "SpecialNdtri",
    "negative": "Neg",
    "power": "Pow",
    "reduce_max": "Amax",
    "reduce_min": "Amin",
    "reduce_prod": "Prod",
    "reduce_sum": "Sum",
    "reshape": "View",
    "slice_": "Slice",
    "square": "Pow",
    "strided": "AsStrided",
    "subtract": "Sub",
    "take": "IndexSelect",
    "take_along_axis": "Gather",
    "transpose": "Permute",
}


# Of matrix products, by the axes of the operands.
_PRODUCTS: dict[tuple[int, ...], str] = {(1, 1): "Dot", (2, 1): "Mv", (2, 2): "Mm"}


# Where the first operand is a number, or a constant of no axis, and the tensor the second.
_OF_NUMBERS = {"subtract": "RsubBackward1", "divide": "MulBackward0", "power": "PowBackward2"}

# Where both operands are tensors.
_OF_TENSORS = {
    "fmod": "FmodBackward1", "power": "PowBackward1", "remainder": "RemainderBackward1",
}  # fmt: skip


def name_of(node: Node) -> str:
    """Return the name of a step in PyTorch's style, such as `LogBackward0`."""
    primitive = node.primitive
    if primitive is None:
        return "AccumulateGrad"
    if node.called is not None:
        return node.called
    if hasattr(primitive, "step_name"):
        return str(primitive.step_name)
    if primitive.name == "put_at":
        return "CopySlices"
    form = _form_of(node, primitive.name)
    if form is not None:
        return form
    # What is several operations in one step is called as the function is.
    name = node.params["function"].__name__ if primitive.name == "composed" else primitive.name
    default = "".join(part.capitalize() for part in name.split("_"))
    if primitive.name == "matmul":
        axes = tuple(len(array.shape) for array in node.arrays)
        default = _PRODUCTS.get(axes, "UnsafeView" if min(axes, default=0) > 1 else default)
    return f"{_STEP_NAMES.get(name, default)}Backward0"


def _form_of(node: Node, name: str) -> str | None:
    """Return the name of a step that PyTorch has in forms for numbers and for tensors."""
    # What a backward walk has freed knows its operands no more.
    if not node.sources:
        return None
    shapes = [array.shape for array in node.arrays]
    if node.sources[0] is None and not shapes[0]:
        return _OF_NUMBERS.get(name)
    if len(shapes) == 2 and (node.sources[1] is not None or shapes[1]):
        return _OF_TENSORS.get(name)
    return None


class TapeStep:
    """One step of the tape, as PyTorch shows it; two are equal if they are the same step.

    Its class has its name, as in PyTorch.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def name(self) -> str:
        """Return the step's name in PyTorch's style, such as `LogBackward0`."""
        return name_of(self._node)

    @property
    def next_functions(self) -> tuple[tuple[TapeStep | None, int], ...]:
        """The steps that made the operands, None for constants; each with output number 0."""
        return tuple((_step(source), 0) for source in self._node.sources)

    @property
    def variable(self) -> Tensor | None:
        """The leaf whose `.grad` this step adds to, as long as it lives."""
        return self._node.leaf() if self._node.leaf is not None else None

    def register_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call a function with (operands' cotangents, result's cotangents) after the step."""
        return Handle(watched(self._node).after, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> Handle:
        """Call a function with the result's cotangents before the step."""
        return Handle(watched(self._node).before, hook)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TapeStep) and self._node is other._node

    def __hash__(self) -> int:
        return hash(self._node)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self._node):#x}>"


def grad_fn(tensor: Tensor) -> TapeStep | None:
    """The step of the tape that made a tensor; None for a leaf."""
    return _step(tensor.node) if tensor.requires_grad and not tensor.is_leaf else None


attach("grad_fn", property(grad_fn))


def _step(node: Node | None) -> TapeStep | None:
    # A variable of an enclosing functional derivative stands for the tensor it was made from.
    while node is not None and node.primitive is None and node.sources:
        node = node.sources[0]
    return None if node is None else _kind(name_of(node))(node)


@functools.cache
def _kind(name: str) -> type[TapeStep]:
    return type(name, (TapeStep,), {"__module__": __name__})
