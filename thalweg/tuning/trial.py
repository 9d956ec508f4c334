"""One trial: what a train function is told, and what came of it."""

from __future__ import annotations

import math
import numbers
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from thalweg.errors import ArgumentError, TrainingDiverged, shown
from thalweg.training.plots import smooth
from thalweg.training.progress import Info
from thalweg.training.result import Fit
from thalweg.tuning.space import Config

State = Literal["complete", "pruned", "diverged"]
Report = tuple[float, float]
Curve = tuple[list[float], list[float]]

VALIDATION = "val_loss"
# Points of a curve that a log keeps.
MOST_POINTS = 100


@dataclass(frozen=True)
class Result:
    """How a trial went.

    Args:
        number: Which of the study it is, from 0 on.
        config: Its hyperparameters, the fixed ones too.
        state: "complete", "pruned" (stopped as it did badly), or "diverged".
        value: What is minimized; of a pruned trial the least reported, of a diverged one infinity.
        seconds: The time it took.
        reports: What was reported on the way: steps (epochs of a fit) and values.
        metrics: What else was returned.
        curves: Losses by name, each as epochs and values, at most 100.
        note: Why it diverged.

    Example:
        >>> from thalweg.tuning import Result
        >>> Result(0, {"learning_rate": 0.1}, "complete", 0.25, 0.01).label()
        'trial 0: 0.25 at learning_rate=0.1'
    """

    number: int
    config: Config
    state: State
    value: float
    seconds: float
    reports: tuple[Report, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    note: str = ""

    def label(self, but: Sequence[str] = ()) -> str:
        """Return it as a line, without some of the hyperparameters."""
        values = (f"{k}={spell(v)}" for k, v in self.config.items() if k not in but)
        return f"trial {self.number}: {self.value:.5g} at {', '.join(values)}"

    def best_until(self, step: float) -> float | None:
        """Return the least value reported up to a step; None if it had not come so far."""
        reached = self.state == "complete" or (self.reports and self.reports[-1][0] >= step)
        values = [value for at, value in self.reports if at <= step]
        return min(values) if reached and values else None


def spell(value: Any) -> str:
    """Return a hyperparameter as a table shows it.

    >>> spell(0.000123456), spell(32), spell("adam")
    ('0.000123', '32', 'adam')
    """
    return f"{value:.3g}" if type(value) is float else str(value)


Pruner = Callable[["Trial", Sequence[Result]], bool]


class Trial:
    """A trial while it runs: what `train` is given beside its hyperparameters.

    It is a callback of `tw.fit`: with `callbacks=trial` the fit reports each evaluation, and stops
    when the trial is pruned.

    Args:
        number: Which of the study it is.
        config: Its hyperparameters.
        pruner: Says whether to stop it.
        peers: How the trials went that the pruner compares it with.

    Attributes:
        reports: Steps and values reported so far.

    Example:
        >>> trial = Trial()
        >>> trial.report(0.5, step=1)
        >>> trial.reports, trial.should_prune()
        ([(1.0, 0.5)], False)
    """

    def __init__(
        self,
        number: int = 0,
        config: Config | None = None,
        pruner: Pruner | None = None,
        peers: Sequence[Result] = (),
    ) -> None:
        self.number = number
        self.config = config or {}
        self.reports: list[Report] = []
        self.pruned = False
        self._pruner = pruner
        self._peers = peers

    def report(self, value: float, step: float) -> None:
        """Tell how the trial stands.

        Args:
            value: What is minimized.
            step: How far it has come, in any unit that is the same for all trials, as epochs.

        Raises:
            ArgumentError: If the steps do not rise.
        """
        value, step = float(value), float(step)
        if self.reports and not step > self.reports[-1][0]:
            raise ArgumentError(
                f"Trial {self.number} reported step {step:g} after step {self.reports[-1][0]:g}. "
                "Report steps that rise."
            )
        self.reports.append((step, value))

    @property
    def best(self) -> float:
        """The least value reported so far; infinity before the first."""
        return min((v for _, v in self.reports if not math.isnan(v)), default=math.inf)

    def should_prune(self) -> bool:
        """Tell whether to stop: return then what there is, a number or the fit."""
        if self._pruner is not None and self.reports and not self.pruned:
            self.pruned = bool(self._pruner(self, self._peers))
        return self.pruned

    def on_eval(self, info: Info) -> None:
        """Report an evaluation of a fit, and stop the fit if the trial is pruned."""
        self.report(info.loss if info.validation is None else info.validation, info.epoch)
        if self.should_prune():
            info.stop()


# ---- running one

Train = Callable[[Config, Trial], Any]


def run(train: Train, trial: Trial, minimize: str) -> Result:
    """Run a trial and return how it went.

    Args:
        train: Called with the hyperparameters and the trial.
        trial: What is run.
        minimize: The name of what is minimized.

    Raises:
        ArgumentError: If what it returns is no fit, number or dict with that name.
    """
    began = time.perf_counter()
    try:
        returned = train(dict(trial.config), trial)
    except TrainingDiverged as error:
        return _result(trial, began, "diverged", math.inf, {}, None, _reason(error))
    except Exception as error:
        error.add_note(f"Raised by trial {trial.number}, of {trial.config}.")
        raise
    value, metrics, curves = _read(returned, minimize)
    if not math.isfinite(value) and not trial.pruned:
        return _result(trial, began, "diverged", math.inf, metrics, curves, f"it is {value}")
    if trial.pruned:
        return _result(trial, began, "pruned", min(trial.best, value), metrics, curves)
    return _result(trial, began, "complete", value, metrics, curves)


def _result(
    trial: Trial,
    began: float,
    state: State,
    value: float,
    metrics: Mapping[str, float],
    curves: Mapping[str, Curve] | None,
    note: str = "",
) -> Result:
    reports = tuple(trial.reports)
    if curves is None and reports:
        # What was reported is the curve of a trial that gives no other.
        curves = {VALIDATION: ([s for s, _ in reports], [v for _, v in reports])}
    seconds = time.perf_counter() - began
    return Result(
        trial.number, trial.config, state, value, seconds, reports, metrics, curves or {}, note
    )  # fmt: skip


def _reason(error: TrainingDiverged) -> str:
    return str(error).partition(" The last finite parameters are")[0]


def _read(returned: Any, minimize: str) -> tuple[float, dict[str, float], dict[str, Curve] | None]:
    """Return what is minimized, the other numbers, and the curves of what `train` returned."""
    curves: dict[str, Curve] | None
    if isinstance(returned, Fit):
        metrics, curves = _of_fit(returned)
    elif isinstance(returned, Mapping):
        given = returned.get("curves")
        curves = None if given is None else {k: _curve(v) for k, v in given.items()}
        metrics = {k: float(v) for k, v in returned.items() if k != "curves"}
    elif isinstance(returned, numbers.Real) or (np.ndim(returned) == 0 and returned is not None):
        return float(returned), {}, None
    else:
        raise ArgumentError(
            f"train returned {shown(returned)}. It wants the fit that tw.fit returned, the number "
            "that is minimized, or a dict of numbers by name."
        )
    if minimize not in metrics:
        lacking = "no validation data: give validation=(X, y) to tw.fit"
        what = lacking if isinstance(returned, Fit) else f"only {', '.join(metrics) or 'nothing'}"
        raise ArgumentError(
            f"{minimize!r} is to be minimized, and what train returned has {what}, or name "
            "another one in minimize=, such as 'loss'."
        )
    return metrics.pop(minimize), metrics, curves


def _of_fit(fit: Fit) -> tuple[dict[str, float], dict[str, Curve]]:
    history = fit.history
    curves = {"loss": smooth(history.epoch, history.loss, MOST_POINTS)}
    # The mean over the last epoch: that of one batch says little.
    last = history.loss[-max(1, history.steps_per_epoch) :]
    metrics = {"loss": float(np.mean(last)), "epochs": float(fit.epochs)}
    if len(history.validation):
        finite = history.validation[np.isfinite(history.validation)]
        metrics[VALIDATION] = float(finite.min()) if len(finite) else math.inf
        metrics["best_epoch"] = float(history.validation_epoch[np.nanargmin(history.validation)])
        curves[VALIDATION] = _thin(history.validation_epoch, history.validation)
    plain = {k: (x.tolist(), y.tolist()) for k, (x, y) in curves.items()}
    return metrics, plain


def _thin(x: Any, y: Any) -> tuple[Any, Any]:
    """Keep at most so many points of a curve, the ends among them."""
    if len(x) > MOST_POINTS:
        kept = np.linspace(0, len(x) - 1, MOST_POINTS).round().astype(int)
        x, y = x[kept], y[kept]
    return x, y


def _curve(value: Any) -> Curve:
    """Return a curve that `train` gave: epochs and values, or values alone."""
    if len(value) == 2 and np.ndim(value[0]) == 1:
        x, y = (np.asarray(v, np.float64) for v in value)
    else:
        y = np.asarray(value, np.float64)
        x = np.arange(1.0, len(y) + 1)
    x, y = _thin(x, y)
    return x.tolist(), y.tolist()
