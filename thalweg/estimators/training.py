"""Training: the runs that a fit takes, and how losses went."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import thalweg as tw
from thalweg.errors import TrainingDiverged
from thalweg.estimators import models
from thalweg.estimators.models import Params, parse_model
from thalweg.estimators.optimum import optimum
from thalweg.estimators.problem import PenalizedLoss, Rows, arrays_of
from thalweg.estimators.settings import Settings
from thalweg.estimators.split import Split
from thalweg.training.progress import Info
from thalweg.training.result import Fit

Floats = NDArray[np.float64]

VANISHED = 1e-8
SET_ASIDE = 0.1

# A loss this many times that of the start is no slow beginning.
WORSE = 10.0


@dataclass
class Curves:
    """How losses went, in the target's own units.

    Attributes:
        loss: The loss of each step on its batch, the penalty included, shape (steps,).
        at: The steps after which the model was judged.
        train: The loss over all training rows then.
        held_out: The loss over the rows held out then; nothing if there are none.
        activation: What the model applies between layers.
    """

    loss: Floats = field(default_factory=lambda: np.empty(0))
    at: list[int] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)
    activation: str = "relu"

    def judge(self, split: Split, step: int, params: Params) -> None:
        """Note how good parameters are after a step."""
        self.at.append(step)
        self.train.append(split.mean_loss(split.train, params, self.activation))
        if len(split.held_out):
            self.held_out.append(split.mean_loss(split.held_out, params, self.activation))


@dataclass(frozen=True, eq=False)
class Trained:
    """What training led to.

    Args:
        params: Weights and biases for encoded features and the target in deviations.
        curves: How losses went.
        steps: How many steps were made.
        seconds: The time of the run, without compiling.
        seconds_in_steps: That of the steps alone.
        compile_seconds: The time it took to compile.
        engine: The engine that ran it.
        gradient: The norm of the gradient of the training loss at its end.
        converged: Whether that is as good as zero; None if the loss does not let one tell.
        chosen_step: The step the parameters are from.
        interrupted: Whether Ctrl-C ended it.
    """

    params: Params
    curves: Curves
    steps: int
    seconds: float
    seconds_in_steps: float
    compile_seconds: float
    engine: str
    gradient: float
    converged: bool | None
    chosen_step: int
    interrupted: bool = False

    @property
    def us_per_step(self) -> float:
        """The time of a step, in microseconds."""
        return self.seconds_in_steps / max(1, self.steps) * 1e6


def train(split: Split, settings: Settings, progress: Any = "auto") -> Trained:
    """Fit the model.

    Args:
        split: What to fit.
        settings: How, with every choice made.
        progress: As for `tw.fit`.

    Raises:
        TrainingDiverged: If the loss or the parameters stop being finite.
    """
    if settings.optimizer is None or isinstance(settings.optimizer, str):
        return _to_optimum(split, settings)
    return _optimized(split, settings, settings.optimizer, progress)


def _to_optimum(split: Split, settings: Settings) -> Trained:
    penalty = (settings.l2 or 0.0) / split.train.total
    problem = PenalizedLoss(split.objective, split.train, outputs=split.outputs, penalty=penalty)
    curves = Curves()
    curves.judge(split, 0, models.initial(problem.model, split.train.X.shape[1], split.outputs, 0))
    began = time.perf_counter()
    found = optimum(problem, on_step=lambda step, params: curves.judge(split, step, params))
    seconds = time.perf_counter() - began
    curves.loss = found.values * split.unit
    return Trained(
        found.params, curves, found.steps, seconds, seconds, 0.0, "numpy", found.distance,
        found.converged, found.steps, found.interrupted,
    )  # fmt: skip


def _optimized(
    split: Split, settings: Settings, optimizer: tw.optim.GradientTransformation, progress: Any
) -> Trained:
    objective, model = split.objective, parse_model(settings.model)
    start = models.initial(model, split.train.X.shape[1], split.outputs, settings.seed)
    rows, aside = set_aside(split, settings)
    penalty = (settings.l2 or 0.0) / rows.total
    problem = PenalizedLoss(objective, rows, model, split.outputs, penalty)
    loss = problem.loss

    curves = Curves(activation=model.activation)
    judge = functools.partial(curves.judge, split)
    judge(0, start)
    size = min(settings.batch_size or len(rows), len(rows))
    epochs, patience = settings.epochs or 1, settings.patience or None
    total = epochs * math.ceil(len(rows) / size)
    interrupted = False
    try:
        fit = tw.fit(
            loss,
            start,
            problem.data,
            optimizer=optimizer,
            batch_size=None if size == len(rows) else size,
            epochs=epochs,
            seed=settings.seed,
            validation=arrays_of(aside) if patience else None,
            patience=patience,
            evaluate_every=None if patience else max(1, total // 100),
            callbacks=lambda info: _seldom(info, curves, judge, bool(patience)),
            progress=progress,
        )
    except KeyboardInterrupt as interruption:
        if not hasattr(interruption, "fit"):
            raise
        fit, interrupted = interruption.fit, True
    if curves.at[-1] < fit.steps:
        judge(fit.steps, fit.params)
    if not interrupted:
        _require_progress(curves, fit)
    curves.loss = np.asarray(fit.history.loss) * split.unit
    best = fit.best_params
    gradient = _gradient(problem, best)
    converged = gradient <= VANISHED if objective.smooth and model.kind == "linear" else None
    chosen = fit.steps
    if patience and len(fit.history.validation):
        chosen = int(fit.history.validation_step[np.nanargmin(fit.history.validation)])
    return Trained(
        best, curves, fit.steps, fit.seconds, fit.us_per_step * fit.steps * 1e-6,
        fit.compile_seconds, fit.engine, gradient, converged, chosen, interrupted,
    )  # fmt: skip


def _require_progress(curves: Curves, fit: Fit) -> None:
    """Refuse a run that ends far above where it began: it was on the way to infinity.

    Raises:
        TrainingDiverged: If it does.
    """
    first, last = curves.train[0], min(curves.train[1:], default=curves.train[0])
    if last > WORSE * first:
        raise TrainingDiverged(
            f"The training loss rose from {first:.3g} to {last:.3g} in {fit.steps:,} steps, and no "
            "model was written. The learning rate is likely too large; try a hundredth of it.",
            step=fit.steps,
            params=fit.params,
            fit=fit,
        )


def _seldom(
    info: Info, curves: Curves, judge: Callable[[int, Params], None], each_epoch: bool
) -> None:
    """Judge; ever more seldom if told of each epoch, for it costs more than the epoch's steps."""
    wait = info.steps_per_epoch * (1 + len(curves.at) // 50) if each_epoch else 1
    if info.step - curves.at[-1] >= wait:
        judge(info.step, info.params)


def set_aside(split: Split, settings: Settings) -> tuple[Rows, Rows]:
    """Split the training rows into those trained on and those that say when to stop."""
    rows = split.train
    if not settings.patience or len(rows) < 10:
        return rows, rows
    order = np.random.default_rng([settings.seed, 2]).permutation(len(rows))
    count = round(SET_ASIDE * len(rows))
    return rows.take(np.sort(order[count:])), rows.take(np.sort(order[:count]))


def _gradient(problem: PenalizedLoss, params: Params) -> float:
    leaves = tw.tree.leaves(tw.jit(tw.grad(problem.loss))(params, *problem.data))
    return math.sqrt(sum(float(np.sum(np.asarray(leaf) ** 2)) for leaf in leaves))
