"""Normal distributions of vectors."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from thalweg import torch
from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.combined.transformed import TransformedDistribution
from thalweg.torch.distributions.continuous.normal import Normal
from thalweg.torch.distributions.distribution import Distribution
from thalweg.torch.distributions.transforms.vectors import StickBreakingTransform
from thalweg.torch.distributions.utils import lazy_property
from thalweg.torch.size import TorchSize as Size

__all__ = ["LogisticNormal", "LowRankMultivariateNormal", "MultivariateNormal"]

_LOG_TAU = math.log(math.tau)


def log_diagonal(factor: Any) -> Any:
    """Return the sums of the logarithms of diagonals: ln det of triangular matrices."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def solved(factor: Any, right: Any) -> Any:
    """Return L⁻¹ B of lower triangular L, whose batches broadcast."""
    shape = np.broadcast_shapes(factor.shape[:-2], right.shape[:-2])
    left = factor.expand(*shape, *factor.shape[-2:])
    right = right.expand(*shape, *right.shape[-2:])
    return torch.linalg.solve_triangular(left, right, upper=False)


def whitened(factor: Any, difference: Any) -> Any:
    """Return the lengths, squared, of L⁻¹ d."""
    return solved(factor, difference.unsqueeze(-1)).squeeze(-1).square().sum(-1)


def factor_of_precision(precision: Any) -> Any:
    """Return the lower Cholesky factor of the inverse of P.

    P = U Uᵀ of an upper triangular U, the factor of P read backwards, and so P⁻¹ = U⁻ᵀ U⁻¹.
    """
    lower = torch.linalg.cholesky(precision.flip((-2, -1))).flip((-2, -1)).mT
    identity = torch.eye(precision.shape[-1], dtype=precision.dtype)
    return solved(lower, identity)


def product(factor: Any) -> Any:
    """Return L Lᵀ."""
    return factor @ factor.mT


def require_matrix(name: str, matrix: Any) -> None:
    """Refuse what has fewer than two axes."""
    if matrix.ndim < 2:
        raise ArgumentError(
            f"{name} must be at least two-dimensional, with optional leading batch dimensions"
        )


class Covariance(Distribution):
    """What has a covariance: as a matrix, as its inverse or as its lower Cholesky factor."""

    _factor: Any

    @lazy_property
    def scale_tril(self) -> Any:
        """The lower Cholesky factor of the covariance."""
        return self._of_batch(self._factor)

    @lazy_property
    def covariance_matrix(self) -> Any:
        """The covariance matrix."""
        return self._of_batch(product(self._factor))

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance matrix."""
        return self._of_batch(torch.cholesky_inverse(self._factor))

    def _of_batch(self, matrix: Any) -> Any:
        return matrix.expand(*self._batch_shape, *matrix.shape[-2:])

    def _state(self, given: dict[str, Any], batch_shape: Any, suffix: str = "") -> Any:
        """Keep the one matrix that is given, and its factor; return the shape of the batch."""
        ((name, matrix),) = ((name, m) for name, m in given.items() if m is not None)
        require_matrix(name + suffix, matrix)
        shape = Size(np.broadcast_shapes(matrix.shape[:-2], batch_shape))
        self.__dict__[name] = matrix.expand(*shape, *matrix.shape[-2:])
        self._given = name, matrix
        return shape

    def _set_factor(self) -> None:
        """Compute the factor, after the matrix was checked."""
        name, matrix = self.__dict__.pop("_given")
        if name == "covariance_matrix":
            self._factor = torch.linalg.cholesky(matrix)
        else:
            is_factor = name == "scale_tril"
            self._factor = matrix if is_factor else factor_of_precision(matrix)


def require_single(*matrices: Any) -> bool:
    """Tell whether exactly one is given."""
    return sum(matrix is not None for matrix in matrices) == 1


class MultivariateNormal(Covariance):
    """The normal distribution of vectors.

    Args:
        loc: The mean; shape (…, n).
        covariance_matrix: The covariance Σ; shape (…, n, n).
        precision_matrix: Its inverse, instead.
        scale_tril: Its lower Cholesky factor, instead: the fastest.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If there is not exactly one matrix, or a parameter has too few axes.

    Example:
        >>> import thalweg.torch as torch
        >>> d = torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2))
        >>> d.log_prob(torch.zeros(2))
        tensor(-1.8379)
    """

    arg_constraints: ClassVar[Any] = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    mean = mode = property(lambda self: self.loc)

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.ndim < 1:
            raise ArgumentError("loc must be at least one-dimensional.")
        if not require_single(covariance_matrix, precision_matrix, scale_tril):
            raise ArgumentError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        suffix = " matrix" if scale_tril is not None else ""
        shape = self._state(given, loc.shape[:-1], suffix)
        self.loc = loc.expand(*shape, loc.shape[-1])
        super().__init__(shape, self.loc.shape[-1:], validate_args=validate_args)
        self._set_factor()

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        return {**super()._expanded_parts(shape), "_factor": self._factor}

    @property
    def variance(self) -> Any:
        """The diagonal of the covariance."""
        return self._factor.square().sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw μ + L z of standard normal z."""
        z = torch.randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + (self._factor @ z.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        distance = whitened(self._factor, self._checked(value) - self.loc)
        n = self._event_shape[0]
        return -0.5 * (n * _LOG_TAU + distance) - log_diagonal(self._factor)

    def entropy(self) -> Any:
        """Return n/2 (1 + ln 2π) + ½ ln det Σ."""
        found = 0.5 * self._event_shape[0] * (1 + _LOG_TAU) + log_diagonal(self._factor)
        return found.expand(self._batch_shape)


class LowRankMultivariateNormal(Distribution):
    """The normal distribution of vectors of covariance W Wᵀ + diag(D), of few columns W.

    All is computed of the small matrix K = I + Wᵀ D⁻¹ W: Σ⁻¹ by Woodbury's identity, ln det Σ by
    the determinant lemma.

    Args:
        loc: The mean; shape (…, n).
        cov_factor: W; shape (…, n, m).
        cov_diag: D, above 0; shape (…, n).
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If the shapes do not fit.

    Example:
        >>> import thalweg.torch as torch
        >>> d = torch.distributions
        >>> d.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2, 1), torch.ones(2)).variance
        tensor([2., 2.])
    """

    arg_constraints: ClassVar[Any] = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True

    mean = mode = property(lambda self: self.loc)

    def __init__(
        self, loc: Any, cov_factor: Any, cov_diag: Any, validate_args: bool | None = None
    ) -> None:
        if loc.ndim < 1:
            raise ArgumentError("loc must be at least one-dimensional.")
        require_matrix("cov_factor", cov_factor)
        event = loc.shape[-1:]
        if cov_factor.shape[-2:-1] != event:
            raise ArgumentError(f"cov_factor must be a batch of matrices with shape {event[0]} x m")
        if cov_diag.shape[-1:] != event:
            raise ArgumentError(f"cov_diag must be a batch of vectors with shape {event!r}")
        shapes = loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1]
        shape = Size(np.broadcast_shapes(*shapes))
        self.loc = loc.expand(*shape, *event)
        self.cov_factor = cov_factor.expand(*shape, *cov_factor.shape[-2:])
        self.cov_diag = cov_diag.expand(*shape, *event)
        super().__init__(shape, event, validate_args=validate_args)

    def _weighted(self) -> Any:
        """Return Wᵀ D⁻¹."""
        return self.cov_factor.mT / self.cov_diag.unsqueeze(-2)

    @lazy_property
    def _small(self) -> Any:
        """The lower Cholesky factor of K."""
        identity = torch.eye(self.cov_factor.shape[-1], dtype=self.loc.dtype)
        return torch.linalg.cholesky(identity + self._weighted() @ self.cov_factor)

    @property
    def variance(self) -> Any:
        """The diagonal of the covariance."""
        return self.cov_factor.square().sum(-1) + self.cov_diag

    @lazy_property
    def covariance_matrix(self) -> Any:
        """W Wᵀ + diag(D)."""
        return product(self.cov_factor) + self.cov_diag.diag_embed()

    @lazy_property
    def scale_tril(self) -> Any:
        """The lower Cholesky factor of the covariance."""
        root = self.cov_diag.sqrt().unsqueeze(-1)
        identity = torch.eye(self._event_shape[0], dtype=self.loc.dtype)
        return root * torch.linalg.cholesky(identity + product(self.cov_factor / root))

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        part = solved(self._small, self._weighted())
        return self.cov_diag.reciprocal().diag_embed() - part.mT @ part

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw μ + W z + √D y of standard normal z and y."""
        shape, dtype = self._extended_shape(sample_shape), self.loc.dtype
        z = torch.randn((*shape[:-1], self.cov_factor.shape[-1]), dtype=dtype)
        y = torch.randn(shape, dtype=dtype)
        moved = (self.cov_factor @ z.unsqueeze(-1)).squeeze(-1)
        return self.loc + moved + self.cov_diag.sqrt() * y

    def distance(self, difference: Any) -> Any:
        """Return dᵀ Σ⁻¹ d."""
        small = (self._weighted() @ difference.unsqueeze(-1)).squeeze(-1)
        own = (difference.square() / self.cov_diag).sum(-1)
        return own - whitened(self._small, small)

    def log_determinant(self) -> Any:
        """Return ln det Σ."""
        return 2 * log_diagonal(self._small) + self.cov_diag.log().sum(-1)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        distance = self.distance(self._checked(value) - self.loc)
        return -0.5 * (self._event_shape[0] * _LOG_TAU + self.log_determinant() + distance)

    def entropy(self) -> Any:
        """Return n/2 (1 + ln 2π) + ½ ln det Σ."""
        return 0.5 * (self._event_shape[0] * (1 + _LOG_TAU) + self.log_determinant())


class LogisticNormal(TransformedDistribution):
    """The distribution of shares that stick breaking makes of normal numbers.

    Args:
        loc: The means of the numbers; shape (…, n).
        scale: Their standard deviations, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.LogisticNormal(torch.zeros(2), torch.ones(2)).event_shape
        torch.Size([3])
    """

    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True

    loc = property(lambda self: self.base_dist.base_dist.loc)
    scale = property(lambda self: self.base_dist.base_dist.scale)

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        base = base if base.batch_shape else base.expand((1,))
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)
