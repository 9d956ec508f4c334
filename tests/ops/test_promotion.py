"""Dtypes of results are NumPy's (NEP 50): Python numbers give way, everything else does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.core.program import trace
from thalweg.core.tensor import as_tensor, make
from thalweg.errors import ArgumentError, DtypeError

DTYPES = [np.bool_, np.int32, np.int64, np.float32, np.float64]
SCALARS = [True, 3, 2.5, np.bool_(True), np.int32(3), np.int64(3), np.float32(2.5), np.float64(2.5)]
FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: y * x,
    "divide": lambda x, y: x / y,
    "reflected divide": lambda x, y: y / x,
    "maximum": lambda x, y: np.maximum(x, y),
    "power": lambda x, y: np.power(x, y),
    "less": lambda x, y: x < y,
    "where": lambda x, y: np.where(x == x, x, y),
    "where of the scalar": lambda x, y: np.where(x == x, y, x),
    "clip": lambda x, y: np.clip(x, y, None),
    "logical_and": lambda x, y: np.logical_and(x, y),
    "concatenate": lambda x, y: np.concatenate([x, x + y]),
}
each_function = pytest.mark.parametrize("name", FUNCTIONS)


def operand(dtype: Any) -> Any:
    return np.array([1, 1, 1]).astype(dtype)


def dtype_traced(function: Callable[..., Any], *operands: Any) -> Any:
    result, _, _ = trace(function, [tw.Tensor(x).spec for x in operands], make)
    return result.dtype


@each_function
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tensor_and_a_scalar_give_the_dtype_of_numpy(name: str, dtype: Any) -> None:
    function, x = FUNCTIONS[name], operand(dtype)
    for scalar in SCALARS:
        expected = function(x, scalar).dtype
        assert function(tw.Tensor(x), scalar).dtype == expected, repr(scalar)
        assert dtype_traced(lambda t, s=scalar: function(t, s), x) == expected, repr(scalar)


@each_function
@pytest.mark.parametrize("dtype", DTYPES)
def test_two_tensors_give_the_dtype_of_numpy(name: str, dtype: Any) -> None:
    function, x = FUNCTIONS[name], operand(dtype)
    for other in DTYPES:
        y = operand(other)
        expected = function(x, y).dtype
        assert function(tw.Tensor(x), tw.Tensor(y)).dtype == expected, other
        assert function(tw.Tensor(x), y).dtype == expected, other
        assert function(x, tw.Tensor(y)).dtype == expected, other
        assert dtype_traced(function, x, y) == expected, other


@pytest.mark.parametrize("dtype", DTYPES)
def test_functions_of_integers_compute_in_float64(dtype: Any) -> None:
    expected = np.float32 if dtype is np.float32 else np.float64
    for function in (np.exp, np.sqrt, np.tanh, np.log1p, np.arctan, np.sin, np.mean, np.std):
        assert function(tw.Tensor(operand(dtype))).dtype == expected


def test_python_numbers_stay_weak_inside_derivatives() -> None:
    x = tw.Tensor(np.float32([1.0, 2.0]))
    seen = []

    def loss(scale: tw.Tensor) -> tw.Tensor:
        seen.append((x * (2 * scale + 1)).dtype)
        return tw.sum(x * scale)

    tw.grad(loss)(0.25)
    assert seen == [np.float32]


def test_bits_of_floats_are_refused() -> None:
    x = tw.Tensor([1.0, 2.0])
    with pytest.raises(DtypeError, match=r"& got float64 and float64; it wants Bool.*logical_and"):
        x & x
    with pytest.raises(DtypeError, match=r"~ got float64"):
        np.invert(x)


def test_powers_of_integers_follow_numpy_or_are_refused() -> None:
    x = tw.Tensor(np.int32([1, 2, 3]))
    assert (x**2).dtype == np.int32
    assert (x**0.5).dtype == np.float64
    assert (2**x).tolist() == [2, 4, 8]
    assert (2.0**x).dtype == np.float64
    with pytest.raises(
        DtypeError, match=r"dtype int32 was raised to the power -1.*astype\(float\)"
    ):
        x**-1


def test_reflected_operators_keep_their_sides() -> None:
    x = tw.Tensor([1.0, 2.0])
    assert (3 - x).tolist() == [2.0, 1.0]
    assert (3 / x).tolist() == [3.0, 1.5]
    assert (3**x).tolist() == [3.0, 9.0]
    assert (5 // x).tolist() == [5.0, 2.0]
    assert (5 % x).tolist() == [0.0, 1.0]
    assert (np.array([[1.0, 2.0]]) @ x).tolist() == [5.0]
    assert (True & (x > 1)).tolist() == [False, True]
    assert (np.array([True, True]) ^ (x > 1)).tolist() == [True, False]


def test_python_integers_that_a_dtype_cannot_hold_are_refused() -> None:
    x = tw.Tensor(np.int32([1]))
    with pytest.raises(ArgumentError, match=r"integer 1099511627776 .* dtype int32.*astype"):
        x + 2**40
    assert (tw.Tensor([1]) + 2**40).item() == 2**40 + 1
    assert (tw.Tensor([1.0]) * 2**63).item() == 2.0**63


def test_conversions_are_those_of_numpy() -> None:
    values = np.array([-1.7, 0.0, 0.3, 2.9])
    for dtype in DTYPES:
        found = tw.Tensor(values).astype(dtype)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found.numpy(), values.astype(dtype))
    assert tw.Tensor(values).astype(int).dtype == np.int64
    assert tw.Tensor(values).astype("float32").dtype == np.float32
    assert tw.astype(tw.Tensor([True, False]), float).tolist() == [1.0, 0.0]


def test_in_place_arithmetic_writes_into_the_memory() -> None:
    x = tw.Tensor([1.0, 2.0])
    before = x
    x += 1
    assert (x.tolist(), before.tolist()) == ([2.0, 3.0], [2.0, 3.0])


@pytest.mark.parametrize("function", [np.floor_divide, np.remainder, np.power])
def test_booleans_are_counted_as_numpy_counts_them_also_while_traced(function: Any) -> None:
    x, y = np.array([True, False]), np.array([True, True])
    want = function(x, y)
    got = function(tw.Tensor(x), tw.Tensor(y))
    assert got.dtype == dtype_traced(function, x, y) == want.dtype == np.int8
    np.testing.assert_array_equal(got.numpy(), want)


@pytest.mark.parametrize("function", [np.negative, np.sign, lambda x: x - x])
@pytest.mark.parametrize("run", [lambda f, x: f(tw.Tensor(x)), lambda f, x: tw.jit(f)(x)])
def test_what_has_no_meaning_for_booleans_is_refused(function: Any, run: Any) -> None:
    with pytest.raises(DtypeError, match="Booleans were subtracted"):
        run(function, np.array([True, False]))


def test_a_number_whose_dtype_was_asked_for_does_not_give_way() -> None:
    number = as_tensor(2.0).astype(np.float32)
    assert (number + 1.0).dtype == np.float32
    assert np.where(tw.tensor([True, False]), number, 1.0).dtype == np.float32
    assert (as_tensor(2.0).astype(np.float64) + tw.ones(2, dtype=tw.float32)).dtype == np.float64


@pytest.mark.parametrize("name", ["arctan2", "copysign", "hypot", "logaddexp", "nextafter"])
def test_functions_of_two_floats_have_the_dtype_of_both(name: str) -> None:
    pairs = [("f4", "f8"), ("f8", "f4"), ("f4", "f4"), ("i8", "f4"), ("f4", "i8"), ("f2", "f4")]
    for x, y in pairs if name != "nextafter" else pairs[:3]:
        given = np.array([1.5, -2.0]).astype(x), np.array([-1.0, 3.0]).astype(y)
        expected = getattr(np, name)(*given)
        found = getattr(tw, name)(*map(tw.tensor, given))
        assert found.dtype == expected.dtype, (x, y)
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-3)
    assert getattr(tw, name)(tw.tensor(given[0]), -1.0).dtype == given[0].dtype
