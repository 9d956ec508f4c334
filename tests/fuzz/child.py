"""A process that tries seeds and may crash: `python -m tests.fuzz.child try|guard|explain …`.

It writes a line before each seed and a line for each that fails.
"""

from __future__ import annotations

import sys

import pytest

from tests.fuzz.guard import Guarded
from tests.fuzz.seeds import attempt, explained


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)).replace("\n", "\0") + "\n")
    sys.stdout.flush()


def main(mode: str, first: int, end: int) -> None:
    if mode == "explain":
        say(explained(first))
        return
    guarded = Guarded() if mode == "guard" else None
    with pytest.MonkeyPatch.context() as patch:
        if guarded is not None:
            guarded.engine(patch)
        for seed in range(first, end):
            say("trying", seed)
            message = attempt(seed, guarded)
            if message:
                say("failed", seed, message)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
