"""What a tensor prints as, and how users choose its form."""

from __future__ import annotations

from thalweg.core.operation import operation
from thalweg.core.printing import get_printoptions, printoptions, set_printoptions, tensor_text
from thalweg.core.program import Symbol
from thalweg.core.spec import default_dtype
from thalweg.core.tensor import Tensor

__all__ = [
    "get_printoptions",
    "printoptions",
    "set_printoptions",
]


@operation
def text(x: Tensor) -> str:
    """Return what a tensor prints as, in PyTorch's form: values, dtype, part in the tape."""
    if isinstance(x.array, Symbol):
        return f"tensor({x.array.spec}, traced)"
    return tensor_text(x.array, suffixes=_part_in_tape(x), default=default_dtype())


def _part_in_tape(x: Tensor) -> list[str]:
    if not x.requires_grad:
        return []
    # What grad and its like differentiate with respect to is no leaf, and no step made it.
    if x.node is None or x.node.primitive is None:
        return ["requires_grad=True"]
    return [f"grad_fn=<{x.grad_fn.name()}>"]
