"""`python -m benchmarks`: one table of microseconds per step, and how far the losses agree."""

import argparse
import math
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

from benchmarks import compile_times, files, fixed_costs, limit, reference, rivals, thalweg_runs
from benchmarks.timing import pin
from benchmarks.workloads import Workload, chosen

# The columns: one contestant each, or the best of several.
LIMIT, EPOCH, ONCE = "limit", "thalweg", "once"
BEST, SCAN, STEP = "JAX best", "JAX scan", "JAX step"
RIVALS = {"torch": "torch", "sklearn": "sklearn", "numba": "numba"}


class Timed(Protocol):
    """What is timed in this process."""

    def microseconds(self) -> float:
        """One sample of the time of a step."""


Samples = dict[tuple[str, str], list[float]]


def compare(
    w: Workload, processes: list[rivals.Rival], repeats: int, with_limit: bool
) -> tuple[dict[str, float], dict[str, float], str]:
    """Train a workload in every way in turn, `repeats` times.

    Returns:
        By column: microseconds per step, and final losses; and the best way of JAX.
    """
    fits = thalweg_runs.Fits(w)
    mine: dict[str, Timed] = {EPOCH: fits}
    losses = {EPOCH: w.loss(fits.train())}
    if w.batch:
        mine[ONCE] = thalweg_runs.Fits(w, "once")
    if with_limit:
        mine[LIMIT] = kernel = limit.prepare(w)
        losses[LIMIT] = w.loss(kernel.train())
    samples: Samples = defaultdict(list)
    for _ in range(repeats):
        for column, contestant in mine.items():
            samples[column, ""].append(contestant.microseconds())
        for process in processes:
            for way, microseconds in process.sample(w.name).items():
                samples[process.family, f"{way} {process.flags}".strip()].append(microseconds)
    times = {key: statistics.median(values) for key, values in samples.items()}
    endings = {
        (process.family, f"{way} {process.flags}".strip()): loss
        for process in processes
        for way, loss in process.losses.items()
    }
    table = {column: times[column, ""] for column in mine}
    best = _fill(table, losses, times, endings)
    return table, losses, best


def _fill(
    table: dict[str, float],
    losses: dict[str, float],
    times: Mapping[tuple[str, str], float],
    endings: Mapping[tuple[str, str], float],
) -> str:
    """Put the rivals' columns into a row; return the name of JAX's best way."""
    groups = {column: [k for k in times if k[0] == name] for name, column in RIVALS.items()}
    jax = [key for key in times if key[0] == "jax"]
    groups[BEST] = jax
    groups[SCAN] = [key for key in jax if key[1] == "scan unroll=1"]
    groups[STEP] = [key for key in jax if key[1] == "step"]
    for column, keys in groups.items():
        if keys:
            fastest = min(keys, key=times.__getitem__)
            table[column], losses[column] = times[fastest], endings[fastest]
    return min(jax, key=times.__getitem__)[1] if jax else ""


# ---- the table


def columns_of(families: Iterable[str], with_limit: bool) -> list[str]:
    """The columns there are numbers for, in their order."""
    found = [LIMIT, EPOCH, "ratio", ONCE] if with_limit else [EPOCH, ONCE]
    for family in families:
        found += [BEST, SCAN, STEP] if family == "jax" else [RIVALS[family]]
    return found


def microseconds(value: float) -> str:
    """Three digits, as many after the point as that leaves."""
    if math.isnan(value):
        return "–"
    places = max(0, min(3, 2 - math.floor(math.log10(abs(value) or 1))))
    return f"{value:.{places}f}"


def print_row(label: str, cells: Iterable[str], note: str = "") -> None:
    """Print one line of the table."""
    print(f"{label:<10}" + "".join(f"{cell:>10}" for cell in cells) + f"  {note}".rstrip())
    sys.stdout.flush()


def print_comparison(
    w: Workload, columns: list[str], table: dict[str, float], losses: dict[str, float], best: str
) -> None:
    """Print a workload's two lines: times, and the losses' relative distances to the reference."""
    expected = reference.final_loss(w)
    if LIMIT in table:
        table["ratio"] = table[EPOCH] / table[LIMIT]
    print_row(w.name, [microseconds(table.get(c, math.nan)) for c in columns], best)
    distances = {c: abs(loss - expected) / abs(expected) for c, loss in losses.items()}
    print_row("  loss", [f"{distances[c]:.0e}" if c in distances else "" for c in columns])


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="W1", help="workloads; all by default")
    parser.add_argument(
        "--rivals",
        default=",".join(rivals.FAMILIES),
        help="tools to compare with, of %(default)s; or none",
    )
    parser.add_argument("--repeats", type=int, default=5, help="interleaved samples (default 5)")
    parser.add_argument(
        "--fixed-costs", action="store_true", help="times of importing, compiling and starting"
    )
    parser.add_argument(
        "--habits", action="store_true", help="eager steps, loaders and modules beside PyTorch's"
    )
    parser.add_argument(
        "--compile-times", action="store_true", help="losses that are loops, of more and more steps"
    )
    parser.add_argument(
        "--files", action="store_true", help="fitting large files beside pandas and scikit-learn"
    )
    return parser.parse_args()


def main() -> None:
    """Print what was asked for."""
    asked = arguments()
    if asked.compile_times:
        pin()
        compile_times.report(asked.workloads)
        return
    if asked.files:
        files.report()
        return
    selected = chosen(asked.workloads)
    families = [f for f in rivals.FAMILIES if f in asked.rivals.split(",")]
    pin()
    if asked.fixed_costs:
        fixed_costs.report(selected)
        return
    if asked.habits:
        # PyTorch is imported only where it is asked for.
        from benchmarks import habits, steps

        habits.report()
        steps.report([])
        return
    if reason := limit.why_not():
        print(f"There is no limit: {reason}.")
    columns = columns_of(families, not reason)
    print("Microseconds per step; below, each final loss's relative distance to float64 NumPy.")
    print_row("workload", columns, "JAX's best" if "jax" in families else "")
    processes = rivals.start(families)
    try:
        for w in selected:
            print_comparison(w, columns, *compare(w, processes, asked.repeats, not reason))
    finally:
        for process in processes:
            process.close()


if __name__ == "__main__":
    main()
