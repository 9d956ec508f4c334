"""Long random runs: `python -m tests.fuzz FIRST END [guard]`."""

from __future__ import annotations

import os
import sys
import tempfile
import time

from tests.fuzz.session import failures


def main(first: int, end: int, guard: bool) -> int:
    """Try seeds first … end - 1; print what fails and a summary; return the exit status."""
    started = time.perf_counter()
    count = 0
    for failure in failures(range(first, end), guard):
        count += 1
        sys.stdout.write(f"{failure}\n\n")
        sys.stdout.flush()
    seconds = time.perf_counter() - started
    where = " between guard pages" if guard else ""
    sys.stdout.write(
        f"seeds {first} to {end - 1}{where}: {end - first} programs in {seconds:.0f} s, "
        f"{count} failed\n"
    )
    return 1 if count else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        # Code is made anew, whatever an earlier run has left.
        os.environ["THALWEG_CACHE_DIR"] = folder
        sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), "guard" in sys.argv[3:]))
