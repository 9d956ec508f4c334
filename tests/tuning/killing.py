"""Kills a study at random moments, and looks whether a trial that was finished is lost.

`python -m tests.tuning.killing 20` kills it twenty times with a pool of two processes.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import thalweg as tw
from tests.tuning.studies import BOWL, facts, slow_bowl

ROOT = Path(__file__).resolve().parents[2]
TRIALS = 64
OPTIONS: dict[str, Any] = {"trials": TRIALS, "sampler": "random", "pruner": "median"}


def study(log: str, workers: int) -> None:
    """Run the study, and tell of each trial once it is in the log."""

    def tell(_: tw.tuning.Study, result: tw.tuning.Result) -> None:
        sys.stdout.write(f"{result.number} {result.value!r}\n")
        sys.stdout.flush()

    options = {**OPTIONS, "log": log, "callbacks": tell}
    if workers < 2:
        tw.tune(slow_bowl, BOWL, **options)
        return
    with ProcessPoolExecutor(workers) as pool:
        tw.tune(slow_bowl, BOWL, **options, executor=pool)


def kill_and_resume(folder: Path, kills: int, seed: int, workers: int = 1) -> list[int]:
    """Kill a study again and again; return how many trials were finished at each kill.

    Raises:
        AssertionError: If a trial that was told of is lost or changed, or if in the end the trials
            are others than those of a run without kills.
    """
    log, draws, told, known = folder / "trials.jsonl", random.Random(seed), {}, []
    for _ in range(kills):
        told |= _killed(log, workers, draws)
        found = {r.number: r.value for r in tw.tuning.read_log(log)[1]} if told else {}
        lost = {number: value for number, value in told.items() if found.get(number) != value}
        assert not lost, f"lost or changed: {lost}"
        known.append(len(found))
        if len(found) > 0.8 * TRIALS:  # begin again: a finished study cannot be killed
            _require_whole(log)
            log.unlink()
            told = {}
    _require_whole(log)
    return known


def _require_whole(log: Path) -> None:
    resumed = tw.tune(slow_bowl, BOWL, **OPTIONS, log=log)
    assert facts(resumed) == facts(tw.tune(slow_bowl, BOWL, **OPTIONS))


def _killed(log: Path, workers: int, draws: random.Random) -> dict[int, float]:
    """Run a study, kill its processes at a random moment, and return the trials it told of."""
    process = subprocess.Popen(
        _command(log, workers), cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    time.sleep(draws.uniform(0, 0.15))
    os.killpg(process.pid, signal.SIGKILL)
    lines += process.stdout.readlines()
    process.stdout.close()
    process.wait()
    words = (line.split() for line in lines if line.endswith("\n"))
    return {int(number): float(value) for number, value in words}


def _command(log: Path, workers: int) -> list[str]:
    return [sys.executable, "-m", "tests.tuning.killing", "study", str(log), str(workers)]


if __name__ == "__main__":
    if sys.argv[1] == "study":
        study(sys.argv[2], int(sys.argv[3]))
    else:
        for workers in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                known = kill_and_resume(Path(folder), int(sys.argv[1]), workers, workers)
            sys.stdout.write(f"{workers} workers, finished at each kill: {known}; none lost\n")
