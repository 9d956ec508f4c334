"""Pictures of partial dependence: what is predicted on average where a column has given values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from thalweg.data.encoding import OneHot
from thalweg.errors import ArgumentError
from thalweg.estimators.evaluation.inspection import PartialDependence, places
from thalweg.estimators.fitting import TableFit
from thalweg.svg import SERIES, Panel

MOST_COLUMNS, MOST_LEVELS = 6, 12
# How many values the grid of a column of numbers has.
GRID = 40

EXPLAINED = (
    "Partial dependence: what is predicted on average if all rows have this value of {column}. "
    "Short lines stand at tenths of the training rows: where they are far apart, few rows tell."
)


def pictures(fit: TableFit, columns: Sequence[str]) -> list[tuple[str, str]]:
    """Return a picture for each of the first columns, on one scale, and what stands below it."""
    found = [part for column in columns[:MOST_COLUMNS] if (part := _dependence(fit, column))]
    if not found:
        return []
    shown = np.concatenate([part.average[:SERIES].ravel() for part in found])
    ends = (float(shown.min()), float(shown.max()))
    drawn: list[tuple[str, str]] = []
    for part in found:
        below = f"The same for {part.column}." if drawn else EXPLAINED.format(column=part.column)
        drawn.append((_drawn(fit, part, ends), below))
    return drawn


def _dependence(fit: TableFit, column: str) -> PartialDependence | None:
    """Return the partial dependence on a column, unless all rows have one value of it."""
    try:
        found = fit.partial_dependence(column, grid_resolution=GRID)
    except ArgumentError:  # nearly all rows have one value
        found = fit.partial_dependence(column, grid_resolution=GRID, percentiles=(0.0, 1.0))
    return found if len(found.grid_values) > 1 else None


def _drawn(fit: TableFit, part: PartialDependence, ends: tuple[float, float]) -> str:
    target = fit.split.encoding.target
    several = len(part.outputs) > 1
    what = target.name if target.kind == "regression" else part.outputs[0]
    label = "probability" if several else f"{what}, predicted"
    if not several and target.kind == "binary":
        label = f"probability of {what}" if fit.split.objective.mean else f"score of {what}"
    panel = Panel(part.column, label, width=280, height=200, y_ends=ends)
    at, averages = _places(fit, part, panel)
    for series, (name, values) in enumerate(zip(part.outputs, averages, strict=True)):
        if series == SERIES:
            break
        shown = name if several else ""
        if panel.x_names:
            panel.points(at, values, shown, series, large=True)
        else:
            panel.line(at, values, shown, series)
    return panel.text(f"partial dependence on {part.column}")


def _places(
    fit: TableFit, part: PartialDependence, panel: Panel
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where values stand, and what is predicted there; tell the panel of rows and levels."""
    encoding = fit.split.encoding
    feature = next(f for f in encoding.features if f.name == part.column)
    if isinstance(feature, OneHot):
        # The levels that most rows have, in their order.
        shares = dict(zip(feature.levels, feature.shares, strict=True))
        sizes = np.array([shares[level] for level in part.grid_values])
        kept = np.sort(np.argsort(-sizes, kind="stable")[:MOST_LEVELS])
        panel.x_names = [str(level) for level in part.grid_values[kept]]
        return np.arange(len(kept), dtype=np.float64), part.average[:, kept]
    values = np.asarray(part.grid_values, np.float64)
    column = fit.split.train.X[:, places(encoding)[part.column]][:, 0]
    tenths = feature.mean + feature.scale * np.quantile(column, np.arange(1, 10) / 10)
    panel.rug(tenths[(tenths >= values[0]) & (tenths <= values[-1])])
    return values, part.average
