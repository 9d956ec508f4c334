"""Families on whole numbers: Poisson, binomial, negative binomial, Bernoulli and geometric."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.operation import op
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.exponential import exp, expm1, log, log1p, xlogy
from thalweg.ops.elementwise.rounding import ceil, floor
from thalweg.ops.special.error import xlog1py
from thalweg.ops.special.gamma import betaln
from thalweg.ops.stats.families import Counting, Number, above, at_least, at_most, both
from thalweg.ops.stats.searching import SAME


def _is_whole(n: Any) -> Any:
    return float(n).is_integer() if isinstance(n, Number) else floor(n) == n


def _is_share(p: Any) -> Any:
    return both(at_least(p, 0.0), at_most(p, 1.0))


class Poisson(Counting):
    """Poisson's distribution, of probabilities muᵏ e^(-mu) / k!.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.poisson.logpmf(tw.tensor(2.0), 3.0)
        tensor(-1.4959)
    """

    shapes = ("mu",)

    def _valid(self, *shapes: Any) -> Any:
        return at_least(shapes[0], 0.0)

    def _log_mass(self, k: Any, *shapes: Any) -> Any:
        (mu,) = shapes
        return xlogy(k, mu) - op.lgamma(k + 1.0) - mu

    def _below(self, k: Any, *shapes: Any) -> Any:
        return op.gammaincc(k + 1.0, shapes[0])

    def _above(self, k: Any, *shapes: Any) -> Any:
        return op.gammainc(k + 1.0, shapes[0])

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return op.poisson_quantile(q, *shapes)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return op.poisson_upper_quantile(q, *shapes)


class Binom(Counting):
    """Binomial distribution, of probabilities n! / (k! (n - k)!) pᵏ (1 - p)ⁿ⁻ᵏ.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.binom.pmf(tw.tensor(1.0), 2, 0.5)
        tensor(0.5000)
    """

    shapes = ("n", "p")

    def _valid(self, *shapes: Any) -> Any:
        n, p = shapes
        return both(at_least(n, 0.0), _is_whole(n), _is_share(p))

    def _last(self, *shapes: Any) -> Any:
        return shapes[0]

    def _log_mass(self, k: Any, *shapes: Any) -> Any:
        n, p = shapes
        # ln n! / (k! (n - k)!), whose large parts have cancelled.
        ways = -log(n + 1.0) - betaln(k + 1.0, n - k + 1.0)
        return ways + xlogy(k, p) + xlog1py(n - k, -p)

    def _below(self, k: Any, *shapes: Any) -> Any:
        n, p = shapes
        return op.betainc(n - k, k + 1.0, 1.0 - p)

    def _above(self, k: Any, *shapes: Any) -> Any:
        n, p = shapes
        return op.betainc(k + 1.0, n - k, p)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return op.binom_quantile(q, *shapes)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return op.binom_upper_quantile(q, *shapes)


class NBinom(Counting):
    """Negative binomial distribution: k failures before the n-th success, each of probability p.

    Its probabilities are Γ(n + k) / (Γ(n) k!) pⁿ (1 - p)ᵏ.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.nbinom.cdf(tw.tensor(1.0), 1.0, 0.5)
        tensor(0.7500)
    """

    shapes = ("n", "p")

    def _valid(self, *shapes: Any) -> Any:
        n, p = shapes
        return both(above(n, 0.0), above(p, 0.0), at_most(p, 1.0))

    def _log_mass(self, k: Any, *shapes: Any) -> Any:
        n, p = shapes
        return -log(n + k) - betaln(n, k + 1.0) + n * log(p) + xlog1py(k, -p)

    def _below(self, k: Any, *shapes: Any) -> Any:
        n, p = shapes
        return op.betainc(n, k + 1.0, p)

    def _above(self, k: Any, *shapes: Any) -> Any:
        n, p = shapes
        return op.betainc(k + 1.0, n, 1.0 - p)

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return op.nbinom_quantile(q, *shapes)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return op.nbinom_upper_quantile(q, *shapes)


class Bernoulli(Counting):
    """Bernoulli's distribution: 1 of probability p, else 0.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.bernoulli.pmf(tw.tensor(0.0), 0.25)
        tensor(0.7500)
    """

    shapes = ("p",)
    support = (0.0, 1.0)

    def _valid(self, *shapes: Any) -> Any:
        return _is_share(shapes[0])

    def _log_mass(self, k: Any, *shapes: Any) -> Any:
        (p,) = shapes
        return xlogy(k, p) + xlog1py(1.0 - k, -p)

    def _below(self, k: Any, *shapes: Any) -> Any:
        return 1.0 - shapes[0] + 0.0 * k

    def _above(self, k: Any, *shapes: Any) -> Any:
        return shapes[0] + 0.0 * k

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return where(q > 1.0 - shapes[0], 1.0, 0.0 * q)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return where(q < shapes[0], 1.0, 0.0 * q)


class Geom(Counting):
    """Geometric distribution: the trials until the first success, of probabilities p (1 - p)ᵏ⁻¹.

    Example:
        >>> import thalweg as tw
        >>> tw.stats.geom.sf(tw.tensor(2.0), 0.5)
        tensor(0.2500)
    """

    shapes = ("p",)
    support = (1.0, math.inf)

    def _valid(self, *shapes: Any) -> Any:
        return both(above(shapes[0], 0.0), at_most(shapes[0], 1.0))

    def _log_mass(self, k: Any, *shapes: Any) -> Any:
        (p,) = shapes
        return xlog1py(k - 1.0, -p) + log(p)

    def _below(self, k: Any, *shapes: Any) -> Any:
        return -expm1(k * log1p(-shapes[0]))

    def _above(self, k: Any, *shapes: Any) -> Any:
        return exp(k * log1p(-shapes[0]))

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        return self._first(log1p(-q), *shapes)

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        return self._first(log(q), *shapes)

    def _first(self, logarithm: Any, *shapes: Any) -> Any:
        """Return the smallest k for which k ln(1 - p) is at most a logarithm, but for rounding."""
        found = ceil(logarithm / log1p(-shapes[0]) * (1.0 - SAME))
        return where(found > 1.0, found, 1.0)


poisson, binom, nbinom, bernoulli, geom = Poisson(), Binom(), NBinom(), Bernoulli(), Geom()
