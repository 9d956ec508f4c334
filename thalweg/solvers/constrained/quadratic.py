"""The quadratic model of a constrained problem: its least value among linear constraints."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.creation.creation import asarray, eye, zeros_like
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import maximum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.linalg.matrices import solve
from thalweg.ops.linalg.products import dot
from thalweg.ops.reduce.extremes import max as largest
from thalweg.ops.reduce.sums import all as every
from thalweg.solvers.constrained.constraints import Constraints
from thalweg.solvers.function import Vector
from thalweg.solvers.iterate import scalar_like

# How often directions, step lengths and multipliers are corrected, at most.
_DIRECTIONS, _HALVES, _MULTIPLIERS = 50, 60, 10

# Multipliers are corrected while that takes so much of the violation away, until so little is left.
_SLOW, _LITTLE = 0.9, 1e-9


class QuadraticModel(NamedTuple):
    """A problem as it looks from a point: a step s is to minimize gᵀs + sᵀBs/2.

    Attributes:
        gradient: g.
        matrix: B, positive definite.
        values: h; the constraints are of h + A s.
        slopes: A.
        lower: The least step.
        upper: The greatest step.
    """

    gradient: Vector
    matrix: Tensor
    values: Vector
    slopes: Tensor
    lower: Vector
    upper: Vector


class ConstrainedStep(NamedTuple):
    """A step of a model, and what it makes of the constraints.

    Attributes:
        step: s.
        multipliers: y.
        values: h + A s.
    """

    step: Vector
    multipliers: Vector
    values: Vector


class _Point(NamedTuple):
    step: Vector
    trials: Tensor
    done: Tensor


class _Trial(NamedTuple):
    step: Vector
    length: Tensor
    trials: Tensor
    done: Tensor


def pressed_step(
    constraints: Constraints, model: QuadraticModel, multipliers: Vector, weight: Any, start: Vector
) -> Vector:
    """Return the s within bounds that minimizes the augmented Lagrangian of a model.

        gᵀs + sᵀBs/2 + Σ (pressed(h + A s)² - y²) / 2ρ

    Newton's method among the variables that no bound holds: the function is quadratic in pieces.
    """
    identity = eye(start.shape[0], dtype=start.dtype)
    scale = largest(absolute(model.gradient))

    def pressed(s: Vector) -> Vector:
        return constraints.pressed(model.values + model.slopes @ s, multipliers, weight)

    def value(s: Vector) -> Tensor:
        p = pressed(s)
        model_value: Tensor = dot(model.gradient, s) + 0.5 * dot(s, model.matrix @ s)
        return model_value + dot(p, p) / as_tensor(2.0 * weight)

    def turn(old: _Point) -> _Point:
        s = old.step
        p = pressed(s)
        active = where(constraints.equal | (p > 0.0), weight, 0.0)
        gradient = model.gradient + model.matrix @ s - p @ model.slopes
        down, up = gradient > 0.0, gradient < 0.0
        free = ~(((s <= model.lower) & down) | ((s >= model.upper) & up))
        gradient = where(free, gradient, 0.0)
        bent = model.matrix + (active * model.slopes.T) @ model.slopes
        bent = where(free[:, None] & free, bent, identity)
        direction = -solve(bent, gradient)
        before = value(s)

        def shorten(trial: _Trial) -> _Trial:
            length = 0.5 * trial.length
            return tried(length, trial.trials + 1)

        def tried(length: Tensor, count: Any) -> _Trial:
            step = clip(s + length * direction, model.lower, model.upper)
            enough = value(step) <= before + 1e-4 * dot(gradient, step - s)
            return _Trial(step, length, asarray(count), enough)

        trial = while_loop(
            lambda trial: ~trial.done & (trial.trials < _HALVES),
            shorten,
            tried(scalar_like(s, 1.0), 0),
        )
        small = largest(absolute(gradient)) <= 1e-10 * scale
        moved = trial.done & every(isfinite(trial.step)) & ~small
        step = where(moved, trial.step, s)
        still = largest(absolute(step - s)) <= 1e-15 * (1.0 + largest(absolute(step)))
        count = old.trials + 1
        return _Point(step, count, ~moved | still | (count >= _DIRECTIONS))

    begun = _Point(clip(start, model.lower, model.upper), asarray(0), asarray(False))
    last: _Point = while_loop(lambda point: ~point.done, turn, begun)
    return last.step


class _Correction(NamedTuple):
    found: ConstrainedStep
    left: Tensor
    trials: Tensor
    done: Tensor


def least_step(
    constraints: Constraints, model: QuadraticModel, multipliers: Vector, weight: Any
) -> ConstrainedStep:
    """Return the step that minimizes a model among its linear constraints.

    By augmented Lagrangians whose multipliers are corrected, y ← pressed(h + A s); where the
    constraints contradict each other, the corrections end early.
    """
    start = zeros_like(model.gradient)
    whole = constraints.violation(model.values)
    end = _LITTLE * maximum(whole, 1e-3)

    def turn(old: _Correction) -> _Correction:
        y = old.found.multipliers
        s = pressed_step(constraints, model, y, weight, old.found.step)
        values = model.values + model.slopes @ s
        left = constraints.looseness(values, y / weight)
        found = ConstrainedStep(s, constraints.pressed(values, y, weight), values)
        count = old.trials + 1
        done = (left <= end) | ~(left <= _SLOW * old.left) | (count >= _MULTIPLIERS)
        return _Correction(found, left, count, done)

    none = ConstrainedStep(start, multipliers, model.values)
    infinite = scalar_like(start, float("inf"))
    begun = _Correction(none, infinite, asarray(0), asarray(False))
    last: _Correction = while_loop(lambda correction: ~correction.done, turn, begun)
    return last.found
