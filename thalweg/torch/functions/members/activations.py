"""Activations that are methods of tensors too; `nn.functional` has them with the others."""

from __future__ import annotations

from typing import Any

from thalweg.control.fused import Fused, is_eager
from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import greater, less_equal, where
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.fused.choosing import with_slope, with_slope_back
from thalweg.torch.naming import as_tensor, attach
from thalweg.torch.steps import step


@step("PreluKernel")
def prelu(input: Any, weight: Any) -> Tensor:
    """Return x where x > 0, else w x, with one learned slope w, or one for each channel.

    Args:
        input: A tensor; the channels are along its second axis.
        weight: w, one number or as many as there are channels.

    Raises:
        ShapeError: If the number of slopes fits no channels.

    Source:
        He et al., "Delving Deep into Rectifiers", 2015. arXiv:1502.01852
    """
    x, slope = as_tensor(input), as_tensor(weight)
    if slope.ndim > 1:
        raise ShapeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got shape {slope.shape}. "
            "Reshape it."
        )
    channels = x.shape[1] if x.ndim > 1 else 1
    if slope.shape not in ((), (1,), (channels,)):
        raise ShapeError(
            f"Mismatch of parameter numbers and input channel size. Found parameter numbers = "
            f"{slope.size} and channel size = {channels}. Give one slope, or one for each channel."
        )
    spread = [1] * x.ndim
    if x.ndim > 1:
        spread[1] = slope.size
    slope = reshape(slope, tuple(spread))
    return (_BY_SLOPE if is_eager(x, slope) else _prelu)(x, slope)


def _prelu(x: Tensor, slope: Tensor) -> Tensor:
    return where(greater(x, 0), x, slope * x)


_BY_SLOPE = Fused("PreluKernelBackward0", with_slope, with_slope_back, _prelu)


@step("Hardshrink")
def hardshrink(input: Any, lambd: float = 0.5) -> Tensor:
    """Return x where |x| > λ, else 0."""
    x = as_tensor(input)
    return where(less_equal(absolute(x), lambd), 0, x)


attach("hardshrink", hardshrink)
attach("prelu", prelu)
