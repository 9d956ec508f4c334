"""Hager and Zhang's line search: slopes of opposite signs at the ends, and secants between."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray, zeros_like
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import minimum, where
from thalweg.solvers.iterate import scalar_like
from thalweg.solvers.linesearches.line import Sample, SearchLine, Step

# By how much steps grow until the function rises.
_GROWTH = 5.0

# By how much a round of secants makes the interval smaller at least; else it is halved.
_SHRINKING = 0.66

# By what part of its value the function may be above the start, where differences are rounding.
_RISE = 1e-6

# What the next step is for: to find an interval; the first and the second secant of a round; its
# halving; and to come back from a point too high.
_WIDEN, _FIRST, _SECOND, _HALF, _BACK = range(5)


class Side(NamedTuple):
    """An end of the interval: step and slope."""

    step: Tensor
    slope: Tensor


class Bracket(NamedTuple):
    """A search under way.

    Attributes:
        low: The end at which the function falls and is no higher than at the start, nearly.
        high: The end at which it rises; while coming back, a point that is too high.
        before: Both ends as they were when the round began.
        aim: What the next step is for.
        sample: The last point.
        step: Where to look next.
        tried: How many points were tried.
        ended: Whether the search is at its end.
    """

    low: Side
    high: Side
    before: tuple[Side, Side]
    aim: Tensor
    sample: Sample
    step: Tensor
    tried: Tensor
    ended: Tensor


def hager_zhang(line: SearchLine, guess: Any) -> Step:
    """Return a step that fulfils the Wolfe conditions, or the approximate ones.

        φ(t) ≤ φ(0) + c₁ t φ'(0)  and  φ'(t) ≥ c₂ φ'(0);  or
        φ(t) ≤ φ(0) + ε  and  (2 c₁ - 1) φ'(0) ≥ φ'(t) ≥ c₂ φ'(0)

    Args:
        line: The line, with c₁ and c₂.
        guess: The first step.

    Source:
        Hager & Zhang, "A New Conjugate Gradient Method with Guaranteed Descent and an Efficient
        Line Search", 2005, section 4; "Algorithm 851: CG_DESCENT", 2006.
    """
    start = line.start
    zero = scalar_like(start.x, 0.0)
    most = astype(asarray(line.longest), start.x.dtype)
    origin, no = Side(zero, line.slope), asarray(False)
    begun = Bracket(
        origin, origin, (origin, origin), asarray(_WIDEN),
        Sample(zero, start.value, line.slope, zeros_like(start.x)),
        astype(minimum(guess, most), start.x.dtype), asarray(0), no,
    )  # fmt: skip

    def turn(search: Bracket) -> Bracket:
        return _after(line, search, line.at(search.step), most)

    found: Bracket = while_loop(lambda search: ~search.ended, turn, begun)
    lower = line.is_finite(found.sample) & (found.sample.value < start.value)
    return Step(found.sample, found.tried, lower | _suffices(line, found.sample))


def _suffices(line: SearchLine, sample: Sample) -> Tensor:
    c1, c2 = line.settings["c1"], line.settings["c2"]
    nearly = _is_low(line, sample) & (sample.slope <= (2.0 * c1 - 1.0) * line.slope)
    found: Tensor = (sample.slope >= c2 * line.slope) & (line.decreases(sample) | nearly)
    return line.is_finite(sample) & found


def _is_low(line: SearchLine, sample: Sample) -> Tensor:
    start = line.start.value
    found: Tensor = sample.value <= start + _RISE * absolute(start)
    return line.is_finite(sample) & found


def _pick(condition: Tensor, first: Side, second: Side) -> Side:
    return Side(*(where(condition, a, b) for a, b in zip(first, second, strict=True)))


def _secant(a: Side, b: Side) -> Tensor:
    found: Tensor = (a.step * b.slope - b.step * a.slope) / (b.slope - a.slope)
    return found


def _after(line: SearchLine, search: Bracket, sample: Sample, most: Tensor) -> Bracket:
    """Return a search that has seen a further point."""
    here, aim = Side(sample.step, sample.slope), search.aim
    low_enough = _is_low(line, sample)
    rises = line.is_finite(sample) & (sample.slope >= 0.0)
    falls = ~rises & low_enough
    low, high = _pick(falls, here, search.low), _pick(falls, search.high, here)
    widens = falls & (aim == _WIDEN)
    back = ~rises & (~falls | (aim == _BACK))
    # The ends are right: the round goes on, or another one begins.
    middle = low.step + 0.5 * (high.step - low.step)
    was_low, was_high = search.before
    second = where(falls, _secant(was_low, low), _secant(was_high, high))
    is_inside = (second > low.step) & (second < high.step)
    seconds = (aim == _FIRST) & is_inside
    wide = high.step - low.step > _SHRINKING * (was_high.step - was_low.step)
    halves = ~seconds & wide & ((aim == _FIRST) | (aim == _SECOND) | (aim == _BACK))
    first = _secant(low, high)
    first = where((first > low.step) & (first < high.step), first, middle)
    in_round = seconds | halves
    step = where(seconds, second, where(halves, middle, first))
    step = where(widens, minimum(_GROWTH * sample.step, most), where(back, middle, step))
    next_aim = where(seconds, _SECOND, where(halves, _HALF, _FIRST))
    next_aim = where(widens, _WIDEN, where(back, _BACK, next_aim))
    kept = widens | back | in_round
    before = (_pick(kept, was_low, low), _pick(kept, was_high, high))
    tried = search.tried + 1
    at_limit = widens & (sample.step >= most)
    narrow = ~widens & ~(high.step - low.step > 1e-14 * high.step)
    ended = _suffices(line, sample) | at_limit | narrow | (tried >= line.settings["maxls"])
    return Bracket(low, high, before, next_aim, sample, step, tried, ended)
