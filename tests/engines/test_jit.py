"""jit: traced once a signature, the same results, every transformation through it."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import ArgumentError, EngineError, TracingError

X = np.array([1.0, 2.0, 3.0])


def counted(function: Any, **options: Any) -> tuple[Any, list[Any]]:
    """Return a jitted function and the list of its runs in Python."""
    runs: list[Any] = []

    def traced(*args: Any, **kwargs: Any) -> Any:
        runs.append(args)
        return function(*args, **kwargs)

    return tw.jit(traced, engine="numpy", **options), runs


def test_a_function_is_traced_once_a_signature() -> None:
    f, runs = counted(lambda x: np.sum(x**2))
    assert [f(X), f(2 * X), f(tw.Tensor(X))] == [14.0, 56.0, 14.0]
    assert len(runs) == 1
    f(X[:2])
    f(X.astype(np.float32))
    f(1.0)
    assert len(runs) == 4


def test_trees_go_in_and_come_out() -> None:
    f, runs = counted(lambda p, scale: {"sum": p["a"] + p["b"], "scale": (scale, None)})
    found = f({"a": X, "b": 1.0}, scale=2)
    assert found["sum"].tolist() == [2.0, 3.0, 4.0]
    assert found["scale"][0] == 2
    assert found["scale"][1] is None
    f({"b": 5.0, "a": X}, scale=3)
    assert len(runs) == 1


def test_python_numbers_stay_weak() -> None:
    f, _ = counted(lambda x, s: x * s)
    assert f(X.astype(np.float32), 2.0).dtype == np.float32
    assert (f(1.0, 2.0) * X.astype(np.float32)).dtype == np.float32


def test_strings_are_static_and_so_is_what_is_named() -> None:
    f, runs = counted(lambda x, mode: x * 2 if mode == "double" else x)
    assert f(X, "double").tolist() == [2.0, 4.0, 6.0]
    assert f(X, "same").tolist() == [1.0, 2.0, 3.0]
    assert len(runs) == 2
    g, runs = counted(
        lambda x, n, flip: np.sum(x[:n]) if flip else x[0], static_argnums=1, static_argnames="flip"
    )
    assert g(X, 2, flip=True) == 3.0
    assert g(X, 2, flip=False) == 1.0
    assert g(X, 3, flip=True) == 6.0
    g(X, 3, flip=True)
    assert len(runs) == 3


def test_static_values_that_are_equal_but_of_other_types_are_told_apart() -> None:
    f, _ = counted(lambda x, s: type(s).__name__ == "bool" and x, static_argnums=1)
    assert f(X, True).tolist() == X.tolist()
    assert not f(X, 1)


def test_arrays_of_outer_scopes_are_read_anew() -> None:
    shift = np.zeros(3)
    f, runs = counted(lambda x: x + shift)
    f(X)
    shift[:] = 1.0
    assert f(X).tolist() == [2.0, 3.0, 4.0]
    assert len(runs) == 1


def test_it_is_a_decorator_too() -> None:
    @tw.jit(engine="numpy")
    def double(x: Any) -> Any:
        """Twice."""
        return 2 * x

    assert double.__doc__ == "Twice."
    assert double(X).tolist() == [2.0, 4.0, 6.0]


def test_every_transformation_goes_through() -> None:
    f, _ = counted(lambda x: np.sum(np.exp(x) * x))
    plain = f.__wrapped__
    assert tw.grad(f)(X).tolist() == tw.grad(plain)(X).tolist()
    assert tw.hessian(f)(X).tolist() == tw.hessian(plain)(X).tolist()
    assert tw.jvp(f, (X,), (X,))[1] == tw.jvp(plain, (X,), (X,))[1]
    batch = np.stack([X, 2 * X])
    np.testing.assert_allclose(tw.vmap(f)(batch), tw.vmap(plain)(batch))
    outer = tw.jit(lambda x: f(x) + 1, engine="numpy")
    assert outer(X) == f(X) + 1


def test_transformations_go_inside() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.exp(x) * x)

    for transformed in (tw.grad(f), tw.hessian(f), tw.vmap(tw.vmap(np.sin))):
        point = np.ones((2, 3)) if transformed.__name__ == "vectorized" else X
        ours = tw.jit(transformed, engine="numpy")(point)
        np.testing.assert_allclose(ours, transformed(point), rtol=1e-14)


def test_a_leaf_receives_its_gradient_through_a_jitted_function() -> None:
    w = tw.Tensor(X, requires_grad=True)
    f, runs = counted(lambda x: np.sum(w * x))
    assert f(X).requires_grad
    f(X).backward()
    assert w.grad.tolist() == X.tolist()
    with tw.no_grad():
        assert isinstance(f(X), np.float64)
    assert len(runs) == 1


def test_a_value_asked_for_while_tracing_is_refused() -> None:
    with pytest.raises(TracingError, match="where instead of if"):
        tw.jit(lambda x: x if x[0] > 0 else -x, engine="numpy")(X)


def test_what_cannot_be_a_key_is_refused() -> None:
    class Unhashable:
        __hash__ = None  # type: ignore[assignment]

    with pytest.raises(ArgumentError, match=r"neither an array nor hashable.*make the argument"):
        tw.jit(lambda x: 1.0, engine="numpy")(Unhashable())


def test_an_unknown_engine_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ArgumentError, match=r"'nativ' was given. Did you mean 'native'.*auto"):
        tw.jit(lambda x: x, engine="nativ")(X)


def test_an_engine_that_cannot_be_imported_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from thalweg.engines import registry

    monkeypatch.setitem(registry.ENGINES, "jax", ("thalweg.engines.nowhere", "Engine"))
    registry.engine.cache_clear()
    with pytest.raises(EngineError, match=r"'jax' cannot be imported: No module.*Install"):
        tw.jit(lambda x: x, engine="jax")(X)
    registry.engine.cache_clear()


def test_auto_falls_back_with_one_warning_that_names_primitive_and_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from thalweg.engines import registry
    from thalweg.engines.numpy import NumpyEngine

    class NoTangents(NumpyEngine):
        def unsupported(self, program: Any) -> list[Any]:
            return [e for e in program.equations if e.primitive.name == "tan"]

    native = NoTangents()
    monkeypatch.setattr(registry, "engine", lambda name: native)
    assert registry.choose("auto") is native
    f = tw.jit(lambda x: np.tan(x))
    with pytest.warns(UserWarning, match=r"cannot run tan \(made at .*test_jit.py:\d+\)") as seen:
        assert f(X).tolist() == np.tan(X).tolist()
    assert len(seen) == 1
    f(X)


def test_auto_falls_back_where_the_native_engine_cannot_be_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from thalweg.engines import registry

    monkeypatch.setitem(registry.ENGINES, "native", ("thalweg.engines.nowhere", "Engine"))
    registry.engine.cache_clear()
    with pytest.warns(UserWarning, match=r"slow reference engine.*cannot be imported"):
        assert tw.jit(np.sin)(X).tolist() == np.sin(X).tolist()
    registry.engine.cache_clear()


def test_a_gradient_at_a_captured_point_runs_compiled() -> None:
    point = np.array([1.0, -2.0])
    found = tw.jit(lambda x: tw.grad(lambda b: np.sum(np.tanh(b) * x))(point))(np.ones(2))
    assert type(found) is np.ndarray
    assert np.allclose(found, 1 - np.tanh(point) ** 2, rtol=1e-14)


@pytest.mark.parametrize("draw", [lambda: wing.rand(()), lambda: np.random.rand()])  # noqa: NPY002
def test_random_numbers_that_are_drawn_once_are_warned_of(draw: Any) -> None:
    f = tw.jit(lambda x: x + draw(), engine="numpy")
    with pytest.warns(UserWarning, match="function .*every call uses the same ones"):
        first = f(0.0)
    assert f(0.0) == first


def test_later_calls_with_arrays_are_as_the_first() -> None:
    """They take a short way, once a program for such arrays is there."""
    held = tw.tensor(np.array([1.0, 2.0]))
    function = tw.jit(lambda x, y: (x, {"sum": np.sum(x * y), "held": x * held}))
    x, y = np.array([3.0, 4.0]), np.array([1.0, 1.0])
    for _ in range(3):
        same, found = function(x, y)
        assert type(same) is np.ndarray
        assert not np.shares_memory(same, x)
        assert type(found["sum"]) is np.float64
        assert found["sum"] == 7.0
        np.testing.assert_array_equal(found["held"], [3.0, 8.0])
        assert type(found["held"]) is np.ndarray
    np.testing.assert_array_equal(function(x[::-1], y)[0], [4.0, 3.0])
    np.testing.assert_array_equal(function(x[::-1], y)[0], [4.0, 3.0])
    held.requires_grad_()
    again = function(x, y)[1]["held"]
    assert again.requires_grad
    np.testing.assert_array_equal(again.detach().numpy(), [3.0, 8.0])
    assert isinstance(function(tw.tensor(x), y)[0], tw.Tensor)
    assert function(x.astype(np.float32), y)[0].dtype == np.float32


def test_a_weak_result_stays_a_number_in_later_calls() -> None:
    function = tw.jit(lambda x: (2.5, x + 1.0))
    x = np.ones(2, np.float32)
    assert [type(function(x)[0]) for _ in range(3)] == [float] * 3


def test_what_is_recorded_is_not_compiled() -> None:
    held = tw.tensor(np.array([1.0, 2.0]), requires_grad=True)
    function = tw.jit(lambda x: np.abs(np.fft.rfft(x * held)), engine="native", fallback="refuse")
    for _ in range(2):
        assert function(np.array([3.0, 4.0])).requires_grad
