"""Keys of the draws that transformations make."""

from __future__ import annotations

import math
import warnings
from typing import Any

from thalweg.core.spec import FLOAT32, DType, real_dtype
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError
from thalweg.random.keyed import key as key_of
from thalweg.random.keyed import normal, split


def as_key(value: Any) -> Tensor:
    """Return the key of a seed, or the two words of a key, JAX's unsigned ones too."""
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
