"""Strips: any number of rows and few columns, every kind of reduction, for every target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

import thalweg as tw
from thalweg.core.program import finish, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import as_tensor, make
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.llvm.ir.target import Target

ENGINES = {name: NativeEngine(Target.named(name)) for name in ("sse", "avx2")}
RANDOM = np.random.default_rng(0)


ROWS = (17, 18, 19, 20, 63, 64, 200, 1001)
COLUMNS = (2, 3, 4, 5, 7, 8, 10, 13, 16)


def native(function: Callable[..., Any], *arrays: Any, engine: str) -> list[Any]:
    """Return what a function gives that is compiled for a target."""
    specs = [Spec(a.shape, a.dtype) for a in arrays]
    result, current, symbols = trace(function, specs, lambda s: make(s, None, s.spec.weak))
    program = finish(current, symbols, [current.lift(as_tensor(r)) for r in result])
    captured = [tensor.array for tensor, _ in current.captured.values()]
    return list(ENGINES[engine].compile(program)(*arrays, *captured))


def agree(function: Callable[..., Any], *arrays: Any, rtol: float = 1e-13) -> None:
    """Compare each target's results with what NumPy says of the same arrays."""
    with np.errstate(all="ignore"):
        expected = function(*arrays)
    for engine in ENGINES:
        for found, right in zip(native(function, *arrays, engine=engine), expected, strict=True):
            assert found.dtype == right.dtype
            np.testing.assert_allclose(found, right, rtol=rtol, atol=rtol)


def everything(A: Any, x: Any, m: Any) -> Any:
    """Every part of a strip: cells, rows, reductions of each, and what is computed of them."""
    cells = np.exp(-np.abs(A - m)) * x[:, None]
    across = np.sum(cells, axis=1)
    rows = np.log(1.0 + np.abs(across)) - cells[:, 1]
    again = cells * rows[:, None]
    down, most = np.sum(again, axis=0), np.max(again, axis=0)
    whole = np.mean(rows)
    return cells, across, rows, again, down, most, whole, m - down * whole, np.min(A), whole * 2.0


@pytest.mark.sampled(3)
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("rows", ROWS)
def test_all_parts_for_any_number_of_rows_and_columns(rows: int, columns: int) -> None:
    A, x, m = RANDOM.normal(size=(rows, columns)), RANDOM.normal(size=rows), np.arange(columns) / 3
    agree(everything, A, x, m)


@pytest.mark.parametrize("columns", COLUMNS)
def test_single_precision(columns: int) -> None:
    arrays = RANDOM.normal(size=(101, columns)), RANDOM.normal(size=101), np.arange(columns) / 3
    agree(everything, *(a.astype(np.float32) for a in arrays), rtol=1e-4)


def test_what_scipy_says_of_a_softmax() -> None:
    A = 30.0 * RANDOM.normal(size=(75, 3))

    def ours(A: Any) -> Any:
        most = np.max(A, axis=1, keepdims=True)
        e = np.exp(A - most)
        return e / np.sum(e, axis=1, keepdims=True), most[:, 0] + np.log(np.sum(e, axis=1))

    for engine in ENGINES:
        found, logs = native(ours, A, engine=engine)
        np.testing.assert_allclose(found, softmax(A, axis=1), rtol=1e-13)
        np.testing.assert_allclose(logs, logsumexp(A, axis=1), rtol=1e-13)


def test_numbers_that_are_none_stay_in_their_row() -> None:
    A = RANDOM.normal(size=(50, 3))
    A[7, 1], A[20, 0], A[31, 2], A[49] = np.nan, np.inf, -np.inf, np.nan

    def rowwise(A: Any) -> Any:
        most = np.max(A, axis=1, keepdims=True)
        e = np.exp(A - most)
        return e, np.sum(e, axis=1), np.max(A, axis=0), np.prod(e * np.exp(most), axis=1)

    agree(rowwise, A)


def test_integers_booleans_and_small_numbers() -> None:
    A = RANDOM.integers(-100, 100, size=(90, 5))
    B, C = A.astype(np.int8), A > 20

    def counted(A: Any, B: Any, C: Any) -> Any:
        odd = (A * A * A * 3 - A) % 7 == 3
        sums = np.sum(odd & C, axis=1)
        weights = np.where(odd, B * 2 + A, A * A) * sums[:, None]
        return odd, sums, weights, np.any(odd, axis=1), np.max(weights, axis=0), np.sum(B, axis=1)

    agree(counted, A, B, C)


def test_places_joined_padded_reversed_cut_and_chosen() -> None:
    A, x, i = RANDOM.normal(size=(60, 4)), RANDOM.normal(size=60), RANDOM.integers(-60, 60, size=60)

    def placed(A: Any, x: Any, i: Any) -> Any:
        wide = np.concatenate([x[:, None], np.exp(A), x[:, None]], axis=1)
        gaps = np.diff(wide, axis=1)
        chosen = np.exp(A[i] * x[:, None] - A[::-1]) / (1.0 + A[:, ::-1] ** 2)
        sums = np.sum(chosen, axis=1)
        return gaps, np.sum(gaps**2, axis=1), chosen, sums, chosen[:, 2] * sums

    agree(placed, A, x, i)


def test_a_position_out_of_range_is_refused() -> None:
    A, i = RANDOM.normal(size=(60, 3)), np.full(60, 3)
    i[33] = 60

    def chosen(A: Any, i: Any) -> Any:
        e = np.exp(np.take(A, i, axis=0) - 1.0)
        return e / np.sum(e, axis=1, keepdims=True), np.sum(e, axis=0)

    with pytest.raises(IndexError):
        tw.jit(chosen)(A, i)


@pytest.mark.parametrize("rows", [50, 2001])
def test_states_of_few_columns_change_in_place(rows: int) -> None:
    """Parameters that are a strip's cells, rows and ends are as the reference engine has them."""
    target = RANDOM.normal(size=(rows, 3))
    start = {"A": RANDOM.normal(size=(rows, 3)), "b": np.zeros(rows), "m": np.ones(3)}

    def loss(p: Any, target: Any) -> Any:
        z = p["A"] + p["b"][:, None] - p["m"]
        e = np.exp(z - np.max(z, axis=1, keepdims=True))
        chances = e / np.sum(e, axis=1, keepdims=True)
        return np.mean((chances - target) ** 2 + np.tanh(z - target) ** 2)

    fits = [
        tw.fit(loss, start, (target,), optimizer=tw.optim.adam(0.05), steps=20, engine=engine)
        for engine in ("native", "numpy")
    ]
    for name in start:
        found, right = (np.asarray(fit.params[name]) for fit in fits)
        np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-11)


def test_long_columns_are_summed_in_blocks() -> None:
    A = np.full((2_000_003, 3), 0.1, np.float32)

    def sums(A: Any) -> Any:
        e = A * np.sum(np.exp(A * 0.0), axis=1, keepdims=True)
        return np.sum(e, axis=0), np.sum(e)

    for found in native(sums, A, engine="avx2"):
        np.testing.assert_allclose(
            found / len(A), np.float32(0.3) * (3 if found.ndim == 0 else 1), rtol=1e-5
        )
