"""What the training rows tell of a linear model's coefficients, in the columns' own units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.data.encoding import Encoding
from thalweg.estimators.models import Params
from thalweg.estimators.objectives import Objective
from thalweg.estimators.problem import Rows
from thalweg.estimators.uncertainty.intervals import FAMILY_NAMES
from thalweg.inference import Inference, RegressionFamily, quantile_regression, regression
from thalweg.inference.covariance import Covariance
from thalweg.inference.regressions.families import FAMILIES
from thalweg.inference.tall import triangle

Floats = NDArray[np.float64]

# A fit that is farther from the optimum, in standard errors, has none of its own.
NEAR = 0.1


def encoded_inference(
    objective: Objective,
    rows: Rows,
    params: Params,
    names: tuple[str, ...],
    l2: float,
    kind: Covariance = "HC1",
    groups: Any = None,
) -> Inference:
    """Return the inference of a linear model of encoded features.

    It is of the optimum; a fit that did not come near it has no standard errors, but a reason.

    Args:
        objective: The loss.
        rows: The encoded features that it was trained on, the target as it was, and weights.
        params: The weights and biases that were found.
        names: Those of the features.
        l2: The penalty.
        kind: How standard errors are made.
        groups: The cluster of each row, for clustered ones.
    """
    weights, bias = np.asarray(params["weights"][0]), np.asarray(params["biases"][0])
    every = ("intercept", *names)
    found, why = None, _why_none(objective, weights, l2, rows.weights is not None)
    if not why:
        given = np.array([float(bias), *weights])
        clusters = groups if kind == "clustered" else None
        found = _encoded(objective, rows, every, given, kind, clusters)
        why = found.why or _too_far(found)
    if found is not None and not why:
        return found
    values = np.full(len(every), np.nan)
    if weights.ndim == 1:
        values = np.array([float(bias), *weights])
    nothing = np.broadcast_to(np.nan, (len(every), len(every)))
    title = f"Linear model, {objective.text} loss"
    return Inference(title, every, values, nothing, None, len(rows), why=why)


def in_own_units(found: Inference, rows: Rows, encoding: Encoding) -> Inference:
    """Return the inference of encoded features as one of the columns as they were.

    Args:
        found: What `encoded_inference` returned.
        rows: The rows it is of.
        encoding: How columns became features and target.
    """
    target, names = encoding.target, found.names
    shift = np.zeros(len(names))
    shift[0] = target.mean
    if found.why:
        bias, *weights = found.estimates
        slopes, intercept = encoding.original_units(np.array(weights), bias)
        values = np.array([float(intercept), *slopes]) * target.scale + shift
        return replace(found, estimates=values)
    own = _own_units(encoding)
    # Where every column stands, those of own units do too.
    left_out = _undetermined(rows.X, own, names) if found.left_out else {}
    told = np.array([name not in left_out for name in names])
    values = own @ np.nan_to_num(found.estimates) * target.scale + shift
    covariance = own @ np.nan_to_num(found.covariance) @ own.T * target.scale**2
    values[~told] = np.nan
    covariance[~told], covariance[:, ~told] = np.nan, np.nan
    assert found.given is not None
    return Inference(
        found.title, names, values, covariance, found.convention, len(rows), left_out,
        facts=_facts_in_own_units(found.facts, len(rows), target.scale),
        given=own @ found.given * target.scale + shift,
    )  # fmt: skip


def _why_none(objective: Objective, weights: Any, l2: float, weighted: bool) -> str:
    if weights.ndim > 1:
        return (
            "Of several classes each coefficient counts beside the others' only. Fit one class "
            "against the rest for standard errors."
        )
    if l2:
        return (
            f"The penalty (l2 = {l2:g}) draws the coefficients to 0, so that intervals around them "
            "do not cover the truth. Fit without one (l2 = 0) for standard errors."
        )
    if weighted and _quantile(objective) is not None:
        return (
            f"The standard errors of the loss {objective.text} are those of rows that count alike. "
            "Fit without weights for them."
        )
    if not objective.smooth and not _quantile(objective):
        return (
            f"The loss {objective.text} has kinks, where its curvature tells nothing. Choose a "
            "smooth loss for standard errors, such as logistic."
        )
    return ""


def _quantile(objective: Objective) -> float | None:
    name, _, level = objective.text.partition("(")
    if name == "absolute":
        return 0.5
    return float(level.rstrip(")") or 0.5) if name == "quantile" else None


def _encoded(
    objective: Objective, rows: Rows, names: tuple[str, ...], given: Floats, kind: Covariance,
    clusters: Any,
) -> Inference:  # fmt: skip
    q = _quantile(objective)
    if q is not None:
        return quantile_regression(rows.X, rows.y, q, names=names[1:], params=given)
    own = RegressionFamily(objective.text, f"Regression, {objective.text} loss", objective.losses)
    family = FAMILIES[FAMILY_NAMES[objective.text]] if objective.text in FAMILY_NAMES else own
    return regression(
        rows.X, rows.y, family, weights=rows.weights, covariance=kind, clusters=clusters,
        names=names[1:], params=given,
    )  # fmt: skip


def _too_far(found: Inference) -> str:
    errors = found.optimization_error
    # Of what is left out a fit may have any value: it stands in for others.
    if errors is None or found.left_out or np.isnan(errors).all():
        return ""
    worst = int(np.nanargmax(errors))
    if errors[worst] < NEAR:
        return ""
    return (
        f"The fit stopped {errors[worst]:.2g} standard errors short of the optimum "
        f"({found.names[worst]}). Train longer, or leave the optimizer to the model."
    )


def _own_units(encoding: Encoding) -> Floats:
    """Return the matrix that turns encoded intercept and coefficients into the columns' own."""
    units = np.eye(1 + len(encoding.names))
    slopes, intercept = encoding.original_units(units[1:], units[0])
    return np.vstack([intercept, slopes])


def _undetermined(X: Floats, own: Floats, names: tuple[str, ...]) -> dict[str, str]:
    """Return why coefficients in own units are not determined by the rows, by name."""
    constant = np.asarray(~X.any(axis=0)).tolist()
    found = {
        name: "constant in the training rows"
        for name, is_so in zip(names[1:], constant, strict=True)
        if is_so
    }
    R = triangle(X, constant=True)
    lengths = np.linalg.norm(R, axis=0)
    varying = lengths > 0.0
    small = R[:, varying] / lengths[varying]
    _, sizes, vectors = np.linalg.svd(small, full_matrices=True)
    rank = int(np.sum(sizes > 1e-10 * sizes.max(initial=1.0)))
    directions = vectors[rank:].T
    # Rounding would move every column a little.
    directions[np.abs(directions) < 1e-8] = 0.0
    flat = np.zeros((len(names), vectors.shape[0] - rank))
    flat[varying] = directions / lengths[varying, None]
    moved = np.abs(own @ flat) > 1e-8 * np.maximum(np.abs(own) @ np.abs(flat), 1e-300)
    for j in np.flatnonzero(moved.any(axis=1)).tolist():
        together = moved[:, moved[j]].any(axis=1)
        others = [name for i, name in enumerate(names) if together[i] and i not in (0, j)]
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        found[names[j]] = f"collinear with {', '.join(others[:3])}{more}"
    return found


def _facts_in_own_units(facts: dict[str, float], rows: int, scale: float) -> dict[str, float]:
    """Return facts whose likelihood is that of the target in its own units."""
    lost = rows * float(np.log(scale))
    factors = {"log-likelihood": -1.0, "AIC": 2.0, "BIC": 2.0}
    return {name: value + factors.get(name, 0.0) * lost for name, value in facts.items()}
