"""Spreads over axes, and how variables vary together."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import method, op, operation
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.axes import axis_of
from thalweg.ops.complex_numbers import squared_magnitude
from thalweg.ops.elementwise import divide, equal, sqrt, where
from thalweg.ops.extremes import amax, amin
from thalweg.ops.linalg import matmul
from thalweg.ops.reductions import as_floating, count_over, counted_where, mean, sum
from thalweg.ops.shaping import expand_dims, normalize_axes, reshape

__all__ = [
    "aminmax",
    "corrcoef",
    "cov",
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


# ---- how variables vary together


@method
def cov(
    x: Any,
    y: Any = None,
    rowvar: bool = True,
    *,
    correction: float = 1,
    ddof: float | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Tensor:
    """Covariances of variables, the rows of a matrix of observations.

    Args:
        x: A matrix, or a vector of observations of one variable.
        y: Further variables.
        rowvar: Whether variables are rows; False for columns.
        correction: What to subtract from the number of observations.
        ddof: NumPy's name of it.
        fweights: How often each observation was made: integers.
        aweights: How much each observation counts.

    Raises:
        ShapeError: If there are more axes than two, or not one weight for each observation.
    """
    tensor = as_tensor(x)
    if tensor.ndim > 2:
        raise ShapeError(
            f"cov(): expected input to have two or fewer dimensions but got {tensor.ndim}."
        )
    rows = reshape(tensor, (1, -1)) if tensor.ndim < 2 else tensor if rowvar else tensor.T
    if y is not None:
        more = as_tensor(y)
        rows = op.concatenate(
            [rows, reshape(more, (1, -1)) if more.ndim < 2 else more if rowvar else more.T]
        )
    weights = _weights(rows, fweights, aweights)
    total = float(rows.shape[1]) if weights is None else sum(weights, dtype=weights.dtype)
    lost: Any = float(correction if ddof is None else ddof)
    if aweights is not None and lost:
        lost = lost * sum(weights * as_tensor(aweights)) / total
    mass = rows if weights is None else rows * weights
    centred = rows - expand_dims(sum(mass, 1), 1) / total
    count = total - lost
    count = max(count, 0.0) if isinstance(count, float) else where(count < 0, 0.0, count)
    heavy = centred if weights is None else centred * weights
    found = divide(matmul(heavy, op.conjugated(centred).T), count)
    return reshape(found, ()) if found.array.shape == (1, 1) else found


def _weights(rows: Tensor, fweights: Any, aweights: Any) -> Tensor | None:
    weights: Tensor | None = None
    for name, given, kinds in (("fweights", fweights, "iu"), ("aweights", aweights, "f")):
        if given is None:
            continue
        tensor = as_tensor(given)
        if tensor.ndim > 1 or tensor.size != rows.shape[1]:
            raise ShapeError(
                f"cov(): expected {name} to have the same numel as there are observations in the "
                f"input but got {tensor.size} != {rows.shape[1]}."
            )
        if tensor.dtype.kind not in kinds:
            raise DtypeError(f"cov(): {name} of dtype {tensor.dtype} were given.")
        if bool((numbers_of(tensor) < 0).any()):
            raise ArgumentError(f"cov(): {name} cannot be negative.")
        # As PyTorch: summed in the dtype they are given in.
        weights = tensor if weights is None else astype(weights, tensor.dtype) * tensor
    return weights


@method
def corrcoef(x: Any) -> Tensor:
    """Correlations of variables, the rows of a matrix of observations.

    Raises:
        ShapeError: If there are more axes than two.
    """
    tensor = as_tensor(x)
    if tensor.ndim > 2:
        raise ShapeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got {tensor.ndim}."
        )
    covariances = cov(tensor)
    if not covariances.ndim:
        return covariances / covariances
    spread = sqrt(op.diagonal(covariances))
    return covariances / expand_dims(spread, 1) / expand_dims(spread, 0)
