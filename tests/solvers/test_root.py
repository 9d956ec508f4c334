"""root and fixed_point against SciPy's, with trees, bad input, and derivatives of the solutions."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from scipy import optimize

import thalweg as tw
from tests.interruptions.sent import interrupt_after
from tests.solvers.problems.sums_of_squares import PROBLEMS
from thalweg.engines.running import SOLVERS
from thalweg.errors import ArgumentError, NoResult, ShapeError

QUICK = ["rosenbrock", "broyden-banded-10", "discrete-integral-equation-10"]
METHODS = ["newton", "lm", "anderson"]


@pytest.mark.parametrize("method", ["newton", "lm"])
@pytest.mark.parametrize("problem", [p for p in PROBLEMS if p.name in QUICK], ids=lambda p: p.name)
def test_roots_of_the_literature_are_found(problem: Any, method: str) -> None:
    found = tw.root(problem.residuals, problem.start, method=method)
    wanted = optimize.root(problem.residuals, problem.start, tol=1e-13)
    assert found.success
    np.testing.assert_allclose(found.x, wanted.x, atol=1e-7)
    np.testing.assert_allclose(found.fun, problem.residuals(found.x), atol=1e-12)


def contracting(x: Any, a: Any) -> Any:
    return {"u": 0.5 * np.cos(x["v"]) + a, "v": 0.3 * np.sin(x["u"]) - 0.2 * x["v"]}


START = {"u": np.zeros(2), "v": np.ones(2)}
A = np.array([0.1, 0.4])


def by_root(method: str) -> Any:
    def equation(x: Any, a: Any) -> Any:
        after = contracting(x, a)
        return {"u": x["u"] - after["u"], "v": x["v"] - after["v"]}

    return lambda a: tw.root(equation, START, (a,), method, tol=1e-12).x["u"]


def by_fixed_point(method: str) -> Any:
    return lambda a: tw.fixed_point(contracting, START, (a,), xtol=1e-12, method=method).x["u"]


SOLVED = {
    **{f"root-{m}": by_root(m) for m in METHODS},
    **{f"fixed-point-{m}": by_fixed_point(m) for m in ("anderson", "simple")},
}


def wanted_at(a: Any) -> Any:
    x = {"u": np.zeros(2), "v": np.ones(2)}
    for _ in range(200):
        x = contracting(x, a)
    return x["u"]


@pytest.mark.parametrize("name", SOLVED)
def test_solutions_and_their_derivatives_are_those_of_iterating(name: str) -> None:
    function = SOLVED[name]
    np.testing.assert_allclose(function(A), wanted_at(A), rtol=1e-10)
    near = np.stack([(wanted_at(A + e) - wanted_at(A - e)) / 2e-5 for e in 1e-5 * np.eye(2)], 1)
    np.testing.assert_allclose(tw.jacobian(function)(A), near, rtol=1e-7)
    np.testing.assert_allclose(tw.jacfwd(function)(A), near, rtol=1e-7)


@pytest.mark.parametrize("name", ["root-newton", "fixed-point-anderson"])
def test_derivatives_have_derivatives(name: str) -> None:
    def weighed(a: Any) -> Any:
        return np.sum(np.array([1.0, -2.0]) * SOLVED[name](a))

    slope = tw.grad(weighed)
    near = np.stack([(slope(A + e) - slope(A - e)) / 2e-4 for e in 1e-4 * np.eye(2)])
    for second in (
        tw.hessian(weighed),
        tw.jacobian(slope),
        tw.jacfwd(tw.jacfwd(weighed)),
        tw.jit(tw.hessian(weighed)),
    ):
        np.testing.assert_allclose(second(A), near, rtol=1e-5, atol=1e-7)


def test_values_of_outer_scopes_count_as_arguments() -> None:
    def solution(a: Any) -> Any:
        scale = 2.0 * a
        return tw.root(lambda x: x * x - scale, 1.0, tol=1e-12).x

    np.testing.assert_allclose(tw.grad(solution)(2.0), 0.5, rtol=1e-10)
    np.testing.assert_allclose(tw.grad(tw.grad(solution))(2.0), -0.125, rtol=1e-10)
    np.testing.assert_allclose(tw.jvp(solution, (2.0,), (3.0,)), (2.0, 1.5), rtol=1e-10)
    np.testing.assert_allclose(tw.vmap(tw.grad(solution))(np.array([0.5, 2.0])), [1.0, 0.5])


def test_tensors_that_require_gradients_get_them() -> None:
    a = tw.Tensor(2.0, requires_grad=True)
    tw.root(lambda x: x * x - a, 1.0).x.backward()
    np.testing.assert_allclose(a.grad.item(), 0.5 / np.sqrt(2.0), rtol=1e-7)
    with tw.no_grad():
        assert type(tw.root(lambda x: x * x - a, 1.0).x) is np.float64


def test_the_same_closure_with_other_numbers_compiles_nothing() -> None:
    def slope(a: float) -> Any:
        return tw.grad(lambda a: tw.root(lambda x: x**5 - a, 1.0).x)(a)

    slope(2.0)
    known = len(SOLVERS)
    np.testing.assert_allclose(slope(3.0), 0.2 * 3.0**-0.8, rtol=1e-6)
    assert len(SOLVERS) == known


def test_functions_with_rules_of_their_own_are_told_apart() -> None:
    def with_slope(factor: float) -> Any:
        @tw.custom_jvp
        def function(x: Any) -> Any:
            return x * x

        function.defjvp(lambda p, t: (function(*p), factor * 2.0 * p[0] * t[0]))
        return function

    for factor in (1.0, 0.5):
        f = with_slope(factor)
        slope = tw.grad(lambda a, f=f: tw.root(lambda x: f(x) - a, 1.0, tol=1e-12).x)(2.0)
        np.testing.assert_allclose(slope, 1 / (factor * 2.0 * np.sqrt(2.0)), rtol=1e-6)


def test_starts_do_not_matter() -> None:
    np.testing.assert_allclose(tw.grad(lambda s: tw.root(lambda x: x * x - 2.0, s).x)(1.0), 0.0)


def test_singular_jacobians_have_no_derivative() -> None:
    with pytest.raises(NoResult):
        tw.grad(lambda a: tw.root(lambda x: (x - a) ** 2, a + 0.0, options={"ftol": 1.0}).x)(2.0)


def test_where_there_is_no_root_none_is_told() -> None:
    for method in METHODS:
        found = tw.root(lambda x: x * x + 1.0, np.array([0.7]), method=method)
        assert not found.success
        assert found.status != 1


@pytest.mark.parametrize("engine", ["native", "numpy"])
def test_singular_jacobians_on_the_way_are_got_over(engine: str) -> None:
    function = lambda x: np.stack([x[0] ** 2 + x[1] - 3.0, x[0] + x[1] ** 2 - 5.0])
    assert np.linalg.det(tw.jacfwd(function)(np.array([0.5, 0.5]))) == 0.0
    for method in ("newton", "lm"):
        found = tw.root(function, np.array([0.5, 0.5]), method=method, engine=engine)
        assert found.success
        np.testing.assert_allclose(function(found.x), 0.0, atol=1e-7)
    stuck = tw.root(lambda x: x * x - 1.0, np.zeros(1), engine=engine)
    assert not stuck.success
    with pytest.raises(ArgumentError, match="not finite at x0"):
        tw.root(lambda x: x * np.nan, 1.0, engine=engine)


def test_scalars_stay_scalars() -> None:
    found = tw.root(lambda x: x**3 - 2.0, 1.0, tol=1e-10)
    assert type(found.x) is np.float64
    np.testing.assert_allclose(found.x, 2.0 ** (1 / 3))


def test_a_given_jacobian_is_used() -> None:
    times = []

    def jac(x: Any) -> Any:
        times.append(x)
        return np.diag(2.0 * x) if isinstance(x, np.ndarray) else tw.diag(2.0 * x)

    found = tw.root(lambda x: x * x - np.array([2.0, 3.0]), np.ones(2), jac=jac)
    np.testing.assert_allclose(found.x, np.sqrt([2.0, 3.0]))
    assert times


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: tw.root(np.sin, 1.0, method="newtn"), ArgumentError, "newtn.*newton"),
        (lambda: tw.root(np.sin, 1.0, options={"xtl": 1}), ArgumentError, "xtl.*xtol"),
        (lambda: tw.root(lambda x: x[:1], np.ones(2)), ShapeError, "1 numbers for 2 variables"),
        (lambda: tw.root(np.log, -1.0), ArgumentError, "not finite at x0"),
        (lambda: tw.fixed_point(np.cos, 1.0, method="newton"), ArgumentError, "anderson, simple"),
        (lambda: tw.fixed_point(lambda x: x[:1], np.ones(2)), ShapeError, "1 numbers"),
    ],
)
def test_mistakes_are_told(call: Any, error: type[Exception], text: str) -> None:
    with np.errstate(all="ignore"), pytest.raises(error, match=text):
        call()


def linear(x: Any, matrix: Any) -> Any:
    return matrix @ x + 1.0


def test_mixing_is_quicker_than_iterating() -> None:
    matrix = np.random.default_rng(0).normal(size=(20, 20))
    matrix *= 0.95 / np.abs(np.linalg.eigvals(matrix)).max()
    wanted = np.linalg.solve(np.eye(20) - matrix, np.ones(20))
    counts = {}
    for method, options in (("anderson", {"memory": 20}), ("simple", {})):
        found = tw.fixed_point(linear, np.zeros(20), (matrix,), method=method, options=options)
        assert found.success
        np.testing.assert_allclose(found.x, wanted, rtol=1e-5, atol=1e-5)
        counts[method] = found.nfev
    assert counts["anderson"] <= 25 < 100 < counts["simple"]


def test_damping_makes_iterations_converge() -> None:
    assert not tw.fixed_point(lambda x: -1.5 * x + 1.0, 0.0, method="simple").success
    found = tw.fixed_point(lambda x: -1.5 * x + 1.0, 0.0, method="simple", options={"beta": 0.5})
    assert found.success
    np.testing.assert_allclose(found.x, 0.4, rtol=1e-6)


def test_callbacks_hear_and_may_stop() -> None:
    heard = []

    def callback(x: Any) -> None:
        heard.append(x)
        if len(heard) == 2:
            raise StopIteration

    for solved in (
        lambda: tw.root(lambda x: x**3 - 2.0, 5.0, callback=callback),
        lambda: tw.fixed_point(np.cos, 1.0, callback=callback),
    ):
        heard.clear()
        found = solved()
        assert (found.success, found.nit, found.status) == (False, 2, -2)


def test_interruptions_end_a_search(interrupts: None) -> None:
    endless = lambda: tw.fixed_point(
        lambda x: x + 1.0, 0.0, maxiter=10**12, method="simple", xtol=0.0
    )
    interrupt_after(0.5)
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        endless()
    assert time.perf_counter() - began < 30


def test_the_reference_engine_finds_the_same() -> None:
    for solved in (
        lambda engine: tw.root(lambda x: x**3 - 2.0, 1.0, engine=engine),
        lambda engine: tw.fixed_point(np.cos, 1.0, engine=engine),
    ):
        native, reference = solved("native"), solved("numpy")
        assert (native.nit, native.nfev) == (reference.nit, reference.nfev)
        np.testing.assert_allclose(native.x, reference.x, rtol=1e-14)


@pytest.mark.parametrize("solver", [tw.root, tw.least_squares, tw.minimize])
def test_a_derivative_that_is_no_function_is_refused(solver: Any) -> None:
    with pytest.raises(ArgumentError, match=r"jac='exact' was given. It wants a function, or None"):
        solver(lambda x: (x - 1.0) ** 2, 0.0, jac="exact")
    assert abs(float(solver(lambda x: (x - 1.0) ** 2, 1.5, jac="2-point").x) - 1.0) < 1e-2
