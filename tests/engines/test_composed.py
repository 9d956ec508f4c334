"""Composed functions: the values and all derivatives of their operations, in one step."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.core.tensor import Tensor
from thalweg.engines.blocks import rows_at_once
from thalweg.engines.composed import PullBack, composed
from thalweg.ops.special import activations

RANDOM = np.random.default_rng(1)


def _product(x: Tensor, y: Tensor, scale: float) -> Tensor:
    return tw.sin(x) * y * scale


OF_ELEMENTS: dict[str, Callable[..., Any]] = {
    "gelu": lambda apply, x, y: apply(activations.gelu, x, approximate="tanh"),
    "of two": lambda apply, x, y: apply(_product, x, y, scale=1.5),
    "of a number": lambda apply, x, y: apply(_product, x, y[0, 0], scale=2.0),
    "of rows": lambda apply, x, y: apply(activations.softmax, x, axes=1, axis=-1),
    "to numbers": lambda apply, x, y: apply(tw.logsumexp, x, axes=1, axis=-1),
}


def _by_operations(function: Any, *operands: Any, axes: Any = None, **options: Any) -> Any:
    return function(*operands, **options)


_WAYS = composed, _by_operations


def _derivatives(function: Callable[..., Any], x: Any, y: Any) -> list[Any]:
    """Return a value, its gradients, one of a gradient, a tangent, and what `backward` leaves."""
    a, b = tw.Tensor(x, requires_grad=True), tw.Tensor(y, requires_grad=True)
    out = function(a, b)
    first = tw.grad(lambda a, b: (function(a, b) ** 2).sum(), argnums=(0, 1))(a, b)
    second = tw.grad(lambda a: (tw.grad(lambda a: function(a, b).sum())(a) ** 2).sum())(a)
    tangent = tw.jvp(lambda a: function(a, b), (a,), (tw.Tensor(y),))[1]
    (out * out).sum().backward()
    return [out, *first, second, tangent, a.grad]


@pytest.mark.parametrize("rows", [1, 3, 70, 2000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", OF_ELEMENTS)
def test_values_and_gradients_of_gradients(name: str, dtype: Any, rows: int) -> None:
    case, x, y = OF_ELEMENTS[name], *RANDOM.standard_normal((2, rows, 5)).astype(dtype)
    found = [_derivatives(functools.partial(case, apply), x, y) for apply in _WAYS]
    tolerance = 2e-5 if dtype is np.float32 else 1e-11
    for mine, other in zip(*found, strict=True):
        values = [t.detach().numpy() for t in (mine, other)]
        np.testing.assert_allclose(*values, rtol=tolerance, atol=tolerance)


def test_it_is_one_step_and_batches_and_compiles() -> None:
    x = tw.Tensor(RANDOM.standard_normal((4, 3)), requires_grad=True)
    step = composed(activations.gelu, x).grad_fn
    assert step.name() == "GeluBackward0"
    assert step.next_functions[0][0].name() == "AccumulateGrad"
    mapped = tw.vmap(lambda row: composed(activations.gelu, row))(x.detach())
    compiled = tw.jit(lambda x: composed(activations.gelu, x))(x.detach())
    for found in (mapped, compiled):
        np.testing.assert_allclose(found.numpy(), activations.gelu(x).detach().numpy(), 1e-12)


def test_what_cannot_be_compiled_is_applied() -> None:
    for x in (np.arange(6), np.zeros((0, 3)), np.ones((4, 4))[:, ::2], np.float16([1.0])):
        found = composed(activations.relu, tw.Tensor(x))
        np.testing.assert_array_equal(found.numpy(), np.maximum(x, 0))


def _spread(*shape: int) -> Any:
    return np.broadcast_to(np.float64(1.5), shape)


CONTIGUOUS = RANDOM.standard_normal((40, 3))


@pytest.mark.parametrize("y", [_spread(40, 3), _spread(40, 1), CONTIGUOUS.T.copy().T])
@pytest.mark.parametrize("axes", [None, 1])
def test_what_lies_in_another_order_is_put_into_that_of_the_others(y: Any, axes: Any) -> None:
    x = tw.Tensor(CONTIGUOUS)
    operands = x, tw.Tensor(np.broadcast_to(y, x.shape))
    before = tw.Tensor(y).numpy().copy()
    for given in (operands, operands[::-1]):
        found = composed(_product, *given, axes=axes, scale=1.5)
        np.testing.assert_allclose(found.numpy(), _product(*given, scale=1.5).numpy(), 1e-12)
        assert found.numpy().flags.c_contiguous
    np.testing.assert_array_equal(y, before)


def test_the_cotangent_of_a_sum_is_one_number_for_machine_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = tw.Tensor(CONTIGUOUS, requires_grad=True)
    found = composed(activations.elu, x, alpha=0.5).sum()
    # The operations would be applied to the cotangent one by one otherwise.
    monkeypatch.setattr(PullBack, "__call__", lambda *given, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        found.backward(retain_graph=True)
    monkeypatch.undo()
    found.backward(retain_graph=True)
    monkeypatch.setattr(PullBack, "__call__", lambda *given, **options: 1 / 0)
    found.backward()
    slope = np.where(CONTIGUOUS > 0, 1, 0.5 * np.exp(CONTIGUOUS))
    np.testing.assert_allclose(x.grad.numpy(), 2 * slope, 1e-12)


def test_numbers_that_are_equal_and_differ_are_kept_apart() -> None:
    x = tw.Tensor(np.array([-1.0]))
    for slope in (0.0, -0.0, 0.5):
        found = composed(activations.leaky_relu, x, negative_slope=slope).numpy()
        assert np.signbit(found) == np.signbit(-1.0 * slope)


def test_blocks_are_powers_of_two() -> None:
    for rows in (1, 64, 65, 10**4, 10**6):
        for width in (1, 7, 300, 10**6):
            count = rows_at_once(rows, width)
            assert count & (count - 1) == 0 < count
