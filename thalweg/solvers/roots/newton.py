"""Newton's method for as many equations as there are variables."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.control.branches import cond
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.creation.dtypes import finfo
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.linalg.matrices import qr, solve_triangular
from thalweg.ops.linalg.norms import vector_norm
from thalweg.ops.linalg.products import diagonals
from thalweg.ops.reduce.extremes import max as largest
from thalweg.ops.reduce.extremes import min as smallest
from thalweg.solvers import iterate
from thalweg.solvers.function import Vector
from thalweg.solvers.iterate import Settings, scalar_like
from thalweg.solvers.squares.gauss_newton import BacktrackingMemory, BacktrackingRule
from thalweg.solvers.squares.levenberg_marquardt import TrustMemory, TrustRule, finite_matrix
from thalweg.solvers.squares.residuals import ResidualFunction
from thalweg.solvers.squares.trials import SquaresPlace, Trials, descend

# The linear model has to be solvable but for this part of F, for its root to be one of F near by.
_LEFT = 1e-3


class NewtonRule(BacktrackingRule):
    """The root of the linear model, J p = -F; where J is singular, the model's least sum."""

    def __init__(self, settings: Settings) -> None:
        self._enough = settings["ftol"]

    def begin(self, at: SquaresPlace) -> BacktrackingMemory:
        """Return the step at a point."""
        orthonormal, triangle = qr(finite_matrix(at.jacobian))
        diagonal = absolute(diagonals(triangle))
        rounding = at.x.shape[0] * finfo(at.x.dtype).eps
        regular = smallest(diagonal) > rounding * largest(diagonal)

        def solved() -> BacktrackingMemory:
            step = -solve_triangular(triangle, at.values @ orthonormal)
            one = scalar_like(at.x, 1.0)
            return BacktrackingMemory(step, one, one)

        found: BacktrackingMemory = cond(regular, solved, lambda: super(NewtonRule, self).begin(at))
        return found

    def is_short(self, memory: BacktrackingMemory, at: SquaresPlace, xtol: Any) -> Tensor:
        """Tell whether the whole step is short, and leads to a root."""
        short = super().is_short(memory, at, xtol) & (memory.change >= 1.0 - _LEFT)
        return short | _is_small(at, self._enough)


class TrustedRootRule(TrustRule):
    """Steps of Levenberg-Marquardt, which end where the linear model has its root near by."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._enough = settings["ftol"]

    def is_short(self, memory: TrustMemory, at: SquaresPlace, xtol: Any) -> Tensor:
        """Tell whether the whole step is short, and leads to a root."""
        along = memory.factors.along(0.0)
        change = vector_norm(memory.factors.singular * along)
        short = vector_norm(along) <= as_tensor(xtol * vector_norm(memory.scale * at.x))
        leads = change >= (1.0 - _LEFT) * at.norm
        return (short & leads) | _is_small(at, self._enough)


def _is_small(at: SquaresPlace, ftol: Any) -> Tensor:
    return largest(absolute(at.values)) <= as_tensor(ftol)


class Outcome(NamedTuple):
    """Where an algorithm ended.

    Attributes:
        x: The point.
        values: F there; or, of a fixed point, f(x) - x.
        nit: The number of steps.
        nfev: The number of evaluations of the function.
        njev: The number of evaluations of its Jacobian.
        ending: How it ended.
    """

    x: Vector
    values: Vector
    nit: Tensor
    nfev: Tensor
    njev: Tensor
    ending: Tensor


def _outcome(course: Trials) -> Outcome:
    """Return where a run ended; a small decrease without a root is no solution."""
    at, ending = course.at, course.ending
    root = (at.norm == 0.0) | (ending == iterate.SMALL_BOTH)
    stuck = (ending == iterate.SMALL_DECREASE) | (ending == iterate.SMALL_GRADIENT)
    ending = where(root, iterate.SMALL_STEP, where(stuck, iterate.NO_STEP, ending))
    return Outcome(at.x, at.values, course.nit, course.nfev, course.njev, ending)


def newton(residuals: ResidualFunction, x: Vector, settings: Settings) -> Outcome:
    """Find a root by Newton's method; a step that makes ‖F‖ no smaller is halved.

    Source:
        Dennis & Schnabel, "Numerical Methods for Unconstrained Optimization and Nonlinear
        Equations", 1983, chapter 6.
    """
    return _outcome(descend(residuals, x, NewtonRule(settings), _limits(settings)))


def levenberg_marquardt_root(residuals: ResidualFunction, x: Vector, settings: Settings) -> Outcome:
    """Find a root by Levenberg-Marquardt.

    Source:
        Moré, "The Levenberg-Marquardt algorithm: implementation and theory", 1978.
    """
    return _outcome(descend(residuals, x, TrustedRootRule(settings), _limits(settings)))


def _limits(settings: Settings) -> Settings:
    limits = {"ftol": 0.0, "gtol": 0.0, "max_nfev": float("inf")}
    return {**settings, **limits}
