"""What every engine must do. To register an engine is to have it tested here."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of, spec
from tests.engines.agreement import by_dtype, check_primitive, program_for
from tests.engines.loops import Given, advanced, check_loop, given
from tests.engines.steps import STEPS, X, Y, linear
from tests.samples import ROWS, UP_TO_SIGN, samples
from thalweg.core.primitive import PRIMITIVES, Primitive
from thalweg.core.program import Equation, Program, Symbol
from thalweg.engines import registry
from thalweg.errors import EngineError, IndexOutOfRange
from thalweg.random.bits import keyed_permutation

reshuffled_or_not = pytest.mark.parametrize("reshuffled", [False, True])
each_step = pytest.mark.parametrize("name", STEPS)


def case(name: str, reshuffled: bool = False) -> Given:
    step, state, data = STEPS[name]
    return given(step, state, data, [0.05], rows=103, batch=10, reshuffled=reshuffled)


def bits(run: Any, *slices: int) -> list[bytes]:
    losses, state = advanced(run, *slices)
    return [losses.tobytes(), *(array.tobytes() for array in state)]


def test_it_has_the_name_it_is_chosen_by(engine: Any) -> None:
    assert registry.engine(engine.name) is engine


# ---- programs


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", sorted(ROWS.keys() - UP_TO_SIGN))
def test_a_primitive_means_what_numpy_means_or_is_refused(engine: Any, name: str) -> None:
    primitive = PRIMITIVES[name]
    rows = samples(name)
    whole = program_for(primitive, rows)
    lacking = {id(equation) for equation in engine.unsupported(whole)}
    run = [row for row, e in zip(rows, whole.equations, strict=True) if id(e) not in lacking]
    for part in by_dtype(run).values():  # as `llvm/test_primitives.py` compiles them too
        check_primitive(engine, primitive, part)
    if lacking:
        with pytest.raises(EngineError, match=f"cannot run {name}"):
            engine.compile(whole)


def test_a_primitive_from_elsewhere_is_run_by_its_meaning_or_refused_with_its_line(
    engine: Any,
) -> None:
    strange = Primitive("strange", "elementwise", np.sin, lambda x: x, (None,), None, None)
    try:
        x, y = Symbol(spec(3)), Symbol(spec(3))
        program = Program((x,), (Equation(strange, (x,), {}, y, "model.py:7"),), (y,))
        if engine.unsupported(program):
            with pytest.raises(EngineError, match=r"cannot run strange.*\(model\.py:7\)"):
                engine.compile(program)
        else:
            assert engine.compile(program)(np.ones(3))[0].tolist() == [np.sin(1.0)] * 3
    finally:
        del PRIMITIVES["strange"]


def test_a_program_gives_its_outputs_in_their_order(engine: Any) -> None:
    program = program_of(lambda x, y: (np.exp(x) @ y, x, 2.0), spec(5, 103), spec(103))
    first, second, third = engine.compile(program)(X.T, Y)
    np.testing.assert_allclose(first, np.exp(X.T) @ Y, rtol=1e-12)
    assert second.tolist() == X.T.tolist()
    assert third == 2.0


def test_overflow_is_a_value_and_not_a_warning(engine: Any) -> None:
    program = program_of(lambda x: (np.log(x - x), np.exp(x * 1e6)), spec())
    assert [float(v) for v in engine.compile(program)(np.array(1.0))] == [-np.inf, np.inf]


def test_a_program_keeps_its_results_apart_from_its_memory(engine: Any) -> None:
    compiled = engine.compile(program_of(lambda x: x * 2.0, spec(3)))
    (first,) = compiled(np.ones(3))
    (second,) = compiled(np.full(3, 5.0))
    assert (first.tolist(), second.tolist()) == ([2.0] * 3, [10.0] * 3)


def test_an_index_out_of_range_is_an_error(engine: Any) -> None:
    compiled = engine.compile(program_of(lambda x, i: x[i], spec(3, 2), spec(4, dtype=np.int64)))
    table = np.arange(6.0).reshape(3, 2)
    assert compiled(table, np.array([0, -3, 2, -1]))[0][:, 0].tolist() == [0.0, 0.0, 4.0, 4.0]
    for wrong in (3, -4, 2**62, -(2**63)):
        with pytest.raises(IndexOutOfRange):
            compiled(table, np.array([0, 1, wrong, 2]))


# ---- loops: batches, orders, losses


def by_hand(orders: list[Any], rate: float, batch: int) -> tuple[np.ndarray, list[float]]:
    w, losses = np.zeros(5), []
    for order in orders:
        for i in range(0, len(order), batch):
            rows = order[i : i + batch]
            r = Y[rows] - X[rows] @ w
            losses.append(np.mean(r**2))
            w = w + rate * 2 * X[rows].T @ r / len(rows)
    return w, losses


@reshuffled_or_not
def test_batches_follow_the_order_and_the_last_may_be_smaller(
    engine: Any, reshuffled: bool
) -> None:
    begun = case("linear", reshuffled)
    losses, (w,) = advanced(begun.begin(engine, seed=5), 22)
    orders = [keyed_permutation(103, 5, e) if reshuffled else begun.order for e in range(2)]
    wanted, expected = by_hand(orders, 0.05, 10)
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    np.testing.assert_allclose(w, wanted, rtol=1e-12)


@reshuffled_or_not
@pytest.mark.parametrize("batch", [1, 10, 16, 100, 103])
@each_step
def test_batches_remainders_and_orders_are_the_references(
    engine: Any, name: str, batch: int, reshuffled: bool
) -> None:
    step, state, data = STEPS[name]
    steps = 25 if batch > 1 else 210
    options = {"rows": 103, "batch": batch, "reshuffled": reshuffled, "engine": engine}
    check_loop(step, state, data, [0.05], steps=steps, rtol=1e-9, **options)


def test_any_step_of_a_reshuffled_run_can_be_the_next(engine: Any) -> None:
    def seen(last: Any, numbers: Any, rows: Any) -> Any:
        return numbers[rows], np.sum(numbers[rows])

    numbers = np.arange(40.0)
    loop = given(seen, [np.zeros(8)], [numbers], rows=40, batch=8, reshuffled=True)
    run = loop.begin(engine, seed=11)
    for step in (0, 1, 4, 5, 9, 25, 3):
        run.advance(step, 1, np.empty(1))
        epoch, position = divmod(step, 5)
        order = keyed_permutation(40, 11, epoch)
        np.testing.assert_array_equal(run.state()[0], order[8 * position : 8 * position + 8])


def test_a_loop_without_batches_uses_the_data_whole(engine: Any) -> None:
    def whole(w: Any, X: Any, y: Any, rate: Any) -> Any:
        return linear(w, X, y, rate, slice(None))

    run = given(whole, [np.zeros(5)], [X, Y], [0.1]).begin(engine)
    losses, (w,) = advanced(run, 500)
    best = np.linalg.lstsq(X, Y, rcond=None)[0]
    np.testing.assert_allclose(w, best, rtol=1e-6)
    assert losses[-1] == pytest.approx(np.mean((Y - X @ best) ** 2))


def test_scalars_are_read_by_each_run(engine: Any) -> None:
    begun = case("linear")
    compiled = engine.compile_loop(begun.loop)
    for rate in (0.05, 0.01):
        run = compiled.begin(begun.state, begun.data, np.array([rate]), begun.order, 0)
        wanted, _ = by_hand([begun.order], rate, 10)
        np.testing.assert_allclose(advanced(run, 11)[1][0], wanted, rtol=1e-12)


# ---- loops: slices, states, resuming


@each_step
@reshuffled_or_not
def test_slices_and_restored_states_change_no_bit(engine: Any, name: str, reshuffled: bool) -> None:
    begun = case(name, reshuffled)
    losses, whole = advanced(begun.begin(engine), 300)
    for slices in ([1] * 300, [7] * 42 + [6], [64, 1, 128, 107], [0, 300, 0]):
        parts, state_after = advanced(begun.begin(engine), *slices)
        assert parts.tobytes() == losses.tobytes()
        assert [a.tobytes() for a in state_after] == [a.tobytes() for a in whole]
    for cut in (1, 63, 64, 65, 130):
        first, second = begun.begin(engine), begun.begin(engine)
        first.advance(0, cut, np.empty(cut))
        second.advance(0, 5, np.empty(5))
        second.restore(first.state())
        rest = np.empty(300 - cut)
        second.advance(cut, 300 - cut, rest)
        assert rest.tobytes() == losses[cut:].tobytes()
        assert [a.tobytes() for a in second.state()] == [a.tobytes() for a in whole]


def test_the_state_is_the_runs_own(engine: Any) -> None:
    begun, start = case("linear"), [np.zeros(5)]
    first, second = begun._replace(state=start).begin(engine), begun.begin(engine)
    copy = first.state()
    for mine in (start, copy):
        mine[0][:] = np.nan
    first.advance(0, 20, np.empty(20))
    assert np.isfinite(first.state()[0]).all()
    assert second.state()[0].tolist() == begun.state[0].tolist() == [0.0] * 5
    back = [np.zeros(5)]
    first.restore(back)
    back[0][:] = np.nan
    assert first.state()[0].tolist() == [0.0] * 5


@reshuffled_or_not
def test_a_loop_is_run_any_number_of_times(engine: Any, reshuffled: bool) -> None:
    begun = case("adam", reshuffled)

    def begin(compiled: Any, seed: int) -> Any:
        return compiled.begin(begun.state, begun.data, begun.scalars, begun.order, seed)

    used = engine.compile_loop(begun.loop)
    wanted = [bits(begin(engine.compile_loop(begun.loop), seed), 37) for seed in range(3)]
    assert [bits(begin(used, seed), 37) for seed in range(3)] == wanted
    two = [begin(used, seed) for seed in (0, 1)]
    for run in two:
        run.advance(0, 20, np.empty(20))
    assert bits(begin(used, 2), 37) == wanted[2]
    two[1].advance(20, 17, np.empty(17))
    assert [a.tobytes() for a in two[1].state()] == wanted[1][1:]


def test_runs_in_four_threads_are_the_runs_one_after_another(engine: Any) -> None:
    begun = case("adam", reshuffled=True)
    compiled = engine.compile_loop(begun.loop)

    def fitted(seed: int) -> bytes:
        run = compiled.begin(begun.state, begun.data, begun.scalars, None, seed)
        return b"".join(bits(run, *[50] * 40))

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


# ---- loops: faults


def test_a_run_goes_on_after_a_fault_once_its_state_is_restored(engine: Any) -> None:
    def step(i: Any, table: Any, rate: Any) -> Any:
        return i + 1, table[i]

    run = given(step, [np.int64(0)], [np.arange(4.0)], [0.0]).begin(engine)
    losses = np.empty(8)
    with pytest.raises(IndexOutOfRange):
        run.advance(0, 8, losses)
    assert losses[:4].tolist() == [0.0, 1.0, 2.0, 3.0]
    run.restore([np.int64(1)])
    run.advance(0, 3, losses[:3])
    assert losses[:3].tolist() == [1.0, 2.0, 3.0]


def test_rows_beyond_a_shorter_array_are_found_out(engine: Any) -> None:
    run = given(linear, [np.zeros(5)], [X[:90], Y], [0.05], rows=103, batch=10).begin(engine)
    with pytest.raises(IndexOutOfRange):
        run.advance(0, 11, np.empty(11))


def test_an_order_that_is_missing_or_out_of_range_is_refused(engine: Any) -> None:
    begun = case("linear")
    with pytest.raises(IndexOutOfRange, match=r"\b103\b"):
        begun._replace(order=np.full(103, 103, np.int32)).begin(engine).advance(0, 1, np.empty(1))
    with pytest.raises(EngineError, match=r"without an order.*int32"):
        begun._replace(order=None).begin(engine).advance(0, 1, np.empty(1))


# ---- through the public functions


def test_jit_and_fit_run_on_it_by_its_name(engine: Any) -> None:
    slope = tw.jit(tw.grad(lambda w: np.mean((Y - X @ w) ** 2)), engine=engine.name)
    np.testing.assert_allclose(slope(np.zeros(5)), -2 * X.T @ Y / 103, rtol=1e-12)
    run = {"optimizer": tw.optim.adam(0.01), "batch_size": 10, "engine": engine.name}

    def loss(w: Any, X: Any, y: Any) -> Any:
        return np.mean((y - X @ w) ** 2)

    half = tw.fit(loss, np.zeros(5), (X, Y), epochs=3, **run)
    resumed = tw.fit(loss, np.zeros(5), (X, Y), epochs=3, resume=half, **run)
    whole = tw.fit(loss, np.zeros(5), (X, Y), epochs=6, **run)
    assert whole.engine == engine.name
    assert resumed.params.tolist() == whole.params.tolist()
    reference = tw.fit(loss, np.zeros(5), (X, Y), epochs=6, **run | {"engine": "numpy"})
    np.testing.assert_allclose(whole.history.loss, reference.history.loss, rtol=1e-9)
    np.testing.assert_allclose(whole.params, reference.params, rtol=1e-9, atol=1e-12)
