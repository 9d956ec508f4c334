"""Every function of every distribution of `tw.stats`: SciPy's values, native, exact gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.stats

import thalweg as tw
from tests.engines.llvm.kernels import elementwise
from tests.test_stats import CONTINUOUS, DISCRETE
from thalweg.core.primitive import PRIMITIVES
from thalweg.engines.llvm.kernels.lowering import LOWERINGS
from thalweg.engines.llvm.mathematics.special.counting import COUNTING
from thalweg.testing import check_gradients

Array = np.ndarray[Any, Any]

MATRICES = {"dirichlet", "multinomial", "multivariate_normal", "wishart"}
SHARES = np.array([0.03, 0.4, 0.77])

# Logarithms of the standard densities, in mpmath's numbers.
LOG_DENSITIES: dict[str, Callable[..., Any]] = {
    "norm": lambda z: -z * z / 2 - mpmath.log(2 * mpmath.pi) / 2,
    "t": lambda z, df: (
        -mpmath.log(df) / 2
        - mpmath.log(mpmath.beta(0.5, df / 2))
        - (df + 1) / 2 * mpmath.log(1 + z * z / df)
    ),
    "cauchy": lambda z: -mpmath.log(mpmath.pi * (1 + z * z)),
    "laplace": lambda z: -abs(z) - mpmath.log(2),
    "logistic": lambda z: -z - 2 * mpmath.log(1 + mpmath.exp(-z)),
    "lognorm": lambda z, s: (
        -((mpmath.log(z) / s) ** 2) / 2 - mpmath.log(z * s) - mpmath.log(2 * mpmath.pi) / 2
    ),
    "gamma": lambda z, a: (a - 1) * mpmath.log(z) - z - mpmath.loggamma(a),
    "invgamma": lambda z, a: -(a + 1) * mpmath.log(z) - 1 / z - mpmath.loggamma(a),
    "beta": lambda z, a, b: (
        (a - 1) * mpmath.log(z) + (b - 1) * mpmath.log(1 - z) - mpmath.log(mpmath.beta(a, b))
    ),
    "chi2": lambda z, df: (
        (df / 2 - 1) * mpmath.log(z) - z / 2 - df / 2 * mpmath.log(2) - mpmath.loggamma(df / 2)
    ),
    "expon": lambda z: -z,
    "weibull_min": lambda z, c: mpmath.log(c) + (c - 1) * mpmath.log(z) - z**c,
    "pareto": lambda z, b: mpmath.log(b) - (b + 1) * mpmath.log(z),
    "uniform": lambda z: mpmath.mpf(0),
    "vonmises": lambda z, kappa: (
        kappa * mpmath.cos(z) - mpmath.log(2 * mpmath.pi * mpmath.besseli(0, kappa))
    ),
    "poisson": lambda k, mu: k * mpmath.log(mu) - mu - mpmath.loggamma(k + 1),
    "binom": lambda k, n, p: (
        mpmath.log(mpmath.binomial(n, k)) + k * mpmath.log(p) + (n - k) * mpmath.log(1 - p)
    ),
    "nbinom": lambda k, n, p: (
        mpmath.log(mpmath.binomial(n + k - 1, k)) + n * mpmath.log(p) + k * mpmath.log(1 - p)
    ),
    "bernoulli": lambda k, p: k * mpmath.log(p) + (1 - k) * mpmath.log(1 - p),
    "geom": lambda k, p: (k - 1) * mpmath.log(1 - p) + mpmath.log(p),
}


def points(name: str) -> Array:
    """Return three points inside of a support."""
    if name in DISCRETE:
        return np.array([1.0, 0.0, 1.0] if name == "bernoulli" else [1.0, 2.0, 4.0])
    return np.array([0.3, 0.55, 0.8]) + (1.5 if name == "pareto" else 0.0)


def methods(name: str) -> list[str]:
    """Return what is found of a distribution, by the distribution itself."""
    family = getattr(tw.stats, name)
    found = [method for method in dir(family) if not method.startswith("_")]
    return [m for m in found if callable(getattr(family, m)) and m != "values"]


def test_every_distribution_is_here() -> None:
    assert {*LOG_DENSITIES, *MATRICES} == set(tw.stats.__all__)
    for name in LOG_DENSITIES:
        density = {"logpmf", "pmf"} if name in DISCRETE else {"logpdf", "pdf"}
        assert set(methods(name)) == density | {"cdf", "sf", "logcdf", "logsf", "ppf", "isf"}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", LOG_DENSITIES)
def test_every_function_is_scipys_and_native(name: str) -> None:
    shapes = np.array({**CONTINUOUS, **DISCRETE}[name])
    place = (0,) if name in DISCRETE else (0.1, 1.2)
    wanted = methods(name)

    def everything(x: Any, q: Any, shapes: Any) -> list[Any]:
        arguments = (*[shapes[i] for i in range(shapes.shape[0])], *place)
        family = getattr(tw.stats, name)
        return [getattr(family, m)(q if m in ("ppf", "isf") else x, *arguments) for m in wanted]

    x = points(name) * place[-1] + place[0] if len(place) == 2 else points(name)
    compiled = tw.jit(everything, engine="native", fallback="refuse")(x, SHARES, shapes)
    for method, found in zip(wanted, compiled, strict=True):
        given = SHARES if method in ("ppf", "isf") else x
        expected = getattr(getattr(scipy.stats, name), method)(given, *shapes, *place)
        np.testing.assert_allclose(np.asarray(found), expected, 1e-12, 1e-15, err_msg=method)


@pytest.mark.parametrize("name", LOG_DENSITIES)
def test_gradients_of_log_densities_are_those_of_differences_of_many_digits(name: str) -> None:
    family, density = getattr(tw.stats, name), LOG_DENSITIES[name]
    discrete = name in DISCRETE
    log = family.logpmf if discrete else family.logpdf
    shapes, x = {**CONTINUOUS, **DISCRETE}[name], float(points(name)[0])
    # Whole numbers do not move.
    moving = [i for i in range(len(shapes)) if (name, i) != ("binom", 0)]
    values = [x, *map(float, shapes), *(() if discrete else (0.05, 1.3))]
    places = [i + 1 for i in moving] if discrete else range(len(values))

    def exact(*arguments: Any) -> Any:
        if discrete:
            return density(*arguments)
        at, *rest, loc, scale = arguments
        return density((at - loc) / scale, *rest) - mpmath.log(scale)

    gradient = tw.jit(tw.grad(log, tuple(places)), engine="native", fallback="refuse")
    with mpmath.workdps(50):
        numbers = [mpmath.mpf(v) for v in values]
        for place, found in zip(places, gradient(*values), strict=True):
            one = mpmath.diff(exact, numbers, tuple(int(i == place) for i in range(len(values))))
            np.testing.assert_allclose(float(np.asarray(found)), float(one), 1e-12, 1e-14)


# ---- the whole line, both ends, and what is far out


@pytest.mark.parametrize("kappa", [0.0, 1e-6, 0.5, 1.9, 10.0, 49.0])
def test_von_misess_distribution_function_is_scipys_on_the_whole_line(kappa: float) -> None:
    ends = [0, -0.0, np.pi, -np.pi, 3.14, 1e-9, np.inf, -np.inf, np.nan]
    x = np.concatenate([np.random.default_rng(0).normal(size=30) * 6, ends])
    for method in ("cdf", "sf"):
        found = getattr(tw.stats.vonmises, method)(x, kappa)
        # SciPy's has so many digits.
        np.testing.assert_allclose(found, getattr(scipy.stats.vonmises, method)(x, kappa), 0, 2e-13)
    far = tw.stats.vonmises.cdf(np.array([-4.0, 4.0, 10.0]), kappa)
    assert (np.isnan(tw.stats.vonmises.logcdf(np.array([-4.0]), kappa))).all()
    logs = tw.stats.vonmises.logcdf(np.array([4.0, 10.0]), kappa)
    np.testing.assert_allclose(logs, np.log(far[1:]), rtol=1e-12)


@pytest.mark.parametrize(
    ("x", "kappa"), [(-3.0, 50.0), (-1.0, 1e3), (-3.1, 5.0), (-0.01, 1e6), (-1.5, 0.3)]
)
def test_tails_of_von_misess_distribution_keep_their_digits(x: float, kappa: float) -> None:
    with mpmath.workdps(40):
        at, k = mpmath.mpf(-x), mpmath.mpf(kappa)
        base = mpmath.sin(at / 2) ** 2
        end = mpmath.sqrt(min(1, base + 50 / k))
        length = (mpmath.pi if end >= 1 else 2 * mpmath.asin(end)) - at
        total = mpmath.quad(
            lambda t: mpmath.exp(-2 * k * (mpmath.sin(t / 2) ** 2 - base)),
            [at + length * i / 16 for i in range(17)],
        )
        scale = mpmath.log(2 * mpmath.pi * mpmath.besseli(0, k)) - k
        exact = float(mpmath.log(total) - 2 * k * base - scale)
    found = [tw.stats.vonmises.logcdf(x, kappa), tw.stats.vonmises.logsf(-x, kappa)]
    np.testing.assert_allclose(found, exact, rtol=1e-13)


@pytest.mark.parametrize("kappa", [0.0, 1e-8, 0.3, 9.0, 1e4, 1e15])
def test_von_misess_quantiles_are_those_of_its_tails(kappa: float) -> None:
    shares = np.array([1e-300, 1e-10, 0.01, 0.1, 0.3, 0.5])
    found = np.asarray(tw.stats.vonmises.ppf(shares, kappa))
    assert (np.diff(found) >= 0).all()
    assert found[-1] == 0
    # Of an angle, which is rounded, not more is known.
    per_step = tw.stats.vonmises.pdf(found, kappa) * np.spacing(np.abs(found))
    back = tw.stats.vonmises.cdf(found, kappa)
    assert (np.abs(back - shares) <= 1e-13 * shares + 8 * per_step).all()
    np.testing.assert_array_equal(tw.stats.vonmises.isf(shares, kappa), -found)
    upper = tw.stats.vonmises.ppf(1.0 - shares[2:], kappa)
    np.testing.assert_allclose(upper, -found[2:], rtol=1e-13)
    assert (np.isnan(tw.stats.vonmises.ppf([-0.1, 1.1, np.nan], kappa))).all()
    np.testing.assert_array_equal(tw.stats.vonmises.ppf([0.0, 1.0], kappa), [-np.inf, np.inf])


@pytest.mark.parametrize(
    ("share", "kappa"), [(0.3, 2.0), (1e-10, 2.0), (1e-300, 0.5), (0.7, 1e6), (0.2, 0.0)]
)
def test_derivatives_of_von_misess_quantiles(share: float, kappa: float) -> None:
    family = tw.stats.vonmises
    angle = float(family.ppf(share, kappa))
    density = float(family.pdf(angle, kappa))
    first, by_kappa = (tw.grad(family.ppf, i)(share, kappa) for i in (0, 1))
    np.testing.assert_allclose(first, 1 / density, rtol=1e-12)
    size = -abs(angle)
    with mpmath.workdps(30):
        mean = mpmath.besseli(1, kappa) / mpmath.besseli(0, kappa)
        moved = mpmath.quad(
            lambda t: (mpmath.cos(t) - mean) * mpmath.exp(kappa * (mpmath.cos(t) - 1)),
            mpmath.linspace(-mpmath.pi, size, 20),
        )
        moved /= 2 * mpmath.pi * mpmath.besseli(0, kappa) * mpmath.exp(-kappa)
    wanted = float(-moved) / density * (1 if angle < 0 else -1)
    np.testing.assert_allclose(by_kappa, wanted, rtol=1e-9, atol=1e-14)
    second = kappa * np.sin(angle) / density**2
    by_share = tw.grad(tw.grad(family.ppf))(share, kappa)
    np.testing.assert_allclose(by_share, second, rtol=1e-9, atol=1e-12)


QUANTILES: dict[str, list[tuple[float, ...]]] = {
    "t": [(0.4,), (30.0,), (1e6,)],
    "gamma": [(0.05,), (40.0,), (1e4,)],
    "invgamma": [(0.3,), (100.0,)],
    "chi2": [(0.2,), (1e4,)],
    "beta": [(0.05, 30.0), (0.3, 0.2), (500.0, 200.0)],
    "poisson": [(0.0,), (0.01,), (1e5,)],
    "binom": [(5, 0.0), (5, 1.0), (0, 0.3), (100_000, 1e-3)],
    "nbinom": [(1.0, 1.0), (0.01, 0.01), (300.0, 0.2)],
    "geom": [(0.9,), (1e-8,)],
    "bernoulli": [(0.0,), (1.0,)],
}


@pytest.mark.parametrize("name", QUANTILES)
def test_quantiles_are_scipys_over_wide_parameters(name: str) -> None:
    q = np.array([0, 1, 0.5, 0.25, 1e-5, 1 - 1e-6, 1e-12, 0.4999, -0.1, 1.1, np.nan])
    for shapes in QUANTILES[name]:
        for method in ("ppf", "isf"):
            given = np.where(q == 1e-12, 1e-5, q) if method == "isf" else q
            found = getattr(getattr(tw.stats, name), method)(given, *shapes)
            with np.errstate(all="ignore"):
                expected = getattr(getattr(scipy.stats, name), method)(given, *shapes)
            if name in DISCRETE:
                np.testing.assert_array_equal(found, expected, f"{method} {shapes}")
            else:
                np.testing.assert_allclose(found, expected, 1e-12, err_msg=f"{method} {shapes}")


@pytest.mark.parametrize("name", ["poisson", "binom", "nbinom", "geom", "bernoulli"])
def test_quantiles_of_counts_are_the_smallest_with_enough_probability(name: str) -> None:
    family, shapes = getattr(tw.stats, name), DISCRETE[name]
    k = np.arange(1.0, 2.0 if name in ("bernoulli", "geom") else 12.0)
    np.testing.assert_array_equal(family.ppf(family.cdf(k - 0.5, *shapes), *shapes), k - 1.0)
    for q in (1e-30, 1e-200):
        far = family.isf(q, *shapes)
        assert family.sf(far, *shapes) <= q < family.sf(far - 1.0, *shapes)


EDGES = np.array([0, -1, np.nan, np.inf, 1e300, 3.0, 1e6, 1e-300, 0.5, 1.0])
TAILS = np.array([0, 1, 0.3, 0.9, -0.1, np.nan, 1 - 1e-16, 1e-300])


@pytest.mark.parametrize("name", COUNTING)
def test_lanes_search_for_counts_as_the_meaning_does(name: str) -> None:
    grids = np.meshgrid(TAILS, *[EDGES] * (len(PRIMITIVES[name].rules) - 1))
    arguments = [grid.ravel() for grid in grids]
    with np.errstate(all="ignore"):
        expected = PRIMITIVES[name].meaning(*arguments)
    np.testing.assert_array_equal(elementwise(LOWERINGS[name], *arguments), expected)
    # Not every number so large is one of float64.
    assert not (expected > 2.0**53).any()


# ---- vectors and matrices

RANDOM = np.random.default_rng(3)
ROOT = RANDOM.normal(size=(3, 3))
COVARIANCE = ROOT @ ROOT.T + np.eye(3)
VECTORS, MEAN = RANDOM.normal(size=(5, 3)), RANDOM.normal(size=3)
P, ALPHA = np.array([0.2, 0.3, 0.5]), np.array([1.5, 2.0, 0.7])
COUNTS = scipy.stats.multinomial.rvs(9, P, size=5, random_state=1).astype(float)
SIMPLEX = scipy.stats.dirichlet.rvs(ALPHA, size=5, random_state=0).T
DEFINITE = np.moveaxis(scipy.stats.wishart.rvs(5, COVARIANCE, 5, random_state=1), 0, -1)


def spread(root: Any) -> Any:
    """Return a positive definite matrix of any."""
    return root @ root.T + np.eye(3)


# A function of what moves, and where it is.
MATRIX_CASES: dict[str, tuple[Callable[..., Any], Array]] = {
    "multinomial": (lambda p: tw.stats.multinomial.logpmf(COUNTS, 9, p / p.sum()), P),
    "multinomial pmf": (lambda p: tw.stats.multinomial.pmf(COUNTS, 9, p / p.sum()), P),
    "dirichlet": (lambda alpha: tw.stats.dirichlet.logpdf(SIMPLEX, alpha), ALPHA),
    "dirichlet pdf": (lambda alpha: tw.stats.dirichlet.pdf(SIMPLEX, alpha), ALPHA),
    "normal by its mean": (
        lambda mean: tw.stats.multivariate_normal.logpdf(VECTORS, mean, COVARIANCE),
        MEAN,
    ),
    "normal by its covariance": (
        lambda root: tw.stats.multivariate_normal.logpdf(VECTORS, MEAN, spread(root)),
        ROOT,
    ),
    "normal by variances": (
        lambda v: tw.stats.multivariate_normal.pdf(VECTORS, MEAN, v),
        np.array([1.0, 2.0, 3.0]),
    ),
    "wishart by its degrees": (
        lambda df: tw.stats.wishart.logpdf(DEFINITE, df, COVARIANCE),
        np.array(5.5),
    ),
    "wishart by its scale": (
        lambda root: tw.stats.wishart.logpdf(DEFINITE, 5.5, spread(root)),
        ROOT,
    ),
    "wishart pdf": (lambda root: tw.stats.wishart.pdf(DEFINITE[..., 0], 5.5, spread(root)), ROOT),
}


@pytest.mark.parametrize("case", MATRIX_CASES)
def test_distributions_of_vectors_and_matrices_are_native_with_their_gradients(case: str) -> None:
    function, at = MATRIX_CASES[case]

    def loss(params: Any) -> Any:
        return tw.sum(function(params))

    both = tw.jit(tw.value_and_grad(loss), engine="native", fallback="refuse")
    value, gradient = (np.asarray(v) for v in both(at))
    np.testing.assert_allclose(value, np.sum(np.asarray(function(at))), rtol=1e-12)
    check_gradients(function, at, order=1)
    np.testing.assert_allclose(gradient, np.asarray(tw.grad(loss)(at)), rtol=1e-10, atol=1e-12)
    fit = tw.fit(
        lambda params: -loss(params), at, optimizer=tw.optim.sgd(1e-5), steps=2,
        engine="native", fallback="refuse", progress=False,
    )  # fmt: skip
    np.testing.assert_allclose(fit.history.loss[0], -value, rtol=1e-12)
