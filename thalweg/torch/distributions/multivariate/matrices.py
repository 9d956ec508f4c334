"""Distributions of matrices: of covariances, and of factors of correlations."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from thalweg import torch
from thalweg.autodiff.modes import no_grad
from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.continuous.positive import Chi2
from thalweg.torch.distributions.continuous.shares import Beta
from thalweg.torch.distributions.distribution import Distribution, ExponentialFamily
from thalweg.torch.distributions.multivariate.normal import (
    Covariance,
    log_diagonal,
    product,
    require_single,
)
from thalweg.torch.distributions.utils import floats, vec_to_tril_matrix
from thalweg.torch.size import TorchSize as Size

__all__ = ["LKJCholesky", "Wishart"]


def mvdigamma(x: Any, p: int) -> Any:
    """Return the derivative of the logarithm of the multivariate gamma function."""
    return torch.digamma(x.unsqueeze(-1) - torch.arange(p, dtype=x.dtype) / 2).sum(-1)


class Wishart(Covariance, ExponentialFamily):
    """Wishart's distribution: of sums of x xᵀ of ν normal vectors x of mean 0.

    Args:
        df: ν, above n - 1; also a fraction.
        covariance_matrix: The vectors' covariance Σ; shape (…, n, n).
        precision_matrix: Its inverse, instead.
        scale_tril: Its lower Cholesky factor, instead.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If there is not exactly one matrix, or ν is too small.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Wishart(torch.tensor(3.0), torch.eye(2)).mean
        tensor([[3., 0.],
                [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self,
        df: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if not require_single(covariance_matrix, precision_matrix, scale_tril):
            raise WrongMatrices(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        (matrix,) = (m for m in given.values() if m is not None)
        if matrix.ndim < 2:
            raise ArgumentError(
                "scale_tril must be at least two-dimensional, with optional leading batch "
                "dimensions"
            )
        (df,) = floats(df)
        df = df.to(matrix.dtype)
        shape, event = self._state(given, df.shape), matrix.shape[-2:]
        self.df = df.expand(shape)
        if not df.is_symbolic and (self.df <= event[-1] - 1).any():
            raise ArgumentError(
                f"Value of df={df} expected to be greater than ndim - 1 = {event[-1] - 1}."
            )
        super().__init__(shape, event, validate_args=validate_args)
        self._set_factor()

    @property
    def arg_constraints(self) -> dict[str, Any]:
        """The degrees of freedom are bounded by the size of the matrices."""
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self._n - 1),
        }

    @property
    def _n(self) -> int:
        return int(self._event_shape[-1])

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        return {**super()._expanded_parts(shape), "_factor": self._factor}

    def _freedom(self) -> Any:
        return self.df.reshape(*self._batch_shape, 1, 1)

    @property
    def mean(self) -> Any:
        """ν Σ."""
        return self._freedom() * self.covariance_matrix

    @property
    def mode(self) -> Any:
        """(ν - n - 1) Σ, of ν above n + 1."""
        factor = self._freedom() - self._n - 1
        return torch.where(factor > 0, factor, math.nan) * self.covariance_matrix

    @property
    def variance(self) -> Any:
        """ν (Σᵢⱼ² + Σᵢᵢ Σⱼⱼ), of each element."""
        sigma = self.covariance_matrix
        diagonal = sigma.diagonal(dim1=-2, dim2=-1)
        outer = diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2)
        return self._freedom() * (sigma.square() + outer)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw L A Aᵀ Lᵀ of Bartlett's triangular A: χ on its diagonal, normal numbers below."""
        n, shape = self._n, Size(sample_shape) + self._batch_shape
        freedom = self.df.unsqueeze(-1) - torch.arange(n, dtype=self.df.dtype)
        roots = Chi2(freedom, validate_args=False).rsample(sample_shape).sqrt()
        whole = roots.diag_embed()
        if n > 1:
            below = torch.randn((*shape, n * (n - 1) // 2), dtype=self.df.dtype)
            whole = whole + vec_to_tril_matrix(below, diag=-1)
        return product(self._factor @ whole)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        value, nu, n = self._checked(value), self.df, self._n
        norm = nu * (n * math.log(2) / 2 + log_diagonal(self._factor)) + torch.mvlgamma(nu / 2, n)
        trace = (self.precision_matrix * value).sum((-2, -1))
        return (nu - n - 1) / 2 * torch.linalg.slogdet(value)[1] - trace / 2 - norm

    def entropy(self) -> Any:
        """Return the entropy."""
        nu, n = self.df, self._n
        own = (n + 1) * (n * math.log(2) / 2 + log_diagonal(self._factor))
        slope = (nu - n - 1) / 2 * mvdigamma(nu / 2, n)
        return own + torch.mvlgamma(nu / 2, n) - slope + n * nu / 2

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return (-self.precision_matrix / 2, (self.df - self._n - 1) / 2)

    def _log_normalizer(self, x: Any, y: Any) -> Any:
        n = self._n
        half = y + (n + 1) / 2
        return half * (n * math.log(2) - torch.linalg.slogdet(-2 * x)[1]) + torch.mvlgamma(half, n)


class WrongMatrices(ArgumentError, AssertionError):
    """Two ways to state a covariance, or none."""


class LKJCholesky(Distribution):
    """The distribution of Cholesky factors of correlation matrices R, of density det(R)^(η-1).

    Args:
        dim: The number of rows, at least 2.
        concentration: η, above 0: all matrices are as likely of 1, and closer to I above it.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If the dimension is below 2.

    Source:
        Lewandowski, Kurowicka and Joe, "Generating random correlation matrices based on vines and
        extended onion method", 2009.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.LKJCholesky(2).log_prob(torch.eye(2))
        tensor(-0.6931)
    """

    arg_constraints: ClassVar[Any] = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(
        self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None
    ) -> None:
        if dim < 2:
            raise ArgumentError(
                f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}."
            )
        self.dim = dim
        (self.concentration,) = floats(concentration)
        shape = self.concentration.size()
        super().__init__(shape, (dim, dim), validate_args=validate_args)

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        return {**super()._expanded_parts(shape), "dim": self.dim}

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw by the onion method: rows of uniform directions, of beta distributed lengths."""
        dtype, n = self.concentration.dtype, self.dim
        with no_grad():
            eta = self.concentration.detach().unsqueeze(-1)
            before = torch.arange(1, n, dtype=dtype)
            # The first row, of which nothing is free, draws a length of its own as PyTorch's does.
            before = torch.cat([before[:1], before])
            beta = Beta(before / 2, eta + (n - 1 - before) / 2, validate_args=False)
            length = beta.sample(sample_shape)[..., 1:].sqrt()
            free = torch.randn(self._extended_shape(sample_shape), dtype=dtype).tril(-1)[..., 1:, :]
            rows = free / free.square().sum(-1, keepdim=True).sqrt() * length.unsqueeze(-1)
            whole = torch.cat([torch.zeros_like(rows[..., :1, :]), rows], -2)
            rest = (1 - whole.square().sum(-1)).clamp(min=float(np.finfo(dtype).tiny))
            return whole + rest.sqrt().diag_embed()

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density: Σ (n - k + 2η - 2) ln Lₖₖ, less its constant."""
        n, eta = self.dim, self.concentration
        diagonal = self._checked(value).diagonal(dim1=-2, dim2=-1)[..., 1:]
        order = 2 * (eta - 1).unsqueeze(-1) + n - torch.arange(2, n + 1, dtype=eta.dtype)
        power = eta + (n - 1) / 2
        norm = torch.mvlgamma(power - 0.5, n - 1) - (n - 1) * torch.lgamma(power)
        return (order * diagonal.log()).sum(-1) - norm - (n - 1) / 2 * math.log(math.pi)
