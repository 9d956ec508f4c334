"""Samples of special functions, which every engine runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import scipy.special

from tests.draws import Array, Row, Sample, positive, unary


def _zetas(random: np.random.Generator) -> Iterator[Sample]:
    # Only the derivative of the second operand is known.
    for shapes in (((), ()), ((3,), (3,)), ((2, 1), (1, 4))):
        s, a = random.uniform(2.5, 4.0, shapes[0]), positive(random, shapes[1])
        yield Sample((np.asarray(s), np.asarray(a)), smooth=False)


def _gammas(random: np.random.Generator) -> Iterator[Sample]:
    # The second derivative by the shape is not known.
    for shapes in (((), ()), ((3,), (3,)), ((2, 1), (1, 4)), ((0,), (1,))):
        a, x = (5.0 * positive(random, shape) for shape in shapes)
        yield Sample((np.asarray(a), np.asarray(x)), smooth=False)


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
    "zeta": _zetas,
    **dict.fromkeys(("gammainc", "gammaincc", "gammainc_by_shape"), _gammas),
    "gamma": unary(positive),
    **dict.fromkeys(("j0", "j1"), unary()),
    "ndtri": unary(shares),
}

_OF_SCIPY = [
    "erfc", "erfcx", "erfinv", "gamma", "gammainc", "gammaincc", "i0", "i0e", "i1", "i1e", "j0",
    "j1", "ndtri",
]  # fmt: skip

SPECIAL_ORACLES: dict[str, Any] = {
    "digamma": scipy.special.psi,
    # As C has it, and PyTorch.
    "lgamma": lambda x: np.where(np.isneginf(x), np.inf, scipy.special.gammaln(x)),
    "zeta": scipy.special.zeta,
    "gammainc_by_shape": lambda a, x: jax.grad(lambda a, x: jax.scipy.special.gammainc(a, x).sum())(
        *np.broadcast_arrays(a, x)
    ),
    **{name: getattr(scipy.special, name) for name in _OF_SCIPY},
    # SciPy's are NaN where the argument is infinite.
    "i0": lambda x: np.where(np.isinf(x), np.inf, scipy.special.i0(x)),
    "i1": lambda x: np.where(np.isinf(x), x, scipy.special.i1(x)),
}
