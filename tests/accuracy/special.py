"""Special functions whose errors are measured: exact values, where, and how conditioned they are.

A row is `(exact, points, beside)`: the function of mpmath's numbers; its operands as a function of
the dtype and of about how many; and a number whose last place counts if it is larger than the
result's, which is what a change of the operands by one unit makes of it, x f'(x).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import scipy.special

from tests.accuracy.inverse import INVERSES

Array = np.ndarray[Any, Any]
Points = Callable[[Any, int], tuple[Array, ...]]
Exact = Callable[..., Any]

# A range of one operand: uniform, or of powers of ten, with a sign.
Part = Callable[[np.random.Generator, int], Array]


def over(low: float, high: float) -> Part:
    """Numbers between two."""
    return lambda random, count: random.uniform(low, high, count)


def powers(low: float, high: float, sign: float = 1.0) -> Part:
    """Powers of ten with exponents between two."""
    return lambda random, count: sign * 10.0 ** random.uniform(low, high, count)


def about(place: float) -> Part:
    """Numbers at every distance from a place."""
    return lambda random, count: place * (1.0 + 10.0 ** random.uniform(-15, -1, count))


def below_one(random: np.random.Generator, count: int) -> Array:
    """Numbers at every distance from 1, below it."""
    return 1.0 - 2.0 ** -random.uniform(1, 50, count)


def on(*parts: tuple[Part, ...], within: tuple[float, float] = (-np.inf, np.inf)) -> Points:
    """Return the operands drawn from parts in turn, without poles, and within what is defined."""

    def points(dtype: Any, count: int) -> tuple[Array, ...]:
        random = np.random.default_rng(0)
        each = -(-count // len(parts))
        drawn = [[draw(random, each) for draw in part] for part in parts]
        arrays = [np.concatenate(column).astype(dtype) for column in zip(*drawn, strict=True)]
        last = arrays[-1]
        fine = (last > within[0]) & (last < within[1]) & ~((last <= 0) & (last == np.floor(last)))
        fine &= np.all([np.isfinite(array) & (array != 0) for array in arrays], axis=0)
        return tuple(array[fine] for array in arrays)

    return points


# ---- exact values


def quantile(p: Any) -> Any:
    """The quantile of the normal distribution, by Newton's method on the logarithm."""
    if p > 0.5:
        return -quantile(1 - p)
    z = mpmath.mpf(float(scipy.special.ndtri(float(p))))
    for _ in range(5):
        below = mpmath.ncdf(z)
        z -= (mpmath.log(below) - mpmath.log(p)) * below / mpmath.npdf(z)
    return z


def scaled_complement(x: Any) -> Any:
    """e^(x²) erfc(x), by its asymptotic series where the digits of the square would not do."""
    if x < 40:
        with mpmath.extraprec(int(1.5 * x * x) + 20):
            return mpmath.exp(x * x) * mpmath.erfc(x)
    terms = ((-1) ** k * mpmath.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(12))
    return mpmath.fsum(terms) / (x * mpmath.sqrt(mpmath.pi))


def log_gamma(x: Any) -> Any:
    """ln |Γ(x)|."""
    return mpmath.loggamma(x) if x > 0 else mpmath.log(abs(mpmath.gamma(x)))


def hurwitz(s: Any, q: Any) -> Any:
    """Hurwitz's zeta function by the Euler-Maclaurin formula with many terms."""
    terms = 40 + max(int(s / 3 - q), 0)
    total = mpmath.fsum((q + k) ** -s for k in range(terms))
    base, factor = q + terms, s * (q + terms) ** (-s - 1)
    total += base ** (1 - s) / (s - 1) + base**-s / 2
    for k in range(1, 25):
        total += mpmath.bernoulli(2 * k) / mpmath.factorial(2 * k) * factor
        factor *= (s + 2 * k - 1) * (s + 2 * k) / base**2
    return total


def scaled_bessel(order: int) -> Exact:
    """e^(-|x|) Iₙ(x)."""
    return lambda x: mpmath.besseli(order, x) * mpmath.exp(-abs(x))


def lower_gamma(a: Any, x: Any) -> Any:
    """P(a, x)."""
    return mpmath.gammainc(a, 0, x, regularized=True)


def upper_gamma(a: Any, x: Any) -> Any:
    """Q(a, x)."""
    return mpmath.gammainc(a, x, mpmath.inf, regularized=True)


def beta_part(a: Any, b: Any, x: Any) -> Any:
    """I_x(a, b), or where that is the larger part what it is more than 1, with all its digits."""
    if x < a / (a + b):
        return mpmath.betainc(a, b, 0, x, regularized=True)
    return -mpmath.betainc(b, a, 0, 1 - x, regularized=True)


def beta_integral(a: Any, b: Any, x: Any) -> Any:
    """I_x(a, b)."""
    part = beta_part(a, b, x)
    return part if part > 0 else 1 + part


def derivative(function: Exact, which: int) -> Exact:
    """Return the derivative by an operand, by a central difference of three times the digits."""

    def difference(*operands: Any) -> Any:
        with mpmath.workprec(500):
            step = operands[which] * mpmath.mpf(2) ** -150
            sides = [
                function(*[v + k * step * (i == which) for i, v in enumerate(operands)])
                for k in (-1, 1)
            ]
            return (sides[1] - sides[0]) / (2 * step)

    return difference


def condition(function: Exact) -> Exact:
    """Return Σ |x ∂f/∂x|: a unit of it is what a change of each operand by a unit makes of f."""

    def total(*operands: Any) -> Any:
        moved = 0
        for which in range(len(operands)):
            near = [v * (1 + mpmath.mpf(2) ** -80 * (i == which)) for i, v in enumerate(operands)]
            moved += abs(function(*near) - function(*operands)) * mpmath.mpf(2) ** 80
        return moved

    return total


# ---- the rows

TINY, HUGE = powers(-37, -1), powers(0, 30)
_INCOMPLETE = on(
    (powers(-2, 2), powers(-2, 2)),
    (powers(-3, 0), over(0, 1.3)),
    (over(20, 60), over(20, 60)),
    (over(3, 40), over(3, 40)),
)
_BETAS = on(
    (powers(-2, 2), powers(-2, 2), over(0.1, 0.9)),
    (powers(-3, 1), over(2, 9), powers(-4, -1)),
    (over(2, 300), over(2, 300), over(0.1, 0.9)),
    within=(0, 1),
)

_SHARES_OF_GAMMA = on(
    (powers(-1.5, 3), over(0, 1)),
    (powers(-1, 2), powers(-25, 0)),
    (over(3, 60), over(0, 1)),
    (powers(-1, 0), below_one),
    within=(0, 1),
)
# Where x is not so near to 0 or 1 that it is rounded to it.
_SHARES_OF_BETA = on(
    (powers(-1.5, 2), powers(-0.5, 2), over(0.01, 1)),
    (powers(-1, 2), over(2, 100), powers(-25, 0)),
    (over(2, 300), over(2, 300), over(0, 1)),
    within=(0, 1),
)

EXACT: dict[str, tuple[Exact, Points]] = {
    "erfc": (mpmath.erfc, on((over(-6, 9),), (over(-1, 1),), (over(9, 26),), (TINY,))),
    "erfcx": (scaled_complement, on((over(-9, 20),), (HUGE,), (TINY,))),
    "erfinv": (
        lambda x: quantile((1 + x) / 2) / mpmath.sqrt(2),
        on((over(-1, 1),), (below_one,), within=(-1, 1)),
    ),
    "ndtri": (quantile, on((over(0, 1),), (TINY,), (over(0.49, 0.51),), within=(0, 1))),
    "lgamma": (
        log_gamma,
        on((over(-9, 13),), (about(1.0),), (about(2.0),), (TINY,), (HUGE,), (over(-170, 0),)),
    ),
    "digamma": (mpmath.digamma, on((over(-9, 13),), (about(1.4616),), (TINY,), (HUGE,))),
    "gamma": (mpmath.gamma, on((over(-9, 13),), (over(-30, 30),), (TINY,), (over(-180, 171),))),
    "zeta": (
        hurwitz,
        on(
            (over(1.01, 9), powers(-2, 3)),
            (powers(0.1, 2), over(1, 9)),
            (powers(0.1, 3), over(5, 99)),
        ),
    ),
    "i0": (lambda x: mpmath.besseli(0, x), on((over(-9, 9),), (over(9, 80),), (TINY,))),
    "i1": (lambda x: mpmath.besseli(1, x), on((over(-9, 9),), (over(9, 80),), (TINY,))),
    "i0e": (scaled_bessel(0), on((over(-9, 9),), (over(9, 80),), (powers(2, 6),))),
    "i1e": (scaled_bessel(1), on((over(-9, 9),), (over(9, 80),), (powers(2, 6),))),
    "j0": (lambda x: mpmath.besselj(0, x), on((over(-9, 9),), (over(9, 80),), (powers(2, 4),))),
    "j1": (lambda x: mpmath.besselj(1, x), on((over(-9, 9),), (over(9, 80),), (TINY,))),
    "gammainc": (lower_gamma, _INCOMPLETE),
    "gammaincc": (upper_gamma, _INCOMPLETE),
    "gammainc_by_shape": (derivative(lower_gamma, 0), _INCOMPLETE),
    "betainc": (beta_integral, _BETAS),
    "betainc_by_a": (derivative(beta_part, 0), _BETAS),
    "betainc_by_b": (derivative(beta_part, 1), _BETAS),
}

ROWS: dict[str, tuple[Exact, Points, Exact]] = {
    name: (exact, points, condition(exact)) for name, (exact, points) in EXACT.items()
} | {
    name: (
        inverse,
        _SHARES_OF_GAMMA if name.startswith("gamma") else _SHARES_OF_BETA,
        inverse.condition,
    )
    for name, inverse in INVERSES.items()
}
