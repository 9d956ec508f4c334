"""Functions with a backward of their own, in programs that are differentiated from outside."""

import numpy as np
import pytest

import thalweg as tw
import thalweg.torch as torch
from tests.autodiff.outside import WAYS

X = np.array([0.3, 1.2, -0.7])


class Steep(torch.autograd.Function):
    """The sine, with a derivative that is not its own."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.save_for_backward(x)
        ctx.factor = factor
        return torch.sin(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return (g * ctx.factor * x**2 if ctx.needs_input_grad[0] else None), None


class Two(torch.autograd.Function):
    """Two results, one of which is saved, and a tensor kept as an attribute."""

    @staticmethod
    def forward(ctx, x, y):
        first, second = torch.exp(x), x * y
        ctx.save_for_backward(first, y)
        ctx.held = [2 * x]
        return first, second

    @staticmethod
    def backward(ctx, g, h):
        first, y = ctx.saved_tensors
        return g * first + h * y, h * ctx.held[0]


def steep(x):
    return Steep.apply(x, 10.0).sum()


def two(x):
    first, second = Two.apply(x, x * x)
    return (first * second).sum()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("loss", [steep, two])
def test_the_backward_holds_in_programs(loss, way):
    expected = np.asarray(tw.grad(loss)(X))
    np.testing.assert_allclose(np.asarray(WAYS[way](loss)(X)), expected, rtol=1e-13)


@pytest.mark.parametrize("loss", [steep, two])
def test_second_derivatives_are_those_of_the_backward(loss):
    expected = np.asarray(tw.hessian(loss)(X))
    found = tw.jacobian(tw.jit(tw.grad(tw.jit(loss))))(X)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-12)


def test_the_backward_is_the_given_one():
    np.testing.assert_allclose(tw.grad(tw.jit(steep))(X), 10 * X**2)


def test_a_straight_through_estimator_trains():
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return torch.round(x)

        @staticmethod
        def backward(ctx, g):
            return g

    fitted = tw.fit(lambda w: ((Round.apply(w * 4.0) / 4.0 - 0.5) ** 2).sum(), np.zeros(3),
                    optimizer=tw.optim.sgd(0.1), steps=50)  # fmt: skip
    assert np.all(np.round(np.asarray(fitted.params) * 4) == 2)
