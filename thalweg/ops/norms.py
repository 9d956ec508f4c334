"""Norms of vectors and matrices, with NumPy's signature."""

from __future__ import annotations

from typing import Any

from thalweg.core.operation import method
from thalweg.core.spec import FLOAT64
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, UnsupportedOperation
from thalweg.ops.arranging import ravel
from thalweg.ops.complex_numbers import real, squared_magnitude
from thalweg.ops.elementwise import absolute, equal, not_equal, power, sqrt, where
from thalweg.ops.extremes import max, min
from thalweg.ops.reductions import sum
from thalweg.ops.shaping import astype, normalize_axis, restore_axes

__all__ = [
    "norm",
]

_INFINITY = float("inf")


@method
def norm(
    x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, *, p: Any = None
) -> Tensor:
    """Norm of a vector or a matrix; √Σ x² by default.

    The derivative of a norm at 0 is taken as 0.

    Args:
        x: A tensor.
        ord: For vectors a number p, for (Σ |x|ᵖ)^(1/p); inf and -inf give the largest and the
            smallest |x|, 0 the number of nonzeros. For matrices "fro", or 1, -1, inf, -inf for
            the largest and smallest column sum and row sum of |x|.
        axis: An axis for vectors, two for matrices; by default all of a vector or matrix.
        keepdims: Whether reduced axes stay, with extent 1.
        p: PyTorch's order, of all elements together: `x.norm(p)`.

    Raises:
        UnsupportedOperation: If a norm needs singular values (2, -2 and "nuc" of matrices).
        ArgumentError: If there is no norm of that order or over that many axes.

    Example:
        >>> import thalweg as tw
        >>> tw.norm(tw.Tensor([3.0, 4.0]))
        tensor(5.)
    """
    tensor = as_tensor(x)
    if p is not None:
        found: Tensor = tensor.norm(p, axis, keepdims)
        return found
    if tensor.dtype.kind not in "fc":
        tensor = astype(tensor, FLOAT64)
    if axis is None and ord is None:
        flat = _euclidean(ravel(tensor), 0, False)
        return restore_axes(flat, tensor.shape, tuple(range(tensor.ndim))) if keepdims else flat
    given = tuple(range(tensor.ndim)) if axis is None else axis
    axes = [
        normalize_axis("norm", a, tensor.ndim)
        for a in (given if isinstance(given, (tuple, list)) else (given,))
    ]
    if len(axes) == 1:
        return norm_of_vectors(tensor, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(tensor, ord, axes[0], axes[1], keepdims)
    raise ArgumentError(
        f"norm got {len(axes)} axes with ord {ord}; it wants one axis for vectors or two for "
        "matrices. Give axis, or leave ord out."
    )


def _euclidean(x: Tensor, axis: Any, keepdims: bool) -> Tensor:
    total = sum(squared_magnitude(x), axis, keepdims=keepdims)
    # The root has no finite derivative at 0, so 0 is kept away from it.
    zero = equal(total, 0)
    return where(zero, 0, sqrt(where(zero, 1, total)))


def norm_of_vectors(x: Tensor, ord: Any, axis: Any, keepdims: bool) -> Tensor:
    """Return (Σ |x|ᵖ)^(1/p) over some axes; the meaning of each p is that of `norm`."""
    if ord is None or ord == 2:
        return _euclidean(x, axis, keepdims)
    if isinstance(ord, str):
        raise ArgumentError(f"norm got ord {ord!r} for vectors; it wants a number or None.")
    if ord == 0:
        return sum(astype(not_equal(x, 0), real(x).dtype), axis, keepdims=keepdims)
    size = absolute(x)
    # Nothing has the norm 0.
    if ord == 1 or (ord == _INFINITY and not x.size):
        return sum(size, axis, keepdims=keepdims)
    if ord in (_INFINITY, -_INFINITY):
        extreme: Tensor = (max if ord > 0 else min)(size, axis, keepdims)
        return extreme
    return _power_sum(size, ord, axis, keepdims)


def _power_sum(size: Tensor, ord: float, axis: Any, keepdims: bool) -> Tensor:
    # Powers have no finite derivative at 0 either: neither those of the elements, nor the root.
    zero = equal(size, 0)
    powers = where(zero, 0.0 if ord > 0 else _INFINITY, power(where(zero, 1, size), ord))
    total = sum(powers, axis, keepdims=keepdims)
    zero = equal(total, 0)
    return where(zero, 0.0 if ord > 0 else _INFINITY, power(where(zero, 1, total), 1.0 / ord))


def _matrix_norm(x: Tensor, ord: Any, rows: int, columns: int, keepdims: bool) -> Tensor:
    if ord is None or ord == "fro":
        return _euclidean(x, (rows, columns), keepdims)
    if ord in (2, -2, "nuc"):
        raise UnsupportedOperation(
            f"norm got ord {ord!r} for matrices, which needs singular values. "
            "Use the Frobenius norm, ord='fro'."
        )
    if ord not in (1, -1, _INFINITY, -_INFINITY):
        raise ArgumentError(f"norm got ord {ord!r}; matrices have 'fro', 1, -1, inf and -inf.")
    along = rows if ord in (1, -1) else columns
    sums = sum(absolute(x), along, keepdims=True)
    extreme = max if ord > 0 else min
    result: Tensor = extreme(sums, (rows, columns), keepdims)
    return result
