"""`tw.special` beside SciPy's: values, edges, derivatives, and what JAX gives."""

from __future__ import annotations

from typing import Any

import jax
import mpmath
import numpy as np
import pytest
import scipy.special

import thalweg as tw
from tests.accuracy.integrals import beta_parts, gamma_parts
from thalweg.core.primitive import PRIMITIVES
from thalweg.testing import check_gradients

jax.config.update("jax_enable_x64", True)
RANDOM = np.random.default_rng(2)
N = 60
REAL = RANDOM.normal(size=N) * 3
POSITIVE, LARGE = np.exp(RANDOM.normal(size=N) * 2), np.exp(RANDOM.normal(size=N) * 2 + 1)
SHARE = RANDOM.random(N)
EDGES = np.array([0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, np.inf, -np.inf, np.nan, 30, -30])
PAIRS = tuple(np.array([(a, b) for a in EDGES for b in EDGES]).T)

OF_ONE: dict[str, tuple[np.ndarray[Any, Any], ...]] = {
    "gamma": (REAL, EDGES),
    "gammaln": (REAL, POSITIVE),
    "gammasgn": (REAL, EDGES),
    "loggamma": (POSITIVE, EDGES[:9]),
    "entr": (REAL, EDGES),
    "expit": (REAL, EDGES),
    "logit": (SHARE, EDGES),
    "log_expit": (REAL, EDGES),
    "j0": (REAL * 10, EDGES),
    "j1": (REAL * 10, EDGES),
    "ndtr": (REAL, EDGES),
    "log_ndtr": (REAL * 10, EDGES),
    "ndtri": (SHARE, SHARE**20, 1 - SHARE**5, EDGES),
    "i0": (REAL,),
    "i0e": (REAL,),
    "i1": (REAL,),
    "i1e": (REAL,),
    "erf": (REAL, EDGES),
    "erfc": (REAL, EDGES),
    "erfinv": (2 * SHARE - 1, EDGES),
    "erfcx": (REAL, EDGES),
    "digamma": (POSITIVE, REAL),
    "exprel": (REAL, REAL * 1e-3, EDGES),
    "cbrt": (REAL, EDGES),
    "zeta": (REAL, POSITIVE, EDGES[:8]),
}
OF_TWO: dict[str, tuple[tuple[np.ndarray[Any, Any], ...], ...]] = {
    "betaln": ((POSITIVE, LARGE), (REAL, REAL[::-1])),
    "beta": ((POSITIVE, LARGE), (REAL, REAL[::-1])),
    "gammainc": ((POSITIVE, LARGE), PAIRS),
    "gammaincc": ((POSITIVE, LARGE), PAIRS),
    "rel_entr": ((POSITIVE, LARGE), PAIRS),
    "kl_div": ((POSITIVE, LARGE), PAIRS),
    "xlogy": ((REAL, POSITIVE), PAIRS),
    "xlog1py": ((REAL, POSITIVE), PAIRS),
    "huber": ((POSITIVE, REAL), PAIRS),
    "pseudo_huber": ((POSITIVE, REAL), PAIRS),
    "boxcox": ((POSITIVE, REAL), (POSITIVE, REAL * 1e-5), (POSITIVE, REAL * 0), PAIRS),
    "boxcox1p": ((POSITIVE, REAL), (POSITIVE * 1e-9, REAL), PAIRS),
    "inv_boxcox": ((POSITIVE, abs(REAL)), (REAL, REAL * 0.1), PAIRS),
    "inv_boxcox1p": ((POSITIVE, abs(REAL)), PAIRS),
}
CASES = [(name, operands) for name, rows in OF_TWO.items() for operands in rows]
CASES += [(name, (row,)) for name, rows in OF_ONE.items() for row in rows]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_values_are_those_of_scipy(case: int) -> None:
    name, operands = CASES[case]
    with np.errstate(all="ignore"):
        expected = getattr(scipy.special, name)(*operands)
    found = getattr(tw.special, name)(*map(tw.Tensor, operands)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-300)
    # SciPy's own function, on tensors, is ours.
    ufunc = getattr(scipy.special, name)
    if isinstance(ufunc, np.ufunc):
        np.testing.assert_array_equal(ufunc(*map(tw.Tensor, operands)).numpy(), found)


A, B, R = np.array([0.3, 1.2, 4.5]), np.array([2.2, 0.7, 11.0]), np.array([-0.6, 0.8, 0.2])
SMOOTH: dict[str, tuple[np.ndarray[Any, Any], ...]] = {
    **dict.fromkeys(("betaln", "beta", "rel_entr", "kl_div", "xlogy", "xlog1py"), (A, B)),
    **dict.fromkeys(("boxcox", "boxcox1p", "huber", "pseudo_huber"), (A, R)),
    **{name: (A, abs(R)) for name in ("inv_boxcox", "inv_boxcox1p")},
    **{name: (A,) for name in OF_ONE if name not in ("gammasgn", "logit", "ndtri", "erfinv")},
    **{name: (abs(R),) for name in ("logit", "ndtri", "erfinv")},
    "zeta": (B + 1,),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_are_those_of_differences(name: str) -> None:
    check_gradients(getattr(tw.special, name), *SMOOTH[name])


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "rel_entr", "kl_div", "xlogy"])
def test_derivatives_by_every_argument_are_those_of_jax(name: str) -> None:
    ours, theirs = getattr(tw.special, name), getattr(jax.scipy.special, name)
    found = tw.grad(lambda a, x: np.sum(ours(a, x)), (0, 1))(POSITIVE, LARGE)
    expected = jax.grad(lambda a, x: theirs(a, x).sum(), (0, 1))(POSITIVE, LARGE)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(one), other, rtol=1e-9, atol=1e-13)


def test_derivatives_of_the_beta_function_are_digammas() -> None:
    found = tw.grad(lambda a, b: np.sum(tw.special.betaln(a, b)), (0, 1))(POSITIVE, LARGE)
    for one, at in zip(found, (POSITIVE, LARGE), strict=True):
        expected = scipy.special.digamma(at) - scipy.special.digamma(POSITIVE + LARGE)
        np.testing.assert_allclose(np.asarray(one), expected, rtol=1e-10)


def _orders(*orders: int) -> Any:
    """Return the derivative of a function by these operands, one after the other, by a library."""

    def derivative(grad: Any, function: Any) -> Any:
        for which in orders:
            function = grad(function, which)
        return function

    return derivative


@pytest.mark.parametrize("orders", [(0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1), (0, 0, 1)])
def test_derivatives_of_zeta_by_both_operands_are_those_of_jax(orders: tuple[int, ...]) -> None:
    ours = _orders(*orders)(tw.grad, tw.special.zeta)
    theirs = _orders(*orders)(jax.grad, jax.scipy.special.zeta)
    for s, q in ((1.5, 0.3), (2.5, 1.3), (7.0, 4.0)):
        np.testing.assert_allclose(float(ours(s, q)), theirs(s, q), rtol=1e-11)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc"])
@pytest.mark.parametrize("orders", [(1, 0), (1, 1)])
def test_second_derivatives_of_the_gamma_integral_are_those_of_jax(
    name: str, orders: tuple[int, ...]
) -> None:
    ours = _orders(*orders)(tw.grad, getattr(tw.special, name))
    theirs = _orders(*orders)(jax.grad, getattr(jax.scipy.special, name))
    # JAX knows one of both orders.
    other = _orders(*orders[::-1])(tw.grad, getattr(tw.special, name))
    for a, x in ((0.5, 0.3), (2.5, 1.3), (7.0, 9.0)):
        np.testing.assert_allclose(float(ours(a, x)), theirs(a, x), rtol=1e-11)
        np.testing.assert_allclose(float(other(a, x)), theirs(a, x), rtol=1e-11)


def test_where_zeta_has_no_derivative_by_its_order() -> None:
    by_order = tw.grad(lambda s, q: tw.sum(tw.special.zeta(s, q)))
    s, q = np.array([1.0, 0.5, 3.0, 3.0, 3.0]), np.array([2.0, 2.0, -0.5, 0.0, np.inf])
    with np.errstate(all="ignore"):
        found = np.asarray(by_order(s, q))
    np.testing.assert_array_equal(found, [-np.inf, np.nan, np.nan, np.nan, 0.0])


def test_what_is_not_known_of_the_gamma_integral_is_refused() -> None:
    by_shape = tw.grad(lambda a: tw.special.gammainc(a, 2.0))
    with pytest.raises(tw.errors.GradientError, match="second derivative of gammainc"):
        tw.grad(by_shape)(1.5)
    check_gradients(lambda x: tw.special.gammainc(A, x), B)


def test_a_shape_is_fitted_by_the_gamma_integral() -> None:
    points = np.array([0.5, 1.0, 2.0, 4.0])
    wanted = scipy.special.gammainc(2.5, points)
    found = tw.fit(
        lambda a: np.sum((tw.special.gammainc(a, points) - wanted) ** 2),
        np.array(1.0),
        optimizer=tw.optim.adam(0.05),
        steps=300,
        progress=False,
        engine="numpy",
    )
    np.testing.assert_allclose(float(found.params), 2.5, atol=1e-3)


def test_powers_are_smooth_where_they_are_0() -> None:
    for transform in (tw.special.boxcox, tw.special.inv_boxcox, tw.special.boxcox1p):
        check_gradients(lambda power, f=transform: f(A, power), np.zeros(3))


def test_logarithms_of_the_beta_function_keep_their_digits() -> None:
    a, b = (np.exp(RANDOM.uniform(-8, 12, 40)) for _ in range(2))
    with mpmath.workdps(40):
        exact = [
            float(mpmath.loggamma(x) + mpmath.loggamma(y) - mpmath.loggamma(mpmath.mpf(x) + y))
            for x, y in zip(a, b, strict=True)
        ]
    np.testing.assert_allclose(tw.special.betaln(a, b).numpy(), exact, rtol=1e-14)


def test_the_gamma_integral_of_large_shapes() -> None:
    a = np.array([1e5, 1e6, 3e7, 1e9])
    x = a * (1 + np.array([1e-3, -1e-3, 1e-4, 1e-5]))
    for name in ("gammainc", "gammaincc"):
        expected = getattr(scipy.special, name)(a, x)
        np.testing.assert_allclose(getattr(tw.special, name)(a, x).numpy(), expected, rtol=1e-10)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
def test_sums_of_exponentials_have_scipys_axes_and_weights(axis: Any) -> None:
    x, b = RANDOM.normal(size=(3, 4)), RANDOM.normal(size=(3, 4))
    for name in ("softmax", "log_softmax", "logsumexp"):
        expected = getattr(scipy.special, name)(x, axis=axis)
        np.testing.assert_allclose(getattr(tw.special, name)(x, axis=axis).numpy(), expected)
    words: dict[str, Any] = {"axis": axis, "b": b, "keepdims": True}
    expected = scipy.special.logsumexp(x, **words, return_sign=True)
    found = tw.special.logsumexp(x, **words, return_sign=True)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.numpy(), other)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(
            tw.special.logsumexp(x, **words).numpy(), scipy.special.logsumexp(x, **words)
        )
    check_gradients(lambda x, b: tw.special.logsumexp(x, axis, abs(b)), x, b, order=1)


def test_orders_broadcast() -> None:
    orders = np.arange(3)[:, None]
    found = tw.special.polygamma(orders, POSITIVE).numpy()
    np.testing.assert_allclose(found, scipy.special.polygamma(orders, POSITIVE), rtol=1e-10)
    np.testing.assert_allclose(
        tw.special.zeta(A + 1, B).numpy(), scipy.special.zeta(A + 1, B), rtol=1e-12
    )


def test_transforms_and_divergences_compile() -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one would say that a part does not
        for name in ("boxcox", "inv_boxcox", "rel_entr", "kl_div", "huber", "pseudo_huber"):
            compiled = tw.jit(getattr(tw.special, name))(A, abs(R))
            expected = getattr(scipy.special, name)(A, abs(R))
            np.testing.assert_allclose(np.asarray(compiled), expected, rtol=1e-12)


def test_the_logarithm_of_the_gamma_function_keeps_its_digits_beside_its_zeros() -> None:
    x = np.array([1 + 1e-15, 1 - 1e-12, 2 + 1e-13, 1.0, 2.0])
    with mpmath.workdps(40):
        exact = [float(mpmath.loggamma(mpmath.mpf(v))) for v in x.tolist()]
    found = tw.special.gammaln(x).numpy()
    np.testing.assert_allclose(found, exact, rtol=1e-15)
    assert not np.signbit(found[3:]).any()


def test_integrals_of_very_small_shapes_are_not_lost_beside_1() -> None:
    found = tw.special.gammaincc(1e-30, np.array([0.5, 1.0])).numpy()
    # Q(a, x) is a times the exponential integral.
    np.testing.assert_allclose(found, 1e-30 * scipy.special.exp1([0.5, 1.0]), rtol=1e-13)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_derivatives_of_the_beta_integral_are_those_of_mpmath(which: int) -> None:
    a, b = np.exp(RANDOM.uniform(-5, 5, 8)), np.exp(RANDOM.uniform(-5, 5, 8))
    x = np.clip(a / (a + b) * np.exp(RANDOM.normal(size=8)), 0.001, 0.999)
    found = tw.grad(lambda *xs: tw.sum(tw.special.betainc(*xs)), which)(a, b, x)

    def derivative(*operands: float) -> float:
        def moved(value: Any) -> Any:
            p, q, at = (value if i == which else v for i, v in enumerate(operands))
            return mpmath.betainc(p, q, 0, at, regularized=True)

        with mpmath.workdps(60):
            return float(mpmath.diff(moved, mpmath.mpf(operands[which])))

    expected = [derivative(*row) for row in zip(a.tolist(), b.tolist(), x.tolist(), strict=True)]
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-11)


# Whole parameters, for which fractions end; small ones beyond the mean; and very small ones.
BETAS = np.array(
    [
        *[(1.0, 1.0, 0.5), (1.0, 4.0, 0.05), (2.0, 0.3, 0.4), (8.0, 26.0, 0.23), (0.5, 3.0, 0.9)],
        *[(1e-3, 1e-8, 0.9999), (50.0, 1e-3, 1 - 2**-20), (0.1, 0.004, 0.99), (1e-9, 5.0, 1e-7)],
        *[(3e-10, 5.0, 1.4e-7), (1e-200, 0.5, 1e-100), (1e-310, 2e-310, 0.5), (900.0, 90.0, 0.91)],
    ]
).T


def test_the_beta_integral_and_its_derivatives_where_parts_cancel() -> None:
    expected = []
    with mpmath.workprec(200):
        for row in BETAS.T.tolist():
            value, *slopes = beta_parts(*map(mpmath.mpf, row))[:3]
            expected.append([float(v) for v in (value if value > 0 else 1 + value, *slopes)])
    names = ("betainc", "betainc_by_a", "betainc_by_b")
    for name, wanted in zip(names, np.array(expected).T, strict=True):
        with np.errstate(over="ignore"):
            found = PRIMITIVES[name].meaning(*BETAS)
        np.testing.assert_allclose(found, wanted, rtol=3e-15)


@pytest.mark.parametrize("x", [0.3, 1.2, 9.0, 60.0])
def test_the_sums_that_errors_are_measured_by_are_mpmaths(x: float) -> None:
    with mpmath.workprec(200):
        a, b, z = mpmath.mpf(2.5), mpmath.mpf(7.25), mpmath.mpf(x)
        value, by_a, _ = gamma_parts(a, z)
        theirs = mpmath.gammainc(a, 0, z, regularized=True)
        assert abs(value / theirs - 1) < 1e-50
        by_differences = mpmath.diff(lambda a: mpmath.gammainc(a, 0, z, regularized=True), a)
        assert abs(by_a / by_differences - 1) < 1e-25
        value, by_a, by_b, _ = beta_parts(a, b, 1 / (1 + z))
        theirs = mpmath.betainc(a, b, 0, 1 / (1 + z), regularized=True)
        assert abs((value if value > 0 else 1 + value) / theirs - 1) < 1e-50
        for found, which in ((by_a, 0), (by_b, 1)):
            part = lambda v, w=which: mpmath.betainc(
                *((v, b) if w == 0 else (a, v)), 0, 1 / (1 + z), regularized=True
            )
            assert abs(found / mpmath.diff(part, (a, b)[which]) - 1) < 1e-25


def test_the_derivatives_of_the_beta_integral_of_large_parameters_are_normal() -> None:
    # At the mean of large parameters n each, x has the deviation 1 / √8n.
    n = np.array([1e8, 1e12, 1e100])
    for name, sign in (("betainc_by_a", -1.0), ("betainc_by_b", 1.0)):
        found = PRIMITIVES[name].meaning(n, n, np.full(3, 0.5))
        np.testing.assert_allclose(found, sign * 0.5 / np.sqrt(np.pi * n), rtol=1e-7)


def test_second_derivatives_by_parameters_of_the_beta_integral_are_refused() -> None:
    by_a = tw.grad(lambda a: tw.special.betainc(a, 2.0, 0.3))
    with pytest.raises(tw.errors.GradientError, match="second derivative of betainc"):
        tw.grad(by_a)(1.5)
    check_gradients(lambda x: tw.special.betainc(A, B, x), abs(R))


@pytest.mark.parametrize("x", [1e300, 8e307, 1.79769313e308, np.finfo(float).max])
@pytest.mark.parametrize("order", [0, 1])
def test_bessel_functions_of_the_largest_numbers(order: int, x: float) -> None:
    with mpmath.workdps(700):
        angle = mpmath.mpf(x) - (2 * order + 1) * mpmath.pi / 4
        wanted = float(mpmath.sqrt(2 / (mpmath.pi * mpmath.mpf(x))) * mpmath.cos(angle))
    function = (tw.special.j0, tw.special.j1)[order]
    for form in (function, tw.jit(function, engine="native"), tw.jit(function, engine="numpy")):
        np.testing.assert_allclose(form(np.array([x, -x])), [wanted, wanted * (-1) ** order], 1e-14)
