"""Distributions on all real numbers, of a location and a scale."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from thalweg import torch
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.combined.transformed import TransformedDistribution
from thalweg.torch.distributions.continuous.positive import Chi2
from thalweg.torch.distributions.continuous.uniform import Uniform
from thalweg.torch.distributions.distribution import Distribution
from thalweg.torch.distributions.transforms.elementwise import (
    AbsTransform,
    AffineTransform,
    ExpTransform,
)
from thalweg.torch.distributions.utils import are_numbers, broadcast_all

__all__ = ["Cauchy", "Gumbel", "HalfCauchy", "Laplace", "StudentT"]

_LOCATION_AND_SCALE = {"loc": constraints.real, "scale": constraints.positive}


class Cauchy(Distribution):
    """Cauchy's distribution, of density 1 / (πσ (1 + ((x - μ)/σ)²)), which has no mean.

    Args:
        loc: The median μ.
        scale: Half the width at half the height, σ above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Cauchy(0.0, 1.0).cdf(torch.tensor(1.0))
        tensor(0.7500)
    """

    arg_constraints: ClassVar[Any] = _LOCATION_AND_SCALE
    support = constraints.real
    has_rsample = True

    mean = property(lambda self: torch.full_like(self.loc, math.nan))
    mode = property(lambda self: self.loc)
    variance = property(lambda self: torch.full_like(self.loc, math.inf))

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        shape = () if are_numbers(loc, scale) else self.loc.shape
        super().__init__(shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw μ + σ t of standard t."""
        shape = self._extended_shape(sample_shape)
        return self.loc + torch.empty(shape, dtype=self.loc.dtype).cauchy_() * self.scale

    def _z(self, value: Any) -> Any:
        return (self._checked(value) - self.loc) / self.scale

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        return -math.log(math.pi) - self.scale.log() - self._z(value).square().log1p()

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        return torch.atan(self._z(value)) / math.pi + 0.5

    def icdf(self, value: Any) -> Any:
        """Return the value up to which samples are with a probability."""
        return torch.tan(math.pi * (value - 0.5)) * self.scale + self.loc

    def entropy(self) -> Any:
        """Return ln 4πσ."""
        return math.log(4 * math.pi) + self.scale.log()


class HalfCauchy(TransformedDistribution):
    """The distribution of absolute values of Cauchy's numbers around 0.

    Args:
        scale: Their scale, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.HalfCauchy(1.0).cdf(torch.tensor(1.0))
        tensor(0.5000)
    """

    arg_constraints: ClassVar[Any] = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    base_dist: Cauchy

    scale = property(lambda self: self.base_dist.scale)
    mean = property(lambda self: torch.full_like(self.scale, math.inf))
    mode = property(lambda self: torch.zeros_like(self.scale))
    variance = property(lambda self: self.base_dist.variance)

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        base = Cauchy(0, scale, validate_args=False)
        super().__init__(base, AbsTransform(), validate_args=validate_args)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density: twice Cauchy's, of x ≥ 0."""
        value = torch.as_tensor(value, dtype=self.scale.dtype)
        density = self.base_dist.log_prob(self._checked(value)) + math.log(2)
        return torch.where(value >= 0, density, -math.inf)

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        return 2 * self.base_dist.cdf(self._checked(value)) - 1

    def icdf(self, prob: Any) -> Any:
        """Return the value up to which samples are with a probability."""
        return self.base_dist.icdf((prob + 1) / 2)

    def entropy(self) -> Any:
        """Return the entropy: ln 2 below Cauchy's."""
        return self.base_dist.entropy() - math.log(2)


class Laplace(Distribution):
    """Laplace's distribution, of density exp(-|x - μ|/σ) / 2σ.

    Args:
        loc: The mean μ.
        scale: The mean distance σ from it, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Laplace(0.0, 1.0).log_prob(torch.tensor(0.0))
        tensor(-0.6931)
    """

    arg_constraints: ClassVar[Any] = _LOCATION_AND_SCALE
    support = constraints.real
    has_rsample = True

    mean = mode = property(lambda self: self.loc)
    variance = property(lambda self: 2 * self.scale.square())
    stddev = property(lambda self: math.sqrt(2) * self.scale)

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        shape = () if are_numbers(loc, scale) else self.loc.shape
        super().__init__(shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw of u uniform on (-1, 1): μ - σ sign(u) ln(1 - |u|)."""
        shape, dtype = self._extended_shape(sample_shape), self.loc.dtype
        least = float(np.finfo(dtype).eps) - 1
        u = torch.empty(shape, dtype=dtype).uniform_(least, 1)
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        distance = (self._checked(value) - self.loc).abs()
        return -torch.log(2 * self.scale) - distance / self.scale

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        moved = self._checked(value) - self.loc
        return 0.5 - 0.5 * moved.sign() * torch.expm1(-moved.abs() / self.scale)

    def icdf(self, value: Any) -> Any:
        """Return the value up to which samples are with a probability."""
        q = value - 0.5
        return self.loc - self.scale * q.sign() * torch.log1p(-2 * q.abs())

    def entropy(self) -> Any:
        """Return 1 + ln 2σ."""
        return 1 + torch.log(2 * self.scale)


class Gumbel(TransformedDistribution):
    """Gumbel's distribution, of distribution function exp(-exp(-(x - μ)/σ)).

    Args:
        loc: The mode μ.
        scale: The scale σ, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Gumbel(0.0, 1.0).mean
        tensor(0.5772)
    """

    arg_constraints: ClassVar[Any] = _LOCATION_AND_SCALE
    support = constraints.real

    mean = property(lambda self: self.loc + self.scale * np.euler_gamma)
    mode = property(lambda self: self.loc)
    stddev = property(lambda self: math.pi / math.sqrt(6) * self.scale)
    variance = property(lambda self: self.stddev.square())

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        limits = np.finfo(self.loc.dtype)
        low, high = float(limits.tiny), 1 - float(limits.eps)
        if are_numbers(loc, scale):
            base = Uniform(low, high, validate_args=validate_args)
        else:
            one = torch.ones_like(self.loc)
            base = Uniform(low * one, high * one, validate_args=validate_args)
        log = ExpTransform().inv
        steps = [log, AffineTransform(0, -1), log, AffineTransform(self.loc, -self.scale)]
        super().__init__(base, steps, validate_args=validate_args)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        y = (self.loc - self._checked(value)) / self.scale
        return (y - y.exp()) - self.scale.log()

    def entropy(self) -> Any:
        """Return ln σ + 1 + γ."""
        return self.scale.log() + (1 + np.euler_gamma)


class StudentT(Distribution):
    """Student's distribution: of a normal number by the root of a mean of squares of others.

    Args:
        df: The degrees of freedom ν, above 0.
        loc: The median μ.
        scale: The scale σ, above 0.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.StudentT(4.0).variance
        tensor(2.)
    """

    arg_constraints: ClassVar[Any] = {"df": constraints.positive, **_LOCATION_AND_SCALE}
    support = constraints.real
    has_rsample = True

    mean = property(lambda self: torch.where(self.df > 1, self.loc, math.nan))
    mode = property(lambda self: self.loc)

    def __init__(
        self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None
    ) -> None:
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        super().__init__(self.df.shape, validate_args=validate_args)

    @property
    def variance(self) -> Any:
        """σ² ν / (ν - 2); infinite of ν up to 2, and nothing of ν up to 1."""
        wide = torch.where(self.df > 2, self.df, 3.0)
        finite = self.scale.square() * wide / (wide - 2)
        return torch.where(
            self.df > 2, finite, torch.where(self.df > 1, math.inf, math.nan).to(finite.dtype)
        )

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw μ + σ z / √(w/ν) of standard normal z and w of `Chi2`."""
        shape = self._extended_shape(sample_shape)
        z = torch.randn(shape, dtype=self.df.dtype)
        w = Chi2(self.df, validate_args=False).rsample(sample_shape)
        return self.loc + self.scale * (z * torch.rsqrt(w / self.df))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        half, more = self.df / 2, (self.df + 1) / 2
        y = (self._checked(value) - self.loc) / self.scale
        norm = self.scale.log() + 0.5 * torch.log(self.df * math.pi)
        return more.lgamma() - half.lgamma() - norm - more * (y.square() / self.df).log1p()

    def entropy(self) -> Any:
        """Return the entropy."""
        half, more = self.df / 2, (self.df + 1) / 2
        log_beta = math.lgamma(0.5) + half.lgamma() - more.lgamma()
        slope = more * (more.digamma() - half.digamma())
        return self.scale.log() + slope + 0.5 * self.df.log() + log_beta
