"""Noise added to updates, drawn with keys."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.core.spec import FLOAT32, DType, real_dtype
from thalweg.core.tensor import Tensor, as_tensor, astype, make
from thalweg.errors import ArgumentError
from thalweg.foreign import Foreign
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.numpy.libraries import admitted
from thalweg.optim.ranges import FINITE, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    first_count,
    safe_increment,
)
from thalweg.random.keyed import key as key_of
from thalweg.random.keyed import normal, split

__all__ = ["AddNoiseState", "add_noise"]


class AddNoiseState(NamedTuple):
    """The state of `add_noise`."""

    count: Any  # int32 scalar: the steps made
    rng_key: Any  # two int32: the key of the next step


@factory
def add_noise(
    eta: float, gamma: float, key: Any = None, *, seed: int | None = None
) -> GradientTransformation:
    """Add normal noise of falling variance to updates.

        u = g + √(eta / t^gamma) ε,    ε standard normal, t = 1, 2, 3, …

    The draws are JAX's: each step splits the key, each leaf draws with a key of its own.

    Args:
        eta: The variance of the noise in the first step, in [0, ∞).
        gamma: The power with which it falls, any finite number.
        key: A seed, or a key of `tw.random.key`.
        seed: Deprecated: use `key`.

    Raises:
        ArgumentError: If a number is outside its range, or both `key` and `seed` are given.

    Source:
        Neelakantan et al., "Adding Gradient Noise Improves Learning for Very Deep Networks",
        2015, equation 1. arXiv:1511.06807

    Example:
        >>> import thalweg as tw
        >>> noisy = tw.optim.add_noise(0.01, 0.55, key=0)
        >>> updates, state = noisy.update([1.0], noisy.init([0.0]))
        >>> 0.0 < abs(updates[0].item() - 1.0) < 1.0
        True
    """
    NON_NEGATIVE.check(eta=eta)
    FINITE.check(gamma=gamma)
    start = chosen_key("add_noise", key, seed)

    def init(params: Params) -> AddNoiseState:
        return AddNoiseState(first_count(), as_key(start))

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        count = safe_increment(state.count)
        deviation = sqrt(as_tensor(eta / astype(count, "float64") ** gamma))
        keys = split(state.rng_key)
        leaves, definition = tree.flatten(updates)
        own = split(keys[1], len(leaves)) if leaves else ()
        found = [_noisy(asarray(g), deviation, k) for g, k in zip(leaves, own, strict=True)]
        return tree.unflatten(definition, found), AddNoiseState(count, keys[0])

    return GradientTransformation(init, update)


def _noisy(g: Tensor, deviation: Tensor, key: Tensor) -> Tensor:
    return g + astype(deviation, real_dtype(g.dtype)) * normal_like(g, key)


# ---- keys


def as_key(value: Any) -> Tensor:
    """Return the key of a seed, or the two words of a key, JAX's too."""
    given = admitted(value)
    array = given.array if isinstance(given, Tensor) else None
    if isinstance(array, Foreign) and (array.dtype.kind not in "iu" or array.shape == (2,)):
        return make(array.library.key_words(array))
    if getattr(value, "shape", None) != (2,):
        return key_of(value)
    return astype(as_tensor(value), "int32")


def chosen_key(name: str, key: Any, seed: Any) -> Any:
    """Return the key, or the seed, given to a factory of a name whose `seed` is deprecated.

    Raises:
        ArgumentError: If both are given.
    """
    if seed is not None:
        text = '"seed" is deprecated and will be removed, use "key".'
        warnings.warn(text, DeprecationWarning, stacklevel=4)
        if key is not None:
            raise ArgumentError(
                f"{name} got key={key!r} and seed={seed!r}. Only one of seed or key can be "
                "specified: give key alone."
            )
        return seed
    if key is None:
        text = "No key was given, so the noise is that of key 0. Give one, such as key=0."
        warnings.warn(text, UserWarning, stacklevel=4)
        return 0
    return key


def normal_like(x: Tensor, key: Tensor) -> Tensor:
    """Return standard normal numbers of the shape and the dtype of a tensor."""
    if x.dtype.kind != "c":
        return _normal(x, key, x.dtype)
    keys = split(key)
    dtype = real_dtype(x.dtype)
    return (_normal(x, keys[0], dtype) + 1j * _normal(x, keys[1], dtype)) / math.sqrt(2.0)


def _normal(x: Tensor, key: Tensor, dtype: DType) -> Tensor:
    # Numbers of half precision are drawn in single.
    return astype(normal(key, x.shape, FLOAT32 if dtype.itemsize < 4 else dtype), dtype)
