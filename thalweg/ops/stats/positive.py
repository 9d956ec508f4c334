"""Families on an interval, mostly that of the positive numbers."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.operation import op
from thalweg.ops.elementwise.arithmetic import power
from thalweg.ops.elementwise.exponential import exp, expm1, log, log1p, xlogy
from thalweg.ops.special.error import log_ndtr, ndtr, ndtri, xlog1py
from thalweg.ops.special.gamma import betaln
from thalweg.ops.stats.families import Continuous
from thalweg.ops.stats.symmetric import HALF_LOG_TWO_PI


class Positive(Continuous):
    """A family on the positive numbers."""

    support = (0.0, math.inf)
    inside = 1.0


class LogNorm(Positive):
    """Log-normal distribution, of density e^(-(ln z)²/2s²) / (s z √(2π) scale).

    Example:
        >>> import thalweg as tw
        >>> tw.stats.lognorm.cdf(tw.tensor(1.0), 0.5)
        tensor(0.5000)
    """

    shapes = ("s",)
    is_open = True

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        (s,) = shapes
        logarithm = log(z)
        part = logarithm / s
        return -0.5 * (part * part) - logarithm - log(s) - HALF_LOG_TWO_PI

    def _below(self, z: Any, *shapes: Any) -> Any:
        return ndtr(log(z) / shapes[0])

    def _above(self, z: Any, *shapes: Any) -> Any:
        return ndtr(-log(z) / shapes[0])

    def _log_below(self, z: Any, *shapes: Any) -> Any:
        return log_ndtr(log(z) / shapes[0])

    def _log_above(self, z: Any, *shapes: Any) -> Any:
        return log_ndtr(-log(z) / shapes[0])

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return exp(shapes[0] * ndtri(q))

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return exp(-shapes[0] * ndtri(q))


class Gamma(Positive):
    """Gamma distribution, of density zᵃ⁻¹ e⁻ᶻ / (Γ(a) scale).

    Example:
        >>> import thalweg as tw
        >>> tw.stats.gamma.sf(tw.tensor(2.0), 1.0)  # e⁻²
        tensor(0.1353)
    """

    shapes = ("a",)

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        (a,) = shapes
        return xlogy(a - 1.0, z) - z - op.lgamma(a)

    def _below(self, z: Any, *shapes: Any) -> Any:
        return op.gammainc(shapes[0], z)

    def _above(self, z: Any, *shapes: Any) -> Any:
        return op.gammaincc(shapes[0], z)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return op.gammaincinv(shapes[0], q)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return op.gammainccinv(shapes[0], q)


class InvGamma(Positive):
    """Inverse gamma distribution, of density z⁻ᵃ⁻¹ e^(-1/z) / (Γ(a) scale).

    Example:
        >>> import thalweg as tw
        >>> tw.stats.invgamma.cdf(tw.tensor(1.0), 1.0)  # e⁻¹
        tensor(0.3679)
    """

    shapes = ("a",)
    is_open = True

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        (a,) = shapes
        return -(a + 1.0) * log(z) - op.lgamma(a) - 1.0 / z

    def _below(self, z: Any, *shapes: Any) -> Any:
        return op.gammaincc(shapes[0], 1.0 / z)

    def _above(self, z: Any, *shapes: Any) -> Any:
        return op.gammainc(shapes[0], 1.0 / z)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return 1.0 / op.gammainccinv(shapes[0], q)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return 1.0 / op.gammaincinv(shapes[0], q)


class Chi2(Positive):
    """χ² distribution, of density z^(df/2 - 1) e^(-z/2) / (2^(df/2) Γ(df/2) scale).

    Example:
        >>> import thalweg as tw
        >>> tw.stats.chi2.sf(tw.tensor(2.0), 2.0)  # e⁻¹
        tensor(0.3679)
    """

    shapes = ("df",)

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        half = 0.5 * shapes[0]
        return xlogy(half - 1.0, z) - 0.5 * z - op.lgamma(half) - math.log(2.0) * half

    def _below(self, z: Any, *shapes: Any) -> Any:
        return op.gammainc(0.5 * shapes[0], 0.5 * z)

    def _above(self, z: Any, *shapes: Any) -> Any:
        return op.gammaincc(0.5 * shapes[0], 0.5 * z)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return 2.0 * op.gammaincinv(0.5 * shapes[0], q)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return 2.0 * op.gammainccinv(0.5 * shapes[0], q)


class Expon(Positive):
    """Exponential distribution, of density e⁻ᶻ / scale.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.expon.logpdf(tw.tensor(3.0), scale=2.0)
        tensor(-2.1931)
    """

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        return -z

    def _below(self, z: Any, *shapes: Any) -> Any:
        return -expm1(-z)

    def _above(self, z: Any, *shapes: Any) -> Any:
        return exp(-z)

    def _log_above(self, z: Any, *shapes: Any) -> Any:
        return -z

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return -log1p(-q)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return -log(q)


class WeibullMin(Positive):
    """Weibull's distribution, of density c zᶜ⁻¹ e^(-zᶜ) / scale.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.weibull_min.sf(tw.tensor(1.0), 2.0)  # e⁻¹
        tensor(0.3679)
    """

    shapes = ("c",)

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        (c,) = shapes
        return log(c) + xlogy(c - 1.0, z) - power(z, c)

    def _below(self, z: Any, *shapes: Any) -> Any:
        return -expm1(-power(z, shapes[0]))

    def _above(self, z: Any, *shapes: Any) -> Any:
        return exp(-power(z, shapes[0]))

    def _log_above(self, z: Any, *shapes: Any) -> Any:
        return -power(z, shapes[0])

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return power(-log1p(-q), 1.0 / shapes[0])

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return power(-log(q), 1.0 / shapes[0])


class Pareto(Continuous):
    """Pareto's distribution, of density b / (z^(b + 1) scale) from 1 on.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.pareto.sf(tw.tensor(2.0), 3.0)
        tensor(0.1250)
    """

    shapes = ("b",)
    support = (1.0, math.inf)
    inside = 2.0

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        (b,) = shapes
        return log(b) - (b + 1.0) * log(z)

    def _below(self, z: Any, *shapes: Any) -> Any:
        return -expm1(-shapes[0] * log(z))

    def _above(self, z: Any, *shapes: Any) -> Any:
        return power(z, -shapes[0])

    def _log_above(self, z: Any, *shapes: Any) -> Any:
        return -shapes[0] * log(z)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return power(1.0 - q, -1.0 / shapes[0])

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return power(q, -1.0 / shapes[0])


class Uniform(Continuous):
    """Uniform distribution, of density 1 / scale between loc and loc + scale.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.uniform.cdf(tw.tensor(3.0), 2.0, 4.0)
        tensor(0.2500)
    """

    support = (0.0, 1.0)
    inside = 0.5

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        return 0.0 * z

    def _below(self, z: Any, *shapes: Any) -> Any:
        return z

    def _above(self, z: Any, *shapes: Any) -> Any:
        return 1.0 - z

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return q


class Beta(Continuous):
    """Beta distribution, of density zᵃ⁻¹ (1 - z)ᵇ⁻¹ / (B(a, b) scale).

    Example:
        >>> import thalweg as tw
        >>> tw.stats.beta.cdf(tw.tensor(0.5), 2.0, 2.0)
        tensor(0.5000)
    """

    shapes = ("a", "b")
    support = (0.0, 1.0)
    inside = 0.5

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        a, b = shapes
        return xlogy(a - 1.0, z) + xlog1py(b - 1.0, -z) - betaln(a, b)

    def _below(self, z: Any, *shapes: Any) -> Any:
        a, b = shapes
        return op.betainc(a, b, z)

    def _above(self, z: Any, *shapes: Any) -> Any:
        a, b = shapes
        return op.betainc(b, a, 1.0 - z)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return op.betaincinv(*shapes, q)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return op.betainccinv(*shapes, q)


lognorm, gamma, invgamma, chi2 = LogNorm(), Gamma(), InvGamma(), Chi2()
expon, weibull_min, pareto = Expon(), WeibullMin(), Pareto()
uniform, beta = Uniform(), Beta()
