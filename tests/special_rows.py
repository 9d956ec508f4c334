"""Samples of special functions, which every engine runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import mpmath
import numpy as np
import scipy.special

from tests.draws import Array, Row, Sample, positive, unary


def _zetas(random: np.random.Generator) -> Iterator[Sample]:
    for shapes in (((), ()), ((3,), (3,)), ((2, 1), (1, 4))):
        s, a = random.uniform(2.5, 4.0, shapes[0]), positive(random, shapes[1])
        yield Sample((np.asarray(s), np.asarray(a)))


def _gammas(random: np.random.Generator) -> Iterator[Sample]:
    # The second derivative by the shape is not known.
    for shapes in (((), ()), ((3,), (3,)), ((2, 1), (1, 4)), ((0,), (1,))):
        a, x = (5.0 * positive(random, shape) for shape in shapes)
        yield Sample((np.asarray(a), np.asarray(x)), smooth=False)


def _betas(random: np.random.Generator) -> Iterator[Sample]:
    # No second derivative by the parameters is known.
    for shapes in (((), (), ()), ((3,), (3,), (3,)), ((2, 1), (1, 4), ()), ((0,), (1,), (1,))):
        a, b = (5.0 * positive(random, shape) for shape in shapes[:2])
        yield Sample((np.asarray(a), np.asarray(b), shares(random, shapes[2])), smooth=False)


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
    "gamma": unary(positive),
    **dict.fromkeys(("j0", "j1"), unary()),
    "ndtri": unary(shares),
}

_OF_SCIPY = [
    "betainc", "erfc", "erfcx", "erfinv", "gamma", "gammainc", "gammaincc", "i0", "i0e", "i1",
    "i1e", "j0", "j1", "ndtri",
]  # fmt: skip

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
    # SciPy's are NaN where the argument is infinite.
    "i0": lambda x: np.where(np.isinf(x), np.inf, scipy.special.i0(x)),
    "i1": lambda x: np.where(np.isinf(x), x, scipy.special.i1(x)),
}
