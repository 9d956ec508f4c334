"""Means of windows that are as many as wanted, with PyTorch's names and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.copying import clone
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.sums import mean
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import moveaxis

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"]


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Tensor:
    """Means of as many windows of (N, C, L) or (C, L) as wanted; see `adaptive_avg_pool2d`."""
    return _adaptive("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Tensor:
    """Means of as many windows of images as wanted.

    Window i of n along an extent e is from ⌊i e / n⌋ to before ⌈(i + 1) e / n⌉.

    Args:
        input: (N, C, H, W), or (C, H, W).
        output_size: n, one number or one an axis; None for the extent itself.

    Raises:
        ShapeError: If the number of axes does not fit.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.adaptive_avg_pool2d(torch.reshape(torch.arange(9.0), (1, 3, 3)), (1, None)).tolist()
        [[[3.0, 4.0, 5.0]]]
    """
    return _adaptive("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Any, output_size: Any) -> Tensor:
    """Means of as many windows of volumes as wanted; see `adaptive_avg_pool2d`."""
    return _adaptive("adaptive_avg_pool3d", 3, input, output_size)


def _adaptive(name: str, rank: int, input: Any, output_size: Any) -> Tensor:
    x = as_floating(input, None)
    if x.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"{name}: Expected {rank + 1}D or {rank + 2}D tensor, but got shape {x.shape}."
        )
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * rank
    if len(wanted) != rank:
        raise ArgumentError(f"{name}: output_size must have {rank} numbers, and is {output_size}.")
    for axis, n in zip(range(x.ndim - rank, x.ndim), wanted, strict=True):
        x = _averaged(x, axis, x.shape[axis] if n is None else int(n))
    return clone(x) if x is input else x


def _averaged(x: Tensor, axis: int, n: int) -> Tensor:
    extent = x.shape[axis]
    if n == extent:
        return x
    if n and extent % n == 0:
        return mean(reshape(x, (*x.shape[:axis], n, extent // n, *x.shape[axis + 1 :])), axis + 1)
    start = np.arange(n) * extent // max(n, 1)
    stop = -(-(np.arange(n) + 1) * extent // max(n, 1))
    places = np.arange(extent)[:, None]
    covered = ((places >= start) & (places < stop)).astype(x.dtype)
    # One product with a matrix of means, along the last axis.
    means = matmul(moveaxis(x, axis, -1), covered / (stop - start).astype(x.dtype))
    return moveaxis(means, -1, axis)
