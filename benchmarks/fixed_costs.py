"""What training costs besides its steps: importing, compiling, starting processes and fits."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable

from benchmarks import thalweg_runs, workloads
from benchmarks.timing import seconds
from benchmarks.workloads import WORKLOADS, Workload

REPEATS = 5
FITS = 51

IMPORT = """
import time
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""

# From nothing to the parameters of 100 steps of W1.
FIRST_RESULT = """
import numpy as np
import thalweg as tw

def loss(b, X, y):
    return np.sum((y - X @ b) ** 2)

with np.load({data!r}) as file:
    X, y = file["arr_0"], file["arr_1"]
fit = tw.fit(loss, np.zeros(21), (X, y), optimizer=tw.optim.adam(0.1), batch_size=100, steps=100,
             progress=False)
print(fit.params[0])
"""

ONE_STEP = """
import json, sys, time
from benchmarks import thalweg_runs, workloads
w = workloads.WORKLOADS[{name!r}]
w.data()
start = time.perf_counter()
fit = thalweg_runs.fit(w, 1)
print(json.dumps([time.perf_counter() - start, fit.compile_seconds]))
"""


def _python(script: str, cache: str | None = None) -> str:
    """The output of a script in a new process."""
    environment = dict(os.environ)
    if cache is not None:
        environment["THALWEG_CACHE_DIR"] = cache
    run = [sys.executable, "-c", script]
    return subprocess.run(
        run, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def _median(sample: Callable[[], float]) -> float:
    return statistics.median(sample() for _ in range(REPEATS))


def importing(module: str) -> float:
    """Seconds of a first import."""
    return _median(lambda: float(_python(IMPORT.format(module=module))))


def first_result(cached: bool) -> float:
    """Seconds of a whole process that trains W1, without or with compiled code on disk."""
    script = FIRST_RESULT.format(data=str(workloads.data_file("regression")))

    def cold() -> float:
        with tempfile.TemporaryDirectory() as cache:
            if cached:
                _python(script, cache)
            return seconds(lambda: _python(script, cache))

    return _median(cold)


def compiling(w: Workload) -> tuple[list[float], list[float]]:
    """(seconds of a first fit of one step, its compile_seconds): with no cache, then from disk."""
    cold, warm = [], []
    script = ONE_STEP.format(name=w.name)
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(json.loads(_python(script, cache)))
            warm.append(json.loads(_python(script, cache)))
    return [[statistics.median(c) for c in zip(*runs, strict=True)] for runs in (cold, warm)]


def repeating(w: Workload) -> list[float]:
    """Seconds of a fit of one step again: the same, another learning rate, another seed."""
    start = w.start()
    rates, seeds = (iter(range(1, 2 * FITS)) for _ in range(2))
    again: list[Callable[[], object]] = [
        lambda: thalweg_runs.fit(w, 1, start=start),
        lambda: thalweg_runs.fit(w, 1, start=start, rate=w.rate / (1 + next(rates))),
        lambda: thalweg_runs.fit(w, 1, start=start, seed=next(seeds)),
    ]
    thalweg_runs.fit(w, 1)
    return [statistics.median(seconds(run) for _ in range(FITS)) for run in again]


def _milliseconds(values: list[float]) -> str:
    return "".join(f"{1e3 * v:>10.3g}" for v in values)


def report(selected: list[Workload]) -> None:
    """Print all of them, in milliseconds."""
    numpy, own = importing("numpy"), importing("thalweg")
    print(f"import thalweg          {1e3 * own:8.0f} ms, of which NumPy {1e3 * numpy:.0f} ms")
    for cached, words in ((False, "empty"), (True, "filled")):
        taken = 1e3 * first_result(cached)
        print(f"process to W1's result  {taken:8.0f} ms with {words} cache")
    print("\nMilliseconds of a fit of one step, and of compiling in it:")
    heads = ("cold", "compile", "disk", "compile", "again", "rate", "seed")
    print(f"{'workload':<10}" + "".join(f"{head:>10}" for head in heads))
    for w in selected:
        cold, warm = compiling(w)
        times = [*cold, *warm, *repeating(w)]
        print(f"{w.name:<10}{_milliseconds(times)}", flush=True)


if __name__ == "__main__":
    report(list(WORKLOADS.values()))
