"""Descent: a direction, a step along it, and what is learnt from the step, again and again."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import minimum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.linalg.norms import vector_norm
from thalweg.ops.linalg.products import dot
from thalweg.ops.reduce.sums import all as every
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import (
    GOING,
    NO_STEP,
    SMALL_STEP,
    Iterate,
    Settings,
    ending_after,
    first_iterate,
)
from thalweg.solvers.linesearches.line import SearchLine
from thalweg.solvers.linesearches.searches import search_of

# What a rule remembers from step to step: a tree of tensors.
Memory = Any


class DescentRule(Protocol):
    """How an algorithm chooses directions, as pure functions."""

    def begin(self, at: Iterate) -> Memory:
        """Return what is remembered at first."""

    def direction(
        self, memory: Memory, at: Iterate, function: SmoothFunction
    ) -> tuple[Vector, Any]:
        """Return where to go, down, and how many products with the Hessian that took."""

    def learn(self, memory: Memory, line: SearchLine, after: Iterate, found: Tensor) -> Memory:
        """Return what is remembered after a step along a line, if one was found."""

    def forget(self, memory: Memory, lost: Tensor) -> Memory:
        """Return what is remembered; nothing, if all is lost."""


class DescentCourse(NamedTuple):
    """A descent under way.

    Attributes:
        at: Where it is.
        memory: What the rule remembers.
        fresh: Whether that is nothing, so that the direction is the steepest one.
        decrease: How much the last step decreased the function.
        short: Whether it was as short as `xtol`, if there is such a tolerance.
    """

    at: Iterate
    memory: Memory
    fresh: Tensor
    decrease: Tensor
    short: Tensor


def descend(function: SmoothFunction, x: Vector, rule: DescentRule, settings: Settings) -> Iterate:
    """Return the last iterate of a descent.

        x ← x + t d,  t by a line search along the rule's direction d

    A direction that does not descend, or along which no step is found, gives way to the steepest
    one, and what the rule remembers is forgotten; if that fails too, the run is at its end.
    """
    at = first_iterate(function, x, settings)
    search = search_of(settings["linesearch"])

    def turn(course: DescentCourse) -> DescentCourse:
        before = course.at
        memory = course.memory
        direction, products = rule.direction(memory, before, function)
        slope = dot(before.gradient, direction)
        lost = ~(slope < 0.0)
        direction = where(lost, function.downhill(before.x, before.gradient), direction)
        slope = where(lost, dot(before.gradient, direction), slope)
        fresh = course.fresh | lost
        line = SearchLine(function, before, direction, slope, settings)
        step = search(line, _first_step(course, fresh, line))
        sample = step.sample

        def found(new: Tensor, old: Tensor) -> Tensor:
            return where(step.found, new, old)

        after = Iterate(
            found(line.point(sample.step), before.x),
            found(sample.value, before.value),
            found(sample.gradient, before.gradient),
            before.nit + astype(step.found, before.nit.dtype),
            before.nfev + step.evaluations,
            before.njev + step.evaluations,
            before.nhev + products,
            before.ending,
        )
        failed = ~step.found & fresh
        ending = ending_after(function, before, after, failed, settings)
        short = absolute(after.x - before.x).mean() <= settings.get("xtol", -1.0)
        # One short step of a direction that is not quite Newton's says little, but two do, or one
        # from where none decreases the function any more.
        ends = (ending == GOING) | (ending == NO_STEP)
        ending = where(ends & short & course.short, SMALL_STEP, ending)
        after = after._replace(ending=ending)
        memory = rule.learn(rule.forget(memory, lost), line, after, step.found)
        memory = rule.forget(memory, ~step.found)
        return DescentCourse(after, memory, ~step.found, before.value - after.value, short)

    fresh = asarray(True)
    begun = DescentCourse(at, rule.begin(at), fresh, vector_norm(at.gradient) / 2.0, asarray(False))
    last: DescentCourse = while_loop(lambda course: course.at.goes_on, turn, begun)
    return last.at


def _first_step(course: DescentCourse, fresh: Tensor, line: SearchLine) -> Tensor:
    """Return where a line search looks first.

    Newton-like directions want a step of 1. Others, and the steepest one, want as much decrease
    as the last step had: t = -2 Δ / φ'(0), which Nocedal and Wright give as (3.60). A direction
    within bounds on all sides has a length that means something from the first.
    """
    short = minimum(1.0, 1.0 / vector_norm(line.direction))
    if line.function.is_bounded:
        boxed = every(isfinite(line.function.lower) & isfinite(line.function.upper))
        short = where(boxed, 1.0, short)
    if line.settings["unit_steps"]:
        return where(fresh, short, 1.0)
    return where(fresh, short, minimum(1.0, -2.02 * course.decrease / line.slope))
