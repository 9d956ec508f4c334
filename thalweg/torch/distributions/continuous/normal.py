"""The normal distribution, and those of its absolute value and of its exponential."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from thalweg import torch
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.combined.transformed import TransformedDistribution
from thalweg.torch.distributions.distribution import ExponentialFamily
from thalweg.torch.distributions.transforms.elementwise import AbsTransform, ExpTransform
from thalweg.torch.distributions.utils import are_numbers, broadcast_all

__all__ = ["HalfNormal", "LogNormal", "Normal"]

_LOG_TAU = math.log(math.tau)


class Normal(ExponentialFamily):
    """The normal distribution, of density exp(-(x - μ)²/2σ²) / √(2πσ²).

    Args:
        loc: The mean μ.
        scale: The standard deviation σ, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Normal(0.0, 1.0).log_prob(torch.tensor(0.0))
        tensor(-0.9189)
    """

    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _mean_carrier_measure = 0

    mean = mode = property(lambda self: self.loc)
    stddev = property(lambda self: self.scale)
    variance = property(lambda self: self.scale.square())

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        shape = () if are_numbers(loc, scale) else self.loc.shape
        super().__init__(shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw μ + σ z of standard normal z."""
        shape = self._extended_shape(sample_shape)
        return self.loc + torch.randn(shape, dtype=self.loc.dtype) * self.scale

    def _z(self, value: Any) -> Any:
        return (self._checked(value) - self.loc) / self.scale

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        return -self._z(value).square() / 2 - self.scale.log() - _LOG_TAU / 2

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        return 0.5 * (1 + torch.erf(self._z(value) / math.sqrt(2)))

    def icdf(self, value: Any) -> Any:
        """Return the value up to which samples are with a probability."""
        return self.loc + self.scale * torch.erfinv(2 * value - 1) * math.sqrt(2)

    def entropy(self) -> Any:
        """Return ½ + ½ ln 2π + ln σ."""
        return 0.5 + 0.5 * _LOG_TAU + self.scale.log()

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        precision = self.scale.square().reciprocal()
        return (self.loc * precision, -0.5 * precision)

    def _log_normalizer(self, x: Any, y: Any) -> Any:
        return -0.25 * x.square() / y + 0.5 * torch.log(-math.pi / y)


class LogNormal(TransformedDistribution):
    """The distribution of e to the power of normal numbers.

    Args:
        loc: The mean of the logarithm.
        scale: The standard deviation of the logarithm, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.LogNormal(0.0, 1.0).mean
        tensor(1.6487)
    """

    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive
    has_rsample = True
    base_dist: Normal

    loc = property(lambda self: self.base_dist.loc)
    scale = property(lambda self: self.base_dist.scale)
    mean = property(lambda self: (self.loc + self.scale.square() / 2).exp())
    mode = property(lambda self: (self.loc - self.scale.square()).exp())

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    @property
    def variance(self) -> Any:
        """(e^σ² - 1) e^(2μ + σ²)."""
        square = self.scale.square()
        return torch.expm1(square) * (2 * self.loc + square).exp()

    def entropy(self) -> Any:
        """Return the entropy of the logarithm, and its mean."""
        return self.base_dist.entropy() + self.loc


class HalfNormal(TransformedDistribution):
    """The distribution of absolute values of normal numbers of mean 0.

    Args:
        scale: Their standard deviation, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.HalfNormal(1.0).mean
        tensor(0.7979)
    """

    arg_constraints: ClassVar[Any] = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    base_dist: Normal

    scale = property(lambda self: self.base_dist.scale)
    mean = property(lambda self: self.scale * math.sqrt(2 / math.pi))
    mode = property(lambda self: torch.zeros_like(self.scale))
    variance = property(lambda self: self.scale.square() * (1 - 2 / math.pi))

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(0, scale, validate_args=False)
        super().__init__(base, AbsTransform(), validate_args=validate_args)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density: twice the normal one, of x ≥ 0."""
        density = self.base_dist.log_prob(self._checked(value)) + math.log(2)
        return torch.where(value >= 0, density, -math.inf)

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        return 2 * self.base_dist.cdf(self._checked(value)) - 1

    def icdf(self, prob: Any) -> Any:
        """Return the value up to which samples are with a probability."""
        return self.base_dist.icdf((prob + 1) / 2)

    def entropy(self) -> Any:
        """Return the entropy: ln 2 below the normal one."""
        return self.base_dist.entropy() - math.log(2)
