"""Means and spreads; counts and comparisons of whole tensors."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.operation import attach, method, op, operation
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
from thalweg.ops.shape.scalars import axis_of

__all__ = [
    "allclose",
    "aminmax",
    "array_equal",
    "average",
    "count_nonzero",
    "isclose",
    "polyval",
    "ptp",
    "std",
    "std_mean",
    "var",
    "var_mean",
]


# PyTorch's None names all axes.
_UNSAID: Any = object()

# ---- spreads


def _divisor(axis: Any, dim: Any, ddof: float, unbiased: Any, correction: Any) -> tuple[Any, float]:
    """Return the axes and what to subtract from the number of elements.

    PyTorch subtracts 1 by default, NumPy 0: a call in PyTorch's words means PyTorch's.
    """
    if isinstance(axis, bool):
        axis, unbiased = None, axis
    # No axes are none to NumPy, and all of them to PyTorch.
    axes = axis if dim is _UNSAID else None if dim in ((), []) else dim
    if correction is not None:
        return axes, float(correction)
    if unbiased is not None:
        return axes, float(unbiased)
    return axes, float(ddof) if dim is _UNSAID else 1.0


@method
def var(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    dim: Any = _UNSAID,
    unbiased: bool | None = None,
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
        dim: PyTorch's name of `axis`; with it 1 is subtracted by default, as PyTorch does.
        unbiased: PyTorch's way to say ddof=1, or 0.
        correction: The Array API's name of `ddof`.
        where: A mask, broadcast, of the elements that take part.
        mean: The mean, with reduced axes of extent 1, where it is known already.
    """
    tensor = as_floating(x, dtype)
    given, less = _divisor(axis, dim, ddof, unbiased, correction)
    axes = normalize_axes("var", given, tensor.ndim)
    centre = op.mean(tensor, axes, keepdims=True, where=where) if mean is None else mean
    deviation = tensor - centre
    count: Any = max(0.0, float(count_over(tensor.shape, axes) - less))
    if where is not None:
        count = op.maximum(counted_where(where, tensor, axes, keepdims) - less, 0.0)
    total = sum(squared_magnitude(deviation), axes, keepdims=keepdims, where=where)
    typed: Tensor = total / count
    return typed


@method
def std(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    dim: Any = _UNSAID,
    unbiased: bool | None = None,
    correction: float | None = None,
    where: Any = None,
    mean: Any = None,
) -> Tensor:
    """Standard deviation over some axes: the square root of the variance; arguments as there.

    The derivative where all elements are equal is taken as 0.
    """
    words: dict[str, Any] = {"dim": dim, "unbiased": unbiased, "correction": correction}
    return _root(var(x, axis, dtype, ddof, keepdims, **words, where=where, mean=mean))


def _root(squared: Tensor) -> Tensor:
    # The root has no finite derivative at 0, so 0 is kept away from it.
    zero = equal(squared, 0)
    return where(zero, 0, sqrt(where(zero, 1, squared)))


def _with_mean(
    function: Any, x: Any, dim: Any, unbiased: Any, keepdim: bool, correction: Any
) -> tuple[Tensor, Tensor]:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    less = float(unbiased) if unbiased is not None else 1.0 if correction is None else correction
    axes = None if dim in ((), []) else dim
    return (
        function(x, axes, correction=less, keepdims=keepdim),
        mean(x, axes, keepdims=keepdim),
    )


@operation
def var_mean(
    x: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """Variance and mean over some axes; 1 is subtracted from the number, as PyTorch does."""
    return _with_mean(var, x, dim, unbiased, keepdim, correction)


@operation
def std_mean(
    x: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean over some axes; as `var_mean`."""
    return _with_mean(std, x, dim, unbiased, keepdim, correction)


class Extremes(NamedTuple):
    """The smallest and the largest elements."""

    min: Tensor
    max: Tensor


@method
def aminmax(x: Any, *, axis: int | None = None, keepdims: bool = False) -> Extremes:
    """Return the smallest and the largest element along an axis, by default of all."""
    if axis is not None:
        axis_of("aminmax", axis, as_tensor(x).ndim)
    return Extremes(amin(x, axis, keepdims), amax(x, axis, keepdims))


@method
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
    w = _aligned(as_tensor(weights), tensor, axis)
    w = broadcast_to(w, tensor.shape)
    return sum(tensor * w, axis, keepdims=keepdims) / sum(w, axis, keepdims=keepdims)


def _aligned(weights: Tensor, tensor: Tensor, axis: Any) -> Tensor:
    """Put weights along one axis of a tensor in line with it."""
    if weights.shape == tensor.shape:
        return weights
    axes = normalize_axes("average", axis, tensor.ndim)
    if axis is None or weights.shape != tuple(tensor.shape[i] for i in axes):
        raise ShapeError(
            f"average got weights of shape {weights.shape} for a tensor of shape {tensor.shape} "
            f"and axis {axis}. Give a weight for each element, or for each along the axis."
        )
    return reshape(weights, tuple(n if i in axes else 1 for i, n in enumerate(tensor.shape)))


@method
def ptp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Tensor:
    """Range of values over some axes, the largest less the smallest; by default over all."""
    typed: Tensor = amax(x, axis, keepdims=keepdims) - amin(x, axis, keepdims=keepdims)
    return typed


@method
def count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Tensor:
    """Count the elements that are not zero over some axes; by default over all."""
    return sum(not_equal(x, 0), axis, keepdims=keepdims)


@method
def array_equal(a1: Any, a2: Any) -> Tensor:
    """Tell whether two tensors have one shape and equal elements.

    Example:
        >>> import thalweg as tw
        >>> bool(tw.array_equal(tw.ones(2), [1.0, 1.0])), bool(tw.array_equal(tw.ones(2), 1.0))
        (True, False)
    """
    first, second = as_tensor(a1), as_tensor(a2)
    return all(equal(first, second)) if first.shape == second.shape else as_tensor(False)


@method
def polyval(p: Any, x: Any) -> Tensor:
    """Value of a polynomial, its coefficients from the highest power down: p₀ xⁿ⁻¹ + … + pₙ₋₁."""
    coefficients, tensor = as_tensor(p), as_tensor(x)
    value: Tensor = op.zeros_like(tensor)
    for i in range(coefficients.shape[0]):
        value = value * tensor + coefficients[i]
    return value


def _equal(x: Tensor, other: Any) -> bool:
    """Tell whether two tensors have one shape and equal elements; `==` tells of each element."""
    return bool(array_equal(x, other))


attach("equal", _equal, replace=True)


@method
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


@method
def allclose(
    x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Tell whether all elements of x and y are close, as `isclose` tells of each: True or False.

    Inside a traced function the answer is a tensor.
    """
    found = all(isclose(x, y, rtol, atol, equal_nan))
    return found if found.is_symbolic else bool(found)
