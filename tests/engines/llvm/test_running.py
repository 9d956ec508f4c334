"""Runs of compiled code: slices, restored states, remainders, orders, threads, refusals."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of, spec
from tests.engines.loops import advanced, check_loop, given
from tests.interruptions.sent import interrupt_after
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.errors import EngineError, IndexOutOfRange
from thalweg.random.bits import keyed_permutation

ENGINE = NativeEngine()
RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(103, 5)), RANDOM.normal(size=103)
LABELS = RANDOM.integers(0, 3, 103)


def linear(w: Any, X: Any, y: Any, rate: Any, rows: Any) -> Any:
    loss, gradient = tw.value_and_grad(lambda w: np.mean((y[rows] - X[rows] @ w) ** 2))(w)
    return w - rate * gradient, loss


def adam(w: Any, m: Any, v: Any, count: Any, X: Any, y: Any, rate: Any, rows: Any) -> Any:
    """Adam's step: powers of a counter, and several states at once."""
    loss, g = tw.value_and_grad(lambda w: np.mean((y[rows] - X[rows] @ w) ** 2))(w)
    count = count + 1
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    steps = tw.astype(count, float)
    step = (m / (1.0 - 0.9**steps)) / (np.sqrt(v / (1.0 - 0.999**steps)) + 1e-8)
    return w - rate * step, m, v, count, loss


def softmax(W: Any, X: Any, y: Any, rate: Any, rows: Any) -> Any:
    def loss(W: Any) -> Any:
        z = X[rows] @ W
        largest = np.max(z, axis=1, keepdims=True)
        total = np.log(np.sum(np.exp(z - largest), axis=1, keepdims=True)) + largest
        return np.mean(total - np.take_along_axis(z, y[rows][:, None], 1))

    value, gradient = tw.value_and_grad(loss)(W)
    return W - rate * gradient, value


STEPS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "linear": (linear, [np.zeros(5)], [X, Y]),
    "adam": (adam, [*np.zeros((3, 5)), 0], [X, Y]),
    "softmax": (softmax, [np.zeros((5, 3))], [X, LABELS]),
}


@pytest.mark.parametrize("reshuffled", [False, True])
@pytest.mark.parametrize("batch", [1, 10, 16, 100, 103])
@pytest.mark.parametrize("name", STEPS)
def test_batches_remainders_and_orders_are_the_references(
    name: str, batch: int, reshuffled: bool
) -> None:
    step, state, data = STEPS[name]
    steps = 25 if batch > 1 else 210
    options = {"rows": 103, "batch": batch, "reshuffled": reshuffled}
    check_loop(step, state, data, [0.05], steps=steps, rtol=1e-9, **options)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("reshuffled", [False, True])
def test_slices_and_restored_states_change_no_bit(name: str, reshuffled: bool) -> None:
    step, state, data = STEPS[name]
    case = given(step, state, data, [0.05], rows=103, batch=10, reshuffled=reshuffled)
    losses, whole = advanced(case.begin(ENGINE), 300)
    for slices in ([1] * 300, [7] * 42 + [6], [64, 1, 128, 107], [0, 300, 0]):
        run = case.begin(ENGINE)
        parts, state_after = advanced(run, *slices)
        assert parts.tobytes() == losses.tobytes()
        assert [a.tobytes() for a in state_after] == [a.tobytes() for a in whole]
    for cut in (1, 63, 64, 65, 130):
        first, second = case.begin(ENGINE), case.begin(ENGINE)
        first.advance(0, cut, np.empty(cut))
        second.advance(0, 5, np.empty(5))
        second.restore(first.state())
        rest = np.empty(300 - cut)
        second.advance(cut, 300 - cut, rest)
        assert rest.tobytes() == losses[cut:].tobytes()
        assert [a.tobytes() for a in second.state()] == [a.tobytes() for a in whole]


def test_a_reshuffled_run_draws_the_keyed_permutation_of_each_epoch() -> None:
    def seen(last: Any, numbers: Any, rows: Any) -> Any:
        return numbers[rows], np.sum(numbers[rows])

    numbers = np.arange(40.0)
    case = given(seen, [np.zeros(8)], [numbers], rows=40, batch=8, reshuffled=True)
    run = case.begin(ENGINE, seed=11)
    for step in (0, 1, 4, 5, 9, 25, 3):
        run.advance(step, 1, np.empty(1))
        epoch, position = divmod(step, 5)
        order = keyed_permutation(40, 11, epoch)
        np.testing.assert_array_equal(run.state()[0], order[8 * position : 8 * position + 8])


def test_runs_in_four_threads_are_the_runs_one_after_another() -> None:
    step, state, data = STEPS["adam"]
    case = given(step, state, data, [0.05], rows=103, batch=10, reshuffled=True)
    compiled = ENGINE.compile_loop(case.loop)

    def fitted(seed: int) -> bytes:
        run = compiled.begin(case.state, case.data, case.scalars, None, seed)
        losses, found = advanced(run, *[50] * 40)
        return losses.tobytes() + b"".join(a.tobytes() for a in found)

    serial = [fitted(seed) for seed in range(4)]
    assert len(set(serial)) == 4
    parallel: list[Any] = [None] * 4

    def work(seed: int) -> None:
        parallel[seed] = fitted(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert parallel == serial


def test_large_data_are_asked_for_ahead_without_reading_beyond_them() -> None:
    # More than the inner caches hold: rows are prefetched, also past the order's end.
    wide, target = RANDOM.normal(size=(700, 67)), RANDOM.normal(size=700)
    check_loop(
        linear, [np.zeros(67)], [wide, target], [1e-3], rows=700, batch=9, steps=100, rtol=1e-9
    )


def test_the_state_is_the_runs_own() -> None:
    case = given(linear, [np.zeros(5)], [X, Y], [0.05], rows=103, batch=10)
    first, second = case.begin(ENGINE), case.begin(ENGINE)
    copy = first.state()[0]
    copy[:] = np.nan
    first.advance(0, 20, np.empty(20))
    assert second.state()[0].tolist() == [0.0] * 5
    assert np.isfinite(first.state()[0]).all()
    assert case.state[0].tolist() == [0.0] * 5


@pytest.mark.parametrize("reshuffled", [False, True])
def test_a_run_in_memory_that_another_run_left_is_the_same_run(reshuffled: bool) -> None:
    step, state, data = STEPS["adam"]
    case = given(step, state, data, [0.05], rows=103, batch=10, reshuffled=reshuffled)

    def bits(compiled: Any, seed: int) -> list[bytes]:
        run = compiled.begin(case.state, case.data, case.scalars, case.order, seed)
        losses, after = advanced(run, 37)
        return [losses.tobytes(), *(a.tobytes() for a in after)]

    used = ENGINE.compile_loop(case.loop)
    wanted = [bits(ENGINE.compile_loop(case.loop), seed) for seed in range(3)]
    assert [bits(used, seed) for seed in range(3)] == wanted
    two = [used.begin(case.state, case.data, case.scalars, case.order, seed) for seed in (0, 1)]
    for run in two:
        run.advance(0, 20, np.empty(20))
    assert bits(used, 2) == wanted[2]
    rest = np.empty(17)
    two[1].advance(20, 17, rest)
    assert [a.tobytes() for a in two[1].state()] == wanted[1][1:]


def test_a_program_keeps_its_results_apart_from_its_memory() -> None:
    compiled = ENGINE.compile(program_of(lambda x: x * 2.0, spec(3)))
    (first,) = compiled(np.ones(3))
    (second,) = compiled(np.full(3, 5.0))
    assert (first.tolist(), second.tolist()) == ([2.0] * 3, [10.0] * 3)


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


def test_a_run_goes_on_after_a_fault_once_its_state_is_restored() -> None:
    def step(i: Any, table: Any, rate: Any) -> Any:
        return i + 1, table[i]

    run = given(step, [np.int64(0)], [np.arange(4.0)], [0.0]).begin(ENGINE)
    losses = np.empty(8)
    with pytest.raises(IndexOutOfRange):
        run.advance(0, 8, losses)
    assert losses[:4].tolist() == [0.0, 1.0, 2.0, 3.0]
    run.restore([np.int64(1)])
    run.advance(0, 3, losses[:3])
    assert losses[:3].tolist() == [1.0, 2.0, 3.0]


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


def test_rows_beyond_a_shorter_array_are_found_out() -> None:
    case = given(linear, [np.zeros(5)], [X[:90], Y], [0.05], rows=103, batch=10)
    run = case.begin(ENGINE)
    with pytest.raises(IndexOutOfRange):
        run.advance(0, 11, np.empty(11))


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
