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

from tests.accuracy.integrals import beta_parts, gamma_bits, gamma_parts, moved, once
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


@once
def zeta_parts(s: Any, q: Any) -> tuple[Any, Any, Any]:
    """Hurwitz's zeta function and two derivatives by s, by Euler and Maclaurin with many terms."""
    bases = [q + k for k in range(40 + max(int(s / 3 - q), 0))]
    logarithms = [mpmath.log(base) for base in bases]
    terms = [mpmath.exp(-s * logarithm) for logarithm in logarithms]
    sums = [
        mpmath.fsum(t * (-v) ** n for t, v in zip(terms, logarithms, strict=True))
        for n in (0, 1, 2)
    ]
    base, logarithm = bases[-1] + 1, mpmath.log(bases[-1] + 1)
    pole, share = base / (s - 1), mpmath.mpf(1) / base
    value, first, second = share * s, share, mpmath.mpf(0)
    total = [pole + mpmath.mpf(1) / 2, -pole / (s - 1), 2 * pole / (s - 1) ** 2]
    for k in range(1, 25):
        weight = mpmath.bernoulli(2 * k) / mpmath.factorial(2 * k)
        total = [t + weight * v for t, v in zip(total, (value, first, second), strict=True)]
        factor, slope = (s + 2 * k - 1) * (s + 2 * k) / base**2, (2 * s + 4 * k - 1) / base**2
        second = second * factor + 2 * first * slope + 2 * value / base**2
        value, first = value * factor, first * factor + value * slope
    scale, (zero, one, two) = mpmath.exp(-s * logarithm), total
    two = two - 2 * logarithm * one + logarithm**2 * zero
    rest = (zero, one - logarithm * zero, two)
    a, b, c = (before + scale * after for before, after in zip(sums, rest, strict=True))
    return a, b, c


def scaled_bessel(order: int) -> Exact:
    """e^(-|x|) Iₙ(x)."""
    return lambda x: mpmath.besseli(order, x) * mpmath.exp(-abs(x))


def lower_gamma(a: Any, x: Any) -> Any:
    """P(a, x)."""
    return gamma_parts(a, x)[0]


def upper_gamma(a: Any, x: Any) -> Any:
    """Q(a, x)."""
    with mpmath.extraprec(gamma_bits(a, x)):
        return 1 - gamma_parts(a, x)[0]


def beta_integral(a: Any, b: Any, x: Any) -> Any:
    """I_x(a, b)."""
    part = beta_parts(a, b, x)[0]
    return part if part > 0 else 1 + part


def condition(function: Exact) -> Exact:
    """Return Σ |x ∂f/∂x|: a unit of it is what a change of each operand by a unit makes of f."""

    def total(*operands: Any) -> Any:
        moved = 0
        for which in range(len(operands)):
            near = [v * (1 + mpmath.mpf(2) ** -80 * (i == which)) for i, v in enumerate(operands)]
            moved += abs(function(*near) - function(*operands)) * mpmath.mpf(2) ** 80
        return moved

    return total


def _of_gamma(a: Any, x: Any) -> Any:
    """Return the condition of the incomplete gamma functions."""
    _, by_a, at = gamma_parts(a, x)
    return abs(a * by_a) + at


def _of_gamma_by_shape(a: Any, x: Any) -> Any:
    at = gamma_parts(a, x)[2] * abs(mpmath.log(x) - mpmath.psi(0, a))
    return moved(gamma_parts, 1, a, x) + at


def _of_beta(a: Any, b: Any, x: Any) -> Any:
    _, by_a, by_b, at = beta_parts(a, b, x)
    return abs(a * by_a) + abs(b * by_b) + at


def _of_beta_by(which: int) -> Exact:
    def total(a: Any, b: Any, x: Any) -> Any:
        share, near = ((a, x), (b, 1 - x))[which]
        slope = mpmath.log(near) - mpmath.psi(0, share) + mpmath.psi(0, a + b)
        at = abs(beta_parts(a, b, x)[3] * slope)
        return moved(beta_parts, 1 + which, a, b, x) + at

    return total


def _of_zeta(s: Any, q: Any) -> Any:
    return abs(s * zeta_parts(s, q)[1]) + q * s * zeta_parts(s + 1, q)[0]


def _of_zeta_by_order(s: Any, q: Any) -> Any:
    value, slope, _ = zeta_parts(s + 1, q)
    return abs(s * zeta_parts(s, q)[2]) + abs(q * (value + s * slope))


# What `condition` would give, of what is known already.
CONDITIONS: dict[str, Exact] = {
    **dict.fromkeys(("gammainc", "gammaincc"), _of_gamma),
    "gammainc_by_shape": _of_gamma_by_shape,
    "betainc": _of_beta,
    "betainc_by_a": _of_beta_by(0),
    "betainc_by_b": _of_beta_by(1),
    "zeta": _of_zeta,
    "zeta_by_order": _of_zeta_by_order,
}


# ---- the rows

TINY, HUGE, BELOW = powers(-37, -1), powers(0, 30), powers(-37, -1, -1.0)
# Where a term is subnormal at which the sum is not, too.
_ZETAS = on(
    (over(1.01, 9), powers(-2, 3)),
    (powers(0.1, 2), over(1, 9)),
    (powers(0.1, 3), over(5, 99)),
    (over(40, 70), powers(4.5, 6)),
)


def _near_mean(*ranges: Part) -> Points:
    """Return parameters, and points about the mean of what they are the parameters of."""

    def points(dtype: Any, count: int) -> tuple[Array, ...]:
        random = np.random.default_rng(1)
        parameters = [draw(random, count) for draw in ranges]
        apart = random.normal(0, 1, count) * 10.0 ** random.uniform(-6, 0.5, count)
        a, b = parameters if len(parameters) == 2 else (parameters[0], np.inf)
        part = 1.0 if b is np.inf else b / (a + b)
        x = a * (1 + apart * np.sqrt(part / a))
        x = x if b is np.inf else x / (a + b)
        fine = (x > 0) & ((x < 1) | (b is np.inf))
        return tuple(array[fine].astype(dtype) for array in (*parameters, x))

    return points


def _both(first: Points, second: Points) -> Points:
    """Return points of which a quarter are the second's."""

    def points(dtype: Any, count: int) -> tuple[Array, ...]:
        few = count // 4
        drawn = zip(first(dtype, count - few), second(dtype, few), strict=True)
        return tuple(np.concatenate(pair) for pair in drawn)

    return points


_INCOMPLETE = _both(
    on(
        (powers(-2, 2), powers(-2, 2)),
        (powers(-3, 0), over(0, 1.3)),
        (over(20, 60), over(20, 60)),
        (over(3, 40), over(3, 40)),
        (powers(-37, 1), powers(-37, 1.5)),
    ),
    _near_mean(powers(0, 3)),
)
_BETAS = _both(
    on(
        (powers(-2, 2), powers(-2, 2), over(0.1, 0.9)),
        (powers(-3, 1), over(2, 9), powers(-4, -1)),
        (over(2, 300), over(2, 300), over(0.1, 0.9)),
        (powers(-20, 2), powers(-20, 2), powers(-9, -0.1)),
        (powers(-20, 2), powers(-20, 2), below_one),
        within=(0, 1),
    ),
    _near_mean(powers(0, 3), powers(0, 3)),
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
    "erfc": (mpmath.erfc, on((over(-6, 9),), (over(-1, 1),), (over(9, 26),), (TINY,), (BELOW,))),
    "erfcx": (scaled_complement, on((over(-9, 20),), (HUGE,), (TINY,), (BELOW,))),
    "erfinv": (
        lambda x: quantile((1 + x) / 2) / mpmath.sqrt(2),
        on((over(-1, 1),), (below_one,), (BELOW,), within=(-1, 1)),
    ),
    "ndtri": (quantile, on((over(0, 1),), (TINY,), (over(0.49, 0.51),), within=(0, 1))),
    "lgamma": (
        log_gamma,
        on(
            (over(-9, 13),),
            (about(1.0),),
            (about(2.0),),
            (TINY,),
            (HUGE,),
            (over(-170, 0),),
            (BELOW,),
        ),
    ),
    "digamma": (
        mpmath.digamma,
        on((over(-9, 13),), (about(1.4616),), (about(-3.0),), (TINY,), (HUGE,), (BELOW,)),
    ),
    "gamma": (
        mpmath.gamma,
        on((over(-9, 13),), (over(-30, 30),), (TINY,), (over(-180, 171),), (BELOW,)),
    ),
    "zeta": (lambda s, q: zeta_parts(s, q)[0], _ZETAS),
    "zeta_by_order": (lambda s, q: zeta_parts(s, q)[1], _ZETAS),
    "i0": (lambda x: mpmath.besseli(0, x), on((over(-9, 9),), (over(9, 80),), (TINY,), (BELOW,))),
    "i1": (lambda x: mpmath.besseli(1, x), on((over(-9, 9),), (over(9, 80),), (TINY,), (BELOW,))),
    "i0e": (scaled_bessel(0), on((over(-9, 9),), (over(9, 80),), (powers(2, 6),))),
    "i1e": (scaled_bessel(1), on((over(-9, 9),), (over(9, 80),), (powers(2, 6),))),
    "j0": (
        lambda x: mpmath.besselj(0, x),
        on((over(-9, 9),), (over(9, 80),), (powers(2, 4),), (BELOW,)),
    ),
    "j1": (lambda x: mpmath.besselj(1, x), on((over(-9, 9),), (over(9, 80),), (TINY,), (BELOW,))),
    "gammainc": (lower_gamma, _INCOMPLETE),
    "gammaincc": (upper_gamma, _INCOMPLETE),
    "gammainc_by_shape": (lambda a, x: gamma_parts(a, x)[1], _INCOMPLETE),
    "betainc": (beta_integral, _BETAS),
    "betainc_by_a": (lambda a, b, x: beta_parts(a, b, x)[1], _BETAS),
    "betainc_by_b": (lambda a, b, x: beta_parts(a, b, x)[2], _BETAS),
}

ROWS: dict[str, tuple[Exact, Points, Exact]] = {
    name: (exact, points, CONDITIONS.get(name) or condition(exact))
    for name, (exact, points) in EXACT.items()
} | {
    name: (
        inverse,
        _SHARES_OF_GAMMA if name.startswith("gamma") else _SHARES_OF_BETA,
        inverse.condition,
    )
    for name, inverse in INVERSES.items()
}
