"""check_gradients accepts right derivatives and refuses wrong ones, of either order."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import ArgumentError, DtypeError, GradientError
from thalweg.testing import check_gradients


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
