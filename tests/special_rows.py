"""Samples of special functions, which every engine runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import mpmath
import numpy as np
import scipy.special
import scipy.stats

from tests.draws import FLOATS, Array, Row, Sample, positive, unary


def _of_both_dtypes(*operands: Any) -> Iterator[Sample]:
    for dtype in FLOATS:
        yield Sample(tuple(np.asarray(x, dtype) for x in operands), smooth=False)


def _zetas(random: np.random.Generator) -> Iterator[Sample]:
    for shapes in (((), ()), ((3,), (3,)), ((2, 1), (1, 4))):
        s, a = random.uniform(2.5, 4.0, shapes[0]), positive(random, shapes[1])
        yield from _of_both_dtypes(s, a)


def _gammas(random: np.random.Generator) -> Iterator[Sample]:
    # The second derivative by the shape is not known.
    for shapes in (((), ()), ((3,), (3,)), ((2, 1), (1, 4)), ((0,), (1,))):
        a, x = (5.0 * positive(random, shape) for shape in shapes)
        yield from _of_both_dtypes(a, x)


def _betas(random: np.random.Generator) -> Iterator[Sample]:
    # No second derivative by the parameters is known.
    for shapes in (((), (), ()), ((3,), (3,), (3,)), ((2, 1), (1, 4), ()), ((0,), (1,), (1,))):
        a, b = (5.0 * positive(random, shape) for shape in shapes[:2])
        yield from _of_both_dtypes(a, b, shares(random, shapes[2]))


def _quantiles(random: np.random.Generator, parameters: int) -> Iterator[Sample]:
    # Second derivatives by the parameters are not known.
    for shape in ((), (3,), (2, 1), (0,)):
        drawn = [np.asarray(4.0 * positive(random, shape)) for _ in range(parameters)]
        yield from _of_both_dtypes(*drawn, shares(random, (1,) * bool(shape)))


def _counts(random: np.random.Generator, shapes: int) -> Iterator[Sample]:
    for shape in ((), (3,), (2, 1), (0,)):
        n = np.asarray(np.floor(20.0 * positive(random, shape)))
        yield from _of_both_dtypes(shares(random, shape), n, *[shares(random, shape)][: shapes - 1])


def _zeta_by_order(s: Array, a: Array) -> Any:
    found = np.vectorize(lambda s, a: float(mpmath.zeta(s, a, 1)), otypes=[float])
    return found(*np.broadcast_arrays(s, a))


def _of_mpmath(which: int) -> Any:
    """Return the derivative of the incomplete beta function by a parameter, elementwise."""

    def derivative(*operands: float) -> float:
        def moved(value: Any) -> Any:
            a, b, x = (value if i == which else v for i, v in enumerate(operands))
            return mpmath.betainc(a, b, 0, x, regularized=True)

        return float(mpmath.diff(moved, operands[which]))

    return np.vectorize(derivative, otypes=[float])


def shares(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw numbers well inside of 0 … 1."""
    return random.uniform(0.05, 0.95, shape)


def between(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw numbers well inside of -1 … 1."""
    return random.uniform(-0.9, 0.9, shape)


SPECIAL_ROWS: dict[str, Row] = {
    **dict.fromkeys(("digamma", "lgamma"), unary(positive)),
    **dict.fromkeys(("erfc", "erfcx", "i0", "i0e", "i1", "i1e"), unary()),
    "erfinv": unary(between),
    **dict.fromkeys(("zeta", "zeta_by_order"), _zetas),
    **dict.fromkeys(("gammainc", "gammaincc", "gammainc_by_shape"), _gammas),
    **dict.fromkeys(("betainc", "betainc_by_a", "betainc_by_b"), _betas),
    **dict.fromkeys(("gammaincinv", "gammainccinv"), lambda random: _quantiles(random, 1)),
    **dict.fromkeys(("betaincinv", "betainccinv"), lambda random: _quantiles(random, 2)),
    **dict.fromkeys(
        ("poisson_quantile", "poisson_upper_quantile"), lambda random: _counts(random, 1)
    ),
    **dict.fromkeys(
        ("binom_quantile", "binom_upper_quantile", "nbinom_quantile", "nbinom_upper_quantile"),
        lambda random: _counts(random, 2),
    ),
    "gamma": unary(positive),
    **dict.fromkeys(("j0", "j1"), unary()),
    "ndtri": unary(shares),
}

_OF_SCIPY = [
    "betainc", "betainccinv", "betaincinv", "erfc", "erfcx", "erfinv", "gamma", "gammainc",
    "gammaincc", "gammainccinv", "gammaincinv", "i0", "i0e", "i1", "i1e", "j0", "j1", "ndtri",
]  # fmt: skip

_COUNTS = ["poisson", "binom", "nbinom"]

SPECIAL_ORACLES: dict[str, Any] = {
    "digamma": scipy.special.psi,
    # As C has it, and PyTorch.
    "lgamma": lambda x: np.where(np.isneginf(x), np.inf, scipy.special.gammaln(x)),
    "zeta": scipy.special.zeta,
    "zeta_by_order": _zeta_by_order,
    "gammainc_by_shape": lambda a, x: jax.grad(lambda a, x: jax.scipy.special.gammainc(a, x).sum())(
        *np.broadcast_arrays(a, x)
    ),
    "betainc_by_a": _of_mpmath(0),
    "betainc_by_b": _of_mpmath(1),
    **{name: getattr(scipy.special, name) for name in _OF_SCIPY},
    **{f"{name}_quantile": getattr(scipy.stats, name).ppf for name in _COUNTS},
    **{f"{name}_upper_quantile": getattr(scipy.stats, name).isf for name in _COUNTS},
    # SciPy's are NaN where the argument is infinite.
    "i0": lambda x: np.where(np.isinf(x), np.inf, scipy.special.i0(x)),
    "i1": lambda x: np.where(np.isinf(x), x, scipy.special.i1(x)),
}
