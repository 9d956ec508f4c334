"""Distributions of vectors and matrices: multinomial, Dirichlet's, normal and Wishart's."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.operation import op
from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.elementwise.exponential import exp, log, xlogy
from thalweg.ops.elementwise.rounding import floor
from thalweg.ops.linalg.diagonals import diagonal
from thalweg.ops.linalg.matrices import cholesky, solve_triangular
from thalweg.ops.special.gamma import lgamma, mvlgamma
from thalweg.ops.stats.families import same_kind
from thalweg.ops.stats.symmetric import HALF_LOG_TWO_PI


class Multinomial:
    """Multinomial distribution, of probabilities n! ∏ pᵢ^xᵢ / xᵢ! of the counts x.

    Counts and probabilities lie along the last axis.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.multinomial.pmf(tw.tensor([1.0, 1.0]), 2, [0.5, 0.5])
        tensor(0.5000)
    """

    def logpmf(self, x: Any, n: Any, p: Any) -> Any:
        """Logarithm of the probability of the counts x; -∞ unless they are whole and sum to n."""
        counts, shares, total = as_floating(x), as_floating(p), as_floating(n)
        wrong = op.any((counts < 0) | (floor(counts) != counts), axis=-1)
        outside = wrong | (op.sum(counts, axis=-1) != total)
        safe = where(counts < 0, 0.0, counts)
        found = lgamma(total + 1.0) + op.sum(xlogy(safe, shares) - lgamma(safe + 1.0), axis=-1)
        found = where(outside, -math.inf, found)
        close = op.absolute(op.sum(shares, axis=-1) - 1.0) < 1e-6
        valid = close & op.all(shares >= 0, axis=-1) & (total >= 0)
        return same_kind(where(valid, found, math.nan), x, n, p)

    def pmf(self, x: Any, n: Any, p: Any) -> Any:
        """Probability of the counts x."""
        return same_kind(exp(self.logpmf(as_floating(x), n, p)), x, n, p)


class Dirichlet:
    """Dirichlet's distribution, of density ∏ xᵢ^(αᵢ - 1) · Γ(Σ αᵢ) / ∏ Γ(αᵢ).

    As in SciPy the shares lie along the first axis of x, and the last of them may be left out.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.dirichlet.logpdf(tw.tensor([0.5, 0.5]), [1.0, 1.0])
        tensor(0.)
    """

    def logpdf(self, x: Any, alpha: Any) -> Any:
        """Logarithm of the density at x; -∞ outside of the simplex."""
        shares, shapes = as_floating(x), as_floating(alpha)
        count = shapes.shape[0]
        if shares.shape[:1] == (count - 1,):
            rest = 1.0 - op.sum(shares, axis=0, keepdims=True)
            shares = op.concatenate([shares, rest], axis=0)
        if shares.shape[:1] != (count,):
            raise ShapeError(
                f"dirichlet got x of shape {shares.shape} and alpha of shape {shapes.shape}; it "
                f"wants {count} or {count - 1} shares along the first axis of x."
            )
        powers = op.reshape(shapes - 1.0, (count,) + (1,) * (shares.ndim - 1))
        outside = op.any((shares < 0) | (shares > 1), axis=0)
        outside = outside | (op.absolute(op.sum(shares, axis=0) - 1.0) > 1e-9)
        safe = where((shares < 0) | (shares > 1), 0.5, shares)
        size = op.sum(lgamma(shapes)) - lgamma(op.sum(shapes))
        found = where(outside, -math.inf, op.sum(xlogy(powers, safe), axis=0) - size)
        return same_kind(where(op.all(shapes > 0), found, math.nan), x, alpha)

    def pdf(self, x: Any, alpha: Any) -> Any:
        """Density at x."""
        return same_kind(exp(self.logpdf(as_floating(x), alpha)), x, alpha)


def _half_log_determinant(factor: Tensor) -> Any:
    return op.sum(log(diagonal(factor)))


class MultivariateNormal:
    """Multivariate normal distribution, of density e^(-dᵀ cov⁻¹ d / 2) / √|2π cov|, d = x - mean.

    The numbers of a vector lie along the last axis of x.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.multivariate_normal.logpdf(tw.tensor([0.0, 0.0]), [0.0, 0.0], 1.0)
        tensor(-1.8379)
    """

    def logpdf(self, x: Any, mean: Any = None, cov: Any = 1) -> Any:
        """Logarithm of the density at x; `cov` is a matrix, a diagonal of one, or a number."""
        point, matrix = as_floating(x), as_floating(cov)
        centre = as_floating(0.0 if mean is None else mean)
        extents = [v.shape[-1] for v in (centre, matrix) if v.ndim] or [1]
        extent = extents[0]
        if matrix.ndim < 2:
            matrix = op.eye(extent, dtype=matrix.dtype) * matrix
        if point.ndim == 0 or (extent == 1 and point.shape[-1] != 1):
            point = op.reshape(point, (*point.shape, 1))
        factor = cholesky(matrix)
        apart = point - centre
        rows = op.reshape(apart, (-1, extent))
        whitened = solve_triangular(factor, op.transpose(rows), upper=False)
        distance = op.reshape(op.sum(whitened * whitened, axis=0), apart.shape[:-1])
        size = extent * HALF_LOG_TWO_PI + _half_log_determinant(factor)
        return same_kind(-0.5 * distance - size, x, mean, cov)

    def pdf(self, x: Any, mean: Any = None, cov: Any = 1) -> Any:
        """Density at x."""
        return same_kind(exp(self.logpdf(as_floating(x), mean, cov)), x, mean, cov)


class Wishart:
    """Wishart's distribution of positive definite matrices, of degrees df and a scale matrix V.

    Its density is |x|^((df - p - 1)/2) e^(-tr(V⁻¹ x)/2) / (2^(df p/2) |V|^(df/2) Γₚ(df/2)).

    Example:
        >>> import thalweg as tw
        >>> tw.stats.wishart.logpdf(tw.tensor([[2.0]]), 2.0, [[1.0]])
        tensor(-1.6931)
    """

    def logpdf(self, x: Any, df: Any, scale: Any) -> Any:
        """Logarithm of the density at a matrix x, or at those along its last axis."""
        point, degrees, matrix = as_floating(x), as_floating(df), as_floating(scale)
        extent = matrix.shape[-1]
        if point.shape[:2] != (extent, extent) or point.ndim > 3:
            raise ShapeError(
                f"wishart got x of shape {point.shape} and a scale of shape {matrix.shape}; it "
                f"wants a matrix of {extent} by {extent}, or such matrices along a third axis."
            )
        points = op.moveaxis(point, -1, 0) if point.ndim == 3 else point
        factor, root = cholesky(matrix), cholesky(points)
        roots = op.moveaxis(root, 0, -1) if point.ndim == 3 else root
        half = solve_triangular(factor, op.reshape(roots, (extent, -1)), upper=False)
        squares = op.reshape(half * half, roots.shape)
        trace = op.sum(squares, axis=(0, 1))
        determinant = 2.0 * op.sum(log(diagonal(root, axis1=-2, axis2=-1)), axis=-1)
        size = 0.5 * math.log(2.0) * extent * degrees + degrees * _half_log_determinant(factor)
        size = size + mvlgamma(0.5 * degrees, extent)
        found = 0.5 * (degrees - extent - 1.0) * determinant - 0.5 * trace - size
        return same_kind(found, x, df, scale)

    def pdf(self, x: Any, df: Any, scale: Any) -> Any:
        """Density at x."""
        return same_kind(exp(self.logpdf(as_floating(x), df, scale)), x, df, scale)


multinomial, dirichlet = Multinomial(), Dirichlet()
multivariate_normal, wishart = MultivariateNormal(), Wishart()
