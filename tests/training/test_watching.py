"""Callbacks and progress: who is told what, and when."""

import io
import time

import numpy as np
import pytest

import thalweg as tw
from thalweg.training.progress import Info, Progress, describe


class Recorder:
    """Notes every event."""

    def __init__(self):
        self.events = []

    def on_begin(self, info):
        self.events.append(("begin", info.step))

    def on_eval(self, info):
        self.events.append(("eval", info.step))

    def on_checkpoint(self, info):
        self.events.append(("checkpoint", info.step))

    def on_end(self, info):
        self.events.append(("end", info.step))


def run(squared, regression, **arguments):
    return tw.fit(
        squared, np.zeros(3), regression, optimizer=tw.optim.sgd(0.1), batch_size=20, epochs=3,
        **arguments,
    )  # fmt: skip


def test_events_come_in_order(squared, regression, tmp_path) -> None:
    seen = Recorder()
    run(squared, regression, callbacks=[seen], validation=regression,
        checkpoint=tw.Checkpoint(tmp_path / "run", steps=9))  # fmt: skip
    assert seen.events == [
        ("begin", 0), ("eval", 6), ("checkpoint", 9), ("eval", 12), ("eval", 18),
        ("checkpoint", 18), ("end", 18),
    ]  # fmt: skip


def test_without_validation_evaluations_come_each_epoch_or_as_asked(squared, regression) -> None:
    seen = Recorder()
    run(squared, regression, callbacks=seen)
    run(squared, regression, callbacks=seen, evaluate_every=9)
    assert [step for event, step in seen.events if event == "eval"] == [6, 12, 18, 9, 18]


def test_a_function_is_told_where_the_run_stands(squared, regression) -> None:
    seen = []

    def look(info):
        seen.append((info.step, info.epoch, info.loss, info.validation, info.best_validation,
                     info.seconds, info.params))  # fmt: skip

    found = run(squared, regression, callbacks=(look,), validation=regression)
    assert [entry[:2] for entry in seen] == [(6, 1), (12, 2), (18, 3)]
    assert [entry[2] for entry in seen] == found.history.loss[[5, 11, 17]].tolist()
    assert [entry[3] for entry in seen] == found.history.validation.tolist()
    assert [entry[4] for entry in seen] == np.minimum.accumulate(found.history.validation).tolist()
    assert 0 < seen[0][5] < seen[1][5] < seen[2][5]
    assert np.array_equal(seen[-1][6], found.params)


def test_a_callback_may_stop_the_run(squared, regression) -> None:
    found = run(squared, regression, callbacks=lambda info: info.step == 12 and info.stop())
    assert found.steps == 12
    assert found.finished


def test_callbacks_are_called_in_their_order(squared, regression) -> None:
    seen = []
    run(squared, regression, callbacks=[lambda i: seen.append(1), lambda i: seen.append(2)])
    assert seen == [1, 2] * 3


def test_an_error_says_whose_it_is(squared, regression) -> None:
    class Broken:
        def on_eval(self, info):
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine") as caught:
        run(squared, regression, callbacks=Broken())
    (note,) = caught.value.__notes__
    assert "Broken in on_eval at step 6" in note


def test_a_callback_may_fit(squared, regression) -> None:
    inner = []
    run(squared, regression, callbacks=lambda i: inner.append(run(squared, regression).params))
    assert np.array_equal(inner[0], inner[2])
    assert np.array_equal(inner[0], run(squared, regression).params)


def test_changing_the_parameters_one_is_told_changes_nothing(squared, regression) -> None:
    def spoil(info):
        info.params[:] = np.nan

    found = run(squared, regression, callbacks=spoil, validation=regression)
    plain = run(squared, regression, validation=regression)
    assert np.array_equal(found.params, plain.params)
    assert np.array_equal(found.best_params, plain.best_params)


# ---- progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def info_at(step, seconds, steps=1000):
    info = Info(steps, 100, lambda leaves: None)
    info.step, info.seconds, info.loss = step, seconds, 0.123456
    return info


def test_the_line_tells_epoch_step_loss_pace_and_what_is_left() -> None:
    info = info_at(250, 10.0)
    told = "epoch 2.5/10  step 250/1,000  loss 0.12346  4e+04 µs/step  0:30 left"
    assert describe(info) == told
    info.validation = 2.0
    assert "loss 0.12346  validation 2  4e+04" in describe(info)


def test_a_terminal_gets_one_line_that_is_written_over() -> None:
    stream = Terminal()
    progress = Progress("auto", stream)
    assert progress.due == 0.5
    for step in (1, 2, 3):
        progress.show(info_at(step, step / 10))
        assert progress.due == pytest.approx(step / 10 + 0.1)
    progress.end(info_at(1000, 9.0))
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert text.count("\r") == 4
    assert "step 1,000/1,000" in text


def test_a_pipe_gets_nothing_by_itself_and_a_line_each_tenth_if_asked() -> None:
    assert Progress("auto", io.StringIO()).due == float("inf")
    assert Progress(False, Terminal()).due == float("inf")
    stream = io.StringIO()
    progress = Progress(True, stream)
    for step in range(0, 1000, 10):
        progress.show(info_at(step, step / 10))
    progress.end(info_at(1000, 100.0))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 11
    assert "\r" not in stream.getvalue()


def test_a_run_too_short_to_wait_for_shows_one_line_if_asked(squared, regression, capsys) -> None:
    run(squared, regression, progress=True)
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    run(squared, regression)
    assert capsys.readouterr().err == ""


def test_a_function_gets_the_info_at_most_ten_times_a_second(squared, regression) -> None:
    seen = []
    tw.fit(
        squared, np.zeros(3), regression, optimizer=tw.optim.sgd(1e-9), batch_size=20,
        steps=10**8, callbacks=lambda info: info.seconds > 0.9 and info.stop(),
        evaluate_every=1000, progress=lambda info: seen.append(info.seconds),
    )  # fmt: skip
    assert 1 <= len(seen) <= 5
    assert seen[0] >= 0.5
    assert np.all(np.diff(seen) >= 0.1)


def test_a_closed_stream_does_not_stop_a_run() -> None:
    stream = Terminal()
    progress = Progress(True, stream)
    stream.close()
    progress.show(info_at(1, 1.0))
    progress.end(info_at(2, 2.0))


def test_what_takes_long_before_the_first_step_is_announced_and_wiped_away(monkeypatch) -> None:
    monkeypatch.setattr("thalweg.training.progress._PATIENCE", 0.05)
    stream = Terminal()
    with Progress("auto", stream).announced("compiling"):
        time.sleep(0.3)
    assert stream.getvalue() == "compiling …\r\x1b[K"
    stream = io.StringIO()
    with Progress(True, stream).announced("compiling"):
        time.sleep(0.3)
    assert stream.getvalue() == "compiling …\n"


def test_nothing_is_announced_that_is_short_or_that_nobody_watches() -> None:
    stream = Terminal()
    with Progress("auto", stream).announced("compiling"):
        pass
    with Progress(False, stream).announced("compiling"):
        time.sleep(0.01)
    assert stream.getvalue() == ""
