"""Quantiles over axes, by all methods of NumPy, of weighted elements, and without what is NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import arguments_of, op, operation
from thalweg.core.spec import FLOAT64
from thalweg.core.tensor import Tensor, as_tensor, astype, is_known
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.elementwise.comparison import equal, less, logical_and, logical_not, where
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.elementwise.rounding import floor
from thalweg.ops.index.take import take_along_axis
from thalweg.ops.order.sort import order_along
from thalweg.ops.reduce.statistics import weights_along
from thalweg.ops.reduce.sums import any, cumsum, sum
from thalweg.ops.shape.axes import normalize_axes, without
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.ops.shape.transpose import moveaxis

__all__ = ["nanpercentile", "nanquantile", "percentile", "quantile"]

# Hyndman & Fan (1996), "Sample Quantiles in Statistical Packages": the place of a share q among n
# elements, counted from 0, is n q + α + q (1 - α - β) - 1.
_PLOTTING: dict[str, tuple[float, float]] = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}

_DISCRETE = ("inverted_cdf", "closest_observation", "lower", "higher", "nearest")

_METHODS = (*_DISCRETE, "linear", "midpoint", "averaged_inverted_cdf", *_PLOTTING)


def _quantile(
    name: str,
    leave_out: bool,
    x: Any,
    q: Any,
    axis: Any = None,
    keepdims: bool = False,
    *,
    method: str = "linear",
    interpolation: str | None = None,
    weights: Any = None,
    overwrite_input: bool = False,
) -> Tensor:
    method = interpolation or method
    tensor, share = as_tensor(x), as_tensor(q)
    if tensor.dtype.kind not in "fc" and (method not in _DISCRETE or tensor.dtype.kind == "b"):
        tensor = as_floating(tensor, None)
    _require_shares(name, tensor, share, method, weights)
    if share.weak and tensor.dtype.kind == "f":
        share = astype(share, tensor.dtype)
    axes = normalize_axes(name, axis, tensor.ndim)
    rows, heavy = _as_rows(tensor, axes), None
    if weights is not None:
        heavy = _as_rows(weights_along(name, weights, tensor, axis), axes)
    found = moveaxis(_of_last_axis(rows, reshape(share, (-1,)), method, heavy, leave_out), -1, 0)
    kept = [1 if i in axes else n for i, n in enumerate(tensor.shape)]
    return reshape(found, (*share.shape, *(kept if keepdims else without(tensor.shape, axes))))


def _as_rows(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Return a tensor whose axes to reduce are one, the last."""
    rest = [i for i in range(x.ndim) if i not in axes]
    return reshape(op.transpose(x, (*rest, *axes)), (*(x.shape[i] for i in rest), -1))


def _require_shares(name: str, x: Tensor, share: Tensor, method: str, weights: Any) -> None:
    if not x.size:
        raise ShapeError(f"{name}() input tensor must be non-empty; its shape is {x.shape}.")
    if share.ndim > 1:
        raise ShapeError(f"{name}() q must be a scalar or 1D tensor; its shape is {share.shape}.")
    if x.dtype.kind == "c":
        raise DtypeError(f"{name}() got complex numbers, which have no order. Give their parts.")
    if method not in _METHODS:
        raise ArgumentError(
            f"{name}() interpolation must be one of {', '.join(_METHODS)}, but got {method!r}."
        )
    if weights is not None and method != "inverted_cdf":
        raise ArgumentError(
            f"{name}() got weights and method {method!r}; quantiles of weighted elements are those "
            "of method='inverted_cdf' alone. Say so."
        )
    if share.dtype != x.dtype and not share.weak and share.dtype.kind not in "fiu":
        raise DtypeError(f"{name}() q tensor must be same dtype as the input tensor.")
    if is_known(share) and bool(((share.array < 0) | (share.array > 1)).any()):
        raise ArgumentError(f"{name}() q must be in the range [0, 1] but got {share.tolist()}.")


def _of_last_axis(
    rows: Tensor, share: Tensor, method: str, weights: Tensor | None, leave_out: bool
) -> Tensor:
    place = rows.ndim - 1
    missing = isnan(rows)
    order = order_along(rows, axis=place, descending=False)
    ordered = take_along_axis(rows, order, axis=place)
    count: Any = float(rows.shape[-1])
    if weights is not None:
        if leave_out:
            weights = where(missing, 0.0, astype(weights, FLOAT64))
        rank = _weighted_rank(take_along_axis(weights, order, axis=place), share)
        return _with_nan(_at_rank(ordered, rank), missing, leave_out)
    if leave_out:
        count = sum(astype(logical_not(missing), share.dtype), -1, keepdims=True)
    last = where(count < 1, 0.0, count - 1.0) if leave_out else count - 1.0
    rank, part = _rank_and_part(count, last, share, method)
    low = _at_rank(ordered, _within(floor(rank), last))
    if part is None:
        return _with_nan(low, missing, leave_out)
    high = _at_rank(ordered, _within(floor(rank) + 1.0, last))
    return _with_nan(_between(low, high, part), missing, leave_out)


def _rank_and_part(count: Any, last: Any, share: Tensor, method: str) -> tuple[Tensor, Any]:
    """Return the place of a share among ordered elements, and the weight of the one after it."""
    if method in ("linear", "midpoint", "lower", "higher", "nearest"):
        rank = share * last
        if method in ("lower", "higher", "nearest"):
            rounded: Any = {"lower": floor, "higher": op.ceil, "nearest": op.rint}[method]
            return rounded(rank), None
        part = rank - floor(rank)
        half = astype(where(equal(part, 0), 0.0, 0.5), rank.dtype)
        return rank, part if method == "linear" else half
    if method in _PLOTTING:
        alpha, beta = _PLOTTING[method]
        rank = share * count + (alpha + share * (1.0 - alpha - beta)) - 1.0
        return rank, rank - floor(rank)
    rank = share * count - (1.5 if method == "closest_observation" else 1.0)
    whole = equal(rank, floor(rank))
    if method == "averaged_inverted_cdf":
        return rank, astype(where(whole, 0.5, 1.0), rank.dtype)
    if method == "closest_observation":
        whole = logical_and(whole, equal(op.remainder(rank, 2.0), 1.0))
    return where(whole, floor(rank), floor(rank) + 1.0), None


def _within(rank: Tensor, last: Any) -> Tensor:
    return op.minimum(op.maximum(rank, 0.0), last)


def _between(low: Tensor, high: Tensor, part: Any) -> Tensor:
    # From the nearer of both, as NumPy, so that the last digit is its.
    apart = high - low
    return where(less(part, 0.5), low + apart * part, high - apart * (1.0 - part))


def _weighted_rank(weights: Tensor, share: Tensor) -> Tensor:
    """Return the place of the first ordered element up to which a share of the weight lies."""
    sums = cumsum(astype(weights, FLOAT64), -1)
    total = sums[..., -1:]
    below = astype(sums / total, share.dtype) if share.dtype.kind == "f" else sums / total
    # Elements of no weight at the start are never found.
    below = where(equal(below, 0), -1.0, below)
    before = less(expand_dims(below, -2), expand_dims(share, -1))
    rank = sum(astype(before, FLOAT64), -1)
    return op.minimum(rank, weights.shape[-1] - 1.0)


def _at_rank(ordered: Tensor, rank: Tensor) -> Tensor:
    positions = astype(rank, np.int64)
    shape = (*ordered.shape[:-1], positions.shape[-1])
    return take_along_axis(ordered, op.broadcast_to(positions, shape), axis=ordered.ndim - 1)


def _with_nan(found: Tensor, missing: Tensor, leave_out: bool) -> Tensor:
    if leave_out or found.dtype.kind != "f":
        return found
    return where(any(missing, -1, True), float("nan"), found)


@operation
def quantile(
    x: Any,
    q: Any,
    axis: Any = None,
    keepdims: bool = False,
    *,
    method: str = "linear",
    interpolation: str | None = None,
    weights: Any = None,
    overwrite_input: bool = False,
) -> Tensor:
    """Return the element that a share q of the others lies below; by default of all.

    Args:
        x: A tensor.
        q: A number from 0 to 1, or a vector of them, which becomes the first axis.
        axis: An axis, several, or None for all.
        keepdims: Whether reduced axes stay, with extent 1.
        method: Between two elements: NumPy's methods, "linear", "lower", "higher", "midpoint",
            "nearest", "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
            "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased".
        interpolation: PyTorch's name of it.
        weights: How much each element counts, with method "inverted_cdf"; as many as elements, or
            as elements along the axis.
        overwrite_input: NumPy's; the input is never changed.

    Raises:
        ShapeError: If there are no elements, or the weights have another shape.
        ArgumentError: If q is not a share, the method is unknown or takes no weights.

    Example:
        >>> import thalweg as tw
        >>> tw.quantile(tw.tensor([3.0, 1.0, 2.0]), 0.5, weights=[5, 1, 1], method="inverted_cdf")
        tensor(3.)
    """
    kind = interpolation or method
    return _quantile("quantile", False, x, q, axis, keepdims, method=kind, weights=weights)


@operation
@arguments_of(quantile)
def nanquantile(x: Any, q: Any, *args: Any, **named: Any) -> Tensor:
    """Return the quantile of what is not NaN; arguments as `quantile`'s."""
    return _quantile("nanquantile", True, x, q, *args, **named)


@operation
@arguments_of(quantile)
def percentile(x: Any, q: Any, *args: Any, **named: Any) -> Tensor:
    """Return the quantile of q in percent, from 0 to 100; other arguments as `quantile`'s.

    Example:
        >>> import thalweg as tw
        >>> tw.percentile(tw.tensor([1.0, 2.0, 3.0]), [0, 50])
        tensor([1., 2.])
    """
    return _quantile("percentile", False, x, op.divide(q, 100), *args, **named)


@operation
@arguments_of(quantile)
def nanpercentile(x: Any, q: Any, *args: Any, **named: Any) -> Tensor:
    """Return the percentile of what is not NaN; arguments as `percentile`'s."""
    return _quantile("nanpercentile", True, x, op.divide(q, 100), *args, **named)
