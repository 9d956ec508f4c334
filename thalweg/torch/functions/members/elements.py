"""Methods of tensors whose functions have other words, and what was removed from PyTorch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.lines import level_of_user
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.elementwise.floats import frexp as split_floats
from thalweg.ops.index.items import copy_
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.functions.viewing import extents
from thalweg.torch.naming import NAMES, as_tensor, attach, make, named
from thalweg.torch.return_types import named_result

frexp_result = named_result("frexp", "mantissa", "exponent")


def _frexp(x: Tensor) -> Any:
    """Return mantissas in [½, 1) and exponents: x = mantissa · 2^exponent."""
    mantissa, exponent = split_floats(x)
    return frexp_result(mantissa, astype(exponent, np.int32))


def _map2(x: Tensor, first: Any, second: Any, function: Callable[..., Any]) -> Tensor:
    """Replace each element by a function of it and of two other tensors' elements."""
    arrays = [np.asarray(as_tensor(y).detach().array) for y in (x, first, second)]
    rows = zip(*(np.broadcast_to(a, x.shape).ravel().tolist() for a in arrays), strict=True)
    values = np.array([function(*row) for row in rows], x.array.dtype).reshape(x.shape)
    return copy_(x, values)


def _resize(x: Tensor, *sizes: Any) -> Tensor:
    """Return the same elements in another shape, as `reshape` does; it warns as PyTorch."""
    warnings.warn("non-inplace resize is deprecated", UserWarning, stacklevel=level_of_user())
    shape = extents(sizes)
    if int(np.prod(shape)) != x.size:
        asked = "x".join(map(str, shape))
        raise ShapeError(
            f"requested resize to {asked} ({int(np.prod(shape))} elements in total), but the given "
            f"tensor has a size of {'x'.join(map(str, x.shape))} ({x.size} elements). resize can "
            "only change the shape of a given tensor, while preserving the number of elements."
        )
    return reshape(x, shape)


def _resize_as(x: Tensor, tensor: Any) -> Tensor:
    """Return the same elements in the shape of another tensor; it warns as PyTorch."""
    return _resize(x, tuple(as_tensor(tensor).shape))


def _nonzero_static(x: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """Return the places of the first elements that are not 0, a number of rows that is told.

    Args:
        x: The tensor.
        size: How many rows are returned.
        fill_value: What stands in rows beyond the last such place.
    """
    if size < 0:
        raise ArgumentError(f"nonzero_static: 'size' must be an non-negative integer, not {size}.")
    places = np.argwhere(x.detach().array != 0)[:size]
    found = np.full((size, x.ndim), fill_value, np.int64)
    found[: len(places)] = places
    return make(found)


def _method_of(name: str) -> Callable[..., Any]:
    """Return a function of the namespace as a method."""

    @named(name, f"Return `torch.{name}` of the tensor and the arguments.")
    def called(x: Tensor, *args: Any, **kwargs: Any) -> Any:
        return NAMES[name](x, *args, **kwargs)

    return called


def _removed(name: str, instead: str) -> Callable[..., Any]:
    """Return a method that refuses, as PyTorch's does, and says what to call."""

    @named(name, f"Refuse, as PyTorch does: `{instead}` took its place.")
    def refuse(x: Tensor, *args: Any, **kwargs: Any) -> Any:
        raise ArgumentError(
            "This function was deprecated since version 1.9 and is now removed. "
            f"Use `{instead}` instead."
        )

    return refuse


for _name, _instead in {
    "eig": "torch.linalg.eig", "lstsq": "torch.linalg.lstsq", "solve": "torch.linalg.solve",
    "symeig": "torch.linalg.eigh",
}.items():  # fmt: skip
    attach(_name, _removed(_name, _instead))

for _name, _member in {
    "frexp": _frexp,
    "is_distributed": lambda x: False,
    "map2_": _map2,
    "name": property(lambda x: None, doc="None: tensors have no names."),
    "narrow_copy": _method_of("narrow_copy"),
    "nonzero_static": _nonzero_static,
    "output_nr": property(lambda x: 0, doc="Which result of an operation it is: the only one."),
    "dense_dim": lambda x: x.ndim,
    "sparse_dim": lambda x: 0,
    "to_dense": lambda x, dtype=None, masked_grad=None: x if dtype is None else x.to(dtype),
    "resize": _resize,
    "resize_as": _resize_as,
}.items():
    attach(_name, _member)
