"""`python -m benchmarks.functions`: a line a function, and `docs/eager-speed.md`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from benchmarks.functions import CASES, page
from benchmarks.functions.measure import SIZES, cost
from benchmarks.timing import pin

_PAGE = Path(__file__).parents[2] / "docs" / "eager-speed.md"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.functions", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="parts of names (default: all)")
    parser.add_argument("--rounds", type=int, default=11, help="interleaved samples (default 11)")
    parser.add_argument("--backward", action="store_true", help="forward and backward alone")
    parser.add_argument("--write", action="store_true", help="write docs/eager-speed.md")
    return parser.parse_args()


def measured(names: list[str], rounds: int, backward: bool) -> dict[str, page.Row]:
    """Take and print the figures of all cases whose names have one of these parts."""
    rows: dict[str, page.Row] = {}
    print(page.HEAD)
    for name, case in CASES.items():
        if names and not any(part in name for part in names):
            continue
        row = {n: cost(case, n, rounds, backward) for n in SIZES}
        if any(row.values()):
            rows[name] = row
            print(page.line(name, row))
            sys.stdout.flush()
    print(page.summary(rows))
    return rows


def main() -> None:
    """Print what was asked for."""
    asked = arguments()
    pin()
    torch.set_num_threads(1)
    rows = [
        measured(asked.names, asked.rounds, backward)
        for backward in ((False, True) if asked.write else (asked.backward,))
    ]
    if asked.write:
        _PAGE.write_text(page.text(*rows), encoding="utf-8")


if __name__ == "__main__":
    main()
