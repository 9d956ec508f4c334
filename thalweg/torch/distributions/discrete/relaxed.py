"""Continuous distributions that come close to discrete ones, and whose samples have derivatives."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from thalweg import torch
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.combined.transformed import TransformedDistribution
from thalweg.torch.distributions.discrete.binary import _Binary
from thalweg.torch.distributions.discrete.categorical import Categorical
from thalweg.torch.distributions.distribution import Distribution
from thalweg.torch.distributions.transforms.elementwise import ExpTransform, SigmoidTransform
from thalweg.torch.distributions.utils import broadcast_all, clamp_probs

__all__ = [
    "ExpRelaxedCategorical", "LogitRelaxedBernoulli", "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
]  # fmt: skip


class _Relaxed(TransformedDistribution):
    """A distribution whose parameters are those of the logarithms or log-odds below it."""

    has_rsample = True

    temperature = property(lambda self: self.base_dist.temperature)
    probs = property(lambda self: self.base_dist.probs)
    logits = property(lambda self: self.base_dist.logits)


class LogitRelaxedBernoulli(_Binary):
    """The distribution of the log-odds of `RelaxedBernoulli`.

    Args:
        temperature: How far from discrete, above 0.
        probs: The probability of 1.
        logits: Its log-odds, instead.
        validate_args: Whether arguments are checked.
    """

    arg_constraints: ClassVar[Any] = {
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    support = constraints.real
    has_rsample = True

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        self.temperature = temperature
        super().__init__(self._set(probs, logits), validate_args=validate_args)

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        return {**super()._expanded_parts(shape), "temperature": self.temperature}

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw (logit u + logit p) / T of uniform u."""
        shape, dtype = self._extended_shape(sample_shape), self.probs.dtype
        p = clamp_probs(self.probs.expand(shape))
        u = clamp_probs(torch.rand(shape, dtype=dtype))
        return (u.log() - (-u).log1p() + p.log() - (-p).log1p()) / self.temperature

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        logits, value = broadcast_all(self.logits, self._checked(value))
        apart = logits - value * self.temperature
        more = apart.clamp(min=0) + torch.exp(-apart.abs()).log1p()
        return self.temperature.log() + apart - 2 * more


class RelaxedBernoulli(_Relaxed):
    """A distribution on (0, 1) that comes close to Bernoulli's as the temperature falls.

    Args:
        temperature: How far from discrete, above 0: a tensor.
        probs: The probability of 1.
        logits: Its log-odds, instead.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If both are given, or neither.

    Source:
        Maddison, Mnih and Teh, "The Concrete Distribution: A Continuous Relaxation of Discrete
        Random Variables", 2016. arXiv:1611.00712

    Example:
        >>> import thalweg.torch as torch
        >>> d = torch.distributions.RelaxedBernoulli(torch.tensor(1.0), torch.tensor(0.5))
        >>> d.log_prob(torch.tensor(0.5))
        tensor(0.)
    """

    arg_constraints: ClassVar[Any] = LogitRelaxedBernoulli.arg_constraints
    support = constraints.unit_interval

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)


class ExpRelaxedCategorical(Distribution):
    """The distribution of the logarithms of `RelaxedOneHotCategorical`.

    Args:
        temperature: How far from discrete, above 0.
        probs: The probabilities.
        logits: Their logarithms, instead.
        validate_args: Whether arguments are checked.
    """

    arg_constraints: ClassVar[Any] = Categorical.arg_constraints
    # Vectors whose exponentials add up to 1.
    support = constraints.real_vector
    has_rsample = True

    probs = property(lambda self: self._categorical.probs)
    logits = property(lambda self: self._categorical.logits)
    param_shape = property(lambda self: self._categorical.param_shape)

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        return {"_categorical": self._categorical.expand(shape), "temperature": self.temperature}

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw ln softmax((ln p + g) / T) of Gumbel's numbers g."""
        shape = self._extended_shape(sample_shape)
        u = clamp_probs(torch.rand(shape, dtype=self.logits.dtype))
        scores = (self.logits.expand(shape) - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        value, n = self._checked(value), self.event_shape[0]
        shape = np.broadcast_shapes(self.logits.shape, value.shape)
        scores = self.logits.expand(shape) - value * self.temperature
        apart = (scores - scores.logsumexp(-1, keepdim=True)).sum(-1)
        return apart + math.lgamma(n) + (n - 1) * self.temperature.log()


class RelaxedOneHotCategorical(_Relaxed):
    """A distribution of shares that comes close to one of categories as the temperature falls.

    Args:
        temperature: How far from discrete, above 0: a tensor.
        probs: The probabilities.
        logits: Their logarithms, instead.
        validate_args: Whether arguments are checked.

    Source:
        Jang, Gu and Poole, "Categorical Reparameterization with Gumbel-Softmax", 2016.
        arXiv:1611.01144

    Example:
        >>> import thalweg.torch as torch
        >>> d = torch.distributions.RelaxedOneHotCategorical(torch.tensor(1.0), torch.ones(3))
        >>> d.rsample().shape
        torch.Size([3])
    """

    arg_constraints: ClassVar[Any] = Categorical.arg_constraints
    support = constraints.simplex

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)
