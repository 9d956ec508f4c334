"""Predictions with their uncertainty: of the mean, and of one new target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thalweg.autodiff.functional import grad
from thalweg.errors import ArgumentError, ShapeError
from thalweg.inference.regressions.design import read_numbers, read_weights
from thalweg.inference.regressions.families import RegressionFamily
from thalweg.inference.regressions.formula import columns_of

if TYPE_CHECKING:
    from thalweg.inference.result import Inference

Floats = NDArray[np.float64]

# Points of Gauss and Hermite's rule, by which counts are mixed over the uncertainty of their score.
POINTS = 32

MOST = 2.0**53


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a regression says of rows.

    Attributes:
        mean: The mean of the target, shape (rows,).
        std_errors: Of the mean, shape (rows,).
        interval: The ends of intervals for the mean, shape (rows, 2): those of the score, mapped.
        new_interval: The ends of intervals for one new target, shape (rows, 2); None of classes,
            as 0 and 1 have no interval, and of families that do not tell how targets scatter.
        level: How often intervals cover.
    """

    mean: Floats
    std_errors: Floats
    interval: Floats
    new_interval: Floats | None
    level: float

    def __repr__(self) -> str:
        new = "" if self.new_interval is None else ", new_interval"
        return f"Predictions({len(self.mean)} rows: mean, std_errors, interval{new})"


def predict(inference: Inference, X: Any, offset: Any, weights: Any, level: float) -> Predictions:
    """Return predictions; as `Inference.predict` says."""
    fitted = inference.model
    if inference.why:
        raise ArgumentError(f"There are no intervals. {inference.why}")
    family, design = fitted.all_rows.family, fitted.all_rows.design
    if (formula := fitted.all_rows.formula) is not None:
        X = columns_of(formula, X)
    matrix = _columns(X, design.names, fitted.all_rows.intercept)
    _refuse_separated(fitted, matrix, inference)
    columns = len(design.names)
    known = design.kept[~fitted.separated[design.kept]]
    part = matrix[:, known]
    scores = part @ inference.estimates[known]
    if offset is not None:
        scores = scores + read_numbers("offset", offset, len(matrix))
    V = inference.covariance[np.ix_(known, known)]
    spread = np.sqrt(np.maximum(np.sum((part @ V) * part, axis=1), 0.0))
    assert inference.convention is not None
    reach = inference.convention.reference.quantile(level)
    if family.mean is None:
        raise ArgumentError(f"{family.title} says nothing of the mean of its target.")
    means, errors, ends = means_of_scores(family.mean, scores, spread, reach)
    new = None
    if family.student:
        variance = fitted.rows.variance(fitted.optimum.at) / read_weights(weights, len(matrix))
        both = np.sqrt(spread**2 + variance)
        new = np.column_stack([scores - reach * both, scores + reach * both])
    elif family.below is not None:
        new = _counts(family, scores, spread, inference.estimates[columns:], level)
    return Predictions(means, errors, ends, new, level)


def means_of_scores(
    mean: Callable[[Any], Any] | None, scores: Floats, spread: Floats, reach: float
) -> tuple[Floats, Floats, Floats]:
    """Return the means of scores, their standard errors, and the ends of intervals for them.

    Args:
        mean: Maps scores to means; None for themselves.
        scores: The scores, shape (rows,).
        spread: Their standard errors.
        reach: How many of those an interval of a score reaches to either side.

    Example:
        >>> means_of_scores(np.exp, np.array([0.0]), np.array([0.5]), 2.0)[2].round(3)
        array([[0.368, 2.718]])
    """
    ends = np.column_stack([scores - reach * spread, scores + reach * spread])
    if mean is None:
        return scores, spread, ends
    slopes = np.asarray(grad(lambda s: np.sum(mean(s)))(scores))
    mapped = np.sort(np.column_stack([np.asarray(mean(end)) for end in ends.T]), axis=1)
    return np.asarray(mean(scores)), np.abs(slopes) * spread, mapped


def _columns(X: Any, names: tuple[str, ...], intercept: bool) -> Floats:
    wanted = names[1:] if intercept else names
    if hasattr(X, "columns") or isinstance(X, dict):
        lacking = [name for name in wanted if name not in list(X)]
        if lacking:
            raise ShapeError(f"X lacks the columns {', '.join(lacking)}; add them.")
        X = (
            np.column_stack([np.asarray(X[name]) for name in wanted])
            if wanted
            else np.empty((1, 0))
        )
    matrix = read_numbers("X", X)
    if matrix.ndim != 2 or matrix.shape[1] != len(wanted):
        raise ShapeError(
            f"X has shape {matrix.shape}; it wants {len(wanted)} columns: {', '.join(wanted)}."
        )
    return np.column_stack([np.ones(len(matrix)), matrix]) if intercept else matrix


def _refuse_separated(fitted: Any, matrix: Floats, inference: Inference) -> None:
    """Refuse rows of which the rest of the columns does not tell the score.

    Raises:
        ArgumentError: If there are any.
    """
    design = fitted.all_rows.design
    if fitted.separated.any():
        names = ", ".join(design.names[j] for j in np.flatnonzero(fitted.separated))
        raise ArgumentError(
            f"The coefficients of {names} have no finite estimate, so predictions have no "
            "interval. Leave those columns out, or add a penalty."
        )
    if not design.left_out:
        return
    # What a left-out column adds up to among the others must hold in the new rows too.
    kept = design.X[:, design.kept]
    for j in design.left_out:
        shares = np.linalg.lstsq(kept, design.X[:, j], rcond=None)[0]
        expected = matrix[:, design.kept] @ shares
        size = np.abs(matrix[:, design.kept]) @ np.abs(shares) + np.abs(matrix[:, j])
        wrong = np.abs(expected - matrix[:, j]) > 1e-6 * np.maximum(size, 1e-300)
        if wrong.any():
            raise ArgumentError(
                f"{design.names[j]} was left out ({design.left_out[j]}), which does not hold in "
                f"row {int(np.argmax(wrong))} of X: nothing is known of such rows."
            )


def _counts(
    family: RegressionFamily, scores: Floats, spread: Floats, further: Floats, level: float
) -> Floats:
    """Return intervals for new counts, whose scores are normal around the estimated ones."""
    at, weights = np.polynomial.hermite_e.hermegauss(POINTS)
    means = np.exp(scores[:, None] + spread[:, None] * at)
    weights = weights / weights.sum()
    assert family.below is not None
    below = family.below

    def quantile(probability: float) -> Floats:
        low, high = np.full(len(scores), -1.0), np.full(len(scores), 1.0)

        def enough(k: Floats) -> NDArray[np.bool_]:
            shares = np.asarray(below(k[:, None], means, *further)) @ weights
            return np.asarray(shares >= probability)

        while not (reached := enough(high)).all():
            high = np.where(reached, high, 2.0 * high)
            if (high > MOST).any():
                raise ArgumentError("Counts beyond 2⁵³ have no exact intervals. Scale the target.")
        while (high - low > 1.0).any():
            middle = np.floor((low + high) / 2.0)
            there = enough(middle)
            low, high = np.where(there, low, middle), np.where(there, middle, high)
        return high

    tail = (1.0 - level) / 2.0
    return np.column_stack([quantile(tail), quantile(1.0 - tail)])
