"""The uniform distribution."""

from __future__ import annotations

from typing import Any

from thalweg import torch
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.distribution import Distribution
from thalweg.torch.distributions.utils import are_numbers, broadcast_all

__all__ = ["Uniform"]


class Uniform(Distribution):
    """The uniform distribution on [low, high).

    Args:
        low: The least value.
        high: Where it ends, above low.
        validate_args: Whether arguments are checked.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Uniform(0.0, 2.0).cdf(torch.tensor(0.5))
        tensor(0.2500)
    """

    has_rsample = True

    mean = property(lambda self: (self.high + self.low) / 2)
    mode = property(lambda self: torch.nan * self.high)
    stddev = property(lambda self: (self.high - self.low) / 12**0.5)
    variance = property(lambda self: (self.high - self.low).square() / 12)

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        shape = () if are_numbers(low, high) else self.low.shape
        super().__init__(shape, validate_args=validate_args)

    @property
    def arg_constraints(self) -> dict[str, Any]:
        """Each bound's constraint is the other one."""
        low, high = constraints.less_than(self.high), constraints.greater_than(self.low)
        return {"low": low, "high": high}

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """From low to high."""
        return constraints.interval(self.low, self.high)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw low + (high - low) u of u uniform on [0, 1)."""
        u = torch.rand(self._extended_shape(sample_shape), dtype=self.low.dtype)
        return self.low + u * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        value = self._checked(value)
        inside = ((self.low <= value) & (value < self.high)).to(self.low.dtype)
        return inside.log() - torch.log(self.high - self.low)

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        return ((self._checked(value) - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value: Any) -> Any:
        """Return the value up to which samples are with a probability."""
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Any:
        """Return the logarithm of the length."""
        return torch.log(self.high - self.low)
