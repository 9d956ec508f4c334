"""Distributions of one category among several, and of counts of them."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from thalweg import torch
from thalweg.autodiff.modes import no_grad
from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.discrete.binary import listed, require_one
from thalweg.torch.distributions.distribution import Distribution
from thalweg.torch.distributions.utils import lazy_property, logits_to_probs, probs_to_logits
from thalweg.torch.size import TorchSize as Size

__all__ = [
    "Categorical", "Multinomial", "OneHotCategorical", "OneHotCategoricalStraightThrough",
]  # fmt: skip

_PROBS_OR_LOGITS = {"probs": constraints.simplex, "logits": constraints.real_vector}


class Categorical(Distribution):
    """A category, of given probabilities.

    Args:
        probs: Shape (…, categories): not negative; they are divided by their sum.
        logits: Logarithms of probabilities, instead; they are shifted so that those add up to 1.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If both are given, or neither, or one without an axis.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Categorical(torch.tensor([1.0, 3.0])).log_prob(torch.tensor(1))
        tensor(-0.2877)
    """

    arg_constraints: ClassVar[Any] = _PROBS_OR_LOGITS
    has_enumerate_support = True

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        require_one(probs, logits)
        name, given = ("logits", logits) if probs is None else ("probs", probs)
        if given.ndim < 1:
            raise ArgumentError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is None:
            self.logits = logits - logits.logsumexp(-1, keepdim=True)
        else:
            self.probs = probs / probs.sum(-1, keepdim=True)
        self._num_events = given.shape[-1]
        super().__init__(Size(given.shape[:-1]), validate_args=validate_args)

    @lazy_property
    def probs(self) -> Any:
        """The probabilities."""
        return logits_to_probs(self.logits)

    @lazy_property
    def logits(self) -> Any:
        """Their logarithms."""
        return probs_to_logits(self.probs)

    @property
    def _given(self) -> Any:
        return self.__dict__.get("probs") if "probs" in self.__dict__ else self.logits

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._given.size()

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        return {**super()._expanded_parts(shape), "_num_events": self._num_events}

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        """From 0 to the number of categories less 1."""
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def mean(self) -> Any:
        """Nothing: categories have no order."""
        return torch.full(self._extended_shape(), math.nan, dtype=self.probs.dtype)

    variance = mean

    @property
    def mode(self) -> Any:
        """The most probable category."""
        return self.probs.argmax(-1)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw categories."""
        shape = Size(sample_shape)
        rows = self.probs.detach().reshape(-1, self._num_events)
        with no_grad():
            found = torch.multinomial(rows, math.prod(shape), True)
        return found.t().reshape(self._extended_shape(shape))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        index = self._checked(value).to(torch.int64).unsqueeze(-1)
        shape = np.broadcast_shapes(index.shape, (*self.logits.shape[:-1], 1))
        logits = self.logits.expand((*shape[:-1], self._num_events))
        return logits.gather(-1, index.expand(shape)).squeeze(-1)

    def entropy(self) -> Any:
        """Return -Σ p ln p."""
        least = float(np.finfo(self.logits.dtype).min)
        return -(self.logits.clamp(min=least) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return all categories."""
        return listed(torch.arange(self._num_events), self.batch_shape, expand)


class OneHotCategorical(Distribution):
    """A category, as a vector whose element of it is 1 and all others 0.

    Args:
        probs: As for `Categorical`.
        logits: As for `Categorical`.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.OneHotCategorical(torch.tensor([0.0, 1.0])).sample()
        tensor([0., 1.])
    """

    arg_constraints: ClassVar[Any] = _PROBS_OR_LOGITS
    support = constraints.one_hot
    has_enumerate_support = True

    probs = property(lambda self: self._categorical.probs)
    logits = property(lambda self: self._categorical.logits)
    param_shape = property(lambda self: self._categorical.param_shape)
    mean = property(lambda self: self.probs)
    variance = property(lambda self: self.probs * (1 - self.probs))

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits)
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        return {"_categorical": self._categorical.expand(shape)}

    def _vectors(self, categories: Any) -> Any:
        """Return the vectors of categories."""
        places = torch.arange(self.event_shape[0])
        return (categories.unsqueeze(-1) == places).to(self._categorical._given.dtype)

    @property
    def mode(self) -> Any:
        """The vector of the most probable category."""
        return self._vectors(self._categorical.mode)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw vectors."""
        return self._vectors(self._categorical.sample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        return self._categorical.log_prob(self._checked(value).argmax(-1))

    def entropy(self) -> Any:
        """Return -Σ p ln p."""
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return all vectors."""
        n = self.event_shape[0]
        rank = len(self.batch_shape)
        values = torch.eye(n, dtype=self._categorical._given.dtype).reshape(n, *(1,) * rank, n)
        return values.expand((n, *self.batch_shape, n)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """`OneHotCategorical` whose samples have the derivatives of the probabilities.

    Args:
        probs: As for `Categorical`.
        logits: As for `Categorical`.
        validate_args: Whether arguments are checked.

    Source:
        Bengio, Léonard and Courville, "Estimating or Propagating Gradients Through Stochastic
        Neurons for Conditional Computation", 2013. arXiv:1308.3432

    Example:
        >>> import thalweg.torch as torch
        >>> d = torch.distributions.OneHotCategoricalStraightThrough(torch.tensor([0.0, 1.0]))
        >>> d.rsample()
        tensor([0., 1.])
    """

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw vectors that change as the probabilities do."""
        samples, probs = self.sample(sample_shape), self._categorical.probs
        return samples + (probs - probs.detach())


class Multinomial(Distribution):
    """Counts of the categories among so many draws.

    Args:
        total_count: The number of draws.
        probs: As for `Categorical`.
        logits: As for `Categorical`.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Multinomial(3, torch.tensor([0.0, 1.0])).sample()
        tensor([0., 3.])
    """

    arg_constraints: ClassVar[Any] = _PROBS_OR_LOGITS

    probs = property(lambda self: self._categorical.probs)
    logits = property(lambda self: self._categorical.logits)
    param_shape = property(lambda self: self._categorical.param_shape)
    mean = property(lambda self: self.probs * self.total_count)
    variance = property(lambda self: self.total_count * self.probs * (1 - self.probs))

    def __init__(
        self,
        total_count: int = 1,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs, logits)
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        categorical = self._categorical.expand(shape)
        return {"_categorical": categorical, "total_count": self.total_count}

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        """Whole numbers that add up to the number of draws."""
        return constraints.multinomial(self.total_count)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw counts."""
        drawn = self._categorical.sample((self.total_count, *Size(sample_shape)))
        places = torch.arange(self.event_shape[0])
        counts = (drawn.unsqueeze(-1) == places).sum(0)
        return counts.to(self._categorical._given.dtype)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        value = self._checked(value)
        logits = self.logits.expand(np.broadcast_shapes(self.logits.shape, value.shape))
        # 0 draws of a category that never comes are certain.
        impossible = (value == 0) & (logits == -math.inf)
        terms = torch.where(impossible, 0.0, logits) * value
        ways = torch.lgamma(value.sum(-1) + 1) - torch.lgamma(value + 1).sum(-1)
        return ways + terms.sum(-1)

    def entropy(self) -> Any:
        """Return the entropy, by sums over the counts of each category."""
        n = self.total_count
        counts = torch.arange(1, n + 1, dtype=self.probs.dtype)
        counts = counts.reshape(-1, *(1,) * self.probs.ndim)
        ways = math.lgamma(n + 1) - torch.lgamma(counts + 1) - torch.lgamma(n - counts + 1)
        chances = ways + torch.xlogy(counts, self.probs) + _log_rest(n - counts, self.probs)
        expected = (chances.exp() * torch.lgamma(counts + 1)).sum((0, -1))
        return n * self._categorical.entropy() - math.lgamma(n + 1) + expected


def _log_rest(count: Any, probs: Any) -> Any:
    """Return n ln(1 - p), which is 0 of n = 0."""
    return torch.special.xlog1py(count, -probs)
