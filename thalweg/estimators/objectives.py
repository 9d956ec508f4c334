"""What scores are compared with the target by: losses in plain NumPy, and their null models."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import thalweg as tw
from thalweg.data.encoding import Kind
from thalweg.errors import SpecError, did_you_mean, shown

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Objective:
    """A loss, and all that a fit must know of it.

    Args:
        text: How it is written.
        kind: The kind of target it is for.
        losses: Maps scores and targets to one loss a row, in plain NumPy.
        null: Maps the training targets, the number of classes and, if they differ, what rows count
            to the best constant score.
        curvature: The largest second derivative in the scores; None if there is none.
        smooth: Whether it has a gradient everywhere.
        power: Losses of a target in other units scale by this power of the unit; 0 where a target
            must stay in its own units.
        mean: Maps scores to predictions, or to probabilities of the classes.
        relative: Whether only differences between the scores of a row count.
    """

    text: str
    kind: Kind
    losses: Callable[[Any, Any], Any]
    null: Callable[..., Any]
    curvature: float | None
    smooth: bool = True
    power: int = 0
    mean: Callable[[Floats], Floats] | None = None
    relative: bool = False

    @property
    def quadratic(self) -> bool:
        """Whether it curves alike everywhere, and the same for all rows."""
        return self.losses is squared

    @property
    def standardizes_target(self) -> bool:
        """Whether a regression's target is trained on in standard deviations from its mean."""
        return self.power > 0

    def unit(self, scale: float) -> float:
        """Return what losses of targets over a scale are multiplied with for the targets' own."""
        return float(scale**self.power)

    def __reduce__(self) -> tuple[Any, ...]:
        return parse_objective, (self.text, self.kind)

    def at(self, number: float) -> Objective:
        """Return the loss with another number, for those that have one: huber and quantile."""
        return NUMBERED[self.text.partition("(")[0]][0](float(number))


# ---- regression


def squared(scores: Any, y: Any) -> Any:
    """Return (y − s)², shape (rows,).

    >>> squared(np.array([1.0]), np.array([3.0]))
    array([4.])
    """
    return (y - scores) ** 2


def absolute(scores: Any, y: Any) -> Any:
    """Return |y − s|, shape (rows,)."""
    return np.abs(y - scores)


def huber(threshold: float) -> Callable[[Any, Any], Any]:
    """Return ½r² where |r| ≤ t, and t(|r| − ½t) elsewhere, for residuals r = y − s.

    >>> huber(1.0)(np.array([0.0, 0.0]), np.array([1.0, 3.0]))
    array([0.5, 2.5])
    """

    def losses(scores: Any, y: Any) -> Any:
        inside = np.minimum(np.abs(y - scores), threshold)
        return inside * (np.abs(y - scores) - 0.5 * inside)

    return losses


def huber_and_scale(epsilon: float) -> Callable[[Any, Any], Any]:
    """Return σ + σ H(r / σ) for scores (s, σ), residuals r = y − s; infinity where σ ≤ 0.

    H(z) is z² where |z| ≤ ε, and 2 ε |z| − ε² elsewhere.

    Source:
        Owen, "A Robust Hybrid of Lasso and Ridge Regression", 2007.

    >>> huber_and_scale(1.5)(np.array([[0.0, 1.0], [0.0, 2.0]]), np.array([1.0, 8.0]))
    array([ 2. , 21.5])
    """

    def losses(scores: Any, y: Any) -> Any:
        scale = scores[:, 1]
        used = np.where(scale > 0.0, scale, 1.0)
        z = np.abs(y - scores[:, 0]) / used
        inside = np.minimum(z, epsilon)
        return np.where(scale > 0.0, used + used * inside * (2.0 * z - inside), np.inf)

    return losses


def quantile(level: float) -> Callable[[Any, Any], Any]:
    """Return max(q r, (q − 1) r) for residuals r = y − s.

    >>> quantile(0.9)(np.array([0.0, 0.0]), np.array([1.0, -1.0]))
    array([0.9, 0.1])
    """

    def losses(scores: Any, y: Any) -> Any:
        return np.maximum(level * (y - scores), (level - 1.0) * (y - scores))

    return losses


def poisson(scores: Any, y: Any) -> Any:
    """Return eˢ − y s, the negative log-likelihood of counts up to a constant."""
    return np.exp(scores) - y * scores


# ---- classes


def logistic(scores: Any, y: Any) -> Any:
    """Return log(1 + eˢ) − y s for y of 0 and 1.

    >>> logistic(np.array([0.0]), np.array([1.0])) == np.log(2)
    array([ True])
    """
    return np.logaddexp(0.0, scores) - y * scores


def hinge(scores: Any, y: Any) -> Any:
    """Return max(0, 1 − (2y − 1) s) for y of 0 and 1."""
    return np.maximum(0.0, 1.0 - (2.0 * y - 1.0) * scores)


def softmax(scores: Any, y: Any) -> Any:
    """Return log Σₖ exp(sₖ) − s_y for classes y, scores of shape (rows, classes).

    >>> softmax(np.zeros((1, 4)), np.array([2])) == np.log(4)
    array([ True])
    """
    least = np.max(scores, axis=1, keepdims=True)
    total = np.sum(np.exp(scores - least), axis=1)
    chosen = np.take_along_axis(scores - least, y[:, None], axis=1)
    return np.log(total) - chosen[:, 0]


# ---- best constants


def _mean(y: Floats, classes: int, weights: Floats | None = None) -> float:
    return float(np.average(y, weights=weights))


def _log_mean(y: Floats, classes: int, weights: Floats | None = None) -> float:
    return float(np.log(_mean(y, classes, weights)))


def _median(y: Floats, classes: int, weights: Floats | None = None) -> float:
    return _quantile_of(y, 0.5, weights)


def _quantile_of(y: Floats, level: float, weights: Floats | None) -> float:
    if weights is None:
        return float(np.quantile(y, level))
    return float(np.quantile(y, level, weights=weights, method="inverted_cdf"))


def _huber_center(threshold: float) -> Callable[..., float]:
    def center(y: Floats, classes: int, weights: Floats | None = None) -> float:
        shares = np.ones(len(y)) if weights is None else weights
        low, high = float(np.min(y)), float(np.max(y))
        # Σ clip(y − c) falls in c; 100 halvings leave nothing between the ends.
        for _ in range(100):
            middle = (low + high) / 2
            above = np.sum(shares * np.clip(y - middle, -threshold, threshold)) > 0
            low, high = (middle, high) if above else (low, middle)
        return (low + high) / 2

    return center


def _log_odds(y: Floats, classes: int, weights: Floats | None = None) -> float:
    # Training rows of one class alone would have infinite odds.
    ones = float(np.clip(np.average(y, weights=weights) * len(y), 1e-3, len(y) - 1e-3))
    return float(np.log(ones) - np.log(len(y) - ones))


def _log_shares(y: Floats, classes: int, weights: Floats | None = None) -> Floats:
    # A class without a training row has no share; a tiny one keeps its loss finite.
    counts = np.maximum(np.bincount(y.astype(np.int64), weights, minlength=classes), 1e-3)
    logs = np.log(counts / counts.sum())
    return np.asarray(logs - np.mean(logs))


def _majority(y: Floats, classes: int, weights: Floats | None = None) -> float:
    return 1.0 if np.average(y, weights=weights) >= 0.5 else -1.0


def _odds_mean(scores: Floats) -> Floats:
    return np.asarray(tw.sigmoid(scores))


def _shares_mean(scores: Floats) -> Floats:
    return np.asarray(tw.softmax(scores, axis=1))


# ---- by name


def _huber(threshold: float) -> Objective:
    text, center = f"huber({threshold!r})", _huber_center(threshold)
    return Objective(text, "regression", huber(threshold), center, 1.0, power=2)


def _quantile(level: float) -> Objective:
    null = lambda y, _, weights=None: _quantile_of(y, level, weights)
    text = f"quantile({level!r})"
    return Objective(text, "regression", quantile(level), null, None, False, power=1)


OBJECTIVES = {
    "squared": Objective("squared", "regression", squared, _mean, 2.0, power=2),
    "absolute": Objective("absolute", "regression", absolute, _median, None, False, power=1),
    "huber": _huber(1.0),
    "quantile": _quantile(0.5),
    "poisson": Objective("poisson", "regression", poisson, _log_mean, None, mean=np.exp),
    "logistic": Objective("logistic", "binary", logistic, _log_odds, 0.25, mean=_odds_mean),
    "hinge": Objective("hinge", "binary", hinge, _majority, None, False),
    "softmax": Objective(
        "softmax", "multiclass", softmax, _log_shares, 0.5, mean=_shares_mean, relative=True
    ),
}

DEFAULTS: dict[Kind, str] = {"regression": "squared", "binary": "logistic", "multiclass": "softmax"}

# Losses with a number: between 0 and which bound it is, and what it means.
NUMBERED: dict[str, tuple[Callable[[float], Objective], float, str]] = {
    "huber": (
        _huber,
        np.inf,
        "a positive number: the residual, in standard deviations of the target, from which on it "
        "is linear",
    ),
    "quantile": (_quantile, 1.0, "a level between 0 and 1, such as 0.9"),
}


def kind_of(text: str | None) -> Kind | None:
    """Return the kind of target that a loss as written decides: numbers may also be classes.

    >>> kind_of("poisson"), kind_of("logistic"), kind_of(None)
    ('regression', None, None)
    """
    objective = OBJECTIVES.get((text or "").partition("(")[0].strip())
    return "regression" if objective and objective.kind == "regression" else None


def parse_objective(text: str | None, kind: Kind) -> Objective:
    """Read a loss: its name, with a number for huber and quantile.

    Args:
        text: What was written; None for the usual loss of the kind.
        kind: The kind of target.

    Raises:
        SpecError: If there is no such loss, it has no such number, or is not for such a target.

    Example:
        >>> parse_objective("quantile(0.9)", "regression").text
        'quantile(0.9)'
    """
    written = DEFAULTS[kind] if text is None else text.strip()
    match = re.fullmatch(r"(\w+)\s*(?:\(\s*([^()\s]+)\s*\))?", written, re.ASCII)
    name = match[1] if match else written
    if match is None or name not in OBJECTIVES:
        guess = did_you_mean(name, OBJECTIVES)
        raise SpecError(
            f"There is no loss {shown(name)}.{guess} Choose one of {', '.join(OBJECTIVES)}."
        )
    objective = OBJECTIVES[name]
    if kind != objective.kind:
        fitting = [n for n, other in OBJECTIVES.items() if kind == other.kind]
        raise SpecError(
            f"The loss {name} is for a {objective.kind} target, and this one is {kind}. "
            f"Choose {' or '.join(fitting)}, or another task."
        )
    return objective if match[2] is None else _with_number(name, match[2])


def _with_number(name: str, text: str) -> Objective:
    if name not in NUMBERED:
        raise SpecError(
            f"The loss {name} takes no number, and {shown(text)} was given. Leave it out."
        )
    make, bound, wanted = NUMBERED[name]
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not 0 < number < bound:
        raise SpecError(f"The loss {name} was given {shown(text)}. It wants {wanted}.")
    return make(number)
