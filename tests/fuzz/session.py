"""Many seeds one after another, in processes of their own, as what fails may crash."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Failure:
    """A seed, what went wrong, and the smallest program found that shows it."""

    seed: int
    message: str
    shown: str = ""

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.message}\n{self.shown}".rstrip()


def failures(seeds: range, guard: bool = False) -> Iterator[Failure]:
    """Yield what fails; with `guard`, all memory lies between forbidden pages."""
    first = seeds.start
    while first < seeds.stop:
        child = _child("guard" if guard else "try", first, seeds.stop)
        assert child.stdout is not None
        for line in child.stdout:
            word, seed, *message = line.rstrip("\n").split(" ", 2)
            first = int(seed)
            if word == "failed":
                yield Failure(first, message[0].replace("\0", "\n"), _shown(first))
        child.wait()
        child.stdout.close()
        if child.returncode == 0:
            return
        yield Failure(first, _ended(child.returncode))
        first += 1


def _child(mode: str, first: int, end: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.fuzz.child", mode, str(first), str(end)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _shown(seed: int) -> str:
    child = _child("explain", seed, seed)
    said, _ = child.communicate()
    return said.replace("\0", "\n") or f"(explaining it {_ended(child.returncode)})"


def _ended(code: int) -> str:
    return f"crashed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
