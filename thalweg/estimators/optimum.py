"""Linear models to their optimum: by Newton's method if the loss is smooth, else by its dual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.estimators.interior import least_check_losses
from thalweg.estimators.models import Params
from thalweg.estimators.newton import Coordinates, LinearScores, NewtonRun, decorrelated, newton
from thalweg.estimators.problem import PenalizedLoss
from thalweg.inference.tall import triangle

Floats = NDArray[np.float64]

TOLERANCE = 1e-10
MOST_STEPS = 200
NO_SCALE = 1e-9


@dataclass(frozen=True, eq=False)
class LinearOptimum:
    """Where a linear model's loss is least.

    Attributes:
        params: The weights and the bias.
        distance: The norm of the gradient in decorrelated coordinates, or the gap of the dual.
        steps: How many steps were made.
        values: The function before each of them.
        converged: Whether the distance is what was asked for.
        interrupted: Whether Ctrl-C ended it.
    """

    params: Params
    distance: float
    steps: int
    values: Floats
    converged: bool
    interrupted: bool = False


def optimum(
    problem: PenalizedLoss,
    start: Params | None = None,
    *,
    tolerance: float = TOLERANCE,
    most: int = MOST_STEPS,
    on_step: Callable[[int, Params], None] | None = None,
) -> LinearOptimum:
    """Minimize the loss of a linear model that is smooth and convex.

    Args:
        problem: What to minimize.
        start: Where to start; the best constant by default.
        tolerance: The norm of the gradient that is asked for, in coordinates in which the features
            are decorrelated; `converged` tells whether it was reached.
        most: How many steps may be made.
        on_step: Told after each step how many were made and where they led.

    Example:
        >>> from thalweg.estimators.objectives import OBJECTIVES
        >>> from thalweg.estimators.problem import Rows
        >>> rows = Rows(np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 2.0, 3.0]))
        >>> found = optimum(PenalizedLoss(OBJECTIVES["squared"], rows))
        >>> found.params["weights"][0].round(4), found.converged
        (array([0.6429]), True)
    """
    rows, outputs = problem.rows, problem.outputs
    frame = Frame.of(problem)
    squares = problem.objective.quadratic and len(rows) > frame.shape[1]
    design, y, shares, offset = frame.reduced() if squares else frame.whole()
    penalty = frame.penalty()
    function = LinearScores(
        problem.objective.losses,
        [design.Z] * outputs,
        y,
        shares,
        offset,
        [design.P.T @ (penalty[:, None] * design.P) if problem.penalty else None] * outputs,
    )
    theta = frame.null() if start is None else frame.inside(start)
    u = frame.coordinates(design, theta)

    def params(u: Floats) -> Params:
        theta = design.P @ u.reshape(outputs, -1).T
        if problem.objective.relative:
            theta -= theta.mean(axis=1, keepdims=True)
        return frame.outside(theta)

    def told(step: int, u: Floats) -> None:
        if on_step is not None:
            on_step(step, params(u))

    run = newton(function, u, tolerance, most, told)
    return LinearOptimum(
        params(run.u), run.norm, len(run.values), np.array(run.values),
        run.converged, run.interrupted,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Frame:
    """A linear model's intercept and coefficients for centered features.

    Of more features than rows it has the coefficients of an orthonormal basis of what the rows
    span: no row tells of any other direction, and there the coefficients of least norm are zero,
    as are those of least penalty.

    Args:
        problem: What is minimized.
        center: What is subtracted from each feature: its mean, or zero without an intercept.
        basis: The directions that it has coefficients of, shape (features, directions); None for
            the features themselves.
    """

    problem: PenalizedLoss
    center: Floats
    basis: Floats | None = None

    @classmethod
    def of(cls, problem: PenalizedLoss, turned: bool = True) -> Frame:
        """Return the frame of a problem, turned to what rows span if there are few of them."""
        rows = problem.rows
        center = rows.shares @ rows.X if problem.intercept else np.zeros(rows.X.shape[1])
        if not turned or len(rows) >= rows.X.shape[1]:
            return cls(problem, center)
        return cls(problem, center, np.asarray(np.linalg.qr((rows.X - center).T)[0]))

    @property
    def directions(self) -> int:
        """The number of coefficients."""
        return len(self.center) if self.basis is None else self.basis.shape[1]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what multiplies intercept and coefficients."""
        return len(self.problem.rows), self.directions + self.problem.intercept

    def __getitem__(self, rows: slice) -> Floats:
        """Return what multiplies intercept and coefficients in some rows, (rows, columns)."""
        X, constant = self.problem.rows.X[rows], int(self.problem.intercept)
        A = np.empty((len(X), constant + self.directions))
        A[:, :constant] = 1.0
        if self.basis is None:
            np.subtract(X, self.center, out=A[:, constant:])
        else:
            np.matmul(X - self.center, self.basis, out=A[:, constant:])
        return A

    def penalty(self) -> Floats:
        """Return λ of each of them."""
        free = [0.0] * self.problem.intercept
        return np.array([*free, *[self.problem.penalty] * self.directions])

    def design(self) -> Coordinates:
        """Return coordinates in which the loss curves about equally in all directions."""
        # Where curvature has no bound, that of the null model.
        rows, curvature = self.problem.rows, self.problem.objective.curvature
        curvature = curvature or max(float(rows.shares @ rows.y), 1e-3)
        return decorrelated(self, rows.shares * curvature, self.penalty())

    def whole(self) -> tuple[Coordinates, Any, Floats, Floats | float]:
        """Return coordinates, targets, shares and offset of all rows."""
        rows = self.problem.rows
        return self.design(), rows.y, rows.shares, 0.0 if rows.offset is None else rows.offset

    def reduced(self) -> tuple[Coordinates, Any, Floats, Floats | float]:
        """Return the same of as few rows as there are columns, with the same sums of squares.

        They are the triangle of the rows, which tells all of those that squares do.
        """
        rows, curvature = self.problem.rows, self.problem.objective.curvature
        y = rows.y if rows.offset is None else rows.y - rows.offset
        R = triangle(BesideTargets(self, y), rows.shares)
        ones = np.ones(len(R))
        design = decorrelated(R[:, :-1], ones * (curvature or 1.0), self.penalty())
        return design, R[:, -1], ones, 0.0

    def null(self) -> Floats:
        """Return the best constant's parameters, shape (columns, outputs)."""
        problem, outputs = self.problem, self.problem.outputs
        theta = np.zeros((self.directions + problem.intercept, outputs))
        if problem.intercept:
            theta[0] = problem.objective.null(problem.rows.y, outputs, problem.rows.weights)
            if problem.rows.offset is not None:
                theta[0] -= float(problem.rows.shares @ problem.rows.offset)
        return theta if np.isfinite(theta).all() else np.zeros_like(theta)

    def inside(self, params: Params) -> Floats:
        """Return a model's parameters as those of centered features, shape (columns, outputs)."""
        weights = np.reshape(params["weights"][0], (len(self.center), -1))
        turned = weights if self.basis is None else self.basis.T @ weights
        if not self.problem.intercept:
            return turned
        return np.vstack([np.reshape(params["biases"][0], (1, -1)) + self.center @ weights, turned])

    def outside(self, theta: Floats) -> Params:
        """Return the model's parameters of those of centered features."""
        theta = theta[:, 0] if self.problem.outputs == 1 else theta
        weights = theta[1:] if self.problem.intercept else theta
        if self.basis is not None:
            weights = self.basis @ weights
        if not self.problem.intercept:
            return {"weights": [weights], "biases": [np.zeros(theta.shape[1:])]}
        # Rounding would give the coefficient of a constant column a value near zero.
        weights[~self.problem.rows.X.any(axis=0)] = 0.0
        return {"weights": [weights], "biases": [np.asarray(theta[0] - self.center @ weights)]}

    def coordinates(self, design: Coordinates, theta: Floats) -> Floats:
        """Return the coordinates of parameters, one output after the other."""
        found = np.linalg.lstsq(design.P, theta, rcond=None)[0]
        return np.asarray(found.T.ravel())


@dataclass(frozen=True, eq=False)
class BesideTargets:
    """The columns of a frame, and the targets behind them."""

    frame: Frame
    y: Floats

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of both together."""
        rows, columns = self.frame.shape
        return rows, columns + 1

    def __getitem__(self, rows: slice) -> Floats:
        """Return some rows."""
        return np.column_stack([self.frame[rows], self.y[rows]])


def quantile_optimum(
    problem: PenalizedLoss, level: float, lasso: float = 0.0, *, tolerance: float = TOLERANCE,
    most: int = MOST_STEPS,
) -> LinearOptimum:  # fmt: skip
    """Minimize the mean check loss plus λ‖coefficients‖₁, exactly.

    Args:
        problem: The rows; its objective and its penalty do not count.
        level: The quantile, between 0 and 1.
        lasso: λ.
        tolerance: By how much the loss may be above its minimum, in parts of 1 + its value.
        most: How many steps may be made.

    Example:
        >>> from thalweg.estimators.objectives import OBJECTIVES
        >>> from thalweg.estimators.problem import Rows
        >>> rows = Rows(np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 2.0, 9.0]))
        >>> found = quantile_optimum(PenalizedLoss(OBJECTIVES["quantile"], rows), 0.5)
        >>> found.params["weights"][0].round(6)
        array([4.])
    """
    rows, frame = problem.rows, Frame.of(problem, turned=not lasso)
    A, shares = frame[:], rows.shares
    y = rows.y if rows.offset is None else rows.y - rows.offset
    levels, features = np.full(len(y), level), len(frame.center)
    if lasso:
        # ½ |0 − 2λθ| is the check loss of a row more.
        unit = np.eye(features + problem.intercept)[problem.intercept :]
        A, y = np.vstack([A, unit]), np.concatenate([y, np.zeros(features)])
        levels = np.concatenate([levels, np.full(features, 0.5)])
        shares = np.concatenate([shares, np.full(features, 2.0 * lasso)])
    found = least_check_losses(A, y, levels, shares, tolerance, most)
    return LinearOptimum(
        frame.outside(found.theta[:, None]), found.gap, found.iterations, np.empty(0),
        found.gap <= tolerance,
    )  # fmt: skip


def huber_optimum(
    problem: PenalizedLoss,
    losses: Callable[[Any, Any], Any],
    start: tuple[Params, float] | None = None,
    *,
    tolerance: float = TOLERANCE,
    most: int = MOST_STEPS,
) -> tuple[LinearOptimum, float]:
    """Minimize a loss of a score and a scale, the scale the same for all rows.

    Args:
        problem: The rows and the penalty; the objective's curvature is that in the score.
        losses: Maps scores and scale, shape (rows, 2), and targets to one loss a row.
        start: Where to start; the median and the mean absolute deviation from it by default.
        tolerance: The norm of the gradient.
        most: How many steps may be made.

    Returns:
        The optimum, and the scale.
    """
    rows, frame = problem.rows, Frame.of(problem)
    design, penalty = frame.design(), frame.penalty()
    if start is None:
        theta = np.zeros((design.P.shape[0], 1))
        if problem.intercept:
            theta[0] = np.median(rows.y)
        scale = float(rows.shares @ np.abs(rows.y - theta[0])) or 1.0
    else:
        theta, scale = frame.inside(start[0]), start[1]
    S = design.P.T @ (penalty[:, None] * design.P) if problem.penalty else None
    ones = np.ones((len(rows), 1))
    function = LinearScores(losses, [design.Z, ones], rows.y, rows.shares, 0.0, [S, None])
    u = np.append(frame.coordinates(design, theta), scale)
    # Where rows are fitted exactly, the scale falls to zero and the curvature has no bound.
    run: NewtonRun = newton(function, u, tolerance, most, lost=lambda u: bool(u[-1] < NO_SCALE))
    found = LinearOptimum(
        frame.outside((design.P @ run.u[:-1])[:, None]), run.norm, len(run.values),
        np.array(run.values), run.converged, run.interrupted,
    )  # fmt: skip
    return found, float(run.u[-1])
