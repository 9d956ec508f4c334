"""The smallest forms of the programs on which random ones have failed, each kept for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.engines.llvm.kernels import runnable
from tests.fuzz.cases import Case
from tests.fuzz.compare import difference
from thalweg.core.primitive import PRIMITIVES
from thalweg.core.program import finish, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import make
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.errors import EngineError

_random = np.random.default_rng(3)


def real(*shape: int) -> np.ndarray:
    return _random.normal(size=shape)


def assert_agrees(function: Callable[..., Any], *arrays: Any) -> None:
    given = [np.asarray(array) for array in arrays]
    result, current, symbols = trace(function, [Spec(a.shape, a.dtype) for a in given], make)
    results = result if isinstance(result, tuple) else (result,)
    program = finish(current, symbols, [current.lift(r) for r in results])
    assert difference(Case(program, given), NativeEngine()) is None


def test_a_scalar_input_that_is_returned_keeps_its_shape() -> None:
    assert_agrees(lambda x: x, 2.0)


def test_a_running_sum_of_booleans_is_their_running_or() -> None:
    assert_agrees(lambda x: tw.cumsum(x, dtype=bool), np.array([True, True, False]))


def test_a_product_of_two_transposed_matrices() -> None:
    integers = _random.integers(-9, 9, (3, 2, 2))
    assert_agrees(lambda x, y: x.T @ y.T, integers[0], integers[1])
    assert_agrees(lambda x, y: x.T @ y.T, real(9, 20), real(3, 9))


def test_the_gradient_of_an_empty_broadcast_is_a_sum_of_nothing() -> None:
    gradient = tw.grad(lambda x: tw.sum(x * np.zeros(0)))(np.ones(1))
    assert np.array_equal(gradient, [0.0])


def test_a_reduction_reads_a_map_of_its_own_phase() -> None:
    def function(x: Any) -> Any:
        spread = tw.broadcast_to(tw.cos(tw.sum(x)), (65,))
        return tw.min(spread), spread

    assert_agrees(function, real(65))
    assert_agrees(lambda x, i: PRIMITIVES["scatter_add"](tw.softmax(x), i, tw.sum(x), axis=0),
                  real(65), 3)  # fmt: skip


def test_a_reduction_of_nothing_stands_beside_a_real_one() -> None:
    def function(x: Any, y: Any, z: Any) -> Any:
        return tw.sum(y * (2.0 * z * tw.sum(x)) * z)

    assert_agrees(function, real(2, 2), real(0), real(0))
    assert_agrees(lambda x, y: (x @ y, tw.prod(x, axis=1)), real(3, 0), real(0, 2))


def test_a_padded_part_of_a_product_is_no_map_on_the_product() -> None:
    def function(x: Any, y: Any, z: Any) -> Any:
        part = z * (2.0 * (x @ y)[2:])
        return tw.pad(part, ((2, 0), (0, 0)))

    assert_agrees(function, real(4, 4), real(4, 1), real(1, 1))


def test_a_padded_part_of_a_map_is_read_once_that_is_written() -> None:
    def function(x: Any) -> Any:
        whole = tw.exp(x)
        return tw.pad(whole[3:], ((3, 0),)), whole

    assert_agrees(function, real(40))


def test_wide_integers_beside_narrow_floats_stay_within_their_memory() -> None:
    floats = np.ones(17, np.float32)
    assert_agrees(lambda x, y: (y + 1, x + 1.0, x + 2.0), floats, np.arange(17))
    assert_agrees(lambda x, y: (x + 2.0, y + 1, x + 1.0), floats, np.arange(17))


def test_one_element_is_not_taken_for_an_array_of_several() -> None:
    _, current, (symbol,) = trace(lambda x: x, [Spec((5,), np.dtype(float))], make)
    run = NativeEngine().compile(finish(current, [symbol], [symbol]))
    with pytest.raises(EngineError, match=r"an array of shape \(\) and"):
        run(np.ones(()))


def test_a_scatter_converts_its_updates_first() -> None:
    assert_agrees(
        lambda x, u, i: PRIMITIVES["scatter_add"](x, i, u, axis=0),
        real(3).astype(np.float32), real(4), np.array([0, 2, 2, 1]),
    )  # fmt: skip


def test_sums_of_a_wide_dtype_are_not_made_in_a_narrow_one() -> None:
    def function(x: Any, u: Any, i: Any) -> Any:
        wide = PRIMITIVES["scatter_add"](tw.zeros_like(x), i, u, axis=0)
        return wide.astype(np.float32)

    big = np.array([1.0, 1e-8] * 50)
    assert_agrees(function, np.zeros(2), big, np.zeros(100, np.int64))


@pytest.mark.parametrize("target", ["avx512", "avx2", "sse"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("count", [3, 5, 6, 7, 9, 17, 33])
def test_lanes_beyond_the_last_element_never_reach_a_sum(target, dtype, count) -> None:
    x = np.ones(count, dtype)
    for function in (lambda x: tw.sum(x / x), lambda x: tw.max(x / x), lambda x: (x / x) @ x):
        result, current, (symbol,) = trace(function, [Spec(x.shape, x.dtype)], make)
        program = finish(current, [symbol], [current.lift(result)])
        (found,) = NativeEngine(runnable(target)).compile(program)(x)
        assert found == (1 if function(x).item() == 1 else count)


@pytest.mark.parametrize("target", ["avx512", "avx2", "sse"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("count", [3, 5, 6, 7, 9, 17])
def test_lanes_beyond_the_last_of_a_column_never_reach_a_sum(target, dtype, count) -> None:
    x = np.ones((4, count, 2), dtype)
    for function in (
        lambda x: tw.sum(tw.transpose(x / x, (0, 2, 1))),
        lambda x: tw.max(tw.transpose(x / x, (0, 2, 1))) * x.size,
        lambda x: tw.sum((x / x)[:, ::-1, 1]) * 2.0,
    ):
        result, current, (symbol,) = trace(function, [Spec(x.shape, x.dtype)], make)
        program = finish(current, [symbol], [current.lift(result)])
        (found,) = NativeEngine(runnable(target)).compile(program)(x)
        assert found == x.size


@pytest.mark.parametrize(
    "name", ["gammainc", "gammaincc", "gammainc_by_shape", "betainc", "betainc_by_a"]
)
def test_the_forward_derivative_of_a_narrow_function_is_narrow(name: str) -> None:
    x = np.array([0.25, 0.5], np.float32)
    shapes = [x + 1.0] * (2 if name.startswith("beta") else 1)
    function = lambda x: PRIMITIVES[name](*map(tw.asarray, shapes), x)
    value, slope = tw.jvp(function, (x,), (np.ones_like(x),))
    assert value.dtype == slope.dtype == np.float32


def test_what_an_operation_counts_while_traced_may_be_written() -> None:
    def counted(x: Any) -> Any:
        counts = np.bincount([0, 2, 2], weights=tw.ones(3))
        counts[0] = x[0]
        where = np.argwhere(tw.tensor([0, 1, 1]))
        where += 1
        return counts, where

    counts, where = tw.jit(counted)(np.array([7.0]))
    np.testing.assert_array_equal(counts, [7.0, 0.0, 2.0])
    np.testing.assert_array_equal(where, [[2], [3]])


def test_an_array_filled_with_a_number_keeps_its_dtype() -> None:
    halves = np.array([0.5, -1.5], np.float16)

    def product(x: Any) -> Any:
        y = x * 2.0
        y[:] = 0.49
        return halves * y[-1], halves * y.astype(np.float64)[0]

    for found in tw.jit(product)(np.ones(3)):
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, halves * np.float64(0.49))


def test_a_number_that_was_converted_keeps_its_dtype_while_traced() -> None:
    def product(x: Any, number: Any) -> Any:
        return x * tw.astype(number, np.float32)

    assert tw.jit(product)(np.ones(2, np.float16), 0.5).dtype == np.float32


@pytest.mark.parametrize("transformed", [np.fft.irfft, np.fft.rfft])
def test_a_transform_lies_in_memory_of_its_own(transformed: Any) -> None:
    def shown(x: Any) -> Any:
        y = transformed(x)
        flat = y.ravel()
        y[0] = 7.0
        return np.real(flat)

    x = np.array([[1.0, 2.0, 3.0], [0.5, 0.0, 1.0]])
    np.testing.assert_allclose(shown(tw.tensor(x)), shown(x), rtol=1e-15, atol=1e-15)
    found = tw.jit(shown, engine="numpy")(x[0])
    np.testing.assert_allclose(found, shown(x[0]), rtol=1e-15, atol=1e-15)


def test_a_whole_row_is_replaced_by_one_number() -> None:
    put = PRIMITIVES["put_slices"]
    for shape in ((1, 2), (3, 2), (4, 9)):
        row = (1, shape[1])
        assert_agrees(lambda x, i, s, row=row: put(x, i, tw.broadcast_to(s, row), axis=0),
                      real(*shape), np.array([0]), 9.0)  # fmt: skip
