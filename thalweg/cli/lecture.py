"""The course lecture's regression study: its data, its runs, and the losses it prints."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import thalweg as tw
from thalweg.training.result import Fit

Floats = NDArray[np.float64]

SEED = 1234

ROWS = 10_000

LEAST_SQUARES = 10105.859508383426


@dataclass(frozen=True)
class Case:
    """One run of a study.

    Args:
        batch_size: Rows a step.
        optimizer: The transformation that makes the steps.
        printed: The loss over all rows at its end, as the lecture prints it.
    """

    batch_size: int
    optimizer: tw.optim.GradientTransformation
    printed: float


@dataclass(frozen=True)
class Experiment:
    """One table of the lecture.

    Args:
        title: What it shows.
        epochs: How often each run goes through the data.
        cases: Its runs, in the order of their batch sizes.
        tolerance: To what relative difference the lecture's numbers can be reproduced.
    """

    title: str
    epochs: int
    cases: tuple[Case, ...]
    tolerance: float = 1e-9


def squared_loss(beta: Floats, X: Floats, y: Floats) -> float:
    """Return the sum of squared residuals: ‖y − Xβ‖².

    >>> squared_loss(np.zeros(1), np.ones((2, 1)), np.array([1.0, 2.0]))
    np.float64(5.0)
    """
    total: float = np.sum((y - X @ beta) ** 2)
    return total


def make_regression(
    rows: int = ROWS, features: int = 20, informative: int = 4
) -> tuple[Floats, Floats]:
    """Return the lecture's data, number for number those of scikit-learn's `make_regression`.

    Standard normal features, of which some have a slope from U(0, 100), an intercept of 3 and
    standard normal noise; rows and columns shuffled. A column of ones is put before the features.

    Args:
        rows: How many rows.
        features: How many features.
        informative: How many of them have a slope.

    Returns:
        The matrix, shape (rows, features + 1), and the target, shape (rows,).

    Example:
        >>> X, y = make_regression(100, 5, 2)
        >>> X.shape, y.shape
        ((100, 6), (100,))
    """
    # The draws and their order are what makes these numbers those of scikit-learn.
    random = np.random.RandomState(SEED)
    X = random.standard_normal(size=(rows, features))
    slopes = np.zeros(features)
    slopes[:informative] = 100 * random.uniform(size=informative)
    y = X @ slopes + 3.0
    y += random.normal(scale=1.0, size=rows)
    order = np.arange(rows)
    random.shuffle(order)
    X, y = X[order], y[order]
    columns = np.arange(features)
    random.shuffle(columns)
    return np.column_stack([np.ones(rows), X[:, columns]]), y


# ---- the tables


def _sgd(title: str, rates: tuple[float, ...], printed: tuple[float, ...]) -> Experiment:
    sizes = (10, 100, 1000, 10_000)
    runs = zip(sizes, map(tw.optim.sgd, rates), printed, strict=True)
    return Experiment(title, 30, tuple(Case(*run) for run in runs))


def _adam(
    title: str,
    rate: tw.optim.ScalarOrSchedule,
    epochs: int,
    printed: tuple[float, ...],
    tolerance: float = 1e-9,
) -> Experiment:
    sizes = (10, 25, 50, 100)
    runs = zip(sizes, [tw.optim.adam(rate)] * 4, printed, strict=True)
    return Experiment(title, epochs, tuple(Case(*run) for run in runs), tolerance)


STUDIES = (
    _sgd(
        "SGD, small learning rate",
        (1e-5, 1e-5, 1e-5, 1e-5),
        (10458.8010476452, 10455.143628883325, 10419.084076347228, 10195.133454434466),
    ),
    _sgd(
        "SGD, adjusted learning rate",
        (0.005, 0.001, 0.0001, 0.00001),
        (10963.709829142354, 10365.713752947544, 10116.327374495744, 10195.133454434466),
    ),
    _adam(
        "Adam, learning rate 1",
        1.0,
        2,
        (24536.597439967307, 12697.144058664155, 11484.064849550556, 10385.231077560382),
    ),
    _adam(
        "Adam, learning rate 0.1",
        0.1,
        10,
        (12462.56275387035, 10545.409745819998, 10181.523600884477, 217415.5995628308),
    ),
    _adam(
        "Adam, exponential decay",
        tw.optim.exponential_decay(init_value=1.0, transition_steps=100, decay_rate=0.9),
        2,
        (11179.679407559443, 11414.747137047098, 10754.985906532085, 10341.367689453024),
        # The lecture's schedule is computed in float32, this one in float64.
        tolerance=1e-7,
    ),
)  # fmt: skip

CURVE_POINTS = 60

# An epoch is timed as what so many more of them take, the least of so many tries.
MORE_EPOCHS, TRIES = 20, 5


@dataclass(frozen=True, eq=False)
class Measured:
    """A run of the lecture, run again.

    Args:
        case: What the lecture ran.
        fit: The run.
        loss: The loss over all rows at its end.
        epoch_seconds: What one more epoch takes; a call of `tw.fit` itself is not in it.
    """

    case: Case
    fit: Fit
    loss: float
    epoch_seconds: float

    @property
    def step_seconds(self) -> float:
        """What one step takes."""
        return self.epoch_seconds * self.case.batch_size / ROWS

    @property
    def difference(self) -> float:
        """The relative difference from the printed loss."""
        return abs(self.loss / self.case.printed - 1)


@dataclass(frozen=True, eq=False)
class Demonstration:
    """All of it.

    Args:
        least_squares: The loss of the closed form.
        largest: Its largest coefficient.
        studies: The lecture's tables and their runs.
        seconds: What it took.
    """

    least_squares: float
    largest: float
    studies: tuple[tuple[Experiment, tuple[Measured, ...]], ...]
    seconds: float

    def above(self, run: Measured) -> float:
        """Return how far the loss of a run is above the least there is."""
        return run.loss - self.least_squares

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
    X, y = make_regression()
    closed_form = np.asarray(np.linalg.lstsq(X, y, rcond=None)[0], np.float64)
    studies = tuple(
        (study, tuple(_measure(study, case, X, y) for case in study.cases)) for study in STUDIES
    )
    seconds = time.perf_counter() - began
    least = float(squared_loss(closed_form, X, y))
    return Demonstration(least, float(np.abs(closed_form).max()), studies, seconds)


def _measure(study: Experiment, case: Case, X: Floats, y: Floats) -> Measured:
    steps = study.epochs * len(y) // case.batch_size
    fit = _fit(
        case, X, y, study.epochs, validation=(X, y), evaluate_every=max(1, steps // CURVE_POINTS)
    )
    few, many = (_least_seconds(case, X, y, epochs) for epochs in (1, 1 + MORE_EPOCHS))
    loss = float(squared_loss(np.asarray(fit.params), X, y))
    return Measured(case, fit, loss, max(0.0, many - few) / MORE_EPOCHS)


def _least_seconds(case: Case, X: Floats, y: Floats, epochs: int) -> float:
    found = []
    for _ in range(TRIES):
        began = time.perf_counter()
        _fit(case, X, y, epochs)
        found.append(time.perf_counter() - began)
    return min(found)


def _fit(case: Case, X: Floats, y: Floats, epochs: int, **more: Any) -> Fit:
    return tw.fit(
        squared_loss,
        np.zeros(X.shape[1]),
        (X, y),
        optimizer=case.optimizer,
        batch_size=case.batch_size,
        epochs=epochs,
        shuffle="once",
        seed=SEED,
        **more,
    )
