"""Random tensors after others: in their shape and memory order, or of their probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.core.generator import Generator
from thalweg.core.operation import method, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, CallError, DtypeError, ShapeError
from thalweg.ops.drawing import (
    drawing_batch,
    drawn,
    has_key,
    keyed_integers,
    keyed_normal,
    keyed_uniform,
    one_by_one,
)
from thalweg.ops.elementwise import less
from thalweg.ops.random_arguments import (
    bernoulli_in,
    bounds_of,
    filled_like,
    integers,
    laid_out,
    leaf,
    normal_in,
    stream,
    values_of,
)
from thalweg.ops.shaping import astype

__all__ = ["bernoulli", "multinomial", "rand_like", "randint_like", "randn_like"]

Array = NDArray[Any]


@operation
def rand_like(
    x: Any,
    dtype: Any = None,
    *,
    generator: Generator | None = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """Return numbers uniform on [0, 1) in the shape, memory order and dtype of a tensor."""
    like = laid_out("rand_like", x, dtype)
    source = stream(generator, device)
    keyed = keyed_uniform(like.dtype)
    return leaf(filled_like(like, lambda s: source.rand(s, like.dtype), keyed), requires_grad)


@operation
def randn_like(
    x: Any,
    dtype: Any = None,
    *,
    generator: Generator | None = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """Return standard normal numbers in the shape, memory order and dtype of a tensor."""
    like = laid_out("randn_like", x, dtype)
    source, keyed = stream(generator, device), keyed_normal(like.dtype)
    if has_key() and keyed is not None:
        fill = lambda s: source.normal(0.0, 1.0, s, like.dtype)
        return leaf(drawn(fill, like.shape, keyed), requires_grad)
    return leaf(normal_in(like, 0.0, 1.0, source), requires_grad)


@operation
def randint_like(
    x: Any,
    *bounds: Any,
    low: int | None = None,
    high: int | None = None,
    dtype: Any = None,
    generator: Generator | None = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """Return integers from low (by default 0) to high - 1: `randint_like(x, [low,] high)`."""
    first, last, rest = bounds_of("randint_like", bounds, low, high)
    if rest:
        raise CallError("randint_like got more than two bounds. Give it x, low and high.")
    like = laid_out("randint_like", x, dtype)
    fill = lambda shape: integers(first, last, shape, like.dtype, generator, device)
    values = filled_like(like, fill, keyed_integers(first, last, like.dtype))
    return leaf(values, requires_grad)


@method
def bernoulli(x: Any, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """Return 1 with the probability that each element states, else 0, in the tensor's dtype.

    Args:
        x: Probabilities, float32 or float64.
        p: One probability for every element instead; x then only states shape and dtype.
        generator: Whose stream to draw from; by default the one that `manual_seed` seeds.

    Raises:
        ArgumentError: If a probability is not within [0, 1].

    Example:
        >>> import thalweg as tw
        >>> tw.bernoulli(tw.array([0.0, 1.0])).tolist()
        [0.0, 1.0]
    """
    tensor, source = as_tensor(x), stream(generator)
    if tensor.is_symbolic and p is None and (drawing_batch() is not None or has_key()):
        # The probabilities are not known yet; PyTorch compares them with these numbers too.
        fill, keyed = lambda s: source.rand(s, tensor.dtype), keyed_uniform(tensor.dtype)
        chances = drawn(fill, tuple(tensor.shape), keyed)
        return astype(less(chances, tensor), tensor.dtype)
    empty = np.empty(tensor.shape, tensor.dtype)
    if has_key() and tensor.is_symbolic and (keyed := keyed_uniform(tensor.dtype)) is not None:
        chances = drawn(lambda s: source.rand(s, tensor.dtype), tuple(tensor.shape), keyed)
        return astype(less(chances, p), tensor.dtype)
    if p is None:
        return bernoulli_in(empty, values_of("bernoulli", tensor), source)
    if drawing_batch() is None:
        values_of("bernoulli", tensor)
    return bernoulli_in(empty, p, source)


@method
def multinomial(
    x: Any, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Draw categories with probabilities in proportion to weights.

    Args:
        x: Weights, not negative, float32 or float64; shape (categories,) or (rows, categories).
        num_samples: How many to draw from each row.
        replacement: Whether a category can be drawn again.
        generator: Whose stream to draw from; by default the one that `manual_seed` seeds.

    Returns:
        Indices, int64; shape (num_samples,) or (rows, num_samples).

    Raises:
        ArgumentError: If the weights are no weights, or there are too few to draw from.

    Example:
        >>> import thalweg as tw
        >>> tw.multinomial(tw.array([0.0, 3.0, 0.0]), 4, replacement=True).tolist()
        [1, 1, 1, 1]
    """
    weights = values_of("multinomial", as_tensor(x))
    _require_weights(weights, num_samples, replacement)
    source = stream(generator)
    choose = one_by_one(lambda: source.multinomial(weights, num_samples, replacement), weights.ndim)
    return drawn(choose, (*weights.shape[:-1], num_samples))


def _require_weights(weights: Array, n: int, replacement: bool) -> None:
    if weights.dtype not in (np.float32, np.float64):
        raise DtypeError(
            f"multinomial got weights of dtype {weights.dtype}; it wants float32 or float64. "
            "Convert them with astype(float)."
        )
    if weights.ndim not in (1, 2) or not weights.shape[-1]:
        raise ShapeError(
            f"multinomial got weights of shape {weights.shape}; it wants (categories,) or "
            "(rows, categories), at least one category. Reshape them."
        )
    if n < 1 or (n > weights.shape[-1] and not replacement):
        raise ArgumentError(
            f"multinomial got num_samples={n} for {weights.shape[-1]} categories; without "
            "replacement it draws from 1 to as many as there are. Change it, or give "
            "replacement=True."
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ArgumentError(
            "multinomial got a weight that is negative, infinite or not a number; weights are "
            "finite and not negative. Clip or clean them."
        )
    if not (weights.sum(axis=-1) > 0).all():
        raise ArgumentError(
            "multinomial got a row of weights that are all 0; it wants one above 0 in every row. "
            "Leave the row out."
        )
