"""Results as tables of texts, the same ones on the screen and in reports."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.data.encoding import Feature, Standardized, TargetColumn
from thalweg.data.table import listed
from thalweg.errors import shown
from thalweg.estimators.fitting import TableFit
from thalweg.inference.printing import probability, readable


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


def quality(fit: TableFit) -> Grid:
    """Return what the model's predictions are worth, beside those of the best constant."""
    losses, judged_on = fit.losses, fit.judged_on
    header = ["", *losses, *(["±"] if fit.folds else []), "null model"]
    rows = [["rows", *(f"{judged['rows']:,}" for judged in losses.values())]]
    loss = [readable(judged["loss"]) for judged in losses.values()]
    spread: list[str] = [""] if fit.folds else []
    null = losses[judged_on]
    rows.append([f"{fit.settings.loss} loss", *loss, *spread, readable(null["null loss"])])
    for name in fit.metrics[judged_on]:
        row = [name, *(_metric(name, metrics[name]) for metrics in fit.metrics.values())]
        row += [_metric(name, fit.spread[name])] if fit.folds else []
        rows.append([*row, f"{null['null score']:.4f}" if name == fit.score_name else ""])
    caption = f"The null model is the best constant, on the rows {judged_on}."
    if fit.settings.weights is not None:
        caption += f" Losses and metrics are weighted by {shown(fit.settings.weights)}."
    width = len(header)
    return Grid(caption, header, [[*row, *[""] * (width - len(row))] for row in rows])


def _metric(name: str, value: float) -> str:
    if math.isnan(value):
        return "–"
    return readable(value) if name in ("RMSE", "MAE") else f"{value:.4f}"


def by_class(fit: TableFit) -> Grid | None:
    """Return precision and recall of each class, where the target has classes."""
    if fit.split.encoding.target.kind == "regression":
        return None
    rows = [
        [name, *(_metric("", found[key]) for key in ("precision", "recall")), f"{found['rows']:,}"]
        for name, found in fit.judgments[fit.judged_on].by_class.items()
    ]
    caption = "Precision: how many taken for a class are of it. Recall: how many of its are found."
    return Grid(f"{caption} Rows {fit.judged_on}.", ["", "precision", "recall", "rows"], rows)


MOST_COLUMNS = 200


def data(fit: TableFit) -> Grid:
    """Return an overview of the columns that the model predicts from, and of the target."""
    split, target = fit.split, fit.split.encoding.target
    varies: NDArray[np.bool_] = np.any(split.train.X != 0.0, axis=0)
    rows = [[target.name, f"target, {target.kind}", _of_target(target), ""]]
    at = 0
    for feature in split.encoding.features[:MOST_COLUMNS]:
        end = at + len(feature.names)
        kind, values = _described(feature, bool(varies[at:end].any()))
        gaps = split.gaps.get(feature.name, 0)
        taken = "mean" if isinstance(feature, Standardized) else "shares"
        how = f", {taken} taken" if split.encoding.missing == "mean" else ""
        rows.append([feature.name, kind, values, f"{gaps:,}{how}" if gaps else ""])
        at = end
    total = len(split.train) + len(split.held_out)
    left = len(split.encoding.features) - MOST_COLUMNS
    caption = f"{total:,} rows. Means and shares are those of the {len(split.train):,} trained on."
    caption += f" The first {MOST_COLUMNS} columns, of {left + MOST_COLUMNS}." if left > 0 else ""
    header = ["column", "type", "values", "missing"]
    if not any(row[-1] for row in rows):
        return Grid(f"{caption} No value is missing.", header[:-1], [row[:-1] for row in rows])
    return Grid(caption, header, rows)


def _of_target(target: TargetColumn) -> str:
    if target.kind != "regression":
        return listed(target.classes, 5)
    return f"mean {readable(target.mean, 4)}, std. dev. {readable(target.scale, 4)}"


def _described(feature: Feature, varies: bool) -> tuple[str, str]:
    if isinstance(feature, Standardized):
        mean = readable(feature.mean, 4)
        if not varies:
            return "number", f"always {mean}"
        return "number", f"mean {mean}, std. dev. {readable(feature.scale, 4)}"
    most = max(range(len(feature.levels)), key=lambda i: feature.shares[i])
    common = f"commonest {shown(feature.levels[most])}, {100 * feature.shares[most]:.0f}%"
    return f"{len(feature.levels)} categories", common


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
        rows = [[table.names[i], *(readable(v, 4) for v in table.values[i])] for i in shown]
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
    named = (
        "Classical standard errors" if kind == "classical" else f"Robust standard errors ({kind})"
    )
    return f"{named}, {found.convention.reference.text}.{lacking}"


def _single(fit: TableFit) -> tuple[list[str], list[list[str]]]:
    """Return a header and the cells of each coefficient, with what is known of its error."""
    table, found = fit.coefficients, fit.inference
    header = ["", "coefficient"]
    cells = [[readable(value)] for value in table.values[:, 0].tolist()]
    if found.convention is not None:
        letter = found.convention.reference.letter
        header += ["std. error", letter, f"P>|{letter}|", "2.5 %", "97.5 %"]
        numbers = [found.std_errors, found.statistics, found.p_values, *found.intervals().T]
        for cell, row in zip(cells, np.column_stack(numbers).tolist(), strict=True):
            cell += _uncertain(*row)
    header.append("for one std. dev.")
    for cell, value in zip(cells, table.standardized[:, 0].tolist(), strict=True):
        cell.append(readable(value))
    return header, cells


def _uncertain(error: float, statistic: float, p: float, low: float, high: float) -> list[str]:
    if math.isnan(error):
        return ["–", "", "", "", ""]
    test = [f"{statistic:.2f}", probability(p)] if error else ["", ""]
    return [readable(error, 4), *test, readable(low, 5), readable(high, 5)]


def pace(fit: TableFit) -> str:
    """Return how long the run took, in one line."""
    trained = fit.trained
    compiled = (
        f", compile {readable(trained.compile_seconds, 2)} s" if trained.compile_seconds else ""
    )
    return (
        f"{trained.steps:,} steps in {readable(trained.seconds, 3)} s "
        f"({readable(trained.us_per_step, 3)} µs/step{compiled}, engine {trained.engine})"
    )
