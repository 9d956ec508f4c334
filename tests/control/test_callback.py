"""pure_callback: any function of NumPy arrays inside of a traced or compiled function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import (
    ArgumentError,
    CallError,
    DtypeError,
    GradientError,
    ShapeError,
    UnsupportedOperation,
)

X = np.random.default_rng(0).normal(size=(4, 3))
# However a function is run: at once, or in a program of an engine.
ways = pytest.mark.parametrize(
    "run", [lambda f: f, lambda f: tw.jit(f, engine="numpy"), tw.jit], ids=["eager", "numpy", "jit"]
)


@ways
def test_it_gives_what_the_function_gives(run: Any) -> None:
    found = run(lambda x: tw.pure_callback(np.sort, np.empty((4, 3)), x * 2.0) + 1.0)(X)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, np.sort(X * 2.0) + 1.0)


@ways
def test_arguments_and_results_are_trees(run: Any) -> None:
    def moments(pair: Any, *, scale: Any) -> Any:
        assert all(type(x) is np.ndarray for x in (*pair, scale["s"]))
        total = scale["s"] * (pair[0] + pair[1])
        return {"mean": total.mean(), "rest": (total.argmax(0), total > 0.0)}

    stated = {"mean": np.empty(()), "rest": (np.empty(3, int), np.empty((4, 3), bool))}

    def function(x: Any, y: Any) -> Any:
        return tw.pure_callback(moments, stated, (x, y), scale={"s": 2.0})

    found, wanted = run(function)(X, X**2), moments((X, X**2), scale={"s": np.array(2.0)})
    assert found["mean"] == wanted["mean"]
    np.testing.assert_array_equal(found["rest"][0], wanted["rest"][0])
    np.testing.assert_array_equal(found["rest"][1], wanted["rest"][1])


@ways
def test_tensors_come_out_where_tensors_went_in(run: Any) -> None:
    found = run(lambda x: tw.pure_callback(np.sort, np.empty((4, 3)), x))(tw.tensor(X))
    assert type(found) is tw.Tensor
    np.testing.assert_array_equal(np.asarray(found), np.sort(X))


@ways
def test_a_result_that_is_not_what_was_stated_is_refused_with_the_line(run: Any) -> None:
    here = r"pure_callback\(.*\) at .*test_callback\.py:\d+ returned"
    cases = [
        (lambda x: x[:2], ShapeError, rf"{here} an array of shape \(2, 3\); \(4, 3\) was stated"),
        (lambda x: x.astype(np.float32), DtypeError, rf"{here} an array of dtype float32; float64"),
        (lambda x: (x, x), CallError, rf"{here} .*; .* was stated. Return a tree"),
        (lambda x: 1j, DtypeError, None),
    ]
    for function, error, told in cases:
        stated = np.empty((4, 3)) if told else np.empty(())
        called = run(lambda x, f=function, s=stated: tw.pure_callback(f, s, x) * 2.0)
        with pytest.raises(error, match=told):
            called(X)


def test_python_numbers_take_the_dtype_that_was_stated() -> None:
    for dtype in (np.float32, np.float64, np.complex64):
        found = tw.pure_callback(lambda x: 3, np.empty((), dtype), X)
        assert (found.dtype, found) == (dtype, 3)


@ways
def test_the_function_may_keep_and_change_what_it_is_given(run: Any) -> None:
    kept: list[Any] = []

    def greedy(x: Any) -> Any:
        x += 1.0
        kept.append(x)
        return x

    x = np.ones(3)
    f = run(lambda x: tw.pure_callback(greedy, np.empty(3), x) + x)
    first, second = f(x), f(5.0 * x)
    assert (x.tolist(), first.tolist(), second.tolist()) == ([1.0] * 3, [3.0] * 3, [11.0] * 3)
    kept[-1][:] = 0.0
    assert first.tolist() == [3.0] * 3


def test_the_function_may_compute_with_tensors_and_be_traced_around() -> None:
    def inside(x: Any) -> Any:
        return np.asarray(tw.grad(lambda y: tw.sum(tw.sin(y) * y))(tw.tensor(x)))

    def outside(x: Any) -> Any:
        return np.sin(x) * tw.pure_callback(inside, np.empty((4, 3)), X)

    wanted = np.sin(X) * (np.cos(X) * X + np.sin(X))
    for f in (outside, tw.jit(outside), lambda x: tw.vjp(outside, x)[0]):
        np.testing.assert_allclose(f(X), wanted, rtol=1e-13)


METHODS = ("sequential", "expand_dims", "broadcast_all")


@pytest.mark.parametrize("method", METHODS)
@ways
def test_batches_are_called_as_was_said(run: Any, method: Any) -> None:
    seen: list[Any] = []

    def scaled(x: Any, s: Any) -> Any:
        seen.append((x.shape, s.shape))
        return np.sort(x, -1) * s[..., None]

    def one(x: Any, s: Any) -> Any:
        return tw.pure_callback(scaled, np.empty(3), x, s, vmap_method=method)

    s = np.array(2.0)
    np.testing.assert_array_equal(run(tw.vmap(one, (0, None)))(X, s), np.sort(X, -1) * 2.0)
    calls = {
        "sequential": [((3,), ())] * 4,
        "expand_dims": [((4, 3), (1,))],
        "broadcast_all": [((4, 3), (4,))],
    }
    assert seen == calls[method]
    nested = run(tw.vmap(tw.vmap(one, (0, None)), (None, 0)))(X, np.arange(2.0))
    np.testing.assert_array_equal(nested, np.sort(X, -1) * np.arange(2.0)[:, None, None])


@pytest.mark.parametrize("method", METHODS)
def test_batches_are_those_of_jax(method: Any) -> None:
    jax = pytest.importorskip("jax")

    def outer(x: Any, y: Any) -> Any:
        return (np.asarray(x)[..., :, None] * np.asarray(y)[..., None, :]).astype(np.float32)

    def one(library: Any) -> Any:
        stated = jax.ShapeDtypeStruct((3, 2), np.float32)
        return lambda x, y: library.pure_callback(outer, stated, x, y, vmap_method=method)

    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    y = np.array([1.0, -2.0], np.float32)
    wanted = jax.vmap(one(jax), (0, None))(x, y)
    np.testing.assert_array_equal(tw.vmap(one(tw), (0, None))(x, y), np.asarray(wanted))


def test_a_batch_of_which_nothing_was_said_is_refused() -> None:
    with pytest.raises(UnsupportedOperation, match=r"vmap_method=, one of 'sequential'"):
        tw.vmap(lambda x: tw.pure_callback(np.sort, np.empty(3), x))(X)


@pytest.mark.parametrize("derivative", [tw.grad, tw.jacfwd, lambda f: tw.jit(tw.grad(f))])
def test_it_has_no_derivative_and_says_what_to_do(derivative: Any) -> None:
    def total(x: Any) -> Any:
        return tw.pure_callback(np.sum, np.empty(()), x) * 2.0

    with pytest.raises(GradientError, match=r"pure_callback\(sum\) at .* nobody knows.*custom_vjp"):
        derivative(total)(X)


def test_what_is_held_constant_needs_no_derivative() -> None:
    def loss(x: Any) -> Any:
        ranks = tw.pure_callback(lambda x: x.argsort(), np.empty(3, int), x)
        held = tw.pure_callback(np.sort, np.empty(3), tw.stop_gradient(x))
        return np.sum(x * held) + np.sum(x * ranks)

    wanted = np.sort(X[0]) + X[0].argsort()
    for run in (lambda f: f, tw.jit):
        np.testing.assert_allclose(run(tw.grad(loss))(X[0]), wanted, rtol=1e-14)


def test_what_nobody_reads_is_not_called() -> None:
    def refused(x: Any) -> Any:
        raise AssertionError("it is called")

    def function(x: Any) -> Any:
        tw.pure_callback(refused, np.empty(3), x)
        return x + 1.0

    np.testing.assert_array_equal(tw.jit(function)(X[0]), X[0] + 1.0)


def test_another_function_in_its_place_is_another_program() -> None:
    def fitted(function: Any) -> Any:
        loss = lambda w, x: np.sum(w * tw.pure_callback(function, np.empty(3), x[0]))
        return tw.fit(loss, 1.0, X, optimizer=tw.optim.sgd(0.0)).history.loss[0]

    functions = [lambda x, k=k: x * k for k in (1.0, 2.0, 3.0)]
    assert [fitted(f) for f in functions] == pytest.approx([k * X[0].sum() for k in (1, 2, 3)])


@pytest.mark.filterwarnings("error")
def test_it_is_what_was_asked_for_and_nothing_to_warn_of_or_refuse() -> None:
    f = tw.jit(lambda x: tw.pure_callback(np.sort, np.empty((4, 3)), x), fallback="refuse")
    np.testing.assert_array_equal(f(X), np.sort(X))


def test_its_arguments_are_looked_at() -> None:
    with pytest.raises(ArgumentError, match=r"vmap_method='parallel'; it wants 'sequential'"):
        tw.pure_callback(np.sort, np.empty(3), X, vmap_method="parallel")  # type: ignore[arg-type]
    for stated in (3, float, np.empty(3, object)):
        with pytest.raises(ArgumentError, match=r"result_shape_dtypes; it wants objects with"):
            tw.pure_callback(np.sort, stated, X)
