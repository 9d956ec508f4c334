"""`tw.stats` beside SciPy's: values, edges of supports, kinds, derivatives, and native programs."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import scipy.stats

import thalweg as tw
from tests.compiler.programs import program_of
from thalweg.core.leaving import DISTRIBUTIONS
from thalweg.core.spec import Spec
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.errors import ArgumentError, ShapeError
from thalweg.testing import check_gradients

RANDOM = np.random.default_rng(0)
EDGES = np.array([0, 1, -1, 0.5, 2, -0.0, np.inf, -np.inf, np.nan, 0.25, 50, -50])
REAL = np.concatenate([RANDOM.normal(size=20) * 3, np.exp(RANDOM.normal(size=10) * 2), EDGES])
COUNTS = np.concatenate([np.arange(-3.0, 30), [2.5, np.inf, -np.inf, np.nan, 100]])
SHARES = np.concatenate([RANDOM.random(10), [0, 1, 0.5, -0.1, 1.1, np.nan, 1e-10, 1 - 1e-10]])

CONTINUOUS: dict[str, tuple[float, ...]] = {
    "norm": (), "t": (3.7,), "cauchy": (), "laplace": (), "logistic": (), "lognorm": (0.7,),
    "gamma": (2.3,), "invgamma": (1.7,), "beta": (2.1, 0.8), "chi2": (3.3,), "expon": (),
    "weibull_min": (1.6,), "pareto": (2.2,), "uniform": (), "vonmises": (1.9,),
}  # fmt: skip
DISCRETE: dict[str, tuple[float, ...]] = {
    "poisson": (3.4,), "nbinom": (2.5, 0.3), "binom": (20, 0.3), "bernoulli": (0.3,),
    "geom": (0.2,),
}  # fmt: skip
INTEGRALS = ["cdf", "sf", "logcdf", "logsf"]


def both(name: str, method: str, *arguments: Any) -> tuple[Any, Any]:
    with np.errstate(all="ignore"):
        expected = getattr(getattr(scipy.stats, name), method)(*arguments)
    return getattr(getattr(tw.stats, name), method)(*arguments), expected


def check(name: str, method: str, x: np.ndarray[Any, Any], *arguments: Any) -> None:
    found, expected = both(name, method, x, *arguments)
    assert isinstance(found, np.ndarray)
    if method.startswith(("log", "p")) and method != "ppf":
        # Infinitely far SciPy's densities are NaN at times; here they are 0.
        expected = np.where(np.isinf(x) & np.isnan(expected), found, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("scaled", [(), (0.3, 1.7), (0, -1)])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions_are_those_of_scipy(name: str, scaled: tuple[float, ...]) -> None:
    shapes = (*CONTINUOUS[name], *scaled)
    # Von Mises's integrals have a test of their own: SciPy's are of few digits.
    methods = ["logpdf", "pdf", *(INTEGRALS if name != "vonmises" else [])]
    for method in methods:
        check(name, method, REAL, *shapes)
    for method in ("ppf", "isf"):
        check(name, method, SHARES, *shapes)


@pytest.mark.parametrize("shift", [(), (2,)])
@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_distributions_are_those_of_scipy(name: str, shift: tuple[int, ...]) -> None:
    for method in ("logpmf", "pmf", "cdf", "sf"):
        check(name, method, COUNTS, *DISCRETE[name], *shift)
    for log, plain, rest in (("logcdf", "cdf", "sf"), ("logsf", "sf", "cdf")):
        found, expected = (both(name, m, COUNTS, *DISCRETE[name], *shift)[0] for m in (log, plain))
        # SciPy's logarithm of nearly 1 has few digits; the rest of it has all.
        other = getattr(getattr(tw.stats, name), rest)(COUNTS, *DISCRETE[name], *shift)
        with np.errstate(divide="ignore"):
            expected = np.where(expected > 0.5, np.log1p(-other), np.log(expected))
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    for method in ("ppf", "isf"):
        found, expected = both(name, method, SHARES, *DISCRETE[name], *shift)
        np.testing.assert_array_equal(found, expected)


def test_arguments_are_named_and_broadcast_as_in_scipy() -> None:
    x, loc, a = np.linspace(0.5, 4, 5), np.array([[0.0], [0.25]]), np.array([[0.5], [3.0]])
    found = tw.stats.gamma.logpdf(x, a=a, scale=2.0, loc=loc)
    np.testing.assert_allclose(found, scipy.stats.gamma.logpdf(x, a=a, scale=2.0, loc=loc), 1e-12)
    assert tw.stats.norm.cdf(0, 0, 1) == 0.5
    assert tw.stats.norm.cdf(x=0.0, scale=2.0) == 0.5
    assert str(inspect.signature(tw.stats.norm.ppf)) == "(q, *args, **kwds)"
    integers = tw.stats.poisson.pmf(np.arange(4), 2)
    np.testing.assert_allclose(integers, scipy.stats.poisson.pmf(np.arange(4), 2), 1e-13)


@pytest.mark.parametrize("name", [*CONTINUOUS, *DISCRETE])
def test_results_are_of_the_operands_kind(name: str) -> None:
    shapes = {**CONTINUOUS, **DISCRETE}[name]
    family = getattr(tw.stats, name)
    log = family.logpdf if name in CONTINUOUS else family.logpmf
    x = np.array([0.0, 1.0, 2.0], np.float32)
    assert isinstance(log(x, *shapes), np.ndarray)
    assert log(x, *shapes).dtype == np.float32
    assert isinstance(log(tw.tensor(x), *shapes), tw.Tensor)
    assert log(tw.tensor(x), *shapes).dtype == np.float32
    assert isinstance(log(x, *shapes, loc=tw.tensor(np.float32(0.0))), tw.Tensor)
    for method in (family.cdf, family.ppf, family.isf):
        assert method(np.array([0.0, 0.4, 1.0], np.float32), *shapes).dtype == np.float32


INSIDE = np.array([0.3, 0.55, 0.8])


@pytest.mark.parametrize("name", CONTINUOUS)
def test_derivatives_by_every_argument_are_those_of_differences(name: str) -> None:
    family = getattr(tw.stats, name)
    x = INSIDE + 1.5 if name == "pareto" else INSIDE
    shapes = [np.array(shape) for shape in CONTINUOUS[name]]
    scale = [np.array(0.05), np.array(1.3)]
    check_gradients(family.logpdf, x, *shapes, *scale)
    # Second derivatives by the shapes of incomplete functions are not known.
    for method in (family.cdf, family.sf, family.logcdf):
        check_gradients(method, x, *shapes, *scale, order=1)
    check_gradients(family.ppf, INSIDE, *shapes, *scale, order=1)


@pytest.mark.parametrize("name", DISCRETE)
def test_derivatives_by_parameters_of_counts_are_those_of_differences(name: str) -> None:
    family = getattr(tw.stats, name)
    counts = np.array([1.0, 0.0, 1.0] if name == "bernoulli" else [1.0, 2.0, 4.0])
    fixed = DISCRETE[name][:1] if name == "binom" else ()
    moving = [np.array(v) for v in DISCRETE[name][len(fixed) :]]
    for method in (family.logpmf, family.cdf, family.sf):
        check_gradients(lambda *xs, m=method: m(counts, *fixed, *xs), *moving, order=1)


def test_gradients_outside_of_a_support_are_0() -> None:
    for name in ("gamma", "lognorm", "beta", "weibull_min", "pareto", "expon"):
        family, shapes = getattr(tw.stats, name), CONTINUOUS[name]
        slope = tw.grad(lambda x, f=family, s=shapes: tw.sum(f.cdf(x, *s)))(np.array([-1.0, 0.7]))
        assert np.asarray(slope)[0] == 0.0, name
        assert np.isfinite(np.asarray(slope)).all(), name


@pytest.mark.parametrize("df", [3.0, 200.0, 20_000.0])
def test_students_tails_keep_their_digits(df: float) -> None:
    # Within √df of the middle too: a half less the share around it left nothing at z = 10.
    z = np.array([0.5, 1.5, 5.0, 10.0, 30.0])
    np.testing.assert_allclose(tw.stats.t.sf(z, df), scipy.stats.t.sf(z, df), rtol=1e-11)
    np.testing.assert_allclose(tw.stats.t.cdf(-z, df), scipy.stats.t.cdf(-z, df), rtol=1e-11)


def test_students_distribution_function_is_smooth_at_its_middle() -> None:
    slope = tw.grad(lambda x: tw.stats.t.cdf(x, 4.0))(0.0)
    np.testing.assert_allclose(slope, scipy.stats.t.pdf(0.0, 4.0), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [*CONTINUOUS, *DISCRETE])
def test_densities_and_their_derivatives_compile_whole(name: str, dtype: Any) -> None:
    family, shapes = getattr(tw.stats, name), {**CONTINUOUS, **DISCRETE}[name]
    log = family.logpdf if name in CONTINUOUS else family.logpmf
    methods = [log, family.cdf, family.sf, family.ppf, family.isf]
    specs = [Spec((5,), np.dtype(dtype))] * (1 + len(shapes))

    def gradients(*operands: Any) -> Any:
        places = tuple(range(len(operands)))
        rows = [tw.grad(lambda *xs, m=m: tw.sum(m(*xs)), places)(*operands) for m in methods]
        return tuple(gradient for row in rows for gradient in row)

    assert NativeEngine().unsupported(program_of(gradients, *specs)) == []


def test_a_model_is_fitted_natively() -> None:
    x = scipy.stats.gamma.rvs(2.5, scale=0.7, size=4_000, random_state=3)

    def loss(params: Any) -> Any:
        return -tw.mean(tw.stats.gamma.logpdf(x, tw.exp(params[0]), 0, tw.exp(params[1])))

    found = tw.fit(loss, np.zeros(2), optimizer=tw.optim.adam(0.03), steps=600, progress=False)
    shape, _, scale = scipy.stats.gamma.fit(x, floc=0)
    np.testing.assert_allclose(np.exp(found.params), [shape, scale], rtol=1e-3)


def test_messages_know_every_distribution() -> None:
    assert set(tw.stats.__all__) == DISTRIBUTIONS


def test_what_is_no_distribution_is_nan() -> None:
    assert np.isnan(tw.stats.gamma.cdf(1.0, -2.0))
    assert np.isnan(tw.stats.norm.logpdf(1.0, 0.0, np.array([0.0, -1.0]))).all()
    assert np.isnan(tw.stats.binom.pmf(1.0, 2.5, 0.5))
    assert np.isnan(tw.stats.bernoulli.pmf(1.0, 1.5))


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"gamma> lacks a; it wants x, then a, loc, scale"):
        tw.stats.gamma.logpdf(1.0)
    with pytest.raises(ArgumentError, match="was given no x"):
        tw.stats.norm.logpdf(loc=1.0)
    with pytest.raises(ArgumentError, match="got mean"):
        tw.stats.norm.logpdf(1.0, mean=2.0)
    with pytest.raises(ShapeError, match="2 shares"):
        tw.stats.dirichlet.pdf(np.ones(5), np.ones(3))
    with pytest.raises(ShapeError, match="matrix of 2 by 2"):
        tw.stats.wishart.pdf(np.ones(5), 3.0, np.eye(2))


# ---- vectors and matrices

ROOT, MEAN = RANDOM.normal(size=(3, 3)), RANDOM.normal(size=3)
COVARIANCE = ROOT @ ROOT.T + np.eye(3)
VECTORS = RANDOM.normal(size=(2, 4, 3))


@pytest.mark.parametrize("cov", [COVARIANCE, 2.0, np.array([1.0, 2.0, 3.0])])
def test_the_multivariate_normal_is_that_of_scipy(cov: Any) -> None:
    for method in ("logpdf", "pdf"):
        for x in (VECTORS, VECTORS[0, 0]):
            found, expected = both("multivariate_normal", method, x, MEAN, cov)
            np.testing.assert_allclose(found, expected, rtol=1e-12)
    for x in (1.5, np.array([0.5, 2.0])):
        found, expected = both("multivariate_normal", "logpdf", x)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_derivatives_of_matrix_distributions_are_those_of_differences() -> None:
    def spread(root: Any) -> Any:
        return root @ tw.transpose(root) + np.eye(3)

    normal, wishart = tw.stats.multivariate_normal, tw.stats.wishart
    check_gradients(lambda x, m, r: normal.logpdf(x, m, spread(r)), VECTORS, MEAN, ROOT, order=1)
    matrix = COVARIANCE + 1.0
    check_gradients(
        lambda df, r: wishart.logpdf(matrix, df, spread(r)), np.array(5.5), ROOT, order=1
    )


def test_wisharts_distribution_is_that_of_scipy() -> None:
    matrices = np.moveaxis(scipy.stats.wishart.rvs(5, COVARIANCE, 4, random_state=1), 0, -1)
    for x in (matrices, matrices[..., 0]):
        found, expected = both("wishart", "logpdf", x, 5.5, COVARIANCE)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_dirichlets_distribution_is_that_of_scipy() -> None:
    alpha = np.array([1.5, 2.0, 0.7])
    shares = scipy.stats.dirichlet.rvs(alpha, size=6, random_state=0).T
    for x in (shares, shares[:2], shares[:, 0]):
        found, expected = both("dirichlet", "logpdf", x, alpha)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert tw.stats.dirichlet.pdf(np.array([0.5, 0.9, -0.4]), alpha) == 0.0
    check_gradients(lambda alpha: tw.stats.dirichlet.logpdf(shares, alpha), alpha)


def test_the_multinomial_distribution_is_that_of_scipy() -> None:
    p = np.array([0.2, 0.3, 0.5])
    counts = scipy.stats.multinomial.rvs(9, p, size=5, random_state=1)
    counts[0, 0] += 1
    for method in ("logpmf", "pmf"):
        found, expected = both("multinomial", method, counts, 9, p)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    check_gradients(lambda p: tw.stats.multinomial.logpmf(counts[1:], 9, p / tw.sum(p)), p)
