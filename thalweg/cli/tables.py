"""Results as tables of texts, the same ones on the screen and in reports."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.estimators.fitting import TableFit
from thalweg.inference.printing import number, probability


@dataclass(frozen=True)
class Grid:
    """A table of texts: a caption, a header and rows."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def comma_separated(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""Return a table of numbers and texts as CSV, numbers to the last digit.

    >>> comma_separated(["a", "b"], [(0.1, "x,y")])
    'a,b\n0.1,"x,y"\n'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def losses(fit: TableFit) -> Grid:
    """Return the losses of the model beside those of the best constant."""
    name = fit.score_name
    rows = [
        [
            f"{where} ({judged['rows']:,} rows)",
            number(judged["loss"]),
            number(judged["null loss"]),
            f"{judged['score']:.4f}",
            f"{judged['null score']:.4f}",
        ]
        for where, judged in fit.losses.items()
    ]
    header = ["", f"{fit.settings.loss} loss", "null model", name, "null model"]
    return Grid("", header, rows)


def coefficients(fit: TableFit, most: int | None = None) -> Grid:
    """Return the coefficients, the largest effects first.

    Args:
        fit: That of a linear model.
        most: How many features to show; None for all.
    """
    table = fit.coefficients
    order = table.by_weight()
    shown = order if most is None else order[: most + 1]
    if table.outputs == ("",):
        header, cells = _single(fit)
        rows = [[table.names[i], *cells[i]] for i in shown]
    else:
        header = ["", *table.outputs]
        rows = [[table.names[i], *(f"{v:.4g}" for v in table.values[i])] for i in shown]
    left = len(order) - len(shown)
    more = f", the {most} largest of {len(order) - 1}" if left else ""
    return Grid(f"Coefficients in the columns' own units{more}. {_convention(fit)}", header, rows)


def _convention(fit: TableFit) -> str:
    """Return how the standard errors were made, or why there are none and what to do."""
    found = fit.inference
    if found.convention is None:
        return f"No standard errors: {found.why}"
    lacking = "".join(f" {name} has none: {why}." for name, why in found.left_out.items())
    kind = found.convention.name
    return f"Robust standard errors ({kind}), {found.convention.reference.text}.{lacking}"


def _single(fit: TableFit) -> tuple[list[str], list[list[str]]]:
    """Return a header and the cells of each coefficient, with what is known of its error."""
    table, found = fit.coefficients, fit.inference
    header = ["", "coefficient"]
    cells = [[number(value)] for value in table.values[:, 0].tolist()]
    if found.convention is not None:
        letter = found.convention.reference.letter
        header += ["std. error", letter, f"P>|{letter}|", "2.5 %", "97.5 %"]
        numbers = [found.std_errors, found.statistics, found.p_values, *found.intervals().T]
        for cell, row in zip(cells, np.column_stack(numbers).tolist(), strict=True):
            cell += _uncertain(*row)
    header.append("for one std. dev.")
    for cell, value in zip(cells, table.standardized[:, 0].tolist(), strict=True):
        cell.append(number(value))
    return header, cells


def _uncertain(error: float, statistic: float, p: float, low: float, high: float) -> list[str]:
    if math.isnan(error):
        return ["–", "", "", "", ""]
    test = [f"{statistic:.2f}", probability(p)] if error else ["", ""]
    return [f"{error:.4g}", *test, f"{low:.5g}", f"{high:.5g}"]


def pace(fit: TableFit) -> str:
    """Return how long the run took, in one line."""
    trained = fit.trained
    return (
        f"{trained.steps:,} steps in {trained.seconds:.3g} s ({trained.us_per_step:.3g} µs/step, "
        f"compile {trained.compile_seconds:.2g} s, engine {trained.engine})"
    )
