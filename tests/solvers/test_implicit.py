"""Solutions as functions of what their equation depends on, and minima of `minimize` so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.engines.running import SOLVERS
from thalweg.solvers.implicit import close, solution, text_of


def cubic(x: Any, given: Any) -> Any:
    a, b = given
    return x**3 + a * x - b


def root_of_cubic(a: Any, b: Any) -> Any:
    at = np.real([r for r in np.roots([1.0, 0.0, 2.0, -3.0]) if abs(r.imag) < 1e-9])
    return solution(tw.Tensor(at), cubic, (a, b))[0]


def test_a_solution_is_differentiated_by_its_equation_alone() -> None:
    x = 1.0  # x³ + 2 x - 3 = 0
    steep = 3.0 * x * x + 2.0
    slopes = tw.grad(root_of_cubic, argnums=(0, 1))(2.0, 3.0)
    np.testing.assert_allclose(slopes, (-x / steep, 1.0 / steep))
    np.testing.assert_allclose(tw.jvp(root_of_cubic, (2.0, 3.0), (1.0, 2.0))[1], (2.0 - x) / steep)
    # x'' = -6 x x'² / (3 x² + a)
    second = -6.0 * x / steep**3
    by_b = lambda b: root_of_cubic(2.0, b)
    for twice in (
        tw.grad(tw.grad(by_b)),
        tw.jacfwd(tw.jacfwd(by_b)),
        tw.jacfwd(tw.grad(by_b)),
        tw.grad(tw.jacfwd(by_b)),
    ):
        np.testing.assert_allclose(twice(3.0), second, rtol=1e-12)


def test_without_anything_that_moves_a_solution_is_itself() -> None:
    x = tw.Tensor([1.0])
    assert solution(x, cubic, (2.0, 3.0)) is x
    with tw.no_grad():
        assert solution(x, cubic, (tw.Tensor(2.0, requires_grad=True), 3.0)) is x


def test_functions_are_closed_over_what_moves_alone() -> None:
    still, moving = np.ones(2), tw.Tensor([1.0, 2.0], requires_grad=True)
    front = ((np.zeros(2),),)
    free = lambda x, a: x * a + still
    assert close((free,), front, (3.0,)) == ([free], (3.0,))
    bound = lambda x, a: {"y": x * a + moving * moving}
    (closed,), args = close((bound,), front, (3.0,))
    assert len(args) == 2
    assert args[0] == 3.0
    np.testing.assert_array_equal(closed(np.ones(2), *args)["y"].tolist(), [4.0, 7.0])


def test_programs_with_rules_have_no_text() -> None:
    from thalweg.control.body import trace_body
    from thalweg.core.tensor import as_tensor

    @tw.custom_jvp
    def ruled(x: Any) -> Any:
        return x * x

    ruled.defjvp(lambda p, t: (ruled(*p), t[0]))
    spec = as_tensor(np.ones(2)).spec
    plain = trace_body(
        lambda x: tw.while_loop(lambda s: s[0] < 9.0, lambda s: 2.0 * s, x), [np.ones(2)], [spec]
    )
    assert text_of(plain.program) is not None
    assert text_of(trace_body(ruled, [np.ones(2)], [spec]).program) is None


MANY = np.linspace(0.5, 2.0, 1500)


def test_many_variables_need_no_matrix() -> None:
    def apart(x: Any, a: Any) -> Any:
        return np.sum(0.25 * x**4 + 0.5 * x**2 - a * x)

    point = lambda a: tw.minimize(apart, np.ones(1500), (a,), "lbfgs", tol=1e-9).x
    x = point(MANY)
    np.testing.assert_allclose(x**3 + x, MANY, rtol=1e-7)
    wanted = 1.0 / (3.0 * x * x + 1.0)
    np.testing.assert_allclose(tw.grad(lambda a: np.sum(point(a)))(MANY), wanted, rtol=1e-6)
    np.testing.assert_allclose(tw.jvp(point, (MANY,), (np.ones(1500),))[1], wanted, rtol=1e-6)


def test_many_equations_need_no_matrix() -> None:
    # x = cos(x shifted) / 2 + a
    point = lambda a: (
        tw.fixed_point(
            lambda x, a: 0.5 * np.cos(np.roll(x, 1)) + a, np.zeros(1500), (a,), xtol=1e-12
        ).x
    )
    x, direction = point(MANY), np.cos(40.0 * MANY)
    near = (point(MANY + 1e-5 * direction) - point(MANY - 1e-5 * direction)) / 2e-5
    np.testing.assert_allclose(tw.jvp(point, (MANY,), (direction,))[1], near, rtol=1e-5, atol=1e-7)
    slope = tw.grad(lambda a: np.sum(direction * point(a)))(MANY)
    np.testing.assert_allclose(np.sum(slope), direction @ tw.jvp(point, (MANY,), (x * 0 + 1,))[1])


def quartic(x: Any, a: Any) -> Any:
    return np.sum((x - a) ** 4 + (x - a) ** 2) + np.sum(x) ** 2


A = np.array([1.0, 2.0, -0.5])


def lowest(a: Any, **given: Any) -> Any:
    return tw.minimize(quartic, np.zeros(3), args=(a,), **{"tol": 1e-10, **given})


def differences(function: Any, at: Any) -> Any:
    return np.stack([(function(at + e) - function(at - e)) / 2e-4 for e in 1e-4 * np.eye(3)], -1)


@pytest.mark.parametrize("method", ["bfgs", "trust-exact", "lbfgsb", "augmented-lagrangian"])
def test_minima_have_derivatives(method: str) -> None:
    point = lambda a: lowest(a, method=method).x
    near = differences(point, A)
    np.testing.assert_allclose(tw.jacobian(point)(A), near, rtol=2e-4, atol=1e-6)
    np.testing.assert_allclose(tw.jacfwd(point)(A), near, rtol=2e-4, atol=1e-6)


def test_minima_within_bounds_have_derivatives() -> None:
    point = lambda a: lowest(a, method="lbfgsb", bounds=[(None, 0.5)] * 3).x
    assert (point(A) == 0.5).any()
    np.testing.assert_allclose(tw.jacobian(point)(A), differences(point, A), rtol=1e-4, atol=1e-6)


def test_the_least_value_moves_as_the_function_does_where_it_is_least() -> None:
    value = lambda a: lowest(a).fun
    by_hand = tw.grad(quartic, argnums=1)(lowest(A).x, A)
    np.testing.assert_allclose(tw.grad(value)(A), by_hand, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(
        tw.hessian(value)(A), differences(tw.grad(value), A), rtol=1e-4, atol=1e-6
    )


def test_minima_in_traces_and_batches_have_derivatives() -> None:
    point = lambda a: lowest(a).x[0]
    slope = tw.grad(point)(A)
    np.testing.assert_allclose(tw.jit(tw.grad(point))(A), slope, rtol=1e-6, atol=1e-9)
    inner = lambda a: tw.minimize(lambda x: quartic(x, a), np.zeros(3), tol=1e-10).x[0]
    np.testing.assert_allclose(tw.grad(inner)(A), slope, rtol=1e-6, atol=1e-9)
    batch = np.stack([A, A + 0.1])
    rows = [tw.grad(point)(a) for a in batch]
    np.testing.assert_allclose(tw.vmap(tw.grad(point))(batch), rows, rtol=1e-6, atol=1e-8)


def test_gradients_of_minima_compile_nothing_when_numbers_change() -> None:
    slope = tw.grad(lambda a: tw.minimize(lambda x: quartic(x, 2.0 * a), np.zeros(3)).fun)
    slope(A)
    known = len(SOLVERS)
    slope(A + 0.3)
    assert len(SOLVERS) == known
