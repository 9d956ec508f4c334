"""The special functions in vectors, against 160-bit arithmetic and SciPy's special values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special

import thalweg as tw
from tests.compiler.programs import program_of
from tests.engines.llvm.kernels import TYPES, elementwise, runnable
from tests.engines.llvm.test_mathematics import ulps
from thalweg.core.primitive import PRIMITIVES
from thalweg.core.spec import Spec
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.mathematics.special.functions import SPECIAL

# The largest error, in units of the last place of the result or, where it is more, in changes of
# it by a unit of the arguments.
BOUND = 8.0
BOUNDS = dict.fromkeys(("gammainc_by_shape", "betainc_by_a", "betainc_by_b"), 16.0)
POINTS = 12

Draw = Callable[[np.random.Generator], np.ndarray[Any, Any]]


def over(low: float, high: float) -> Draw:
    return lambda random: random.uniform(low, high, POINTS)


def powers(low: float, high: float, sign: float = 1.0) -> Draw:
    return lambda random: sign * 10.0 ** random.uniform(low, high, POINTS)


def quantile(p: Any) -> Any:
    """The quantile of the normal distribution, by Newton's method on the logarithm."""
    if p > 0.5:
        return -quantile(1 - p)
    z = mpmath.mpf(float(scipy.special.ndtri(float(p))))
    for _ in range(5):
        below = mpmath.ncdf(z)
        z -= (mpmath.log(below) - mpmath.log(p)) * below / mpmath.npdf(z)
    return z


def log_gamma(x: Any) -> Any:
    return mpmath.log(abs(mpmath.gamma(x)))


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


def scaled_bessel(order: int) -> Callable[..., Any]:
    return lambda x: mpmath.besseli(order, x) * mpmath.exp(-abs(x))


def lower_gamma(a: Any, x: Any) -> Any:
    return mpmath.gammainc(a, 0, x, regularized=True)


def upper_gamma(a: Any, x: Any) -> Any:
    return mpmath.gammainc(a, x, mpmath.inf, regularized=True)


def beta_integral(a: Any, b: Any, x: Any) -> Any:
    if x < a / (a + b):
        return mpmath.betainc(a, b, 0, x, regularized=True)
    return 1 - mpmath.betainc(b, a, 0, 1 - x, regularized=True)


def derivative(function: Callable[..., Any], which: int) -> Callable[..., Any]:
    """Return the derivative by an argument, by a central difference of three times the digits."""

    def difference(*arguments: Any) -> Any:
        with mpmath.workprec(500):
            step = arguments[which] * mpmath.mpf(2) ** -150
            sides = [
                function(*[v + k * step * (i == which) for i, v in enumerate(arguments)])
                for k in (-1, 1)
            ]
            return (sides[1] - sides[0]) / (2 * step)

    return difference


def about_mode(random: np.random.Generator) -> np.ndarray[Any, Any]:
    """Draw arguments near the shapes that `over(1, 99)` draws with the same generator's seed."""
    return random.uniform(0.7, 1.4, POINTS) * np.linspace(3, 90, POINTS)


def shapes(random: np.random.Generator) -> np.ndarray[Any, Any]:
    return np.linspace(3, 90, POINTS)


TINY = powers(-37, -1)
INCOMPLETE = [(powers(-2, 2), powers(-2, 2)), (powers(-3, 0), over(0, 1.3)), (shapes, about_mode)]
BETAS = [(powers(-2, 2), powers(-2, 2), over(0.1, 0.9))]
BETAS += [(powers(-3, 1), over(2, 9), powers(-4, -1))]
EXACT: dict[str, tuple[Callable[..., Any], list[tuple[Draw, ...]]]] = {
    "erfc": (mpmath.erfc, [(over(-6, 9),), (over(-1, 1),), (TINY,)]),
    "erfcx": (lambda x: mpmath.exp(x * x) * mpmath.erfc(x), [(over(-9, 20),), (TINY,)]),
    "erfinv": (
        lambda x: quantile((1 + x) / 2) / mpmath.sqrt(2),
        [(over(-1, 1),), (lambda random: 1 - 2.0 ** -random.uniform(1, 20, POINTS),)],
    ),
    "ndtri": (quantile, [(over(0, 1),), (powers(-37, -1),), (over(0.499, 0.501),)]),
    "lgamma": (
        log_gamma,
        [(over(-9, 13),), (over(0.9, 1.1),), (over(1.9, 2.1),), (TINY,), (powers(0, 30),)],
    ),
    "digamma": (mpmath.digamma, [(over(-9, 13),), (over(1.4, 1.5),), (TINY,), (powers(0, 30),)]),
    "gamma": (mpmath.gamma, [(over(-9, 13),), (over(-30, 30),), (TINY,)]),
    "zeta": (
        hurwitz,
        [
            (over(1.01, 9), powers(-2, 3)),
            (powers(0.1, 2), over(1, 9)),
            (powers(0.1, 3), over(5, 99)),
        ],
    ),
    "i0": (lambda x: mpmath.besseli(0, x), [(over(-9, 9),), (over(9, 80),), (TINY,)]),
    "i1": (lambda x: mpmath.besseli(1, x), [(over(-9, 9),), (over(9, 80),), (TINY,)]),
    "i0e": (scaled_bessel(0), [(over(-9, 9),), (over(9, 80),), (powers(2, 6),)]),
    "i1e": (scaled_bessel(1), [(over(-9, 9),), (over(9, 80),), (powers(2, 6),)]),
    "j0": (lambda x: mpmath.besselj(0, x), [(over(-9, 9),), (over(9, 80),), (powers(2, 4),)]),
    "j1": (lambda x: mpmath.besselj(1, x), [(over(-9, 9),), (over(9, 80),), (TINY,)]),
    "gammainc": (lower_gamma, INCOMPLETE),
    "gammaincc": (upper_gamma, INCOMPLETE),
    "gammainc_by_shape": (derivative(lower_gamma, 0), INCOMPLETE),
    "betainc": (beta_integral, BETAS),
    "betainc_by_a": (derivative(beta_integral, 0), BETAS),
    "betainc_by_b": (derivative(beta_integral, 1), BETAS),
}


def exact_with_condition(
    name: str, arguments: list[np.ndarray[Any, Any]]
) -> tuple[list[Any], np.ndarray[Any, Any]]:
    """Return exact results, and how far they move as the arguments do by one unit."""
    function = EXACT[name][0]
    rows = [[mpmath.mpf(float(v)) for v in row] for row in zip(*arguments, strict=True)]
    found = [mpmath.re(function(*row)) for row in rows]
    moved = np.zeros(len(rows))
    for j, argument in enumerate(arguments):
        for i, unit in enumerate(np.spacing(np.abs(argument)).tolist()):
            row = [v + unit * (k == j) for k, v in enumerate(rows[i])]
            moved[i] += float(abs(mpmath.re(function(*row)) - found[i]))
    return found, moved


def points(name: str, type: str) -> list[np.ndarray[Any, Any]]:
    random = np.random.default_rng(5)
    drawn = [[draw(random) for draw in draws] for draws in EXACT[name][1]]
    return [np.concatenate(parts).astype(TYPES[type]) for parts in zip(*drawn, strict=True)]


@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_results_are_within_eight_units_where_the_problem_is_conditioned(
    name: str, type: str
) -> None:
    arguments = points(name, type)
    with mpmath.workprec(160):
        exact, moved = exact_with_condition(name, arguments)
    large = np.array([abs(float(value)) > np.finfo(TYPES[type]).max for value in exact])
    for target in ("avx2", "sse") if type == "f64" else ("avx2",):
        got = elementwise(SPECIAL[name], *arguments, target=runnable(target))
        with mpmath.workprec(160):
            errors = ulps(got, exact) * (~large)
        unit = np.maximum(np.spacing(np.abs(got)), np.finfo(got.dtype).tiny)
        with np.errstate(invalid="ignore"):
            errors = np.where(large, 0.0, errors / np.maximum(1.0, moved / unit))
        worst = int(np.argmax(errors))
        where = [float(argument[worst]) for argument in arguments]
        assert errors[worst] <= BOUNDS.get(name, BOUND), (
            f"{name}{where} = {got[worst]}: {errors[worst]} ulp"
        )


EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, 10.0, 30.0, 172.0, -200.5, 1e30, -1e30]
EDGES += [np.inf, -np.inf, np.nan, 1e-30]
FEW = [0.0, 1.0, -1.0, 0.5, 2.0, 1e30, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_special_values_are_those_of_the_meaning(name: str, type: str) -> None:
    count = len(PRIMITIVES[name].rules)
    edges = np.array(FEW if count == 3 else EDGES, TYPES[type])
    arguments = [grid.ravel() for grid in np.meshgrid(*[edges] * count)]
    got = elementwise(SPECIAL[name], *arguments)
    with np.errstate(all="ignore"):
        expected = PRIMITIVES[name].meaning(*arguments)
    tolerance = 1e-9 if type == "f64" else 1e-6
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=np.finfo(got.dtype).tiny)


@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_neighbours_in_a_vector_never_change_a_bit(name: str, type: str) -> None:
    arguments = [argument[:37] for argument in points(name, type)]
    expected = elementwise(SPECIAL[name], *arguments, width=1)
    for width in (2, 8):
        got = elementwise(SPECIAL[name], *arguments, width=width)
        np.testing.assert_array_equal(got, expected)


SECOND: dict[str, Callable[..., Any]] = {
    name: getattr(tw.special, name)
    for name in (
        "i0",
        "i0e",
        "i1",
        "i1e",
        "j0",
        "j1",
        "erfc",
        "erfcx",
        "erfinv",
        "ndtr",
        "ndtri",
        "log_ndtr",
        "digamma",
        "gamma",
    )
}
SECOND |= {"lgamma": tw.special.gammaln, "betaln": tw.special.betaln}
SECOND |= {"polygamma": lambda x: tw.special.polygamma(2, x)}
SECOND |= {name: getattr(tw.special, name) for name in ("gammainc", "gammaincc", "betainc")}
SECOND |= {"zeta": tw.special.zeta, "hurwitz": lambda x: tw.special.zeta(3.0, x)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SECOND)
def test_derivatives_compile_whole(name: str, dtype: Any) -> None:
    function, count = SECOND[name], {"betainc": 3, "zeta": 1}.get(name, 1)
    count = 2 if name in ("betaln", "gammainc", "gammaincc") else count

    def first(*operands: Any) -> Any:
        return tw.grad(lambda *xs: tw.sum(function(*xs)), tuple(range(count)))(*operands)

    def second(*operands: Any) -> Any:
        # Second derivatives by shapes are not known; those by the last operand are.
        *others, last = operands
        return tw.grad(lambda x: tw.sum(first(*others, x)[-1]))(last)

    specs = [Spec((5,), np.dtype(dtype))] * count
    for program in (program_of(first, *specs), program_of(second, *specs)):
        assert NativeEngine().unsupported(program) == []


def test_an_order_that_is_known_is_multiplied_out() -> None:
    e = Emitter(runnable("avx2"))
    q = e.load(e.parameter("q", "ptr"), "f32", 8)
    SPECIAL["zeta"](e, e.constant(2.0, "f32", 8), q)
    whole = len(e.text())
    e = Emitter(runnable("avx2"))
    SPECIAL["zeta"](e, e.constant(2.5, "f32", 8), e.load(e.parameter("q", "ptr"), "f32", 8))
    assert whole < len(e.text()) / 2
