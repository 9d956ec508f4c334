"""The report of a fit, as one page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thalweg.cli import pictures, tables
from thalweg.cli.notes import answer, notes
from thalweg.estimators.fitting import TableFit
from thalweg.page import Page

# A longer overview of the data is folded.
MOST_ROWS = 15


def report(fit: TableFit, options: Mapping[str, Any], run: str) -> str:
    """Return the report: the answer first, then what it rests on.

    Args:
        fit: What was found.
        options: What was done, every choice made.
        run: The file that repeats the run.
    """
    page = Page(f"{options['target']} in {Path(options['data']).name}")
    page.answer(answer(fit))
    page.listing(notes(fit))
    page.heading("The data")
    grid = tables.data(fit)
    many = len(grid.rows) > MOST_ROWS
    folded = f"{len(grid.rows)} columns" if many else ""
    page.table(grid.header, grid.rows, grid.caption, words=True, folded=folded)
    page.heading("How well it predicts")
    for grid in filter(None, (tables.quality(fit), tables.by_class(fit))):
        page.table(grid.header, grid.rows, grid.caption)
    page.figures(pictures.quality(fit))
    page.heading("The model")
    if fit.linear:
        page.figures([pictures.effects(fit)])
        grid = tables.coefficients(fit)
        page.table(grid.header, grid.rows, grid.caption)
    else:
        page.figures(pictures.columns(fit))
    page.heading("How it was trained")
    page.paragraph(
        f"A {options['model']} model with the {options['loss']} loss, by {options['optimizer']}: "
        f"{tables.pace(fit)}."
    )
    page.figures([pictures.training(fit)])
    page.heading("How to repeat it")
    page.paragraph("This file repeats the run, bit for bit: thalweg fit --run run.toml")
    page.code(run)
    return page.text()
