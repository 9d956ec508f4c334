"""Families on all numbers: normal, Student's, Cauchy, Laplace, logistic and von Mises."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.tensor import as_tensor
from thalweg.ops.elementwise.arithmetic import absolute, sqrt
from thalweg.ops.elementwise.comparison import minimum, where
from thalweg.ops.elementwise.exponential import exp, log, log1p, logit, sigmoid
from thalweg.ops.elementwise.trigonometric import arcsin, arctan, sin, tan
from thalweg.ops.special.activations import log_sigmoid
from thalweg.ops.special.error import log_ndtr, ndtr, ndtri
from thalweg.ops.special.gamma import betaln
from thalweg.ops.stats.families import Continuous, at_least

HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


class Norm(Continuous):
    """Normal distribution, of density e^(-z²/2) / (√(2π) scale), z = (x - loc) / scale.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.norm.logpdf(tw.tensor(1.0), 1.0, 2.0)
        tensor(-1.6121)
    """

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        return -0.5 * (z * z) - HALF_LOG_TWO_PI

    def _below(self, z: Any, *shapes: Any) -> Any:
        return ndtr(z)

    def _above(self, z: Any, *shapes: Any) -> Any:
        return ndtr(-z)

    def _log_below(self, z: Any, *shapes: Any) -> Any:
        return log_ndtr(z)

    def _log_above(self, z: Any, *shapes: Any) -> Any:
        return log_ndtr(-z)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return ndtri(q)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return -ndtri(q)


# Closer to 0 than this, Student's distribution function is its tangent.
_FLAT = 1e-9


class T(Continuous):
    """Student's distribution, of density (1 + z²/df)^(-(df + 1)/2) / (√df B(½, df/2)).

    Example:
        >>> import thalweg as tw
        >>> tw.stats.t.sf(tw.tensor(2.0), 1.0)
        tensor(0.1476)
    """

    shapes = ("df",)

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        (df,) = shapes
        size = betaln(0.5, 0.5 * df) + 0.5 * log(df)
        return -size - 0.5 * (df + 1.0) * log1p(z * z / df)

    def _below(self, z: Any, *shapes: Any) -> Any:
        return self._above(-z, *shapes)

    def _above(self, z: Any, *shapes: Any) -> Any:
        (df,) = shapes
        square, flat = z * z, absolute(z) < _FLAT
        # The integral has a root at z = 0, whose derivative is infinite there.
        safe = where(flat, 1.0, square)
        tail = 0.5 * op.betainc(0.5 * df, 0.5, df / (df + safe))
        middle = 0.5 * op.betainc(0.5, 0.5 * df, safe / (df + safe))
        # Far out the tail keeps its digits, near 0 the middle does.
        far = safe > minimum(df, 1.0)
        upper = where(far, tail, 0.5 - middle)
        lower = where(far, 1.0 - tail, 0.5 + middle)
        height = exp(self._log_density(0.0 * z, df))
        return where(flat, 0.5 - z * height, where(z > 0, upper, lower))

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return -self._upper_quantile(q, *shapes)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        (df,) = shapes
        flat = absolute(q - 0.5) < _FLAT
        tail = where(flat, 0.5, 2.0 * where(q > 0.5, 1.0 - q, q))
        # Each of the shares of z² + df that z² and df are has its own digits.
        share, rest = op.betainccinv(0.5, 0.5 * df, tail), op.betaincinv(0.5 * df, 0.5, tail)
        size = sqrt(df * share / rest)
        height = exp(self._log_density(0.0 * q, df))
        return where(flat, (0.5 - q) / height, where(q > 0.5, -size, size))


class Cauchy(Continuous):
    """Cauchy's distribution, of density 1 / (π (1 + z²) scale).

    Example:
        >>> import thalweg as tw
        >>> tw.stats.cauchy.cdf(tw.tensor(1.0))
        tensor(0.7500)
    """

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        return -log1p(z * z) - math.log(math.pi)

    def _below(self, z: Any, *shapes: Any) -> Any:
        tail = z < -1.0
        far = arctan(-1.0 / where(tail, z, -1.0)) / math.pi
        return where(tail, far, 0.5 + arctan(where(tail, 0.0, z)) / math.pi)

    def _above(self, z: Any, *shapes: Any) -> Any:
        return self._below(-z)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        low, high = q < 0.25, q > 0.75
        tail = where(low, q, where(high, 1.0 - q, 0.25))
        far = 1.0 / tan(math.pi * tail)
        return where(low, -far, where(high, far, tan(math.pi * (where(low | high, 0.5, q) - 0.5))))

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return -self._quantile(q)


class Laplace(Continuous):
    """Laplace's distribution, of density e^(-|z|) / (2 scale).

    Example:
        >>> import thalweg as tw
        >>> tw.stats.laplace.sf(tw.tensor(1.0))
        tensor(0.1839)
    """

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        return -absolute(z) - math.log(2.0)

    def _below(self, z: Any, *shapes: Any) -> Any:
        tail = 0.5 * exp(-absolute(z))
        return where(z > 0, 1.0 - tail, tail)

    def _above(self, z: Any, *shapes: Any) -> Any:
        return self._below(-z)

    def _log_below(self, z: Any, *shapes: Any) -> Any:
        positive = z > 0
        far = log1p(-0.5 * exp(-where(positive, z, 1.0)))
        return where(positive, far, z - math.log(2.0))

    def _log_above(self, z: Any, *shapes: Any) -> Any:
        return self._log_below(-z)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        upper = q > 0.5
        size = log(2.0 * where(upper, 1.0 - q, q))
        return where(upper, -size, size)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return -self._quantile(q)


class Logistic(Continuous):
    """Logistic distribution, of density e⁻ᶻ / ((1 + e⁻ᶻ)² scale).

    Example:
        >>> import thalweg as tw
        >>> tw.stats.logistic.logpdf(tw.tensor(0.0))  # ln ¼
        tensor(-1.3863)
    """

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        size = absolute(z)
        return -size - 2.0 * log1p(exp(-size))

    def _below(self, z: Any, *shapes: Any) -> Any:
        return sigmoid(z)

    def _above(self, z: Any, *shapes: Any) -> Any:
        return sigmoid(-z)

    def _log_below(self, z: Any, *shapes: Any) -> Any:
        return log_sigmoid(z)

    def _log_above(self, z: Any, *shapes: Any) -> Any:
        return log_sigmoid(-z)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return logit(q)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return -logit(q)


class VonMises(Continuous):
    """Von Mises's distribution of angles, of density e^(kappa cos z) / (2π I₀(kappa) scale).

    Example:
        >>> import thalweg as tw
        >>> tw.stats.vonmises.pdf(tw.tensor(0.0), 0.0)  # 1 / 2π
        tensor(0.1592)
    """

    shapes = ("kappa",)

    def _valid(self, *shapes: Any) -> Any:
        return at_least(shapes[0], 0.0)

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        (kappa,) = shapes
        half = sin(0.5 * z)
        return -2.0 * kappa * (half * half) - _log_of_height(kappa)

    def _below(self, z: Any, *shapes: Any) -> Any:
        turns, rest = _within_a_turn(z)
        tail = exp(_log_of_tail(rest, as_tensor(shapes[0])))
        return where(rest >= 0, (turns + 1.0) - tail, turns + tail)

    def _above(self, z: Any, *shapes: Any) -> Any:
        turns, rest = _within_a_turn(z)
        tail = exp(_log_of_tail(rest, as_tensor(shapes[0])))
        return where(rest >= 0, tail - turns, (1.0 - turns) - tail)

    def _log_below(self, z: Any, *shapes: Any) -> Any:
        turns, rest = _within_a_turn(z)
        found, upper = _log_of_tail(rest, as_tensor(shapes[0])), rest >= 0
        first = turns == 0
        # Beyond a half turn it is SciPy's: of more than 1, or of less than 0.
        far = where(upper, (turns + 1.0) - exp(found), turns + exp(found))
        near = where(upper, log1p(-exp(where(upper, found, -1.0))), found)
        return where(first, near, log(where(first, 1.0, far)))

    def _log_above(self, z: Any, *shapes: Any) -> Any:
        return self._log_below(-z, *shapes)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        lower = q <= 0.5
        size = _size_of_tail(where(lower, q, 1.0 - q), as_tensor(shapes[0]))
        return where(lower, -size, size)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return -self._quantile(q, *shapes)


# A share of e^-38 of the density is none. The integral of the rest by Gauß and Legendre is then
# that of a smooth function.
_NOTHING, _COUNT = 38.0, 36
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(_COUNT)


def _log_of_height(kappa: Any) -> Any:
    """Return -log of the density at 0, of which the derivative at kappa = 0 is that from above."""
    small = kappa < 1.0
    near = log(op.i0(where(small, kappa, 0.0))) - kappa
    return math.log(2.0 * math.pi) + where(small, near, log(op.i0e(where(small, 1.0, kappa))))


def _within_a_turn(z: Any) -> tuple[Any, Any]:
    """Return how many turns an angle is from 0, and what is left of it, between -π and π."""
    turns = op.rint(z / (2.0 * math.pi))
    return turns, z - 2.0 * math.pi * turns


def _log_of_tail(angle: Any, kappa: Any) -> Any:
    """Return the logarithm of the probability from the size of an angle to π."""
    lasting, log_density = _tail(angle, kappa)
    return log(lasting) + log_density


def _tail(angle: Any, kappa: Any) -> tuple[Any, Any]:
    """Return the probability from an angle's size to π per density there, and that one's logarithm.

    In sin²((x + t) / 2) - sin²(x / 2) = sin(x + t / 2) sin(t / 2) nothing cancels.
    """
    size = where(angle >= 0, angle, -angle)
    half = sin(0.5 * size)
    least = half * half
    whole = 2.0 * kappa * (1.0 - least) <= _NOTHING
    part = least + 0.5 * _NOTHING / where(whole, 1.0, kappa)
    end = where(whole, math.pi, 2.0 * arcsin(sqrt(where(whole, 1.0, part))))
    length = op.maximum(op.stop_gradient(end) - size, 0.0)
    nodes, weights = (as_tensor(v.astype(length.dtype)) for v in (_NODES, _WEIGHTS))
    t = op.expand_dims(length, -1) * (0.5 + 0.5 * nodes)
    falling = sin(op.expand_dims(size, -1) + 0.5 * t) * sin(0.5 * t)
    heights = exp(-2.0 * op.expand_dims(kappa, -1) * falling)
    lasting = 0.5 * length * op.sum(weights * heights, axis=-1)
    return lasting, -2.0 * kappa * least - _log_of_height(kappa)


# So often is an interval halved in which an angle lies, and so often is it then bettered by
# Newton's method. A step doubles the digits of the derivatives too, of which the first has none.
_HALVED, _BETTERED = 30, 4


def _size_of_tail(share: Any, kappa: Any) -> Any:
    """Return the angle, of 0 to π, from which to π there is a probability of at most a half."""
    low, high = _interval_of_size(op.stop_gradient(share), op.stop_gradient(kappa))
    size = 0.5 * (low + high)
    for _ in range(_BETTERED):
        lasting, log_density = _tail(size, kappa)
        size = size + (lasting - share * exp(-log_density))
        # What is not below π in this precision depends on its operands all the same.
        size = size + op.stop_gradient(op.maximum(op.minimum(size, high), low) - size)
    return size


def _interval_of_size(share: Any, kappa: Any) -> tuple[Any, Any]:
    """Return two angles between which the one is from which to π there is a share.

    From x on there is at most e^(-2 kappa sin²(x / 2)), from 0 on a half, and from π on nothing.
    """
    wanted = log(share)
    near_pi = math.pi * (1.0 - 4.0 * float(np.finfo(share.dtype).eps))
    last = where(share < 0.5, near_pi, op.zeros_like(share))
    whole = -wanted >= 2.0 * kappa
    part = -wanted / where(whole, 1.0, 2.0 * kappa)
    high = op.minimum(2.0 * arcsin(sqrt(where(whole, 1.0, part))), last)
    low = op.zeros_like(high)
    for _ in range(_HALVED):
        middle = 0.5 * (low + high)
        beyond = _log_of_tail(middle, kappa) < wanted
        low, high = where(beyond, low, middle), where(beyond, middle, high)
    return low, high


norm, t, cauchy, laplace = Norm(), T(), Cauchy(), Laplace()
logistic, vonmises = Logistic(), VonMises()
