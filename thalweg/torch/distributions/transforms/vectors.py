"""Transforms of vectors and matrices: onto simplices, factors of correlations, and others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg import torch
from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.transforms.elementwise import _Alike, _softplus, inner_sigmoid
from thalweg.torch.distributions.transforms.transform import Transform, require_rank, reshaped
from thalweg.torch.distributions.utils import tril_matrix_to_vec, vec_to_tril_matrix
from thalweg.torch.size import TorchSize as Size

__all__ = [
    "CorrCholeskyTransform", "LowerCholeskyTransform", "PositiveDefiniteTransform",
    "ReshapeTransform", "SoftmaxTransform", "StickBreakingTransform",
]  # fmt: skip


class SoftmaxTransform(_Alike):
    """y = eˣ / Σ eˣ over the last axis, of which the inverse gives ln y.

    Example:
        >>> import thalweg.torch as torch
        >>> SoftmaxTransform()(torch.zeros(2))
        tensor([0.5000, 0.5000])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x: Any) -> Any:
        return torch.softmax(x, -1)

    def _inverse(self, y: Any) -> Any:
        return y.log()

    def forward_shape(self, shape: Any) -> Any:
        """Return the shape, which has an axis."""
        require_rank(shape, 1)
        return shape

    inverse_shape = forward_shape


def _beside(x: Any, first: bool) -> Any:
    """Return vectors with a 1 before or after them."""
    one = torch.ones_like(x[..., :1])
    return torch.cat([one, x] if first else [x, one], -1)


class StickBreakingTransform(_Alike):
    """Shares of a stick, of which each number breaks a part off: (…, n) to a simplex (…, n + 1).

    The k-th part is σ(xₖ - ln(n + 1 - k)) of what is left, so that zeros give equal shares.

    Example:
        >>> import thalweg.torch as torch
        >>> StickBreakingTransform()(torch.zeros(1))
        tensor([0.5000, 0.5000])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def _offset(self, n: int, like: Any) -> Any:
        """Return ln(n), …, ln(1)."""
        return torch.arange(n, 0, -1, dtype=like.dtype).log()

    def _call(self, x: Any) -> Any:
        part = inner_sigmoid(x - self._offset(x.shape[-1], x))
        left = (1 - part).cumprod(-1)
        return _beside(part, first=False) * _beside(left, first=True)

    def _inverse(self, y: Any) -> Any:
        parts = y[..., :-1]
        left = (1 - parts.cumsum(-1)).clamp(min=float(np.finfo(y.dtype).tiny))
        return parts.log() - left.log() + self._offset(parts.shape[-1], y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return Σ ln yₖ + ln(1 - σ) of the first n shares."""
        moved = x - self._offset(x.shape[-1], x)
        return (y[..., :-1].log() - _softplus(moved)).sum(-1)

    def forward_shape(self, shape: Any) -> Any:
        """Return the shape with its last extent 1 longer."""
        require_rank(shape, 1)
        return Size((*shape[:-1], shape[-1] + 1))

    def inverse_shape(self, shape: Any) -> Any:
        """Return the shape with its last extent 1 shorter."""
        require_rank(shape, 1)
        return Size((*shape[:-1], shape[-1] - 1))


class CorrCholeskyTransform(Transform):
    """Vectors (…, n (n - 1)/2) to Cholesky factors (…, n, n) of correlation matrices.

    Each row is a point of a sphere: elements in (-1, 1), tanh of the numbers, each a share of what
    length the elements before it leave.

    Source:
        Lewandowski, Kurowicka and Joe, "Generating random correlation matrices based on vines and
        extended onion method", 2009.

    Example:
        >>> import thalweg.torch as torch
        >>> CorrCholeskyTransform()(torch.zeros(1))
        tensor([[1., 0.],
                [0., 1.]])
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Any) -> Any:
        eps = float(np.finfo(x.dtype).eps)
        share = vec_to_tril_matrix(torch.tanh(x).clamp(min=-1 + eps, max=1 - eps), diag=-1)
        left = (1 - share.square()).sqrt().cumprod(-1)
        whole = share + torch.eye(share.shape[-1], dtype=share.dtype)
        return whole * _beside(left[..., :-1], first=True)

    def _inverse(self, y: Any) -> Any:
        # What is left of each row's length before each element; the diagonal takes all the rest.
        left = 1 - y.square().cumsum(-1)
        share = (
            tril_matrix_to_vec(y, diag=-1)
            / tril_matrix_to_vec(_beside(left[..., :-1], first=True), diag=-1).sqrt()
        )
        return torch.atanh(share)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return the sum of halves of ln of what is left, and of ln(1 - tanh² x)."""
        left = tril_matrix_to_vec(1 - y.square().cumsum(-1), diag=-2)
        slopes = 2 * (math.log(2) - x - _softplus(-2 * x))
        return 0.5 * left.log().sum(-1) + slopes.sum(-1)

    def forward_shape(self, shape: Any) -> Any:
        """Return the shape of matrices that vectors of a shape become."""
        require_rank(shape, 1)
        n = round((0.25 + 2 * shape[-1]) ** 0.5 + 0.5)
        if n * (n - 1) // 2 != shape[-1]:
            raise ArgumentError("Input is not a flattened lower-diagonal number")
        return Size((*shape[:-1], n, n))

    def inverse_shape(self, shape: Any) -> Any:
        """Return the shape of vectors that become matrices of a shape."""
        require_rank(shape, 2)
        if shape[-2] != shape[-1]:
            raise ArgumentError("Input is not square")
        return Size((*shape[:-2], shape[-1] * (shape[-1] - 1) // 2))


def _with_diagonal(x: Any, diagonal: Any) -> Any:
    """Return what is below the diagonal, and another diagonal."""
    return x.tril(-1) + diagonal.diag_embed()


def _diagonal(x: Any) -> Any:
    return x.diagonal(dim1=-2, dim2=-1)


class LowerCholeskyTransform(_Alike):
    """Matrices to lower triangular ones whose diagonal is e to what it was.

    Example:
        >>> import thalweg.torch as torch
        >>> LowerCholeskyTransform()(torch.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x: Any) -> Any:
        return _with_diagonal(x, _diagonal(x).exp())

    def _inverse(self, y: Any) -> Any:
        return _with_diagonal(y, _diagonal(y).log())


class PositiveDefiniteTransform(_Alike):
    """Matrices to positive definite ones L Lᵀ, of L as `LowerCholeskyTransform` makes it.

    Example:
        >>> import thalweg.torch as torch
        >>> PositiveDefiniteTransform()(torch.zeros(1, 1))
        tensor([[1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def _call(self, x: Any) -> Any:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Any) -> Any:
        return LowerCholeskyTransform().inv(torch.linalg.cholesky(y))


class ReshapeTransform(Transform):
    """Values of one shape to another shape.

    Args:
        in_shape: The shape of a value.
        out_shape: The shape it gets, of as many elements.
        cache_size: As for `Transform`.

    Raises:
        ArgumentError: If the numbers of elements differ.

    Example:
        >>> import thalweg.torch as torch
        >>> ReshapeTransform((4,), (2, 2))(torch.zeros(3, 4)).shape
        torch.Size([3, 2, 2])
    """

    bijective = True

    def __init__(self, in_shape: Any, out_shape: Any, cache_size: int = 0) -> None:
        self.in_shape, self.out_shape = Size(in_shape), Size(out_shape)
        if math.prod(self.in_shape) != math.prod(self.out_shape):
            raise ArgumentError("in_shape, out_shape have different numbers of elements")
        super().__init__(cache_size=cache_size)

    domain = property(lambda self: constraints.independent(constraints.real, len(self.in_shape)))
    codomain = property(lambda self: constraints.independent(constraints.real, len(self.out_shape)))

    def with_cache(self, cache_size: int = 1) -> Any:
        """Return the transform with a cache of that size."""
        if self._cache_size == cache_size:
            return self
        return ReshapeTransform(self.in_shape, self.out_shape, cache_size=cache_size)

    def _call(self, x: Any) -> Any:
        return x.reshape(x.shape[: x.ndim - len(self.in_shape)] + self.out_shape)

    def _inverse(self, y: Any) -> Any:
        return y.reshape(y.shape[: y.ndim - len(self.out_shape)] + self.in_shape)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return 0, of each value."""
        return torch.zeros(x.shape[: x.ndim - len(self.in_shape)], dtype=x.dtype)

    def forward_shape(self, shape: Any) -> Any:
        """Return the shape with its end changed."""
        return reshaped(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Any) -> Any:
        """Return the shape with its end changed back."""
        return reshaped(shape, self.out_shape, self.in_shape)
