"""What convolution, pooling and folding check alike: extents, batches, padding."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.shape.cut import pad_with_zeros
from thalweg.ops.shape.reshape import reshape

Extents = int | tuple[int, ...]


def whole_numbers(name: str, what: str, given: Any, rank: int, least: int) -> tuple[int, ...]:
    """Return one number an axis, from one number or as many as there are axes.

    Raises:
        ArgumentError: If there are more or fewer, or one is too small.
    """
    values = tuple(given) if isinstance(given, (tuple, list)) else (given,) * rank
    values = values * rank if len(values) == 1 else values
    if len(values) != rank or any(int(v) != v or v < least for v in values):
        raise ArgumentError(
            f"{name} got {what}={given}; it wants a whole number from {least} on, or "
            f"{rank} of them."
        )
    return tuple(int(v) for v in values)


def with_batch(name: str, x: Any, rank: int) -> tuple[Tensor, bool]:
    """Return a tensor with a leading axis of examples, and whether it had one.

    Raises:
        ShapeError: If the tensor has too many or too few axes.
    """
    tensor = as_tensor(x)
    if tensor.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"{name} got a tensor of shape {tensor.shape}; it wants (batch, channels, "
            f"{', '.join(('height', 'width')[-rank:])}), or the same without the batch. "
            "Reshape it first."
        )
    batched = tensor.ndim == rank + 2
    return (tensor if batched else reshape(tensor, (1, *tensor.shape))), batched


def padded(x: Tensor, low: tuple[int, ...], high: tuple[int, ...]) -> Tensor:
    """Return a tensor with zeros around its last axes."""
    if not any(low) and not any(high):
        return x
    lead = (0,) * (x.ndim - len(low))
    return pad_with_zeros(x, (*lead, *low), (*lead, *high), (0,) * x.ndim)


def check_fits(name: str, x: Tensor, size: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    """Check that one window fits an input with its padding.

    Raises:
        ShapeError: If it does not.
    """
    covered = tuple((k - 1) * gap + 1 for k, gap in zip(size, dilation, strict=True))
    if any(n < k for n, k in zip(x.shape[2:], covered, strict=True)):
        raise ShapeError(
            f"{name} got an input of height and width {x.shape[2:]} with its padding, and windows "
            f"that cover {covered}. Pad more, or take a smaller kernel."
        )
