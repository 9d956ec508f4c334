"""Gauss-Newton: the linear model's minimum, and less of that way where it leads too far."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.linalg.norms import vector_norm
from thalweg.solvers.function import Vector
from thalweg.solvers.iterate import Settings, scalar_like
from thalweg.solvers.squares.levenberg_marquardt import ScaledFactors
from thalweg.solvers.squares.residuals import ResidualFunction
from thalweg.solvers.squares.trials import Proposal, SquaresPlace, Trials, descend


class BacktrackingMemory(NamedTuple):
    """The whole step, and how much of it is tried.

    Attributes:
        step: The step to the linear model's minimum.
        change: The square of the part of ‖r‖ that the model loses by it.
        part: How much of it is tried next.
    """

    step: Vector
    change: Tensor
    part: Tensor


class BacktrackingRule:
    """The whole step p = arg min ‖r + J p‖, the shortest one of several; then halves of it."""

    def begin(self, at: SquaresPlace) -> BacktrackingMemory:
        """Return the step at the start."""
        factors = ScaledFactors.of(at.jacobian, at.values)
        along = factors.along(0.0)
        change = vector_norm(factors.singular * along) / at.norm
        return BacktrackingMemory(factors.step(along), change * change, scalar_like(at.x, 1.0))

    def propose(
        self, memory: BacktrackingMemory, at: SquaresPlace
    ) -> tuple[Proposal, BacktrackingMemory]:
        """Return a part of the step."""
        part, change = memory.part, memory.change
        step = part * memory.step
        return Proposal(
            step, (2.0 - part) * part * change, -part * change, vector_norm(step)
        ), memory

    def judge(
        self, memory: BacktrackingMemory, proposal: Proposal, gained: Tensor
    ) -> BacktrackingMemory:
        """Return the part that is tried after this one."""
        return memory._replace(part=0.5 * memory.part)

    def learn(self, memory: BacktrackingMemory, at: SquaresPlace) -> BacktrackingMemory:
        """Return the step at a new point."""
        return self.begin(at)

    def is_short(self, memory: BacktrackingMemory, at: SquaresPlace, xtol: Any) -> Tensor:
        """Tell whether the whole step is small beside the point."""
        return vector_norm(memory.step) <= as_tensor(xtol * (xtol + vector_norm(at.x)))

    def is_lost(self, memory: BacktrackingMemory, at: SquaresPlace, rounding: float) -> Tensor:
        """Tell whether so little of the step is left that it changes nothing."""
        return memory.part * vector_norm(memory.step) <= rounding * vector_norm(at.x)


def gauss_newton(residuals: ResidualFunction, x: Vector, settings: Settings) -> Trials:
    """Minimize a sum of squares by damped Gauss-Newton.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, section 10.3.
    """
    return descend(residuals, x, BacktrackingRule(), settings)
