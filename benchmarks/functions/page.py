"""How the figures are shown: a table on the terminal, the same as a page of the documentation."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from benchmarks.functions.measure import SIZES, Cost
from benchmarks.losses.page import machine

Row = Mapping[int, Cost | None]

HEAD = "| | 32 | 10³ | 10⁶ | µs at 32 | at 10³ | at 10⁶ |\n|" + "---|" * 7

_PAGE = """# Eager speed

What `python -m benchmarks.functions --write` measured: {count} functions and layers of
`thalweg.torch`, called one by one beside PyTorch's on tensors of about 32, 10³ and 10⁶ elements
(`benchmarks/functions/`), float32 unless a function is of integers. A figure is our time by
PyTorch's: below 1 thalweg is faster. The microseconds are thalweg's.

**Forward**: {forward}

**Forward and backward**: {backward}

Times are the processor's, of one thread; samples alternate, and the ratio is the median of theirs.
What is compiled when a function is first called, and then kept on disk, is not counted.
{machine}.

## Forward

{forward_table}

## Forward and backward

Of those that have a derivative: the call, and `backward` from its result.

{backward_table}
"""


def line(name: str, row: Row) -> str:
    """Return a line of the table."""
    costs = [row[n] for n in SIZES]
    ratios = [f"{cost.ratio:.2f}" if cost else "–" for cost in costs]
    times = [f"{cost.ours:.3g}" if cost else "–" for cost in costs]
    return "| " + " | ".join([f"`{name}`", *ratios, *times]) + " |"


def summary(rows: Mapping[str, Row]) -> str:
    """Say the median and the worst of all ratios."""
    found = {(n, name): cost.ratio for name, row in rows.items() for n, cost in row.items() if cost}
    if not found:
        return "not measured."
    size, name = max(found, key=lambda key: found[key])
    many = sum(ratio > 3 for ratio in found.values())
    return (
        f"median {statistics.median(found.values()):.2f} ({_by_size(rows)}), worst "
        f"{found[size, name]:.2f} (`{name}` at {size}), {many} of {len(found)} above 3."
    )


def _by_size(rows: Mapping[str, Row]) -> str:
    medians = []
    for n in SIZES:
        ratios = [cost.ratio for row in rows.values() if (cost := row[n])]
        medians.append(f"{statistics.median(ratios):.2f}")
    return ", ".join(medians) + " at the three sizes"


def table(rows: Mapping[str, Row]) -> str:
    """Return a table of all rows."""
    return "\n".join([HEAD, *(line(name, row) for name, row in rows.items())])


def text(forward: Mapping[str, Row], backward: Mapping[str, Row]) -> str:
    """Return the page."""
    return _PAGE.format(
        count=len(forward),
        forward=summary(forward),
        backward=summary(backward),
        forward_table=table(forward),
        backward_table=table(backward),
        machine=machine(_LIBRARIES),
    )


_LIBRARIES: Sequence[str] = ("thalweg", "numpy", "llvmlite", "torch")
