"""How a time is taken: long enough to mean something, with the garbage collector out of the way."""

import gc
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# No sample is shorter, and each is the best of so many: what else the machine does only adds.
SAMPLE_SECONDS = 0.02
ATTEMPTS = 3


def pin() -> None:
    """Keep this process and its children on one processor, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def seconds(run: Callable[[], object], repeats: int = 1, attempts: int = 1) -> float:
    """The seconds that `repeats` calls take, the least of some attempts."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        taken = []
        for _ in range(attempts):
            start = time.perf_counter()
            for _ in range(repeats):
                run()
            taken.append(time.perf_counter() - start)
        return min(taken)
    finally:
        if collecting:
            gc.enable()


def processor_microseconds(run: Callable[[], object], calls: int) -> float:
    """The processor time of a call, of so many."""
    began = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - began) / calls * 1e6


@dataclass
class Contestant:
    """A way to train a workload.

    Attributes:
        train: The run whose last loss is compared; returns the parameters.
        timed: The run that is timed, if it is another one.
        timed_steps: Its steps.
    """

    train: Callable[[], Any]
    timed: Callable[[], object]
    timed_steps: int
    _repeats: int = 0

    def microseconds(self) -> float:
        """One sample of the time of a step: whole runs, one after the other."""
        if not self._repeats:
            self.timed()
            self._repeats = max(1, math.ceil(SAMPLE_SECONDS / seconds(self.timed)))
        taken = seconds(self.timed, self._repeats, ATTEMPTS)
        return taken / (self._repeats * self.timed_steps) * 1e6
