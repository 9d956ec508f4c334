"""The report of a fit, as one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg.cli import plots, tables
from thalweg.cli.notes import notes
from thalweg.estimators import models
from thalweg.estimators.fitting import TableFit
from thalweg.page import Page

MOST_BARS = 25
MOST_CLASSES = 20


def report(fit: TableFit, options: Mapping[str, Any], run: str) -> str:
    """Return the report.

    Args:
        fit: What was found.
        options: What was done, every choice made.
        run: The file that repeats the run.
    """
    page = Page(f"{options['target']} in {options['data']}")
    page.paragraph(
        f"A {options['model']} model with the {options['loss']} loss, by {options['optimizer']}: "
        f"{tables.pace(fit)}."
    )
    page.listing(notes(fit))
    page.heading("How well it predicts")
    grid = tables.losses(fit)
    page.table(grid.header, grid.rows, "The null model is the best constant.")
    page.image(*_prediction(fit))
    page.heading("How it was trained")
    page.image(_training(fit), "losses during training")
    if fit.linear:
        page.heading("The model")
        page.image(_weights(fit), "the largest coefficients")
        grid = tables.coefficients(fit)
        page.table(grid.header, grid.rows, grid.caption)
    page.heading("Again")
    page.paragraph("This file repeats the run, bit for bit: thalweg fit --run run.toml")
    page.code(run)
    return page.text()


def _training(fit: TableFit) -> str:
    curves = fit.trained.curves
    lines: list[plots.Line] = [("training", curves.at, curves.train)]
    if curves.held_out:
        lines.append(("held out", curves.at, curves.held_out))
    judged = fit.losses["training"]
    return plots.curves(
        [("", lines)],
        ("step", f"{fit.settings.loss} loss"),
        level=judged["null loss"],
        level_name="null model",
    )


def _prediction(fit: TableFit) -> tuple[str, str]:
    """Return a plot of how predictions compare with what is, and what it shows."""
    rows, which = fit.split.train, "training rows"
    if len(fit.split.held_out):
        rows, which = fit.split.held_out, "rows held out"
    target, scores = fit.split.encoding.target, models.scores(fit.trained.params, rows.X)
    if target.kind == "regression":
        actual = rows.y * target.scale + target.mean
        names = (f"{target.name}, predicted", f"{target.name}, actual ({which})")
        return plots.scatter(fit.model.predicted(scores), actual, names), (
            "predicted and actual values"
        )
    taken = fit.model.taken(scores)
    classes = len(target.classes)
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (rows.y.astype(np.int64), taken), 1)
    if classes > MOST_CLASSES:
        return plots.bars(
            ["all classes"], [float(np.mean(taken == rows.y))], f"accuracy ({which})"
        ), "accuracy"
    return plots.confusion(counts, target.classes), f"predicted and actual classes ({which})"


def _weights(fit: TableFit) -> str:
    table = fit.coefficients
    chosen = [i for i in table.by_weight() if i][:MOST_BARS]
    names = [table.names[i] for i in chosen]
    if len(table.outputs) == 1:
        values = table.standardized[chosen, 0]
    else:
        values = np.max(np.abs(table.standardized[chosen]), axis=1)
    largest = "largest absolute " if len(table.outputs) > 1 else ""
    return plots.bars(names, values, f"{largest}coefficient for one standard deviation")
