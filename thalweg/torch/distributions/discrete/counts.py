"""Poisson's distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from thalweg import torch
from thalweg.autodiff.modes import no_grad
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.distribution import ExponentialFamily
from thalweg.torch.distributions.utils import are_numbers, broadcast_all
from thalweg.torch.functions.random_counts import poisson

__all__ = ["Poisson"]


class Poisson(ExponentialFamily):
    """Poisson's distribution, of probabilities λᵏ e^(-λ) / k!.

    Args:
        rate: The mean λ, not negative.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Poisson(1.0).log_prob(torch.tensor(0.0))
        tensor(-1.)
    """

    arg_constraints: ClassVar[Any] = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    mean = variance = property(lambda self: self.rate)
    mode = property(lambda self: self.rate.floor())
    _natural_params = property(lambda self: (torch.log(self.rate),))

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        shape = () if are_numbers(rate) else self.rate.shape
        super().__init__(shape, validate_args=validate_args)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw samples."""
        with no_grad():
            return poisson(self.rate.detach().expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        rate, value = broadcast_all(self.rate, self._checked(value))
        return torch.xlogy(value, rate) - rate - torch.lgamma(value + 1)

    def _log_normalizer(self, x: Any) -> Any:
        return torch.exp(x)
