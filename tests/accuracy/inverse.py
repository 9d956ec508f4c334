"""The inverses of the incomplete functions, as `tests.accuracy.special` has the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import scipy.special

Exact = Callable[..., Any]


def lower_gamma(a: Any, x: Any) -> Any:
    """P(a, x)."""
    return mpmath.gammainc(a, 0, x, regularized=True)


def upper_gamma(a: Any, x: Any) -> Any:
    """Q(a, x)."""
    return mpmath.gammainc(a, x, mpmath.inf, regularized=True)


def lower_beta(a: Any, b: Any, x: Any) -> Any:
    """I_x(a, b)."""
    return mpmath.betainc(a, b, 0, x, regularized=True)


def upper_beta(a: Any, b: Any, x: Any) -> Any:
    """1 - I_x(a, b)."""
    return mpmath.betainc(b, a, 0, 1 - x, regularized=True)


def _gamma_density(a: Any, x: Any) -> Any:
    return x ** (a - 1) * mpmath.exp(-x) / mpmath.gamma(a)


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    return x ** (a - 1) * (1 - x) ** (b - 1) / mpmath.beta(a, b)


class Inverse:
    """Where a tail is a share, by Newton's method on the logarithms of both.

    Args:
        tail: Of the parameters and x.
        density: Likewise.
        start: SciPy's function of the parameters and the share.
        rising: Whether the tail is the lower one.
    """

    def __init__(self, tail: Exact, density: Exact, start: Any, rising: bool) -> None:
        self.tail, self.density, self.start, self.rising = tail, density, start, rising

    def __call__(self, *operands: Any) -> Any:
        *parameters, share = operands
        x = mpmath.mpf(float(self.start(*map(float, operands))))
        for _ in range(6):
            found = self.tail(*parameters, x)
            slope = self.density(*parameters, x) * x
            step = mpmath.log(found / share) * found / slope
            x *= mpmath.exp(-step if self.rising else step)
            if abs(step) < mpmath.mpf(2) ** (-mpmath.mp.prec // 2):
                break
        return x

    def condition(self, *operands: Any) -> Any:
        """Return what a change of each operand by its own size would make of x, to first order."""
        *parameters, share = operands
        x, moved = self(*operands), abs(share)
        for which in range(len(parameters)):
            sides = [
                self.tail(*[v * (1 + k * (i == which)) for i, v in enumerate(parameters)], x)
                for k in (mpmath.mpf(2) ** -60, -(mpmath.mpf(2) ** -60))
            ]
            moved += abs(sides[0] - sides[1]) * mpmath.mpf(2) ** 59
        return moved / self.density(*parameters, x)


INVERSES: dict[str, Inverse] = {
    "gammaincinv": Inverse(lower_gamma, _gamma_density, scipy.special.gammaincinv, True),
    "gammainccinv": Inverse(upper_gamma, _gamma_density, scipy.special.gammainccinv, False),
    "betaincinv": Inverse(lower_beta, _beta_density, scipy.special.betaincinv, True),
    "betainccinv": Inverse(upper_beta, _beta_density, scipy.special.betainccinv, False),
}
