"""A regression fitted again: to rows drawn anew, or to new targets of its own making."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thalweg.errors import ArgumentError
from thalweg.inference.newton import descend
from thalweg.inference.resampling import Refits, chance_of

if TYPE_CHECKING:
    from thalweg.inference.regressions.regression import FittedRows
    from thalweg.inference.result import Inference

Floats = NDArray[np.float64]


def new_targets(fitted: FittedRows, kind: str, rng: np.random.Generator) -> Floats:
    """Return new targets for a regression's rows.

    Raises:
        ArgumentError: If the family does not tell how to draw them.
    """
    rows, optimum = fitted.rows, fitted.optimum
    assert optimum is not None
    scores, further = rows.apart(optimum.at)
    root = np.sqrt(rows.design.weights)
    if rows.family.student:
        if kind == "parametric":
            noise = rng.normal(size=len(scores)) * np.sqrt(rows.variance(optimum.at))
            return np.asarray(scores + noise / root)
        leverages = rows.leverages(optimum.at, optimum.curvature.hessian)
        assert leverages is not None
        spread = (rows.y - scores) * root / np.sqrt(np.maximum(1.0 - leverages, 1e-12))
        return np.asarray(scores + rng.choice(spread - spread.mean(), len(scores)) / root)
    if kind == "residual" or rows.family.draw is None or rows.family.mean is None:
        raise ArgumentError(
            f'kind="{kind}" is not for a {rows.family.title.lower()}. Choose "pairs"'
            + (' or "parametric".' if rows.family.draw else ".")
        )
    means = np.asarray(rows.family.mean(scores))
    return np.asarray(rows.family.draw(rng, means, *further), np.float64)


def refits_of(fitted: FittedRows, inference: Inference) -> Refits:
    """Return what is fitted again of a regression."""
    rows, optimum = fitted.rows, fitted.optimum
    assert optimum is not None
    family, k = rows.family, rows.Z.shape[1]

    def losses(at: Any, y: Any, Z: Any, offset: Any) -> Any:
        further = [at[i] for i in range(k, k + len(family.further))]
        return family.losses(Z @ at[:k] + offset, y, *further)

    def back(points: Floats) -> Floats:
        found = np.full((len(points), len(inference.names)), np.nan)
        found[:, rows.design.kept] = rows.design.coefficients(points[:, :k].T).T
        found[:, len(rows.design.names) :] = points[:, k:]
        found[:, np.isnan(inference.estimates)] = np.nan
        return found

    def alone(weights: Floats, targets: Floats | None) -> Floats | None:
        design = replace(rows.design, weights=rows.design.weights * weights)
        again = replace(rows, design=design, y=rows.y if targets is None else targets)
        found = descend(again.value, again.curvature, optimum.at, again.runs_away)
        return found.at if found.converged else None

    data = (rows.y, rows.Z, rows.offset)
    chance = chance_of(optimum.curvature)
    weights = rows.design.weights
    key = ("regression", k, len(family.further))
    return Refits(losses, (family.losses,), key, data, optimum.at, chance, weights, back, alone)
