"""Quantiles of counts: the smallest whole number up to which there is so much probability.

It is searched for from where Cornish and Fisher's expansion puts it, in steps that double until it
lies between two numbers, whose distance is halved from there on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.primitive import of_reals
from thalweg.core.spec import Array
from thalweg.ops.special.error import ndtri
from thalweg.ops.special.incomplete import gammainc, gammaincc
from thalweg.ops.special.incomplete_beta import betainc

# A probability that differs by its rounding is the same one.
SAME = 2.0**-46

# From here on not every whole number is one of float64: a quantile is NaN.
WHOLE = 2.0**53

# More turns than doubling up to there and halving what is between takes.
_MOST = 200

Tail = Callable[..., Array]


def _flat(g: Any, out: Any, *operands: Any) -> Any:
    return g * 0.0


@of_reals(_flat, _flat, cost=8000)
def poisson_quantile(p: Array, mu: Array) -> Array:
    """Smallest whole number up to which Poisson's distribution has a probability p."""
    return _smallest(p, (mu,), _poisson_below, _of_poisson, True)


@of_reals(_flat, _flat, cost=8000)
def poisson_upper_quantile(p: Array, mu: Array) -> Array:
    """Smallest whole number beyond which Poisson's distribution has at most a probability p."""
    return _smallest(p, (mu,), _poisson_above, _of_poisson, False)


@of_reals(_flat, _flat, _flat, cost=8000)
def binom_quantile(p: Array, n: Array, share: Array) -> Array:
    """Smallest whole number up to which the binomial distribution has a probability p."""
    return _smallest(p, (n, share), _binom_below, _of_binom, True)


@of_reals(_flat, _flat, _flat, cost=8000)
def binom_upper_quantile(p: Array, n: Array, share: Array) -> Array:
    """Smallest whole number beyond which the binomial distribution has at most a probability p."""
    return _smallest(p, (n, share), _binom_above, _of_binom, False)


@of_reals(_flat, _flat, _flat, cost=8000)
def nbinom_quantile(p: Array, n: Array, share: Array) -> Array:
    """Smallest whole number up to which the negative binomial one has a probability p."""
    return _smallest(p, (n, share), _nbinom_below, _of_nbinom, True)


@of_reals(_flat, _flat, _flat, cost=8000)
def nbinom_upper_quantile(p: Array, n: Array, share: Array) -> Array:
    """Smallest whole number beyond which the negative binomial one has at most a probability p."""
    return _smallest(p, (n, share), _nbinom_above, _of_nbinom, False)


# ---- the distributions: tails, and (mean, deviation, deviation times skewness, last number)


def _poisson_below(k: Array, mu: Array) -> Array:
    return np.asarray(gammaincc.meaning(k + 1.0, mu))


def _poisson_above(k: Array, mu: Array) -> Array:
    return np.asarray(gammainc.meaning(k + 1.0, mu))


def _of_poisson(mu: Array) -> tuple[Any, Any, Any, Any]:
    return mu, np.sqrt(mu), 1.0, np.inf


def _binom_below(k: Array, n: Array, share: Array) -> Array:
    return np.asarray(betainc.meaning(n - k, k + 1.0, 1.0 - share))


def _binom_above(k: Array, n: Array, share: Array) -> Array:
    return np.asarray(betainc.meaning(k + 1.0, n - k, share))


def _of_binom(n: Array, share: Array) -> tuple[Any, Any, Any, Any]:
    return n * share, np.sqrt(n * share * (1.0 - share)), 1.0 - 2.0 * share, n


def _nbinom_below(k: Array, n: Array, share: Array) -> Array:
    return np.asarray(betainc.meaning(n, k + 1.0, share))


def _nbinom_above(k: Array, n: Array, share: Array) -> Array:
    return np.asarray(betainc.meaning(k + 1.0, n, 1.0 - share))


def _of_nbinom(n: Array, share: Array) -> tuple[Any, Any, Any, Any]:
    rest = n * (1.0 - share)
    return rest / share, np.sqrt(rest) / share, (2.0 - share) / share, np.inf


# ---- the search


def _smallest(
    p: Array, shapes: tuple[Array, ...], tail: Tail, moments: Callable[..., Any], lower: bool
) -> Array:
    wanted, *values = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (p, *shapes)))
    mean, deviation, skewed, last = moments(*values)
    result = np.full(wanted.shape, np.nan)
    inside = (wanted > 0) & (wanted < 1) & np.isfinite(mean) & np.isfinite(deviation)
    if inside.any():
        last = np.broadcast_to(last, inside.shape)[inside]
        skewed = np.broadcast_to(skewed, inside.shape)[inside]
        z = ndtri.meaning(wanted[inside]) * (1.0 if lower else -1.0)
        start = mean[inside] + deviation[inside] * z + skewed * (z * z - 1.0) / 6.0
        start = np.minimum(np.maximum(np.floor(start), 0.0), last)
        kept = [v[inside] for v in values]
        result[inside] = _search(wanted[inside], kept, tail, lower, start, last)
    return result.astype(p.dtype)


def _search(p: Array, shapes: Any, tail: Tail, lower: bool, k: Array, last: Array) -> Array:
    low, high, k = np.full_like(p, -1.0), last.astype(float), k.copy()
    step, going = 1.0, np.arange(p.size)
    for _ in range(_MOST):
        at, wanted = k[going], p[going]
        found = np.where(at < WHOLE, tail(at, *[v[going] for v in shapes]), np.nan)
        hit = found >= wanted * (1.0 - SAME) if lower else found <= wanted * (1.0 + SAME)
        least, most = np.where(hit, low[going], at), np.where(hit, at, high[going])
        most = np.where(np.isnan(found), np.nan, most)
        after = np.where(hit, at - step, at + step)
        known = (least >= 0) & (most < last[going])
        straight = ~known & (after > least) & (after < most)
        after = np.where(straight, after, np.floor(least + 0.5 * (most - least)))
        low[going], high[going], k[going] = least, most, after
        step *= 2.0
        going = going[(after > least) & (after < most)]
        if not going.size:
            break
    return high
