"""Linear models to their optimum: accelerated gradient descent in decorrelated coordinates.

In coordinates γ, with θ = Pγ the intercept and the coefficients, the features are decorrelated:
the loss curves by at most 1 in every direction, and for squared errors by exactly 1. So one step
size fits all directions, however correlated the features are. The run goes in stages of full-batch
steps with Nesterov's momentum; each stage looks at the gradient, and the momentum is raised where
progress is slow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import thalweg as tw
from thalweg.errors import TrainingDiverged
from thalweg.estimators.objectives import Objective
from thalweg.training.progress import Info
from thalweg.training.result import Fit

Floats = NDArray[np.float64]

# A gradient this small is converged; a run goes on to the second while it still gains.
TOLERANCE, AIM = 1e-10, 1e-14
MOST_STEPS = 50_000
# The second mends what rounding left in the first.
PLAIN_STEPS = 2
LEAST_RATE = 1e-12
# The least ratio of eigenvalues with which products of columns are as good as the columns.
SQUARED = 1e-10
# Multiply-adds after which a run ends, converged or not.
MOST_WORK = 3e11


@dataclass(frozen=True)
class Coordinates:
    """Decorrelated features, and the way back.

    Args:
        Z: The features in these coordinates, shape (rows, rank).
        P: Maps coordinates to the intercept and the coefficients, shape (1 + features, rank).
    """

    Z: Floats
    P: Floats


def decorrelated(X: Floats, curvature: float, penalty: float) -> Coordinates:
    """Return coordinates in which a loss curves by at most 1.

    P P' is the inverse of c A'A/n + λI (no λ for the intercept), with A = [1 X]. Directions in
    which the features do not vary at all are left out: no row could tell their coefficients.

    Args:
        X: Features, shape (rows, features).
        curvature: c, the largest second derivative of the loss in its score.
        penalty: λ.

    Example:
        >>> at = decorrelated(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), 1.0, 0.0)
        >>> np.allclose(at.Z.T @ at.Z / 3, np.eye(3))
        True
    """
    rows, features = X.shape
    A = np.empty((rows, features + 1))
    A[:, 0], A[:, 1:] = 1.0, X
    found = _by_products(A, curvature / rows, penalty)
    if found is None:
        R = np.linalg.qr(A, mode="r") * np.sqrt(curvature / rows)
        if penalty:
            ridge = np.sqrt(penalty) * np.eye(features + 1)[1:]
            R = np.linalg.qr(np.vstack([R, ridge]), mode="r")
        _, s, V = np.linalg.svd(R, full_matrices=False)
        kept = s > np.finfo(np.float64).eps * max(A.shape) * s[0]
        found = (V[kept] / s[kept, None]).T
    return Coordinates(A @ found, found)


def _by_products(A: Floats, weight: float, penalty: float) -> Floats | None:
    """Return P from the products of columns, or of rows if they are fewer.

    That is a fraction of an orthogonal decomposition's work. It squares the condition number, of
    which what is left is descended from: so None where that is large, or the rank is not full.
    """
    rows, columns = A.shape
    wide = rows < columns
    if wide and penalty:
        return None
    G = weight * (A @ A.T if wide else A.T @ A)
    if penalty:
        G[np.diag_indices(columns)] += penalty * (np.arange(columns) > 0)
    values, vectors = np.linalg.eigh(G)
    if not values[0] > SQUARED * values[-1]:
        return None
    P = vectors / np.sqrt(values)
    return np.asarray(np.sqrt(weight) * (A.T @ (P / np.sqrt(values))) if wide else P)


@dataclass
class AcceleratedDescent:
    """How far a run has come.

    Attributes:
        gamma: The coordinates of the model, shape (rank,) or (rank, classes).
        gradient: The norm of the gradient there.
        fits: The stages.
        rate: The step size.
        momentum: The share of the past step that is repeated.
        settled: Whether it has converged as far as rounding lets it.
        interrupted: Whether Ctrl-C ended it.
    """

    gamma: Floats
    gradient: float = np.inf
    fits: list[Fit] = field(default_factory=list)
    rate: float = 1.0
    momentum: float = 0.9
    settled: bool = False
    interrupted: bool = False

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to do, or to be done."""
        return self.gradient <= AIM or self.settled or self.interrupted

    @property
    def steps(self) -> int:
        """How many steps were made."""
        return sum(fit.steps for fit in self.fits)

    @property
    def converged(self) -> bool:
        """Whether the gradient has vanished."""
        return self.gradient <= TOLERANCE


def descend(
    objective: Objective,
    coordinates: Coordinates,
    y: Floats,
    start: Floats,
    penalty: float,
    *,
    progress: Any = "auto",
    on_eval: Callable[[int, Floats], None] = lambda step, gamma: None,
) -> AcceleratedDescent:
    """Minimize the mean loss plus ½λ‖coefficients‖² until the gradient vanishes.

    Args:
        objective: A smooth, convex loss.
        coordinates: The features.
        y: The target, shape (rows,).
        start: Coordinates to start from, shape (rank,) or (rank, classes).
        penalty: λ.
        progress: As for `tw.fit`.
        on_eval: Told a few times a stage how many steps were made and where they led.

    Returns:
        The last stage's end. `converged` tells whether the norm of the gradient is at most 1e-10.

    Source:
        Nesterov, "A method for solving the convex programming problem with convergence rate
        O(1/k²)", 1983; restarts as in O'Donoghue & Candès, "Adaptive Restart for Accelerated
        Gradient Schemes", 2015. arXiv:1204.3982
    """
    slopes = coordinates.P[1:]

    def loss(gamma: Any, Z: Any, y: Any) -> Any:
        value = np.mean(objective.losses(Z @ gamma, y))
        return value + 0.5 * penalty * np.sum((slopes @ gamma) ** 2) if penalty else value

    data = (coordinates.Z, y)
    gradient = tw.jit(tw.grad(loss))
    # Squared errors curve by exactly 1 everywhere: a plain step leads to the optimum.
    at = AcceleratedDescent(start, momentum=0.0 if objective.quadratic else 0.9)
    at.gradient = _norm(gradient(at.gamma, *data))
    most = int(np.clip(MOST_WORK / max(1, start.size * len(y)), 2000, MOST_STEPS))
    while not at.ended and at.steps < most and at.rate > LEAST_RATE:
        steps = min(int(10 / (1 - at.momentum)) if at.momentum else PLAIN_STEPS, most - at.steps)
        fit = _stage(loss, at, data, steps, progress, on_eval)
        if fit is None:
            continue
        if fit.steps == steps and _climbed(fit):
            at.rate /= 4
            continue
        at.fits.append(fit)
        reached = _norm(gradient(fit.params, *data))
        if reached > 0.1 * at.gradient:
            at.settled = at.converged
            at.momentum = min(1 - (1 - max(at.momentum, 0.7)) / 3, 1 - 1e-4)
        if not at.settled or reached < at.gradient:
            at.gamma, at.gradient = np.asarray(fit.params), reached
    return at


def _stage(
    loss: Callable[..., Any],
    at: AcceleratedDescent,
    data: tuple[Floats, Floats],
    steps: int,
    progress: Any,
    on_eval: Callable[[int, Floats], None],
) -> Fit | None:
    """Run one stage; None if it diverged, which calls for smaller steps."""
    before = at.steps

    def evaluated(info: Info) -> None:
        on_eval(before + info.step, np.asarray(info.params))

    try:
        fit = tw.fit(
            loss,
            at.gamma,
            data,
            optimizer=tw.optim.sgd(at.rate, momentum=at.momentum or None, nesterov=True),
            steps=steps,
            evaluate_every=max(1, steps // 10),
            callbacks=evaluated,
            progress=progress,
        )
    except TrainingDiverged:
        at.rate /= 4
        return None
    except KeyboardInterrupt as interruption:
        at.interrupted = True
        return getattr(interruption, "fit", None)
    return fit


def _climbed(fit: Fit) -> bool:
    first, last = fit.history.loss[[0, -1]].tolist()
    return bool(last > first + 1e-9 * abs(first))


def _norm(gradient: Any) -> float:
    return float(np.sqrt(np.sum(np.asarray(gradient) ** 2)))
