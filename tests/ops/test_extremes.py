"""Empty tensors, zeros, infinities and NaN: values as NumPy's, derivatives that stay useful."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import ArgumentError, ShapeError
from thalweg.testing import check_gradients

SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 5e-324])


def assert_same(found: Any, expected: Any) -> None:
    np.testing.assert_array_equal(np.asarray(found), expected)


# ---- values


UNARY = ["isnan", "isinf", "isfinite", "rint", "trunc", "floor", "sign", "sqrt", "log", "exp2"]


@pytest.mark.parametrize("name", UNARY)
def test_special_values_are_mapped_as_numpy_maps_them(name: str) -> None:
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(SPECIAL)
    assert_same(getattr(np, name)(tw.Tensor(SPECIAL)), expected)


@pytest.mark.parametrize("name", ["sum", "max", "min", "prod", "mean", "var", "argmax", "argmin"])
def test_reductions_of_special_values_are_those_of_numpy(name: str) -> None:
    for row in (SPECIAL, SPECIAL[1:], SPECIAL[3:], SPECIAL[2:4]):
        with np.errstate(all="ignore"):
            expected = getattr(np, name)(row)
        assert_same(getattr(np, name)(tw.Tensor(row)), expected)


def test_clip_and_nan_to_num_treat_special_values_as_numpy() -> None:
    x = tw.Tensor(SPECIAL)
    assert_same(np.clip(x, -1, 1), np.clip(SPECIAL, -1, 1))
    assert_same(np.clip(x, np.nan, 1), np.clip(SPECIAL, np.nan, 1))
    assert_same(np.nan_to_num(x), np.nan_to_num(SPECIAL))
    assert_same(
        np.nan_to_num(x, nan=7.0, posinf=1.0, neginf=-1.0),
        np.nan_to_num(SPECIAL, nan=7.0, posinf=1.0, neginf=-1.0),
    )


def test_rounding_is_to_even_and_exact() -> None:
    x = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, 2.0**52 + 1, -1e-20, 1e300])
    assert_same(np.round(tw.Tensor(x)), np.round(x))
    assert_same(np.round(tw.Tensor(x), 1), np.round(x, 1))
    assert_same(np.round(tw.Tensor([125, 7])), [125, 7])
    assert_same(np.round(tw.Tensor([1250.0, 749.0]), -2), np.round(np.array([1250.0, 749.0]), -2))
    with pytest.raises(ArgumentError, match="round got decimals -1 for dtype int64"):
        tw.round(tw.Tensor([125]), -1)


def test_the_error_function_is_right_to_the_last_bits() -> None:
    x = np.concatenate([np.linspace(-6, 6, 301), [1e-300, 1e-8, 0.84375, 1.25, 27.0, -np.inf]])
    exact = np.array([float(mpmath.erf(mpmath.mpf(float(v)))) for v in x])
    found = wing.erf(x).numpy()
    assert np.max(np.abs(found - exact) / np.spacing(np.abs(exact) + 1e-300)) <= 1.0
    assert wing.erf(np.float32(x)).dtype == np.float32
    assert math.isnan(wing.erf(np.nan).item())


ACCURATE = ["sinh", "arctanh", "arcsin", "arccos", "log2", "log10", "expm1", "exp2", "cosh"]


@pytest.mark.parametrize("name", ACCURATE)
def test_composed_functions_keep_their_digits_near_zero(name: str) -> None:
    x = np.array([1e-12, 1e-5, 0.01, 0.3, 0.7, 0.999])
    expected = getattr(np, name)(x)
    np.testing.assert_allclose(getattr(tw, name)(x).numpy(), expected, rtol=4e-15, atol=1e-300)


# ---- nothing to reduce


def test_reductions_of_nothing_are_those_of_numpy() -> None:
    empty, rows = np.zeros((0,)), np.zeros((0, 3))
    for function in (np.sum, np.prod, np.any, np.all, np.cumsum):
        assert_same(function(tw.Tensor(empty)), function(empty))
        assert_same(function(tw.Tensor(rows), axis=0), function(rows, axis=0))
        assert_same(function(tw.Tensor(rows), axis=1), function(rows, axis=1))
    assert math.isnan(tw.mean(empty).item())
    assert tw.logsumexp(np.zeros((0, 3)), axis=1).shape == (0,)


@pytest.mark.parametrize("function", [tw.max, tw.min, tw.argmax, tw.argmin])
def test_extremes_of_nothing_are_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(ShapeError, match=r"empty axis of shape \(0, 3\); it wants at least one"):
        function(np.zeros((0, 3)), axis=0)


def test_gradients_of_broadcast_with_nothing_have_the_shape_of_the_operand() -> None:
    empty = np.zeros((0, 3))
    for shape in ((1, 3), (3,), (), (0, 1), (0, 3), (1, 1)):
        slope = tw.grad(lambda y: tw.sum(empty * y))(np.ones(shape))
        assert_same(slope, np.zeros(shape))


# ---- derivatives where formulas break


def test_a_power_of_zero_has_the_derivatives_of_its_polynomial() -> None:
    x = np.array([0.0, 2.0, -3.0])
    for exponent in (0, 1, 2, 3, 4):
        polynomial = np.polynomial.Polynomial([0] * exponent + [1])
        for power in (exponent, float(exponent), np.full(3, float(exponent))):
            slope = tw.grad(lambda t, p=power: tw.sum(t**p))
            assert_same(slope(x), polynomial.deriv()(x))
            curvature = tw.grad(lambda t, s=slope: tw.sum(s(t)))
            assert_same(curvature(x), polynomial.deriv(2)(x))


def test_the_exponent_of_a_power_has_derivatives_to_second_order() -> None:
    check_gradients(np.power, np.array([0.5, 2.0]), np.array([1.5, -0.7]))
    check_gradients(lambda y: 2.0**y, np.array(1.3))
    assert tw.grad(lambda y: tw.power(0.0, y))(2.0) == 0.0
    assert math.isnan(tw.grad(lambda y: tw.power(-2.0, y))(2.0))


@pytest.mark.parametrize(
    "x", [[2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [0.0, 0.0, 4.0], [0.0, 0.0, 0.0], [5.0]]
)
def test_products_with_zeros_have_their_derivatives_to_second_order(x: list[float]) -> None:
    check_gradients(np.prod, np.array(x))


def test_products_over_several_axes_have_their_derivatives() -> None:
    x = np.arange(24.0).reshape(2, 3, 4) / 10.0
    check_gradients(lambda t: np.prod(t, axis=(0, 2)), x, rtol=1e-4)


def test_ties_share_the_derivative() -> None:
    x = np.array([3.0, 1.0, 3.0])
    assert_same(tw.grad(np.max)(x), [0.5, 0.0, 0.5])
    assert_same(tw.grad(np.min)(-x), [0.5, 0.0, 0.5])
    first, second = tw.grad(lambda a, b: np.sum(np.maximum(a, b)), (0, 1))(x, np.full(3, 3.0))
    assert_same(first, [0.5, 0.0, 0.5])
    assert_same(second, [0.5, 1.0, 0.5])


def test_the_euclidean_norm_is_flat_at_zero() -> None:
    assert_same(tw.grad(np.linalg.norm)(np.zeros(3)), np.zeros(3))
    assert_same(tw.grad(lambda x: np.sum(np.linalg.norm(x, axis=1)))(np.eye(2, 3)), np.eye(2, 3))
    found = tw.grad(lambda x: np.sum(np.linalg.norm(x, axis=1)))(np.array([[0.0, 0.0], [3.0, 4.0]]))
    np.testing.assert_allclose(found, [[0.0, 0.0], [0.6, 0.8]], rtol=1e-15)


def test_where_keeps_the_derivative_of_what_it_does_not_choose_out() -> None:
    slope = tw.grad(lambda x: np.sum(np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0)))
    assert_same(slope(np.array([-1.0, 0.0, 4.0])), [0.0, 0.0, 0.25])


def test_norms_of_unknown_order_are_refused() -> None:
    x = tw.ones((2, 3))
    with pytest.raises(ArgumentError, match=r"ord 3; it wants 'fro', 'nuc', 1, -1, 2"):
        tw.linalg.norm(x, 3)
    with pytest.raises(ArgumentError, match=r"ord 'fro' for vectors"):
        tw.linalg.norm(x, "fro", axis=0)
    with pytest.raises(ArgumentError, match=r"norm got 3 axes with ord 1"):
        tw.linalg.norm(tw.ones((2, 2, 2)), 1)
