"""`tw.scan` beside loops in C by hand: `taskset -c 0 python -m benchmarks.scans`.

The values of a long series, and gradient descents along one of the lengths that
`benchmarks.losses` has. Both ways start at the same place, and their results are compared.
"""

from __future__ import annotations

import ctypes
import functools
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import thalweg as tw
from benchmarks import workloads
from benchmarks.losses import MODELS
from benchmarks.losses.model import Model
from benchmarks.timing import pin, seconds

ROUNDS = 15
RATE = 1e-3
# The turns of a value, and the steps of a descent: so many that what a call costs is little of it.
LONG = {"ar": 100_000, "arma": 100_000, "kalman": 20_000}
STEPS = {"ar": 10_000, "arma": 10_000, "kalman": 500}
SOURCE = Path(__file__).parent / "limit" / "scans.c"


@functools.cache
def _by_hand() -> ctypes.CDLL:
    built = workloads.directory() / "scans.so"
    command = ["gcc", "-O3", "-march=native", "-fPIC", "-shared", str(SOURCE), "-o", str(built)]
    subprocess.run([*command, "-lm"], check=True)
    return ctypes.CDLL(str(built))


def _in_c(name: str, params: Any, data: Any, *more: Any) -> float:
    function = _by_hand()[name]
    function.restype = ctypes.c_double
    pointers = (ctypes.c_void_p(array.ctypes.data) for array in (params, data))
    found: float = function(*pointers, ctypes.c_long(len(data)), *more)
    return found


def _values(model: Model) -> tuple[Callable[[], float], Callable[[], float]]:
    params, (data,) = model.make(LONG[model.name])
    compiled = tw.jit(model.scanned)
    return lambda: float(compiled(params, data)), lambda: _in_c(model.name, params, data)


def _descents(model: Model) -> tuple[Callable[[], Any], Callable[[], Any]]:
    params, data = model.make(model.size)
    steps = STEPS[model.name]
    limits = ctypes.c_long(steps), ctypes.c_double(RATE)

    def ours() -> Any:
        fit = tw.fit(
            model.scanned, params, data, optimizer=tw.optim.sgd(RATE), steps=steps, progress=False
        )
        return fit.params

    def by_hand() -> Any:
        moved = params.copy()
        _in_c(f"descend_{model.name}", moved, data[0], *limits)
        return moved

    return ours, by_hand


def _compare(label: str, ways: tuple[Callable[[], Any], Callable[[], Any]], turns: int) -> None:
    ours, theirs = (np.asarray(way()) for way in ways)
    apart = float(np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-300)))
    taken = [[seconds(way) for way in ways] for _ in range(ROUNDS)]
    nanoseconds = [statistics.median(column) / turns * 1e9 for column in zip(*taken, strict=True)]
    ratio = statistics.median(a / b for a, b in taken)
    sys.stdout.write(
        f"{label:<24}{nanoseconds[0]:10.2f}{nanoseconds[1]:10.2f}{ratio:8.2f}{apart:12.1e}\n"
    )
    sys.stdout.flush()


def report() -> None:
    """Print the nanoseconds of a turn, their ratio and how far the results are apart."""
    pin()
    sys.stdout.write(f"{'':<24}{'thalweg':>10}{'C':>10}{'ratio':>8}{'apart':>12}\n")
    for name, turns in LONG.items():
        model = MODELS[name]
        _compare(f"{name}, value", _values(model), turns)
        _compare(f"{name}, descent", _descents(model), model.size * STEPS[name])


if __name__ == "__main__":
    report()
