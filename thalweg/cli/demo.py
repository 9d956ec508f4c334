"""The lecture's regression study, run natively beside the numbers the lecture prints."""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import thalweg as tw
from thalweg.cli import lecture, plots
from thalweg.cli.lecture import LEAST_SQUARES, SEED, STUDIES, Case, Study, squared_loss
from thalweg.cli.page import Page
from thalweg.cli.tables import Grid
from thalweg.training.result import Fit
from thalweg.training.storage import write_whole

__all__ = ["Demonstration", "demonstrate", "grid", "page"]

Floats = NDArray[np.float64]

CURVE_POINTS = 60
TIMINGS = 5


@dataclass(frozen=True, eq=False)
class Measured:
    """A run of the lecture, run again.

    Args:
        case: What the lecture ran.
        fit: The run.
        loss: The loss over all rows at its end.
        epoch_seconds: What an epoch takes alone, from calling `tw.fit` to its result.
    """

    case: Case
    fit: Fit
    loss: float
    epoch_seconds: float

    @property
    def difference(self) -> float:
        """The relative difference from the printed loss."""
        return abs(self.loss / self.case.printed - 1)


@dataclass(frozen=True, eq=False)
class Demonstration:
    """All of it.

    Args:
        least_squares: The loss of the closed form.
        studies: The lecture's tables and their runs.
        seconds: What it took.
    """

    least_squares: float
    studies: tuple[tuple[Study, tuple[Measured, ...]], ...]
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether every printed number was reproduced."""
        close = abs(self.least_squares / LEAST_SQUARES - 1) <= 1e-9
        return close and all(
            run.difference <= study.tolerance for study, runs in self.studies for run in runs
        )


def demonstrate() -> Demonstration:
    """Run the study: every table, batch size and optimizer of the lecture."""
    began = time.perf_counter()
    X, y = lecture.make_regression()
    closed_form = np.asarray(np.linalg.lstsq(X, y, rcond=None)[0], np.float64)
    studies = tuple(
        (study, tuple(_measure(study, case, X, y) for case in study.cases)) for study in STUDIES
    )
    seconds = time.perf_counter() - began
    return Demonstration(float(squared_loss(closed_form, X, y)), studies, seconds)


def _measure(study: Study, case: Case, X: Floats, y: Floats) -> Measured:
    steps = study.epochs * len(y) // case.batch_size
    fit = _fit(
        case, X, y, study.epochs, validation=(X, y), evaluate_every=max(1, steps // CURVE_POINTS)
    )
    seconds = []
    for _ in range(TIMINGS):
        began = time.perf_counter()
        _fit(case, X, y, 1)
        seconds.append(time.perf_counter() - began)
    loss = float(squared_loss(np.asarray(fit.params), X, y))
    return Measured(case, fit, loss, statistics.median(seconds))


def _fit(case: Case, X: Floats, y: Floats, epochs: int, **more: object) -> Fit:
    return tw.fit(
        squared_loss,
        np.zeros(X.shape[1]),
        (X, y),
        optimizer=case.optimizer,
        batch_size=case.batch_size,
        epochs=epochs,
        shuffle="once",
        seed=SEED,
        **more,  # type: ignore[arg-type]
    )


# ---- shown


def grid(study: Study, runs: tuple[Measured, ...]) -> Grid:
    """Return a study as a table beside the lecture's numbers."""
    rows = [
        [
            f"{run.case.batch_size:,}",
            f"{run.loss:.12g}",
            f"{run.case.printed:.12g}",
            _agreement(run.difference),
            f"{run.fit.us_per_step:.3g}",
            f"{run.epoch_seconds * 1e3:.2f}",
        ]
        for run in runs
    ]
    epochs = f"{study.epochs} epochs"
    header = ["batch size", "thalweg", "the lecture", "agreement", "µs/step", "ms for an epoch"]
    return Grid(f"{study.title}, {epochs}: sum of squared errors", header, rows)


def _agreement(difference: float) -> str:
    """Say to how many digits two numbers agree.

    >>> _agreement(2e-10), _agreement(0.0)
    ('9 digits', '15 digits')
    """
    return f"{min(15, math.floor(-math.log10(difference))) if difference else 15} digits"


def page(shown: Demonstration) -> str:
    """Return the study as a page with its plots."""
    document = Page("The lecture's regression study")
    document.paragraph(
        "10,000 rows, 20 features and an intercept; squared error, summed. The loss over all rows "
        f"at its least is {shown.least_squares:.12g} (the lecture: {LEAST_SQUARES:.12g})."
    )
    for study, runs in shown.studies:
        table = grid(study, runs)
        document.heading(study.title)
        document.table(table.header, table.rows, table.caption)
    document.heading("Losses")
    document.image(_losses(shown), "losses above the least, epoch by epoch")
    document.heading("Runtime per epoch")
    document.image(_runtimes(shown), "runtime per epoch")
    return document.text()


def _losses(shown: Demonstration) -> str:
    """Draw how far each run is above the least loss, epoch by epoch."""
    panels: list[tuple[str, list[plots.Line]]] = []
    for study, runs in shown.studies:
        lines: list[plots.Line] = []
        for run in runs:
            history = run.fit.history
            above = np.maximum(history.validation - shown.least_squares, 1e-3)
            lines.append((f"batch {run.case.batch_size:,}", history.validation_epoch, above))
        panels.append((study.title, lines))
    return plots.curves(panels, ("epoch", "loss above the least"))


def _runtimes(shown: Demonstration) -> str:
    names, values = [], []
    for study, runs in (shown.studies[1], shown.studies[-1]):
        for run in runs:
            names.append(f"{study.title.partition(',')[0]}, batch {run.case.batch_size:,}")
            values.append(run.epoch_seconds * 1e3)
    return plots.bars(names, values, "milliseconds for an epoch")


def write(shown: Demonstration, folder: Path) -> Path:
    """Write the page to a folder and return its path."""
    path = folder / "demo.html"
    write_whole(path, page(shown).encode())
    return path
