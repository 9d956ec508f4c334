"""Mixing: iterations x ← x + β g(x), and what earlier turns say of where they lead."""

from __future__ import annotations

from typing import NamedTuple

from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import asarray, zeros
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import absolute, remainder
from thalweg.ops.elementwise.comparison import maximum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.linalg.norms import vector_norm
from thalweg.ops.reduce.extremes import max as largest
from thalweg.ops.reduce.sums import all as every
from thalweg.solvers import iterate
from thalweg.solvers.function import Vector
from thalweg.solvers.iterate import GOING, Settings, first_true
from thalweg.solvers.roots.newton import Outcome
from thalweg.solvers.squares.levenberg_marquardt import ScaledFactors
from thalweg.solvers.squares.residuals import ResidualFunction


class Turns(NamedTuple):
    """An iteration under way.

    Attributes:
        x: Where it is.
        difference: g(x).
        steps: Changes of x in the last turns, a row each; zero where there was none.
        changes: Those of g likewise.
        nit: The number of turns.
        nfev: The number of evaluations.
        ending: How it ended.
    """

    x: Vector
    difference: Vector
    steps: Tensor
    changes: Tensor
    nit: Tensor
    nfev: Tensor
    ending: Tensor


def mix(residuals: ResidualFunction, x: Vector, settings: Settings) -> Outcome:
    """Iterate x ← x + β g(x) - (S + β Y)ᵀ γ with γ = arg min ‖g(x) - Yᵀ γ‖.

    g are the residuals; S and Y are the changes of x and g in the last `memory` turns; without a
    memory this is x ← x + β g(x). If ‖g‖ grows a hundredfold, or is not finite, they are forgotten,
    and the iteration goes on with a plain step from where it was before.

    Source:
        Anderson, "Iterative procedures for nonlinear integral equations", 1965; Walker & Ni,
        "Anderson acceleration for fixed-point iterations", 2011.
    """
    memory = int(settings["memory"])
    none = zeros((memory, *x.shape), dtype=x.dtype)
    first = residuals.values(x)
    zero, one = asarray(0), asarray(1)
    begun = Turns(x, first, none, none, zero, one, _ending(x, first, zero, settings))

    def turn(old: Turns) -> Turns:
        beta = settings["beta"]
        step = beta * old.difference
        if memory:
            factors = ScaledFactors.of(old.changes.T, old.difference)
            weights = factors.along(0.0) @ factors.right
            step = step - weights @ (old.steps + beta * old.changes)
        found = old.x + step
        value = residuals.values(found)
        wild = ~every(isfinite(value))
        lost = asarray(False)
        if memory:
            has_memory = vector_norm(old.steps) > 0.0
            wild = wild | (vector_norm(value) > 100.0 * vector_norm(old.difference))
            lost = has_memory & wild
            # The row of this turn takes the place of the oldest.
            here = (arange(memory) == remainder(old.nit, memory))[:, None]
            steps = where(here, found - old.x, old.steps)
            changes = where(here, value - old.difference, old.changes)
            steps, changes = (where(lost, 0.0, rows) for rows in (steps, changes))
        else:
            steps, changes = old.steps, old.changes
        x, value = where(lost, old.x, found), where(lost, old.difference, value)
        nit = old.nit + 1
        stops = asarray(False)
        if residuals.heard is not None:
            stops = residuals.heard(nit, x, value)
        ending = where(lost, GOING, _ending(x, value, nit, settings))
        ending = where(stops, iterate.STOPPED, ending)
        ending = where(nit >= settings["maxiter"], _at_last(ending), ending)
        return Turns(x, value, steps, changes, nit, old.nfev + 1, ending)

    last = while_loop(lambda turns: turns.ending == GOING, turn, begun)
    return Outcome(last.x, last.difference, last.nit, last.nfev, zero, last.ending)


def mix_against(residuals: ResidualFunction, x: Vector, settings: Settings) -> Outcome:
    """Find a root of F by mixing with g = -F."""
    against = ResidualFunction(lambda x: -residuals.values(x), heard=residuals.heard)
    found = mix(against, x, settings)
    return found._replace(values=-found.values)


def _ending(x: Vector, difference: Vector, nit: Tensor, settings: Settings) -> Tensor:
    size = largest(absolute(difference))
    small = size <= settings["xtol"] * maximum(largest(absolute(x)), 1.0)
    return first_true(
        (~every(isfinite(difference)), iterate.NOT_FINITE),
        (small, iterate.SMALL_STEP),
        (nit >= settings["maxiter"], iterate.ITERATIONS),
    )


def _at_last(ending: Tensor) -> Tensor:
    return where(ending == GOING, iterate.ITERATIONS, ending)
