"""Many damaged files one after another, read in processes of their own, as a reader may crash."""

from __future__ import annotations

import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.corrupt.kinds import KINDS

ROOT = Path(__file__).resolve().parents[2]
# A file that takes longer to read hangs.
SECONDS = 120.0


@dataclass(frozen=True)
class Outcome:
    """What came of a seed."""

    seed: int
    kind: str
    outcome: str
    damage: str = ""


def outcomes(folder: Path, seeds: range) -> Iterator[Outcome]:
    """Yield what came of each seed; `folder` holds the sound files."""
    first = seeds.start
    while first < seeds.stop:
        command = [
            sys.executable,
            "-m",
            "tests.corrupt.child",
            str(folder),
            str(first),
            str(seeds.stop),
        ]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
            started = False
            for line in _lines(child):
                word, *rest = line.split("\t")
                started = True
                if word == "trying":
                    first = int(rest[0])
                elif word == "done":
                    first = int(rest[0]) + 1
                    yield Outcome(int(rest[0]), *rest[1:])
            child.kill()
            code = child.wait()
        if first >= seeds.stop and code == 0:
            return
        if not started:
            raise RuntimeError("The process that reads damaged files did not start; see above.")
        if first < seeds.stop:
            yield Outcome(first, KINDS[first % len(KINDS)].name, _ended(code))
            first += 1


def _lines(child: subprocess.Popen[bytes]) -> Iterator[str]:
    """Yield what a child says until it ends, or says nothing for too long."""
    assert child.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        waiting = b""
        while selector.select(SECONDS):
            if not (read := child.stdout.read1(65536)):  # type: ignore[attr-defined]
                child.wait()
                return
            *lines, waiting = (waiting + read).split(b"\n")
            yield from (line.decode() for line in lines)


def _ended(code: int) -> str:
    if code == -signal.SIGKILL:
        return f"hung for {SECONDS:.0f} s, or took too much memory"
    return f"crashed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
