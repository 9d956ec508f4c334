"""Exponential and gamma distributions, and what is made of them, on positive numbers."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from thalweg import torch
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.combined.transformed import TransformedDistribution
from thalweg.torch.distributions.distribution import Distribution, ExponentialFamily, expanded
from thalweg.torch.distributions.transforms.elementwise import (
    AffineTransform,
    ExpTransform,
    PowerTransform,
)
from thalweg.torch.distributions.utils import are_numbers, broadcast_all
from thalweg.torch.functions.random_counts import gamma_draws

__all__ = ["Chi2", "Exponential", "FisherSnedecor", "Gamma", "InverseGamma", "Pareto", "Weibull"]


class Exponential(ExponentialFamily):
    """The exponential distribution, of density λ exp(-λx).

    Args:
        rate: λ, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Exponential(4.0).mean
        tensor(0.2500)
    """

    arg_constraints: ClassVar[Any] = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0

    mean = stddev = property(lambda self: self.rate.reciprocal())
    mode = property(lambda self: torch.zeros_like(self.rate))
    variance = property(lambda self: self.rate.pow(-2))
    _natural_params = property(lambda self: (-self.rate,))

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw standard exponential numbers, divided by the rate."""
        shape = self._extended_shape(sample_shape)
        return torch.empty(shape, dtype=self.rate.dtype).exponential_() / self.rate

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        return self.rate.log() - self.rate * self._checked(value)

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        return -torch.expm1(-self.rate * self._checked(value))

    def icdf(self, value: Any) -> Any:
        """Return the value up to which samples are with a probability."""
        return -torch.log1p(-value) / self.rate

    def entropy(self) -> Any:
        """Return 1 - ln λ."""
        return 1 - self.rate.log()

    def _log_normalizer(self, x: Any) -> Any:
        return -torch.log(-x)


class Gamma(ExponentialFamily):
    """The gamma distribution, of density βᵃ xᵃ⁻¹ exp(-βx) / Γ(a).

    Args:
        concentration: The shape a, above 0.
        rate: β, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Gamma(2.0, 4.0).mean
        tensor(0.5000)
    """

    arg_constraints: ClassVar[Any] = {
        "concentration": constraints.positive,
        "rate": constraints.positive,
    }
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0

    mean = property(lambda self: self.concentration / self.rate)
    mode = property(lambda self: ((self.concentration - 1) / self.rate).clamp(min=0))
    variance = property(lambda self: self.concentration / self.rate.square())
    _natural_params = property(lambda self: (self.concentration - 1, -self.rate))

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        shape = () if are_numbers(concentration, rate) else self.concentration.shape
        super().__init__(shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw numbers that change with the shape as their distribution function does."""
        shape = self._extended_shape(sample_shape)
        found = gamma_draws(self.concentration.expand(shape)) / self.rate.expand(shape)
        return found.clamp(min=float(np.finfo(found.dtype).tiny))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        value = self._checked(torch.as_tensor(value, dtype=self.rate.dtype))
        a, rate = self.concentration, self.rate
        return torch.xlogy(a, rate) + torch.xlogy(a - 1, value) - rate * value - a.lgamma()

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        return torch.special.gammainc(self.concentration, self.rate * self._checked(value))

    def entropy(self) -> Any:
        """Return a - ln β + ln Γ(a) + (1 - a) ψ(a)."""
        a = self.concentration
        return a - self.rate.log() + a.lgamma() + (1 - a) * a.digamma()

    def _log_normalizer(self, x: Any, y: Any) -> Any:
        return torch.lgamma(x + 1) - (x + 1) * torch.log(-y)


class Chi2(Gamma):
    """The distribution of a sum of squares of so many standard normal numbers.

    Args:
        df: The number of them, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Chi2(3.0).mean
        tensor(3.)
    """

    arg_constraints: ClassVar[Any] = {"df": constraints.positive}

    df = property(lambda self: self.concentration * 2)

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        return expanded(self, Gamma.arg_constraints, shape)


class InverseGamma(TransformedDistribution):
    """The distribution of reciprocals of gamma distributed numbers.

    Args:
        concentration: Their shape a, above 0.
        rate: Their rate β, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.InverseGamma(3.0, 4.0).mean
        tensor(2.)
    """

    arg_constraints: ClassVar[Any] = Gamma.arg_constraints
    support = constraints.positive
    has_rsample = True
    base_dist: Gamma

    concentration = property(lambda self: self.base_dist.concentration)
    rate = property(lambda self: self.base_dist.rate)
    mode = property(lambda self: self.rate / (self.concentration + 1))

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args=validate_args)
        inverse = PowerTransform(-torch.ones_like(base.rate))
        super().__init__(base, inverse, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        """β / (a - 1), infinite of a up to 1."""
        a = self.concentration
        return torch.where(a > 1, self.rate / (a - 1), math.inf)

    @property
    def variance(self) -> Any:
        """β² / ((a - 1)² (a - 2)), infinite of a up to 2."""
        a = self.concentration
        return torch.where(a > 2, self.rate.square() / ((a - 1).square() * (a - 2)), math.inf)

    def entropy(self) -> Any:
        """Return a + ln β + ln Γ(a) - (1 + a) ψ(a)."""
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()


class FisherSnedecor(Distribution):
    """Fisher's and Snedecor's distribution: of a quotient of two means of squares.

    Args:
        df1: The degrees of freedom of the numerator, above 0.
        df2: Those of the denominator, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.FisherSnedecor(3.0, 4.0).mean
        tensor(2.)
    """

    arg_constraints: ClassVar[Any] = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, df1: Any, df2: Any, validate_args: bool | None = None) -> None:
        self.df1, self.df2 = broadcast_all(df1, df2)
        shape = () if are_numbers(df1, df2) else self.df1.shape
        super().__init__(shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        """ν₂ / (ν₂ - 2), of ν₂ above 2."""
        return torch.where(self.df2 > 2, self.df2 / (self.df2 - 2), math.nan)

    @property
    def mode(self) -> Any:
        """(ν₁ - 2) ν₂ / (ν₁ (ν₂ + 2)), of ν₁ above 2."""
        found = (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2)
        return torch.where(self.df1 > 2, found, math.nan)

    @property
    def variance(self) -> Any:
        """2 ν₂² (ν₁ + ν₂ - 2) / (ν₁ (ν₂ - 2)² (ν₂ - 4)), of ν₂ above 4."""
        numerator = 2 * self.df2.square() * (self.df1 + self.df2 - 2)
        found = numerator / (self.df1 * (self.df2 - 2).square() * (self.df2 - 4))
        return torch.where(self.df2 > 4, found, math.nan)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw quotients of two gamma distributed numbers of mean 1."""
        shape = self._extended_shape(sample_shape)
        least = float(np.finfo(self.df1.dtype).tiny)
        above, below = (gamma_draws(df.expand(shape) / 2) / df for df in (self.df1, self.df2))
        return (above.clamp(min=least) / below.clamp(min=least)).clamp(min=least)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        value = self._checked(value)
        half1, half2, ratio = self.df1 / 2, self.df2 / 2, self.df1 / self.df2
        both = half1 + half2
        norm = both.lgamma() - half1.lgamma() - half2.lgamma() + half1 * ratio.log()
        return norm + (half1 - 1) * value.log() - both * torch.log1p(ratio * value)


class Pareto(TransformedDistribution):
    """Pareto's distribution, of density α mᵅ / xᵅ⁺¹ from m on.

    Args:
        scale: The least value m, above 0.
        alpha: The exponent α, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Pareto(1.0, 2.0).mean
        tensor(2.)
    """

    arg_constraints: ClassVar[Any] = {"alpha": constraints.positive, "scale": constraints.positive}

    mode = property(lambda self: self.scale)

    def __init__(self, scale: Any, alpha: Any, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast_all(scale, alpha)
        base = Exponential(self.alpha, validate_args=validate_args)
        steps = [ExpTransform(), AffineTransform(0, self.scale)]
        super().__init__(base, steps, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """From the least value on."""
        return constraints.greater_than_eq(self.scale)

    @property
    def mean(self) -> Any:
        """α m / (α - 1), infinite of α up to 1."""
        a = self.alpha.clamp(min=1)
        return a * self.scale / (a - 1)

    @property
    def variance(self) -> Any:
        """α m² / ((α - 1)² (α - 2)), infinite of α up to 2."""
        a = self.alpha.clamp(min=2)
        return self.scale.square() * a / ((a - 1).square() * (a - 2))

    def entropy(self) -> Any:
        """Return ln(m/α) + 1 + 1/α."""
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())


class Weibull(TransformedDistribution):
    """Weibull's distribution, of distribution function 1 - exp(-(x/σ)ᵏ).

    Args:
        scale: σ, above 0.
        concentration: The shape k, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Weibull(2.0, 1.0).mean
        tensor(2.)
    """

    arg_constraints: ClassVar[Any] = {
        "scale": constraints.positive,
        "concentration": constraints.positive,
    }
    support = constraints.positive

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        self.concentration_reciprocal = self.concentration.reciprocal()
        base = Exponential(torch.ones_like(self.scale), validate_args=validate_args)
        steps = [PowerTransform(self.concentration_reciprocal), AffineTransform(0, self.scale)]
        super().__init__(base, steps, validate_args=validate_args)

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        reciprocal = self.concentration_reciprocal.expand(shape)
        return {**super()._expanded_parts(shape), "concentration_reciprocal": reciprocal}

    def _log_moment(self, order: int) -> Any:
        return torch.lgamma(1 + order * self.concentration_reciprocal)

    @property
    def mean(self) -> Any:
        """σ Γ(1 + 1/k)."""
        return self.scale * self._log_moment(1).exp()

    @property
    def mode(self) -> Any:
        """σ ((k - 1)/k)^(1/k)."""
        base = (self.concentration - 1) / self.concentration
        return self.scale * base**self.concentration_reciprocal

    @property
    def variance(self) -> Any:
        """σ² (Γ(1 + 2/k) - Γ(1 + 1/k)²)."""
        first, second = self._log_moment(1), self._log_moment(2)
        return self.scale.square() * (second.exp() - (2 * first).exp())

    def entropy(self) -> Any:
        """Return γ (1 - 1/k) + ln(σ/k) + 1."""
        inverse = self.concentration_reciprocal
        return np.euler_gamma * (1 - inverse) + torch.log(self.scale * inverse) + 1
