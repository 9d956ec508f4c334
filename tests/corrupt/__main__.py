"""Long runs over damaged files: `python -m tests.corrupt FIRST END`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.corrupt import kinds
from tests.corrupt.session import outcomes
from tests.corrupt.trying import GOOD


def main(first: int, end: int) -> int:
    """Try seeds first … end - 1; print what fails and the counts; return the exit status."""
    started = time.perf_counter()
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sound"
        kinds.make(sound)
        for found in outcomes(sound, range(first, end)):
            bad = found.outcome not in GOOD
            counts[found.kind, "fault" if bad else found.outcome] += 1
            if bad:
                sys.stdout.write(
                    f"seed {found.seed}: {found.kind}: {found.outcome} ({found.damage})\n"
                )
                sys.stdout.flush()
    sys.stdout.write(table(counts))
    faults = sum(count for (_, outcome), count in counts.items() if outcome == "fault")
    sys.stdout.write(
        f"seeds {first} to {end - 1}: {sum(counts.values())} damaged files in "
        f"{time.perf_counter() - started:.0f} s, {faults} faults\n"
    )
    return 1 if faults else 0


def table(counts: Counter[tuple[str, str]]) -> str:
    """Return the counts by kind and outcome as a table in Markdown."""
    columns = [*GOOD, "fault"]
    lines = [f"| file | {' | '.join(columns)} |", f"|:--{'|--:' * len(columns)}|"]
    names = [kind.name for kind in kinds.KINDS]
    for name in names:
        cells = [f"{counts[name, column]:,}" for column in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    sums = [f"{sum(counts[name, column] for name in names):,}" for column in columns]
    lines.append(f"| all | {' | '.join(sums)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
