"""What a tensor prints as, and how users choose its form."""

from __future__ import annotations

from thalweg.core.operation import operation
from thalweg.core.printing import get_printoptions, printoptions, set_printoptions, tensor_text
from thalweg.core.program import Symbol
from thalweg.core.spec import default_dtype
from thalweg.core.tensor import Tensor

__all__ = ["get_printoptions", "printoptions", "set_printoptions"]


@operation
def text(x: Tensor) -> str:
    """Return what a tensor prints as, in PyTorch's form: values, dtype, part in the tape."""
    if isinstance(x.array, Symbol):
        return f"tensor({x.array.spec}, traced)"
    step = x.grad_fn
    if step is not None:
        suffixes = [f"grad_fn=<{step.name()}>"]
    else:
        suffixes = ["requires_grad=True"] if x.requires_grad else []
    return tensor_text(x.array, suffixes=suffixes, default=default_dtype())
