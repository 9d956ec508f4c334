"""A rival's process: reads workloads, answers with times."""

import importlib
import json
import os
import sys
import warnings

from benchmarks.timing import Contestant
from benchmarks.workloads import WORKLOADS


def prepare(family: str, name: str) -> tuple[dict[str, Contestant], dict[str, float], list[str]]:
    """The ways to train a workload that work, the losses they end with, and what failed."""
    w = WORKLOADS[name]
    ready: dict[str, Contestant] = {}
    losses: dict[str, float] = {}
    failures = []
    for way, make in importlib.import_module(f"benchmarks.rivals.{family}_runs").ways(w).items():
        # A rival may fail in any way; the table then lacks its number and says why.
        try:
            contestant = make()
            losses[way] = w.loss(contestant.train())
            ready[way] = contestant
        except Exception as error:
            failures.append(f"{way}: {type(error).__name__}: {str(error)[:300]}")
    return ready, losses, failures


def main(family: str) -> None:
    """Answer each line of the standard input until it ends."""
    warnings.simplefilter("ignore")
    # Answers alone go to the standard output; what a library prints goes to the error output.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    current, ready = "", {}
    for line in sys.stdin:
        answer = {}
        if line.strip() != current:
            current = line.strip()
            ready, answer["losses"], answer["failures"] = prepare(family, current)
        answer["microseconds"] = {way: c.microseconds() for way, c in ready.items()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
