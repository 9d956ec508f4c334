"""Results as tables of texts, the same ones on the screen and in reports."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from thalweg.estimators.fitted import Coefficients, two_sided
from thalweg.estimators.fitting import TableFit

# The 97.5th percentile of the standard normal.
NORMAL_975 = 1.959963984540054


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


def number(value: float) -> str:
    """Write a number to six digits, as short as it can be.

    >>> number(1234567.0), number(0.5)
    ('1.23457e+06', '0.5')
    """
    return f"{value:.6g}"


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
        header, cells = _single(table)
        rows = [[table.names[i], *cells[i]] for i in shown]
    else:
        header = ["", *table.outputs]
        rows = [[table.names[i], *(f"{v:.4g}" for v in table.values[i])] for i in shown]
    left = len(order) - len(shown)
    more = f", the {most} largest of {len(order) - 1}" if left else ""
    robust = "" if table.std_errors is None else ", robust standard errors"
    return Grid(f"Coefficients in the columns' own units{robust}{more}", header, rows)


def _single(table: Coefficients) -> tuple[list[str], list[list[str]]]:
    """Return a header and the cells of each coefficient, with what is known of its error."""
    header, errors = ["", "coefficient"], table.std_errors
    cells = [[number(value)] for value in table.values[:, 0].tolist()]
    if errors is not None:
        header += ["std. error", "z", "P>|z|", "2.5 %", "97.5 %"]
        for cell, value, error in zip(cells, table.values[:, 0], errors, strict=True):
            cell += _uncertain(float(value), float(error))
    header.append("for one std. dev.")
    for cell, value in zip(cells, table.standardized[:, 0].tolist(), strict=True):
        cell.append(number(value))
    return header, cells


def _uncertain(value: float, error: float) -> list[str]:
    if not error:
        return ["0", "", "", "", ""]
    z = value / error
    ends = value - NORMAL_975 * error, value + NORMAL_975 * error
    return [f"{error:.4g}", f"{z:.2f}", f"{two_sided(z):.3f}", *(f"{end:.5g}" for end in ends)]


def pace(fit: TableFit) -> str:
    """Return how long the run took, in one line."""
    trained = fit.trained
    return (
        f"{trained.steps:,} steps in {trained.seconds:.3g} s ({trained.us_per_step:.3g} µs/step, "
        f"compile {trained.compile_seconds:.2g} s, engine {trained.engine})"
    )
