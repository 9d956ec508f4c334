"""Right derivatives and agreeing engines pass; wrong ones are named, of either order."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.engines import registry
from thalweg.engines.numpy import NumpyEngine
from thalweg.errors import ArgumentError, DtypeError, EngineError, GradientError
from thalweg.testing import check_engines_agree, check_gradients


def test_right_derivatives_pass_over_trees_of_arguments() -> None:
    params = {"w": np.array([[0.3, -1.2]]), "b": [np.array(0.7)]}
    check_gradients(lambda p, x: np.tanh(p["w"] @ x) * p["b"][0], params, np.array([1.0, 2.0]))


def test_integers_and_tensors_are_taken_as_arguments() -> None:
    check_gradients(lambda x, i: x[i] ** 2, tw.Tensor([1.0, 2.0, 3.0]), np.array([0, 2, 2]))


def test_a_wrong_first_derivative_is_named() -> None:
    with pytest.raises(
        GradientError,
        match=r"order 1 with respect to argument \[0\]\['w'\], element \(0,\), is .* but",
    ):
        check_gradients(lambda p: tw.stop_gradient(p["w"]) * p["w"], {"w": np.array([1.5, 2.0])})


def test_a_wrong_second_derivative_is_named_only_if_asked_for() -> None:
    def bent(x: tw.Tensor) -> tw.Tensor:
        # The value and slope of x³, but the slope does not depend on x.
        held = tw.stop_gradient(x)
        return held**3 + 3 * held**2 * (x - held)

    point = np.array([1.5])
    check_gradients(bent, point, order=1)
    with pytest.raises(GradientError, match="order 2"):
        check_gradients(bent, point, order=2)


def test_a_derivative_that_is_nan_is_refused() -> None:
    with pytest.raises(GradientError, match="is nan"):
        check_gradients(lambda x: np.where(x > 0, x, np.sqrt(np.abs(x) * 0.0)), np.array([1.0]))


def test_what_cannot_be_checked_is_refused() -> None:
    with pytest.raises(DtypeError, match=r"dtype float32; differences need float64"):
        check_gradients(np.sin, np.float32([1.0]))
    with pytest.raises(ArgumentError, match="no floating argument"):
        check_gradients(np.sin, np.array([1]))
    with pytest.raises(ArgumentError, match="without a floating result"):
        check_gradients(np.sign(1.0).__lt__, np.array([1.0]))


def test_engines_agree_over_trees_also_where_values_are_not_finite() -> None:
    params = {"w": np.array([0.0, 1.0, np.inf]), "n": 3}
    check_engines_agree(lambda p: {"log": np.log(p["w"] - 1e-3), "all": (p["n"] + 1, p)}, params)
    check_engines_agree(lambda x: x * 2, tw.Tensor([1.0], requires_grad=True))
    check_engines_agree(lambda: np.float32(2.0))


def other_engine(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Put the reference engine, with its results changed, in the native engine's place."""

    class Changed(NumpyEngine):
        def compile(self, program: Any) -> Any:
            run = super().compile(program)
            return lambda *arrays: [change(result) for result in run(*arrays)]

    engines = {"numpy": NumpyEngine(), "native": Changed()}
    monkeypatch.setattr(registry, "engine", engines.__getitem__)


def test_an_engine_that_differs_is_named_with_the_element(monkeypatch: pytest.MonkeyPatch) -> None:
    other_engine(monkeypatch, lambda result: result * (1.0 + 1e-6))
    message = (
        r"'native' gives 2\.000002 for the result \['y'\], element \(0, 1\), but 'numpy' gives "
        r"2\.0\. Engines must agree: .*rtol"
    )
    with pytest.raises(EngineError, match=message):
        check_engines_agree(lambda x: {"y": np.abs(x)}, np.array([[0.0, -2.0]]))
    check_engines_agree(np.abs, np.array([[0.0, -2.0]]), rtol=1e-5)
    other_engine(monkeypatch, lambda result: result + 1)
    with pytest.raises(EngineError, match="gives 3 for"):
        check_engines_agree(np.abs, np.array([-2]))


def test_an_engine_that_gives_another_spec_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    other_engine(monkeypatch, lambda result: result.astype(np.float32))
    with pytest.raises(EngineError, match=r"gives float32\[1\] .* gives float64\[1\]"):
        check_engines_agree(np.abs, np.array([1.0]))
