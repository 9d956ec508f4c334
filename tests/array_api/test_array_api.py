"""The Array API standard 2024.12, compared with array-api-strict on drawn arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import thalweg as tw
from tests.array_api.strict import (
    ALL,
    BOOLS,
    COMPLEX,
    FLOATS,
    INTEGERS,
    NUMBERS,
    REALS,
    agree,
    arrays,
    pairs,
    quickly,
    require_equal,
    xp,
)

# ---- elementwise

UNARY = {
    **dict.fromkeys(("abs", "negative", "positive", "sign", "square"), NUMBERS),
    **dict.fromkeys(("floor", "ceil", "trunc"), INTEGERS + REALS),
    "round": NUMBERS,
    "reciprocal": FLOATS,
    **dict.fromkeys(("isnan", "isinf", "isfinite"), NUMBERS),
    **dict.fromkeys(("exp", "expm1", "sin", "cos", "sinh", "cosh", "tanh", "sqrt"), FLOATS),
    **dict.fromkeys(("log", "log2", "log10", "log1p", "asinh", "atan", "tan"), FLOATS),
    **dict.fromkeys(("acos", "asin", "acosh", "atanh"), FLOATS),
    **dict.fromkeys(("real", "imag", "conj"), COMPLEX),
    "signbit": REALS,
    "bitwise_invert": BOOLS + INTEGERS,
    "logical_not": BOOLS,
}
BINARY = {
    **dict.fromkeys(("add", "subtract", "multiply"), NUMBERS),
    "divide": FLOATS,
    **dict.fromkeys(("atan2", "copysign", "hypot", "logaddexp", "nextafter"), REALS),
    **dict.fromkeys(("equal", "not_equal"), ALL),
    **dict.fromkeys(("less", "less_equal", "greater", "greater_equal"), INTEGERS + REALS),
    **dict.fromkeys(("maximum", "minimum"), INTEGERS + REALS),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), BOOLS + INTEGERS),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), BOOLS),
}


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_operand(name: str) -> None:
    @quickly
    @given(arrays(UNARY[name]))
    def check(x: np.ndarray) -> None:
        agree(name, x)

    check()


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_operands(name: str) -> None:
    @quickly
    @given(pairs(BINARY[name]))
    def check(operands: tuple[np.ndarray, np.ndarray]) -> None:
        agree(name, *operands)

    check()


@pytest.mark.parametrize("name", ["floor_divide", "remainder", "pow"])
def test_quotients_and_powers(name: str) -> None:
    @quickly
    @given(pairs(("int32", "int64", "float32", "float64")))
    def check(operands: tuple[np.ndarray, np.ndarray]) -> None:
        x, y = operands
        # Powers that fit, and divisors that are not zero.
        agree(name, np.clip(x, -4, 4), np.clip(np.abs(y), 1, 4))

    check()


@pytest.mark.parametrize("name", ["bitwise_left_shift", "bitwise_right_shift"])
def test_shifts(name: str) -> None:
    @quickly
    @given(pairs(INTEGERS))
    def check(operands: tuple[np.ndarray, np.ndarray]) -> None:
        x, y = operands
        agree(name, x, np.mod(np.abs(y), 7).astype(x.dtype))

    check()


@quickly
@given(pairs(NUMBERS), st.sampled_from(NUMBERS))
def test_dtypes_are_promoted(operands: tuple[np.ndarray, np.ndarray], other: str) -> None:
    x, y = operands
    try:
        expected = xp.result_type(xp.asarray(x), getattr(xp, other))
    except TypeError:
        return
    assert tw.result_type(tw.asarray(x), getattr(tw, other)).name == expected._np_dtype.name
    with np.errstate(all="ignore"):
        assert (tw.asarray(x) + tw.asarray(y).astype(other)).dtype.name == expected._np_dtype.name


@quickly
@given(arrays(INTEGERS + REALS), st.sampled_from(["__add__", "__rsub__", "__mul__", "__lt__"]))
def test_python_numbers_give_way(x: np.ndarray, name: str) -> None:
    with np.errstate(all="ignore"):
        require_equal(getattr(tw.asarray(x), name)(3), getattr(xp.asarray(x), name)(3))


# ---- reductions, searching, sorting, sets

REDUCTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("sum", "prod"), ("int8", "uint8", "int64", "float32", "float64")),
    **dict.fromkeys(("max", "min"), INTEGERS + REALS),
    "mean": FLOATS,
    **dict.fromkeys(("std", "var"), REALS),
    **dict.fromkeys(("all", "any"), ALL),
    "count_nonzero": ALL,
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name: str) -> None:
    @quickly
    @given(
        arrays(REDUCTIONS[name], hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)), st.data()
    )
    def check(x: np.ndarray, data: st.DataObject) -> None:
        axis = data.draw(st.none() | st.integers(-x.ndim, x.ndim - 1))
        agree(name, x, axis=axis, keepdims=data.draw(st.booleans()))

    check()


@pytest.mark.parametrize("correction", [0.0, 1.0, 0.5])
@pytest.mark.parametrize("name", ["std", "var"])
def test_corrections(name: str, correction: float) -> None:
    agree(name, np.arange(12.0).reshape(3, 4), axis=1, correction=correction)


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_running_sums_and_products(name: str) -> None:
    @quickly
    @given(
        arrays(("uint8", "int16", "int64", "float32", "complex128"), (2, 3)),
        st.sampled_from([0, 1, -1]),
        st.booleans(),
    )
    def check(x: np.ndarray, axis: int, initial: bool) -> None:
        with np.errstate(all="ignore"):
            agree(name, x, axis=axis, include_initial=initial)

    check()


ORDERED = INTEGERS + REALS


@pytest.mark.parametrize("name", ["sort", "argsort"])
@pytest.mark.parametrize("descending", [False, True])
def test_sorting(name: str, descending: bool) -> None:
    @quickly
    @given(arrays(ORDERED, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)))
    def check(x: np.ndarray) -> None:
        agree(name, x, axis=-1, descending=descending, stable=True)

    check()


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_places_of_extremes(name: str) -> None:
    @quickly
    @given(arrays(ORDERED, (3, 4)), st.sampled_from([None, 0, -1]), st.booleans())
    def check(x: np.ndarray, axis: int | None, keepdims: bool) -> None:
        agree(name, x, axis=axis, keepdims=keepdims)

    check()


@pytest.mark.parametrize(
    "name", ["nonzero", "unique_all", "unique_counts", "unique_inverse", "unique_values"]
)
def test_what_depends_on_values(name: str) -> None:
    @quickly
    @given(arrays(INTEGERS + REALS, hnp.array_shapes(min_dims=1, max_dims=2, max_side=5)))
    def check(x: np.ndarray) -> None:
        agree(name, x)

    check()


@quickly
@given(arrays(("float64",), (6,)), arrays(("float64",), (2, 3)), st.sampled_from(["left", "right"]))
def test_searching_among_sorted_values(x: np.ndarray, wanted: np.ndarray, side: str) -> None:
    agree("searchsorted", np.sort(x), wanted, side=side)


# ---- manipulation, indexing, creation

MATRIX = np.arange(12.0).reshape(3, 4)
CALLS: dict[str, Callable[[Any], Any]] = {
    "broadcast_arrays": lambda p: p.broadcast_arrays(p.ones((3, 1)), p.ones(2)),
    "broadcast_to": lambda p: p.broadcast_to(p.arange(3), (2, 3)),
    "concat": lambda p: p.concat([p.ones((2, 2)), p.zeros((1, 2), dtype=p.float32)]),
    "concat of all": lambda p: p.concat([p.ones((2, 2)), p.zeros(3)], axis=None),
    "expand_dims": lambda p: p.expand_dims(p.asarray(MATRIX), axis=-2),
    "flip": lambda p: p.flip(p.asarray(MATRIX), axis=(0, 1)),
    "moveaxis": lambda p: p.moveaxis(p.ones((2, 3, 4)), 0, -1),
    "permute_dims": lambda p: p.permute_dims(p.ones((2, 3, 4)), (2, 0, 1)),
    "repeat": lambda p: p.repeat(p.asarray(MATRIX), 2, axis=1),
    "reshape": lambda p: p.reshape(p.asarray(MATRIX), (2, -1), copy=True),
    "roll": lambda p: p.roll(p.asarray(MATRIX), (1, -2), axis=(0, 1)),
    "squeeze": lambda p: p.squeeze(p.ones((1, 2, 1)), axis=(0, 2)),
    "stack": lambda p: p.stack([p.ones(2), p.zeros(2)], axis=-1),
    "tile": lambda p: p.tile(p.asarray(MATRIX), (2, 1, 2)),
    "unstack": lambda p: p.unstack(p.asarray(MATRIX), axis=1),
    "take": lambda p: p.take(p.asarray(MATRIX), p.asarray([2, 0]), axis=1),
    "take_along_axis": lambda p: p.take_along_axis(
        p.asarray(MATRIX), p.asarray([[0], [3], [1]]), axis=1
    ),
    "where": lambda p: p.where(p.asarray(MATRIX) > 5, p.asarray(MATRIX), p.asarray(0.0)),
    "clip": lambda p: p.clip(p.asarray(MATRIX), 2, 7),
    "diff": lambda p: p.diff(p.asarray(MATRIX), n=2, prepend=p.zeros((3, 1))),
    "tril": lambda p: p.tril(p.asarray(MATRIX), k=1),
    "triu": lambda p: p.triu(p.asarray(MATRIX), k=-1),
    "masks": lambda p: p.asarray(MATRIX)[p.asarray(MATRIX) > 4],
    "slices": lambda p: p.asarray(MATRIX)[::-1, 1:4:2],
    "arange": lambda p: p.arange(1, 10, 3, dtype=p.float32),
    "arange of floats": lambda p: p.arange(0.0, 2.0, 0.5),
    "eye": lambda p: p.eye(3, 4, k=-1, dtype=p.int8),
    "full": lambda p: p.full((2, 2), 3 + 1j),
    "full of a Boolean": lambda p: p.full((2, 2), True),
    "like": lambda p: p.full_like(p.ones(2, dtype=p.uint8), 7),
    "linspace": lambda p: p.linspace(0, 1, 5, endpoint=False),
    "meshgrid": lambda p: p.meshgrid(p.arange(2), p.arange(3), indexing="ij"),
    "zeros": lambda p: p.zeros(3, dtype=p.complex64, device=None),
    "asarray": lambda p: p.asarray([[1, 2], [3, 4]], dtype=p.uint16, copy=True),
    "astype": lambda p: p.astype(p.asarray(MATRIX), p.int16, copy=True),
    "matmul": lambda p: p.asarray(MATRIX) @ p.ones((2, 4, 1)),
    "tensordot": lambda p: p.tensordot(p.asarray(MATRIX), p.asarray(MATRIX), axes=((0, 1), (0, 1))),
    "vecdot": lambda p: p.vecdot(p.asarray([1j, 2j]), p.asarray([1.0 + 0j, 3.0])),
    "matrix_transpose": lambda p: p.matrix_transpose(p.ones((2, 3, 4))),
    "mT": lambda p: p.ones((2, 3, 4)).mT,
    "cross": lambda p: p.linalg.cross(p.arange(3.0), p.asarray([2.0, 1.0, 0.0])),
    "diagonal": lambda p: p.linalg.diagonal(p.ones((2, 3, 4)), offset=1),
    "trace": lambda p: p.linalg.trace(p.ones((2, 3, 3))),
    "outer": lambda p: p.linalg.outer(p.arange(3.0), p.arange(2.0)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_gives_the_same_result(name: str) -> None:
    require_equal(CALLS[name](tw), CALLS[name](xp))
