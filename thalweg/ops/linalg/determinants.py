"""Determinants, and the minors that are their derivatives at singular matrices too.

The derivative of a determinant is the matrix of cofactors, det(x) x⁻ᵀ where x has an inverse.
With x = U S Vᴴ it is det(U) det(Vᴴ) Ū C V̄ᴴ, where the diagonal matrix C holds the products of the
other singular values: exact at singular matrices of any rank, of which it has rank one or none.
Derivatives are holomorphic ones, transposed without conjugation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import general
from thalweg.core.spec import SINGLE_OR_DOUBLE, Spec, real_dtype
from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.complex import imag
from thalweg.ops.linalg.decompositions import inverse_of, turned
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.reshape import expand_dims

Array = np.ndarray[Any, Any]


def _times(factor: Tensor, x: Tensor) -> Tensor:
    """Multiply each matrix of a stack by its own number."""
    return expand_dims(expand_dims(factor, -1), -1) * x


@general(
    lambda x: Spec(x.shape[:-2], x.dtype),
    lambda g, out, x: _times(g, op.cofactors_of(x)),
    takes=SINGLE_OR_DOUBLE,
)
def determinant_of(x: Array) -> Array:
    """Determinant of square matrices."""
    return np.asarray(np.linalg.det(x))


@general(
    lambda x: Spec(x.shape[:-2], real_dtype(x.dtype)),
    lambda g, out, x: _times(g, turned(inverse_of(x))),
    takes=SINGLE_OR_DOUBLE,
)
def log_of_determinant(x: Array) -> Array:
    """Logarithm of the magnitude of the determinant of square matrices."""
    return np.asarray(np.linalg.slogdet(x)[1])


def _sign_rule(g: Tensor, out: Tensor, x: Tensor) -> Tensor:
    """Return the cotangent of a sign on the circle, which turns by Im tr(x⁻¹ dx)."""
    if x.dtype.kind != "c":
        return x * 0.0
    return _times(imag(g * out) * 1j, turned(inverse_of(x)))


@general(lambda x: Spec(x.shape[:-2], x.dtype), _sign_rule, takes=SINGLE_OR_DOUBLE)
def sign_of_determinant(x: Array) -> Array:
    """Sign of the determinant of square matrices: -1, 0 or 1; of complex ones on the circle."""
    return np.asarray(np.linalg.slogdet(x)[0])


@general(lambda x: x, lambda g, out, x: op.minors_along(x, g), takes=SINGLE_OR_DOUBLE)
def cofactors_of(x: Array) -> Array:
    """Cofactors of square matrices: the derivative of the determinant by each element."""
    inverse = _inverse_if_regular(x)
    if inverse is not None:
        found: Array = np.linalg.det(x)[..., None, None] * np.swapaxes(inverse, -1, -2)
        return found
    left, values, right, sign = _rotated(x)
    singular: Array = sign * left @ (_products_without(values, 1)[..., None] * right)
    return singular


def _third_rule(w: Tensor, out: Tensor, x: Tensor, g: Tensor) -> Tensor:
    """Return the third derivative of the determinant along g and w, of invertible matrices."""
    inverse = inverse_of(x)
    along_g, along_w = matmul(inverse, g), matmul(inverse, w)
    trace_g, trace_w = _trace(along_g), _trace(along_w)
    both, swapped = matmul(along_g, along_w), matmul(along_w, along_g)
    found = _times(trace_g * trace_w - _trace(both), inverse)
    found = found - _times(trace_w, matmul(along_g, inverse))
    found = found - _times(trace_g, matmul(along_w, inverse))
    found = found + matmul(both + swapped, inverse)
    return _times(determinant_of(x), turned(found))


def _trace(x: Tensor) -> Tensor:
    from_diagonal: Tensor = sum(x.diagonal(axis1=-2, axis2=-1), axis=-1)
    return from_diagonal


@general(
    lambda x, g: x,
    _third_rule,
    lambda w, out, x, g: op.minors_along(x, w),
    takes=SINGLE_OR_DOUBLE,
)
def minors_along(x: Array, g: Array) -> Array:
    """Derivative of the cofactors of square matrices, summed with weights g."""
    inverse = _inverse_if_regular(x)
    if inverse is not None:
        along = inverse @ g
        trace = np.trace(along, axis1=-2, axis2=-1)[..., None, None]
        found = np.swapaxes(trace * inverse - along @ inverse, -1, -2)
        regular: Array = np.linalg.det(x)[..., None, None] * found
        return regular
    left, values, right, sign = _rotated(x)
    turned_g = np.swapaxes(left, -1, -2) @ g @ np.swapaxes(right, -1, -2)
    pairs = _products_without(values, 2)
    diagonal = np.einsum("...kk,...ik->...i", turned_g, pairs)
    inner = -np.swapaxes(turned_g, -1, -2) * pairs
    np.einsum("...ii->...i", inner)[...] = diagonal
    singular: Array = sign * left @ inner @ right
    return singular


def _inverse_if_regular(x: Array) -> Array | None:
    """Return the inverses of matrices if all have one that keeps half of the digits."""
    try:
        inverse: Array = np.linalg.inv(x)
    except np.linalg.LinAlgError:
        return None
    with np.errstate(all="ignore"):
        condition = (
            np.abs(x).sum(axis=-1) * np.abs(inverse).sum(axis=-1).max(-1, initial=0)[..., None]
        )
    regular = condition.max(initial=0) < np.finfo(x.dtype).eps ** -0.5
    return inverse if regular and np.isfinite(np.linalg.det(x)).all() else None


def _rotated(x: Array) -> tuple[Array, Array, Array, Array]:
    """Return Ū, the singular values, V̄ᴴ, and det(U) det(Vᴴ)."""
    u, s, vh = np.linalg.svd(x)
    sign = (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    return np.conjugate(u), s, np.conjugate(vh), sign


def _products_without(values: Array, count: int) -> Array:
    """Return the products of a row's values but one, or but each two of them; 0 without a pair."""
    n = values.shape[-1]
    apart = ~np.eye(n, dtype=bool)
    found: Array
    if count == 1:
        found = np.where(apart, values[..., None, :], 1.0).prod(axis=-1, dtype=values.dtype)
        return found
    kept = apart[:, None, :] & apart[None, :, :]
    found = np.where(kept, values[..., None, None, :], 1.0).prod(axis=-1, dtype=values.dtype)
    return np.where(apart, found, 0.0).astype(values.dtype)
