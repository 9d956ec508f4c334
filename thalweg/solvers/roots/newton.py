"""Newton's method for as many equations as there are variables."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.control.branches import cond
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.creation.creation import eye
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
from thalweg.solvers.squares.levenberg_marquardt import (
    ScaledFactors,
    TrustMemory,
    TrustRule,
    damped_step,
    finite_matrix,
)
from thalweg.solvers.squares.residuals import ResidualFunction
from thalweg.solvers.squares.trials import Proposal, SquaresPlace, Trials, descend

# The linear model has to be solvable but for this part of F, for its root to be one of F near by.
_LEFT = 1e-3


class TrustedRootRule(TrustRule):
    """Steps of Levenberg-Marquardt, which end where the linear model has its root near by."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._enough = settings["ftol"]

    def is_short(self, memory: TrustMemory, at: SquaresPlace, xtol: Any) -> Tensor:
        """Tell whether the whole step is short, and leads to a root."""
        return self._leads(memory.known, memory, at, xtol) | self._is_small(at)

    def _is_small(self, at: SquaresPlace) -> Tensor:
        return largest(absolute(at.values)) <= as_tensor(self._enough)

    def _leads(
        self, factors: ScaledFactors, memory: TrustMemory, at: SquaresPlace, xtol: Any
    ) -> Tensor:
        along = factors.along(0.0)
        change = vector_norm(factors.singular * along)
        return self._is_near(vector_norm(along), memory, at, xtol) & (
            change >= (1.0 - _LEFT) * at.norm
        )

    def _is_near(self, length: Tensor, memory: TrustMemory, at: SquaresPlace, xtol: Any) -> Tensor:
        return length <= as_tensor(xtol * vector_norm(memory.scale * at.x))


class WholeStep(NamedTuple):
    """The root of the linear model.

    Attributes:
        step: J p = -F.
        length: ‖D p‖.
        regular: Whether J is regular, and there is that step.
    """

    step: Vector
    length: Tensor
    regular: Tensor


class NewtonRule(TrustedRootRule):
    """The root of the linear model, where it is within the radius; else a damped step.

    Only damped steps, and a singular J, need more than a triangle.
    """

    def known(self, at: SquaresPlace, scale: Vector) -> WholeStep:
        """Return Newton's step at a point."""
        orthonormal, triangle = qr(finite_matrix(at.jacobian))
        diagonal = absolute(diagonals(triangle))
        rounding = at.x.shape[0] * finfo(at.x.dtype).eps
        regular = smallest(diagonal) > rounding * largest(diagonal)
        identity = eye(at.x.shape[0], dtype=at.x.dtype)
        step = -solve_triangular(where(regular, triangle, identity), at.values @ orthonormal)
        return WholeStep(step, vector_norm(scale * step), regular)

    def step(self, memory: TrustMemory, at: SquaresPlace) -> tuple[Proposal, Tensor]:
        """Return Newton's step, or the damped one."""
        whole: WholeStep = memory.known
        one = scalar_like(at.x, 1.0)

        def undamped() -> tuple[Proposal, Tensor]:
            return Proposal(whole.step, one, -one, whole.length), 0.0 * one

        def damped() -> tuple[Proposal, Tensor]:
            return damped_step(super(NewtonRule, self).known(at, memory.scale), memory, at)

        inside = whole.regular & (whole.length <= memory.radius)
        found: tuple[Proposal, Tensor] = cond(inside, undamped, damped)
        return found

    def is_short(self, memory: TrustMemory, at: SquaresPlace, xtol: Any) -> Tensor:
        """Tell whether the whole step is short, and leads to a root."""
        whole: WholeStep = memory.known

        def short() -> Tensor:
            return self._is_near(whole.length, memory, at, xtol)

        def leads() -> Tensor:
            factors = super(NewtonRule, self).known(at, memory.scale)
            return self._leads(factors, memory, at, xtol)

        found: Tensor = cond(whole.regular, short, leads)
        return found | self._is_small(at)


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
    late = ending == iterate.EVALUATIONS
    ending = where(stuck, iterate.NO_STEP, where(late, iterate.ITERATIONS, ending))
    ending = where(root, iterate.SMALL_STEP, ending)
    return Outcome(at.x, at.values, course.nit, course.nfev, course.njev, ending)


def newton(residuals: ResidualFunction, x: Vector, settings: Settings) -> Outcome:
    """Find a root by Newton's method; where a step makes ‖F‖ no smaller, damped ones follow.

    Source:
        Dennis & Schnabel, "Numerical Methods for Unconstrained Optimization and Nonlinear
        Equations", 1983, chapter 6.
    """
    settings = {**settings, "factor": float("inf")}
    return _outcome(descend(residuals, x, NewtonRule(settings), _limits(settings)))


def levenberg_marquardt_root(residuals: ResidualFunction, x: Vector, settings: Settings) -> Outcome:
    """Find a root by Levenberg-Marquardt.

    Source:
        Moré, "The Levenberg-Marquardt algorithm: implementation and theory", 1978.
    """
    return _outcome(descend(residuals, x, TrustedRootRule(settings), _limits(settings)))


def _limits(settings: Settings) -> Settings:
    limits = {"ftol": 0.0, "gtol": 0.0, "max_nfev": 10.0 * settings["maxiter"]}
    return {**settings, **limits}
