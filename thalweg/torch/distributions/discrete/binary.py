"""Distributions of trials with two outcomes."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from thalweg import torch
from thalweg.autodiff.modes import no_grad
from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.distribution import Distribution, ExponentialFamily
from thalweg.torch.distributions.utils import (
    are_numbers,
    broadcast_all,
    lazy_property,
    logits_to_probs,
    probs_to_logits,
)
from thalweg.torch.functions.random_counts import binomial, gamma_draws, poisson

__all__ = ["Bernoulli", "Binomial", "Geometric", "NegativeBinomial"]


def require_one(probs: Any, logits: Any) -> None:
    """Refuse both, or neither, of two ways to state the same.

    Raises:
        ArgumentError: If there is not exactly one.
    """
    if (probs is None) == (logits is None):
        raise ArgumentError("Either `probs` or `logits` must be specified, but not both.")


def binary_entropy(logits: Any, probs: Any) -> Any:
    """Return -Σ q ln p of p by its log-odds: max(x, 0) - x q + ln(1 + exp(-|x|))."""
    return logits.clamp(min=0) - logits * probs + torch.log1p(torch.exp(-logits.abs()))


class _Binary(Distribution):
    """What has a probability, or its log-odds, of which one is given and the other computed."""

    def _set(self, probs: Any, logits: Any) -> Any:
        """Keep the one that is given; return the shape of the batch."""
        require_one(probs, logits)
        given = logits if probs is None else probs
        (value,) = broadcast_all(given)
        setattr(self, "logits" if probs is None else "probs", value)
        return () if are_numbers(given) else value.shape

    @lazy_property
    def probs(self) -> Any:
        """The probability."""
        return logits_to_probs(self.logits, is_binary=True)

    @lazy_property
    def logits(self) -> Any:
        """The log-odds."""
        return probs_to_logits(self.probs, is_binary=True)

    @property
    def _given(self) -> Any:
        return self.__dict__.get("probs") if "probs" in self.__dict__ else self.logits

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._given.size()


class Bernoulli(_Binary, ExponentialFamily):
    """Bernoulli's distribution: 1 with a probability, else 0.

    Args:
        probs: The probability of 1.
        logits: Its log-odds, instead.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If both are given, or neither.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Bernoulli(0.25).log_prob(torch.tensor(1.0))
        tensor(-1.3863)
    """

    arg_constraints: ClassVar[Any] = {
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0

    mean = property(lambda self: self.probs)
    variance = property(lambda self: self.probs * (1 - self.probs))
    _natural_params = property(lambda self: (torch.logit(self.probs),))

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(self._set(probs, logits), validate_args=validate_args)

    @property
    def mode(self) -> Any:
        """1 of probabilities above one half, 0 below, and of one half itself nothing."""
        found = (self.probs >= 0.5).to(self.probs.dtype)
        return torch.where(self.probs == 0.5, math.nan, found)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw samples."""
        with no_grad():
            return torch.bernoulli(self.probs.detach().expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        return -binary_entropy(*broadcast_all(self.logits, self._checked(value)))

    def entropy(self) -> Any:
        """Return -p ln p - (1 - p) ln(1 - p)."""
        return binary_entropy(self.logits, self.probs)

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return 0 and 1."""
        return listed(torch.arange(2, dtype=self._given.dtype), self.batch_shape, expand)

    def _log_normalizer(self, x: Any) -> Any:
        return torch.log1p(torch.exp(x))


def listed(values: Any, batch_shape: Any, expand: bool) -> Any:
    """Return values along a new first axis before those of a batch."""
    column = values.reshape(-1, *(1,) * len(batch_shape))
    return column.expand(-1, *batch_shape) if expand else column


class Geometric(_Binary):
    """The number of failures before the first success.

    Args:
        probs: The probability of a success, above 0.
        logits: Its log-odds, instead.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If both are given, or neither, or the probability is 0.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Geometric(0.25).mean
        tensor(3.)
    """

    arg_constraints: ClassVar[Any] = {
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    mean = property(lambda self: 1 / self.probs - 1)
    mode = property(lambda self: torch.zeros_like(self.probs))
    variance = property(lambda self: (1 / self.probs - 1) / self.probs)

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(self._set(probs, logits), validate_args=validate_args)
        if self._validate_args and probs is not None:
            valid = self.probs > 0
            if not (valid.is_symbolic or valid.all()):
                raise ArgumentError(
                    f"Expected parameter probs (Tensor of shape {tuple(self.probs.shape)}) of "
                    f"distribution {self!r} to be positive but found invalid values:\n"
                    f"{self.probs[~valid]}"
                )

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw samples ⌊ln u / ln(1 - p)⌋."""
        shape, dtype = self._extended_shape(sample_shape), self.probs.dtype
        with no_grad():
            u = torch.empty(shape, dtype=dtype).uniform_(float(np.finfo(dtype).tiny), 1)
            return (u.log() / (-self.probs.detach()).log1p()).floor()

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        value, probs = broadcast_all(self._checked(value), self.probs)
        # Of a probability 1 and the value 0, whose logarithm is 0.
        certain = (probs == 1) & (value == 0)
        below = torch.where(certain, 0.0, probs)
        return value * (-below).log1p() + self.probs.log()

    def entropy(self) -> Any:
        """Return that of one trial, by the probability."""
        return binary_entropy(self.logits, self.probs) / self.probs


class _Counted(_Binary):
    """What has a number of trials beside their probability."""

    def __init__(
        self,
        total_count: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        require_one(probs, logits)
        count, value = broadcast_all(total_count, logits if probs is None else probs)
        self.total_count = count.to(value.dtype)
        setattr(self, "logits" if probs is None else "probs", value)
        super().__init__(value.size(), validate_args=validate_args)


class Binomial(_Counted):
    """The number of successes among trials.

    Args:
        total_count: The number of trials.
        probs: The probability of a success.
        logits: Its log-odds, instead.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If both are given, or neither.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Binomial(4, torch.tensor(0.25)).mean
        tensor(1.)
    """

    arg_constraints: ClassVar[Any] = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True

    mean = property(lambda self: self.total_count * self.probs)
    variance = property(lambda self: self.total_count * self.probs * (1 - self.probs))

    def __init__(
        self,
        total_count: Any = 1,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        super().__init__(total_count, probs, logits, validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        """From 0 to the number of trials."""
        return constraints.integer_interval(0, self.total_count)

    @property
    def mode(self) -> Any:
        """⌊(n + 1) p⌋, at most n."""
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw samples."""
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return binomial(self.total_count.expand(shape), self.probs.detach().expand(shape))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        value, n, x = self._checked(value), self.total_count, self.logits
        ways = torch.lgamma(n + 1) - torch.lgamma(value + 1) - torch.lgamma(n - value + 1)
        return ways + value * x - n * (x.clamp(min=0) + torch.log1p(torch.exp(-x.abs())))

    def _only_count(self, name: str) -> int:
        if not (self.total_count.min() == self.total_count.max()):
            raise NotImplementedError(f"Inhomogeneous total count not supported by `{name}`.")
        return int(self.total_count.max().item())

    def entropy(self) -> Any:
        """Return the entropy, by a sum over all values."""
        self._only_count("entropy")
        found = self.log_prob(self.enumerate_support(False))
        return -(found.exp() * found).sum(0)

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return 0, 1, … up to the number of trials, which is the same for all."""
        count = self._only_count("enumerate_support")
        values = torch.arange(1 + count, dtype=self._given.dtype)
        return listed(values, self.batch_shape, expand)


class NegativeBinomial(_Counted):
    """The number of successes before so many failures.

    Args:
        total_count: The number of failures that ends the trials, also a fraction.
        probs: The probability of a success, below 1.
        logits: Its log-odds, instead.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If both are given, or neither.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.NegativeBinomial(2.0, torch.tensor(0.5)).mean
        tensor(2.)
    """

    arg_constraints: ClassVar[Any] = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    mean = property(lambda self: self.total_count * torch.exp(self.logits))
    variance = property(lambda self: self.mean / torch.sigmoid(-self.logits))

    @property
    def mode(self) -> Any:
        """⌊(r - 1) p / (1 - p)⌋, at least 0."""
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw Poisson's numbers of means that are gamma distributed."""
        shape = self._extended_shape(sample_shape)
        with no_grad():
            means = gamma_draws(self.total_count.detach().expand(shape))
            means = means / torch.exp(-self.logits.detach())
            return poisson(means.clamp(min=float(np.finfo(means.dtype).tiny)))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        value, r, x = self._checked(value), self.total_count, self.logits
        powers = r * torch.log(torch.sigmoid(-x)) + value * torch.log(torch.sigmoid(x))
        ways = torch.lgamma(r + value) - torch.lgamma(1 + value) - torch.lgamma(r)
        return powers + torch.where(r + value == 0, 0.0, ways)
