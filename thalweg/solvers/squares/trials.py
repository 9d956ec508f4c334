"""Trials: a step, what it made of the sum of squares, and what is learnt from that, in turn."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from thalweg.control.branches import cond
from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray
from thalweg.ops.creation.dtypes import finfo
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import maximum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.linalg.norms import vector_norm
from thalweg.ops.reduce.extremes import max as largest
from thalweg.ops.reduce.sums import all as every
from thalweg.solvers import iterate
from thalweg.solvers.function import Vector
from thalweg.solvers.iterate import GOING, Settings, first_true
from thalweg.solvers.squares.residuals import ResidualFunction

# A step is taken if it gains so much of what the linear model promises.
_ENOUGH = 1e-4

# What a rule remembers from trial to trial: a tree of tensors.
Memory = Any


class SquaresPlace(NamedTuple):
    """A point, its residuals, and their derivatives there."""

    x: Vector
    values: Vector
    jacobian: Tensor

    @property
    def norm(self) -> Tensor:
        """The root of the sum of squares."""
        return vector_norm(self.values)

    @property
    def gradient(self) -> Vector:
        """Jᵀr, the gradient of half the sum of squares."""
        return self.values @ self.jacobian

    @property
    def cosine(self) -> Tensor:
        """The greatest cosine between the residuals and a column of the Jacobian."""
        lengths = vector_norm(self.jacobian, axis=0) * self.norm
        return largest(absolute(self.gradient) / where(lengths > 0.0, lengths, 1.0))


class Proposal(NamedTuple):
    """A step, and what the linear model says of it.

    Attributes:
        step: The step.
        promised: How much of the sum of squares it would take away, as a part of it.
        slope: Half the derivative of that part along the step, negative.
        length: The step's length, as the rule measures it.
    """

    step: Vector
    promised: Tensor
    slope: Tensor
    length: Tensor


class TrialRule(Protocol):
    """How an algorithm chooses steps, as pure functions."""

    def begin(self, at: SquaresPlace) -> Memory:
        """Return what is remembered at first."""

    def propose(self, memory: Memory, at: SquaresPlace) -> tuple[Proposal, Memory]:
        """Return a step."""

    def judge(self, memory: Memory, proposal: Proposal, gained: Tensor) -> Memory:
        """Return what is remembered, given the part of the sum of squares that was taken away."""

    def learn(self, memory: Memory, at: SquaresPlace) -> Memory:
        """Return what is remembered at a new point."""

    def is_short(self, memory: Memory, at: SquaresPlace, xtol: Any) -> Tensor:
        """Tell whether steps have become short, beside the point."""

    def is_lost(self, memory: Memory, at: SquaresPlace, rounding: float) -> Tensor:
        """Tell whether what would be tried next changes nothing."""


class Trials(NamedTuple):
    """A run under way; also what an algorithm returns."""

    at: SquaresPlace
    memory: Memory
    nit: Tensor
    nfev: Tensor
    njev: Tensor
    ending: Tensor


def descend(residuals: ResidualFunction, x: Vector, rule: TrialRule, settings: Settings) -> Trials:
    """Return the end of a run of trials.

    A trial that gains less than a small part of what was promised leads nowhere; the rule then
    proposes a shorter step.
    """
    values = residuals.values(x)
    at = SquaresPlace(x, values, residuals.jacobian(x, values))
    one = asarray(1)
    ending = first_true(
        (~_is_finite(at), iterate.NOT_FINITE),
        (at.cosine <= settings["gtol"], iterate.SMALL_GRADIENT),
        (one >= settings["max_nfev"], iterate.EVALUATIONS),
    )

    def turn(course: Trials) -> Trials:
        before = course.at
        proposal, memory = rule.propose(course.memory, before)
        point = before.x + proposal.step
        values = residuals.values(point)
        gained = _gained(before.norm, vector_norm(values))
        taken = gained >= _ENOUGH * proposal.promised
        taken = taken & ((gained > 0.0) | (proposal.promised > 0.0))
        memory = rule.judge(memory, proposal, gained)

        def moved() -> tuple[SquaresPlace, Memory]:
            at = SquaresPlace(point, values, residuals.jacobian(point, values))
            return at, rule.learn(memory, at)

        at, memory = cond(taken, moved, lambda: (before, memory))
        one = astype(taken, course.nit.dtype)
        counts = course.nit + one, course.nfev + 1, course.njev + one
        after = Trials(at, memory, *counts, course.ending)
        return after._replace(
            ending=_ending(residuals, rule, after, taken, (proposal, gained), settings)
        )

    begun = Trials(at, rule.begin(at), asarray(0), one, one, ending)
    last: Trials = while_loop(lambda course: course.ending == GOING, turn, begun)
    return last


def _gained(before: Tensor, after: Tensor) -> Tensor:
    """Return the part of a sum of squares that a trial took away; -1 where it made it large."""
    ratio = after / before
    return where(ratio < 10.0, 1.0 - ratio * ratio, -1.0)


def _is_finite(at: SquaresPlace) -> Tensor:
    return every(isfinite(at.values)) & every(isfinite(at.jacobian))


def _ending(
    residuals: ResidualFunction,
    rule: TrialRule,
    after: Trials,
    taken: Tensor,
    trial: tuple[Proposal, Tensor],
    settings: Settings,
) -> Tensor:
    proposal, gained = trial
    stops = asarray(False)
    heard = residuals.heard
    if heard is not None:
        tell = lambda: heard(after.nit, after.at.x, after.at.values)
        stops = cond(taken, tell, lambda: asarray(False))
    rounding = finfo(after.at.x.dtype).eps
    ftol = maximum(settings["ftol"], rounding)
    little = (absolute(gained) <= ftol) & (proposal.promised <= ftol)
    little = little & (gained <= 2.0 * proposal.promised)
    short = rule.is_short(after.memory, after.at, settings["xtol"])
    return first_true(
        (stops, iterate.STOPPED),
        (~_is_finite(after.at), iterate.NOT_FINITE),
        (after.at.norm == 0.0, iterate.SMALL_GRADIENT),
        (little & short, iterate.SMALL_BOTH),
        (little, iterate.SMALL_DECREASE),
        (short, iterate.SMALL_STEP),
        (taken & (after.at.cosine <= settings["gtol"]), iterate.SMALL_GRADIENT),
        (rule.is_lost(after.memory, after.at, rounding), iterate.NO_STEP),
        (after.nfev >= settings["max_nfev"], iterate.EVALUATIONS),
        (after.nit >= settings.get("maxiter", float("inf")), iterate.ITERATIONS),
    )
