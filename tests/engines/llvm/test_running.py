"""Runs of compiled code: what they read, what they refuse, how they are interrupted."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of, spec
from tests.engines.loops import advanced, check_loop, given
from tests.engines.steps import STEPS, X, Y, linear
from tests.interruptions.sent import interrupt_after
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.errors import EngineError, IndexOutOfRange

ENGINE = NativeEngine()
RANDOM = np.random.default_rng(0)


def test_large_data_are_asked_for_ahead_without_reading_beyond_them() -> None:
    # More than the inner caches hold: rows are prefetched, also past the order's end.
    wide, target = RANDOM.normal(size=(700, 67)), RANDOM.normal(size=700)
    check_loop(
        linear, [np.zeros(67)], [wide, target], [1e-3], rows=700, batch=9, steps=100, rtol=1e-9
    )


# ---- arrays of all kinds


def test_arrays_that_are_not_contiguous_or_aligned_are_read_right() -> None:
    step, state, _ = STEPS["linear"]
    case = given(step, state, [X, Y], [0.05], rows=103, batch=10)
    losses, expected = advanced(case.begin(ENGINE), 30)
    shifted = np.frombuffer(b"\0" + X.tobytes(), np.uint8)[1:].view(np.float64).reshape(X.shape)
    assert not shifted.flags.aligned
    for data in (np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], shifted):
        run = case._replace(data=[data, Y[::-1][::-1]]).begin(ENGINE)
        found, after = advanced(run, 30)
        assert found.tolist() == losses.tolist()
        assert after[0].tolist() == expected[0].tolist()
    program = program_of(lambda x: np.sum(x * 2.0, 0), spec(103, 5))
    compiled = ENGINE.compile(program)
    assert compiled(shifted)[0].tolist() == compiled(X)[0].tolist()


@pytest.mark.parametrize(
    "wrong",
    [np.ones(1), np.ones((1, 3)), np.ones(4), np.float64(1.0), np.ones(3, np.float32), [1, 2, 3]],
    ids=["one element", "a row", "longer", "a number", "float32", "integers"],
)
def test_arrays_of_another_shape_or_dtype_are_refused(wrong: Any) -> None:
    message = r"array of shape .* and dtype .*; it was made for \(3,\) and float64\. Convert"
    program = program_of(lambda x: x * 2.0, spec(3))
    with pytest.raises(EngineError, match="program got as argument 0 an " + message):
        ENGINE.compile(program)(wrong)
    case = given(lambda a, d: (a + d, np.sum(a)), [np.ones(3)], [np.ones(3)])
    with pytest.raises(EngineError, match="loop got as data 0 an " + message):
        case._replace(data=[wrong]).begin(ENGINE)
    with pytest.raises(EngineError, match="loop got as state 0 an " + message):
        case._replace(state=[wrong]).begin(ENGINE)
    run = case.begin(ENGINE)
    with pytest.raises(EngineError, match="loop got as state 0 an " + message):
        run.restore([wrong])
    assert run.state()[0].tolist() == [1.0, 1.0, 1.0]


def test_losses_that_cannot_be_written_are_refused() -> None:
    run = given(lambda a: (a, np.sum(a)), [np.ones(3)]).begin(ENGINE)
    for losses in (np.empty(4), np.empty(5, np.float32), np.empty(10)[::2]):
        with pytest.raises(EngineError, match="for 5 steps; it wants"):
            run.advance(0, 5, losses)


# ---- positions out of range


def test_an_index_out_of_range_is_an_error_and_reads_nothing() -> None:
    table = np.arange(6.0).reshape(3, 2)
    compiled = ENGINE.compile(program_of(lambda x, i: x[i], spec(3, 2), spec(4, dtype=np.int64)))
    assert compiled(table, np.array([0, -3, 2, -1]))[0][:, 0].tolist() == [0.0, 0.0, 4.0, 4.0]
    for wrong in (3, -4, 2**62, -(2**63)):
        with pytest.raises(IndexOutOfRange, match="outside the axis it indexes"):
            compiled(table, np.array([0, 1, wrong, 2]))
    empty = program_of(lambda x, i: x[i], spec(0), spec(2, dtype=np.int64))
    with pytest.raises(IndexOutOfRange):
        ENGINE.compile(empty)(np.empty(0), np.array([0, -1]))


def test_an_order_is_checked_before_it_is_trusted() -> None:
    case = given(linear, [np.zeros(5)], [X, Y], [0.05], rows=103, batch=10)
    assert case.order is not None
    for wrong in (103, -1):
        order = case.order.copy()
        order[50] = wrong
        with pytest.raises(IndexOutOfRange, match=rf"holds {wrong}; there are rows 0 to 102"):
            case._replace(order=order).begin(ENGINE)
    with pytest.raises(EngineError, match=r"without an order.*int32"):
        case._replace(order=None).begin(ENGINE)
    for order in (case.order[:1], case.order.astype(np.int64)):
        with pytest.raises(EngineError, match="loop got as order 0"):
            case._replace(order=order).begin(ENGINE)


# ---- long steps


def layers(W: Any, X: Any) -> Any:
    loss, gradient = tw.value_and_grad(lambda W: np.mean(np.tanh(np.tanh(X @ W) @ W) ** 2))(W)
    return W - 0.01 * gradient, loss


def test_a_long_step_ends_when_it_is_asked_to(interrupts: None) -> None:
    n = 1500
    case = given(layers, [RANDOM.normal(size=(n, n)) / n], [RANDOM.normal(size=(n, n))])
    compiled = ENGINE.compile_loop(case.loop)
    run = compiled.begin(case.state, case.data, case.scalars, None, 0)
    interrupt_after(0.3)
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        run.advance(0, 1000, np.empty(1000))
    for thread in threading.enumerate():
        if thread.name == "thalweg":
            thread.join(60)
            assert not thread.is_alive()
    # A thousand steps take minutes.
    assert time.perf_counter() - began < 30
    with pytest.raises(EngineError, match="interrupted"):
        run.advance(0, 1, np.empty(1))
    arena = run._arena
    del run
    other = compiled.begin(case.state, case.data, case.scalars, None, 0)
    assert other._arena is not arena
    losses = np.empty(1)
    other.advance(0, 1, losses)
    assert np.isfinite(losses[0])
