"""The rows of a regression in coordinates: their loss, its derivatives, what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from thalweg.data.formulas import FittedFormula
from thalweg.inference.newton import LossCurvature
from thalweg.inference.regressions.design import Design
from thalweg.inference.regressions.families import RegressionFamily
from thalweg.inference.tall import ScaledRows, blocks, gram

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoredRows:
    """Rows whose scores are linear in coordinates; further parameters stand behind those.

    Args:
        family: The loss.
        design: The columns.
        Z: Its kept columns in coordinates.
        y: The target, shape (rows,).
        offset: What is added to scores, shape (rows,).
        intercept: Whether the first column was put there for the user.
        left: Which of the rows that were given these are; None for all.
        formula: What makes the columns of a table, if one does.
    """

    family: RegressionFamily
    design: Design
    Z: Floats
    y: Floats
    offset: Floats
    intercept: bool
    left: NDArray[np.bool_] | None = None
    formula: FittedFormula | None = None

    def part(self, left: NDArray[np.bool_]) -> ScoredRows:
        """Return some of the rows."""
        design = self.design.part(left)
        found = replace(self, design=design, y=self.y[left], offset=self.offset[left], left=left)
        return replace(found, Z=design.orthonormal())

    def apart(self, at: Floats) -> tuple[Floats, Floats]:
        """Return the scores at a point, and the further parameters."""
        k = self.Z.shape[1]
        return self.Z @ at[:k] + self.offset, at[k:]

    def coordinates(self, params: Floats) -> Floats:
        """Return the point of coefficients, one a column and one a further parameter."""
        columns = len(self.design.names)
        scores = self.design.X @ params[:columns]
        # √weights Z is orthonormal.
        return np.concatenate([self.Z.T @ (self.design.weights * scores), params[columns:]])

    def start(self) -> Floats:
        """Return where to begin: near the targets where scores are logarithms, else at zero."""
        further = np.ones(len(self.family.further))
        if not self.family.counts:
            return np.concatenate([np.zeros(self.Z.shape[1]), further])
        # Half way to the mean, so that zeros have logarithms; as GLMs usually begin.
        goal = np.log((self.y + max(float(self.y.mean()), 1e-3)) / 2.0) - self.offset
        at = self.Z.T @ (self.design.weights * goal)
        if not len(further):
            return at
        means = np.exp(self.Z @ at + self.offset)
        scatter = float(np.sum((self.y - means) ** 2 - means) / np.sum(means**2))
        return np.concatenate([at, [max(scatter, 0.05)]])

    def losses(self, at: Floats) -> Floats:
        """Return each row's loss."""
        scores, further = self.apart(at)
        with np.errstate(all="ignore"):
            return np.asarray(self.family.losses(scores, self.y, *further))

    def value(self, at: Floats) -> float:
        """Return the weighted sum of losses; infinite out of the range of further parameters."""
        if (at[self.Z.shape[1] :] <= 0.0).any():
            return np.inf
        total = float(self.design.weights @ self.losses(at))
        return total if np.isfinite(total) else np.inf

    def curvature(self, at: Floats) -> LossCurvature:
        """Return scores and second derivatives."""
        first, second = self.family.derivatives(self.apart(at)[0], self.y, at[self.Z.shape[1] :])
        first, second = first * self.design.weights, second * self.design.weights
        scores: Floats | ScaledRows = ScaledRows(self.Z, first[0])
        if len(first) > 1:
            scores = np.concatenate([np.asarray(scores), first[1:].T], axis=1)
        cross = self.Z.T @ second[0, 1:].T
        corner = second[1:, 1:].sum(axis=2)
        hessian = np.block([[gram(self.Z, second[0, 0]), cross], [cross.T, corner]])
        rounding = 0.0
        if self.family.student:
            size = self.design.weights @ (self.y**2 + self.offset**2)
            rounding = float(size) * (8.0 * np.finfo(np.float64).eps) ** 2
        return LossCurvature(scores, (hessian + hessian.T) / 2.0, rounding)

    def runs_away(self, at: Floats, steps: int) -> bool:
        """Return whether steps lead to ever larger scores, as they do where rows are separated."""
        bounded = not (self.family.classes or self.family.counts)
        return (
            not bounded and steps >= 20 and bool(np.abs(self.Z @ at[: self.Z.shape[1]]).max() > 15)
        )

    def leverages(self, at: Floats, hessian: Floats) -> Floats | None:
        """Return the share of each row in its own score, w ℓ″ z'H⁻¹z; None beside further ones."""
        if self.family.further:
            return None
        second = self.family.derivatives(self.apart(at)[0], self.y, at[:0])[1][0, 0]
        inverse = np.linalg.inv(hessian)
        found = self.design.weights * second
        for part in blocks(*self.Z.shape):
            found[part] *= np.sum((self.Z[part] @ inverse) * self.Z[part], axis=1)
        return np.asarray(found)

    def variance(self, at: Floats) -> float:
        """Return the estimated variance of the target, of a row of weight 1: RSS / (n − p)."""
        squares = 2.0 * float(self.design.weights @ self.losses(at))
        return squares / (len(self.y) - len(at))

    def explained(self, at: Floats) -> dict[str, float]:
        """Return R² and its adjusted form, around the mean if there is a constant."""
        weights, rows = self.design.weights, len(self.y)
        squares = 2.0 * float(weights @ self.losses(at))
        constant = self.design.constant
        center = float(weights @ self.y / weights.sum()) if constant else 0.0
        total = float(weights @ (self.y - center) ** 2)
        if total == 0.0 or rows <= len(at):
            return {}
        adjusted = 1.0 - squares / total * (rows - constant) / (rows - len(at))
        return {"R²": 1.0 - squares / total, "adjusted R²": adjusted}

    def log_likelihood(self, at: Floats) -> float | None:
        """Return the logarithm of the likelihood, if the loss is one."""
        return self.family.log_likelihood(self.losses(at), self.y, self.design.weights)
