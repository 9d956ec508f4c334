"""Newton's method for losses of scores that are linear in the parameters.

Nothing is compiled and nothing is chosen by hand: derivatives of the loss in its scores are exact,
coordinates are decorrelated first, so that one matrix holds all that the features do, and the
direction is solved for as a whole or, among many parameters, by conjugate gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import thalweg as tw
from thalweg.inference.tall import RowBlocks, blocks, gram, triangle

Floats = NDArray[np.float64]

# A run goes on to this norm of the gradient while it still gains.
AIM = 1e-15
# More parameters than these have their direction found by conjugate gradients.
MOST_WHOLE = 2000
# What is added to the curvature in all directions, in parts of the largest: at least, at most.
DAMPING, MOST_DAMPING = 1e-10, 1.0
# A step that needs more halvings asks for more damping.
FEW_HALVINGS, HALVINGS = 5, 60
# A loss may fall for ever, ever less: at a minimum steps are short too.
SHORT = 1e-2


@dataclass(frozen=True)
class Coordinates:
    """Decorrelated features, and the way back.

    Args:
        Z: The features in these coordinates, shape (rows, rank).
        P: Maps coordinates to coefficients, shape (columns, rank).
    """

    Z: Floats
    P: Floats


def decorrelated(A: RowBlocks, shares: Floats, penalty: Floats) -> Coordinates:
    """Return coordinates in which the columns of A are uncorrelated and of equal size.

    P P' is the inverse of A'WA + diag(λ). Directions in which the columns do not vary at all are
    left out: no row could tell their coefficients, and those found have the least norm.

    Args:
        A: Features, shape (rows, columns).
        shares: The diagonal of W, positive, shape (rows,).
        penalty: λ, not negative, shape (columns,).

    Example:
        >>> A = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
        >>> at = decorrelated(A, np.full(3, 1 / 3), np.zeros(2))
        >>> np.allclose(at.Z.T @ at.Z / 3, np.eye(2)), np.allclose(at.Z, A @ at.P)
        (True, True)
    """
    R = triangle(A, shares)
    if penalty.any():
        R = np.asarray(np.linalg.qr(np.vstack([R, np.diag(np.sqrt(penalty))]), mode="r"))
    # Columns of different units would count as dependent; where some are, their units decide.
    sizes = np.sqrt(np.sum(R**2, axis=0))
    sizes[sizes == 0.0] = 1.0
    for units in (sizes, np.ones_like(sizes)):
        _, s, V = np.linalg.svd(R / units, full_matrices=False)
        kept = s > np.finfo(np.float64).eps * max(A.shape) * s[0] if len(s) else s > 0
        if kept.all() and len(s) == A.shape[1]:
            break
    P = (V[kept] / s[kept, None]).T / units[:, None]
    Z = np.empty((A.shape[0], P.shape[1]))
    for part in blocks(*A.shape):
        np.matmul(A[part], P, out=Z[part])
    return Coordinates(Z, P)


@dataclass
class LinearScores:
    """A mean loss of linear scores, and its derivatives.

        f(u) = Σᵢ wᵢ ℓ(sᵢ; yᵢ) + ½ Σₖ uₖ' Sₖ uₖ,    sᵢₖ = oᵢ + dᵢₖ · uₖ

    Args:
        losses: ℓ: maps scores, of shape (rows,) or (rows, outputs), and y to one loss a row.
        designs: Of each score, what multiplies its parameters, shape (rows, parametersₖ).
        y: The targets.
        shares: w, shape (rows,).
        offset: o, shape (rows,), or zero.
        penalties: Of each score Sₖ, symmetric; None for nothing.
    """

    losses: Callable[[Any, Any], Any]
    designs: Sequence[Floats]
    y: NDArray[Any]
    shares: Floats
    offset: Floats | float
    penalties: Sequence[Floats | None]
    ends: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.ends = [0, *np.cumsum([design.shape[1] for design in self.designs]).tolist()]

    def parts(self, u: Floats) -> list[Floats]:
        """Return the parameters of each score."""
        return [u[a:b] for a, b in zip(self.ends, self.ends[1:], strict=False)]

    def scores(self, u: Floats) -> Floats:
        """Return the scores, shape (rows,) or (rows, outputs)."""
        found = [D @ part for D, part in zip(self.designs, self.parts(u), strict=True)]
        if len(found) == 1:
            return np.asarray(found[0] + self.offset)
        return np.asarray(np.stack(found, axis=1) + np.reshape(self.offset, (-1, 1)))

    def value(self, u: Floats) -> float:
        """Return f(u); infinity where it has no value."""
        with np.errstate(all="ignore"):
            found = float(np.sum(self.shares * self.losses(self.scores(u), self.y)))
        found += 0.5 * float(u @ self._pulled(u))
        return found if np.isfinite(found) else np.inf

    def gradient(self, u: Floats) -> Floats:
        """Return ∇f(u)."""
        return self._back(np.asarray(self._slopes(self.scores(u)))) + self._pulled(u)

    def product(self, u: Floats) -> Callable[[Floats], Floats]:
        """Return what multiplies the matrix of second derivatives at u with a vector."""
        scores = self.scores(u)
        bent = self._bending(scores)

        def times(v: Floats) -> Floats:
            tangent = self.scores(v) - np.reshape(self.offset, (-1,) + (1,) * (scores.ndim - 1))
            turned = bent(np.reshape(tangent, scores.shape))
            return self._back(turned) + self._pulled(v)

        return times

    def hessian(self, u: Floats) -> Floats:
        """Return the matrix of second derivatives at u, shape (parameters, parameters)."""
        scores = self.scores(u)
        bending = self._bending(scores)
        H = np.zeros((self.ends[-1],) * 2)
        for k, (design, penalty) in enumerate(zip(self.designs, self.penalties, strict=True)):
            tangent = np.zeros_like(scores)
            tangent[..., k if scores.ndim > 1 else slice(None)] = 1.0
            bent = bending(tangent).reshape(len(scores), -1)
            own = slice(self.ends[k], self.ends[k + 1])
            for j in range(k, len(self.designs)):
                other = slice(self.ends[j], self.ends[j + 1])
                H[own, other] = gram(design, bent[:, j], self.designs[j])
                H[other, own] = H[own, other].T
            if penalty is not None:
                H[own, own] += penalty
        return H

    def _slopes(self, scores: Any) -> Any:
        return tw.grad(lambda at: np.sum(self.shares * self.losses(at, self.y)))(scores)

    def _bending(self, scores: Floats) -> Callable[[Floats], Floats]:
        """Return what maps changes of scores to those of the slopes."""
        _, bend = tw.linearize(self._slopes, scores)
        return lambda tangent: np.asarray(bend(tangent))

    def _back(self, slopes: Floats) -> Floats:
        columns = slopes.reshape(len(slopes), -1).T
        return np.concatenate([D.T @ c for D, c in zip(self.designs, columns, strict=True)])

    def _pulled(self, u: Floats) -> Floats:
        pulled = [
            np.zeros_like(part) if S is None else S @ part
            for S, part in zip(self.penalties, self.parts(u), strict=True)
        ]
        return np.concatenate(pulled)


@dataclass
class NewtonRun:
    """How far a run has come.

    Attributes:
        u: The parameters.
        value: The function there.
        norm: The norm of its gradient there.
        values: The function before each step.
        converged: Whether that is as small as was asked for, and so is the step to the minimum.
        interrupted: Whether Ctrl-C ended it.
    """

    u: Floats
    value: float
    norm: float
    values: list[float] = field(default_factory=list)
    converged: bool = False
    interrupted: bool = False


def newton(
    function: LinearScores,
    start: Floats,
    tolerance: float,
    most: int,
    on_step: Callable[[int, Floats], None] = lambda step, u: None,
    lost: Callable[[Floats], bool] = lambda u: False,
) -> NewtonRun:
    """Minimize a convex function by Newton's method with a line search.

    Once the gradient's norm is at most `tolerance` the run goes on while a step still halves it,
    which is a step or two: what it ends by is rounding. Where a step must be halved often, as where
    the function bends suddenly or not at all, the next is nearer to the gradient's direction.

    Args:
        function: What to minimize.
        start: Where to start, shape (parameters,).
        tolerance: The norm of the gradient that is asked for.
        most: How many steps may be made.
        on_step: Told after each step how many were made and where they led.
        lost: Whether there is no minimum to be found from there.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, chapters 3 and 7; what a step must gain
        where rounding hides it, Hager & Zhang, "A New Conjugate Gradient Method with Guaranteed
        Descent and an Efficient Line Search", 2005.

    Example:
        >>> square = LinearScores(lambda s, y: (s - y) ** 2, [np.eye(2)], np.array([3.0, 4.0]),
        ...                       np.full(2, 0.5), 0.0, [None])
        >>> newton(square, np.zeros(2), 1e-10, 10).u
        array([3., 4.])
    """
    gradient, damping, H = function.gradient(start), DAMPING, None
    run = NewtonRun(start, function.value(start), float(np.linalg.norm(gradient)))
    try:
        while np.isfinite(run.norm):
            near = run.norm <= tolerance
            if H is None or not near:  # near the minimum, that of the step before will do
                H = _curvature(function, run.u)
            direction = _direction(H, gradient, damping)
            run.converged = near and float(np.linalg.norm(direction)) <= SHORT
            endless = (near and not run.converged) or lost(run.u)
            if endless or run.norm <= AIM or len(run.values) >= most:
                break
            found = _searched(function, run, gradient, direction)
            if found is None:
                if run.converged or damping >= MOST_DAMPING:
                    break
                damping *= 1e3
                continue
            if run.converged and found.norm >= run.norm:
                break
            damping = damping * 1e2 if found.halvings > FEW_HALVINGS else damping / 1e2
            damping = min(max(damping, DAMPING), MOST_DAMPING)
            settled = run.converged and found.norm > 0.5 * run.norm
            run.values.append(run.value)
            run.u, run.value, run.norm, gradient = found.u, found.value, found.norm, found.gradient
            on_step(len(run.values), run.u)
            if settled:
                break
    except KeyboardInterrupt:
        run.interrupted = True
    return run


def _curvature(function: LinearScores, u: Floats) -> Floats | Callable[[Floats], Floats]:
    """Return the second derivatives as a matrix or, of many parameters, what multiplies by it."""
    return function.product(u) if len(u) > MOST_WHOLE else function.hessian(u)


def _direction(H: Floats | Callable[[Floats], Floats], gradient: Floats, damping: float) -> Floats:
    if callable(H):
        return _conjugate(H, gradient, damping)
    added = damping * max(float(np.max(np.diag(H), initial=0.0)), 1e-6)
    return np.asarray(-np.linalg.solve(H + added * np.eye(len(H)), gradient))


def _conjugate(times: Callable[[Floats], Floats], gradient: Floats, damping: float) -> Floats:
    """Return about -H⁻¹ g by conjugate gradients, the nearer the smaller g is."""
    size = float(np.linalg.norm(gradient))
    wanted = min(0.1, size) * size
    p, residual = np.zeros_like(gradient), gradient.copy()
    way, square = -residual, float(residual @ residual)
    for _ in range(len(gradient)):
        turned = times(way) + damping * way
        bend = float(way @ turned)
        if not bend > 0.0:
            break
        step = square / bend
        p += step * way
        residual += step * turned
        before, square = square, float(residual @ residual)
        if np.sqrt(square) <= wanted:
            break
        way = -residual + (square / before) * way
    return p


@dataclass(frozen=True)
class Searched:
    """Where a line search led: the parameters, the function and its gradient there."""

    u: Floats
    value: float
    gradient: Floats
    halvings: int

    @property
    def norm(self) -> float:
        """The norm of the gradient."""
        return float(np.linalg.norm(self.gradient))


def _searched(
    function: LinearScores, run: NewtonRun, gradient: Floats, direction: Floats
) -> Searched | None:
    """Return the first of the steps 1, ½, ¼ … that gains enough, if one does."""
    slope = float(gradient @ direction)
    rounding = 1e-12 * abs(run.value)
    for halvings in range(HALVINGS):
        length = 0.5**halvings
        u = run.u + length * direction
        value = function.value(u)
        if value <= run.value + rounding:
            found = Searched(u, value, function.gradient(u), halvings)
            gains = value <= run.value + 1e-4 * length * slope
            if gains or abs(float(found.gradient @ direction)) <= 0.9 * abs(slope):
                return found
    return None
