"""Training: the runs that a fit takes, and how losses went."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import thalweg as tw
from thalweg.errors import TrainingDiverged
from thalweg.estimators import models
from thalweg.estimators.descent import decorrelated, descend
from thalweg.estimators.models import Params, parse_model
from thalweg.estimators.settings import Settings
from thalweg.estimators.split import Rows, Split
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
    """

    loss: Floats = field(default_factory=lambda: np.empty(0))
    at: list[int] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)

    def judge(self, split: Split, step: int, params: Params) -> None:
        """Note how good parameters are after a step."""
        self.at.append(step)
        self.train.append(split.mean_loss(split.train, params))
        if len(split.held_out):
            self.held_out.append(split.mean_loss(split.held_out, params))


@dataclass(frozen=True, eq=False)
class Trained:
    """What training led to.

    Args:
        params: Weights and biases for encoded features and the target in deviations.
        curves: How losses went.
        fits: The runs it took.
        gradient: The norm of the gradient of the training loss at its end.
        converged: Whether that is as good as zero; None if the loss does not let one tell.
        chosen_step: The step the parameters are from.
        interrupted: Whether Ctrl-C ended it.
    """

    params: Params
    curves: Curves
    fits: tuple[Fit, ...]
    gradient: float
    converged: bool | None
    chosen_step: int
    interrupted: bool = False

    @property
    def steps(self) -> int:
        """How many steps were made."""
        return sum(fit.steps for fit in self.fits)

    @property
    def seconds(self) -> float:
        """The time of all runs, without compiling."""
        return sum(fit.seconds for fit in self.fits)

    @property
    def compile_seconds(self) -> float:
        """The time it took to compile."""
        return sum(fit.compile_seconds for fit in self.fits)

    @property
    def us_per_step(self) -> float:
        """The time of a step, in microseconds."""
        return sum(fit.us_per_step * fit.steps for fit in self.fits) / max(1, self.steps)

    @property
    def engine(self) -> str:
        """The engine that ran it."""
        return self.fits[0].engine if self.fits else "none"


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
        return _accelerated(split, settings, progress)
    return _optimized(split, settings, settings.optimizer, progress)


def _accelerated(split: Split, settings: Settings, progress: Any) -> Trained:
    rows, objective = split.train, split.objective
    penalty = (settings.l2 or 0.0) / len(rows)
    # Where curvature has no bound, take that of the null model; `descend` finds the step size.
    curvature = objective.curvature or max(float(np.mean(rows.y)), 1e-3)
    at = decorrelated(rows.X, curvature, penalty)
    tail = (split.outputs,) if split.outputs > 1 else ()

    def back(gamma: Floats) -> Params:
        theta = at.P @ gamma
        # Rounding would give the coefficient of a constant column a value near zero.
        theta[1:][~rows.X.any(axis=0)] = 0.0
        return {"weights": [theta[1:]], "biases": [np.asarray(theta[0])]}

    curves = Curves()

    def judge(step: int, gamma: Floats) -> None:
        curves.judge(split, step, back(gamma))

    start = np.zeros((at.P.shape[1], *tail))
    judge(0, start)
    found = descend(objective, at, rows.y, start, penalty, progress=progress, on_eval=judge)
    losses = [fit.history.loss for fit in found.fits]
    curves.loss = np.concatenate([np.empty(0), *losses]) * split.unit
    return Trained(
        back(found.gamma), curves, tuple(found.fits), found.gradient, found.converged,
        found.steps, found.interrupted,
    )  # fmt: skip


def _optimized(
    split: Split, settings: Settings, optimizer: tw.optim.GradientTransformation, progress: Any
) -> Trained:
    objective, model = split.objective, parse_model(settings.model)
    start = models.initial(model, split.train.X.shape[1], split.outputs, settings.seed)
    rows, aside = _set_aside(split, settings)
    penalty = (settings.l2 or 0.0) / len(rows)

    def loss(params: Params, X: Any, y: Any) -> Any:
        value = np.mean(objective.losses(models.scores(params, X), y))
        return value + 0.5 * penalty * models.squared_weights(params) if penalty else value

    curves = Curves()
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
            (rows.X, rows.y),
            optimizer=optimizer,
            batch_size=None if size == len(rows) else size,
            epochs=epochs,
            seed=settings.seed,
            validation=(aside.X, aside.y) if patience else None,
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
    gradient = _gradient(loss, best, rows)
    converged = gradient <= VANISHED if objective.smooth and model.kind == "linear" else None
    chosen = fit.steps
    if patience and len(fit.history.validation):
        chosen = int(fit.history.validation_step[np.nanargmin(fit.history.validation)])
    return Trained(best, curves, (fit,), gradient, converged, chosen, interrupted)


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


def _set_aside(split: Split, settings: Settings) -> tuple[Rows, Rows]:
    """Split the training rows into those trained on and those that say when to stop."""
    rows = split.train
    if not settings.patience or len(rows) < 10:
        return rows, rows
    order = np.random.default_rng([settings.seed, 2]).permutation(len(rows))
    count = round(SET_ASIDE * len(rows))
    return rows.take(np.sort(order[count:])), rows.take(np.sort(order[:count]))


def _gradient(loss: Callable[..., Any], params: Params, rows: Rows) -> float:
    leaves = tw.tree.leaves(tw.jit(tw.grad(loss))(params, rows.X, rows.y))
    return math.sqrt(sum(float(np.sum(np.asarray(leaf) ** 2)) for leaf in leaves))
