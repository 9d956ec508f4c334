"""A run in slices: no cut changes a bit, and Ctrl-C is heard between any two."""

import gc
import os
import signal
import threading
import time
import weakref

import numpy as np
import pytest

import thalweg as tw
from thalweg.engines.llvm.code.running import NativeLoop
from thalweg.training import loop, prepare


class FixedPace:
    """As many steps a slice as told."""

    def __init__(self, steps):
        self.steps = steps

    def learn(self, steps, seconds, copying):
        pass


def run(squared, regression, engine, **arguments):
    return tw.fit(
        squared, np.zeros(3), regression, optimizer=tw.optim.adam(0.05), batch_size=10, epochs=11,
        validation=regression, engine=engine, **arguments,
    )  # fmt: skip


@pytest.mark.parametrize("shuffle", ["epoch", "once"])
def test_slices_of_any_length_give_the_same_bits(
    squared, regression, engine, shuffle, monkeypatch
) -> None:
    found = []
    for steps in (1, 7, 10**6):
        monkeypatch.setattr(loop, "Pace", lambda steps=steps: FixedPace(steps))
        found.append(run(squared, regression, engine, shuffle=shuffle))
    for other in found[1:]:
        assert np.array_equal(other.params, found[0].params)
        assert np.array_equal(other.best_params, found[0].best_params)
        assert np.array_equal(other.history.loss, found[0].history.loss)
        assert np.array_equal(other.history.validation, found[0].history.validation)
        assert str(other.opt_state) == str(found[0].opt_state)


def test_watching_a_run_changes_no_bit_of_it(squared, regression, engine, tmp_path) -> None:
    alone = run(squared, regression, engine)
    watched = run(
        squared, regression, engine, evaluate_every=3, callbacks=lambda info: info.params,
        progress=lambda info: None, checkpoint=tw.Checkpoint(tmp_path / "run", steps=4),
    )  # fmt: skip
    assert np.array_equal(alone.params, watched.params)
    assert np.array_equal(alone.history.loss, watched.history.loss)


def test_the_pace_adapts_to_the_time_of_a_step() -> None:
    pace = loop.Pace()
    for _ in range(12):
        pace.learn(pace.steps, pace.steps * 1e-6, 0.0)
    assert pace.steps == pytest.approx(30_000, rel=0.01)
    pace.learn(pace.steps, 3.0, 0.0)
    assert pace.steps == pytest.approx(300, rel=0.01)
    pace.learn(1, 1.0, 0.0)
    assert pace.steps == 1


def test_a_slow_copy_of_the_state_makes_for_longer_slices_up_to_a_limit() -> None:
    pace = loop.Pace()
    for copying, expected in ((0.005, 50_000), (1.0, 80_000)):
        for _ in range(12):
            pace.learn(pace.steps, pace.steps * 1e-6, copying)
        assert pace.steps == pytest.approx(expected, rel=0.01)


# ---- Ctrl-C


def interrupt_after(seconds, sent):
    def send():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(seconds, send)
    timer.start()
    return timer


def test_ctrl_c_stops_within_a_tenth_of_a_second_with_the_run_so_far(
    squared, regression, engine, interrupts
) -> None:
    waits = []
    for seconds in (0.05, 0.15, 0.3, 1.0, 3.0):
        sent = []
        timer = interrupt_after(seconds, sent)
        with pytest.raises(KeyboardInterrupt) as caught:
            tw.fit(
                squared, np.zeros(3), regression, optimizer=tw.optim.adam(1e-6), batch_size=10,
                steps=10**8, engine=engine,
            )  # fmt: skip
        waited = time.perf_counter() - sent[0]
        timer.join()
        if not hasattr(caught.value, "fit"):  # on a busy machine: it came before the first step
            continue
        waits.append(waited)
        so_far = caught.value.fit
        assert 0 < so_far.steps < 10**8
        assert not so_far.finished
        assert "interrupted" in repr(so_far)
        whole = tw.fit(
            squared, np.zeros(3), regression, optimizer=tw.optim.adam(1e-6), batch_size=10,
            steps=so_far.steps, engine=engine,
        )  # fmt: skip
        assert np.array_equal(so_far.params, whole.params)
        assert np.array_equal(so_far.history.loss, whole.history.loss)
        if len(waits) == 3:
            break
    assert min(waits) < 0.1


def test_an_interrupted_run_is_completed_bit_for_bit(squared, regression, engine, tmp_path) -> None:
    class Interrupt:
        def __init__(self, at):
            self.at = at

        def on_eval(self, info):
            if info.step == self.at:
                raise KeyboardInterrupt

    def run(**arguments):
        return tw.fit(
            squared, np.zeros(3), regression, optimizer=tw.optim.adam(0.05), batch_size=10,
            epochs=20, validation=regression, engine=engine, **arguments,
        )  # fmt: skip

    path = tmp_path / "run.safetensors"
    with pytest.raises(KeyboardInterrupt) as caught:
        run(callbacks=Interrupt(55), checkpoint=path)
    assert caught.value.fit.steps == 55
    assert tw.load(path).steps == 55
    whole = run()
    for resumed in (run(resume=caught.value.fit), run(resume=path)):
        assert resumed.steps == whole.steps == 220
        assert np.array_equal(resumed.params, whole.params)
        assert np.array_equal(resumed.best_params, whole.best_params)
        assert np.array_equal(resumed.history.loss, whole.history.loss)
        assert np.array_equal(resumed.history.validation, whole.history.validation)


def test_an_interruption_before_an_evaluation_does_not_lose_it(
    squared, regression, engine, monkeypatch
) -> None:
    whole = run(squared, regression, engine)
    evaluate = loop.Slices._evaluate
    calls = []

    def interrupted(self):
        calls.append(self.at[0])
        if len(calls) == 4:
            raise KeyboardInterrupt
        evaluate(self)

    monkeypatch.setattr(loop.Slices, "_evaluate", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        run(squared, regression, engine)
    assert caught.value.fit.steps == 44
    assert len(caught.value.fit.history.validation) == 3
    resumed = run(squared, regression, engine, resume=caught.value.fit)
    assert np.array_equal(resumed.history.validation, whole.history.validation)
    assert np.array_equal(resumed.history.validation_step, whole.history.validation_step)
    assert np.array_equal(resumed.best_params, whole.best_params)


# ---- threads


def test_fits_in_threads_give_the_bits_of_fits_alone(squared, regression, engine) -> None:
    alone = [run(squared, regression, engine, seed=seed).params for seed in range(8)]
    found = [None] * 8

    def work(seed):
        found[seed] = run(squared, regression, engine, seed=seed).params

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for a, b in zip(alone, found, strict=True):
        assert np.array_equal(a, b)


def test_a_run_is_freed_when_its_fit_returns(squared, regression, sgd, monkeypatch) -> None:
    runs = []
    began = NativeLoop.begin

    def begin(*args):
        run = began(*args)
        runs.append(weakref.ref(run))
        return run

    monkeypatch.setattr(NativeLoop, "begin", begin)
    gc.disable()
    try:
        seen = []
        fit = tw.fit(
            squared, np.zeros(3), regression, optimizer=sgd, batch_size=10,
            callbacks=[lambda info: seen.append(info.params)], progress=False,
        )  # fmt: skip
        assert [run() for run in runs] == [None]
        assert seen[-1].tolist() == fit.params.tolist()
    finally:
        gc.enable()


def test_what_is_compiled_counts_as_old_for_the_collector(
    squared, regression, sgd, monkeypatch
) -> None:
    old = []
    began = NativeLoop.begin

    def begin(loop, *args):
        old.append(any(each is loop for each in gc.get_objects(generation=2)))
        return began(loop, *args)

    monkeypatch.setattr(NativeLoop, "begin", begin)
    monkeypatch.setattr(prepare, "_frozen", False)
    gc.unfreeze()  # where anything is frozen, as what pytest collected is, it is left as it is
    try:
        tw.fit(
            lambda *given: 2.0 * squared(*given), np.zeros(3), regression,
            optimizer=sgd, steps=1, progress=False,
        )  # fmt: skip
        assert old == [True]
    finally:
        gc.freeze()
