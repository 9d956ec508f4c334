"""Distributions of shares: of one part of a whole, and of all its parts."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from thalweg import torch
from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.combined.transformed import TransformedDistribution
from thalweg.torch.distributions.continuous.uniform import Uniform
from thalweg.torch.distributions.distribution import ExponentialFamily
from thalweg.torch.distributions.transforms.elementwise import AffineTransform, PowerTransform
from thalweg.torch.distributions.utils import broadcast_all
from thalweg.torch.functions.random_counts import dirichlet_draws

__all__ = ["Beta", "Dirichlet", "Kumaraswamy"]


class Dirichlet(ExponentialFamily):
    """Dirichlet's distribution of shares that add up to 1, of density ∏ xₖ^(aₖ - 1) / B(a).

    Args:
        concentration: The numbers aₖ, above 0; shape (…, parts).
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If the concentration has no axis.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Dirichlet(torch.tensor([1.0, 3.0])).mean
        tensor([0.2500, 0.7500])
    """

    arg_constraints: ClassVar[Any] = {
        "concentration": constraints.independent(constraints.positive, 1)
    }
    support = constraints.simplex
    has_rsample = True
    _mean_carrier_measure = 0

    mean = property(lambda self: self.concentration / self.concentration.sum(-1, keepdim=True))
    _natural_params = property(lambda self: (self.concentration,))

    def __init__(self, concentration: Any, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ArgumentError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        shape = concentration.shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw shares that change with each number as their distribution functions do."""
        return dirichlet_draws(self.concentration.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        a = self.concentration
        powers = torch.xlogy(a - 1, self._checked(value)).sum(-1)
        return powers - self._log_normalizer(a)

    @property
    def mode(self) -> Any:
        """(aₖ - 1) / Σ (a - 1); of numbers that are all below 1 a corner, of some none below 0."""
        above = (self.concentration - 1).clamp(min=0)
        found = above / above.sum(-1, keepdim=True)
        corner = (self.concentration < 1).all(-1, keepdim=True)
        places = torch.arange(above.shape[-1])
        highest = places == found.argmax(-1, keepdim=True)
        return torch.where(corner, highest.to(found.dtype), found)

    @property
    def variance(self) -> Any:
        """M (1 - m) / (Σa + 1) of the mean m."""
        mean = self.mean
        return mean * (1 - mean) / (self.concentration.sum(-1, keepdim=True) + 1)

    def entropy(self) -> Any:
        """Return ln B(a) + (Σa - K) ψ(Σa) - Σ (a - 1) ψ(a)."""
        a = self.concentration
        total = a.sum(-1)
        slopes = (total - a.shape[-1]) * total.digamma() - ((a - 1) * a.digamma()).sum(-1)
        return self._log_normalizer(a) + slopes

    def _log_normalizer(self, x: Any) -> Any:
        return x.lgamma().sum(-1) - x.sum(-1).lgamma()


class Beta(ExponentialFamily):
    """The beta distribution, of density xᵃ⁻¹ (1 - x)ᵇ⁻¹ / B(a, b).

    Args:
        concentration1: a, above 0.
        concentration0: b, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Beta(1.0, 3.0).mean
        tensor(0.2500)
    """

    arg_constraints: ClassVar[Any] = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    concentration1 = property(lambda self: self._dirichlet.concentration[..., 0])
    concentration0 = property(lambda self: self._dirichlet.concentration[..., 1])
    mean = property(lambda self: self.concentration1 / (self.concentration1 + self.concentration0))
    mode = property(lambda self: self._dirichlet.mode[..., 0])
    variance = property(lambda self: self._dirichlet.variance[..., 0])
    _natural_params = property(lambda self: (self.concentration1, self.concentration0))

    def __init__(
        self, concentration1: Any, concentration0: Any, validate_args: bool | None = None
    ) -> None:
        both = torch.stack(broadcast_all(concentration1, concentration0), -1)
        self._dirichlet = Dirichlet(both, validate_args=validate_args)
        super().__init__(both.shape[:-1], validate_args=validate_args)

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        return {"_dirichlet": self._dirichlet.expand(shape)}

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw shares that change with the parameters as their distribution function does."""
        return self._dirichlet.rsample(sample_shape)[..., 0]

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        value = self._checked(value)
        return self._dirichlet.log_prob(torch.stack([value, 1 - value], -1))

    def entropy(self) -> Any:
        """Return the entropy."""
        return self._dirichlet.entropy()

    def _log_normalizer(self, x: Any, y: Any) -> Any:
        return x.lgamma() + y.lgamma() - (x + y).lgamma()


class Kumaraswamy(TransformedDistribution):
    """Kumaraswamy's distribution, of distribution function 1 - (1 - xᵃ)ᵇ.

    Args:
        concentration1: a, above 0.
        concentration0: b, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Kumaraswamy(1.0, 1.0).mean
        tensor(0.5000)
    """

    arg_constraints: ClassVar[Any] = Beta.arg_constraints
    support = constraints.unit_interval

    mean = property(lambda self: self._moment(1))

    def __init__(
        self, concentration1: Any, concentration0: Any, validate_args: bool | None = None
    ) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        one = torch.ones_like(self.concentration1)
        base = Uniform(0 * one, one, validate_args=validate_args)
        steps = [
            PowerTransform(self.concentration0.reciprocal()),
            AffineTransform(1.0, -1.0),
            PowerTransform(self.concentration1.reciprocal()),
        ]
        super().__init__(base, steps, validate_args=validate_args)

    def _moment(self, order: int) -> Any:
        """Return E[xⁿ] = b B(1 + n/a, b)."""
        b, first = self.concentration0, 1 + order / self.concentration1
        return torch.exp(b.log() + first.lgamma() + b.lgamma() - (first + b).lgamma())

    @property
    def mode(self) -> Any:
        """((a - 1)/(ab - 1))^(1/a), of a and b from 1."""
        a, b = self.concentration1, self.concentration0
        inside = (a >= 1) & (b >= 1) & (a * b > 1)
        found = ((a - 1) / torch.where(inside, a * b - 1, 1.0)).clamp(min=0) ** a.reciprocal()
        return torch.where(inside, found, math.nan)

    @property
    def variance(self) -> Any:
        """The second moment less the square of the first."""
        return self._moment(2) - self._moment(1).square()

    def entropy(self) -> Any:
        """Return the entropy."""
        a, b = self.concentration1, self.concentration0
        harmonic = torch.digamma(b + 1) + np.euler_gamma
        return (1 - b.reciprocal()) + (1 - a.reciprocal()) * harmonic - a.log() - b.log()
