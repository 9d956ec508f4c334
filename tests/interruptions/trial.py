"""One Ctrl-C sent to a process that fits, and how long it took to be heard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PHASES = ("tracing", "compiling", "short", "long")


@dataclass(frozen=True)
class Heard:
    """What became of one Ctrl-C.

    Attributes:
        wait: Seconds until KeyboardInterrupt came out of `fit`.
        exit: Seconds until the process had ended.
        steps: The steps of the run that the interruption carried; None before there was one.
        sound: Whether parameters of no steps are those it began with.
    """

    wait: float
    exit: float
    steps: int | None
    sound: bool


def interrupted(phase: str, after: float, *arguments: object) -> Heard:
    """Start a process, send it SIGINT some seconds after the phase began, and wait for it.

    Raises:
        RuntimeError: If it did not end by KeyboardInterrupt; says what it printed.
    """
    command = [sys.executable, "-m", "tests.interruptions.child", phase, *map(str, arguments)]
    child = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert child.stdout is not None
    said = [next(child.stdout), next(child.stdout)]
    time.sleep(after)
    sent = time.monotonic()
    child.send_signal(signal.SIGINT)
    out, errors = child.communicate(timeout=300)
    ended = time.monotonic()
    told = next((line.split() for line in out.splitlines() if line.startswith("heard")), None)
    if told is None or child.returncode != 0:
        raise RuntimeError(f"{phase}: {child.returncode}, {''.join(said)}{out}{errors}")
    steps = None if told[2] == "none" else int(told[2])
    return Heard(float(told[1]) - sent, ended - sent, steps, told[3] == "True")
