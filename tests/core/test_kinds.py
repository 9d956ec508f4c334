"""Arrays in, arrays out: of which kind results are, that they are the caller's own, and nested."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg import torch as wing

X = np.array([1.0, -2.0, 0.5])
Point = Callable[[Any], Any]


def loss(x: Any) -> Any:
    return np.sum(x**3)


def kinds(tree: Any) -> set[type]:
    return {type(leaf) for leaf in tw.tree.leaves(tree) if not callable(leaf)}


# Each maps a point to results of a transformation there.
TRANSFORMED: dict[str, Point] = {
    "grad": lambda x: tw.grad(loss)(x),
    "value_and_grad": lambda x: tw.value_and_grad(loss)(x),
    "aux": lambda x: tw.value_and_grad(lambda x: (loss(x), {"x": x, "n": 3}), has_aux=True)(x),
    "grad of the second": lambda x: tw.grad(lambda y, x: loss(x * y), argnums=1)(X, x),
    "grad of a keyword's": lambda x: tw.grad(lambda y, x: loss(x * y))(X, x=x),
    "jacobian": lambda x: tw.jacobian(np.sin)(x),
    "jacrev": lambda x: tw.jacrev(np.sin)(x),
    "jacfwd": lambda x: tw.jacfwd(np.sin)(x),
    "hessian": lambda x: tw.hessian(loss)(x),
    "hvp": lambda x: tw.hvp(loss, x, X),
    "hvp along": lambda x: tw.hvp(loss, X, x),
    "vjp": lambda x: tw.vjp(np.sin, x),
    "pullback": lambda x: tw.vjp(np.sin, x)[1](X),
    "pullback of": lambda x: tw.vjp(np.sin, X)[1](x),
    "jvp": lambda x: tw.jvp(np.sin, (x,), (X,)),
    "jvp along": lambda x: tw.jvp(np.sin, (X,), (x,)),
    "linearize": lambda x: tw.linearize(np.sin, x),
    "pushforward": lambda x: tw.linearize(np.sin, x)[1](X),
    "pushforward of": lambda x: tw.linearize(np.sin, X)[1](x),
    "vmap": lambda x: tw.vmap(np.multiply)(x, X),
    "vmap of shared": lambda x: tw.vmap(np.multiply, in_axes=(None, 0))(x, X),
    "jit": lambda x: tw.jit(np.tanh)(x),
    "jit of a tree": lambda x: tw.jit(lambda t: {"a": t["x"] * 2, "b": [np.sum(t["x"])]})({"x": x}),
    "jit on NumPy": lambda x: tw.jit(np.tanh, engine="numpy")(x),
    "jit of grad": lambda x: tw.jit(tw.value_and_grad(loss))(x),
    "grad of jit": lambda x: tw.grad(tw.jit(loss))(x),
    "grad of grad": lambda x: tw.grad(lambda x: np.sum(tw.grad(loss)(x) ** 2))(x),
    "vmap of grad": lambda x: tw.vmap(tw.grad(loss))(x * np.ones((2, 3))),
    "grad_and_value": lambda x: wing.func.grad_and_value(loss)(x),
    "init": lambda x: optim.adam(0.1).init({"w": x, "b": np.float32(1)}),
    "update": lambda x: optim.adam(0.1).update(x, optim.adam(0.1).init(X), X),
    "update by": lambda x: optim.adamw(0.1).update(X, optim.adamw(0.1).init(X), x),
    "apply_updates": lambda x: optim.apply_updates({"w": x}, {"w": X}),
    "tree_norm": lambda x: optim.tree.norm([x, X]),
    "schedule": lambda x: optim.exponential_decay(0.1, 10, 0.9)(x),
    "safe_increment": lambda x: optim.safe_increment(np.int32(3) + 0 * x),
}  # fmt: skip


@pytest.mark.parametrize("of", TRANSFORMED.values(), ids=TRANSFORMED)
def test_results_are_of_the_kind_that_was_given(of: Point) -> None:
    arrays, tensors = of(X), of(tw.Tensor(X))
    assert kinds(arrays) <= {np.ndarray, np.float64, np.float32, np.int32, int}
    assert kinds(tensors) <= {tw.Tensor, int}
    for one, other in zip(tw.tree.leaves(arrays), tw.tree.leaves(tensors), strict=True):
        if not callable(one):
            np.testing.assert_array_equal(one, other)
            assert np.asarray(one).dtype == np.asarray(other).dtype


@pytest.mark.parametrize("of", TRANSFORMED.values(), ids=TRANSFORMED)
def test_results_are_writable_and_the_callers_own(of: Point) -> None:
    given = X.copy()
    found = [leaf for leaf in tw.tree.leaves(of(given)) if isinstance(leaf, np.ndarray)]
    before = [leaf.copy() for leaf in found]
    for i, leaf in enumerate(found):
        assert leaf.flags.writeable
        assert leaf.flags.owndata
        leaf[...] = 7.0
        for other, value in zip(found[i + 1 :], before[i + 1 :], strict=True):
            np.testing.assert_array_equal(other, value)
    np.testing.assert_array_equal(given, X)
    np.testing.assert_array_equal(X, [1.0, -2.0, 0.5])


def test_numbers_in_are_numbers_out() -> None:
    assert type(tw.grad(lambda x: x**2)(3.0)) is float
    assert tw.value_and_grad(lambda x: x**2)(3.0) == (9.0, 6.0)
    assert type(tw.jit(lambda n: n + 1)(3)) is int
    assert type(tw.jit(lambda n: n > 1)(3)) is bool
    assert type(tw.grad(loss)(np.float32(2.0))) is np.float32
    assert type(tw.grad(loss)(np.array(2.0))) is np.float64
    assert type(tw.value_and_grad(loss)(X)[0]) is np.float64


def test_a_number_among_parameters_leaves_the_dtype_to_the_others() -> None:
    x = np.arange(3, dtype=np.float32)
    params = {"w": np.zeros(3, np.float32), "b": 0.5}
    optimizer = optim.adam(0.1)
    state = optimizer.init(params)
    for _ in range(3):
        value, gradient = tw.value_and_grad(
            lambda p: np.mean((p["w"] * x + p["b"] - np.float32(2)) ** 2)
        )(params)
        updates, state = optimizer.update(gradient, state, params)
        params = optim.apply_updates(params, updates)
        assert value.dtype == gradient["w"].dtype == params["w"].dtype == np.float32
        assert type(params["b"]) is float


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_arrays_keep_their_dtype(dtype: str) -> None:
    x = X.astype(dtype)
    found = tw.jit(lambda x: {"x": x * 2, "s": np.sum(x), "b": x == x}, engine="numpy")(x)
    assert found["x"].dtype == dtype
    assert found["s"].dtype == dtype
    assert type(found["s"]) is np.dtype(dtype).type
    assert found["b"].dtype == bool


def test_what_has_a_history_stays_a_tensor() -> None:
    w = tw.ones(3, requires_grad=True)
    value, gradient = tw.value_and_grad(lambda x: np.sum(w * x))(X)
    assert value.requires_grad
    gradient.sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [1.0, 1.0, 1.0]
    with tw.no_grad():
        assert type(tw.grad(lambda x: np.sum(w * x))(X)) is np.ndarray


def test_what_is_traced_stays_a_tensor() -> None:
    found = tw.jit(lambda y: tw.grad(lambda x: np.sum(x * y))(X) + 1)(X)
    assert type(found) is np.ndarray
    assert found.tolist() == (X + 1).tolist()
    outer = tw.grad(lambda y: np.sum(tw.grad(lambda x: np.sum(x**2 * y))(X) ** 2))(X)
    assert outer.tolist() == (8 * X**3).tolist()


def test_a_captured_array_is_not_handed_out() -> None:
    captured = np.zeros(3)
    for found in (
        tw.jit(lambda x: (x, captured))(X)[1],
        tw.jit(lambda x: tw.asarray(captured), engine="numpy")(X),
        tw.vjp(lambda x: tw.asarray(captured), X)[0],
        tw.vmap(lambda x: tw.asarray(captured), out_axes=None)(X),
        tw.grad(lambda x: (np.sum(x), tw.asarray(captured)), has_aux=True)(X)[1],
    ):
        found += 1.0
        assert not captured.any()


def test_the_value_of_a_vjp_is_no_part_of_its_tape() -> None:
    value, pullback = tw.vjp(np.exp, X)
    value[...] = 0.0
    np.testing.assert_allclose(pullback(np.ones(3))[0], np.exp(X), rtol=1e-15)


def test_functions_of_nothing_return_what_they_make() -> None:
    assert type(tw.jit(lambda: tw.zeros(3))()) is tw.Tensor
    assert type(tw.jit(lambda n: tw.zeros(n), static_argnums=0)(3)) is tw.Tensor


def test_a_transformation_of_ones_own_is_run_on_tensors() -> None:
    seen = []

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        seen.extend(map(type, tw.tree.leaves((updates, state))))
        return tw.tree.map(lambda g: np.where(g > 0, g / np.sum(g * 0), 0.0), updates), state

    own = optim.GradientTransformation(lambda params: np.zeros(1), update)
    chained = optim.chain(own, optim.scale(2.0))
    updates, state = chained.update({"w": -np.ones(2)}, chained.init(X))
    assert set(seen) == {tw.Tensor}
    assert kinds((updates, state)) == {np.ndarray}


def test_a_loop_of_optaxs_habit_is_arrays_throughout() -> None:
    optimizer = optim.chain(
        optim.clip_by_global_norm(1.0), optim.adam(optim.linear_schedule(0.1, 0.01, 50))
    )
    params: Any = {"w": np.ones((2, 3)), "b": [np.zeros(3)]}
    state = optimizer.init(params)
    for _ in range(3):
        gradient = tw.grad(lambda p: np.sum((p["w"] - 2) ** 2) + np.sum((p["b"][0] + 1) ** 2))(
            params
        )
        updates, state = optimizer.update(gradient, state, params)
        params = optim.apply_updates(params, updates)
        params["w"] *= 1.0
    assert kinds(params) == {np.ndarray}
    assert kinds(state) == {np.ndarray, np.int32}


def test_series_and_lists_count_as_arrays() -> None:
    pandas = pytest.importorskip("pandas")
    found = tw.grad(loss)(pandas.Series(X))
    assert type(found) is np.ndarray
    assert tw.grad(lambda x: x[0] ** 2 + x[1])([2.0, 3.0]) == [4.0, 1.0]
