"""The file of a study: what is finished stays, whatever ends the process."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import thalweg as tw
from tests.tuning import killing
from tests.tuning.studies import BOWL, LINE, bowl, facts, line
from thalweg.errors import CheckpointError
from thalweg.tuning import read_log, uniform


def counted(calls: list[int]) -> Any:
    def train(config: Any, trial: Any) -> float:
        calls.append(trial.number)
        return bowl(config, trial)

    return train


def test_a_study_goes_on_where_it_was(tmp_path: Path) -> None:
    log, calls = tmp_path / "trials.jsonl", []
    tw.tune(counted(calls), BOWL, trials=10, log=log)
    study = tw.tune(counted(calls), BOWL, trials=16, log=log)
    assert calls == list(range(16))
    assert facts(study) == facts(tw.tune(bowl, BOWL, trials=16))
    assert tw.tune(counted(calls), BOWL, trials=4, log=log).results == study.results[:4]


@pytest.mark.parametrize("sampler", ["sobol", "tpe"])
def test_pruning_and_learning_go_on_as_if_nothing_had_happened(
    tmp_path: Path, sampler: str
) -> None:
    if sampler == "tpe":
        pytest.importorskip("optuna")
    log = tmp_path / "trials.jsonl"
    whole = tw.tune(line, LINE, trials=24, pruner="median", sampler=sampler, log=log)
    lines = log.read_bytes().splitlines(keepends=True)
    # Trials of an unfinished wave are there, one of them out of turn.
    log.write_bytes(b"".join([*lines[:11], lines[12]]))
    study = tw.tune(line, LINE, trials=24, pruner="median", sampler=sampler, log=log)
    assert facts(study) == facts(whole)


@pytest.mark.parametrize("left", [1, 5, 40, -1])
def test_a_line_that_was_cut_off_runs_again(tmp_path: Path, left: int) -> None:
    log, calls = tmp_path / "trials.jsonl", []
    whole = tw.tune(bowl, BOWL, trials=6, log=log)
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:4]) + lines[4][:left])
    study = tw.tune(counted(calls), BOWL, trials=6, log=log)
    assert calls == [3, 4, 5]
    assert facts(study) == facts(whole)
    assert len(read_log(log)[1]) == 6
    # The first line too may be cut off.
    log.write_bytes(lines[0][:left])
    assert facts(tw.tune(bowl, BOWL, trials=6, log=log)) == facts(whole)


@pytest.mark.filterwarnings("ignore:The loss rose")
def test_each_line_is_json_and_comes_back_bit_for_bit(tmp_path: Path) -> None:
    log = tmp_path / "trials.jsonl"
    space = {"learning_rate": tw.tuning.loguniform(1e-2, 1e6), "epochs": 6}
    study = tw.tune(line, space, trials=16, log=log)
    assert math.inf in [r.value for r in study.results]
    refused = lambda text: pytest.fail(f"{text} is no JSON")
    for text in log.read_text().splitlines():
        json.loads(text, parse_constant=refused)
    assert read_log(log)[1] == study.results


def test_the_log_of_something_else_is_refused_and_left(tmp_path: Path) -> None:
    log = tmp_path / "trials.jsonl"
    for content in (b"my notes", b"my notes\n", b'{"a": 1}\n', b"\x00\xff" * 30):
        log.write_bytes(content)
        with pytest.raises(CheckpointError, match="no log of trials"):
            tw.tune(bowl, BOWL, trials=2, log=log)
        assert log.read_bytes() == content


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"space": {"x": uniform(0, 1), "y": 0}}, "space"),
        ({"seed": 1}, "seed"),
        ({"sampler": "random"}, "sampler"),
        ({"pruner": "median"}, "pruner"),
        ({"minimize": "loss"}, "minimize"),
    ],
)
def test_the_log_of_another_study_is_refused(tmp_path: Path, changed: Any, named: str) -> None:
    log = tmp_path / "trials.jsonl"
    options = {"space": BOWL, "trials": 2, "log": log}
    tw.tune(bowl, **options)
    with pytest.raises(CheckpointError, match=f"its {named} is"):
        tw.tune(bowl, **options | changed)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    log = tmp_path / "trials.jsonl"
    tw.tune(bowl, BOWL, trials=4, log=log)
    lines = log.read_bytes().splitlines(keepends=True)
    for damage in (b"{]\n", b'{"number": 1}\n', b"[]\n"):
        log.write_bytes(b"".join([*lines[:2], damage, *lines[3:]]))
        with pytest.raises(CheckpointError, match="Line 3 of"):
            tw.tune(bowl, BOWL, trials=4, log=log)
    with pytest.raises(CheckpointError, match="cannot be written"):
        tw.tune(bowl, BOWL, trials=4, log=tmp_path / "none" / "trials.jsonl")
    with pytest.raises(CheckpointError, match="not there"):
        read_log(tmp_path / "none")


def test_a_kill_loses_no_finished_trial(tmp_path: Path) -> None:
    killing.kill_and_resume(tmp_path, kills=2, seed=0)
