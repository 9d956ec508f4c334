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
from thalweg.ops.numpy.libraries import in_any_library
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
        self._mean, self._log_scale = _floating(loc), _floating(log_scale)
        shapes = self._mean.shape, self._log_scale.shape
        try:
            self._shape = tuple(broadcast_shapes(*shapes))
        except ValueError as error:
            raise ShapeError(
                "Incompatible shapes for broadcasting: multi_normal got means of shape "
                f"{tuple(shapes[0])} and log scales of shape {tuple(shapes[1])}. Give one for "
                "each, or one for all."
            ) from error

    def sample(self, shape: Any, key: Any) -> Any:
        """Return draws: μ + e^s z, with z as `jax.random.normal`.

        Args:
            shape: How many, as a tuple; the shape of the parameters is put behind it.
            key: A key, as `thalweg.random.key` makes them.
        """
        return _drawn(key, (*tuple(shape), *self._shape), self._mean, self._log_scale)

    def log_prob(self, x: Any) -> Any:
        """Return the logarithm of the density: Σ -½ ((x - μ) / e^s)² - s - ½ ln 2π."""
        return _log_density(x, self._mean, self._log_scale, len(self._shape))

    @property
    def log_scale(self) -> Any:
        """The logarithms of the standard deviations."""
        return self._log_scale

    @property
    def params(self) -> list[Any]:
        """The means and the logarithms of the standard deviations."""
        return [self._mean, self._log_scale]


@in_any_library
def _floating(x: Any) -> Tensor:
    return as_floating(asarray(x))


@in_any_library
def _drawn(key: Any, shape: tuple[int, ...], mean: Any, log_scale: Any) -> Tensor:
    means, logs = asarray(mean), asarray(log_scale)
    return normal(key, shape, (means + logs).dtype) * exp(logs) + means


@in_any_library
def _log_density(x: Any, mean: Any, log_scale: Any, ndim: int) -> Tensor:
    logs = asarray(log_scale)
    z = (as_floating(asarray(x)) - mean) / exp(logs)
    densities = -0.5 * (square(z) + math.log(2.0 * math.pi)) - logs
    return sum(densities, tuple(range(-ndim, 0))) if ndim else densities


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
