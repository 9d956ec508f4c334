"""Norms and distances by PyTorch's names, and finite differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.operation import attach, method, op, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.axes import axis_of
from thalweg.ops.elementwise import where
from thalweg.ops.indexing import take
from thalweg.ops.norms import norm_of_vectors
from thalweg.ops.parts_of_axes import part_of
from thalweg.ops.reductions import as_floating, sum
from thalweg.ops.shaping import (
    broadcast_to,
    concatenate,
    expand_dims,
    normalize_axes,
    reshape,
    transpose,
)

__all__ = [
    "cdist",
    "dist",
    "gradient",
    "pdist",
    "renorm",
]


def _norm_of(
    x: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """Norm of the elements over some axes, by default of all.

    Args:
        x: A tensor.
        p: A number, for (Σ |x|ᵖ)^(1/p); "fro" for 2; "nuc" for the sum of singular values.
        dim: An axis, several, or None for all.
        keepdim: Whether reduced axes stay, with extent 1.
        dtype: What to compute in.

    Raises:
        ArgumentError: If there is no norm of that name.
    """
    tensor = as_floating(x, dtype)
    if p == "nuc":
        found: Tensor = op.matrix_norm(tensor, ord="nuc", keepdims=keepdim)
        return found
    if isinstance(p, str) and p != "fro":
        raise ArgumentError(f"norm got p={p!r}; it wants a number, 'fro' or 'nuc'.")
    axes = normalize_axes("norm", None if dim in ((), []) else dim, tensor.ndim)
    return norm_of_vectors(tensor, 2.0 if p in ("fro", None) else float(p), axes, keepdim)


attach("norm", _norm_of, replace=True)


@method
def dist(x: Any, y: Any, p: float = 2.0) -> Tensor:
    """Norm of a difference: (Σ |x - y|ᵖ)^(1/p) over all elements."""
    difference = as_floating(x, None) - as_tensor(y)
    return norm_of_vectors(difference, float(p), tuple(range(difference.ndim)), False)


@operation
def cdist(
    x: Any, y: Any, p: float = 2.0, compute_mode: str | None = None, *, x1: Any = None
) -> Tensor:
    """Distances between every row of x and every row of y, in stacks of matrices.

    Args:
        x: Rows of shape (…, m, k).
        y: Rows of shape (…, n, k); the leading axes broadcast.
        p: The order of the norm.
        compute_mode: Always by differences, which cancel nothing.
        x1: PyTorch's name of x.

    Raises:
        ShapeError: If the rows have different extents, or there are no rows.
    """
    a, b = as_tensor(x), as_tensor(y)
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-1]:
        raise ShapeError(
            f"cdist: X1 and X2 must have the same number of columns and two axes at least; the "
            f"shapes are {a.shape} and {b.shape}."
        )
    if p < 0:
        raise ArgumentError(f"cdist only supports non-negative p values, and {p} was given.")
    difference = expand_dims(a, -2) - expand_dims(b, -3)
    if not difference.shape[-1]:
        return sum(difference, -1)
    return norm_of_vectors(difference, float(p), (difference.ndim - 1,), False)


@operation
def pdist(x: Any, p: float = 2.0) -> Tensor:
    """Distances of the rows of a matrix from all later rows: of n rows n (n - 1) / 2.

    Raises:
        ShapeError: If x is no matrix.
    """
    rows = as_tensor(x)
    if rows.ndim != 2:
        raise ShapeError(
            f"pdist only supports 2D tensors, got: {rows.ndim}D. Give a matrix of one row a point."
        )
    one, other = np.triu_indices(rows.shape[0], 1)
    difference = take(rows, one, axis=0) - take(rows, other, axis=0)
    return norm_of_vectors(difference, float(p), 1, False)


@method(inplace=True)
def renorm(x: Any, p: float, axis: int, maxnorm: float) -> Tensor:
    """Scale the slices along an axis down to norms of at most `maxnorm`.

    Raises:
        ArgumentError: If the order or the largest norm is not positive.
        ShapeError: If there are fewer than two axes.
    """
    tensor = as_tensor(x)
    if p <= 0 or maxnorm < 0:
        raise ArgumentError(
            f"renorm: non-positive-norm not supported; it got p={p} and maxnorm={maxnorm}."
        )
    if tensor.ndim < 2:
        raise ShapeError(f"renorm: input needs at least 2 dimensions, got {tensor.ndim}.")
    place = axis_of("renorm", axis, tensor.ndim)
    others = tuple(i for i in range(tensor.ndim) if i != place)
    norms = norm_of_vectors(tensor, float(p), others, True)
    factor = where(norms > maxnorm, maxnorm / (norms + 1e-7), 1.0)
    return tensor * factor


# ---- finite differences


def _spacings(name: str, given: tuple[Any, ...], axes: tuple[int, ...]) -> list[Any]:
    if not given:
        return [1.0] * len(axes)
    if len(given) == 1 and np.ndim(given[0]) == 0 and not isinstance(given[0], Tensor):
        return [given[0]] * len(axes)
    _require_one_each(name, given, len(axes))
    return list(given)


def _require_one_each(name: str, spacing: Sequence[Any], axes: int) -> None:
    if len(spacing) != axes:
        raise ArgumentError(
            f"{name} expected spacing to be unspecified, a scalar or a list of length {axes}, one "
            f"for each axis, and got {len(spacing)}."
        )


@operation
def gradient(
    x: Any,
    *varargs: Any,
    axis: Any = None,
    edge_order: int = 1,
    spacing: Any = None,
    dim: Any = None,
) -> Any:
    """Estimate derivatives along axes by central differences; one-sided at the ends.

    Args:
        x: Values of a function at the points of a grid.
        varargs: Distances of the points, one for all axes or one an axis; or their positions.
        axis: An axis, several, or None for all.
        edge_order: The order of the differences at the ends, 1 or 2.
        spacing: PyTorch's way to give the distances.
        dim: PyTorch's name of the axes.

    Raises:
        ShapeError: If an axis has too few points, or not as many as positions.
    """
    tensor = as_floating(x, None)
    if isinstance(spacing, (tuple, list)):
        _require_one_each("gradient", spacing, tensor.ndim if dim is None else np.size(dim))
    if dim is not None or spacing is not None:
        return _as_list(_gradients(tensor, _listed(spacing), dim, edge_order))
    found = _gradients(tensor, varargs, axis, edge_order)
    single = axis is not None and not isinstance(axis, (tuple, list))
    return found[0] if single or len(found) == 1 else _as_list(found)


def _as_list(found: list[Tensor]) -> tuple[Tensor, ...]:
    return tuple(found)


def _listed(spacing: Any) -> tuple[Any, ...]:
    if spacing is None:
        return ()
    return tuple(spacing) if isinstance(spacing, (tuple, list)) else (spacing,)


def _gradients(x: Tensor, given: tuple[Any, ...], axis: Any, edge_order: int) -> list[Tensor]:
    named = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = (
        tuple(range(x.ndim))
        if axis is None
        else tuple(axis_of("gradient", one, x.ndim) for one in named)
    )
    if len(set(axes)) < len(axes):
        raise ArgumentError(f"gradient: dim {axis} appears multiple times in the list of dims.")
    if edge_order not in (1, 2):
        raise ArgumentError(
            f"gradient only supports edge_order=1 and edge_order=2, not {edge_order}."
        )
    steps = _spacings("gradient", given, axes)
    return [_along(x, a, step, edge_order) for a, step in zip(axes, steps, strict=True)]


def _along(x: Tensor, axis: int, step: Any, edge_order: int) -> Tensor:
    extent = x.shape[axis] if x.ndim else 0
    if extent < edge_order + 1:
        raise ShapeError(
            f"gradient expected each dimension size to be at least {edge_order + 1}; the shape is "
            f"{x.shape}."
        )
    points = as_tensor(step)
    if points.ndim == 0:
        widths: Any = broadcast_to(reshape(points, (1,)), (extent - 1,))
    elif points.ndim == 1 and points.shape[0] == extent:
        widths = part_of(points, 0, 1, extent) - part_of(points, 0, 0, extent - 1)
    else:
        raise ShapeError(
            f"gradient expected as many coordinates as there are points, {extent}; it got shape "
            f"{points.shape}."
        )
    order = (*(i for i in range(x.ndim) if i != axis), axis)
    last = transpose(x, order)
    found = _along_last(last, widths, edge_order)
    return transpose(found, tuple(int(i) for i in np.argsort(order)))


def _along_last(x: Tensor, widths: Tensor, edge_order: int) -> Tensor:
    n, place = x.shape[-1], x.ndim - 1

    def at(start: int, stop: int) -> Tensor:
        return part_of(x, place, start, stop)

    def width(start: int, stop: int) -> Tensor:
        return part_of(widths, 0, start, stop)

    before, after = width(0, n - 2), width(1, n - 1)
    inside = (
        at(2, n) * before / (after * (before + after))
        + at(1, n - 1) * (after - before) / (before * after)
        - at(0, n - 2) * after / (before * (before + after))
    )
    if edge_order == 1:
        first = (at(1, 2) - at(0, 1)) / width(0, 1)
        last = (at(n - 1, n) - at(n - 2, n - 1)) / width(n - 2, n - 1)
    else:
        h, k = width(0, 1), width(1, 2)
        first = (
            at(1, 2) * (h + k) / (h * k)
            - at(0, 1) * (2.0 * h + k) / (h * (h + k))
            - at(2, 3) * h / (k * (h + k))
        )
        h, k = width(n - 3, n - 2), width(n - 2, n - 1)
        last = (
            at(n - 1, n) * (2.0 * k + h) / (k * (h + k))
            - at(n - 2, n - 1) * (h + k) / (h * k)
            + at(n - 3, n - 2) * k / (h * (h + k))
        )
    return concatenate([first, inside, last], axis=place)
