"""Derivatives of convolutions by their input and their weights: PyTorch's `torch.nn.grad`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.autodiff.functional import vjp
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import zeros
from thalweg.torch.functions import windows
from thalweg.torch.functions.windows import Extents
from thalweg.torch.naming import adopted, as_tensor, variant_of

__all__ = [
    "conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input",
    "conv3d_weight",
]  # fmt: skip


def _by_input(
    name: str,
    rank: int,
    input_size: Sequence[int],
    weight: Any,
    grad_output: Any,
    stride: Extents = 1,
    padding: Extents = 0,
    dilation: Extents = 1,
    groups: int = 1,
) -> Tensor:
    convolution = getattr(windows, f"conv{rank}d")
    kernel, gradient = as_tensor(weight), as_tensor(grad_output)
    at = adopted(zeros(tuple(input_size), gradient.dtype))
    _, pull = vjp(lambda x: convolution(x, kernel, None, stride, padding, dilation, groups), at)
    found: Tensor = adopted(pull(gradient)[0])
    return found


def _by_weight(
    name: str,
    rank: int,
    input: Any,
    weight_size: Sequence[int],
    grad_output: Any,
    stride: Extents = 1,
    padding: Extents = 0,
    dilation: Extents = 1,
    groups: int = 1,
) -> Tensor:
    convolution = getattr(windows, f"conv{rank}d")
    x, gradient = as_tensor(input), as_tensor(grad_output)
    at = adopted(zeros(tuple(weight_size), gradient.dtype))
    _, pull = vjp(lambda w: convolution(x, w, None, stride, padding, dilation, groups), at)
    found: Tensor = adopted(pull(gradient)[0])
    return found


@variant_of(_by_input, 1)
def conv1d_input() -> None:
    """Return the derivative of `conv1d` by its input; arguments as of `conv2d_input`."""


@variant_of(_by_input, 2)
def conv2d_input() -> None:
    """Return the derivative of `conv2d` by its input.

    Args:
        input_size: The shape of the input.
        weight: The weights.
        grad_output: The derivative by the result.
        stride: The step between windows.
        padding: Zeros on both sides.
        dilation: The distance between the elements of a window.
        groups: Into how many parts the channels are cut.

    Raises:
        ShapeError: If shapes do not fit.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> given = torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
        >>> nn.grad.conv2d_input((1, 1, 3, 3), *given)[0, 0]
        tensor([[1., 2., 1.],
                [2., 4., 2.],
                [1., 2., 1.]])
    """


@variant_of(_by_input, 3)
def conv3d_input() -> None:
    """Return the derivative of `conv3d` by its input; arguments as of `conv2d_input`."""


@variant_of(_by_weight, 1)
def conv1d_weight() -> None:
    """Return the derivative of `conv1d` by its weights; arguments as of `conv2d_weight`."""


@variant_of(_by_weight, 2)
def conv2d_weight() -> None:
    """Return the derivative of `conv2d` by its weights.

    Args:
        input: The input.
        weight_size: The shape of the weights.
        grad_output: The derivative by the result.
        stride: The step between windows.
        padding: Zeros on both sides.
        dilation: The distance between the elements of a window.
        groups: Into how many parts the channels are cut.

    Raises:
        ShapeError: If shapes do not fit.
    """


@variant_of(_by_weight, 3)
def conv3d_weight() -> None:
    """Return the derivative of `conv3d` by its weights; arguments as of `conv2d_weight`."""
