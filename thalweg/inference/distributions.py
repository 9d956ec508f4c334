"""What estimates are compared with: Student's or the normal distribution, F or chi-squared."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thalweg.core.operation import op
from thalweg.ops.stats.positive import chi2
from thalweg.ops.stats.symmetric import norm, t

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ReferenceDistribution:
    """The distribution of an estimate in units of its standard error.

    Args:
        df: The degrees of freedom of Student's distribution; None for the normal one.

    Example:
        >>> round(ReferenceDistribution(10).quantile(0.95), 4)
        2.2281
        >>> ReferenceDistribution(None).two_sided([1.0, 2.0]).round(4)
        array([0.3173, 0.0455])
    """

    df: float | None

    @property
    def letter(self) -> str:
        """How a statistic is called: t or z."""
        return "z" if self.df is None else "t"

    @property
    def text(self) -> str:
        """The distribution in words."""
        if self.df is None:
            return "z, the normal distribution"
        return f"t with {self.df:,.10g} degree{'s' * (self.df != 1)} of freedom"

    def two_sided(self, statistics: ArrayLike) -> Floats:
        """Return the probability of being farther from 0 than these."""
        sizes = np.abs(np.asarray(statistics, np.float64))
        above = norm.sf(sizes) if self.df is None else t.sf(sizes, float(self.df))
        return np.minimum(2.0 * np.asarray(above), 1.0)

    @functools.cache  # noqa: B019 (values, of which a program uses few)
    def quantile(self, level: float) -> float:
        """Return how many standard errors an interval of this level reaches to either side."""
        tail = (1.0 - level) / 2.0
        return float(norm.isf(tail) if self.df is None else t.isf(tail, float(self.df)))

    def joint(self, chi_squared: float, restrictions: int) -> tuple[str, float, float]:
        """Return the name, the value and the probability of a joint test.

            F = χ²/q with (q, df) degrees of freedom; χ² with q where the reference is normal

        Args:
            chi_squared: The squared length of q estimates in the metric of their covariance.
            restrictions: q, their number.
        """
        if self.df is None:
            return "χ²", chi_squared, float(chi2.sf(chi_squared, float(restrictions)))
        value = chi_squared / restrictions
        return "F", value, f_above(value, restrictions, float(self.df))


def f_above(value: float, numerator: float, denominator: float) -> float:
    """Return the probability that a variable with the F distribution is above a value.

        I(d₂ / (d₂ + d₁ x); d₂/2, d₁/2)

    Example:
        >>> round(f_above(4.0, 2, 10), 6)
        0.052922
    """
    share = denominator / (denominator + numerator * value)
    return float(np.asarray(op.betainc(denominator / 2.0, numerator / 2.0, share)))


def chi_squared_above(value: float, df: float) -> float:
    """Return the probability that a variable with the chi-squared distribution is above a value.

    Example:
        >>> round(chi_squared_above(3.841459, 1), 6)
        0.05
    """
    return float(chi2.sf(float(value), float(df)))
