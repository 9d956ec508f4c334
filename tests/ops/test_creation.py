"""New tensors: NumPy's shapes, dtypes and values, also while tracing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.core.program import trace
from thalweg.core.tensor import make
from thalweg.errors import DtypeError, GradientError, TracingError

CALLS: list[Callable[[Any], Any]] = [
    lambda np: np.zeros(3),
    lambda np: np.zeros((2, 0)),
    lambda np: np.ones((2, 3), np.float32),
    lambda np: np.full((2,), 7),
    lambda np: np.full(2, 7.5),
    lambda np: np.full((2, 2), 7, dtype=np.float32),
    lambda np: np.eye(3),
    lambda np: np.eye(2, 3, 1, dtype=np.int32),
    lambda np: np.arange(4),
    lambda np: np.arange(1, 2, 0.25),
    lambda np: np.arange(5, 0, -2, dtype=np.float32),
    lambda np: np.linspace(0, 1, 5),
    lambda np: np.linspace(0, 1, 4, endpoint=False),
    lambda np: np.linspace(2, 2, 1, dtype=np.float32),
    lambda np: np.array([[1, 2], [3, 4]]),
    lambda np: np.array(2.5),
    lambda np: np.array([1, 2], dtype=np.float32),
    lambda np: np.asarray([True, False]),
    lambda np: np.zeros_like(np.ones((2, 2), np.int32)),
    lambda np: np.ones_like(np.ones((2, 2)), dtype=np.bool_),
    lambda np: np.full_like(np.ones(2, np.float32), 3),
]


@pytest.mark.parametrize("position", range(len(CALLS)))
def test_new_tensors_are_those_of_numpy(position: int) -> None:
    call = CALLS[position]
    found, expected = call(tw), call(np)
    assert isinstance(found, tw.Tensor)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(found.numpy(), expected)


def test_tensors_in_lists_are_joined_with_their_derivatives() -> None:
    def loss(x: Any) -> Any:
        polar = tw.array([[x[0] * np.cos(x[1]), x[0] * np.sin(x[1])], [x[0], 1.0]])
        return np.sum(polar**2)

    assert tw.grad(loss)(np.array([2.0, 0.3])).tolist() == pytest.approx([8.0, 0.0])


def test_arrays_are_copied_and_asarray_shares() -> None:
    data = np.zeros(2)
    copied, tensor, shared = tw.array(data), tw.tensor(data), tw.asarray(data)
    data[0] = 1.0
    assert (copied[0].item(), tensor[0].item(), shared[0].item()) == (0.0, 0.0, 1.0)
    assert tw.asarray(shared) is shared
    assert tw.asarray(shared, np.float32).dtype == np.float32


def test_a_tensor_can_require_gradients_from_the_start() -> None:
    x = tw.tensor([1.0, 2.0], requires_grad=True)
    (x**2).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2.0, 4.0]


def test_constants_like_a_traced_tensor_are_traced() -> None:
    def function(x: tw.Tensor) -> tw.Tensor:
        return tw.ones_like(x) + tw.full((3,), x[0]) + tw.zeros(3, like=x)

    result, current, _ = trace(function, [tw.ones(3).spec], make)
    assert result.is_symbolic
    assert not current.captured


def test_full_of_a_tensor_passes_its_derivative_on() -> None:
    assert tw.grad(lambda x: tw.sum(tw.full((2, 3), x)))(1.0) == 6.0


@pytest.mark.parametrize("value", ["text", [None], object(), np.array(["a"])])
def test_what_is_not_a_number_is_refused(value: Any) -> None:
    for function in (tw.array, tw.asarray, tw.tensor, tw.Tensor, lambda v: tw.ones(1) + v):
        with pytest.raises(DtypeError, match="numbers"):
            function(value)


def test_values_of_a_traced_tensor_are_refused_with_what_to_do_instead() -> None:
    for function in (float, bool, np.asarray, lambda x: x.item(), lambda x: [0, 1][x]):
        with pytest.raises(TracingError, match=r"where instead of if"):
            trace(lambda x, f=function: f(x[0]), [tw.ones(3).spec], make)


def test_arrays_of_a_tensor_that_requires_gradients_are_refused() -> None:
    with pytest.raises(GradientError, match=r"gradient would be lost. Join .* detach\(\)"):
        np.asarray(tw.Tensor([1.0], requires_grad=True))
