"""Moré and Thuente's line search: an interval with good points in it, made ever smaller."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray, zeros_like
from thalweg.ops.elementwise.arithmetic import absolute, sqrt
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.solvers.iterate import rounding, scalar_like
from thalweg.solvers.linesearches.line import Sample, SearchLine, Step

# By how much steps grow at least and at most, as long as no interval is known.
_GROWTH = (1.1, 4.0)

# An interval that two steps together have not made smaller than this is halved.
_SHRINKING = 0.66

# An interval as short as this, beside its end, is at its end.
_SHORTEST = 1e-14


class End(NamedTuple):
    """An end of the interval: step, value, slope."""

    step: Tensor
    value: Tensor
    slope: Tensor


class Interval(NamedTuple):
    """A search under way.

    Attributes:
        low: The best end.
        high: The other one.
        closed: Whether a minimum is known to lie between.
        widths: Its width, and twice that of the step before.
        first: Whether no step with enough decrease and a rising function was met.
        wall: A step beyond which the function is not finite.
        sample: The last point.
        step: Where to look next.
        tried: How many points were tried.
        last: Whether the next point is taken as it is, the best one there was.
        ended: Whether the search is at its end.
    """

    low: End
    high: End
    closed: Tensor
    widths: tuple[Tensor, Tensor]
    first: Tensor
    wall: Tensor
    sample: Sample
    step: Tensor
    tried: Tensor
    last: Tensor
    ended: Tensor


def more_thuente(line: SearchLine, guess: Any) -> Step:
    """Return a step that fulfils the strong Wolfe conditions.

    An interval is kept whose better end has the least ψ(t) = φ(t) - φ(0) - c₁ t φ'(0) seen; the
    next step is the minimum of a cubic or of a parabola through its ends and the last point.

    Args:
        line: The line, with c₁ and c₂.
        guess: The first step.

    Source:
        Moré & Thuente, "Line Search Algorithms with Guaranteed Sufficient Decrease", 1994,
        sections 2 to 4.
    """
    start = line.start
    zero, most = scalar_like(start.x, 0.0), astype(asarray(line.longest), start.x.dtype)
    step = astype(minimum(guess, most), start.x.dtype)
    origin = End(zero, start.value, line.slope)
    no = asarray(False)
    begun = Interval(
        origin, origin, no, (2.0 * most, 4.0 * most), ~no, scalar_like(start.x, float("inf")),
        Sample(zero, start.value, line.slope, zeros_like(start.x)), step, asarray(0), no, no,
    )  # fmt: skip

    def turn(search: Interval) -> Interval:
        return _after(line, search, line.at(search.step), most)

    found: Interval = while_loop(lambda search: ~search.ended, turn, begun)
    sample = found.sample
    lower = line.is_finite(sample) & (sample.value < start.value)
    return Step(sample, found.tried, line.suffices(sample) | lower)


def _after(line: SearchLine, search: Interval, sample: Sample, most: Tensor) -> Interval:
    """Return a search that has seen a further point."""
    low, high = search.low, search.high
    finite, decreases = line.is_finite(sample), line.decreases(sample)
    count = search.tried + 1
    first = search.first & ~(finite & decreases & (sample.slope >= 0.0))
    # As long as no point has decreased enough, the ends are compared by ψ.
    by_decrease = first & (sample.value <= low.value) & ~decreases
    tilt = where(by_decrease, line.settings["c1"] * line.slope, 0.0)
    trial = End(*sample[:3])
    ends, step, closed = _chosen(
        _tilted(low, tilt), _tilted(high, tilt), _tilted(trial, tilt), search.closed, most
    )
    new_low, new_high = (_tilted(end, -tilt) for end in ends)
    width = absolute(new_high.step - new_low.step)
    slow = closed & (width >= _SHRINKING * search.widths[1])
    step = where(slow, new_low.step + 0.5 * (new_high.step - new_low.step), step)
    beyond = sample.step - low.step
    least = sample.step + where(search.tried > 0, _GROWTH[0] * beyond, 0.0)
    farther = minimum(maximum(step, least), sample.step + _GROWTH[1] * beyond)
    step = where(closed, step, farther)
    step = minimum(step, most)
    # Where the function is not finite there is a wall: steps come back from it.
    wall = where(finite, search.wall, minimum(search.wall, sample.step))
    step = where(step >= wall, new_low.step + 0.5 * (wall - new_low.step), step)
    back = low.step + 0.1 * (sample.step - low.step)

    def keep(new: Any, old: Any) -> Tensor:
        return where(finite, new, old)

    narrow = closed & (width <= _SHORTEST * maximum(new_low.step, new_high.step))
    at_limit = (
        (sample.step >= most) & decreases & (sample.slope <= line.settings["c1"] * line.slope)
    )
    # A decrease that rounding hides is not found by shorter steps.
    narrow = narrow | (line.promise(sample) <= 4.0 * rounding(sample.gradient))
    exhausted = (count >= line.settings["maxls"]) | (finite & narrow)
    done = (finite & (line.suffices(sample) | at_limit)) | search.last
    best = keep(new_low.step, low.step)
    # The gradient is that of the last point, so the best one is looked at again.
    again = exhausted & ~done & (best > 0.0) & (best != sample.step)
    return Interval(
        End(*(keep(new, old) for new, old in zip(new_low, low, strict=True))),
        End(*(keep(new, old) for new, old in zip(new_high, high, strict=True))),
        keep(closed, search.closed),
        (where(finite & closed, width, search.widths[0]), where(finite & closed, *search.widths)),
        first,
        wall,
        sample,
        where(again, best, keep(step, back)),
        count,
        again,
        done | (exhausted & ~again),
    )


def _tilted(end: End, tilt: Tensor) -> End:
    return End(end.step, end.value - end.step * tilt, end.slope - tilt)


def _pick(condition: Tensor, first: End, second: End) -> End:
    return End(*(where(condition, a, b) for a, b in zip(first, second, strict=True)))


def _chosen(
    low: End, high: End, trial: End, closed: Tensor, most: Tensor
) -> tuple[tuple[End, End], Tensor, Tensor]:
    """Return the ends of the next interval, where to look in it, and whether it is closed.

    The four cases of section 4: the function is higher at the trial; lower and rising; lower and
    falling less steeply; lower and falling no less steeply.
    """
    rises = trial.value > low.value
    turns = ~rises & (trial.slope * low.slope < 0.0)
    flattens = ~rises & ~turns & (absolute(trial.slope) <= absolute(low.slope))
    cubic, root = _least_of_cubic(low, trial)
    parabola = low.step + (trial.step - low.step) * low.slope / (
        2.0 * ((low.value - trial.value) / (trial.step - low.step) + low.slope)
    )
    secant = trial.step + (low.step - trial.step) * trial.slope / (trial.slope - low.slope)
    nearer = absolute(cubic - low.step) < absolute(parabola - low.step)
    step_risen = where(nearer, cubic, cubic + 0.5 * (parabola - cubic))
    farther = absolute(cubic - trial.step) > absolute(secant - trial.step)
    step_turned = where(farther, cubic, secant)
    # A cubic that falls for ever, or has its minimum on the other side, says nothing.
    onward = where(trial.step > low.step, most, 0.0)
    ahead = (cubic - trial.step) * (trial.step - low.step) > 0.0
    usable = where(ahead & (root > 0.0), cubic, onward)
    inside = where(absolute(usable - trial.step) < absolute(secant - trial.step), usable, secant)
    limit = trial.step + 0.66 * (high.step - trial.step)
    inside = where(trial.step > low.step, minimum(limit, inside), maximum(limit, inside))
    step_flat = where(closed, inside, where(farther_of(usable, secant, trial.step), usable, secant))
    step_steep = where(closed, _least_of_cubic(high, trial)[0], onward)
    step = where(
        rises, step_risen, where(turns, step_turned, where(flattens, step_flat, step_steep))
    )
    new_low = _pick(rises, low, trial)
    new_high = _pick(rises, trial, _pick(turns, low, high))
    new_closed = closed | rises | turns
    middle = new_low.step + 0.5 * (new_high.step - new_low.step)
    step = where(isfinite(step), step, where(new_closed, middle, onward))
    return (new_low, new_high), step, new_closed


def farther_of(first: Tensor, second: Tensor, place: Tensor) -> Tensor:
    """Tell whether the first of two steps is the farther one from a place."""
    return absolute(first - place) > absolute(second - place)


def _least_of_cubic(a: End, b: End) -> tuple[Tensor, Tensor]:
    """Return where the cubic through two ends with their slopes is least, and its root term.

    t = b - (b - a) (φ'(b) + γ - θ) / (φ'(b) - φ'(a) + 2γ),  γ = ± √(θ² - φ'(a) φ'(b))
    """
    theta = 3.0 * (a.value - b.value) / (b.step - a.step) + a.slope + b.slope
    scale = maximum(absolute(theta), maximum(absolute(a.slope), absolute(b.slope)))
    inside = (theta / scale) ** 2 - (a.slope / scale) * (b.slope / scale)
    root = scale * sqrt(maximum(inside, 0.0))
    gamma = where(b.step > a.step, root, -root)
    share = (b.slope + gamma - theta) / (b.slope - a.slope + 2.0 * gamma)
    return b.step - share * (b.step - a.step), root
