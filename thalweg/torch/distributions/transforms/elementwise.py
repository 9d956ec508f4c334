"""Transforms of each number by itself."""

from __future__ import annotations

import math
from numbers import Number
from typing import Any

import numpy as np

from thalweg import torch
from thalweg.core.tensor import Tensor
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.distribution import sum_rightmost
from thalweg.torch.distributions.transforms.transform import Transform
from thalweg.torch.distributions.utils import broadcast_all
from thalweg.torch.nn.functional import softplus
from thalweg.torch.size import TorchSize as Size

__all__ = [
    "AbsTransform", "AffineTransform", "CumulativeDistributionTransform", "ExpTransform",
    "PowerTransform", "SigmoidTransform", "SoftplusTransform", "TanhTransform",
]  # fmt: skip


def _softplus(x: Any) -> Any:
    """Return ln(1 + eˣ) to all digits."""
    return x.clamp(min=0) + torch.exp(-x.abs()).log1p()


class _Alike(Transform):
    """A transform without parameters: all of its class are equal."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self))

    __hash__ = object.__hash__


class ExpTransform(_Alike):
    """y = eˣ.

    Example:
        >>> import thalweg.torch as torch
        >>> ExpTransform()(torch.tensor(0.0))
        tensor(1.)
    """

    domain = constraints.real
    codomain = constraints.positive
    bijective = True
    sign = +1

    def _call(self, x: Any) -> Any:
        return x.exp()

    def _inverse(self, y: Any) -> Any:
        return y.log()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return x."""
        return x


class PowerTransform(Transform):
    """y = xᵖ of positive x.

    Args:
        exponent: The power p.
        cache_size: As for `Transform`.

    Example:
        >>> import thalweg.torch as torch
        >>> PowerTransform(2.0)(torch.tensor(3.0))
        tensor(9.)
    """

    domain = constraints.positive
    codomain = constraints.positive
    bijective = True

    sign = property(lambda self: self.exponent.sign())

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        (self.exponent,) = broadcast_all(exponent)

    def with_cache(self, cache_size: int = 1) -> Any:
        """Return the transform with a cache of that size."""
        same = self._cache_size == cache_size
        return self if same else PowerTransform(self.exponent, cache_size=cache_size)

    def __eq__(self, other: object) -> bool:
        """Tell whether the powers are equal."""
        return isinstance(other, PowerTransform) and _equal(self.exponent, other.exponent)

    __hash__ = object.__hash__

    def _call(self, x: Any) -> Any:
        return x.pow(self.exponent)

    def _inverse(self, y: Any) -> Any:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return ln |p y / x|."""
        return (self.exponent * y / x).abs().log()

    def forward_shape(self, shape: Any) -> Any:
        """Return the shape that powers of a shape have."""
        return Size(np.broadcast_shapes(shape, self.exponent.shape))

    inverse_shape = forward_shape


class SigmoidTransform(_Alike):
    """y = 1 / (1 + e⁻ˣ), kept inside of (0, 1).

    Example:
        >>> import thalweg.torch as torch
        >>> SigmoidTransform()(torch.tensor(0.0))
        tensor(0.5000)
    """

    domain = constraints.real
    codomain = constraints.unit_interval
    bijective = True
    sign = +1

    def _call(self, x: Any) -> Any:
        return inner_sigmoid(x)

    def _inverse(self, y: Any) -> Any:
        inside = _inside(y)
        return inside.log() - (-inside).log1p()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return ln y + ln(1 - y)."""
        return -_softplus(-x) - _softplus(x)


def _inside(y: Any) -> Any:
    limits = np.finfo(y.dtype)
    return y.clamp(min=float(limits.tiny), max=1 - float(limits.eps))


def inner_sigmoid(x: Any) -> Any:
    """Return the logistic function, above 0 and below 1 also where it rounds to them."""
    return _inside(torch.sigmoid(x))


class SoftplusTransform(_Alike):
    """y = ln(1 + eˣ).

    Example:
        >>> import thalweg.torch as torch
        >>> SoftplusTransform()(torch.tensor(0.0))
        tensor(0.6931)
    """

    domain = constraints.real
    codomain = constraints.positive
    bijective = True
    sign = +1

    def _call(self, x: Any) -> Any:
        return softplus(x)

    def _inverse(self, y: Any) -> Any:
        return (-torch.expm1(-y)).log() + y

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return the logarithm of the logistic function."""
        return -_softplus(-x)


class TanhTransform(_Alike):
    """y = tanh x.

    Example:
        >>> import thalweg.torch as torch
        >>> TanhTransform().inv(torch.tensor(0.0))
        tensor(0.)
    """

    domain = constraints.real
    codomain = constraints.interval(-1.0, 1.0)
    bijective = True
    sign = +1

    def _call(self, x: Any) -> Any:
        return x.tanh()

    def _inverse(self, y: Any) -> Any:
        return torch.atanh(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return ln(1 - tanh² x), which keeps its digits in this form."""
        return 2 * (math.log(2) - x - _softplus(-2 * x))


class AbsTransform(_Alike):
    """y = |x|, of which the inverse gives the positive x.

    Example:
        >>> import thalweg.torch as torch
        >>> AbsTransform()(torch.tensor(-3.0))
        tensor(3.)
    """

    domain = constraints.real
    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return x.abs()

    def _inverse(self, y: Any) -> Any:
        return y


class AffineTransform(Transform):
    """y = μ + σ x.

    Args:
        loc: μ, a number or a tensor.
        scale: σ.
        event_dim: The number of axes that are one value.
        cache_size: As for `Transform`.

    Example:
        >>> import thalweg.torch as torch
        >>> AffineTransform(1.0, 2.0)(torch.tensor(3.0))
        tensor(7.)
    """

    bijective = True

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.loc, self.scale, self._event_dim = loc, scale, event_dim

    @property
    def event_dim(self) -> Any:
        """The number of axes that are one value."""
        return self._event_dim

    @property
    def domain(self) -> Any:
        """All numbers, or arrays of them."""
        rank = self._event_dim
        return constraints.independent(constraints.real, rank) if rank else constraints.real

    codomain = domain

    def with_cache(self, cache_size: int = 1) -> Any:
        """Return the transform with a cache of that size."""
        if self._cache_size == cache_size:
            return self
        return AffineTransform(self.loc, self.scale, self._event_dim, cache_size=cache_size)

    def __eq__(self, other: object) -> bool:
        """Tell whether location and scale are equal."""
        return (
            isinstance(other, AffineTransform)
            and _equal(self.loc, other.loc)
            and _equal(self.scale, other.scale)
        )

    __hash__ = object.__hash__

    @property
    def sign(self) -> Any:
        """The sign of σ."""
        is_number = isinstance(self.scale, (int, float))
        return int(np.sign(self.scale)) if is_number else self.scale.sign()

    def _call(self, x: Any) -> Any:
        return self.loc + self.scale * x

    def _inverse(self, y: Any) -> Any:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return ln |σ|, of one value."""
        if isinstance(self.scale, (int, float)):
            found: Any = torch.full_like(x, math.log(np.abs(self.scale)))
        else:
            found = self.scale.abs().log()
        rank = self._event_dim
        if rank:
            shape = np.broadcast_shapes(found.shape, x.shape)
            found = sum_rightmost(found.expand(shape), rank)
        return found.expand(np.broadcast_shapes(found.shape, x.shape[: x.ndim - rank]))

    def forward_shape(self, shape: Any) -> Any:
        """Return the shape that location, scale and values have together."""
        own = (getattr(self.loc, "shape", ()), getattr(self.scale, "shape", ()))
        return Size(np.broadcast_shapes(shape, *own))

    inverse_shape = forward_shape


def _equal(mine: Any, other: Any) -> bool:
    if isinstance(mine, Number) and isinstance(other, Number):
        return mine == other
    found = mine == other
    return bool(found.all()) if isinstance(found, Tensor) else bool(found)


class CumulativeDistributionTransform(Transform):
    """y = F(x) of a distribution's function F: its samples become uniform.

    Args:
        distribution: The distribution, which has `cdf` and `icdf`.
        cache_size: As for `Transform`.

    Example:
        >>> import thalweg.torch as torch
        >>> normal = torch.distributions.Normal(0.0, 1.0)
        >>> CumulativeDistributionTransform(normal)(torch.tensor(0.0))
        tensor(0.5000)
    """

    bijective = True
    codomain = constraints.unit_interval
    sign = +1

    domain = property(lambda self: self.distribution.support)

    def __init__(self, distribution: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.distribution = distribution

    def _call(self, x: Any) -> Any:
        return self.distribution.cdf(x)

    def _inverse(self, y: Any) -> Any:
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return the logarithm of the density."""
        return self.distribution.log_prob(x)

    def with_cache(self, cache_size: int = 1) -> Any:
        """Return the transform with a cache of that size."""
        if self._cache_size == cache_size:
            return self
        return CumulativeDistributionTransform(self.distribution, cache_size=cache_size)
