"""Values combined at positions, one after another, and read from there."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import general
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import divide, multiply
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.index.take import from_front, take
from thalweg.ops.index.take import scatter_add as add_at
from thalweg.ops.shape.reshape import reshape

Array = np.ndarray[Any, Any]

# ---- places: positions of elements, counted in row-major order


def places_along(x: Tensor, axis: int, index: Tensor) -> Tensor:
    """Return where x[i, index[i, j]] and its like lie, for every element of the index."""
    strides = [int(np.prod(x.shape[i + 1 :])) for i in range(x.ndim)]
    places: Any = from_front(index, x.shape[axis]) * strides[axis]
    for i, stride in enumerate(strides):
        if i != axis:
            shape = [1] * x.ndim
            shape[i] = -1
            places = places + reshape(arange(index.shape[i]) * stride, tuple(shape))
    found: Tensor = places
    return found


def add_to(x: Tensor, places: Tensor, values: Tensor) -> Tensor:
    """Add values at places; those at repeated ones add up."""
    sums = add_at(reshape(x, -1), reshape(places, -1), reshape(values, -1), axis=0)
    return reshape(sums, x.shape)


def read_at(x: Tensor, places: Tensor) -> Tensor:
    """Return the elements at places."""
    return take(reshape(x, -1), places, axis=0)


# ---- combining what meets at one place

_UFUNCS = {"multiply": np.multiply, "maximum": np.maximum, "minimum": np.minimum}


def _rule_of_target(
    g: Tensor, out: Tensor, x: Tensor, places: Tensor, values: Tensor, how: str
) -> Tensor:
    if how == "multiply":
        return multiply(g, combine_at(op.ones_like(x), places, values, how=how))
    return where(equal(x, out), divide(g, _ties(out, x, places, values)), 0.0)


def _rule_of_values(
    g: Tensor, out: Tensor, x: Tensor, places: Tensor, values: Tensor, how: str
) -> Tensor:
    if how != "multiply":
        ties = _ties(out, x, places, values)
        return where(equal(values, read_at(out, places)), read_at(divide(g, ties), places), 0.0)
    # The product of the others: without its own zero where it is the only one.
    zero = equal(values, 0)
    ones = where(zero, 1.0, values)
    zeros = add_to(op.zeros_like(x), places, astype(zero, x.dtype))
    product = read_at(combine_at(x, places, ones, how=how), places)
    count = read_at(zeros, places)
    others = where(
        zero,
        where(equal(count, 1), product, 0.0),
        where(equal(count, 0), divide(product, ones), 0.0),
    )
    return multiply(read_at(g, places), others)


def _ties(out: Tensor, x: Tensor, places: Tensor, values: Tensor) -> Tensor:
    reached = astype(equal(values, read_at(out, places)), x.dtype)
    ties = add_to(astype(equal(x, out), x.dtype), places, reached)
    return where(equal(ties, 0), 1.0, ties)


@general(
    lambda x, places, values, how: x,
    _rule_of_target,
    None,
    _rule_of_values,
)
def combine_at(x: Array, places: Array, values: Array, *, how: str) -> Array:
    """Multiply what is at places by values, or keep the larger or smaller; places may repeat."""
    flat = x.ravel().copy()
    _UFUNCS[how].at(flat, places.ravel(), values.ravel())
    return flat.reshape(x.shape)
