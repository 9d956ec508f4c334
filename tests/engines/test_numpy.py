"""The reference engine: programs equation by equation, and loops over batches of rows."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.core.program import Program, finish, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import as_tensor, make
from thalweg.engines.engine import Loop
from thalweg.engines.numpy import NumpyEngine
from thalweg.errors import EngineError, IndexOutOfRange
from thalweg.random.bits import keyed_permutation

ENGINE = NumpyEngine()
RANDOM = np.random.default_rng(1)
X, Y = RANDOM.normal(size=(10, 3)), RANDOM.normal(size=10)


def program_of(function: Any, *specs: Spec) -> Program:
    result, current, symbols = trace(function, list(specs), make)
    outputs = [current.lift(as_tensor(value)) for value in result]
    program = finish(current, symbols, outputs)
    program.check()
    return program


def spec(array: Any) -> Spec:
    return Spec(np.shape(array), np.asarray(array).dtype)


def test_a_program_runs_as_the_function_it_came_from() -> None:
    program = program_of(lambda x, y: (np.exp(x) @ y, x, 2.0), spec(X.T), spec(Y))
    first, second, third = ENGINE.compile(program)(X.T, Y)
    np.testing.assert_array_equal(first, np.exp(X.T) @ Y)
    assert second.tolist() == X.T.tolist()
    assert third == 2.0
    assert ENGINE.unsupported(program) == []


def test_overflow_is_a_value_and_not_a_warning() -> None:
    program = program_of(lambda x: (np.log(x - x), np.exp(x * 1e6)), Spec((), np.dtype(float)))
    assert [float(v) for v in ENGINE.compile(program)(np.array(1.0))] == [-np.inf, np.inf]


def test_values_are_freed_after_their_last_use() -> None:
    def function(x: Any) -> Any:
        for _ in range(20):
            x = np.sin(x)
        return (x,)

    big = np.ones(100_000)
    run = ENGINE.compile(program_of(function, spec(big)))
    tracemalloc.start()
    try:
        run(big)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * big.nbytes


# ---- loops

BATCH = 4


def step(w: Any, X: Any, y: Any, rate: Any, *rows: Any) -> Any:
    if rows:
        X, y = X[rows[0]], y[rows[0]]
    loss, gradient = tw.value_and_grad(lambda w: np.mean((y - X @ w) ** 2))(w)
    return w - rate * gradient, loss


def loop(batch: int = BATCH, reshuffled: bool = False) -> Loop:
    given = [spec(np.zeros(3)), spec(X), spec(Y), spec(0.1)]

    def rows(n: int) -> list[Spec]:
        return [*given, Spec((n,), np.dtype(np.int32))] if n else given

    rest = len(Y) % batch if batch else 0
    remainder = program_of(step, *rows(rest)) if rest else None
    return Loop(program_of(step, *rows(batch)), remainder, 1, 2, len(Y), batch, reshuffled)


def by_hand(orders: list[Any], rate: float = 0.1) -> tuple[np.ndarray, list[float]]:
    w, losses = np.zeros(3), []
    for order in orders:
        for i in range(0, len(order), BATCH):
            rows = order[i : i + BATCH]
            r = Y[rows] - X[rows] @ w
            losses.append(np.mean(r**2))
            w = w + rate * 2 * X[rows].T @ r / len(rows)
    return w, losses


def test_a_loop_repeats_its_order_with_a_smaller_last_batch() -> None:
    order = RANDOM.permutation(10).astype(np.int32)
    run = ENGINE.compile_loop(loop()).begin([np.zeros(3)], [X, Y], np.array([0.1]), order, 0)
    losses = np.empty(6)
    run.advance(0, 6, losses)
    w, expected = by_hand([order, order])
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    np.testing.assert_allclose(run.state()[0], w, rtol=1e-12)


def test_a_reshuffled_loop_draws_the_keyed_permutation_of_each_epoch() -> None:
    compiled = ENGINE.compile_loop(loop(reshuffled=True))
    run = compiled.begin([np.zeros(3)], [X, Y], np.array([0.1]), None, 5)
    losses = np.empty(9)
    run.advance(0, 9, losses)
    w, expected = by_hand([keyed_permutation(10, 5, epoch) for epoch in range(3)])
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    np.testing.assert_allclose(run.state()[0], w, rtol=1e-12)


def test_slices_and_a_restored_state_change_no_bit() -> None:
    compiled = ENGINE.compile_loop(loop(reshuffled=True))
    arguments = ([np.zeros(3)], [X, Y], np.array([0.1]), None, 5)
    whole, sliced, resumed = (compiled.begin(*arguments) for _ in range(3))
    losses, parts = np.empty(9), np.empty(9)
    whole.advance(0, 9, losses)
    sliced.advance(0, 4, parts[:4])
    resumed.restore(sliced.state())
    resumed.advance(4, 5, parts[4:])
    assert parts.tolist() == losses.tolist()
    assert resumed.state()[0].tolist() == whole.state()[0].tolist()


def test_a_loop_without_batches_uses_the_data_whole() -> None:
    run = ENGINE.compile_loop(loop(batch=0)).begin([np.zeros(3)], [X, Y], np.array([0.1]), None, 0)
    losses = np.empty(2000)
    run.advance(0, 2000, losses)
    best = np.linalg.lstsq(X, Y, rcond=None)[0]
    np.testing.assert_allclose(run.state()[0], best, rtol=1e-6)
    assert losses[-1] == pytest.approx(np.mean((Y - X @ best) ** 2))


def test_the_state_is_the_run_s_own() -> None:
    start = np.zeros(3)
    compiled = ENGINE.compile_loop(loop(batch=0))
    run = compiled.begin([start], [X, Y], np.array([0.1]), None, 0)
    start[:] = np.nan
    copy = run.state()[0]
    copy[:] = np.nan
    run.advance(0, 1, np.empty(1))
    assert np.isfinite(run.state()[0]).all()


def test_rows_out_of_range_and_a_missing_order_are_refused() -> None:
    compiled = ENGINE.compile_loop(loop())
    run = compiled.begin([np.zeros(3)], [X, Y], np.array([0.1]), np.full(10, 10, np.int32), 0)
    with pytest.raises(IndexOutOfRange, match="Index 10 is out of range for an axis of extent 10"):
        run.advance(0, 1, np.empty(1))
    run = compiled.begin([np.zeros(3)], [X, Y], np.array([0.1]), None, 0)
    with pytest.raises(EngineError, match=r"without an order.*int32"):
        run.advance(0, 1, np.empty(1))
