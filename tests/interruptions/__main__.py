"""`make interruptions`: Ctrl-C at random moments of each phase of a fit; how soon it is heard."""

from __future__ import annotations

import random
import statistics
import sys

from tests.interruptions.trial import PHASES, interrupted

# Seconds after the phase began within which Ctrl-C is sent.
_WITHIN = {"tracing": 5.0, "compiling": 6.0, "short": 3.0, "long": 12.0}


def report(trials: int, phases: tuple[str, ...], seed: int = 0) -> bool:
    """Print a line for each phase; return whether every Ctrl-C was heard within 0.2 s."""
    chance, heard = random.Random(seed), True
    titles = ("trials", "median", "largest", "<= 0.2 s", "exit")
    _say(f"{'':<12}" + "".join(f"{title:>10}" for title in titles))
    for phase in phases:
        found = [interrupted(phase, chance.uniform(0.05, _WITHIN[phase])) for _ in range(trials)]
        waits, exits = [trial.wait for trial in found], [trial.exit for trial in found]
        within = sum(wait <= 0.2 for wait in waits)
        heard = heard and within == trials and all(trial.sound for trial in found)
        middle = f"{statistics.median(waits):>9.3f}s{max(waits):>9.3f}s"
        _say(f"{phase:<12}{trials:>10}{middle}{within:>10}{max(exits):>9.2f}s")
    return heard


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    wanted = tuple(sys.argv[2:]) or PHASES
    sys.exit(0 if report(int(sys.argv[1]), wanted) else 1)
