"""From settings to a fitted model and what there is to say about it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import thalweg as tw
from thalweg.cli import models
from thalweg.cli.descent import decorrelated, descend
from thalweg.cli.grammar import parse
from thalweg.cli.models import Params
from thalweg.cli.objectives import Objective
from thalweg.cli.problem import Problem, Rows
from thalweg.cli.settings import ACCELERATED, Settings
from thalweg.cli.spec import Model, build, optimizers, parse_model
from thalweg.errors import SpecError
from thalweg.training.progress import Info
from thalweg.training.result import Fit

__all__ = ["Course", "Trained", "check", "resolve", "train"]

Floats = NDArray[np.float64]

VANISHED = 1e-8
# How long a run of a chosen optimizer is if nobody says.
STEPS, MOST_EPOCHS, BATCH_SIZE = 10_000, 1000, 100
SET_ASIDE = 0.1
LEAST_WAIT = 1000


@dataclass
class Course:
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


@dataclass(frozen=True, eq=False)
class Trained:
    """A fitted model.

    Args:
        params: Weights and biases for encoded features and the target in deviations.
        course: How losses went.
        fits: The runs it took.
        gradient: The norm of the gradient of the training loss at its end.
        converged: Whether that is as good as zero; None if the loss does not let one tell.
        chosen_step: The step the parameters are from.
        interrupted: Whether Ctrl-C ended it.
    """

    params: Params
    course: Course
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


# ---- choices left open


def check(settings: Settings) -> None:
    """Refuse a model or an optimizer that means nothing, before anything is read.

    Raises:
        SpecError: If one does.
    """
    parse_model(settings.model)
    if settings.optimizer is not None and settings.optimizer != ACCELERATED:
        _optimizer(settings.optimizer)


def resolve(settings: Settings, problem: Problem) -> Settings:
    """Make every choice that was left to the data.

    A linear model with a smooth loss goes to its optimum, all rows at each step; everything else
    is trained by Adam in batches, a network until a tenth of the training rows, set aside, says
    stop.

    Raises:
        SpecError: If the model is unknown, or choices exclude each other.
    """
    model, objective, rows = parse_model(settings.model), problem.objective, len(problem.train)
    linear, classes = model.kind == "linear", problem.encoding.target.kind != "regression"
    asked = (settings.batch_size, settings.epochs, settings.patience)
    chosen = replace(
        settings,
        model=str(model),
        loss=objective.text,
        l2=float(classes) if settings.l2 is None else float(settings.l2),
    )
    if settings.optimizer is None and linear and objective.smooth and asked == (None,) * 3:
        return replace(chosen, optimizer=ACCELERATED)
    if settings.optimizer == ACCELERATED:
        _require_accelerable(model, objective, asked)
        return chosen
    batch_size = settings.batch_size or min(rows, BATCH_SIZE)
    steps_per_epoch = math.ceil(rows / batch_size)
    epochs = settings.epochs or min(MOST_EPOCHS, math.ceil(STEPS / steps_per_epoch))
    patience = settings.patience
    if patience is None:
        waiting = max(20, math.ceil(LEAST_WAIT / steps_per_epoch))
        patience = 0 if linear or settings.epochs else waiting
    decaying = f"adam(cosine_decay_schedule(0.05, {epochs * steps_per_epoch}))"
    usual = decaying if linear else "adam(0.003)"
    optimizer = settings.optimizer or usual
    return replace(
        chosen,
        optimizer=str(parse(optimizer)),
        batch_size=batch_size,
        epochs=epochs,
        patience=patience,
    )


def _require_accelerable(model: Model, objective: Objective, asked: tuple[Any, ...]) -> None:
    if model.kind != "linear" or not objective.smooth:
        what = f"the model {model}" if model.kind != "linear" else f"the loss {objective.text}"
        raise SpecError(
            f"The optimizer accelerated is for linear models with a smooth loss, not for {what}. "
            "Choose another, such as adam(0.01)."
        )
    if asked != (None,) * 3:
        raise SpecError(
            "The optimizer accelerated uses all rows at each step and stops by itself. Leave out "
            "--batch-size, --epochs and --patience, or choose another, such as adam(0.01)."
        )


# ---- training


def train(settings: Settings, problem: Problem, progress: Any = "auto") -> Trained:
    """Fit the model.

    Args:
        settings: What `resolve` returned.
        problem: What to fit.
        progress: As for `tw.fit`.

    Raises:
        SpecError: If the optimizer means nothing.
        TrainingDiverged: If the loss or the parameters stop being finite.
    """
    if settings.optimizer == ACCELERATED:
        return _accelerated(settings, problem, progress)
    return _optimized(settings, problem, progress)


def _judge(problem: Problem, course: Course) -> Callable[[int, Params], None]:
    """Return a function that notes how good parameters are after a step."""

    def judge(step: int, params: Params) -> None:
        course.at.append(step)
        course.train.append(mean_loss(problem, problem.train, params))
        if len(problem.held_out):
            course.held_out.append(mean_loss(problem, problem.held_out, params))

    return judge


def mean_loss(problem: Problem, rows: Rows, params: Params) -> float:
    """Return the mean loss of a model over rows, in the target's own units."""
    with np.errstate(over="ignore", invalid="ignore"):
        losses = problem.objective.losses(models.scores(params, rows.X), rows.y)
        return float(np.mean(losses)) * problem.unit


def _accelerated(settings: Settings, problem: Problem, progress: Any) -> Trained:
    rows, objective = problem.train, problem.objective
    penalty = (settings.l2 or 0.0) / len(rows)
    # Where curvature has no bound, take that of the null model; `descend` finds the step size.
    curvature = objective.curvature or max(float(np.mean(rows.y)), 1e-3)
    at = decorrelated(rows.X, curvature, penalty)
    tail = (problem.outputs,) if problem.outputs > 1 else ()

    def back(gamma: Floats) -> Params:
        theta = at.P @ gamma
        # Rounding would give the coefficient of a constant column a value near zero.
        theta[1:][~rows.X.any(axis=0)] = 0.0
        return {"weights": [theta[1:]], "biases": [np.asarray(theta[0])]}

    course = Course()
    judge = _judge(problem, course)
    start = np.zeros((at.P.shape[1], *tail))
    judge(0, back(start))
    found = descend(
        objective,
        at,
        rows.y,
        start,
        penalty,
        progress=progress,
        on_eval=lambda step, gamma: judge(step, back(gamma)),
    )
    losses = [fit.history.loss for fit in found.fits]
    course.loss = np.concatenate([np.empty(0), *losses]) * problem.unit
    return Trained(
        back(found.gamma),
        course,
        tuple(found.fits),
        found.gradient,
        found.converged,
        found.steps,
        found.interrupted,
    )


def _optimized(settings: Settings, problem: Problem, progress: Any) -> Trained:
    objective, model = problem.objective, parse_model(settings.model)
    optimizer = _optimizer(settings.optimizer or "")
    start = models.initial(model, problem.train.X.shape[1], problem.outputs, settings.seed)
    rows, aside = _set_aside(settings, problem)
    penalty = (settings.l2 or 0.0) / len(rows)

    def loss(params: Params, X: Any, y: Any) -> Any:
        value = np.mean(objective.losses(models.scores(params, X), y))
        return value + 0.5 * penalty * models.squared_weights(params) if penalty else value

    course = Course()
    judge = _judge(problem, course)
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
            callbacks=lambda info: _seldom(info, course, judge, bool(patience)),
            progress=progress,
        )
    except KeyboardInterrupt as interruption:
        if not hasattr(interruption, "fit"):
            raise
        fit, interrupted = interruption.fit, True
    if course.at[-1] < fit.steps:
        judge(fit.steps, fit.params)
    course.loss = np.asarray(fit.history.loss) * problem.unit
    best = fit.best_params
    gradient = _gradient(loss, best, rows)
    converged = gradient <= VANISHED if objective.smooth and model.kind == "linear" else None
    chosen = fit.steps
    if patience and len(fit.history.validation):
        chosen = int(fit.history.validation_step[np.nanargmin(fit.history.validation)])
    return Trained(best, course, (fit,), gradient, converged, chosen, interrupted)


def _seldom(
    info: Info, course: Course, judge: Callable[[int, Params], None], each_epoch: bool
) -> None:
    """Judge; ever more seldom if told of each epoch, for it costs more than the epoch's steps."""
    wait = info.steps_per_epoch * (1 + len(course.at) // 50) if each_epoch else 1
    if info.step - course.at[-1] >= wait:
        judge(info.step, info.params)


def _optimizer(text: str) -> tw.optim.GradientTransformation:
    made = build(parse(text), optimizers())
    if not isinstance(made, tw.optim.GradientTransformation):
        raise SpecError(
            f"The optimizer {text} is a schedule of learning rates. Put it in an optimizer, as in "
            f"adam({text})."
        )
    return made


def _set_aside(settings: Settings, problem: Problem) -> tuple[Rows, Rows]:
    """Split the training rows into those trained on and those that say when to stop."""
    rows = problem.train
    if not settings.patience or len(rows) < 10:
        return rows, rows
    order = np.random.default_rng([settings.seed, 2]).permutation(len(rows))
    count = round(SET_ASIDE * len(rows))
    return rows.take(np.sort(order[count:])), rows.take(np.sort(order[:count]))


def _gradient(loss: Callable[..., Any], params: Params, rows: Rows) -> float:
    leaves = tw.tree.leaves(tw.jit(tw.grad(loss))(params, rows.X, rows.y))
    return math.sqrt(sum(float(np.sum(np.asarray(leaf) ** 2)) for leaf in leaves))
