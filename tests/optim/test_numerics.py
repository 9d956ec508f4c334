"""Safe norms, counts, scaled gradients and moved parameters, against Optax."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError, DtypeError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

RNG = np.random.default_rng(0)
MATRIX, VECTOR = RNG.normal(size=(3, 2)), RNG.normal(size=4)

CALLS: dict[str, tuple[Callable[..., Any], Any]] = {
    "safe_norm": (lambda o, x: o.safe_norm(x, 1e-3), VECTOR),
    "safe_norm_zero": (lambda o, x: o.safe_norm(x, 1e-3), np.zeros(4)),
    "safe_norm_inf": (lambda o, x: o.safe_norm(x, 1e-3, math.inf), VECTOR),
    "safe_norm_axis": (lambda o, x: o.safe_norm(x, 1.0, axis=0), MATRIX),
    "safe_norm_keepdims": (lambda o, x: o.safe_norm(x, 1.0, 1, 1, True), MATRIX),
    "safe_root_mean_squares": (lambda o, x: o.safe_root_mean_squares(x, 1e-3), MATRIX),
    "safe_root_mean_squares_zero": (lambda o, x: o.safe_root_mean_squares(x, 0.1), np.zeros(3)),
    "scale_gradient": (lambda o, x: o.scale_gradient([x], -0.5)[0] ** 2, VECTOR),
    "scale_gradient_stop": (lambda o, x: o.scale_gradient(x, 0.0) ** 2, VECTOR),
    "scale_gradient_pass": (lambda o, x: o.scale_gradient(x, 1.0) ** 2, VECTOR),
    "incremental_update": (lambda o, x: o.incremental_update([x], [x[::-1]], 0.3)[0], VECTOR),
    "periodic_update": (lambda o, x: o.periodic_update([x], [2 * x], 6, 3)[0], VECTOR),
    "periodic_update_other": (lambda o, x: o.periodic_update([x], [2 * x], 7, 3)[0], VECTOR),
    "bias_correction": (lambda o, x: o.bias_correction(x, 0.9, np.int32(2)), VECTOR),
    "update_moment": (lambda o, x: o.update_moment(x, 2 * x, 0.9, 2), VECTOR),
    "update_infinity_moment": (lambda o, x: o.update_infinity_moment(x, 2 * x, 0.9, 0.1), VECTOR),
    "update_moment_per_elem_norm": (
        lambda o, x: o.update_moment_per_elem_norm(x, 2 * x, 0.9, 3), VECTOR,
    ),
}  # fmt: skip


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients_are_those_of_optax(name: str) -> None:
    call, x = CALLS[name]
    with jax.enable_x64(True):
        expected = call(optax, jax.numpy.asarray(x))
        np.testing.assert_allclose(call(optim, x), expected, rtol=1e-12, atol=1e-15)
        slope = jax.grad(lambda v: jax.numpy.sum(call(optax, v)))(jax.numpy.asarray(x))
        found = tw.grad(lambda v: tw.sum(call(optim, v)))(x)
        np.testing.assert_allclose(found, slope, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "last",
    [
        np.int8(127),
        np.uint8(255),
        np.int32(2**31 - 1),
        np.int64(2**63 - 1),
        np.finfo(np.float32).max,
        np.finfo(np.float64).max,
    ],
)
def test_counts_stay_at_the_largest_number(last: Any) -> None:
    assert optim.safe_increment(last) == last
    assert optim.safe_increment(last).dtype == last.dtype
    assert optim.safe_increment(last.dtype.type(5)) == 6
    assert optim.safe_int32_increment is optim.safe_increment


def test_counts_of_booleans_are_refused() -> None:
    with pytest.raises(DtypeError, match="Cannot safely increment count with dtype bool"):
        optim.safe_increment(np.bool_(True))


def test_values_and_gradients_come_from_the_state_where_it_has_them() -> None:
    calls = []

    def loss(x: Any, scale: Any = 1.0) -> Any:
        calls.append(1)
        return scale * tw.sum(x**2)

    both = optim.value_and_grad_from_state(loss)
    known = {"value": np.float64(7.0), "grad": np.ones(2)}
    value, gradient = both(np.array([1.0, 2.0]), state=known)
    assert value == 7.0
    np.testing.assert_array_equal(gradient, [1.0, 1.0])
    unknown = {"value": np.float64(np.inf), "grad": np.zeros(2)}
    value, gradient = both(np.array([1.0, 2.0]), state=unknown, scale=2.0)
    assert value == 10.0
    np.testing.assert_array_equal(gradient, [4.0, 8.0])
    with pytest.raises(ArgumentError, match="Value or gradient not found in the state"):
        both(np.ones(2), state=optim.sgd(0.1).init(np.ones(2)))
