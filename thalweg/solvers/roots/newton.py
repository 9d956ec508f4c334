"""Newton's method for as many equations as there are variables."""

from __future__ import annotations

from typing import Any

from thalweg.control.branches import cond
from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.linalg.matrices import solve
from thalweg.ops.linalg.norms import vector_norm
from thalweg.ops.reduce.sums import all as every
from thalweg.solvers.function import Vector
from thalweg.solvers.iterate import Settings, scalar_like
from thalweg.solvers.squares.gauss_newton import BacktrackingRule, Memory
from thalweg.solvers.squares.levenberg_marquardt import Memory as TrustMemory
from thalweg.solvers.squares.levenberg_marquardt import TrustRule
from thalweg.solvers.squares.residuals import Residuals
from thalweg.solvers.squares.trials import Course, Place, descend

# The linear model has to be solvable but for this part of F, for its root to be one of F near by.
_LEFT = 1e-3


class NewtonRule(BacktrackingRule):
    """The root of the linear model, J p = -F; where J is singular, the model's least sum."""

    def begin(self, at: Place) -> Memory:
        """Return the step at a point."""
        step = solve(at.jacobian, -at.values)
        one = scalar_like(at.x, 1.0)
        regular = lambda: Memory(step, one, one)
        return cond(every(isfinite(step)), regular, lambda: super(NewtonRule, self).begin(at))  # type: ignore[no-any-return]

    def is_short(self, memory: Memory, at: Place, xtol: Any) -> Tensor:
        """Tell whether the whole step is short, and leads to a root."""
        return super().is_short(memory, at, xtol) & (memory.change >= 1.0 - _LEFT)


class TrustedRootRule(TrustRule):
    """Steps of Levenberg-Marquardt, which end where the linear model has its root near by."""

    def is_short(self, memory: TrustMemory, at: Place, xtol: Any) -> Tensor:
        """Tell whether the whole step is short, and leads to a root."""
        along = memory.factors.along(0.0)
        change = vector_norm(memory.factors.singular * along)
        short = vector_norm(along) <= xtol * vector_norm(memory.scale * at.x)
        return short & (change >= (1.0 - _LEFT) * at.norm)


def newton(residuals: Residuals, x: Vector, settings: Settings) -> Course:
    """Find a root by Newton's method; a step that makes ‖F‖ no smaller is halved.

    Source:
        Dennis & Schnabel, "Numerical Methods for Unconstrained Optimization and Nonlinear
        Equations", 1983, chapter 6.
    """
    return descend(residuals, x, NewtonRule(), settings)


def levenberg_marquardt_root(residuals: Residuals, x: Vector, settings: Settings) -> Course:
    """Find a root by Levenberg-Marquardt.

    Source:
        Moré, "The Levenberg-Marquardt algorithm: implementation and theory", 1978.
    """
    return descend(residuals, x, TrustedRootRule(settings), settings)
