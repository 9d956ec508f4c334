"""The normal distribution of independent components, by mean and logarithm of the deviation."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.arithmetic import square
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.elementwise.exponential import exp
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.broadcast import broadcast_shapes
from thalweg.random import normal

__all__ = ["multi_normal"]


class MultiNormalDiagFromLogScale:
    """Independent normal variables: N(μ, e^s).

    Args:
        loc: μ, their means.
        log_scale: s, the logarithms of their standard deviations; they broadcast.

    Raises:
        ShapeError: If they do not.
    """

    def __init__(self, loc: Any, log_scale: Any) -> None:
        self._mean, self._log_scale = as_floating(asarray(loc)), as_floating(asarray(log_scale))
        try:
            self._shape = tuple(broadcast_shapes(self._mean.shape, self._log_scale.shape))
        except ValueError as error:
            raise ShapeError(
                "Incompatible shapes for broadcasting: multi_normal got means of shape "
                f"{tuple(self._mean.shape)} and log scales of shape "
                f"{tuple(self._log_scale.shape)}. Give one for each, or one for all."
            ) from error

    def sample(self, shape: Any, key: Any) -> Tensor:
        """Return draws: μ + e^s z, with z as `jax.random.normal`.

        Args:
            shape: How many, as a tuple; the shape of the parameters is put behind it.
            key: A key, as `thalweg.random.key` makes them.
        """
        whole = (*tuple(shape), *self._shape)
        dtype = (self._mean + self._log_scale).dtype
        return normal(key, whole, dtype) * exp(self._log_scale) + self._mean

    def log_prob(self, x: Any) -> Tensor:
        """Return the logarithm of the density: Σ -½ ((x - μ) / e^s)² - s - ½ ln 2π."""
        z = (as_floating(asarray(x)) - self._mean) / exp(self._log_scale)
        logs = -0.5 * (square(z) + math.log(2.0 * math.pi)) - self._log_scale
        return sum(logs, tuple(range(-len(self._shape), 0))) if self._shape else logs

    @property
    def log_scale(self) -> Tensor:
        """The logarithms of the standard deviations."""
        return self._log_scale

    @property
    def params(self) -> list[Tensor]:
        """The means and the logarithms of the standard deviations."""
        return [self._mean, self._log_scale]


def multi_normal(loc: Any, log_scale: Any) -> MultiNormalDiagFromLogScale:
    """Return the distribution of independent normal variables: N(μ, e^s).

    Args:
        loc: μ, their means.
        log_scale: s, the logarithms of their standard deviations; they broadcast.

    Raises:
        ShapeError: If they do not.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.multi_normal([0.0, 0.0], [0.0, 0.0]).log_prob([1.0, 1.0])
        tensor(-2.8379)
    """
    return MultiNormalDiagFromLogScale(loc, log_scale)
