"""When to stop a trial that does badly: rules over its reports and those of earlier trials.

A rule sees the trials of earlier waves only, so that it decides the same whatever runs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, shown
from thalweg.tuning.trial import Pruner, Result, Trial


@dataclass(frozen=True)
class Median:
    """Stops a trial whose best value is worse than the median of the others' at that step.

    Args:
        startup: How many others must have come so far.
        warmup: Up to which step nothing is stopped.

    Source:
        Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017.

    Example:
        >>> from thalweg.tuning import Result, Trial
        >>> others = [Result(i, {}, "complete", i, 0.0, ((1.0, i),)) for i in (1, 2, 3)]
        >>> trial = Trial()
        >>> trial.report(2.5, step=1)
        >>> Median(startup=3)(trial, others)
        True
    """

    startup: int = 5
    warmup: float = 0.0

    def __call__(self, trial: Trial, peers: Sequence[Result]) -> bool:
        """Tell whether to stop a trial."""
        step = trial.reports[-1][0]
        values = _values(peers, step)
        if step <= self.warmup or len(values) < max(1, self.startup):
            return False
        return not trial.best <= float(np.median(values))


@dataclass(frozen=True)
class Halving:
    """Lets the best 1/factor of trials pass each rung, the steps least · factorᵏ.

    Args:
        least: The step of the first rung.
        factor: How much fewer trials go on, and how much further.

    Source:
        Li et al., "A System for Massively Parallel Hyperparameter Tuning" (asynchronous successive
        halving), 2020. arXiv:1810.05934

    Raises:
        ArgumentError: If the factor is not above 1, or the first rung not above 0.

    Example:
        >>> from thalweg.tuning import Result, Trial
        >>> others = [Result(i, {}, "complete", i, 0.0, ((1.0, i),)) for i in (1, 2, 3)]
        >>> trial = Trial()
        >>> trial.report(1.5, step=1)
        >>> Halving(factor=4)(trial, others), Halving(factor=2)(trial, others)
        (True, False)
    """

    least: float = 1.0
    factor: float = 3.0

    def __post_init__(self) -> None:
        if not (self.factor > 1 and self.least > 0):
            raise ArgumentError(
                f"{self} was given. Give a factor above 1, such as 3, and a first rung above 0."
            )

    def __call__(self, trial: Trial, peers: Sequence[Result]) -> bool:
        """Tell whether to stop a trial."""
        step = trial.reports[-1][0]
        before = trial.reports[-2][0] if len(trial.reports) > 1 else 0.0
        rung = self.least
        while rung * self.factor <= step:
            rung *= self.factor
        if not before < rung <= step:
            return False
        values = sorted([*_values(peers, step), trial.best])
        passing = max(1, int(len(values) / self.factor))
        return not trial.best <= values[passing - 1]


def pruner_of(pruner: Any) -> Pruner | None:
    """Return what a user's choice of pruner stops by: a rule, "median", "halving" or None."""
    named: dict[str, Pruner] = {"median": Median(), "halving": Halving()}
    if pruner is None or callable(pruner):
        return pruner  # type: ignore[no-any-return]
    if pruner in named:
        return named[pruner]
    raise ArgumentError(
        f"pruner is {shown(pruner)}. Choose 'median' or 'halving', give tw.tuning.Median(…) or "
        "Halving(…), a function of (trial, results), or None."
    )


def _values(peers: Sequence[Result], step: float) -> list[float]:
    found = (peer.best_until(step) for peer in peers)
    return [value for value in found if value is not None]
