"""Random tensors from a generator's stream: PyTorch's functions and, bit for bit, its numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.core.leaving import require_no_derivative
from thalweg.core.spec import Shape
from thalweg.core.tensor import Tensor, fresh
from thalweg.errors import ArgumentError, CallError, DtypeError, ShapeError
from thalweg.ops.elementwise.comparison import less, less_equal, logical_and
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.elementwise.exponential import log1p
from thalweg.ops.order.sort import argsort
from thalweg.ops.reduce.sums import cumsum
from thalweg.ops.reduce.sums import sum as sum_of
from thalweg.ops.shape.reshape import expand_dims
from thalweg.random.drawing import (
    Keyed,
    drawing_batch,
    drawn,
    has_key,
    keyed_integers,
    keyed_normal,
    keyed_uniform,
    one_by_one,
    opened,
)
from thalweg.random.generator import Generator, default_generator
from thalweg.random.keyed import uniform
from thalweg.torch.dtypes import TORCH
from thalweg.torch.functions.random_fills import (
    bernoulli_in,
    filled_like,
    laid_out,
    normal_in,
    require_deviation,
    require_held,
    stream,
    uniform_in,
    values_of,
)
from thalweg.torch.naming import as_tensor, function, method, variant_of

Array = NDArray[Any]

# ---- the default stream


@function
def manual_seed(seed: int) -> Generator:
    """Start the default generator's stream of a seed, and return that generator.

    Args:
        seed: From -2⁶³ to 2⁶⁴ - 1. The numbers drawn are those of PyTorch after the same seed.

    Example:
        >>> import thalweg.torch as torch
        >>> generator = torch.manual_seed(1234)
        >>> torch.rand(2, dtype=torch.float32).numpy()
        array([0.02897924, 0.40189856], dtype=float32)
    """
    return default_generator.manual_seed(seed)


@function
def seed() -> int:
    """Seed the default generator from the operating system's randomness; return the seed."""
    return default_generator.seed()


@function
def initial_seed() -> int:
    """Return the seed that the default generator's stream started from."""
    return default_generator.initial_seed()


@function
def get_rng_state() -> Tensor:
    """Return the default generator's state; shape (5056,), uint8."""
    return fresh(default_generator.get_state())


@function
def set_rng_state(new_state: Any) -> None:
    """Let the default generator go on where it was when `get_rng_state` was called."""
    default_generator.set_state(new_state)


# ---- from nothing


def _leaf(tensor: Tensor, requires_grad: bool) -> Tensor:
    """Return a new tensor, as a leaf that requires gradients if so asked."""
    return tensor.requires_grad_() if requires_grad else tensor


def _shape_of(name: str, size: tuple[Any, ...], keywords: dict[str, Any]) -> Shape:
    """Return the shape given by integers, by one sequence or by the keyword `size`."""
    given = keywords.pop("size", None)
    if keywords or (given is None) is not bool(size):
        extra = "".join(f" the argument {key} and" for key in keywords)
        raise CallError(
            f"{name} got{extra} the sizes {size or given}; it wants a shape, as in {name}(2, 3)."
        )
    extents: Any = size if given is None else given
    if len(size) == 1 and not isinstance(size[0], (int, float, str, np.number)):
        extents = size[0]
    return _extents_of(name, extents)


def _extents_of(name: str, size: Any) -> Shape:
    """Return a shape given as a sequence of integers."""
    if isinstance(size, Tensor) and not size.ndim:
        size = (size,)
    try:
        shape = tuple(operator.index(extent) for extent in size)
    except TypeError:
        raise CallError(
            f"{name} got the size {size!r}; a shape is a sequence of integers. Give one of those."
        ) from None
    if any(extent < 0 for extent in shape):
        raise ArgumentError(
            f"{name} got the size {shape}: Trying to create tensor with negative dimension. Give "
            "extents from 0."
        )
    return shape


def _bounds_of(
    name: str, given: tuple[Any, ...], low: int | None, high: int | None
) -> tuple[int, int, tuple[Any, ...]]:
    """Sort out `[low,] high`, given by position or name, and what follows them."""
    numbers = [x for x in given[:2] if isinstance(x, (int, np.integer))]
    rest = given[len(numbers) :]
    if low is not None:
        numbers.insert(0, low)
    if high is not None:
        numbers.append(high)
    if not 1 <= len(numbers) <= 2:
        raise CallError(f"{name} got the bounds {given}; it wants [low,] high, as integers.")
    first, last = (0, *numbers)[-2:]
    if not first < last:
        raise ArgumentError(
            f"random_ expects 'from' to be less than 'to', but got from={first} >= to={last}. "
            "The upper bound is not drawn; raise it."
        )
    return int(first), int(last), rest


# How a stream draws numbers of a distribution, in a shape and a dtype; and what does so with a key.
_Law = tuple[Callable[[Generator, Shape, Any], Array], Callable[[Any], Keyed | None]]

_UNIFORM: _Law = (Generator.rand, keyed_uniform)
_NORMAL: _Law = (lambda source, shape, dtype: source.normal(0.0, 1.0, shape, dtype), keyed_normal)


def _draw(
    name: str,
    law: _Law,
    /,
    *size: Any,
    dtype: Any = None,
    generator: Generator | None = None,
    requires_grad: bool = False,
    device: Any = None,
    **keywords: Any,
) -> Tensor:
    shape = _shape_of(name, size, keywords)
    source, kind = stream(generator, device), dtype or TORCH.default
    draw, keyed = law
    return _leaf(drawn(lambda s: draw(source, s, kind), shape, keyed(kind)), requires_grad)


@function
@variant_of(_draw, _UNIFORM)
def rand() -> None:
    """Return numbers uniform on [0, 1).

    Args:
        size: The shape: integers, or one sequence of them (also as the keyword `size`).
        dtype: Floating or complex; by default that of `set_default_dtype`.
        generator: Whose stream to draw from; by default the one that `manual_seed` seeds.
        requires_grad: Whether `backward()` computes its derivative.
        device: "cpu".
        keywords: `size`, if it is given by name.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.rand(2, 3).shape
        torch.Size([2, 3])
    """


@function
@variant_of(_draw, _NORMAL)
def randn() -> None:
    """Return standard normal numbers; arguments as for `rand`."""


def _integers(
    low: int, high: int, shape: Shape, dtype: Any, generator: Generator | None, device: Any
) -> Array:
    """Return integers from low to high - 1 in a dtype that holds them."""
    require_held("randint", low, high, np.dtype(dtype))
    return stream(generator, device).randint(low, high, shape, dtype)


@function
def randint(
    *bounds: Any,
    low: int | None = None,
    high: int | None = None,
    size: Any = None,
    dtype: Any = np.int64,
    generator: Generator | None = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """Return integers from low (by default 0) to high - 1: `randint([low,] high, size)`.

    Raises:
        ArgumentError: If there is no integer in that range, or the dtype does not hold it.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.randint(10, (2, 3)).shape
        torch.Size([2, 3])
    """
    first, last, rest = _bounds_of("randint", bounds, low, high)
    extents = rest[0] if rest else size
    if extents is None or len(rest) > 1 or isinstance(extents, (int, np.integer)):
        raise CallError(
            f"randint got the size {extents!r}; it wants a sequence of integers, as in "
            "randint(10, (2, 3))."
        )
    shape = _extents_of("randint", extents)
    fill = lambda s: _integers(first, last, s, dtype, generator, device)
    return _leaf(drawn(fill, shape, keyed_integers(first, last, dtype)), requires_grad)


@function
def randperm(
    n: int,
    *,
    dtype: Any = np.int64,
    generator: Generator | None = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """Return 0 … n - 1 in random order.

    Raises:
        ArgumentError: If n is negative, or the dtype does not hold n - 1.
    """
    (count,) = _extents_of("randperm", (n,))
    require_held("randperm", 0, count, np.dtype(dtype))
    source = stream(generator, device)
    permute = one_by_one(lambda: source.randperm(count, dtype), 1)
    return _leaf(
        drawn(permute, (count,), lambda key, s: _permutation(key, s, dtype)), requires_grad
    )


def _permutation(key: Tensor, shape: Shape, dtype: Any) -> Tensor:
    return astype(argsort(uniform(key, shape), axis=-1), np.dtype(dtype))


@function
def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """Return normal numbers.

    Args:
        mean: Their means, a number or a tensor.
        std: Their standard deviations, a number or a tensor that broadcasts with the means.
        size: The shape, where both are numbers.
        generator: Whose stream to draw from; by default the one that `manual_seed` seeds.
        dtype: Where both are numbers; else that of the mean if a tensor, of std if not.
        requires_grad: Whether `backward()` computes its derivative.
        device: "cpu".

    Raises:
        ArgumentError: If a standard deviation is negative.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.normal(torch.zeros(3), 2.0).shape
        torch.Size([3])
    """
    source = stream(generator, device)
    if isinstance(mean, Tensor) or isinstance(std, Tensor):
        if size is not None:
            raise CallError("normal got tensors and a size; their shape is the size. Leave it out.")
        for given in (mean, std):
            if isinstance(given, Tensor):
                require_no_derivative(given, "normal (mean + std * tw.randn(shape) has one)")
        return _leaf(_normal_of_tensors(source, mean, std), requires_grad)
    if size is None:
        raise CallError("normal got two numbers and no size. Give the shape as the third argument.")
    require_deviation("normal", std)
    shape = _extents_of("normal", size)
    kind = dtype or TORCH.default
    keyed = keyed_normal(kind, mean, std)
    return _leaf(drawn(lambda s: source.normal(mean, std, s, kind), shape, keyed), requires_grad)


def _normal_of_tensors(source: Generator, mean: Any, std: Any) -> Tensor:
    if drawing_batch() is not None or has_key():
        return _normal_of_examples(source, as_tensor(mean).detach(), as_tensor(std).detach())
    means, deviations = (values_of("normal", as_tensor(x)) for x in (mean, std))
    dtype = (means if isinstance(mean, Tensor) else deviations).dtype
    require_deviation("normal", deviations)
    shape = np.broadcast_shapes(means.shape, deviations.shape)
    if not isinstance(std, Tensor):
        return fresh(np.asarray(source.normal(0.0, std, shape, dtype) + means))
    values = (source.normal(0.0, 1.0, shape, dtype) * deviations).astype(dtype)
    # A mean that is Python's number gives way to the dtype of the others.
    shifted: Array = values + (means if isinstance(mean, Tensor) else mean)
    return fresh(shifted.astype(dtype))


def _normal_of_examples(source: Generator, mean: Tensor, std: Tensor) -> Tensor:
    dtype = (std if mean.weak else mean).dtype
    shape = np.broadcast_shapes(mean.shape, std.shape)
    fill = lambda s: source.normal(0.0, 1.0, s, dtype)
    standard = drawn(fill, tuple(shape), keyed_normal(dtype))
    found: Tensor = standard * std + mean
    return found


def _draw_like(
    name: str,
    fill: Callable[[Array, Generator], Tensor],
    x: Any,
    dtype: Any = None,
    *,
    generator: Generator | None = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    like = laid_out(name, x, dtype)
    return _leaf(fill(like, stream(generator, device)), requires_grad)


@function
@variant_of(_draw_like, uniform_in)
def rand_like() -> None:
    """Return numbers uniform on [0, 1) in the shape, memory order and dtype of a tensor."""


@function
@variant_of(
    _draw_like, lambda like, source: normal_in(like, 0.0, 1.0, source, keyed_normal(like.dtype))
)
def randn_like() -> None:
    """Return standard normal numbers in the shape, memory order and dtype of a tensor."""


@function
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
    first, last, rest = _bounds_of("randint_like", bounds, low, high)
    if rest:
        raise CallError("randint_like got more than two bounds. Give it x, low and high.")
    like = laid_out("randint_like", x, dtype)
    fill = lambda shape: _integers(first, last, shape, like.dtype, generator, device)
    values = filled_like(like, fill, keyed_integers(first, last, like.dtype))
    return _leaf(values, requires_grad)


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
        >>> import thalweg.torch as torch
        >>> torch.bernoulli(torch.tensor([0.0, 1.0])).tolist()
        [0.0, 1.0]
    """
    tensor, source = as_tensor(x), stream(generator)
    empty = np.empty(tensor.shape, tensor.dtype)
    if tensor.is_symbolic and p is None and (drawing_batch() is not None or has_key()):
        # PyTorch compares probabilities, which need not be known yet, with these numbers too.
        keyed = keyed_uniform(tensor.dtype)
        chances = drawn(lambda s: source.rand(s, tensor.dtype), tuple(tensor.shape), keyed)
        return astype(less(chances, tensor), tensor.dtype)
    if p is None:
        return bernoulli_in(empty, values_of("bernoulli", tensor), source)
    if drawing_batch() is None and not has_key():
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
        >>> import thalweg.torch as torch
        >>> torch.multinomial(torch.tensor([0.0, 3.0, 0.0]), 4, replacement=True).tolist()
        [1, 1, 1, 1]
    """
    tensor, source = as_tensor(x).detach(), stream(generator)
    if not tensor.is_symbolic or not (has_key() or drawing_batch() is not None):
        weights = values_of("multinomial", tensor)
        _require_weights(weights, num_samples, replacement)
    if tensor.is_symbolic or has_key():
        n = num_samples if replacement else tensor.shape[-1]
        shape = (*tensor.shape[:-1], n)
        numbers = drawn(source.rand, shape, keyed_uniform(np.float64))
        return _chosen(numbers, tensor, replacement)[..., :num_samples]
    choose = one_by_one(lambda: source.multinomial(weights, num_samples, replacement), weights.ndim)
    return drawn(choose, (*weights.shape[:-1], num_samples))


def _chosen(numbers: Tensor, weights: Tensor, replacement: bool) -> Tensor:
    """Choose categories by numbers uniform on [0, 1): one for each choice, or for each category."""
    if replacement:
        # Each number, of those uniform up to the sum, is where so many partial sums are passed.
        reached = cumsum(astype(weights, np.float64), axis=-1)
        total = reached[..., -1:]
        passed = expand_dims(numbers * total, -1)
        below = logical_and(
            less_equal(expand_dims(reached, -2), passed), expand_dims(reached < total, -2)
        )
        return sum_of(astype(below, np.int64), axis=-1)
    # The first of exponential times of these rates belongs to each with its probability.
    times = -log1p(-opened(numbers))
    return argsort(times / weights, axis=-1)


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
