"""How the time of compiling grows with a program: losses that are loops, of more and more steps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.recursions import RECURSIONS, Recursion
from thalweg.engines import registry
from thalweg.training.prepare import STEPS

_HEADS = ("steps", "equations", "cold s", "disk s", "again ms", "µs/update", "growth")


@dataclass(frozen=True)
class Times:
    """What one loop costs.

    Attributes:
        steps: The loop's steps.
        equations: Those of the program of one update.
        cold: The seconds of a first fit of one update, with nothing on disk.
        disk: The seconds of one in another process, the compiled code being on disk.
        again: The seconds of a repeated fit of one update.
        update: The microseconds of an update.
    """

    steps: int
    equations: int
    cold: float
    disk: float
    again: float
    update: float


def here(recursion: Recursion, steps: int) -> Times:
    """Take the times of one loop in this process; what `cold` means depends on its cache."""
    # What is imported when first needed is no part of compiling.
    registry.engine("native")
    first = _seconds(recursion, steps, 1)
    equations = len(STEPS.values()[-1].loop.step.equations)
    again = _seconds(recursion, steps, 1)
    updates = 1
    while (taken := _seconds(recursion, steps, updates) - again) < 0.05 and updates < 100_000:
        updates *= 4
    return Times(steps, equations, first, first, again, taken / updates * 1e6)


def _seconds(recursion: Recursion, steps: int, updates: int) -> float:
    start = time.perf_counter()
    recursion.fit(steps, updates)
    return time.perf_counter() - start


def measure(name: str, steps: int) -> Times:
    """Take the times of one loop in new processes, the first of which finds no code on disk."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "THALWEG_CACHE_DIR": cache}
        command = [sys.executable, "-m", "benchmarks.compile_times", name, str(steps)]
        cold, disk = (
            json.loads(subprocess.run(command, env=environment, check=True, stdout=-1).stdout)
            for _ in range(2)
        )
    return Times(**{**cold, "disk": disk["disk"]})


def report(names: Sequence[str] = ()) -> None:
    """Print a line a loop and length; `growth` is the cold time's, beside that of the steps."""
    print(f"{'loop':<16}" + "".join(f"{head:>11}" for head in _HEADS))
    for name in names or RECURSIONS:
        before: Times | None = None
        for steps in RECURSIONS[name].steps:
            found = measure(name, steps)
            growth = "" if before is None else f"{found.cold / before.cold:.1f}"
            cells = [f"{found.steps}", f"{found.equations}", f"{found.cold:.2f}"]
            cells += [
                f"{found.disk:.2f}",
                f"{1e3 * found.again:.1f}",
                f"{found.update:.1f}",
                growth,
            ]
            print(f"{name:<16}" + "".join(f"{cell:>11}" for cell in cells), flush=True)
            before = found


if __name__ == "__main__":
    print(json.dumps(asdict(here(RECURSIONS[sys.argv[1]], int(sys.argv[2])))))
