"""SciPy takes losses, derivatives and results as they are; each minimum is that of a derivative
written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw

integrate = pytest.importorskip("scipy.integrate")
optimize = pytest.importorskip("scipy.optimize")

START = np.array([0.5, -0.3, 0.8])
CENTRE = np.array([1.0, -2.0, 0.5])
TIMES = np.linspace(0.0, 3.0, 30)
SEEN = 2.5 * np.exp(-1.3 * TIMES) + 0.5 + 0.01 * np.sin(40 * TIMES)


# A convex function with one minimum, its gradient and Hessian by hand.


def bowl(x: Any) -> Any:
    return np.sum(np.cosh(x - CENTRE)) + 0.1 * np.sum(x) ** 2


def bowl_gradient(x: Any) -> Any:
    return np.sinh(x - CENTRE) + 0.2 * np.sum(x)


def bowl_hessian(x: Any) -> Any:
    return np.diag(np.cosh(x - CENTRE)) + 0.2


def decay(t: Any, height: Any, rate: Any, level: Any) -> Any:
    return height * np.exp(-rate * t) + level


def residuals(p: Any) -> Any:
    return decay(TIMES, p[0], p[1], p[2]) - SEEN


def residuals_jacobian(p: Any) -> Any:
    fall = np.exp(-p[1] * TIMES)
    return np.stack([fall, -p[0] * TIMES * fall, np.ones_like(TIMES)], axis=1)


def system(x: Any) -> Any:
    return np.stack([x[0] + 0.5 * x[1] ** 2 - 1.0, np.sin(x[0]) + 2.0 * x[1]])


def system_jacobian(x: Any) -> Any:
    return np.array([[1.0, x[1]], [np.cos(x[0]), 2.0]])


def same(found: Any, wanted: Any) -> None:
    """Compare results of SciPy, which hold arrays and numbers alone."""
    assert not any(isinstance(value, tw.Tensor) for value in found.values())
    assert found.success == wanted.success
    np.testing.assert_allclose(found.x, wanted.x, rtol=1e-6, atol=1e-7)


def as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


FIRST_ORDER = ["CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP"]
SECOND_ORDER = ["Newton-CG", "dogleg", "trust-ncg", "trust-krylov", "trust-exact", "trust-constr"]
each_compiling = pytest.mark.parametrize("compiled", [as_it_is, tw.jit], ids=["eager", "jit"])


@each_compiling
@pytest.mark.parametrize("method", FIRST_ORDER + SECOND_ORDER)
def test_minimize_takes_gradients(method: str, compiled: Any) -> None:
    second = {"hess": compiled(tw.hessian(bowl))} if method in SECOND_ORDER else {}
    by_hand = {"hess": bowl_hessian} if method in SECOND_ORDER else {}
    wanted = optimize.minimize(bowl, START, method=method, jac=bowl_gradient, **by_hand)
    gradient, both = compiled(tw.grad(bowl)), compiled(tw.value_and_grad(bowl))
    same(optimize.minimize(bowl, START, method=method, jac=gradient, **second), wanted)
    same(optimize.minimize(both, START, method=method, jac=True, **second), wanted)


@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg", "trust-krylov", "trust-constr"])
def test_minimize_takes_hessian_vector_products(method: str) -> None:
    along = lambda x, v: tw.hvp(bowl, x, v)
    by_hand = lambda x, v: bowl_hessian(x) @ v
    wanted = optimize.minimize(bowl, START, method=method, jac=bowl_gradient, hessp=by_hand)
    same(optimize.minimize(bowl, START, method=method, jac=tw.grad(bowl), hessp=along), wanted)


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "SLSQP", "trust-exact", "Nelder-Mead"])
def test_minimize_takes_losses_that_return_tensors(method: str) -> None:
    def loss(x: Any) -> Any:
        return tw.sum(tw.cosh(x - CENTRE)) + 0.1 * tw.sum(x) ** 2

    jac = None if method == "Nelder-Mead" else tw.grad(loss)
    hess = tw.hessian(loss) if method == "trust-exact" else None
    found = optimize.minimize(loss, tw.Tensor(START), method=method, jac=jac, hess=hess)
    assert type(found.x) is np.ndarray
    np.testing.assert_allclose(bowl_gradient(found.x), 0.0, atol=1e-3)


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_minimize_takes_constraints_with_gradients(method: str) -> None:
    ball, ball_gradient = lambda x: 1.0 - np.sum(x**2), lambda x: -2.0 * x
    given, wanted = (
        optimize.minimize(
            bowl, START, method=method, jac=gradient,
            constraints=[{"type": "ineq", "fun": ball, "jac": of_ball}],
        )
        for gradient, of_ball in [
            (tw.grad(bowl), tw.grad(ball)),
            (bowl_gradient, ball_gradient),
        ]
    )  # fmt: skip
    same(given, wanted)


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_nonlinear_constraints_take_jacobians_and_hessians(method: str) -> None:
    def constraint(x: Any) -> Any:
        return np.stack([np.sum(x**2), x[0] * x[1]])

    def curvature(x: Any, v: Any) -> Any:
        return tw.hessian(lambda x: np.sum(constraint(x) * v))(x)

    def by_hand(x: Any, v: Any) -> Any:
        return 2 * v[0] * np.eye(3) + v[1] * np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])

    def jacobian(x: Any) -> Any:
        return np.stack([2 * x, [x[1], x[0], 0.0]])

    def solved(gradient: Any, hessian: Any, of: Any, second: Any) -> Any:
        limits = [-np.inf, -2], [2, 2]
        if method == "SLSQP":
            bounds, more = optimize.NonlinearConstraint(constraint, *limits, of), {}
        else:
            bounds = optimize.NonlinearConstraint(constraint, *limits, of, second)
            more = {"hess": hessian}
        given = {"method": method, "jac": gradient, "constraints": [bounds]}
        return optimize.minimize(bowl, START, **given, **more)

    found = solved(tw.grad(bowl), tw.hessian(bowl), tw.jacobian(constraint), curvature)
    same(found, solved(bowl_gradient, bowl_hessian, jacobian, by_hand))


@each_compiling
@pytest.mark.parametrize(
    ("method", "loss"),
    [
        ("trf", "linear"),
        ("trf", "huber"),
        ("dogbox", "linear"),
        ("dogbox", "huber"),
        ("lm", "linear"),
    ],
)
def test_least_squares_takes_jacobians(method: str, loss: str, compiled: Any) -> None:
    solve = lambda f, jac: optimize.least_squares(f, np.ones(3), jac, method=method, loss=loss)
    wanted = solve(residuals, residuals_jacobian)
    same(solve(residuals, compiled(tw.jacobian(residuals))), wanted)
    same(solve(compiled(residuals), compiled(tw.jacfwd(residuals))), wanted)


@pytest.mark.parametrize("method", ["hybr", "lm", "broyden1", "krylov", "df-sane"])
def test_root_takes_functions_and_jacobians(method: str) -> None:
    takes = method in ("hybr", "lm")
    wanted = optimize.root(
        system, np.zeros(2), method=method, jac=system_jacobian if takes else None
    )
    jac = tw.jacobian(system) if takes else None
    same(optimize.root(system, np.zeros(2), method=method, jac=jac), wanted)
    same(optimize.root(tw.jit(system), np.zeros(2), method=method, jac=jac), wanted)


def test_fsolve_leastsq_and_curve_fit_take_jacobians() -> None:
    found = optimize.fsolve(system, np.zeros(2), fprime=tw.jacobian(system))
    np.testing.assert_allclose(found, optimize.fsolve(system, np.zeros(2), fprime=system_jacobian))
    one = optimize.leastsq(residuals, np.ones(3), Dfun=tw.jacobian(residuals))[0]
    np.testing.assert_allclose(one, optimize.leastsq(residuals, np.ones(3))[0], rtol=1e-6)

    def jac(t: Any, *p: Any) -> Any:
        return np.stack(tw.jacobian(decay, argnums=(1, 2, 3))(t, *p), axis=1)

    ours, spread = optimize.curve_fit(decay, TIMES, SEEN, np.ones(3), jac=jac)
    theirs, wanted = optimize.curve_fit(decay, TIMES, SEEN, np.ones(3))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    np.testing.assert_allclose(spread, wanted, rtol=1e-4)


def test_root_scalar_takes_first_and_second_derivatives() -> None:
    def cubic(x: Any) -> Any:
        return x**3 - 2 * x - 5

    first, second = tw.grad(cubic), tw.grad(tw.grad(cubic))
    wanted = optimize.brentq(cubic, 2, 3)
    for given in (
        {"method": "newton", "fprime": first},
        {"method": "halley", "fprime": first, "fprime2": second},
    ):
        found = optimize.root_scalar(cubic, x0=2.0, **given).root
        assert isinstance(found, float)
        assert found == pytest.approx(wanted, rel=1e-12)
    both = optimize.root_scalar(tw.value_and_grad(cubic), x0=2.0, fprime=True, method="newton")
    assert both.root == pytest.approx(wanted, rel=1e-12)
    many = optimize.newton(cubic, np.array([2.0, 2.5]), fprime=tw.vmap(first))
    np.testing.assert_allclose(many, wanted, rtol=1e-12)


def test_basin_hopping_and_annealing_take_gradients() -> None:
    def waves(x: Any) -> Any:
        return np.sum(np.cos(14.5 * x - 0.3) + (x + 0.2) * x)

    def slope(x: Any) -> Any:
        return -14.5 * np.sin(14.5 * x - 0.3) + 2 * x + 0.2

    for solve in (
        lambda jac: optimize.basinhopping(
            waves, [1.0], niter=10, rng=1, minimizer_kwargs={"method": "L-BFGS-B", "jac": jac}
        ),
        lambda jac: optimize.dual_annealing(
            waves, [(-2, 2)], maxiter=20, rng=1, minimizer_kwargs={"method": "SLSQP", "jac": jac}
        ),
    ):
        np.testing.assert_allclose(solve(tw.grad(waves)).x, solve(slope).x, rtol=1e-9)


@pytest.mark.parametrize("method", ["BDF", "Radau", "LSODA"])
def test_solve_ivp_takes_jacobians(method: str) -> None:
    def oscillator(t: Any, y: Any) -> Any:
        return np.stack([y[1], 5 * (1 - y[0] ** 2) * y[1] - y[0]])

    def by_hand(t: Any, y: Any) -> Any:
        return np.array([[0, 1], [-10 * y[0] * y[1] - 1, 5 * (1 - y[0] ** 2)]])

    found, wanted = (
        integrate.solve_ivp(oscillator, (0, 3), [2.0, 0.0], method, jac=jac)
        for jac in (tw.jacobian(oscillator, argnums=1), by_hand)
    )
    assert type(found.y) is np.ndarray
    np.testing.assert_allclose(found.y, wanted.y, rtol=1e-9)


def test_scipys_own_checks_of_gradients_agree() -> None:
    assert optimize.check_grad(bowl, tw.grad(bowl), START) < 1e-5
    near = optimize.approx_fprime(START, tw.jit(bowl))
    np.testing.assert_allclose(near, tw.grad(bowl)(START), rtol=1e-5)
