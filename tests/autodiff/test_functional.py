"""What grad, vjp, jvp, linearize and the Jacobians promise beside the right numbers."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import ArgumentError, DtypeError, GradientError, ShapeError

POINT = np.array([1.0, 2.0, 3.0])


def cubes(x: Any) -> Any:
    return np.sum(x**3)


class Line(NamedTuple):
    slope: Any
    intercept: Any


def test_a_gradient_has_the_tree_of_the_argument() -> None:
    line = Line(np.array([1.0, 2.0]), {"b": 0.5, "none": None})
    gradient = tw.grad(lambda p: np.sum(p.slope * 2) + p.intercept["b"])(line)
    assert isinstance(gradient, Line)
    assert gradient.slope.tolist() == [2.0, 2.0]
    assert gradient.intercept["b"] == 1.0
    assert gradient.intercept["none"] is None


def test_a_parameter_that_is_not_used_has_a_gradient_of_zeros() -> None:
    gradient = tw.grad(lambda p: np.sum(p["a"]))({"a": POINT, "b": POINT})
    assert gradient["b"].tolist() == [0.0, 0.0, 0.0]
    assert tw.jvp(lambda a, b: a, (POINT, 1.0), (POINT * 0, 1.0))[1].tolist() == [0.0] * 3


def test_argnums_select_and_order_the_gradients() -> None:
    def f(a: Any, b: Any, c: Any) -> Any:
        return a * b**2 * c**3

    first, last = tw.grad(f, argnums=(0, -1))(2.0, 3.0, 4.0)
    assert (first, last) == (9 * 64, 2 * 9 * 3 * 16)
    assert tw.grad(f, argnums=1)(2.0, 3.0, 4.0) == 2 * 6 * 64
    assert isinstance(tw.grad(f, argnums=(1,))(2.0, 3.0, 4.0), tuple)


def test_auxiliary_results_come_back_without_history() -> None:
    def f(x: Any) -> Any:
        return np.sum(x**2), {"double": 2 * x, "word": "kept"}

    (value, aux), gradient = tw.value_and_grad(f, has_aux=True)(POINT)
    assert (value, gradient.tolist()) == (14.0, [2.0, 4.0, 6.0])
    assert aux["word"] == "kept"
    assert type(aux["double"]) is np.ndarray
    gradient, aux = tw.grad(f, has_aux=True)(POINT)
    assert aux["double"].tolist() == [2.0, 4.0, 6.0]
    assert tw.vjp(f, POINT, has_aux=True)[2]["word"] == "kept"
    assert tw.jvp(f, (POINT,), (POINT,), has_aux=True)[2]["word"] == "kept"
    assert tw.jacobian(f, has_aux=True)(POINT)[1]["word"] == "kept"
    assert tw.jacfwd(f, has_aux=True)(POINT)[1]["word"] == "kept"
    hessian, aux = tw.hessian(f, has_aux=True)(POINT)
    assert hessian.tolist() == (2 * np.eye(3)).tolist()
    assert aux["double"].tolist() == [2.0, 4.0, 6.0]


def test_auxiliary_results_can_be_differentiated_from_outside() -> None:
    def outer(x: Any) -> Any:
        _, aux = tw.value_and_grad(lambda y: (y * 1.0, y**2), has_aux=True)(x)[0]
        return aux

    assert tw.grad(outer)(3.0) == 6.0


def test_results_have_no_history_unless_an_outer_derivative_wants_it() -> None:
    point = tw.Tensor(POINT)
    value, gradient = tw.value_and_grad(cubes)(point)
    out, tangent = tw.jvp(cubes, (point,), (point,))
    result, pullback = tw.vjp(cubes, point)
    everything = [value, gradient, out, tangent, result, *pullback(1.0)]
    everything += [tw.jacobian(cubes)(point), tw.jacfwd(cubes)(point), tw.hessian(cubes)(point)]
    assert not any(tensor.requires_grad for tensor in everything)


def test_every_result_carries_the_history_of_a_leaf() -> None:
    leaf = tw.Tensor(POINT, requires_grad=True)
    for result, expected in [
        (tw.grad(cubes)(leaf), 6 * POINT),
        (tw.jvp(cubes, (leaf,), (POINT,))[1], 6 * POINT**2),
        (tw.vjp(cubes, leaf)[1](2.0)[0], 12 * POINT),
        (tw.jacobian(cubes)(leaf), 6 * POINT),
        (tw.jacfwd(cubes)(leaf), 6 * POINT),
        (tw.hessian(cubes)(leaf).sum(), [6.0] * 3),
    ]:
        leaf.grad = None
        result.sum().backward()
        np.testing.assert_allclose(leaf.grad.numpy(), expected)


def test_a_leaf_inside_a_closure_receives_its_gradient() -> None:
    weight = tw.Tensor(POINT, requires_grad=True)
    gradient = tw.grad(lambda x: np.sum(weight * x**2))(POINT)
    gradient.sum().backward()
    assert weight.grad.tolist() == [2.0, 4.0, 6.0]


def test_no_grad_outside_hides_nothing_from_a_functional_derivative() -> None:
    leaf = tw.Tensor(POINT, requires_grad=True)
    with tw.no_grad():
        gradient = tw.grad(cubes)(leaf)
    assert gradient.tolist() == [3.0, 12.0, 27.0]
    assert not gradient.requires_grad


def test_no_grad_inside_hides_from_every_derivative() -> None:
    def f(x: Any) -> Any:
        with tw.no_grad():
            constant = x**2
        return np.sum(constant * x)

    assert tw.grad(f)(POINT).tolist() == [1.0, 4.0, 9.0]
    assert tw.jvp(f, (POINT,), (np.ones(3),))[1] == 14.0


def test_a_pullback_can_be_called_again_and_differentiated() -> None:
    _, pullback = tw.vjp(lambda x: x**2, POINT)
    assert pullback(np.ones(3))[0].tolist() == pullback(np.ones(3))[0].tolist()
    gradient = tw.grad(lambda u: np.sum(pullback(u)[0] ** 2))(np.ones(3))
    assert gradient.tolist() == [8.0, 32.0, 72.0]


def test_linearize_is_jvp_at_a_fixed_point() -> None:
    value, push = tw.linearize(lambda a, b: a * b, POINT, 2.0)
    assert value.tolist() == [2.0, 4.0, 6.0]
    assert push(np.ones(3), 0.0).tolist() == [2.0, 2.0, 2.0]
    assert push(np.zeros(3), 1.0).tolist() == [1.0, 2.0, 3.0]


def test_integers_may_pass_through_vjp_and_jvp() -> None:
    def f(x: Any) -> Any:
        return np.argmax(x), np.sum(x)

    _, tangent = tw.jvp(f, (POINT,), (np.ones(3),))
    assert (tangent[0], tangent[1]) == (0, 3.0)
    assert tw.vjp(f, POINT)[1]((0, 2.0))[0].tolist() == [2.0, 2.0, 2.0]


def test_empty_trees_have_empty_derivatives() -> None:
    assert tw.grad(lambda p: np.sum(POINT) * tw.Tensor(1.0))({}) == {}
    assert tw.jacfwd(lambda p: tw.Tensor(POINT))({}) == {}
    assert tw.jacobian(lambda p: tw.Tensor(POINT))({}) == {}


def test_keyword_arguments_reach_the_function() -> None:
    assert tw.grad(lambda x, power: np.sum(x**power))(POINT, power=2).tolist() == [2.0, 4.0, 6.0]
    assert tw.jacobian(lambda x, power: np.sum(x**power))(POINT, power=2).shape == (3,)


# ---- errors


def test_grad_of_a_vector_says_what_to_do() -> None:
    with pytest.raises(GradientError, match=r"returned shape \(3,\).*or use jacobian"):
        tw.grad(lambda x: x)(POINT)
    with pytest.raises(GradientError, match=r"returned 2 values.*has_aux=True"):
        tw.grad(lambda x: (x, x))(1.0)


def test_integers_have_no_derivatives() -> None:
    with pytest.raises(DtypeError, match=r"dtype int64.*astype\(float\)"):
        tw.grad(cubes)(np.arange(3))
    with pytest.raises(GradientError, match=r"int64.*no derivative"):
        tw.grad(lambda x: np.argmax(x))(POINT)
    with pytest.raises(GradientError, match=r"jacobian needs floating results.*int64.*aux"):
        tw.jacobian(lambda x: np.argmax(x))(POINT)


def test_directions_of_the_wrong_shape_or_tree_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"jvp got tangents of shape \(2,\).*shape \(3,\)"):
        tw.jvp(cubes, (POINT,), (np.ones(2),))
    with pytest.raises(ShapeError, match=r"jvp got tangents of structure.*same nesting"):
        tw.jvp(cubes, (POINT,), ({"a": POINT},))
    _, pullback = tw.vjp(lambda x: (x, x), POINT)
    with pytest.raises(ShapeError, match="pullback of vjp got cotangents of structure"):
        pullback(POINT)
    with pytest.raises(ArgumentError, match=r"jvp got primals of type ndarray.*jvp\(f, \(x,\)"):
        tw.jvp(cubes, POINT, (POINT,))


def test_arguments_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ArgumentError, match="argnums=1 was given for a call with 1 positional"):
        tw.grad(cubes, argnums=1)(POINT)
    with pytest.raises(GradientError, match="has_aux=True was given, but the function returned"):
        tw.grad(cubes, has_aux=True)(POINT)
