"""The course lecture's regression study: its data, its runs, and the losses it prints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import thalweg as tw

__all__ = ["LEAST_SQUARES", "SEED", "STUDIES", "Case", "Study", "make_regression", "squared_loss"]

Floats = NDArray[np.float64]

SEED = 1234
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
class Study:
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
    rows: int = 10_000, features: int = 20, informative: int = 4
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


def _sgd(title: str, rates: tuple[float, ...], printed: tuple[float, ...]) -> Study:
    sizes = (10, 100, 1000, 10_000)
    runs = zip(sizes, map(tw.optim.sgd, rates), printed, strict=True)
    return Study(title, 30, tuple(Case(*run) for run in runs))


def _adam(
    title: str,
    rate: tw.optim.ScalarOrSchedule,
    epochs: int,
    printed: tuple[float, ...],
    tolerance: float = 1e-9,
) -> Study:
    sizes = (10, 25, 50, 100)
    runs = zip(sizes, [tw.optim.adam(rate)] * 4, printed, strict=True)
    return Study(title, epochs, tuple(Case(*run) for run in runs), tolerance)


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
