"""Layers that change the shape, and the one that changes nothing."""

from typing import Any

import pytest

from tests.torch.nn.libraries import same, same_error
from thalweg import torch as wing
from thalweg.torch import nn


@pytest.mark.parametrize("axes", [(1, -1), (0, 1), (0, -1), (1, 1), (-2, -1), (2, 3)])
def test_flatten_joins_the_axes_that_pytorch_joins(axes: tuple[int, int]) -> None:
    def code(lib: Any) -> Any:
        x = lib.range(2, 3, 2, 2).requires_grad_()
        out = lib.nn.Flatten(*axes)(x)
        (out * out).sum().backward()
        return list(out.shape), out, x.grad, repr(lib.nn.Flatten(*axes))

    same(code)


def test_flatten_makes_a_scalar_a_vector() -> None:
    same(lambda lib: lib.nn.Flatten(0)(lib.array(3.0)))


@pytest.mark.parametrize("sizes", [(2, 3), (6, 1), (-1, 2), [3, 2]])
def test_unflatten_splits_an_axis(sizes: Any) -> None:
    def code(lib: Any) -> Any:
        out = lib.nn.Unflatten(1, sizes)(lib.range(2, 6))
        return list(out.shape), out, repr(lib.nn.Unflatten(1, sizes))

    same(code)
    assert nn.Unflatten(-2, (2, 1))(wing.ones((2, 3))).shape == (2, 1, 3)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            lambda lib: lib.nn.Flatten(2, 1)(lib.ones(1, 2, 3)),
            "start_dim cannot come after end_dim",
        ),
        (lambda lib: lib.nn.Flatten(0, 5)(lib.ones(1, 2)), "ut of range|got axis 5"),
        (lambda lib: lib.nn.Unflatten(1, 3), "must be a tuple of ints, but found type int"),
        (lambda lib: lib.nn.Unflatten(1, (2, "a")), "found element of type str at pos 1"),
        (lambda lib: lib.nn.Unflatten(1, (2, 3))(lib.ones(2, 5)), "don't multiply up to the size"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(code: Any, text: str) -> None:
    same_error(code, text)


def test_the_identity_takes_and_ignores_anything() -> None:
    x = wing.ones(2)
    assert nn.Identity(3, a=4)(x) is x
    same(lambda lib: repr(lib.nn.Identity(5)))
