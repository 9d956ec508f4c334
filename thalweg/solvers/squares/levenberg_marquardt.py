"""Levenberg-Marquardt: the linear model's minimum within a radius that trials correct."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.creation.creation import asarray
from thalweg.ops.creation.dtypes import finfo
from thalweg.ops.elementwise.arithmetic import absolute, sqrt
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.linalg.matrices import qr, svd
from thalweg.ops.linalg.norms import vector_norm
from thalweg.ops.reduce.sums import all as every
from thalweg.ops.reduce.sums import sum as total
from thalweg.solvers.function import Vector
from thalweg.solvers.iterate import Settings, scalar_like
from thalweg.solvers.squares.residuals import ResidualFunction
from thalweg.solvers.squares.trials import Proposal, SquaresPlace, Trials, descend

# How near to the radius a damped step has to end, and how often its damping is corrected.
_NEARNESS, _CORRECTIONS = 0.1, 10


def finite_matrix(matrix: Tensor) -> Tensor:
    """Return a matrix, or one of zeros if it has values that have no decomposition."""
    return where(every(isfinite(matrix)), matrix, 0.0)


class ScaledFactors(NamedTuple):
    """J D⁻¹ = U diag(s) Vᵀ, and what of it steps are made of.

    Attributes:
        singular: s, in descending order; those that are zero but for rounding are zero.
        right: Vᵀ.
        turned: Uᵀr.
    """

    singular: Vector
    right: Tensor
    turned: Vector

    @classmethod
    def of(cls, matrix: Tensor, values: Vector) -> ScaledFactors:
        """Return the factors of a matrix, which is made a triangle first."""
        orthonormal, triangle = qr(finite_matrix(matrix))
        left, singular, right = svd(triangle, full_matrices=False)
        least = max(matrix.shape) * finfo(matrix.dtype).eps * singular[0]
        clean = where(singular > least, singular, 0.0)
        return cls(clean, right, (values @ orthonormal) @ left)

    def along(self, damping: Any) -> Vector:
        """Return -Vᵀ D p of the damped step: s z / (s² + λ), with zeros where that has no value."""
        square = self.singular * self.singular + damping
        ratio = self.singular * self.turned / where(square > 0.0, square, 1.0)
        return where(square > 0.0, ratio, 0.0)

    def step(self, along: Vector) -> Vector:
        """Return D p."""
        return -(along @ self.right)


class _Damping(NamedTuple):
    value: Tensor
    least: Tensor
    greatest: Tensor
    excess: Tensor
    corrections: Tensor
    done: Tensor


def damping_for(factors: ScaledFactors, radius: Tensor, guess: Tensor) -> Tensor:
    """Return the λ whose damped step ends near a radius: | ‖D p(λ)‖ - Δ | ≤ Δ / 10, or zero.

    Newton's method on the secular equation 1/‖D p(λ)‖ = 1/Δ, within bounds of λ that it corrects
    on the way, as Moré (1978), section 5, has it.
    """
    s, whole = factors.singular, factors.along(0.0)
    length = vector_norm(whole)
    slope = total(where(s > 0.0, whole * whole / where(s > 0.0, s * s, 1.0), 0.0))
    excess = length - radius
    has_full_rank = s[-1] > 0.0
    least = where(has_full_rank & (slope > 0.0), excess * length * length / (radius * slope), 0.0)
    steepest = vector_norm(s * factors.turned)
    tiny = finfo(s.dtype).smallest_normal
    greatest = steepest / radius
    greatest = where(greatest > 0.0, greatest, tiny / minimum(radius, 0.1))
    value = minimum(maximum(guess, least), greatest)
    value = where(value > 0.0, value, steepest / where(length > 0.0, length, 1.0))

    def turn(old: _Damping) -> _Damping:
        value = where(old.value > 0.0, old.value, maximum(tiny, 0.001 * old.greatest))
        along = factors.along(value)
        square = total(along * along)
        length = sqrt(square)
        excess = length - radius
        count = old.corrections + 1
        near = absolute(excess) <= _NEARNESS * radius
        below = (old.least == 0.0) & (excess <= old.excess) & (old.excess < 0.0)
        done = near | below | (count >= _CORRECTIONS) | ~(square > 0.0)
        slope = total(along * along / (s * s + value)) / where(square > 0.0, square, 1.0)
        correction = excess / radius / where(slope > 0.0, slope, 1.0)
        least = where(excess > 0.0, maximum(old.least, value), old.least)
        greatest = where(excess < 0.0, minimum(old.greatest, value), old.greatest)
        following = where(done, value, maximum(least, value + correction))
        return _Damping(following, least, greatest, excess, count, done)

    inside = ~(excess > _NEARNESS * radius)
    begun = _Damping(value, least, greatest, excess, asarray(0), inside)
    found = while_loop(lambda damping: ~damping.done, turn, begun)
    return where(inside, 0.0, found.value)


class TrustMemory(NamedTuple):
    """What Levenberg-Marquardt remembers.

    Attributes:
        scale: D, by which variables are measured.
        radius: Δ; steps are at most that long.
        damping: λ of the last step.
        known: What steps are made of: the factors of J D⁻¹.
        is_first: Whether no step has been tried yet.
    """

    scale: Vector
    radius: Tensor
    damping: Tensor
    known: Any
    is_first: Tensor


def damped_step(
    factors: ScaledFactors, memory: TrustMemory, at: SquaresPlace
) -> tuple[Proposal, Tensor]:
    """Return the step of which D p ends near the radius, or the whole one, and its damping."""
    damping = damping_for(factors, memory.radius, memory.damping)
    along = factors.along(damping)
    length, norm = vector_norm(along), at.norm
    change = vector_norm(factors.singular * along) / norm
    damped = sqrt(damping) * length / norm
    promised = change * change + 2.0 * damped * damped
    slope = -(change * change + damped * damped)
    return Proposal(factors.step(along) / memory.scale, promised, slope, length), damping


class TrustRule:
    """Steps within a radius, measured by the greatest lengths that columns of J have had.

    p = arg min ‖r + J p‖  where ‖D p‖ ≤ Δ,  (JᵀJ + λ D²) p = -Jᵀr
    """

    def __init__(self, settings: Settings) -> None:
        self._factor = settings["factor"]
        self._scale = settings.get("scale")

    def begin(self, at: SquaresPlace) -> TrustMemory:
        """Return scale and radius at the start."""
        lengths = vector_norm(at.jacobian, axis=0)
        scale = where(lengths > 0.0, lengths, 1.0) if self._scale is None else 1.0 / self._scale
        size = vector_norm(scale * at.x)
        radius = self._factor * where(size > 0.0, size, 1.0)
        none = scalar_like(at.x, 0.0)
        return TrustMemory(scale, radius, none, self.known(at, scale), asarray(True))

    def known(self, at: SquaresPlace, scale: Vector) -> Any:
        """Return what steps at a point are made of."""
        return ScaledFactors.of(at.jacobian / scale, at.values)

    def propose(self, memory: TrustMemory, at: SquaresPlace) -> tuple[Proposal, TrustMemory]:
        """Return the step, and what is remembered behind it."""
        proposal, damping = self.step(memory, at)
        nearer = minimum(memory.radius, proposal.length)
        radius = where(memory.is_first, nearer, memory.radius)
        first = asarray(False)
        return proposal, memory._replace(radius=radius, damping=damping, is_first=first)

    def step(self, memory: TrustMemory, at: SquaresPlace) -> tuple[Proposal, Tensor]:
        """Return the damped step, and its damping."""
        return damped_step(memory.known, memory, at)

    def judge(self, memory: TrustMemory, proposal: Proposal, gained: Tensor) -> TrustMemory:
        """Return the radius corrected by what a trial gained."""
        promised, slope = proposal.promised, proposal.slope
        ratio = where(promised > 0.0, gained / promised, 0.0)
        # The minimum of the parabola through the sum of squares, its slope, and the trial's sum.
        bent = 0.5 * slope / (slope + 0.5 * gained)
        cut = where(gained >= 0.0, 0.5, bent)
        cut = where((gained <= -1.0) | ~(cut >= 0.1), 0.1, cut)
        shorter = cut * minimum(memory.radius, proposal.length * 10.0)
        longer = (ratio >= 0.75) | (memory.damping == 0.0)
        radius = where(longer, 2.0 * proposal.length, memory.radius)
        damping = where(longer, 0.5 * memory.damping, memory.damping)
        poor = ~(ratio > 0.25)
        return memory._replace(
            radius=where(poor, shorter, radius), damping=where(poor, memory.damping / cut, damping)
        )

    def learn(self, memory: TrustMemory, at: SquaresPlace) -> TrustMemory:
        """Return what is known at a new point, by a scale that only grows."""
        scale = memory.scale
        if self._scale is None:
            scale = maximum(scale, vector_norm(at.jacobian, axis=0))
        return memory._replace(scale=scale, known=self.known(at, scale))

    def is_short(self, memory: TrustMemory, at: SquaresPlace, xtol: Any) -> Tensor:
        """Tell whether the radius is small beside the point."""
        return memory.radius <= as_tensor(xtol * vector_norm(memory.scale * at.x))

    def is_lost(self, memory: TrustMemory, at: SquaresPlace, rounding: float) -> Tensor:
        """Tell whether steps within the radius change nothing."""
        return memory.radius <= as_tensor(rounding * vector_norm(memory.scale * at.x))


def levenberg_marquardt(residuals: ResidualFunction, x: Vector, settings: Settings) -> Trials:
    """Minimize a sum of squares by Levenberg-Marquardt, as a method of trust regions.

    Source:
        Moré, "The Levenberg-Marquardt algorithm: implementation and theory", 1978.
    """
    return descend(residuals, x, TrustRule(settings), settings)
