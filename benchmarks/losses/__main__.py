"""`python -m benchmarks.losses`: a line a loss, and `docs/losses.md`."""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.losses import MODELS, measure, page
from benchmarks.losses.model import Model
from benchmarks.timing import pin

_PAGE = Path(__file__).parents[2] / "docs" / "losses.md"


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    names: list[str]
    plain: int | None
    repeats: int
    flags: list[str]
    agreement: bool
    write: bool


def arguments() -> Asked:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.losses", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(MODELS))
    parser.add_argument(
        "--plain", type=int, help="the most steps in time of Python loops (default: all)"
    )
    parser.add_argument("--repeats", type=int, default=5, help="interleaved samples (default 5)")
    parser.add_argument("--no-jax", action="store_true", help="thalweg's times alone")
    parser.add_argument("--no-oracle", action="store_true", help="no minima of other libraries")
    parser.add_argument("--write", action="store_true", help="write docs/losses.md")
    found = parser.parse_args()
    for name in found.names:
        if name not in MODELS:
            parser.error(f"{name!r} is no loss here; there are {', '.join(MODELS)}.")
    flags = [] if found.no_jax else list(measure.FLAGS)
    names = found.names or [*MODELS]
    return Asked(names, found.plain, found.repeats, flags, not found.no_oracle, found.write)


def timed(model: Model, variant: str, asked: Asked) -> page.Cell | str:
    """Take the times of a loss written in one way, with JAX's under the best of its flags."""
    size, all_flags = model.size, asked.flags or [None]
    if variant == "plain" and model.is_loop:
        size = min(size, asked.plain or size)
        if size == model.size:
            # JAX is measured beside the scan.
            all_flags = [None]
    ours, theirs, their_compiling, found = [], [], [], None
    for flags in all_flags:
        found = measure.times(model, variant, size, asked.repeats, flags)
        if isinstance(found, str):
            return found
        ours += found.ours
        if found.theirs:
            theirs.append(statistics.median(found.theirs))
            their_compiling.append(found.their_compiling)
    assert found is not None
    best = min(theirs, default=None)
    return page.Cell(
        found.size,
        found.engine,
        found.lacking,
        statistics.median(ours),
        best,
        found.compiling,
        None if best is None else their_compiling[theirs.index(best)],
    )


def row_of(model: Model, asked: Asked) -> page.Row:
    """Take all of a loss's figures."""
    cells = {variant: timed(model, variant, asked) for variant in model.variants}
    return page.Row(model, cells, measure.agreement(model) if asked.agreement else None)


def main() -> None:
    """Print what was asked for."""
    asked = arguments()
    pin()
    rows = []
    print(page.HEAD)
    for name in asked.names:
        rows.append(row_of(MODELS[name], asked))
        print(page.line(rows[-1]))
        sys.stdout.flush()
    if asked.write:
        _PAGE.write_text(page.text(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
