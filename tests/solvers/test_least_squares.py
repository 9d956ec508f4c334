"""least_squares against SciPy's, with trees, bad input, and derivatives of its solutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import optimize

import thalweg as tw
from tests.solvers.problems.sums_of_squares import PROBLEMS
from thalweg.engines.running import SOLVERS
from thalweg.errors import ArgumentError, DtypeError, ShapeError

T = np.arange(6.0)
Y = 3.0 * np.exp(-0.5 * T) + 0.1 * np.cos(3.0 * T)


def decay(x: Any, y: Any = Y) -> Any:
    return x[0] * np.exp(-x[1] * T) - y


def decay_of_tree(x: Any, y: Any) -> Any:
    return {"all": x["height"] * np.exp(-x["rate"] * T) - y, "less": 0.1 * x["rate"]}


QUICK = ["rosenbrock", "powell-singular", "jennrich-sampson", "brown-badly-scaled", "watson-6"]


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if p.name in QUICK], ids=lambda p: p.name)
def test_levenberg_marquardt_is_as_good_as_minpack(problem: Any) -> None:
    found = tw.least_squares(problem.residuals, problem.start)
    wanted = optimize.least_squares(
        problem.residuals, problem.start, tw.jacfwd(problem.residuals), method="lm"
    )
    assert found.success
    assert problem.is_minimum(2 * found.cost)
    # MINPACK's steps are these, but where rounding decides when to stop at zero.
    assert found.nfev <= 1.2 * wanted.nfev + 10


@pytest.mark.parametrize("method", ["lm", "gauss-newton"])
def test_fields_are_those_of_scipy(method: str) -> None:
    found = tw.least_squares(decay, [1.0, 1.0], method=method)
    wanted = optimize.least_squares(decay, [1.0, 1.0], method="lm")
    assert set(wanted) <= {*found, "allvecs"}
    for name in ("x", "fun", "jac"):
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-6, atol=1e-6)
        assert type(found[name]) is np.ndarray
    np.testing.assert_allclose(found.cost, wanted.cost, rtol=1e-10)
    np.testing.assert_allclose(found.grad, found.fun @ found.jac, atol=1e-12)
    np.testing.assert_allclose(found.optimality, np.abs(found.grad).max())
    assert found.active_mask.tolist() == [0, 0]
    assert found.success is True
    assert found.status in (1, 2, 3, 4)


def test_variables_and_residuals_may_be_trees() -> None:
    start = {"height": np.ones(()), "rate": 1.0}
    found = tw.least_squares(decay_of_tree, start, args=(Y,))
    flat = lambda x: np.append(decay(x), 0.1 * x[1])
    wanted = optimize.least_squares(flat, [1.0, 1.0], method="lm")
    np.testing.assert_allclose([found.x["height"], found.x["rate"]], wanted.x, rtol=1e-6)
    assert found.jac["height"].shape == (7,)
    np.testing.assert_allclose(found.jac["rate"], wanted.jac[:, 1], rtol=1e-5, atol=1e-6)
    given = lambda x, y: {"height": wanted.jac[:, 0], "rate": wanted.jac[:, 1]}
    assert tw.least_squares(decay_of_tree, found.x, given, args=(Y,)).success


def test_fewer_residuals_than_variables_have_the_nearest_solution() -> None:
    found = tw.least_squares(lambda x: np.stack([x[0] + 2.0 * x[1] - 5.0]), [0.0, 0.0], x_scale=1.0)
    np.testing.assert_allclose(found.x, [1.0, 2.0], rtol=1e-8)


def test_arguments_reach_the_residuals() -> None:
    found = tw.least_squares(
        lambda x, a, *, b: x - a * b, np.zeros(2), args=(np.array([1.0, 2.0]),), kwargs={"b": 3.0}
    )
    np.testing.assert_allclose(found.x, [3.0, 6.0])


def test_other_numbers_compile_nothing() -> None:
    def residuals(x: Any, y: Any) -> Any:
        return x[0] * np.exp(-x[1] * T) - y

    first = tw.least_squares(residuals, [1.0, 1.0], args=(Y,))
    known = len(SOLVERS), SOLVERS.values()[-1]
    other = tw.least_squares(residuals, [1.5, 0.8], args=(Y + 0.1,), ftol=1e-6, max_nfev=50)
    assert (len(SOLVERS), SOLVERS.values()[-1]) == known
    assert np.abs(first.x - other.x).max() > 1e-3


def test_single_precision_stays() -> None:
    found = tw.least_squares(
        lambda x: x * x - 2.0, np.ones(2, np.float32), ftol=1e-5, xtol=1e-5, gtol=1e-5
    )
    assert found.x.dtype == np.float32
    np.testing.assert_allclose(found.x, np.sqrt(2.0), rtol=1e-5)


def test_trials_that_are_not_finite_lead_nowhere() -> None:
    found = tw.least_squares(lambda x: np.log(x) + 2.0, [50.0])
    np.testing.assert_allclose(found.x, np.exp(-2.0), rtol=1e-7)
    assert found.success


def test_evaluations_are_limited() -> None:
    found = tw.least_squares(decay, [1.0, 1.0], max_nfev=2)
    assert (found.success, found.status, found.nfev) == (False, 0, 2)


def test_callbacks_hear_of_each_step_and_may_stop() -> None:
    heard = []

    def callback(intermediate_result: Any) -> None:
        heard.append(float(intermediate_result.cost))
        if len(heard) == 3:
            raise StopIteration

    found = tw.least_squares(decay, [1.0, 1.0], callback=callback)
    assert heard == sorted(heard, reverse=True)
    assert (found.status, found.nit, found.success) == (-2, 3, False)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"method": "ml"}, ArgumentError, r"'ml' was given.*lm"),
        ({"ftol": -1.0}, ArgumentError, "ftol=-1.0"),
        ({"max_nfev": 0}, ArgumentError, "max_nfev=0"),
        ({"x_scale": [1.0, -1.0]}, ArgumentError, "x_scale"),
        ({"x_scale": [1.0, 1.0, 1.0]}, ArgumentError, "x_scale"),
        ({"bounds": ([0, 0], [1, 1])}, ArgumentError, "lbfgsb"),
        ({"x0": [np.nan, 1.0]}, ArgumentError, "not finite at x0"),
        ({"x0": [1j, 1.0]}, DtypeError, "complex"),
        ({"fun": lambda x: x[:0]}, ShapeError, "no residuals"),
    ],
)
def test_mistakes_are_told(given: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        tw.least_squares(**{"fun": decay, "x0": [1.0, 1.0], **given})


def test_bounds_that_bound_nothing_are_taken() -> None:
    assert tw.least_squares(decay, [1.0, 1.0], bounds=(-np.inf, np.inf)).success


def rate(y: Any) -> Any:
    return tw.least_squares(decay, [1.0, 1.0], args=(y,), xtol=1e-12, gtol=1e-12).x[1]


def differences(function: Callable[[Any], Any], at: Any) -> Any:
    return np.array([(function(at + e) - function(at - e)) / 2e-5 for e in 1e-5 * np.eye(len(at))])


def test_solutions_have_derivatives() -> None:
    near = differences(rate, Y)
    np.testing.assert_allclose(tw.grad(rate)(Y), near, rtol=1e-5)
    np.testing.assert_allclose(tw.jit(tw.grad(rate))(Y), near, rtol=1e-5)
    np.testing.assert_allclose(tw.jacfwd(rate)(Y), near, rtol=1e-5)
    inner = lambda y: tw.least_squares(lambda x: decay(x, y), [1.0, 1.0], gtol=1e-12).x[1]
    np.testing.assert_allclose(tw.grad(inner)(Y), near, rtol=1e-5)
    bent = differences(tw.grad(rate), Y)
    np.testing.assert_allclose(tw.hessian(rate)(Y), bent, rtol=1e-4, atol=1e-6)


def test_the_least_sum_has_a_derivative() -> None:
    cost = lambda y: tw.least_squares(decay, [1.0, 1.0], args=(y,)).cost
    np.testing.assert_allclose(tw.grad(cost)(Y), differences(cost, Y), rtol=1e-5, atol=1e-8)


def test_solutions_come_in_batches() -> None:
    batch = np.stack([Y, Y + 0.05])
    np.testing.assert_allclose(tw.vmap(rate)(batch), [rate(y) for y in batch], rtol=1e-9)
    both = tw.vmap(tw.grad(rate))(batch)
    np.testing.assert_allclose(both, [tw.grad(rate)(y) for y in batch], rtol=1e-7)
