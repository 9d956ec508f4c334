"""Checkpoints: resumed runs equal uninterrupted ones bit for bit, also after kill -9."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import ArgumentError, CheckpointError

ROOT = Path(__file__).resolve().parents[2]


def chain(rate=0.05):
    return tw.optim.chain(
        tw.optim.clip_by_global_norm(1.0), tw.optim.adam(tw.optim.exponential_decay(rate, 20, 0.9))
    )


def loss(params, X, y):
    return np.mean((y - X @ params["w"] - params["b"]) ** 2)


START = {"w": np.zeros(3), "b": 0.25}


def run(data, **arguments):
    settings = {"optimizer": chain(), "batch_size": 10, "validation": data, "seed": 3}
    return tw.fit(loss, START, data, **{**settings, **arguments})


def same(a, b):
    assert np.array_equal(a.params["w"], b.params["w"])
    assert a.params["b"] == b.params["b"]
    assert type(a.params["b"]) is type(b.params["b"]) is float
    assert np.array_equal(a.best_params["w"], b.best_params["w"])
    assert tw.tree.structure(a.opt_state) == tw.tree.structure(b.opt_state)
    for x, y in zip(tw.tree.leaves(a.opt_state), tw.tree.leaves(b.opt_state), strict=True):
        assert np.array_equal(x, y)
        assert x.dtype == y.dtype
    for name in ("loss", "validation", "validation_step", "epoch", "validation_epoch"):
        assert np.array_equal(getattr(a.history, name), getattr(b.history, name))
    assert a.steps == b.steps


# ---- resuming


@pytest.mark.parametrize("shuffle", ["epoch", "once", False])
@pytest.mark.parametrize("drop_last", [False, True])
def test_ten_epochs_and_ten_more_are_twenty(regression, engine, shuffle, drop_last, tmp_path):
    settings = {"shuffle": shuffle, "drop_last": drop_last, "engine": engine}
    whole = run(regression, epochs=20, **settings)
    half = run(regression, epochs=10, checkpoint=tmp_path / "half", **settings)
    same(run(regression, epochs=10, resume=tmp_path / "half", **settings), whole)
    same(run(regression, epochs=10, resume=half, **settings), whole)
    same(run(regression, epochs=10, resume=tw.load(tmp_path / "half"), **settings), whole)


def test_a_resume_may_cut_an_epoch_anywhere(regression, engine) -> None:
    whole = run(regression, steps=50, evaluate_every=4, engine=engine)
    found = None
    for steps in (3, 10, 1, 36):
        found = run(regression, steps=steps, evaluate_every=4, engine=engine, resume=found)
    same(found, whole)


def test_a_chain_of_resumes_keeps_counting(regression, tmp_path) -> None:
    path = tmp_path / "run"
    for count in range(1, 4):
        found = run(regression, epochs=2, checkpoint=path, resume=path)
        assert found.epochs == 2 * count
    same(found, run(regression, epochs=6))


def test_the_learning_rate_may_change_at_a_resume(regression) -> None:
    half = run(regression, epochs=2)
    slower = run(regression, epochs=2, optimizer=chain(0.001), resume=half)
    assert slower.epochs == 4
    assert not np.array_equal(slower.params["w"], run(regression, epochs=4).params["w"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"batch_size": 5}, "batch_size is 5 here, but 10"),
        ({"seed": 4}, "seed is 4 here, but 3"),
        ({"shuffle": "once"}, "shuffle is 'once' here, but 'epoch'"),
        ({"drop_last": True}, r"smaller last batch \(see drop_last\) is 0 here, but 3"),
        ({"optimizer": tw.optim.sgd(0.1)}, r"state of sgd\(.*\) would be .*, of chain\("),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_run_of_something_else_is_not_resumed(regression, arguments, told) -> None:
    half = run(regression, epochs=2)
    with pytest.raises(CheckpointError, match=told):
        run(regression, epochs=2, resume=half, **arguments)


def test_a_run_of_other_data_or_parameters_is_not_resumed(regression) -> None:
    half = run(regression, epochs=2)
    X, y = regression
    with pytest.raises(CheckpointError, match="The number of rows is 90 here, but 103"):
        run((X[:90], y[:90]), epochs=2, resume=half)
    with pytest.raises(
        CheckpointError, match=r"parameters would be float64\[2\], but .* float64\[\]"
    ):
        tw.fit(lambda p: np.sum(p**2), np.zeros(2), optimizer=tw.optim.sgd(0.1), resume=half)


def test_an_interrupted_run_is_not_completed_with_fewer_steps(regression) -> None:
    class Interrupt:
        def on_eval(self, info):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        run(regression, steps=50, callbacks=Interrupt())
    with pytest.raises(ArgumentError, match=r"interrupted at step 11 .* 5 steps of it"):
        run(regression, steps=5, resume=caught.value.fit)


def test_patience_goes_on_counting_and_starts_anew_after_it_stopped(regression) -> None:
    def fitted(**arguments):
        return tw.fit(
            lambda b, x: np.mean((x - b) ** 2), 0.0, np.full(10, 3.0),
            optimizer=tw.optim.sgd(0.05), validation=np.full(4, 1.0), patience=3, **arguments,
        )  # fmt: skip

    whole = fitted(epochs=100)
    part = fitted(epochs=whole.steps - 1)
    rest = fitted(epochs=100, resume=part)
    assert rest.steps == whole.steps
    more = fitted(epochs=100, resume=whole)
    assert more.steps == whole.steps + 3
    assert more.best_params == whole.best_params


# ---- when it is written


def test_checkpoints_come_after_so_many_steps_and_at_the_end(regression, tmp_path) -> None:
    path = tmp_path / "run"
    seen = []

    class Watch:
        def on_checkpoint(self, info):
            assert info.path == str(path)
            seen.append((info.step, tw.load(path).steps, tw.load(path).finished))

    run(regression, steps=50, callbacks=Watch(), checkpoint=tw.Checkpoint(path, steps=20))
    assert seen == [(20, 20, False), (40, 40, False), (50, 50, True)]


def test_checkpoints_come_after_so_much_time(regression, tmp_path, monkeypatch) -> None:
    seen = []

    class Watch:
        def on_checkpoint(self, info):
            seen.append(info.seconds)

    checkpoint = tw.Checkpoint(tmp_path / "run", seconds=0.02)
    run(regression, epochs=20, callbacks=[Watch(), lambda info: time.sleep(0.011)],
        checkpoint=checkpoint)  # fmt: skip
    gaps = np.diff(seen[:-1])
    assert 4 <= len(seen) <= 11
    assert gaps.min() >= 0.02


def test_a_checkpoint_is_described_by_a_path_or_by_steps_or_seconds(tmp_path) -> None:
    assert tw.Checkpoint("a").seconds == 10.0
    assert tw.Checkpoint("a", steps=5).seconds is None
    with pytest.raises(ArgumentError, match="steps=0"):
        tw.Checkpoint("a", steps=0)
    with pytest.raises(ArgumentError, match=r"seconds=0\.0 .* positive"):
        tw.Checkpoint("a", seconds=0.0)


def test_a_folder_that_does_not_exist_is_refused_before_the_run(regression, tmp_path) -> None:
    with pytest.raises(CheckpointError, match=r"does not exist\. Create it first"):
        run(regression, checkpoint=tmp_path / "missing" / "run")


def test_a_missing_file_is_an_error_unless_the_run_writes_it(regression, tmp_path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        run(regression, resume=tmp_path / "run")
    found = run(regression, epochs=2, resume=tmp_path / "run", checkpoint=tmp_path / "run")
    same(found, run(regression, epochs=2))


# ---- saving and loading


def test_a_fit_is_saved_and_loaded_whole(regression, tmp_path) -> None:
    found = run(regression, epochs=3)
    found.save(tmp_path / "fit.safetensors")
    loaded = tw.load(tmp_path / "fit.safetensors")
    same(loaded, found)
    assert repr(loaded) == repr(found)
    assert (loaded.engine, loaded.seconds, loaded.compile_seconds, loaded.us_per_step) == (
        found.engine, found.seconds, found.compile_seconds, found.us_per_step,
    )  # fmt: skip
    loaded.save(tmp_path / "again")
    same(tw.load(tmp_path / "again"), found)


class Line(NamedTuple):
    slope: object
    level: object


def test_trees_of_all_kinds_are_saved_and_loaded(tmp_path) -> None:
    params = {
        "b": (np.zeros((2, 3)), [1.0, tw.Tensor(2.0)]),
        "a": Line(np.zeros((0, 4)), {3: np.float32(1.5), "x": None}),
    }

    def total(p):
        every = [np.sum(leaf * leaf) for leaf in tw.tree.leaves(p) if leaf.size]
        return sum(every[1:], every[0]) + np.sum(p["a"].slope)

    found = tw.fit(total, params, optimizer=tw.optim.adam(0.1), steps=3)
    found.save(tmp_path / "fit")
    loaded = tw.load(tmp_path / "fit").params
    assert set(loaded) == {"a", "b"}
    assert np.array_equal(loaded["b"][0], found.params["b"][0])
    assert loaded["b"][1][0] == found.params["b"][1][0]
    assert type(loaded["b"][1][1]) is tw.Tensor
    # A named tuple of the user's becomes a dict: loading imports nothing.
    assert loaded["a"]["slope"].shape == (0, 4)
    assert loaded["a"]["level"][3] == found.params["a"].level[3]
    assert loaded["a"]["level"]["x"] is None
    resumed = tw.fit(total, params, optimizer=tw.optim.adam(0.1), steps=2, resume=tmp_path / "fit")
    whole = tw.fit(total, params, optimizer=tw.optim.adam(0.1), steps=5)
    assert type(resumed.params["a"]) is Line
    assert np.array_equal(resumed.params["b"][0], whole.params["b"][0])


def test_keys_that_json_cannot_hold_are_refused(tmp_path) -> None:
    found = tw.fit(lambda p: p[1, 2] ** 2, {(1, 2): 1.0}, optimizer=tw.optim.sgd(0.1))
    with pytest.raises(CheckpointError, match=r"the key \(1, 2\), which cannot be written"):
        found.save(tmp_path / "fit")
    assert not list(tmp_path.iterdir())


# ---- kill -9

KILLED = """
    import os, random, signal, sys, time
    import numpy as np, thalweg as tw

    path, kills = sys.argv[1], int(sys.argv[2])
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    y = X @ [1.0, -2.0, 0.5, 3.0] + rng.normal(size=500)

    def loss(beta, X, y):
        return np.mean((y - X @ beta) ** 2)

    def run(**arguments):
        return tw.fit(
            loss, np.zeros(4), (X, y), optimizer=tw.optim.adam(1e-3), batch_size=7, steps=40_000,
            validation=(X, y), evaluate_every=500, progress=False, **arguments,
        )

    whole = run()
    chance = random.Random(1)
    killed, midway, longest = 0, 0, 0.05
    while killed < kills:
        child = os.fork()
        if child == 0:
            run(checkpoint=tw.Checkpoint(path, steps=100), resume=path)
            if os.path.exists(path) and tw.load(path).finished:
                os._exit(0)
            os._exit(1)
        time.sleep(chance.uniform(0.002, longest))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.path.exists(path):
            fit = tw.load(path)
            n = fit.steps
            midway += 0 < n < 40_000
            assert np.array_equal(fit.history.loss, whole.history.loss[:n])
            if n >= 40_000:
                os.unlink(path)
        else:  # on a busy machine children need longer to begin
            longest *= 1.2
        killed += os.WIFSIGNALED(status)
    found = run(checkpoint=path, resume=path)
    assert found.steps == 40_000, found.steps
    assert np.array_equal(found.params, whole.params)
    assert np.array_equal(found.best_params, whole.best_params)
    assert np.array_equal(found.history.loss, whole.history.loss)
    assert np.array_equal(found.history.validation, whole.history.validation)
    for a, b in zip(tw.tree.leaves(found.opt_state), tw.tree.leaves(whole.opt_state)):
        assert np.array_equal(a, b)
    print(killed, midway)
"""


def test_fifty_kills_leave_a_whole_file_each_and_the_run_ends_bit_for_bit(tmp_path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(textwrap.dedent(KILLED))
    command = [sys.executable, str(script), str(tmp_path / "run"), "50"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    killed, midway = map(int, done.stdout.split())
    assert killed == 50
    assert midway >= 10


@pytest.mark.parametrize("in_file", [False, True])
def test_parameters_of_other_names_are_not_resumed(in_file: bool, tmp_path: Path) -> None:
    def to_one(p):
        return sum(((leaf - 1.0) ** 2).sum() for leaf in p.values())

    first = tw.fit(
        to_one, {"a": np.zeros(2), "b": np.ones(2)}, optimizer=tw.optim.adam(0.1), steps=2
    )
    first.save(tmp_path / "file")
    resume = tmp_path / "file" if in_file else first
    with pytest.raises(CheckpointError, match=r"b, c, but the run .* has a, b: a would go on as b"):
        tw.fit(
            to_one, {"b": np.zeros(2), "c": np.ones(2)}, optimizer=tw.optim.adam(0.1), steps=2,
            resume=resume,
        )  # fmt: skip
