"""Special functions far out, at poles and at what is no number: right, and in no time."""

import time
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special

import thalweg as tw
from thalweg.errors import ArgumentError

FAR = [10.0**k for k in (1, 2, 4, 6, 10, 15, 100, 300)]
POINTS = [*FAR, *(-x for x in FAR), *(-x - 0.25 for x in FAR[:5]), 0.0, -0.0, 1e-300, -1e-300]
EVERYWHERE = [*POINTS, np.inf, -np.inf, np.nan, -1.0, -5.0, 0.5, -0.5]

NAMES_TEXT = (
    "digamma entr erf erfc erfcx erfinv exp2 expit expm1 gammaln i0 i0e i1 i1e lgamma log1p "
    "log_ndtr logit ndtr ndtri psi sinc"
)
FUNCTIONS: dict[str, Any] = {name: getattr(tw.special, name) for name in NAMES_TEXT.split()}
FUNCTIONS |= {f"polygamma {n}": lambda x, n=n: tw.special.polygamma(n, x) for n in (1, 2, 5, 150)}
FUNCTIONS |= {f"zeta {s}": lambda x, s=s: tw.special.zeta(s, x) for s in (1.5, 2.0, 3.0, 60.0)}
FUNCTIONS["multigammaln"] = lambda x: tw.special.multigammaln(x, 3)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_time_does_not_depend_on_the_value(name: str) -> None:
    function = FUNCTIONS[name]
    tw.grad(lambda x: function(x).sum())(np.ones(1))
    began = time.perf_counter()
    tw.grad(lambda x: function(x).sum())(np.array(EVERYWHERE))
    # The slowest took minutes for one of these numbers.
    assert time.perf_counter() - began < 2.0


def over_all_integers(s: int, z: Any) -> Any:
    """Sum 1 / (z + k)ˢ over all integers k, by where z lies between two of them."""
    place = z - mpmath.floor(z)
    return mpmath.zeta(s, place) + (-1) ** s * mpmath.zeta(s, 1 - place)


def zeta_below(s: int, z: Any) -> float:
    with mpmath.workdps(80):
        exact = mpmath.mpf(z)
        found = over_all_integers(s, exact) - (-1) ** s * mpmath.zeta(s, 1 - exact)
        return float(found)


BELOW = [-0.3, -0.5, -1.5, -1e-10, -2.25, -7.75, -12.5, -100.3, -1e4 - 0.3, -1e6 + 0.25]
BELOW += [-1e10 + 0.25, -(2.0**45) - 0.125]


@pytest.mark.parametrize("s", [2, 3, 4, 7, 12])
def test_zeta_and_polygamma_of_negative_numbers(s: int) -> None:
    expected = np.array([zeta_below(s, z) for z in BELOW])
    found = tw.special.zeta(float(s), tw.tensor(BELOW)).numpy()
    np.testing.assert_allclose(found, expected, 2e-13)
    sign = (-1.0) ** s * scipy.special.factorial(s - 1)
    found = tw.special.polygamma(s - 1, tw.tensor(BELOW)).numpy()
    np.testing.assert_allclose(found, sign * expected, 2e-13)


@pytest.mark.parametrize("s", [2, 5, 15, 40, 100, 150])
def test_zeta_of_a_large_first_argument(s: int) -> None:
    points = [0.01, 0.3, 0.5, 2.0, 12.0, 25.5, 39.0, 61.0, 90.0]
    with mpmath.workdps(60):
        expected = [float(mpmath.zeta(s, mpmath.mpf(a))) for a in points]
    np.testing.assert_allclose(tw.special.zeta(float(s), tw.tensor(points)), expected, 1e-11)


def test_poles_and_what_is_no_number_are_scipys() -> None:
    poles = np.array([0.0, -1.0, -5.0, -1e10, -1e300, np.nan, np.inf])
    for n in (1, 2, 3):
        found = tw.special.polygamma(n, tw.tensor(poles)).numpy()
        np.testing.assert_array_equal(found, scipy.special.polygamma(n, poles))
    with np.errstate(all="ignore"):
        for name, theirs in (("digamma", "digamma"), ("lgamma", "gammaln")):
            found = getattr(tw.special, name)(tw.tensor(poles)).numpy()
            np.testing.assert_array_equal(found, getattr(scipy.special, theirs)(poles))
    ends = tw.tensor([np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(tw.special.i0(ends), [np.inf, np.inf, np.nan])
    np.testing.assert_array_equal(tw.special.i1(ends), [np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(tw.special.i0e(ends), [0.0, 0.0, np.nan])
    assert np.isnan(tw.special.zeta(1.5, tw.tensor(-0.5)).item())


def test_an_order_whose_factorial_is_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(ArgumentError, match="n=171; it wants up to 170"):
        tw.special.polygamma(171, tw.tensor(2.0))
