"""Dropout: elements set to zero at random, with PyTorch's names, arguments and stream.

All draws are made in `mask`, `slopes` and `exponentials`. Eager draws are the default generator's,
and so PyTorch's for the same seed; those of a traced function are made with keys (`ops.drawing`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.spec import Shape
from thalweg.core.tensor import Tensor, fresh
from thalweg.core.writing import inplace as written
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.comparison import less_equal, maximum, where
from thalweg.ops.elementwise.exponential import log1p
from thalweg.random import keyed
from thalweg.random.drawing import drawing_batch, drawn, has_key, require_key
from thalweg.random.memory_order import laid_out_like
from thalweg.torch.functions.random_fills import bernoulli_in, stream
from thalweg.torch.functions.short.layers import dropped
from thalweg.torch.functions.short.road import tries
from thalweg.torch.naming import as_tensor

__all__ = [
    "alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout",
]  # fmt: skip


# -λα of `selu`: what its output tends to far below zero.
_LOWEST_OF_SELU = -1.7580993408473766


def apply(function: Callable[[Tensor], Tensor], input: Any, inplace: bool) -> Tensor:
    """Return a function of the input, written into the input's own memory if that is asked."""
    return written(function, input) if inplace else function(as_tensor(input))


def mask(shape: Shape, p: float, like: Tensor) -> Tensor:
    """Draw 0 with probability p, else 1, in the dtype of a tensor.

    Args:
        shape: The shape of the result.
        p: The probability of 0.
        like: What the mask is for: the dtype, and whether it is traced.
    """
    if like.is_symbolic and drawing_batch() is None:
        require_key()
    if like.is_symbolic or has_key():
        return bernoulli_in(np.empty(shape, like.dtype), 1 - p, stream(None))
    # Numbers are drawn in the order of memory: that of the tensor, where the shapes are equal.
    alike = shape == tuple(like.shape)
    empty = laid_out_like(like.array, like.dtype) if alike else np.empty(shape, like.dtype)
    return bernoulli_in(empty, 1 - p, stream(None))


def slopes(x: Tensor, low: float, high: float) -> Tensor:
    """Draw a number uniform between two bounds for each element of a tensor up to 0, else 1."""
    if x.is_symbolic and drawing_batch() is None:
        require_key()
    if x.is_symbolic or has_key():
        fill = lambda s: stream(None).uniform(low, high, s, x.dtype)
        by_key = lambda key, s: keyed.uniform(key, s, x.dtype, low, high)
        numbers = drawn(fill, tuple(x.shape), by_key)
        return where(less_equal(x, 0), numbers, 1)
    below = x.array <= 0
    factors = np.ones(x.shape, x.dtype)
    factors[below] = stream(None).uniform(low, high, (int(np.count_nonzero(below)),))
    return fresh(factors)


def exponentials(like: Tensor) -> Tensor:
    """Draw numbers of density e⁻ˣ, none 0, for each element of a tensor."""
    shape, dtype = tuple(like.shape), like.dtype
    least = float(np.finfo(dtype).tiny)

    def by_key(key: Tensor, extents: Shape) -> Tensor:
        return maximum(-log1p(-keyed.uniform(key, extents, dtype)), least)

    return drawn(lambda extents: stream(None).exponential(1.0, extents, dtype), shape, by_key)


@tries(dropped)
def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set elements to zero with probability p in training, and divide the others by 1 - p.

    Args:
        input: A tensor.
        p: The probability, between 0 and 1.
        training: Whether anything is dropped at all.
        inplace: Whether the result is written into the input.

    Raises:
        ArgumentError: If p is no probability.

    Source:
        Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting",
        2014.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> dropped = F.dropout(torch.ones(1000))
        >>> sorted(set(dropped.tolist()))
        [0.0, 2.0]
    """
    return _drop("dropout", input, p, training, inplace, lambda x: _zero(x, tuple(x.shape), p))


def _drop(
    name: str, input: Any, p: float, training: bool, inplace: bool, drop: Callable[[Tensor], Tensor]
) -> Tensor:
    """Drop in training, if anything is to be dropped."""
    require_probability(name, p)
    return apply(drop, input, inplace) if training and p != 0 else as_tensor(input)


def _zero(x: Tensor, shape: Shape, p: float) -> Tensor:
    """Set to zero by a mask of a shape, and scale what stays."""
    return x * (mask(shape, p, x) / (1 - p) if p < 1 else as_tensor(0.0))


def _channels(x: Tensor, rank: int = -1) -> Shape:
    """Return the shape of a mask of the channels of (N, C, …), or of (C, …) with `rank` axes."""
    kept = 1 if x.ndim == rank + 1 else 2
    return (*x.shape[:kept], *(1,) * (x.ndim - kept))


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels of (N, C, L) or (C, L) to zero with probability p, as `dropout`."""
    return _drop("dropout1d", input, p, training, inplace, lambda x: _zero(x, _channels(x, 1), p))


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels of (N, C, H, W) to zero with probability p, as `dropout`.

    Three axes are (N, C, L), as in PyTorch.
    """
    return _drop("dropout2d", input, p, training, inplace, lambda x: _zero(x, _channels(x), p))


def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels of (N, C, D, H, W) or (C, D, H, W) to zero, as `dropout`."""
    return _drop("dropout3d", input, p, training, inplace, lambda x: _zero(x, _channels(x, 3), p))


def alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout that keeps mean and variance of what `selu` gives: dropped is its lowest value.

    Source:
        Klambauer et al., "Self-Normalizing Neural Networks", 2017. arXiv:1706.02515
    """
    name = "alpha_dropout"
    return _drop(name, input, p, training, inplace, lambda x: _lower(x, tuple(x.shape), p))


def feature_alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """`alpha_dropout` of whole channels of (N, C, …)."""
    name = "feature_alpha_dropout"
    return _drop(name, input, p, training, inplace, lambda x: _lower(x, _channels(x), p))


def _lower(x: Tensor, shape: Shape, p: float) -> Tensor:
    """Set to the lowest value by a mask of a shape, and scale and shift all."""
    if p == 1:
        return x * 0
    low = _LOWEST_OF_SELU
    scale = 1 / math.sqrt((low * low * p + 1) * (1 - p))
    kept = mask(shape, p, x)
    return x * (kept * scale) + ((1 - kept) * (low * scale) - low * scale * p)


def require_probability(name: str, p: float) -> None:
    """Check that p is a probability.

    Raises:
        ArgumentError: If it is not.
    """
    if not 0 <= p <= 1:
        raise ArgumentError(
            f"dropout probability has to be between 0 and 1, but got {p}. Give {name} the share "
            "that is set to zero."
        )
