"""Mixtures of distributions of one class."""

from __future__ import annotations

from typing import Any, ClassVar

from thalweg import torch
from thalweg.autodiff.modes import no_grad
from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.discrete.categorical import Categorical
from thalweg.torch.distributions.distribution import Distribution
from thalweg.torch.size import TorchSize as Size

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A distribution that is chosen among several, the last axis of a batch.

    Args:
        mixture_distribution: A `Categorical`: which one is chosen.
        component_distribution: The distributions; the last axis of their batch is the choice.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If they are no such distributions, or their shapes do not fit.

    Example:
        >>> import thalweg.torch as torch
        >>> d = torch.distributions
        >>> parts = d.Normal(torch.tensor([-1.0, 1.0]), torch.ones(2))
        >>> d.MixtureSameFamily(d.Categorical(torch.ones(2)), parts).variance
        tensor(2.)
    """

    arg_constraints: ClassVar[Any] = {}
    has_rsample = False

    mixture_distribution = property(lambda self: self._mixture_distribution)
    component_distribution = property(lambda self: self._component_distribution)

    def __init__(
        self,
        mixture_distribution: Any,
        component_distribution: Any,
        validate_args: bool | None = None,
    ) -> None:
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        self._require_fitting()
        components = component_distribution.batch_shape
        self._num_component = components[-1]
        self._event_ndims = len(component_distribution.event_shape)
        super().__init__(
            components[:-1], component_distribution.event_shape, validate_args=validate_args
        )

    def _require_fitting(self) -> None:
        mixture, parts = self._mixture_distribution, self._component_distribution
        if not isinstance(mixture, Categorical):
            raise ArgumentError(
                " The Mixture distribution needs to be an  instance of "
                "torch.distributions.Categorical"
            )
        if not isinstance(parts, Distribution):
            raise ArgumentError(
                "The Component distribution needs to be an instance of "
                "torch.distributions.Distribution"
            )
        own, theirs = mixture.batch_shape, parts.batch_shape[:-1]
        for mine, other in zip(reversed(own), reversed(theirs), strict=False):
            if mine != 1 and other != 1 and mine != other:
                raise ArgumentError(
                    f"`mixture_distribution.batch_shape` ({own!r}) is not compatible with "
                    f"`component_distribution.batch_shape`({theirs!r})"
                )
        choices, components = mixture.logits.shape[-1], parts.batch_shape[-1]
        if choices != components:
            raise ArgumentError(
                f"`mixture_distribution component` ({choices}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({components})"
            )

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        parts = self._component_distribution.expand((*shape, self._num_component))
        return {
            "_mixture_distribution": self._mixture_distribution.expand(shape),
            "_component_distribution": parts,
            "_num_component": self._num_component,
            "_event_ndims": self._event_ndims,
        }

    @constraints.dependent_property
    def support(self) -> Any:
        """Values of every component."""
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    def _padded(self, x: Any) -> Any:
        """Return values with an axis of the choice before those of a sample."""
        return x.unsqueeze(x.ndim - self._event_ndims)

    def _weighted(self, x: Any) -> Any:
        """Return means over the choice of what each component has."""
        probs = self._mixture_distribution.probs
        probs = probs.reshape(*probs.shape, *(1,) * self._event_ndims)
        return (probs * x).sum(-1 - self._event_ndims)

    @property
    def mean(self) -> Any:
        """The mean of the components' means."""
        return self._weighted(self._component_distribution.mean)

    @property
    def variance(self) -> Any:
        """The mean of the components' variances, and the variance of their means."""
        parts = self._component_distribution
        apart = (parts.mean - self._padded(self.mean)).square()
        return self._weighted(parts.variance) + self._weighted(apart)

    def cdf(self, x: Any) -> Any:
        """Return the probability of values up to one."""
        found = self._component_distribution.cdf(self._padded(x))
        return (found * self._mixture_distribution.probs).sum(-1)

    def log_prob(self, x: Any) -> Any:
        """Return the logarithm of the density."""
        own = self._component_distribution.log_prob(self._padded(self._checked(x)))
        return torch.logsumexp(own + torch.log_softmax(self._mixture_distribution.logits, -1), -1)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw a choice, and of each component a sample, of which one is taken."""
        rank = self._event_ndims
        with no_grad():
            chosen = self._mixture_distribution.sample(sample_shape)
            drawn = self._component_distribution.sample(sample_shape)
            index = chosen.reshape(*chosen.shape, *(1,) * (rank + 1))
            axis = drawn.ndim - 1 - rank
            shape = Size((*drawn.shape[:axis], 1, *drawn.shape[axis + 1 :]))
            return drawn.gather(axis, index.expand(shape)).squeeze(axis)

    def __repr__(self) -> str:
        """Return the choice and the components."""
        return (
            f"MixtureSameFamily(\n  {self._mixture_distribution!r},\n  "
            f"{self._component_distribution!r})"
        )
