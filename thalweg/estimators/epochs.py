"""Models trained by an optimizer in batches, epoch by epoch, until losses stop falling."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import thalweg as tw
from thalweg.estimators.models import Params
from thalweg.estimators.problem import PenalizedLoss, Rows, arrays_of
from thalweg.training.result import Fit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Epochs:
    """How a model is trained.

    Args:
        optimizer: A gradient transformation.
        batch_size: Rows a step.
        epochs: The most epochs.
        seed: What the orders of the rows follow from.
        shuffle: Whether each epoch has an order of its own.
        tolerance: A loss that is not less than the least by this much is no gain.
        wait: After so many epochs without a gain the run ends.
        progress: As for `tw.fit`.
        engine: As for `tw.fit`.
    """

    optimizer: tw.optim.GradientTransformation
    batch_size: int
    epochs: int
    seed: int = 0
    shuffle: bool = True
    tolerance: float = 0.0
    wait: int = 10
    progress: Any = False
    engine: str = "auto"


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """What training led to.

    Attributes:
        params: The parameters: the last, or those best on the rows set aside.
        state: The optimizer's state.
        curve: The mean loss of each epoch, the penalty included.
        validation: The loss after each epoch on the rows set aside, if there are any.
        converged: Whether the run ended because there was no more gain.
    """

    params: Params
    state: Any
    curve: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    converged: bool = False


def train_by_epochs(
    problem: PenalizedLoss, course: Epochs, start: Params, aside: Rows | None = None,
    state: Any = None,
) -> TrainedModel:  # fmt: skip
    """Train a model.

    Args:
        problem: What to minimize.
        course: How.
        start: The parameters to start from.
        aside: Rows that say when to stop, and which parameters were best; by default the losses of
            the epochs say when.
        state: The optimizer's state to start from.

    Raises:
        TrainingDiverged: If the loss or the parameters stop being finite.
        KeyboardInterrupt: On Ctrl-C.

    Example:
        >>> from thalweg.estimators.objectives import OBJECTIVES
        >>> rows = Rows(np.array([[1.0], [2.0]]), np.array([1.0, 2.0]))
        >>> start = {"weights": [np.zeros(1)], "biases": [np.zeros(())]}
        >>> course = Epochs(tw.optim.sgd(0.1), batch_size=2, epochs=500)
        >>> found = train_by_epochs(PenalizedLoss(OBJECTIVES["squared"], rows), course, start)
        >>> found.params["weights"][0].round(3)
        array([1.])
    """
    optimizer = course.optimizer if state is None else course.optimizer.continued(state)
    size = min(course.batch_size, len(problem.rows))
    options: dict[str, Any] = {
        "optimizer": optimizer,
        "batch_size": None if size == len(problem.rows) else size,
        "shuffle": "epoch" if course.shuffle else False,
        "seed": course.seed,
        "progress": course.progress,
        "engine": course.engine,
    }
    if aside is not None:
        fit = tw.fit(
            problem.loss, start, problem.data, epochs=course.epochs, patience=course.wait,
            validation=arrays_of(aside), **options,
        )  # fmt: skip
        stopped = fit.steps < course.epochs * fit.history.steps_per_epoch
        curve = epoch_means(fit)
        return TrainedModel(
            fit.best_params, fit.opt_state, curve, fit.history.validation.tolist(), stopped
        )
    return _until_no_gain(problem, course, start, options)


def _until_no_gain(
    problem: PenalizedLoss, course: Epochs, start: Params, options: dict[str, Any]
) -> TrainedModel:
    """Train in pieces, which change nothing, and look at the losses of epochs between them."""
    fit: Fit | None = None
    done, curve = 0, []
    while done < course.epochs:
        more = min(course.wait, course.epochs - done)
        fit = tw.fit(problem.loss, start, problem.data, epochs=more, resume=fit, **options)
        done, curve = done + more, epoch_means(fit)
        if _idle(curve, course.tolerance) >= course.wait:
            return TrainedModel(fit.params, fit.opt_state, curve, [], True)
    assert fit is not None
    return TrainedModel(fit.params, fit.opt_state, curve)


def epoch_means(fit: Fit) -> list[float]:
    """Return the mean loss of the steps of each epoch."""
    losses, per = fit.history.loss, fit.history.steps_per_epoch
    return [
        float(np.mean(losses[i * per : (i + 1) * per])) for i in range(math.ceil(len(losses) / per))
    ]


def _idle(curve: list[float], tolerance: float) -> int:
    """Return how many epochs at the end gained less than the tolerance on the best before."""
    least, idle = np.inf, 0
    for loss in curve:
        idle = idle + 1 if loss > least - tolerance else 0
        least = min(least, loss)
    return idle
