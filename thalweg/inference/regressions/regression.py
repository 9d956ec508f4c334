"""Regressions on a linear score: estimates at the optimum, and all that they tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.errors import ArgumentError, ShapeError
from thalweg.inference.covariance import LEVERAGED, Contributions
from thalweg.inference.newton import Optimum, descend
from thalweg.inference.regressions.again import new_targets, refits_of
from thalweg.inference.regressions.design import read_design, read_numbers, require_aligned
from thalweg.inference.regressions.families import FAMILIES, RegressionFamily, family_of
from thalweg.inference.regressions.formula import by_formula
from thalweg.inference.regressions.prediction import Predictions, predict
from thalweg.inference.regressions.scored import ScoredRows
from thalweg.inference.regressions.separation import (
    NEGLIGIBLE,
    separating_classes,
    separating_counts,
    undetermined,
)
from thalweg.inference.resampling import Refits, Resampled
from thalweg.inference.result import Inference

Floats = NDArray[np.float64]


def regression(
    X: Any,
    y: Any,
    family: str | RegressionFamily = "linear",
    *,
    weights: Any = None,
    offset: Any = None,
    covariance: str = "classical",
    clusters: Any = None,
    names: Sequence[str] | None = None,
    intercept: bool = True,
    params: Any = None,
    level: float = 0.95,
) -> Inference:
    """Return what rows tell of the coefficients of a regression.

        linear             y = x'β + e                     ordinary or weighted least squares
        logistic           P(y = 1) = 1 / (1 + e^(−x'β))
        poisson            y has mean e^(x'β)
        negative binomial  y has mean μ = e^(x'β) and variance μ + α μ²

    The estimates are taken to the optimum by Newton's steps. Columns that the rows do not determine
    (constant, collinear, separating classes) are found, named in `left_out`, and left out.

    Args:
        X: Columns, shape (rows, columns); a data frame's names are kept. Or a formula, such as
            "log(price) ~ area + C(town) * rooms", read by formulaic.
        y: The target, shape (rows,). With a formula its table: a data frame, a dict of columns, or
            the path of a file.
        family: A name of those above, or a family of one's own.
        weights: One a row, positive: what squares or losses are multiplied with. Of the linear
            family, 1/variance up to a factor.
        offset: What is added to each score, such as the logarithm of an exposure.
        covariance: "classical", "HC0", "HC1", "HC2", "HC3" or "clustered".
        clusters: A label a row, for clustered ones.
        names: Of the columns.
        intercept: Whether a column of ones stands in front. Say False if X has one.
        params: Where to begin, shape (intercept and columns, and further parameters): what a fit
            found. How far off the optimum that was is then told.
        level: Of intervals.

    Returns:
        The inference: a table that prints, `std_errors`, `intervals()`, `wald()`, `predict()` ….

    Raises:
        ShapeError: If shapes do not fit.
        DataError: If there are missing values, or targets the family is not of.
        ArgumentError: If an option is unknown or means nothing here.

    Source:
        McCullagh & Nelder, "Generalized Linear Models", 1989; Cameron & Trivedi, "Regression
        Analysis of Count Data", 2013 (NB2).

    Example:
        >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        >>> found = regression({"x": x}, [2.1, 3.9, 6.2, 7.8, 10.1, 11.9])
        >>> found.std_errors.round(4), found.left_out
        (array([0.155 , 0.0398]), {})
        >>> regression("log(y) ~ x", {"x": x, "y": np.exp(x) + x % 3}).names
        ('intercept', 'x')
    """
    kind = family_of(family)
    if isinstance(X, str):
        rows = _rows_of_formula(X, y, kind, weights, offset, names, intercept)
    else:
        rows = _read_rows(X, y, kind, weights, offset, names, intercept)
    began = _read_params(params, rows)
    fitted = fitted_rows(rows, None if began is None else rows.coordinates(began))
    return inference_of(fitted, covariance, clusters, began, level)


def _read_rows(
    X: Any, y: Any, kind: RegressionFamily, weights: Any, offset: Any, names: Any, intercept: bool
) -> ScoredRows:
    if isinstance(X, dict):
        names = list(X) if names is None else names
        X = np.column_stack([np.asarray(column) for column in X.values()])
    require_aligned(X=X, y=y, weights=weights, offset=offset)
    design = read_design(X, names, weights, intercept)
    rows = len(design.X)
    if not rows:
        raise ShapeError("X has no rows; give at least one more than there are columns.")
    target = read_numbers("y", np.ravel(y) if np.ndim(y) == 2 and np.shape(y)[1] == 1 else y, rows)
    kind.check(target)
    shift = np.zeros(rows) if offset is None else read_numbers("offset", offset, rows)
    return ScoredRows(kind, design, design.orthonormal(), target, shift, intercept)


def _rows_of_formula(
    text: str, data: Any, kind: RegressionFamily, weights: Any, offset: Any, names: Any,
    intercept: bool,
) -> ScoredRows:  # fmt: skip
    if names is not None or not intercept:
        given = "names" if names is not None else "intercept"
        raise ArgumentError(f"{given} was given, and a formula says that itself; leave it out.")
    require_aligned(data=data, weights=weights, offset=offset)
    formula, columns, y = by_formula(text, data)
    rows = _read_rows(columns, y, kind, weights, offset, None, True)
    return replace(rows, formula=formula)


def _read_params(params: Any, rows: ScoredRows) -> Floats | None:
    if params is None:
        return None
    wanted = len(rows.design.names) + len(rows.family.further)
    found = read_numbers("params", params)
    if found.shape != (wanted,):
        raise ShapeError(
            f"params has shape {found.shape}; there are {wanted}: "
            f"{', '.join((*rows.design.names, *rows.family.further))}."
        )
    return found


# ---- the optimum


@dataclass(frozen=True, eq=False)
class FittedRows(Resampled):
    """A regression at its optimum.

    Args:
        all_rows: Every row, with the columns that those determine.
        rows: The rows that classes or zeros do not separate, which tell the estimates.
        optimum: Where their loss is least; None where no row is left.
        separated: Which of all columns have no finite estimate.
    """

    all_rows: ScoredRows
    rows: ScoredRows
    optimum: Optimum | None
    separated: NDArray[np.bool_]

    def refits(self, inference: Inference) -> Refits:
        """Return what is fitted again."""
        return refits_of(self, inference)

    def targets(self, kind: str, rng: np.random.Generator) -> Floats:
        """Return new targets."""
        return new_targets(self, kind, rng)

    def predictions(self, inference: Inference, X: Any, **options: Any) -> Predictions:
        """Return predictions, as `Inference.predict` says."""
        return predict(inference, X, **options)

    def holds(self, smaller: FittedRows) -> str:
        """Return why another regression is not nested in this one; nothing if it is."""
        own, other = self.all_rows, smaller.all_rows
        for name in ("y", "offset"):
            if not np.array_equal(getattr(own, name), getattr(other, name)):
                return f"they differ in {name}"
        weights = own.design.weights
        if not np.array_equal(weights, other.design.weights):
            return "they differ in their weights"
        root = np.sqrt(weights)[:, None]
        inner, outer = other.Z * root, own.Z * root
        rest = np.linalg.norm(inner - outer @ (outer.T @ inner), axis=0)
        far = other.design.kept[rest > 1e-6]
        names = [other.design.names[j] for j in far]
        return f"the larger one lacks {', '.join(names)}" if names else ""


def fitted_rows(rows: ScoredRows, start: Floats | None = None) -> FittedRows:
    """Return the optimum of a regression, with separated rows set aside."""
    left = np.ones(len(rows.y), bool)
    now, begin = rows, rows.start() if start is None else start
    separated = np.zeros(len(rows.design.names), bool)
    while True:
        optimum = descend(now.value, now.curvature, begin, now.runs_away)
        direction = None if optimum.converged else _separating(now, optimum)
        if direction is None:
            if not optimum.converged:
                optimum = descend(now.value, now.curvature, optimum.at)
            return FittedRows(rows, now, optimum, separated)
        moved = np.abs(now.Z @ direction)
        away = moved > NEGLIGIBLE * moved.max()
        left[np.flatnonzero(left)[away]] = False
        kept = rows.design.kept
        separated[kept[undetermined(rows.design.X[:, kept], left)]] = True
        if not left.any():
            return FittedRows(rows, now, None, separated)
        now = rows.part(left)
        begin = now.start()


def _separating(rows: ScoredRows, optimum: Optimum) -> Floats | None:
    columns = rows.Z.shape[1]
    at, step = optimum.at[:columns], optimum.curvature.step()[:columns]
    if rows.family.classes:
        if ((2.0 * rows.y - 1.0) * (rows.Z @ at) > 0.0).all():
            return at
        return separating_classes(rows.Z, rows.y, step)
    return separating_counts(rows.Z, rows.y, step) if rows.family.counts else None


# ---- what it tells


def inference_of(
    fitted: FittedRows, covariance: str, clusters: Any, began: Floats | None, level: float
) -> Inference:
    """Return the inference of a regression at its optimum.

    Args:
        fitted: The regression.
        covariance: The kind.
        clusters: A label a row, or None.
        began: The parameters that a fit had found, or None.
        level: Of intervals.
    """
    rows, every = fitted.rows, fitted.all_rows
    design = every.design
    names = (*design.names, *rows.family.further)
    size, columns = len(names), len(design.names)
    estimates, nothing = np.full(size, np.nan), np.broadcast_to(np.nan, (size, size))
    left_out = {design.names[j]: why for j, why in design.left_out.items()}
    for j in np.flatnonzero(fitted.separated):
        left_out[design.names[j]] = _separation_reason(fitted)
    whole = Inference(
        title=rows.family.title, names=names, estimates=estimates, covariance=nothing,
        convention=None, rows=len(every.y), left_out=left_out, level=level, model=fitted,
    )  # fmt: skip
    if fitted.optimum is None:
        return replace(whole, why=_completely_separated(every.family))
    at = fitted.optimum.at
    k = rows.Z.shape[1]
    back = np.zeros((size, len(at)))
    back[rows.design.kept, :k] = rows.design.coefficients(np.eye(k))
    back[columns:, k:] = np.eye(len(at) - k)
    told = np.zeros(size, bool)
    told[rows.design.kept] = ~fitted.separated[rows.design.kept]
    told[columns:] = True
    estimates[told] = (back @ at)[told]
    facts = _facts(fitted)
    if not fitted.optimum.converged:
        return replace(whole, facts=facts, why=_no_optimum(fitted))
    parts = contributions(rows, fitted.optimum, covariance)
    if parts.rows <= parts.parameters:
        why = (
            f"There are as many coefficients as rows ({parts.rows}), so that nothing is left to "
            "tell how far targets scatter. Give more rows or fewer columns."
        )
        return replace(whole, facts=facts, why=why)
    labels = None if clusters is None else _labels(clusters, fitted)
    found, convention = parts.covariance(covariance, labels)
    matrix = np.full((size, size), np.nan)
    matrix[np.ix_(told, told)] = (back @ found @ back.T)[np.ix_(told, told)]
    whole = replace(whole, covariance=matrix, convention=convention, facts=facts)
    return whole if began is None else replace(whole, given=began)


def contributions(rows: ScoredRows, optimum: Optimum, covariance: str) -> Contributions:
    """Return what covariances in the coordinates of a regression are made of."""
    bend, family = optimum.curvature, rows.family
    parameters, scale = len(optimum.at), 1.0 if family.likelihood else None
    if family.student:
        scale = rows.variance(optimum.at) if len(rows.y) > parameters else np.nan
    leveraged = covariance in LEVERAGED
    leverages = rows.leverages(optimum.at, bend.hessian) if leveraged else None
    return Contributions(
        bend.scores, bend.hessian, scale, leverages, family.student, family is FAMILIES["linear"],
    )  # fmt: skip


def _labels(clusters: Any, fitted: FittedRows) -> NDArray[Any]:
    labels = np.asarray(clusters)
    if labels.shape != fitted.all_rows.y.shape:
        raise ShapeError(
            f"clusters has shape {labels.shape}, and there are {len(fitted.all_rows.y)} rows; give "
            "a label a row."
        )
    return labels[fitted.rows.left] if fitted.rows.left is not None else labels


def _facts(fitted: FittedRows) -> dict[str, float]:
    """Return what a table tells of the whole fit."""
    rows, every = fitted.rows, fitted.all_rows
    assert fitted.optimum is not None
    at = fitted.optimum.at
    facts: dict[str, float] = {}
    if rows.family.student:
        facts |= rows.explained(at)
    # Rows that are separated have likelihood 1 in the limit.
    likelihood = rows.log_likelihood(at)
    if likelihood is not None:
        size = len(every.design.kept) + len(rows.family.further)
        facts["log-likelihood"] = likelihood
        facts["AIC"] = 2.0 * size - 2.0 * likelihood
        facts["BIC"] = float(np.log(len(every.y))) * size - 2.0 * likelihood
    return facts


def _separation_reason(fitted: FittedRows) -> str:
    away = len(fitted.all_rows.y) - (0 if fitted.optimum is None else len(fitted.rows.y))
    if fitted.all_rows.family.classes:
        return (
            f"separated: it tells the class of {away:,} rows for certain, and has no finite value"
        )
    return f"separated: {away:,} rows of zeros push it without end, and it has no finite value"


def _completely_separated(family: RegressionFamily) -> str:
    what = "classes" if family.classes else "zeros"
    return (
        f"The columns separate the {what} completely: the likelihood rises without end, and no "
        "coefficient has a finite estimate. Add a penalty, leave out columns that give the answer "
        "away, or collect rows where they do not."
    )


def _no_optimum(fitted: FittedRows) -> str:
    assert fitted.optimum is not None
    further = fitted.rows.family.further
    if further == ("alpha",) and fitted.optimum.at[-1] < 1e-3:
        return (
            "The counts scatter no more than Poisson's: alpha goes to 0, the end of its range, "
            'where it has no standard error. Choose family="poisson".'
        )
    return (
        f"No optimum was found: after {fitted.optimum.steps} of Newton's steps it is still "
        f"{fitted.optimum.distance:.2g} standard errors off. Check the columns' scales and the "
        "target, or begin elsewhere by params=…."
    )
