"""The different values among the elements: the Array API's functions, one result or several."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import method, operation, widen
from thalweg.core.tensor import Tensor, as_tensor, fresh, make
from thalweg.errors import ArgumentError, UnsupportedOperation
from thalweg.ops.uniqueness import different

__all__ = [
    "isin",
    "nonzero",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
]

Array = np.ndarray[Any, Any]


class UniqueAll(NamedTuple):
    """The different values, where each is first, which each element is, how often it occurs."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """The different values, and how often each occurs."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """The different values, and which of them each element is."""

    values: Tensor
    inverse_indices: Tensor


def _values(x: Any) -> Array:
    return numbers_of(as_tensor(x))


def _of(x: Any, values: Array) -> Tensor:
    """Return the different values as parts of the tensor, where its derivative is wanted."""
    tensor = as_tensor(x)
    return different(tensor, equal_nan=False) if tensor.requires_grad else make(values)


@operation
def unique_all(x: Any) -> UniqueAll:
    """Return the different values in order, with their first places, inverse and counts.

    Every NaN is a value of its own.

    Example:
        >>> import thalweg as tw
        >>> tw.unique_all(tw.tensor([3, 1, 3])).counts
        tensor([1, 2])
    """
    values = _values(x)
    found: Any = np.unique_all(values)
    inverse = np.reshape(found.inverse_indices, values.shape)
    return UniqueAll(_of(x, found.values), make(found.indices), make(inverse), make(found.counts))


@operation
def unique_counts(x: Any) -> UniqueCounts:
    """Return the different values in order, and how often each occurs."""
    found = np.unique_counts(_values(x))
    return UniqueCounts(_of(x, found.values), make(found.counts))


@operation
def unique_inverse(x: Any) -> UniqueInverse:
    """Return the different values in order, and which of them each element is."""
    values = _values(x)
    found = np.unique_inverse(values)
    return UniqueInverse(
        _of(x, found.values), fresh(np.reshape(found.inverse_indices, values.shape))
    )


@operation
def unique_values(x: Any) -> Tensor:
    """Return the different values in order; every NaN is a value of its own."""
    return different(as_tensor(x), equal_nan=False)


@method
def nonzero(x: Any, *, as_tuple: bool | None = None) -> Any:
    """Return the positions of the elements that are not zero, one tensor an axis.

    Args:
        x: A tensor with at least one axis.
        as_tuple: PyTorch's keyword: false for one tensor with a row an element; true for one
            tensor an axis, where a tensor without axes counts as a vector.

    Raises:
        ArgumentError: If it has no axis.
    """
    values = _values(x)
    if as_tuple is False:
        return fresh(np.argwhere(values))
    if as_tuple:
        values = np.atleast_1d(values)
    if not values.ndim:
        raise ArgumentError("nonzero got a 0-d tensor, which has no positions. Use x.reshape(1).")
    return tuple(fresh(np.ascontiguousarray(places)) for places in np.nonzero(values))


@widen("where")
def _places(condition: Any, *others: Any) -> Any:
    """Return where a condition holds, as `nonzero` does."""
    if others:
        raise UnsupportedOperation(
            f"where got {1 + len(others)} operands; it wants a condition, or a condition, x and y."
        )
    return nonzero(condition)


@operation
def isin(
    x: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Tell which elements are among others."""
    found = np.isin(_values(x), _values(test_elements), assume_unique=assume_unique, invert=invert)
    return fresh(np.asarray(found))
