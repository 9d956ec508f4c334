"""Changes in place of what a function is differentiated by."""

import pytest

import thalweg as tw
from thalweg import torch as wing


def test_the_callers_memory_is_not_changed_by_a_function_being_differentiated() -> None:
    def by_view(x: wing.Tensor) -> wing.Tensor:
        x[0].mul_(2.0)
        return (x * x).sum()

    def by_key(x: wing.Tensor) -> wing.Tensor:
        x[0] = 5.0 * x[1]
        return (x * x).sum()

    def under_a_view(x: wing.Tensor) -> wing.Tensor:
        first = x[0]
        x.mul_(2.0)
        return (first * x).sum()

    for function in (by_view, by_key, under_a_view):
        x = wing.tensor([1.0, 2.0, 3.0])
        with pytest.raises(tw.errors.GradientError, match=r"x = x\.clone\(\)"):
            tw.grad(function)(x)
        assert x.tolist() == [1.0, 2.0, 3.0]
        found = tw.grad(lambda x, function=function: function(x.clone()))(x)
        assert found.shape == (3,)


def test_an_argument_that_nobody_else_shows_may_be_changed() -> None:
    x = wing.tensor([1.0, 2.0])
    assert tw.grad(lambda x: x.mul_(3.0).square().sum())(x).tolist() == [18.0, 36.0]
    assert x.tolist() == [1.0, 2.0]
