"""Augmented Lagrangians, each minimized by an algorithm without constraints: for many variables."""

from __future__ import annotations

from typing import NamedTuple

from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.reduce.sums import all as every
from thalweg.solvers import iterate
from thalweg.solvers.constrained.augmented import ConstrainedProblem
from thalweg.solvers.function import Vector
from thalweg.solvers.iterate import GOING, Iterate, Settings, first_iterate, first_true, scalar_like
from thalweg.solvers.method import Method

# What has to be left of a violation after a round at most, lest the weight grow so much.
_LEFT, _GROWTH, _GREATEST = 0.25, 10.0, 1e12


class Round(NamedTuple):
    """A run under way; also what the algorithm returns.

    Attributes:
        at: The last minimum, with the counts so far; value and gradient are those of f.
        multipliers: y.
        weight: ρ.
        gtol: How exactly the next augmented Lagrangian is minimized.
        loose: How far values and multipliers are from fitting each other.
    """

    at: Iterate
    multipliers: Vector
    weight: Tensor
    gtol: Tensor
    loose: Tensor


def penalized(problem: ConstrainedProblem, x: Vector, inner: Method, settings: Settings) -> Round:
    """Minimize augmented Lagrangians in turn.

        x ← arg min f + Σ (pressed(h)² - y²) / 2ρ,  y ← pressed(h) = y - ρ h, or zero

    The weight ρ grows where a round leaves too much of the violation.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, algorithm 17.4; the first weight, Birgin
        & Martínez, "Practical Augmented Lagrangian Methods for Constrained Optimization", 2014.
    """
    constraints = problem.constraints
    numbers, choices = inner.options({}, None, int(x.shape[0]))
    function = problem.function
    x = clip(x, problem.lower, problem.upper)
    first = first_iterate(function.replaced(function.value), x, {"gtol": -1.0, "maxiter": 1.0})
    values = constraints.values(x)
    y = zeros(values.shape, dtype=x.dtype)
    square = 2.0 * constraints.penalty(values, y, 1.0)
    weight = 10.0 * maximum(1.0, abs(first.value)) / maximum(1.0, 0.5 * square)
    weight = minimum(maximum(weight, 1e-3), 1e3)
    start = scalar_like(x, 1e-1), scalar_like(x, float("inf"))
    finite = every(isfinite(values))
    first = first._replace(ending=where(finite, first.ending, iterate.NOT_FINITE))

    def turn(old: Round) -> Round:
        def lagrangian(x: Vector) -> Tensor:
            penalty = constraints.penalty(constraints.values(x), old.multipliers, old.weight)
            return function.value(x) + penalty

        limits = {**numbers, **choices, "gtol": old.gtol, "ftol": 0.0}
        limits = {k: v for k, v in limits.items() if k in numbers or k in choices}
        found = inner.solve(function.replaced(lagrangian), old.at.x, limits)
        values = constraints.values(found.x)
        loose = constraints.looseness(values, old.multipliers / old.weight)
        y = constraints.pressed(values, old.multipliers, old.weight)
        heavier = minimum(_GROWTH * old.weight, _GREATEST)
        weight = where(loose > _LEFT * old.loose, heavier, old.weight)
        gtol = maximum(0.1 * old.gtol, 0.5 * settings["gtol"])
        value, gradient = function.both(found.x)
        counts = (
            old.at.nit + 1,
            old.at.nfev + found.nfev,
            old.at.njev + found.njev,
            old.at.nhev + found.nhev,
        )
        at = Iterate(found.x, value, gradient, *counts, old.at.ending)
        after = Round(at, y, weight, gtol, loose)
        return after._replace(at=at._replace(ending=_ending(problem, after, values, settings)))

    begun = Round(first, y, weight, *start)
    last: Round = while_loop(lambda round: round.at.ending == GOING, turn, begun)
    return last


def _ending(
    problem: ConstrainedProblem, after: Round, values: Vector, settings: Settings
) -> Tensor:
    constraints, at = problem.constraints, after.at
    gradient = at.gradient - after.multipliers @ constraints.slopes(at.x)
    small = problem.stationarity(at.x, gradient) <= settings["gtol"]
    tight = constraints.looseness(values, after.multipliers) <= settings["ctol"]
    violated = constraints.violation(values) > settings["ctol"]
    last = at.nit >= settings["maxiter"]
    return first_true(
        (problem.function.stops(at.nit, at.x, at.value), iterate.STOPPED),
        (~(isfinite(at.value) & every(isfinite(at.gradient))), iterate.NOT_FINITE),
        (tight & small, iterate.SMALL_GRADIENT),
        (last & violated, iterate.VIOLATED),
        (last, iterate.ITERATIONS),
    )
