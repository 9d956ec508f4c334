"""Functions of elements that NumPy has, or that machine code computes at once, by their names."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.primitive import Primitive
from thalweg.core.program import tracing
from thalweg.core.tensor import Tensor
from thalweg.engines.composed import elements
from thalweg.torch.functions.short.road import Array, known, new, require, short_road
from thalweg.torch.naming import NAMES


def _of_floats(name: str, meaning: Callable[[Array], Any]) -> None:
    @short_road(name, inplace=False)
    def found(x: Any) -> Tensor:
        array = known(x)
        require(array.dtype.char in "fd")
        result = tracing.quiet(meaning, array)
        require(result is not None)
        return new(result)


_ufunc: Any

for _name, _ufunc in (
    ("isnan", np.isnan), ("isfinite", np.isfinite), ("isinf", np.isinf), ("signbit", np.signbit),
    ("trunc", np.trunc), ("fix", np.trunc), ("frac", lambda x: x - np.trunc(x)),
    ("reciprocal", np.reciprocal), ("rsqrt", lambda x: np.reciprocal(np.sqrt(x))),
):  # fmt: skip
    if _name in NAMES:
        _of_floats(_name, _ufunc)


def _by_meaning(name: str) -> None:
    """Let a function that is a primitive be that primitive's meaning, of real numbers."""
    own = inspect.unwrap(NAMES[name])
    if isinstance(own, Primitive):
        _of_floats(name, own.meaning)


for _name in ("asinh", "acosh", "atanh", "atan", "arctan", "arcsinh", "arccosh", "arctanh", "i0"):
    _by_meaning(_name)

for _name in ("sinc", "nan_to_num"):
    _of_floats(_name, functools.partial(elements, inspect.unwrap(NAMES[_name])))


def _of_two(name: str, kinds: str, ufunc: Callable[..., Any]) -> None:
    """Let a function of two tensors of one dtype and shape be a universal function.

    Args:
        name: Its name.
        kinds: The kinds of dtypes for which that is so.
        ufunc: What computes it.
    """

    @short_road(name)
    def found(x: Any, y: Any) -> Tensor:
        a, b = known(x), known(y)
        require(a.dtype == b.dtype and a.dtype.kind in kinds and a.shape == b.shape)
        return new(tracing.quiet(ufunc, a, b))


for _name, _kinds, _ufunc in (
    ("fmax", "f", np.fmax), ("fmin", "f", np.fmin), ("copysign", "f", np.copysign),
    ("heaviside", "f", np.heaviside), ("atan2", "f", np.arctan2), ("hypot", "f", np.hypot),
    ("fmod", "f", np.fmod), ("floor_divide", "f", np.floor_divide), ("gcd", "i", np.gcd),
    ("logical_and", "b", np.logical_and), ("logical_or", "b", np.logical_or),
    ("logical_xor", "b", np.logical_xor), ("bitwise_and", "bi", np.bitwise_and),
    ("bitwise_or", "bi", np.bitwise_or), ("bitwise_xor", "bi", np.bitwise_xor),
    ("__and__", "bi", np.bitwise_and), ("__or__", "bi", np.bitwise_or),
    ("__xor__", "bi", np.bitwise_xor),
):  # fmt: skip
    _of_two(_name, _kinds, _ufunc)


@short_road("xlogy")
def _times_logarithm(x: Any, y: Any) -> Tensor:
    a, b = known(x), known(y)
    require(a.dtype == b.dtype and a.dtype.char in "fd" and a.shape == b.shape)
    return new(tracing.quiet(_product_with_logarithm, a, b))


def _product_with_logarithm(x: Array, y: Array) -> Array:
    found = x * np.log(y)
    found[(x == 0) & ~np.isnan(y)] = 0
    return found


@short_road("logical_not", "__invert__", "bitwise_not")
def _not(x: Any) -> Tensor:
    array = known(x)
    require(array.dtype.kind == "b")
    return new(np.logical_not(array))
