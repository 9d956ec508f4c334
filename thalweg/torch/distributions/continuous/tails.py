"""Distributions of what is above a threshold, and of directions."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from thalweg import stats, torch
from thalweg.autodiff.modes import no_grad
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.distribution import Distribution
from thalweg.torch.distributions.utils import are_numbers, broadcast_all
from thalweg.torch.functions.random_counts import von_mises_draws

__all__ = ["GeneralizedPareto", "VonMises"]


class GeneralizedPareto(Distribution):
    """The distribution of excesses over a threshold: P(x > μ + σz) = (1 + ξz)^(-1/ξ).

    Args:
        loc: The threshold μ.
        scale: The scale σ, above 0.
        concentration: The shape ξ: exponential of 0, heavy tails above it, bounded below it.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.GeneralizedPareto(0.0, 1.0, 0.5).mean
        tensor(2.)
    """

    arg_constraints: ClassVar[Any] = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True

    mode = property(lambda self: self.loc)

    def __init__(
        self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None
    ) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        shape = () if are_numbers(loc, scale, concentration) else self.loc.shape
        super().__init__(shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """From the threshold on; of ξ < 0 up to μ - σ/ξ."""
        upper = torch.where(
            self.concentration < 0, self.loc - self.scale / self.concentration, math.inf
        )
        return constraints.interval(self.loc, upper)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw quantiles of uniform numbers."""
        return self.icdf(torch.rand(self._extended_shape(sample_shape), dtype=self.loc.dtype))

    def _shape(self) -> tuple[Any, Any]:
        """Return where ξ is 0, and ξ with 1 in place of it."""
        zero = torch.isclose(self.concentration, torch.zeros_like(self.concentration))
        return zero, torch.where(zero, 1.0, self.concentration)

    def _z(self, value: Any) -> Any:
        return (self._checked(value) - self.loc) / self.scale

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        z = self._z(value)
        zero, shape = self._shape()
        found = (1 / shape + 1) * torch.log1p(torch.where(zero, 0.0, shape * z))
        return -self.scale.log() - torch.where(zero, z, found)

    def log_survival_function(self, value: Any) -> Any:
        """Return the logarithm of the probability of values above one."""
        z = self._z(value)
        zero, shape = self._shape()
        return -torch.where(zero, z, torch.log1p(torch.where(zero, 0.0, shape * z)) / shape)

    def log_cdf(self, value: Any) -> Any:
        """Return the logarithm of the probability of values up to one."""
        return torch.log1p(-torch.exp(self.log_survival_function(value)))

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        return torch.exp(self.log_cdf(value))

    def icdf(self, value: Any) -> Any:
        """Return the value up to which samples are with a probability."""
        zero, shape = self._shape()
        rest = torch.log1p(-value)
        z = torch.where(zero, -rest, torch.expm1(-shape * rest) / shape)
        return self.loc + self.scale * z

    @property
    def mean(self) -> Any:
        """μ + σ / (1 - ξ), of ξ below 1."""
        finite = self.concentration < 1
        found = self.loc + self.scale / torch.where(finite, 1 - self.concentration, 1.0)
        return torch.where(finite, found, math.nan)

    @property
    def variance(self) -> Any:
        """σ² / ((1 - ξ)² (1 - 2ξ)), of ξ below ½."""
        finite = self.concentration < 0.5
        xi = torch.where(finite, self.concentration, 0.25)
        found = self.scale.square() / ((1 - xi).square() * (1 - 2 * xi))
        return torch.where(finite, found, math.nan)

    def entropy(self) -> Any:
        """Return ln σ + ξ + 1."""
        return self.scale.log() + self.concentration + 1


class VonMises(Distribution):
    """Von Mises' distribution of angles, of density exp(κ cos(x - μ)) / 2π I₀(κ).

    Args:
        loc: The mean direction μ, in radians.
        concentration: κ, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.VonMises(torch.tensor(0.0), torch.tensor(1.0)).variance
        tensor(0.5536)
    """

    arg_constraints: ClassVar[Any] = {
        "loc": constraints.real,
        "concentration": constraints.positive,
    }
    support = constraints.real

    mean = mode = property(lambda self: self.loc)

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw angles from -π to π."""
        shape = self._extended_shape(sample_shape)
        with no_grad():
            kappa = self.concentration.detach().double().expand(shape)
            found = von_mises_draws(kappa, stats.vonmises.ppf)
            angles = (found + math.pi + self.loc.detach().double()) % math.tau - math.pi
            return angles.to(self.loc.dtype)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        kappa = self.concentration
        norm = torch.log(torch.special.i0e(kappa)) + kappa + math.log(math.tau)
        return kappa * torch.cos(self._checked(value) - self.loc) - norm

    @property
    def variance(self) -> Any:
        """1 - I₁(κ)/I₀(κ), that of directions: 1 less the length of their mean."""
        kappa = self.concentration
        return 1 - torch.special.i1e(kappa) / torch.special.i0e(kappa)
