"""Augmented Lagrangians, minimized along steps of quadratic models in variables and multipliers."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.control.branches import cond
from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import asarray, eye, zeros, zeros_like
from thalweg.ops.creation.dtypes import finfo
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.linalg.matrices import eigvalsh
from thalweg.ops.linalg.norms import vector_norm
from thalweg.ops.linalg.products import dot
from thalweg.ops.reduce.extremes import max as largest
from thalweg.ops.reduce.sums import all as every
from thalweg.ops.reduce.sums import sum as total
from thalweg.solvers import iterate
from thalweg.solvers.constrained.constraints import Constraints
from thalweg.solvers.constrained.quadratic import (
    ConstrainedStep,
    QuadraticModel,
    least_step,
    pressed_step,
)
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import GOING, Iterate, Settings, first_true, scalar_like

# Weights of constraints, beside the size of the Hessian: in the model's matrix, and while its
# multipliers are found.
_IN_MATRIX, _IN_MODEL = 10.0, 1e3

# The least curvature of a model's matrix, beside the Hessian; and the part of a negative curvature
# by which it is made positive at least.
_FLAT, _BEYOND = 1e-8, 0.1

# The weight in the merit function: the least there is, and by how much it grows and falls.
_LEAST_WEIGHT, _GROWTH, _FALL = 1e-3, 10.0, 2.0

# How often the damping is raised for one step, and a step is shortened, at most.
_RAISES, _SHORTENINGS = 20, 30


class ConstrainedPlace(NamedTuple):
    """A point, with all that is known there.

    Attributes:
        x: The point.
        value: f.
        gradient: ∇f.
        values: h.
        slopes: The matrix of ∂hᵢ / ∂xⱼ.
    """

    x: Vector
    value: Tensor
    gradient: Vector
    values: Vector
    slopes: Tensor


class ConstrainedCourse(NamedTuple):
    """A run under way; also what the algorithm returns.

    Attributes:
        at: Where it is.
        multipliers: y, of the Lagrangian f - ⟨y, h⟩.
        weight: ρ, of the merit function.
        damping: What the model's matrix has on its diagonal beside the Hessian.
        radius: How long steps should be at most.
        nit: The number of steps.
        nfev: The number of evaluations of function and constraints.
        ending: How it ended.
    """

    at: ConstrainedPlace
    multipliers: Vector
    weight: Tensor
    damping: Tensor
    radius: Tensor
    nit: Tensor
    nfev: Tensor
    ending: Tensor


class ConstrainedProblem(NamedTuple):
    """What is to be minimized among what, within which bounds."""

    function: SmoothFunction
    constraints: Constraints
    lower: Vector
    upper: Vector

    def value(self, x: Vector) -> tuple[Tensor, Vector]:
        """Return f and h."""
        return self.function.value(x), self.constraints.values(x)

    def place(self, x: Vector) -> ConstrainedPlace:
        """Return all that there is to know at a point."""
        value, gradient = self.function.both(x)
        return ConstrainedPlace(
            x, value, gradient, self.constraints.values(x), self.constraints.slopes(x)
        )

    def stationarity(self, x: Vector, gradient: Vector) -> Tensor:
        """Return max |x - clip(x - g)|, of a point with a Lagrangian's gradient g."""
        return largest(absolute(x - clip(x - gradient, self.lower, self.upper)))


def newton_lagrangian(
    problem: ConstrainedProblem, x: Vector, settings: Settings
) -> ConstrainedCourse:
    """Minimize among constraints: steps of quadratic models, measured by an augmented Lagrangian.

    A step s and its multipliers y⁺ solve

        min gᵀs + sᵀ(∇²(f - ⟨y, h⟩) + ρ AᵀA + σ I) s / 2  where h + A s = 0 or ≥ 0, l ≤ x + s ≤ u

    and (x, y) goes to (x, y) + t (s, y⁺ - y), as far as the augmented Lagrangian decreases enough.
    Where the linear constraints contradict each other, y stays, and s minimizes the augmented
    Lagrangian's own model; then y ← y - ρ h.

    Source:
        Schittkowski, "The nonlinear programming method of Wilson, Han, and Powell with an augmented
        Lagrangian type line search function", 1981; Nocedal & Wright, "Numerical Optimization",
        2006, chapters 17 and 18.
    """
    at = problem.place(clip(x, problem.lower, problem.upper))
    zero, one = asarray(0), asarray(1)
    multipliers = zeros(at.values.shape, dtype=x.dtype)
    radius = 10.0 * maximum(1.0, vector_norm(at.x))
    start = scalar_like(x, _LEAST_WEIGHT), scalar_like(x, 0.0), radius
    begun = ConstrainedCourse(at, multipliers, *start, zero, one, zero)
    ending = _ending(problem, begun, asarray(False), settings)
    ending = where(_is_finite(at), ending, iterate.NOT_FINITE)
    turn = lambda course: _turn(problem, course, settings)
    begun = begun._replace(ending=ending)
    last: ConstrainedCourse = while_loop(lambda course: course.ending == GOING, turn, begun)
    return last


def _is_finite(at: ConstrainedPlace) -> Tensor:
    whole = isfinite(at.value) & every(isfinite(at.gradient)) & every(isfinite(at.values))
    return whole & every(isfinite(at.slopes))


def _turn(
    problem: ConstrainedProblem, course: ConstrainedCourse, settings: Settings
) -> ConstrainedCourse:
    constraints, before = problem.constraints, course.at
    shape = _shape(problem, course)
    damped = _damped(problem, course, shape)
    merit = _merit(problem, course, shape, damped)
    trial = _search(problem, course, merit)
    at = problem.place(trial.x)

    def moved(new: Tensor, old: Tensor) -> Tensor:
        return where(trial.found, new, old)

    at = ConstrainedPlace(*map(moved, at, before))
    y = course.multipliers + trial.length * (merit.step.multipliers - course.multipliers)
    whole = merit.is_classical & (trial.length == 1.0)
    y = where(whole, constraints.pressed(at.values, course.multipliers, merit.weight), y)
    length = vector_norm(merit.step.step)
    good = trial.value - merit.value <= 0.5 * merit.slope
    wider = where(good, maximum(course.radius, 4.0 * length), course.radius)
    radius = where(trial.length < 1.0, 2.0 * trial.length * length, wider)
    after = ConstrainedCourse(
        at,
        moved(y, course.multipliers),
        merit.weight,
        damped.damping,
        radius,
        course.nit + 1,
        course.nfev + trial.trials,
        course.ending,
    )
    return after._replace(ending=_ending(problem, after, ~trial.found, settings))


def _ending(
    problem: ConstrainedProblem, course: ConstrainedCourse, failed: Tensor, settings: Settings
) -> Tensor:
    constraints, at = problem.constraints, course.at
    tight = constraints.looseness(at.values, course.multipliers) <= settings["ctol"]
    gradient = at.gradient - course.multipliers @ at.slopes
    stationary = problem.stationarity(at.x, gradient) <= settings["gtol"]
    violated = constraints.violation(at.values) > settings["ctol"]
    stops = asarray(False)
    if problem.function.heard is not None:
        stops = problem.function.stops(course.nit, at.x, at.value) & (course.nit > 0)
    return first_true(
        (stops, iterate.STOPPED),
        (tight & stationary, iterate.SMALL_GRADIENT),
        (failed & violated, iterate.VIOLATED),
        (failed, iterate.NO_STEP),
        ((course.nit >= settings["maxiter"]) & violated, iterate.VIOLATED),
        (course.nit >= settings["maxiter"], iterate.ITERATIONS),
    )


# ---- the model


class WeightedHessian(NamedTuple):
    """The curvature of a model, but for damping.

    Attributes:
        matrix: ∇²(f - ⟨y, h⟩) + ρ AᵀA of what is active, positive definite.
        active: Which constraints press, or are equalities.
        weight: ρ.
        size: The size of the Hessian.
        length: The greatest ‖∇hᵢ‖², or 1.
    """

    matrix: Tensor
    active: Tensor
    weight: Tensor
    size: Tensor
    length: Tensor


def _shape(problem: ConstrainedProblem, course: ConstrainedCourse) -> WeightedHessian:
    at, y = course.at, course.multipliers
    hessian = problem.function.hessian(at.x) - problem.constraints.bends(at.x, y)
    hessian = 0.5 * (hessian + hessian.T)
    rise = 1e-3 * largest(absolute(at.gradient)) / maximum(1.0, vector_norm(at.x))
    identity = eye(at.x.shape[0], dtype=at.x.dtype)
    hessian = where(every(isfinite(hessian)), hessian, rise * identity)
    size = maximum(maximum(largest(absolute(hessian)), rise), 1e-8)
    length = largest(total(at.slopes * at.slopes, axis=1))
    length = where(length > 1e-10, length, 1.0)
    weight = _IN_MATRIX * size / length
    active = problem.constraints.equal | (y - weight * at.values > 0.0)
    slopes = where(active[:, None], at.slopes, 0.0)
    matrix = hessian + weight * (slopes.T @ slopes)
    matrix = where(every(isfinite(matrix)), matrix, identity)
    least = eigvalsh(matrix)[0]
    flat = max(_FLAT, 16.0 * finfo(at.x.dtype).eps) * size
    shift = where(least < flat, maximum(flat, _BEYOND * absolute(least)) - least, 0.0)
    return WeightedHessian(matrix + shift * identity, active, weight, size + shift, length)


class Damped(NamedTuple):
    """A model with its damping, and its step.

    Attributes:
        damping: σ.
        step: The step.
        weight: By which the model's multipliers were found.
        length: ‖s‖.
        done: Whether that is short enough, or damping makes it no shorter.
        raises: How often σ was raised.
    """

    damping: Tensor
    step: ConstrainedStep
    weight: Tensor
    length: Tensor
    done: Tensor
    raises: Tensor


def _model(problem: ConstrainedProblem, at: ConstrainedPlace, matrix: Tensor) -> QuadraticModel:
    within = problem.lower - at.x, problem.upper - at.x
    return QuadraticModel(at.gradient, matrix, at.values, at.slopes, *within)


def _damped(
    problem: ConstrainedProblem, course: ConstrainedCourse, shape: WeightedHessian
) -> Damped:
    """Return the step of a model that is damped until it is short enough."""
    at, constraints = course.at, problem.constraints
    identity = eye(at.x.shape[0], dtype=at.x.dtype)
    # The matrix has the weights of what is active, so the multipliers of the model lack them.
    held = where(shape.active, shape.weight * at.values, 0.0)
    start = constraints.pressed(zeros_like(held), course.multipliers - held, 1.0)

    def solved(damping: Tensor, last: Any, raises: Any) -> Damped:
        model = _model(problem, at, shape.matrix + damping * identity)
        size = shape.size * (1.0 + _IN_MATRIX) + damping
        weight = _IN_MODEL * size / shape.length
        found = least_step(constraints, model, start, weight)
        pressing = constraints.equal | (found.multipliers > 0.0)
        y = constraints.pressed(
            zeros_like(held), where(pressing, found.multipliers + held, 0.0), 1.0
        )
        length = vector_norm(found.step)
        done = (length <= course.radius) | ~(length <= 0.9 * last) | (raises >= _RAISES)
        return Damped(damping, found._replace(multipliers=y), weight, length, done, raises)

    def raise_damping(old: Damped) -> Damped:
        gradient = at.gradient - old.step.multipliers @ at.slopes
        first = 0.1 * largest(absolute(gradient)) / course.radius
        more = where(old.damping > 0.0, 4.0 * old.damping, first)
        last = where(old.damping > 0.0, old.length, float("inf"))
        return solved(maximum(more, 1e-3 * shape.size), last, old.raises + 1)

    less = where(course.damping > 1e-6 * shape.size, 0.1 * course.damping, 0.0)
    begun = solved(less, scalar_like(at.x, float("inf")), asarray(0))
    last: Damped = while_loop(lambda damped: ~damped.done, raise_damping, begun)
    return last


# ---- the step


class Merit(NamedTuple):
    """An augmented Lagrangian along a step in variables and multipliers.

    Attributes:
        weight: ρ.
        step: The step, and the multipliers at its end.
        value: The value where it begins.
        slope: The derivative along it there.
        is_classical: Whether the multipliers stay.
    """

    weight: Tensor
    step: ConstrainedStep
    value: Tensor
    slope: Tensor
    is_classical: Tensor


def _slope(
    problem: ConstrainedProblem, course: ConstrainedCourse, step: ConstrainedStep, weight: Any
) -> Tensor:
    """Return the derivative of an augmented Lagrangian along a step in x and y."""
    at, y = course.at, course.multipliers
    pressed = problem.constraints.pressed(at.values, y, weight)
    along_x = dot(at.gradient - pressed @ at.slopes, step.step)
    return along_x + dot((pressed - y) / weight, step.multipliers - y)


class _Weighed(NamedTuple):
    weight: Tensor
    slope: Tensor


def _merit(
    problem: ConstrainedProblem, course: ConstrainedCourse, shape: WeightedHessian, damped: Damped
) -> Merit:
    """Return the augmented Lagrangian that a step decreases, and the step.

    The weight grows until the derivative along the step is half of what the model promises. If that
    asks too much, or if the linear constraints contradict each other, the multipliers stay.
    """
    at, constraints, step = course.at, problem.constraints, damped.step
    identity = eye(at.x.shape[0], dtype=at.x.dtype)
    matrix = shape.matrix + damped.damping * identity
    wanted = -0.5 * dot(step.step, matrix @ step.step)
    whole = constraints.violation(at.values)
    consistent = constraints.violation(step.values) <= 0.5 * whole + 1e-9
    greatest = 1e3 * damped.weight

    def weighed(weight: Tensor) -> _Weighed:
        return _Weighed(weight, _slope(problem, course, step, weight))

    found = while_loop(
        lambda w: ~(w.slope <= wanted) & (w.weight <= greatest),
        lambda w: weighed(w.weight * _GROWTH),
        weighed(maximum(course.weight / _FALL, _LEAST_WEIGHT)),
    )
    is_classical = ~(consistent & (found.slope <= wanted))

    def classical() -> tuple[ConstrainedStep, Tensor]:
        weight = maximum(shape.weight, _LEAST_WEIGHT)
        pressed = constraints.pressed(at.values, course.multipliers, weight)
        free = Constraints(constraints.function, zeros(pressed.shape, dtype=bool))
        model = _model(problem, at, matrix)._replace(
            gradient=at.gradient - pressed @ at.slopes,
            values=zeros_like(pressed) + 1.0,
            slopes=zeros_like(at.slopes),
        )
        none = zeros_like(pressed)
        s = pressed_step(free, model, none, scalar_like(at.x, 1.0), zeros_like(at.x))
        return ConstrainedStep(s, course.multipliers, none), weight

    step, weight = cond(is_classical, classical, lambda: (step, found.weight))
    value = at.value + constraints.penalty(at.values, course.multipliers, weight)
    slope = _slope(problem, course, step, weight)
    return Merit(weight, step, value, slope, is_classical)


class Attempt(NamedTuple):
    """A part of a step.

    Attributes:
        x: Where it leads.
        value: The merit function there.
        length: The part.
        trials: How many have been tried.
        found: Whether it gains enough.
    """

    x: Vector
    value: Tensor
    length: Tensor
    trials: Tensor
    found: Tensor


def _search(problem: ConstrainedProblem, course: ConstrainedCourse, merit: Merit) -> Attempt:
    """Return the part of a step that decreases the augmented Lagrangian enough."""
    at, y = course.at, course.multipliers
    rounding = 500.0 * finfo(at.x.dtype).eps * maximum(1.0, absolute(merit.value))

    def tried(length: Any, count: Any) -> Attempt:
        x = clip(at.x + length * merit.step.step, problem.lower, problem.upper)
        value, values = problem.value(x)
        there = y + length * (merit.step.multipliers - y)
        value = value + problem.constraints.penalty(values, there, merit.weight)
        enough = value <= merit.value + 1e-4 * length * merit.slope + rounding
        return Attempt(x, value, length, asarray(count), enough & isfinite(value))

    def shorten(old: Attempt) -> Attempt:
        t = old.length
        bent = old.value - merit.value - merit.slope * t
        lowest = -0.5 * merit.slope * t * t / bent
        good = isfinite(bent) & (bent > 0.0)
        next_length = where(good, minimum(maximum(lowest, 0.1 * t), 0.5 * t), 0.1 * t)
        return tried(next_length, old.trials + 1)

    goes = lambda trial: ~trial.found & (trial.trials < _SHORTENINGS)
    last: Attempt = while_loop(goes, shorten, tried(scalar_like(at.x, 1.0), 1))
    return last


def as_iterate(course: ConstrainedCourse) -> Iterate:
    """Return where a run ended as other algorithms do."""
    counts = course.nit, course.nfev, course.nit + 1, course.nit
    return Iterate(course.at.x, course.at.value, course.at.gradient, *counts, course.ending)
