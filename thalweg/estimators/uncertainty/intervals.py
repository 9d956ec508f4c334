"""Intervals of predictions, by what a model keeps of its coefficients' uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thalweg.errors import ArgumentError, printable
from thalweg.estimators.objectives import Objective
from thalweg.inference import Inference, Predictions
from thalweg.inference.distributions import ReferenceDistribution
from thalweg.inference.regressions.families import FAMILIES
from thalweg.inference.regressions.prediction import means_of_scores
from thalweg.inference.regressions.regression import FittedRows
from thalweg.inference.tall import triangle

if TYPE_CHECKING:
    from thalweg.estimators.fitted import FittedModel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Losses whose scores tell the mean of the target, and the families that know it.
FAMILY_NAMES = {"squared": "linear", "logistic": "logistic", "poisson": "poisson"}

# A matrix of more coefficients is not kept beside a model: it has 32 MB.
MOST_COEFFICIENTS = 2000

# By how much a new row may break what held in all training rows, in parts of its size.
ALIKE = 1e-6

# What the names of its arrays begin with in a model's file.
KNOWN = "uncertainty."


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """What intervals of a linear model's predictions are made of, for encoded features.

    Args:
        why: Why there are none, and what to do; empty if there are some.
        kept: Which of the intercept and the features the training rows determine.
        covariance: That of their coefficients, shape (kept, kept).
        aliases: How the other columns are made of these in every training row, (others, kept).
        df: The degrees of freedom of Student's distribution; None for the normal one.
        variance: Of a new target about its mean, for a row of weight 1; None if the loss has none.
        convention: How the covariance was made.
    """

    why: str = ""
    kept: Integers | None = None
    covariance: Floats | None = None
    aliases: Floats | None = None
    df: float | None = None
    variance: float | None = None
    convention: str = ""

    def spread(self, X: Floats, names: Sequence[str], rows: Integers) -> Floats:
        """Return the standard errors of scores, shape (rows,).

        Args:
            X: Encoded features, shape (rows, features).
            names: Those of the features.
            rows: Where the rows are in their table.

        Raises:
            ArgumentError: If there are none, or a row is of a kind that no training row was.
        """
        if self.why or self.kept is None or self.covariance is None or self.aliases is None:
            raise ArgumentError(f"There are no intervals. {self.why}".strip())
        A = np.column_stack([np.ones(len(X)), X])
        part = A[:, self.kept]
        others = np.setdiff1d(np.arange(A.shape[1]), self.kept)
        expected = part @ self.aliases.T
        size = np.abs(part) @ np.abs(self.aliases.T) + np.abs(A[:, others])
        strange = np.abs(expected - A[:, others]) > ALIKE * np.maximum(size, 1e-300)
        if strange.any():
            at, other = np.argwhere(strange)[0]
            name = ("intercept", *names)[others[other]]
            raise ArgumentError(
                f"There is no interval for row {rows[at] + 1}: the training rows do not tell what "
                f"{printable(name)} does there, as it was constant or made of other columns in "
                "them. Leave the column out of the fit, or the row out of the file."
            )
        return np.asarray(np.sqrt(np.maximum(np.sum((part @ self.covariance) * part, axis=1), 0.0)))

    # ---- kept beside a model

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return its matrices by name."""
        if self.covariance is None or self.aliases is None:
            return {}
        return {f"{KNOWN}covariance": self.covariance, f"{KNOWN}aliases": self.aliases}

    def to_json(self) -> dict[str, Any]:
        """Return the rest in plain values."""
        if self.kept is None:
            return {"why": self.why}
        return {
            "kept": self.kept.tolist(), "df": self.df, "variance": self.variance,
            "convention": self.convention,
        }  # fmt: skip

    @classmethod
    def from_json(cls, said: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Uncertainty:
        """Rebuild it.

        Raises:
            KeyError: If a part is missing; ValueError if it means nothing.
        """
        if "kept" not in said:
            return cls(str(said["why"]))
        kept = np.array(said["kept"], np.int64)
        covariance, aliases = (arrays[KNOWN + k] for k in ("covariance", "aliases"))
        if covariance.shape != (len(kept),) * 2 or aliases.shape[1:] != (len(kept),):
            raise ValueError("its covariance is of another shape than its coefficients")
        df, variance = (None if said[k] is None else float(said[k]) for k in ("df", "variance"))
        return cls("", kept, covariance, aliases, df, variance, str(said["convention"]))


def uncertainty_of(found: Inference, objective: Objective, X: Floats) -> Uncertainty:
    """Return what of an inference intervals of predictions take.

    Args:
        found: That of the intercept and the encoded features.
        objective: The loss.
        X: The features it is of, shape (rows, features).
    """
    if found.why:
        return Uncertainty(found.why)
    if objective.text not in FAMILY_NAMES:
        return Uncertainty(
            f"The loss {objective.text} predicts no mean of the target. Fit the loss "
            f"{' or '.join(FAMILY_NAMES)} for intervals of one."
        )
    fitted = found.model
    assert isinstance(fitted, FittedRows)
    if fitted.separated.any():
        names = ", ".join(found.names[j] for j in np.flatnonzero(fitted.separated))
        return Uncertainty(
            f"The coefficients of {printable(names)} have no finite estimate. Leave those columns "
            "out of the fit."
        )
    kept = np.flatnonzero(~np.isnan(np.diag(found.covariance)))
    if len(kept) > MOST_COEFFICIENTS:
        return Uncertainty(
            f"The covariance of {len(kept):,} coefficients is too large to be kept beside the "
            f"model. Fit at most {MOST_COEFFICIENTS:,}."
        )
    assert found.convention is not None
    assert fitted.optimum is not None
    others = np.setdiff1d(np.arange(1 + X.shape[1]), kept)
    aliases: Floats = np.zeros((0, len(kept)))
    if len(others):
        R = triangle(X, constant=True)
        aliases = np.asarray(np.linalg.lstsq(R[:, kept], R[:, others], rcond=None)[0].T, np.float64)
    squares = fitted.rows.family.student
    return Uncertainty(
        kept=kept,
        covariance=np.ascontiguousarray(found.covariance[np.ix_(kept, kept)]),
        aliases=np.ascontiguousarray(aliases),
        df=found.convention.reference.df,
        variance=fitted.rows.variance(fitted.optimum.at) if squares else None,
        convention=found.convention.name,
    )


def intervals(model: FittedModel, X: Floats, level: float, observed: Bools) -> Predictions:
    """Return means of rows with their intervals, and intervals for new targets.

    Args:
        model: The model; of two classes, the mean is the probability of the second.
        X: Encoded features, shape (rows, features).
        level: How often intervals cover, between 0 and 1.
        observed: Which rows of the table have values of their own, shape (rows,); the others have
            no intervals, for nothing is known of how far off the means in their place are.

    Raises:
        ArgumentError: If there are none, which the message explains.
    """
    if not 0.0 < level < 1.0:
        raise ArgumentError(f"The level of intervals is {level}; give one such as 0.95.")
    if model.uncertainty is None:
        raise ArgumentError(
            "There are no intervals: the model was saved without the covariance of its "
            "coefficients, by an earlier version or from an estimator. Fit it again with thalweg "
            "fit or fit_table."
        )
    spread = np.full(len(X), np.nan)
    rows = np.flatnonzero(observed)
    spread[rows] = model.uncertainty.spread(X[rows], model.encoding.names, rows)
    reach = ReferenceDistribution(model.uncertainty.df).quantile(level)
    scores, target = model.of_features(X), model.encoding.target
    mean = FAMILIES[FAMILY_NAMES[model.objective.text]].mean
    means, errors, ends = means_of_scores(mean, scores, spread, reach)
    new = None
    if (variance := model.uncertainty.variance) is not None:
        both = np.sqrt(spread**2 + variance)
        new = np.column_stack([scores - reach * both, scores + reach * both])
        new = new * target.scale + target.mean
    return Predictions(
        means * target.scale + target.mean, errors * target.scale,
        ends * target.scale + target.mean, new, level,
    )  # fmt: skip
