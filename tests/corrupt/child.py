"""A process that reads damaged files and may crash: `python -m tests.corrupt.child …`.

It writes a line before each seed and a line for what came of it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from tests.corrupt import kinds
from tests.corrupt.trying import Bench

# More than any of these small files needs: what asks for more is told so, and counted.
MEMORY = 6 << 30


def say(*words: object) -> None:
    sys.stdout.write("\t".join(" ".join(str(word).split()) for word in words) + "\n")
    sys.stdout.flush()


def limit() -> None:
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main(folder: Path, first: int, end: int) -> None:
    kinds.prepare(folder)
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(folder, Path(os.path.realpath(place)))
        say("ready")
        limit()
        for seed in range(first, end):
            say("trying", seed)
            say("done", seed, *bench.attempt(seed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
