"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from thalweg import torch
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.discrete.binary import _Binary, binary_entropy
from thalweg.torch.distributions.distribution import ExponentialFamily
from thalweg.torch.distributions.utils import broadcast_all, clamp_probs

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(_Binary, ExponentialFamily):
    """The distribution on [0, 1] of density C pˣ (1 - p)¹⁻ˣ.

    Close to p = ½, where closed forms lose their digits, series around it are used.

    Args:
        probs: The parameter p, between 0 and 1.
        logits: Its log-odds, instead.
        lims: Between which p the series are used.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If both are given, or neither.

    Source:
        Loaiza-Ganem and Cunningham, "The continuous Bernoulli: fixing a pervasive error in
        variational autoencoders", 2019. arXiv:1907.06845

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.ContinuousBernoulli(torch.tensor(0.5)).variance
        tensor(0.0833)
    """

    arg_constraints: ClassVar[Any] = {
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    stddev = property(lambda self: self.variance.sqrt())
    _natural_params = property(lambda self: (self.logits,))

    def __init__(
        self,
        probs: Any = None,
        logits: Any = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        shape = self._set(probs, logits)
        self._lims = lims
        super().__init__(shape, validate_args=validate_args)
        if probs is not None:
            self.probs = clamp_probs(self.probs)

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        return {**super()._expanded_parts(shape), "_lims": self._lims}

    def _far(self) -> Any:
        """Return where the closed forms are used."""
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut(self) -> Any:
        """Return p, moved away from ½ where the series are used."""
        return torch.where(self._far(), self.probs, self._lims[0])

    def _log_constant(self) -> Any:
        """Return ln C = ln(2 atanh(1 - 2p) / (1 - 2p)), which is ln 2 of p = ½."""
        p = self._cut()
        closed = (torch.log1p(-p) - p.log()).abs().log() - torch.log((1 - 2 * p).abs())
        square = (self.probs - 0.5).square()
        series = math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * square) * square
        return torch.where(self._far(), closed, series)

    @property
    def mean(self) -> Any:
        """P / (2p - 1) + 1 / (2 atanh(1 - 2p)), which is ½ of p = ½."""
        p = self._cut()
        closed = p / (2 * p - 1) + 1 / (torch.log1p(-p) - p.log())
        x = self.probs - 0.5
        series = 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x.square()) * x
        return torch.where(self._far(), closed, series)

    @property
    def variance(self) -> Any:
        """P (p - 1) / (1 - 2p)² + 1 / (2 atanh(1 - 2p))², which is 1/12 of p = ½."""
        p = self._cut()
        closed = p * (p - 1) / (1 - 2 * p).square() + 1 / (torch.log1p(-p) - p.log()).square()
        square = (self.probs - 0.5).square()
        series = 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * square) * square
        return torch.where(self._far(), closed, series)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw quantiles of uniform numbers, without derivatives."""
        return self.rsample(sample_shape).detach()

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw quantiles of uniform numbers."""
        return self.icdf(torch.rand(self._extended_shape(sample_shape), dtype=self.probs.dtype))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        logits, value = broadcast_all(self.logits, self._checked(value))
        return -binary_entropy(logits, value) + self._log_constant()

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        value = self._checked(value)
        p = self._cut()
        closed = (p**value * (1 - p) ** (1 - value) + p - 1) / (2 * p - 1)
        found = torch.where(self._far(), closed, value)
        return torch.where(value <= 0, 0.0, torch.where(value >= 1, 1.0, found))

    def icdf(self, value: Any) -> Any:
        """Return the value up to which samples are with a probability."""
        p = self._cut()
        rest = torch.log1p(-p)
        closed = (torch.log1p(-p + value * (2 * p - 1)) - rest) / (p.log() - rest)
        return torch.where(self._far(), closed, value)

    def entropy(self) -> Any:
        """Return -ln C - m ln p - (1 - m) ln(1 - p) of the mean m."""
        rest = torch.log1p(-self.probs)
        return self.mean * (rest - self.probs.log()) - self._log_constant() - rest

    def _log_normalizer(self, x: Any) -> Any:
        """Return ln((eˣ - 1)/x)."""
        far = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        cut = torch.where(far, x, self._lims[0] - 0.5)
        closed = torch.log((cut.exp() - 1).abs()) - cut.abs().log()
        square = x.square()
        series = 0.5 * x + square / 24.0 - square.square() / 2880.0
        return torch.where(far, closed, series)
