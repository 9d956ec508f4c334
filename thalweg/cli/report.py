"""The report of a fit, as one page."""

from __future__ import annotations

import numpy as np

from thalweg.cli import models, plots, tables
from thalweg.cli.page import Page
from thalweg.cli.summary import Result, predictions

__all__ = ["report"]

MOST_BARS = 25
MOST_CLASSES = 20


def report(result: Result, run: str) -> str:
    """Return the report.

    Args:
        result: What was found.
        run: The file that repeats the run.
    """
    settings, target = result.settings, result.problem.encoding.target
    page = Page(f"{target.name} in {settings.data}")
    page.paragraph(
        f"A {settings.model} model with the {settings.loss} loss, by {settings.optimizer}: "
        f"{tables.pace(result)}."
    )
    page.listing(result.notes())
    page.heading("How well it predicts")
    grid = tables.losses(result)
    page.table(grid.header, grid.rows, "The null model is the best constant.")
    page.image(*_prediction(result))
    page.heading("How it was trained")
    page.image(_training(result), "losses during training")
    if result.linear:
        page.heading("The model")
        page.image(_weights(result), "the largest coefficients")
        grid = tables.coefficients(result)
        page.table(grid.header, grid.rows, grid.caption)
    page.heading("Again")
    page.paragraph("This file repeats the run, bit for bit: thalweg fit --run run.toml")
    page.code(run)
    return page.text()


def _training(result: Result) -> str:
    course = result.trained.course
    lines: list[plots.Line] = [("training", course.at, course.train)]
    if course.held_out:
        lines.append(("held out", course.at, course.held_out))
    judged = result.losses()["training"]
    return plots.curves(
        [("", lines)],
        ("step", f"{result.settings.loss} loss"),
        level=judged["null loss"],
        level_name="null model",
    )


def _prediction(result: Result) -> tuple[str, str]:
    """Return a plot of how predictions compare with what is, and what it shows."""
    problem, params = result.problem, result.trained.params
    rows, which = problem.train, "training rows"
    if len(problem.held_out):
        rows, which = problem.held_out, "rows held out"
    target = problem.encoding.target
    if target.kind == "regression":
        predicted = predictions(problem, params, rows)
        actual = rows.y * target.scale + target.mean
        names = (f"{target.name}, predicted", f"{target.name}, actual ({which})")
        return plots.scatter(predicted, actual, names), "predicted and actual values"
    scores = models.scores(params, rows.X)
    taken = scores.argmax(axis=1) if scores.ndim > 1 else (scores > 0).astype(np.int64)
    classes = len(target.classes)
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (rows.y.astype(np.int64), taken), 1)
    if classes > MOST_CLASSES:
        return plots.bars(
            ["all classes"], [float(np.mean(taken == rows.y))], f"accuracy ({which})"
        ), "accuracy"
    return plots.confusion(counts, target.classes), f"predicted and actual classes ({which})"


def _weights(result: Result) -> str:
    table = result.coefficients()
    chosen = [i for i in table.by_weight() if i][:MOST_BARS]
    names = [table.names[i] for i in chosen]
    if len(table.outputs) == 1:
        values = table.standardized[chosen, 0]
    else:
        values = np.max(np.abs(table.standardized[chosen]), axis=1)
    largest = "largest absolute " if len(table.outputs) > 1 else ""
    return plots.bars(names, values, f"{largest}coefficient for one standard deviation")
