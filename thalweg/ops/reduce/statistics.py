"""Means and spreads; counts and comparisons of whole tensors."""

from __future__ import annotations

from typing import Any

from thalweg.core.operation import arguments_of, method, op, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.elementwise.arithmetic import absolute, sqrt
from thalweg.ops.elementwise.comparison import equal, less_equal, logical_or, not_equal, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.elementwise.floats import isfinite, isnan
from thalweg.ops.reduce.extremes import amax, amin
from thalweg.ops.reduce.sums import all, count_over, counted_where, mean, sum
from thalweg.ops.shape.axes import normalize_axes
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import reshape

__all__ = [
    "allclose", "array_equal", "average", "count_nonzero", "isclose", "polyval", "ptp", "std",
    "var",
]  # fmt: skip

# ---- spreads


@method
def var(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    correction: float | None = None,
    where: Any = None,
    mean: Any = None,
) -> Tensor:
    """Variance over some axes: Σ |x - x̄|² / (n - ddof); by default over all.

    Args:
        x: A tensor.
        axis: An axis, several, or None for all.
        dtype: What to compute in; by default float64 for integers.
        ddof: Subtracted from the number of elements: 1 gives the unbiased estimate.
        keepdims: Whether reduced axes stay, with extent 1.
        correction: The Array API's name of `ddof`.
        where: A mask, broadcast, of the elements that take part.
        mean: The mean, with reduced axes of extent 1, where it is known already.
    """
    tensor = as_floating(x, dtype)
    less = float(ddof if correction is None else correction)
    axes = normalize_axes("var", axis, tensor.ndim)
    centre = op.mean(tensor, axes, keepdims=True, where=where) if mean is None else mean
    deviation = tensor - centre
    count: Any = max(0.0, float(count_over(tensor.shape, axes) - less))
    if where is not None:
        count = op.maximum(counted_where(where, tensor, axes, keepdims) - less, 0.0)
    total = sum(squared_magnitude(deviation), axes, keepdims=keepdims, where=where)
    found: Tensor = total / count
    return found


@method
@arguments_of(var)
def std(x: Any, *args: Any, **named: Any) -> Tensor:
    """Standard deviation over some axes: the square root of the variance; arguments as there.

    The derivative where all elements are equal is taken as 0.
    """
    return root(var(x, *args, **named))


def root(squared: Tensor) -> Tensor:
    """Return the square root, whose derivative at 0 is taken as 0."""
    # The root has no finite derivative at 0, so 0 is kept away from it.
    zero = equal(squared, 0)
    return where(zero, 0, sqrt(where(zero, 1, squared)))


@operation
def average(x: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Tensor:
    """Weighted mean over some axes: Σ wᵢ xᵢ / Σ wᵢ; by default over all, with equal weights.

    Args:
        x: A tensor.
        axis: An axis, several, or None for all.
        weights: As many as elements, or as the elements along the axis; None for equal ones.
        keepdims: Whether reduced axes stay, with extent 1.

    Raises:
        ShapeError: If the weights have another shape.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> np.average(tw.Tensor([1.0, 4.0]), weights=[3.0, 1.0])
        tensor(1.7500)
    """
    tensor = as_tensor(x)
    if weights is None:
        return mean(tensor, axis, keepdims=keepdims)
    w = weights_along("average", weights, tensor, axis)
    return sum(tensor * w, axis, keepdims=keepdims) / sum(w, axis, keepdims=keepdims)


def weights_along(name: str, weights: Any, x: Tensor, axis: Any) -> Tensor:
    """Return one weight for each element of x, given those or as many as along the axes.

    Raises:
        ShapeError: If there are others.
    """
    given = as_tensor(weights)
    if given.shape == x.shape:
        return given
    axes = normalize_axes(name, axis, x.ndim)
    if axis is None or given.shape != tuple(x.shape[i] for i in axes):
        raise ShapeError(
            f"{name} got weights of shape {given.shape} for a tensor of shape {x.shape} and axis "
            f"{axis}. Give a weight for each element, or for each along the axis."
        )
    beside = tuple(n if i in axes else 1 for i, n in enumerate(x.shape))
    return broadcast_to(reshape(given, beside), x.shape)


@operation
def ptp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Tensor:
    """Range of values over some axes, the largest less the smallest; by default over all."""
    return amax(x, axis, keepdims=keepdims) - amin(x, axis, keepdims=keepdims)


@operation
def count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Tensor:
    """Count the elements that are not zero over some axes; by default over all."""
    return sum(not_equal(x, 0), axis, keepdims=keepdims)


@operation
def array_equal(a1: Any, a2: Any) -> Tensor:
    """Tell whether two tensors have one shape and equal elements.

    Example:
        >>> import thalweg as tw
        >>> bool(tw.array_equal(tw.ones(2), [1.0, 1.0])), bool(tw.array_equal(tw.ones(2), 1.0))
        (True, False)
    """
    first, second = as_tensor(a1), as_tensor(a2)
    return all(equal(first, second)) if first.shape == second.shape else as_tensor(False)


@operation
def polyval(p: Any, x: Any) -> Tensor:
    """Value of a polynomial, its coefficients from the highest power down: p₀ xⁿ⁻¹ + … + pₙ₋₁."""
    coefficients, tensor = as_tensor(p), as_tensor(x)
    value = op.zeros_like(tensor)
    for i in range(coefficients.shape[0]):
        value = value * tensor + coefficients[i]
    return value


@operation
def isclose(
    x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Tell where x and y are equal or differ by no more than atol + rtol |y|.

    Args:
        x: A tensor.
        y: Another one.
        rtol: The relative tolerance.
        atol: The absolute one.
        equal_nan: Whether two NaN are close.

    Raises:
        ArgumentError: If a tolerance is negative.
    """
    if rtol < 0 or atol < 0:
        raise ArgumentError(f"isclose got rtol {rtol} and atol {atol}; they must not be negative.")
    a, b = as_tensor(x), as_tensor(y)
    near = less_equal(absolute(a - b), atol + rtol * absolute(b)) & isfinite(b)
    found = logical_or(near, equal(a, b))
    return logical_or(found, isnan(a) & isnan(b)) if equal_nan else found


@operation
def allclose(
    x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool | Tensor:
    """Tell whether all elements of x and y are close, as `isclose` tells of each: True or False.

    Inside a traced function the answer is a tensor.
    """
    found = all(isclose(x, y, rtol, atol, equal_nan))
    return found if found.is_symbolic else bool(found)
