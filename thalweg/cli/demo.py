"""The course lecture's study as a page and as tables: pictures, words and code."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from thalweg.cli.lecture import LEAST_SQUARES, SEED, Demonstration, Experiment, Measured
from thalweg.cli.tables import Grid
from thalweg.page import Page
from thalweg.svg import Panel, bars
from thalweg.training.storage import write_whole

Runs = tuple[Measured, ...]


def grid(study: Experiment, runs: Runs) -> Grid:
    """Return a study as a table beside the lecture's numbers."""
    rows = [
        [
            f"{run.case.batch_size:,}",
            f"{run.loss:.12g}",
            f"{run.case.printed:.12g}",
            _agreement(run.difference),
            _microseconds(run),
            f"{run.epoch_seconds * 1e3:.2f}",
        ]
        for run in runs
    ]
    epochs = f"{study.epochs} epochs"
    header = ["batch size", "thalweg", "the lecture", "agreement", "µs/step", "ms/epoch"]
    return Grid(f"{study.title}, {epochs}: sum of squared errors", header, rows)


def _agreement(difference: float) -> str:
    """Say to how many digits two numbers agree.

    >>> _agreement(2e-10), _agreement(0.0)
    ('9 digits', '15 digits')
    """
    return f"{min(15, math.floor(-math.log10(difference))) if difference else 15} digits"


def page(shown: Demonstration) -> str:
    """Return the study as a page: what each run shows, in words, pictures, code and digits."""
    document = Page("The lecture's regression study")
    document.answer(
        "Every number that the lecture prints is reproduced."
        if shown.agrees
        else "NOT every number that the lecture prints is reproduced: see the tables."
    )
    document.paragraph(
        "10,000 rows, 20 features of which 4 matter, an intercept, and noise of variance 1. The "
        "loss is the sum of squared errors, Σᵢ (yᵢ − xᵢβ)²; the least that any β reaches is "
        f"{shown.least_squares:.12g} (the lecture: {LEAST_SQUARES:.12g})."
    )
    document.paragraph(
        "Each picture shows how far a run is above that, epoch by epoch, in powers of ten: a "
        "straight line down falls by the same factor in each epoch, a level one no longer gets "
        "better."
    )
    for (study, runs), words in zip(shown.studies, WORDS, strict=False):
        document.heading(study.title)
        document.paragraph(words(shown, runs))
        document.figures([(_losses(shown, study, runs), "")], code(study))
        table = grid(study, runs)
        document.table(table.header, table.rows, table.caption)
    if shown.studies:
        document.heading("Runtime per epoch")
        document.paragraph(_of_time(shown))
        document.figures([(_runtimes(shown), "")])
    return document.text()


def code(study: Experiment) -> str:
    """Return the calls that make the runs of a study.

    >>> from thalweg.cli.lecture import STUDIES
    >>> print(code(STUDIES[2]))
    # X, y: 10,000 rows; squared_loss: the sum of squared errors
    tw.fit(
        squared_loss, np.zeros(21), (X, y), epochs=2,
        shuffle="once", seed=1234, batch_size=10,
        optimizer=adam(learning_rate=1.0),
    )  # and batch_size 25, 50, 100
    """
    first, *others = study.cases
    lines = [
        "# X, y: 10,000 rows; squared_loss: the sum of squared errors",
        "tw.fit(",
        f"    squared_loss, np.zeros(21), (X, y), epochs={study.epochs},",
        f'    shuffle="once", seed={SEED}, batch_size={first.batch_size},',
        f"    optimizer={first.optimizer!r},".replace("decay(", "decay(\n        ", 1),
    ]
    if all(repr(case.optimizer) == repr(first.optimizer) for case in others):
        sizes = ", ".join(str(case.batch_size) for case in others)
        return "\n".join([*lines, f")  # and batch_size {sizes}"])
    more = [f"# batch_size={case.batch_size}: {case.optimizer!r}" for case in others]
    return "\n".join([*lines, ")", *more])


# ---- words, one function for each study


def _of_one_rate(shown: Demonstration, runs: Runs) -> str:
    return (
        "The loss is a sum, so the gradient of a batch grows with its rows: with one learning "
        "rate for all, an epoch of many small steps goes as far as one of a few large ones, and "
        "the lines lie on each other. A single step with all rows takes the coefficients "
        "1 − 2·10⁻⁵·10,000 = 0.80 as near in an epoch, many small ones e⁻⁰·² = 0.82: hence the "
        "gap. None has arrived after 30 epochs: the rate is too small."
    )


def _of_adjusted_rates(shown: Demonstration, runs: Runs) -> str:
    heights = [f"{shown.above(run):,.0f}" for run in runs]
    return (
        "Now the smaller the batch, the larger its rate, and all but batch 10,000, which keeps "
        "its own, arrive within a few epochs. Then the noise of the batches takes over: a step "
        "follows the gradient of its own rows, and a fixed rate keeps the run wandering around "
        f"the least, the higher the larger the rate: {heights[0]} above it with batch 10, "
        f"{heights[1]} with 100, {heights[2]} with 1,000. The teeth are half epochs: the rows "
        "are shuffled once and pass in the same order each time."
    )


def _of_adam(shown: Demonstration, runs: Runs) -> str:
    return (
        "Adam divides a gradient by its usual size, so that a step moves each coefficient by "
        "about the learning rate, 1 here, however small the gradient has become. It comes near "
        "quickly and cannot come to rest. The smaller the batch, the more of each step is "
        f"chance: batch 10 ends {shown.above(runs[0]):,.0f} above the least, batch "
        f"100 {shown.above(runs[-1]):,.0f}."
    )


def _of_slow_adam(shown: Demonstration, runs: Runs) -> str:
    steps = runs[-1].fit.steps
    return (
        "With a tenth of the rate the noise is less, but how far does a run get? Batch 100 makes "
        f"{steps:,} steps in its 10 epochs, each of about 0.1 at most: {0.1 * steps:,.0f} in all, "
        f"and less where the gradient shrinks; the largest coefficient is {shown.largest:.1f}. It "
        f"stops {shown.above(runs[-1]):,.0f} above the least because its epochs are "
        f"over, not because it is at rest. Batch 10 makes {runs[0].fit.steps:,} steps, arrives "
        "early, and spends the rest in its noise. In between is the best: 50 of these four."
    )


def _of_decay(shown: Demonstration, runs: Runs) -> str:
    few, many = runs[-1].fit.steps, runs[0].fit.steps
    return (
        "The rate begins at 1 and falls by a tenth every 100 steps. A schedule counts steps, not "
        f"epochs: in the {many:,} steps of batch 10 the rate falls to {0.9 ** (many / 100):.2f}, "
        f"in the {few:,} of batch 100 only to {0.9 ** (few / 100):.2f}. Where it has fallen, the "
        f"noise has: batch 10 ends {shown.above(runs[0]):,.0f} above the least, and "
        f"with the fixed rate {shown.above(shown.studies[2][1][0]):,.0f}. The "
        "lecture computes this schedule in float32, hence the agreement to 7 digits or more "
        "instead of 14."
    )


WORDS: tuple[Callable[[Demonstration, Runs], str], ...] = (
    _of_one_rate, _of_adjusted_rates, _of_adam, _of_slow_adam, _of_decay,
)  # fmt: skip


def _of_time(shown: Demonstration) -> str:
    small = shown.studies[1][1][0]
    return (
        "What one more epoch takes, without the fixed cost of a call. Every epoch reads the same "
        "10,000 rows; a small batch adds the cost of its steps, 1,000 of them with batch 10, and "
        "Adam's steps cost more than SGD's: a root and a division for each coefficient. The whole "
        f"run is one native loop here, in which a step of batch 10 takes {_microseconds(small)} "
        "µs. In a loop of Python around compiled functions each step costs several calls, some "
        "hundred times as much, so that there an epoch of small batches takes far longer than one "
        "of large ones."
    )


def _microseconds(run: Measured) -> str:
    return f"{run.step_seconds * 1e6:.3g}"


# ---- pictures


def _losses(shown: Demonstration, study: Experiment, runs: Runs) -> str:
    """Draw how far each run is above the least loss, epoch by epoch."""
    panel = Panel("epoch", "loss above the least", log_y=True, whole_x=True)
    for i, run in enumerate(runs):
        history = run.fit.history
        above = np.maximum(history.validation - shown.least_squares, 1e-3)
        panel.line(history.validation_epoch, above, f"batch {run.case.batch_size:,}", i)
    return panel.text(f"{study.title}: losses above the least, epoch by epoch")


def _runtimes(shown: Demonstration) -> str:
    names, values = [], []
    for study, runs in (shown.studies[1], shown.studies[-1]):
        for run in runs:
            names.append(f"{study.title.partition(',')[0]}, batch {run.case.batch_size:,}")
            values.append(run.epoch_seconds * 1e3)
    return bars(names, values, "milliseconds for an epoch", "runtime per epoch")


def write(shown: Demonstration, folder: Path) -> Path:
    """Write the page to a folder and return its path."""
    path = folder / "demo.html"
    write_whole(path, page(shown).encode())
    return path
