"""minimize: its call, its result, and how a solve ends, whatever the method."""

import _thread
import threading
import time

import numpy as np
import pytest
from scipy import optimize

import thalweg as tw
from thalweg.engines import running
from thalweg.errors import ArgumentError, DtypeError, ShapeError, TracingError
from thalweg.solvers.result import OptimizeResult

METHODS = (
    "gradient-descent", "conjugate-gradient", "bfgs", "lbfgs", "lbfgsb", "newton-cg", "trust-ncg",
    "trust-exact",
)  # fmt: skip


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def quartic(x, target=1.0, weight=1.0):
    return np.sum((x - target) ** 4 + weight * (x - target) ** 2)


START = np.array([-1.2, 1.0])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_minimum_on_both_engines(method):
    found = {
        engine: tw.minimize(quartic, np.array([3.0, -2.0]), method=method, tol=1e-8, engine=engine)
        for engine in ("native", "numpy")
    }
    for result in found.values():
        assert result.success
        assert result.status == 0
        np.testing.assert_allclose(result.x, [1.0, 1.0], atol=1e-7)
    native, reference = found["native"], found["numpy"]
    assert (native.nit, native.nfev) == (reference.nit, reference.nfev)


@pytest.mark.parametrize("method", METHODS)
def test_float32_stays_float32(method):
    start = np.array([3.0, -2.0], np.float32)
    result = tw.minimize(quartic, start, method=method, tol=1e-3, engine="numpy")
    assert result.success
    assert result.x.dtype == result.jac.dtype == np.float32
    np.testing.assert_allclose(result.x, [1.0, 1.0], atol=1e-2)


def test_a_tree_comes_back_nested_as_it_was_given():
    def loss(params, target):
        return np.sum((params["w"] - target) ** 2) + (params["b"][0] + 1.0) ** 2

    start = {"w": np.zeros((2, 3)), "b": (0.5,)}
    result = tw.minimize(loss, start, args=(np.arange(3.0),), tol=1e-9)
    np.testing.assert_allclose(result.x["w"], [[0.0, 1.0, 2.0]] * 2, atol=1e-8)
    np.testing.assert_allclose(result.x["b"], (-1.0,), atol=1e-8)
    assert tw.tree.structure(result.jac) == tw.tree.structure(start)


def test_numbers_lists_and_tensors_are_taken():
    assert abs(tw.minimize(lambda x: (x - 2.0) ** 2, 0.0).x - 2.0) < 1e-6
    assert tw.minimize(rosenbrock, [-1, 2], engine="numpy").x.dtype == np.float64
    assert isinstance(tw.minimize(lambda x: tw.sum(x**2), tw.ones(2)).x, tw.Tensor)


def test_the_result_is_scipys():
    ours = tw.minimize(rosenbrock, START, method="BFGS")
    theirs = optimize.minimize(optimize.rosen, START, jac=optimize.rosen_der, method="BFGS")
    assert set(theirs) - {"hess_inv"} <= set(ours)
    assert ours.x is ours["x"]
    assert isinstance(ours, dict)
    assert isinstance(ours, OptimizeResult)
    assert "success: True" in repr(ours)
    assert "nit" in dir(ours)
    with pytest.raises(AttributeError, match="hess_inv"):
        _ = ours.hess_inv
    for name in ("nit", "nfev", "njev", "status"):
        assert type(ours[name]) is int


def test_jax_users_call_works():
    jax_call = {"method": "BFGS", "tol": 1e-6, "options": {"maxiter": 100, "norm": 2}}
    result = tw.minimize(quartic, START, args=(2.0,), **jax_call)
    np.testing.assert_allclose(result.x, [2.0, 2.0], atol=1e-6)


def test_scipys_names_are_known():
    for name in ("CG", "BFGS", "L-BFGS-B", "Newton-CG", "trust-ncg", "trust-exact"):
        assert tw.minimize(quartic, START, method=name, engine="numpy").success


def test_derivatives_of_the_users_own():
    own = tw.minimize(rosenbrock, START, engine="numpy")
    gradient, hessian = tw.grad(rosenbrock), tw.hessian(rosenbrock)
    given = tw.minimize(rosenbrock, START, jac=gradient, engine="numpy")
    both = tw.minimize(tw.value_and_grad(rosenbrock), START, jac=True, engine="numpy")
    differences = tw.minimize(rosenbrock, START, jac="2-point", engine="numpy")
    for other in (given, both, differences):
        np.testing.assert_array_equal(other.x, own.x)
    for more in ({"hess": hessian}, {"hessp": lambda x, v: hessian(x) @ v}, {}):
        result = tw.minimize(rosenbrock, START, method="newton-cg", engine="numpy", **more)
        np.testing.assert_allclose(result.x, [1.0, 1.0], atol=1e-5)


def test_a_gradient_of_the_users_own_is_what_is_used():
    result = tw.minimize(rosenbrock, START, jac=lambda x: -tw.grad(rosenbrock)(x), engine="numpy")
    assert not result.success
    assert "gradient" in result.message


@pytest.mark.parametrize("linesearch", ["zoom", "backtracking"])
def test_searches_of_optim_use_the_users_gradient(linesearch):
    options = {"linesearch": linesearch}
    own = tw.minimize(rosenbrock, START, method="lbfgs", options=options, engine="numpy")
    gradient = tw.grad(rosenbrock)
    given = tw.minimize(
        rosenbrock, START, method="lbfgs", jac=gradient, options=options, engine="numpy"
    )
    np.testing.assert_allclose(given.x, own.x, atol=1e-12)
    assert own.success


# ---- one program


def test_other_numbers_compile_nothing(monkeypatch):
    tw.minimize(quartic, START, args=(2.0, 1.0), method="lbfgs", tol=1e-6)

    def refuse(*_):
        raise AssertionError("compiled again")

    monkeypatch.setattr(running, "_compiled", refuse)
    result = tw.minimize(
        quartic, START + 1.0, args=(3.0, 0.5), method="lbfgs", tol=1e-9,
        options={"maxiter": 50, "c2": 0.5},
    )  # fmt: skip
    np.testing.assert_allclose(result.x, [3.0, 3.0], atol=1e-8)


def test_what_a_function_refers_to_is_read_anew():
    target = np.array([1.0, 2.0])

    def distance(x):
        return np.sum((x - target) ** 2)

    for step in range(3):
        np.testing.assert_allclose(tw.minimize(distance, START).x, target, atol=1e-6)
        target += step


def test_functions_alike_do_not_share_their_arrays():
    def of(target):
        return lambda x: np.sum((x - target) ** 2)

    first = np.array([1.0, 2.0])
    tw.minimize(of(first), START)
    first += 5.0
    np.testing.assert_allclose(
        tw.minimize(of(np.array([1.0, 2.0])), START).x, [1.0, 2.0], atol=1e-6
    )


def test_arguments_that_are_no_numbers():
    def loss(x, kind):
        return quartic(x, 1.0 if kind == "one" else 2.0)

    for kind, target in (("one", 1.0), ("two", 2.0)):
        found = tw.minimize(loss, START, args=(kind,), engine="numpy")
        np.testing.assert_allclose(found.x, target, atol=1e-5)


def test_an_object_among_the_arguments_is_looked_at_anew():
    class Goal:
        at = 1.0

    goal = Goal()
    for goal.at in (1.0, 2.0):
        found = tw.minimize(lambda x, goal: quartic(x, goal.at), START, args=(goal,))
        np.testing.assert_allclose(found.x, goal.at, atol=1e-5)


def test_a_solve_inside_of_a_program():
    def least(target):
        return tw.minimize(lambda x: np.sum((x - target) ** 2), np.zeros(2), method="lbfgs").x

    np.testing.assert_allclose(tw.jit(least)(3.0), [3.0, 3.0], atol=1e-6)
    targets = np.arange(3.0)
    np.testing.assert_allclose(tw.vmap(least)(targets), np.stack([targets] * 2, 1), atol=1e-6)


# ---- how it ends


def test_limits_are_no_success():
    few = tw.minimize(rosenbrock, START, options={"maxiter": 3}, engine="numpy")
    assert (few.success, few.status, few.nit) == (False, 1, 3)
    none = tw.minimize(rosenbrock, START, options={"maxiter": 0}, engine="numpy")
    assert (none.success, none.nit, none.nfev) == (False, 0, 1)
    calls = tw.minimize(rosenbrock, START, method="lbfgs", options={"maxfun": 5}, engine="numpy")
    assert (calls.success, calls.status) == (False, 1)
    assert calls.nfev >= 5


@pytest.mark.parametrize("function", [lambda x: np.sum(np.log(x)), lambda x: np.sum(1.0 / x)])
@pytest.mark.parametrize("method", METHODS)
def test_a_start_that_is_not_finite_is_refused(function, method):
    with pytest.raises(ArgumentError, match="at x0"), np.errstate(all="ignore"):
        tw.minimize(function, np.array([0.0, -1.0]), method=method, engine="numpy")


@pytest.mark.parametrize("method", METHODS)
def test_where_the_function_is_not_finite_steps_come_back(method):
    def barrier(x):
        return np.sum(x - np.log(x))

    result = tw.minimize(barrier, np.array([30.0, 0.5]), method=method, options={"maxiter": 500})
    assert result.success
    np.testing.assert_allclose(result.x, 1.0, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("linesearch", ["more-thuente", "zoom", "hager-zhang", "backtracking"])
def test_a_function_without_a_minimum_is_no_success(method, linesearch):
    options = {} if method.startswith("trust") else {"linesearch": linesearch}
    result = tw.minimize(
        lambda x: -np.sum(x**2), START, method=method, options={"maxiter": 30} | options,
        engine="numpy",
    )  # fmt: skip
    assert not result.success
    assert np.isfinite(result.x).all()


def test_a_callback_sees_every_iterate_and_may_stop():
    seen = []
    result = tw.minimize(rosenbrock, START, callback=lambda xk: seen.append(xk.copy()))
    assert len(seen) == result.nit
    np.testing.assert_array_equal(seen[-1], result.x)

    def stop(intermediate_result):
        assert set(intermediate_result) == {"x", "fun"}
        if intermediate_result.fun < 1e-2:
            raise StopIteration

    stopped = tw.minimize(rosenbrock, START, callback=stop)
    assert (stopped.success, stopped.status) == (False, 99)
    assert stopped.fun < 1e-2
    assert stopped.nit < result.nit


def test_callbacks_alike_are_not_mistaken_for_each_other():
    def noting(seen):
        return lambda xk: seen.append(1)

    first, second = [], []
    for seen in (first, second):
        tw.minimize(quartic, START, callback=noting(seen), engine="numpy")
    assert len(first) == len(second) > 0


def test_what_a_callback_raises_comes_out():
    def fail(xk):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        tw.minimize(quartic, START, callback=fail)


def test_interruption_stops_a_solve():
    start = np.tile(START, 5000)

    def descend(maxiter):
        options = {"maxiter": maxiter, "gtol": 0.0}
        return tw.minimize(rosenbrock, start, method="gradient-descent", options=options)

    descend(1)  # compiled before, so that what is interrupted is the loop
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    began = time.perf_counter()
    try:
        with pytest.raises(KeyboardInterrupt):
            descend(10**9)
    finally:
        timer.cancel()
    assert time.perf_counter() - began < 20.0


# ---- what is refused


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (ArgumentError, "'bfgs'", {"method": "bfsg"}),
        (ArgumentError, "'gtol'", {"options": {"gtoll": 1.0}}),
        (ArgumentError, "wants a number", {"options": {"gtol": "small"}}),
        (ArgumentError, "hager-zhang", {"options": {"linesearch": "hager-zang"}}),
        (ArgumentError, "hager-zhang", {"method": "cg", "options": {"beta": "hager"}}),
        (ArgumentError, "takes no bounds", {"method": "bfgs", "bounds": [(0, 1)] * 2}),
        (ArgumentError, "must not be above", {"bounds": [(0, 1), (2, 1)]}),
        (ShapeError, "3 entries for 2", {"bounds": [(0, 1)] * 3}),
        (DtypeError, "complex128", {"x0": np.array([1.0, 1j])}),
        (ShapeError, "no numbers", {"x0": np.zeros(0)}),
        (ShapeError, "one number", {"fun": lambda x: x}),
        (ShapeError, "jac returned", {"jac": lambda x: x[:1]}),
        (ShapeError, "hess returned", {"hess": lambda x: x, "method": "trust-exact"}),
        (ArgumentError, "cannot be compared", {"options": {"linesearch": ["zoom"]}}),
        (TracingError, "Python asked", {"fun": lambda x: x[0] if x[0] > 0 else -x[0]}),
    ],
)
def test_refusals_say_what_is_wanted(error, words, call):
    given = {"fun": quartic, "x0": START, "engine": "numpy"} | call
    with pytest.raises(error, match=words):
        tw.minimize(**given)
