"""How functions draw: from a stream; for each example of a batch; or, traced, with a key.

A traced function cannot draw from a stream: its numbers would be drawn once. It draws with the
keys that `drawing_with` gave, a new one for every draw.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.spec import Array, Shape
from thalweg.core.tensor import Tensor, fresh
from thalweg.errors import ArgumentError, TracingError
from thalweg.ops.elementwise.comparison import less, minimum
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.elementwise.rounding import floor
from thalweg.random import keyed as keyed_draws
from thalweg.random.keyed import fold_in

Fill = Callable[[Shape], Array]

Keyed = Callable[[Tensor, Shape], Tensor]


@dataclass(frozen=True)
class Batch:
    """How numbers are drawn in a function of one example that is applied to a batch.

    Attributes:
        randomness: "error", "different" for every example, or the "same" for all.
        size: The number of examples.
        mapped: Given a tensor with the examples along axis 0, returns what stands for one.
        outer: The batch that the function applied to this one is itself applied to.
    """

    randomness: str
    size: int
    mapped: Callable[[Tensor], Tensor]
    outer: Batch | None


_batch: ContextVar[Batch | None] = ContextVar("batch", default=None)


@contextlib.contextmanager
def _during(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    before = variable.set(value)
    try:
        yield
    finally:
        variable.reset(before)


def drawing_for(batch: Batch | None) -> contextlib.AbstractContextManager[None]:
    """Let what is drawn inside be drawn for a batch."""
    return _during(_batch, batch)


def drawing_batch() -> Batch | None:
    """Return the batch that numbers are being drawn for."""
    return _batch.get()


@dataclass
class _KeySource:
    """A key, and how many were made of it."""

    key: Tensor
    made: int = 0


_keys: ContextVar[_KeySource | None] = ContextVar("keys", default=None)


def drawing_with(key: Tensor) -> contextlib.AbstractContextManager[None]:
    """Let what is traced inside draw with keys made of this one, in the order of the draws."""
    return _during(_keys, _KeySource(key))


def has_key() -> bool:
    """Tell whether draws are to be made with keys."""
    return _keys.get() is not None


def draws_apart() -> bool:
    """Tell whether draws are made for the examples of a batch, or with keys."""
    return _batch.get() is not None or _keys.get() is not None


def next_key() -> Tensor:
    """Return the key of the next draw.

    Raises:
        TracingError: If no key was given.
    """
    keys = require_key()
    keys.made += 1
    return fold_in(keys.key, np.int32(keys.made - 1))


def require_key() -> _KeySource:
    """Return the key that draws are to be made with.

    Raises:
        TracingError: If no key was given.
    """
    keys = _keys.get()
    if keys is None:
        raise TracingError(
            "A layer drew random numbers while it was traced, without a key: every run of the "
            "program would draw the same ones. Trace it inside `drawing_with(key)` of "
            "thalweg.random.drawing, or call eval() on the model first."
        )
    return keys


def drawn(fill: Fill, shape: Shape, keyed: Keyed | None = None) -> Tensor:
    """Return a tensor of random numbers, for one example where there is a batch.

    Args:
        fill: Draws numbers in a shape.
        shape: The shape of the result.
        keyed: Draws them with a key, where there are keys; None if that cannot be done.

    Raises:
        ArgumentError: If the batch's function shall not draw.
        TracingError: If there are keys, and what is wanted cannot be drawn with them.
    """
    batch = _batch.get()
    if batch is None:
        if not has_key():
            return fresh(fill(shape))
        if keyed is None:
            raise TracingError(
                "Random numbers were drawn in a run of which every step draws its own, in a way "
                "that needs a stream: they would be drawn once, and be the same at every step. "
                "Draw real numbers in float32 or float64, or draw before and give them as data."
            )
        return keyed(next_key(), shape)
    if batch.randomness == "error":
        raise ArgumentError(
            "vmap: called random operation while in randomness error mode. Please either use the "
            "'same' or 'different' randomness flags on vmap or perform the randomness operation "
            "outside of vmap."
        )
    with drawing_for(batch.outer):
        if batch.randomness == "same":
            return drawn(fill, shape, keyed)
        return batch.mapped(drawn(fill, (batch.size, *shape), keyed))


def keyed_uniform(dtype: Any) -> Keyed | None:
    """Return what draws numbers uniform on [0, 1) with a key; None in dtypes that lack them."""
    return _keyed(dtype, keyed_draws.uniform)


def keyed_normal(dtype: Any, mean: float = 0.0, std: float = 1.0) -> Keyed | None:
    """Return what draws normal numbers with a key; None in dtypes that lack them."""
    return _keyed(dtype, lambda *how: keyed_draws.normal(*how) * std + mean)


def _keyed(dtype: Any, draw: Callable[..., Tensor]) -> Keyed | None:
    kind = np.dtype(dtype)
    if kind not in (np.float32, np.float64):
        return None
    return lambda key, shape: draw(key, shape, kind)


def keyed_bernoulli(p: Any, dtype: Any) -> Keyed:
    """Return what draws 1, of probability p, a number or a tensor that broadcasts, and 0."""
    result = np.dtype(dtype)
    kind = np.dtype(getattr(p, "dtype", result if result.kind == "f" else np.float64))

    def draw(key: Tensor, shape: Shape) -> Tensor:
        return astype(less(keyed_draws.uniform(key, shape, kind), p), result)

    return draw


def opened(u: Tensor) -> Tensor:
    """Return float64 numbers of [0, 1) moved into (0, 1), where quantiles are finite.

    Multiples of 2⁻⁵³ go to the middle between two of them, but the last, where there is no number.
    """
    return minimum(u + 2.0**-54, 1 - 2.0**-53)


def keyed_inverse(quantile: Callable[[Tensor], Tensor], dtype: Any) -> Keyed:
    """Return what draws numbers of a distribution with a key.

    Args:
        quantile: The distribution's quantiles, of numbers uniform on (0, 1), which are float64.
        dtype: What the results are converted to.
    """

    def draw(key: Tensor, shape: Shape) -> Tensor:
        return astype(quantile(opened(keyed_draws.uniform(key, shape))), np.dtype(dtype))

    return draw


def keyed_integers(low: int, high: int, dtype: Any) -> Keyed:
    """Return what draws integers from low to high - 1 with a key."""

    def draw(key: Tensor, shape: Shape) -> Tensor:
        return astype(floor(keyed_draws.uniform(key, shape) * (high - low)) + low, np.dtype(dtype))

    return draw


def one_by_one(draw: Callable[[], Array], rank: int) -> Fill:
    """Return what fills a shape with as many draws as its axes before the last `rank` count."""

    def fill(shape: Shape) -> Array:
        if len(shape) == rank:
            return draw()
        parts = [fill(shape[1:]) for _ in range(shape[0])]
        return np.stack(parts) if parts else np.zeros(shape, draw().dtype)

    return fill
