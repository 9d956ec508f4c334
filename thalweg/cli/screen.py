"""What a person sees in a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import markup
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from thalweg.cli import tables
from thalweg.cli.notes import answer, notes
from thalweg.cli.tables import Grid
from thalweg.errors import printable
from thalweg.estimators.fitting import TableFit
from thalweg.training.result import sparkline

if TYPE_CHECKING:
    from thalweg.cli.lecture import Demonstration
    from thalweg.tuning.study import Study

WIDTH = 160
# The narrowest a column of names may become, before columns of numbers go below.
NAMES = 12

MOST_CLASSES = 10
MOST_TRIALS = 5
MOST_FEATURES, MOST_FEATURES_OF_CLASSES = 30, 10


class _Screen(Console):
    """A console that leaves a reader who has gone away to the program."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console() -> Console:
    """Return where results are printed; lines in files and pipes are not cut at 80 characters."""
    known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return _Screen(highlight=False, emoji=False, width=None if known else WIDTH)


def escape(text: str) -> str:
    r"""Return a text that neither rich nor the terminal takes as a command.

    >>> print(escape("[red]\x1b[31m"))
    \[red]\x1b[31m
    """
    return markup.escape(printable(text))


def show(fit: TableFit, options: Mapping[str, Any], folder: Path) -> None:
    """Print what a fit found, by which options, and where it was written."""
    screen = console()
    title = f"{options['model']}, {options['loss']} loss, {options['optimizer']}"
    screen.print(f"[bold]thalweg fit[/]  {escape(title)}", soft_wrap=True)
    screen.print(f"  [bold]{escape(answer(fit))}[/]", soft_wrap=True)
    for note in notes(fit):
        screen.print(f"  {escape(note)}", soft_wrap=True)
    if fit.linear:
        _show_coefficients(screen, fit)
    show_grid(screen, tables.quality(fit))
    if (grid := tables.by_class(fit)) and len(grid.rows) <= MOST_CLASSES:
        show_grid(screen, grid)
    if line := sparkline(fit.trained.curves.train):
        screen.print(f"  training loss {line}")
    screen.print(f"  {escape(tables.pace(fit))}", soft_wrap=True)
    screen.print(
        f"  written to {escape(str(folder))}: report.html, model, history, run.toml", soft_wrap=True
    )


def show_study(study: Study, page: Path, log: Path) -> None:
    """Print what a search of hyperparameters found, and where it was written."""
    from thalweg.tuning.trial import spell

    screen = console()
    title = f"{len(study.results)} trials, {len(study.diverged)} diverged"
    screen.print(f"[bold]thalweg tune[/]  {title}, {study.seconds:.3g} s of training")
    names = list(study.space.dimensions)
    rows = []
    for result in study.ranked[:MOST_TRIALS]:
        values = (spell(result.config.get(name, "–")) for name in names)
        score = f"{result.metrics['score']:.4f}"
        rows.append([str(result.number), f"{result.value:.5g}", score, *values])
    show_grid(screen, Grid("", ["trial", study.minimize, "score", *names], rows))
    for step in study.next_steps():
        screen.print(f"  {escape(step)}", soft_wrap=True)
    screen.print(f"  written to {escape(str(page))} and {escape(str(log))}", soft_wrap=True)


def _show_coefficients(screen: Console, fit: TableFit) -> None:
    outputs = fit.split.outputs
    if outputs > MOST_CLASSES:
        screen.print(f"  coefficients of {outputs} classes: in coefficients.csv")
        return
    most = MOST_FEATURES if outputs == 1 else MOST_FEATURES_OF_CLASSES
    grid = tables.coefficients(fit, most)
    show_grid(screen, grid)


def blocks(grid: Grid, width: int) -> list[Grid]:
    """Return a table as tables that fit a width, each with the names and some of the columns.

    >>> wide = Grid("", ["", "one", "two"], [["a", "1" * 9, "2" * 9]])
    >>> [block.header for block in blocks(wide, 24)]
    [['', 'one'], ['', 'two']]
    """
    columns = list(zip(grid.header, *grid.rows, strict=True))
    longest = [max(map(cell_len, map(printable, column))) for column in columns]
    # The box takes two characters a column, and one between columns.
    names = min(NAMES, longest[0]) + 2
    parts: list[list[int]] = [[]]
    used = names
    for position in range(1, len(columns)):
        needed = longest[position] + 3
        if parts[-1] and used + needed > width:
            parts.append([])
            used = names
        parts[-1].append(position)
        used += needed
    return [
        Grid(
            "" if number else grid.caption,
            [grid.header[i] for i in (0, *part)],
            [[row[i] for i in (0, *part)] for row in grid.rows],
        )
        for number, part in enumerate(parts)
    ]


def show_grid(screen: Console, grid: Grid, marks: Sequence[str] = ()) -> None:
    """Print a table of texts, the first column to the left and the others to the right.

    What is too wide for the screen goes on below: no digit is cut, and no column lost.
    """
    if grid.caption:
        screen.print(f"[italic]{escape(grid.caption)}[/]")
    for block in blocks(grid, screen.width):
        table = Table(box=SIMPLE_HEAD)
        for position, name in enumerate(block.header):
            side: Any = "right" if position else "left"
            # Long names take several lines; a number is never cut.
            table.add_column(escape(name), justify=side, no_wrap=position > 0, overflow="fold")
        for position, row in enumerate(block.rows):
            style = marks[position] if position < len(marks) else None
            table.add_row(*map(escape, row), style=style)
        screen.print(table)


def show_demonstration(shown: Demonstration, folder: Path) -> int:
    """Print the study, write its page, and return the exit status."""
    from thalweg.cli import demo, lecture

    screen = console()
    screen.print(
        "[bold]thalweg demo[/]  least squares on 10,000 rows and 21 columns, the lecture's"
    )
    for study, runs in shown.studies:
        show_grid(screen, demo.grid(study, runs))
    screen.print(
        f"  least squares: {shown.least_squares:.12g}, the lecture: {lecture.LEAST_SQUARES:.12g}"
    )
    total = sum(run.fit.steps for _, runs in shown.studies for run in runs)
    verdict = "every printed number reproduced" if shown.agrees else "NOT every number reproduced"
    screen.print(f"  {verdict}; {total:,} steps, {shown.seconds:.2f} s with compiling and timing")
    path = demo.write(shown, folder)
    screen.print(f"  plots: {escape(str(path))}", soft_wrap=True)
    screen.print("  try: thalweg fit yours.csv --target column", soft_wrap=True)
    return 0 if shown.agrees else 1
