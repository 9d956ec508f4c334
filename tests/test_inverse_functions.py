"""The inverse incomplete functions: SciPy's values and edges, round trips, derivatives, lanes."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special

import thalweg as tw
from tests.accuracy.inverse import INVERSES
from tests.engines.llvm.kernels import elementwise, runnable
from thalweg.core.primitive import PRIMITIVES
from thalweg.engines.llvm.kernels.lowering import LOWERINGS
from thalweg.errors import GradientError
from thalweg.testing import check_gradients

RANDOM = np.random.default_rng(7)
SHARES = np.array([0, 1, 0.3, 0.7, -0.1, 1.1, np.nan, np.inf])
SHAPES = np.array([0, -1, np.inf, np.nan, 0.5, 1.0, 2.0])


def edges(parameters: int) -> list[np.ndarray[Any, Any]]:
    """Return every combination of what is special."""
    return [v.ravel() for v in np.meshgrid(*[SHAPES] * parameters, SHARES)]


def wide(parameters: int, low: float, high: float, least: float) -> list[np.ndarray[Any, Any]]:
    """Return parameters between powers of ten, and shares down to one, uniform ones too."""
    share = 10.0 ** RANDOM.uniform(least, 0, 60)
    share[::2] = RANDOM.random(30)
    return [*(10.0 ** RANDOM.uniform(low, high, 60) for _ in range(parameters)), share]


def parameters_of(name: str) -> int:
    return 1 if name.startswith("gamma") else 2


@pytest.mark.parametrize("name", INVERSES)
def test_edges_and_wide_ranges_are_scipys(name: str) -> None:
    count = parameters_of(name)
    special = edges(count)
    if count == 2:
        # SciPy's are NaN or not of an infinite parameter; here they are the limits.
        finite = ~(np.isinf(special[0]) | np.isinf(special[1]))
        special = [v[finite] for v in special]
    # Where SciPy's are right: it has limits of its own far out.
    for arguments in (special, wide(count, -2, 2, -20), wide(count, 0, 3, -6)):
        with np.errstate(all="ignore"):
            expected = getattr(scipy.special, name)(*arguments)
        found = getattr(tw.special, name)(*arguments).numpy()
        np.testing.assert_allclose(found, expected, rtol=5e-12, atol=1e-300)


def test_quantiles_of_infinite_parameters_are_the_limits() -> None:
    a, b = np.array([0.5, np.inf, np.inf]), np.array([np.inf, 0.5, np.inf])
    for function in (tw.special.betaincinv, tw.special.betainccinv):
        np.testing.assert_array_equal(function(a, b, 0.3).numpy(), [0.0, 1.0, np.nan])


@pytest.mark.parametrize("target", ["avx512", "sse"])
@pytest.mark.parametrize("name", INVERSES)
def test_lanes_are_the_meaning_everywhere_and_know_nothing_of_each_other(
    name: str, target: str
) -> None:
    count = parameters_of(name)
    drawn = [edges(count), wide(count, -6, 1, -300), wide(count, -300, 3, -20)]
    arguments = [np.concatenate(column) for column in zip(*drawn, strict=True)]
    found = elementwise(LOWERINGS[name], *arguments, target=runnable(target))
    with np.errstate(all="ignore"):
        expected = PRIMITIVES[name].meaning(*arguments)
    # As many digits as small parameters leave: 1 / a units of the last place.
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-300)
    order = RANDOM.permutation(found.size)
    shuffled = [np.ascontiguousarray(v[order]) for v in arguments]
    again = elementwise(LOWERINGS[name], *shuffled, target=runnable(target))
    np.testing.assert_array_equal(again, found[order])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        # SciPy 1.17 is off by more than a tenth of them, or gives 1/2.
        ("betaincinv", (1846.4195509173642, 8669.173075593133, 5.55e-277)),
        ("betaincinv", (0.0567, 2.6e-05, 8.5e-8)),
        ("betainccinv", (31.451179303945462, 1238.0866038330514, 1.95e-283)),
        ("gammaincinv", (807973.8047046348, 6.53e-10)),
        ("gammaincinv", (1049.4404066088468, 7.2e-299)),
        ("gammainccinv", (150.0, 1e-290)),
        ("gammainccinv", (1.5e-3, 2e-4)),
    ],
)
def test_far_quantiles_are_exact(name: str, arguments: tuple[float, ...]) -> None:
    found = float(getattr(tw.special, name)(*arguments).numpy())
    inverse = INVERSES[name]
    with mpmath.workprec(220):
        numbers = [mpmath.mpf(v) for v in arguments]
        tail = inverse.tail(*numbers[:-1], mpmath.mpf(found))
        slope = inverse.density(*numbers[:-1], mpmath.mpf(found))
        off = abs((tail - numbers[-1]) / slope)
        assert off <= 8 * 2.0**-53 * max(found, inverse.condition(*numbers))


@pytest.mark.parametrize("name", INVERSES)
def test_derivatives_are_those_of_differences(name: str) -> None:
    shares = np.array([0.02, 0.3, 0.6, 0.97])
    function, count = getattr(tw.special, name), parameters_of(name)
    shapes = [np.array([0.4, 1.5, 3.0, 20.0]), np.array([0.6, 2.5, 1.0, 8.0])][:count]
    check_gradients(function, *shapes, shares, order=1)
    check_gradients(lambda share: function(*[s[1] for s in shapes], share), shares[1:3])
    by_shape = tw.grad(lambda a: function(a, *[s[1] for s in shapes[1:]], 0.3))
    with pytest.raises(GradientError, match="second derivative"):
        tw.grad(by_shape)(1.5)


def test_derivatives_at_the_ends_are_those_of_the_density() -> None:
    ends = np.array([0.0, 1.0])

    def slopes(function: Any, *shapes: float) -> Any:
        return np.asarray(tw.grad(lambda p: tw.sum(function(*shapes, p)))(ends))

    np.testing.assert_array_equal(slopes(tw.special.gammaincinv, 1.0), [1.0, np.inf])
    np.testing.assert_array_equal(slopes(tw.special.gammaincinv, 0.5), [0.0, np.inf])
    np.testing.assert_array_equal(slopes(tw.special.betaincinv, 1.0, 1.0), [1.0, 1.0])
    np.testing.assert_array_equal(slopes(tw.special.betaincinv, 0.5, 0.5), [0.0, 0.0])
    for name in INVERSES:
        shapes = (2.0, 3.0)[: parameters_of(name)]
        by_a = tw.grad(lambda a, n=name, s=shapes: tw.sum(getattr(tw.special, n)(a, *s[1:], ends)))
        assert float(np.asarray(by_a(2.0))) == 0.0


def test_a_fit_through_a_quantile_is_native() -> None:
    # The shape of which the upper quartile is 3, and the degrees whose 1 % lie beyond 3.
    def loss(params: Any) -> Any:
        shape, degrees = tw.exp(params[0]), tw.exp(params[1])
        off = tw.special.gammaincinv(shape, 0.75) - 3.0
        return off * off + (tw.stats.t.isf(0.01, degrees) - 3.0) ** 2

    found = tw.fit(
        loss, np.array([0.1, 1.0]), optimizer=tw.optim.adam(0.05), steps=400,
        engine="native", fallback="refuse", progress=False,
    )  # fmt: skip
    shape, degrees = np.exp(found.params)
    assert abs(scipy.special.gammaincinv(shape, 0.75) - 3.0) < 1e-4
    assert abs(scipy.special.stdtrit(degrees, 0.99) - 3.0) < 1e-4
