"""What is detached or unrecorded stays so in a program that is differentiated from outside."""

import numpy as np
import pytest

import thalweg as tw
from tests.autodiff.outside import WAYS

X = np.array([0.3, 1.2, -0.7])


def _detached(x):
    return (x * tw.sin(x).detach()).sum()


def _unrecorded(x):
    with tw.no_grad():
        w = tw.sin(x) @ tw.cos(x)
    return (x * w).sum()


def _recorded_again(x):
    with tw.no_grad(), tw.enable_grad():
        w = tw.sin(x)
    return (x * w).sum()


def _decorated(x):
    return (x * tw.no_grad(tw.sin)(x)).sum()


def _gradient_unrecorded(x):
    with tw.no_grad():
        slope = tw.grad(lambda y: (y**3).sum())(x)
    return (x * slope).sum()


def _value_unrecorded(x):
    with tw.no_grad():
        value, _ = tw.value_and_grad(lambda y: (y**2).sum())(x)
    return (x * value).sum()


def _mapped_unrecorded(x):
    with tw.no_grad():
        w = tw.vmap(lambda a: a * a)(x)
    return (x * w).sum()


def _loop_unrecorded(x):
    with tw.no_grad():
        w, _ = tw.scan(lambda c, a: (c + a * a, None), 0.0, x)
    return (x * w).sum()


def _part_of_detached(x):
    return (x[1:] * (2 * x).detach()[:-1]).sum()


def _outer_value_unrecorded(x):
    def scaled(a):
        with tw.no_grad():
            w = x * 2
        return a * w.sum()

    return tw.vmap(scaled)(x).sum()


def _written_unrecorded(x):
    y = x * 2
    with tw.no_grad():
        y[0] = y[0] ** 2
    return (y * x).sum()


def _written_where_detached(x):
    y = x * 2
    alias = y.detach()
    alias[:] = alias * alias
    return (y * x).sum()


def _written_after_detached(x):
    y = x * 2
    alias = y.detach()
    y *= x
    return (y * alias).sum()


LOSSES = [f for name, f in list(globals().items()) if name.startswith("_") and "__" not in name]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("loss", LOSSES, ids=lambda f: f.__name__[1:])
def test_a_cut_holds_in_programs(loss, way):
    expected = np.asarray(tw.grad(loss)(X))
    np.testing.assert_allclose(np.asarray(WAYS[way](loss)(X)), expected, rtol=1e-13)


def test_the_cut_ones_are_cut():
    np.testing.assert_allclose(tw.grad(_detached)(X), np.sin(X))
    np.testing.assert_allclose(tw.grad(_unrecorded)(X), np.full(3, np.sin(X) @ np.cos(X)))
    np.testing.assert_allclose(tw.grad(_recorded_again)(X), np.sin(X) + X * np.cos(X))
    np.testing.assert_allclose(tw.grad(_gradient_unrecorded)(X), 3 * X**2)


def test_a_function_traced_where_nothing_is_recorded_has_its_derivative_elsewhere():
    compiled = tw.jit(lambda x: (x**3).sum())
    with tw.no_grad():
        compiled(X)
    np.testing.assert_allclose(tw.grad(compiled)(X), 3 * X**2)
