"""The zoom line search: an interval with good points in it is found, then made ever smaller."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from thalweg.autodiff.functional import value_and_grad
from thalweg.control.conditional import while_loop
from thalweg.core.spec import DType
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.creation.creation import asarray, full, ones, zeros, zeros_like
from thalweg.ops.elementwise.arithmetic import absolute, sqrt, square
from thalweg.ops.elementwise.comparison import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    where,
)
from thalweg.ops.elementwise.floats import isinf, isnan
from thalweg.optim.linesearches.line import bound, chosen, is_known, kind_of_value, moved, slope_of
from thalweg.optim.ranges import GROWTH, NON_NEGATIVE, POSITIVE, check_choice
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    cast_like,
    each,
    needed,
)
from thalweg.optim.wholes import scaled

__all__ = ["ScaleByZoomLinesearchState", "ZoomLinesearchInfo", "scale_by_zoom_linesearch"]


class ZoomLinesearchInfo(NamedTuple):
    """How a zoom line search ended."""

    num_linesearch_steps: Any  # how many step sizes were tried
    decrease_error: Any  # by how much the last one misses the decrease; ∞ for a loss of NaN
    curvature_error: Any  # by how much it misses the smaller slope


class ScaleByZoomLinesearchState(NamedTuple):
    """The state of `scale_by_zoom_linesearch`."""

    learning_rate: Any
    value: Any  # the loss at the new parameters
    grad: Any  # its gradient there
    info: ZoomLinesearchInfo


class Probe(NamedTuple):
    """A point of the line: how far along it, the loss there and its slope."""

    at: Any
    value: Any
    slope: Any


class Goal(NamedTuple):
    """What a step must reach, as in `scale_by_zoom_linesearch`; and where the line starts."""

    slope_rtol: Any
    curv_rtol: Any
    approx_dec_rtol: Any
    tol: Any
    start: Probe

    def decrease_error(self, new: Probe) -> Tensor:
        """Return by how much a point misses the decrease, exactly or else approximately."""
        start = self.start
        error = new.value - start.value - self.slope_rtol * new.at * start.slope
        if self.approx_dec_rtol is not None:
            by_slope = new.slope - (2 * self.slope_rtol - 1.0) * start.slope
            risen = new.value - start.value - self.approx_dec_rtol * absolute(start.value)
            error = minimum(maximum(by_slope, risen), error)
        return _defined(maximum(error, 0.0))

    def curvature_error(self, new: Probe) -> Tensor:
        """Return by how much the slope of a point is too steep."""
        return _defined(
            maximum(absolute(new.slope) - self.curv_rtol * absolute(self.start.slope), 0.0)
        )


def _defined(error: Tensor) -> Tensor:
    return where(isnan(error), math.inf, error)


class Limits(NamedTuple):
    """How far a search goes, as in `scale_by_zoom_linesearch`."""

    max_linesearch_steps: Any
    max_learning_rate: Any
    increase_factor: Any
    stepsize_precision: Any


class Line(NamedTuple):
    """The loss and its gradient, along updates of parameters."""

    loss: Callable[..., Any]
    params: Params
    updates: Updates
    kind: DType  # of values and step sizes

    def at(self, place: Any) -> tuple[Probe, Updates]:
        """Return a point of the line, and the gradient there."""
        stepsize = astype(as_tensor(place), self.kind)
        value, gradient = self.loss(moved(self.params, stepsize, self.updates))
        slope = astype(slope_of(gradient, self.updates), self.kind)
        point = Probe(stepsize, astype(as_tensor(value), self.kind), slope)
        return point, cast_like(gradient, self.params)


class Search(NamedTuple):
    """How far a search has come."""

    count: Any
    last: Probe
    grad: Any
    decrease_error: Any
    curvature_error: Any
    interval_found: Any
    done: Any
    failed: Any
    low: Probe  # of the interval, the end with the lesser loss
    high: Probe
    third: Probe  # one more point, for the cubic; its slope is not used
    safe: Probe  # the best so far whose decrease is enough
    safe_grad: Any


@factory
def scale_by_zoom_linesearch(
    max_linesearch_steps: int,
    max_learning_rate: float | None = None,
    tol: float = 0.0,
    increase_factor: float = 2.0,
    slope_rtol: float = 1e-4,
    curv_rtol: float = 0.9,
    approx_dec_rtol: float | None = 1e-6,
    stepsize_precision: float = 1e-5,
    initial_guess_strategy: str = "keep",
    verbose: bool = False,
) -> GradientTransformation:
    """Scale updates by a rate with which the loss decreases enough and its slope is smaller.

        f(w + η u) ≤ f(w) + η · slope_rtol · s,   s = ⟨u, ∇f(w)⟩
        |⟨u, ∇f(w + η u)⟩| ≤ curv_rtol · |s|

    The first condition holds too where (2 slope_rtol - 1) s ≥ ⟨u, ∇f(w + η u)⟩ and the loss is at
    most f(w) + approx_dec_rtol · |f(w)|: near a minimum differences of f are rounding errors. Rates
    grow until an interval must hold a good one; then the minimum of a cubic, of a parabola, or the
    middle is tried. If none is found, it is the best rate of the first condition.

    `update` wants further arguments: `value`, `grad`, and `value_fn`, the loss as a function of the
    parameters; what else is given is passed to it.

    Args:
        max_linesearch_steps: How many rates are tried at most.
        max_learning_rate: The largest rate, in (0, ∞); None for none.
        tol: By how much both conditions may be missed, in [0, ∞).
        increase_factor: What rates grow by, in (0, ∞]; most often above 1.
        slope_rtol: The part of the slope that the decrease must have, in [0, ∞).
        curv_rtol: The part of the slope that may be left, in [0, ∞).
        approx_dec_rtol: The approximate decrease, in [0, ∞); None for the exact one alone.
        stepsize_precision: The length of an interval at which the search stops if it has a rate of
            the first condition, in [0, ∞).
        initial_guess_strategy: "keep" to begin with the last rate, "one" to begin with 1.
        verbose: Whether a search that found no rate says so, where values are known.

    Raises:
        ArgumentError: If a number is outside its range, or the strategy another.
        CallError: By `update`, if it gets arguments that the loss does not take.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, algorithms 3.5 and 3.6; the approximate
        decrease: Hager & Zhang, "Algorithm 851: CG_DESCENT", 2006.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> f = lambda w: np.sum(w**2)
        >>> search = tw.optim.scale_by_zoom_linesearch(15)
        >>> w = np.array([1.0, -1.0])
        >>> value, grad = tw.value_and_grad(f)(w)
        >>> updates, state = search.update(
        ...     -grad, search.init(w), w, value=value, grad=grad, value_fn=f
        ... )
        >>> bool(f(w + updates) < 1e-12)
        True
    """
    GROWTH.check(increase_factor=increase_factor)
    NON_NEGATIVE.check(tol=tol, slope_rtol=slope_rtol, curv_rtol=curv_rtol)
    NON_NEGATIVE.check(stepsize_precision=stepsize_precision)
    if max_learning_rate is not None:
        POSITIVE.check(max_learning_rate=max_learning_rate)
    check_choice(("one", "keep"), initial_guess_strategy=initial_guess_strategy)

    def init(params: Params) -> ScaleByZoomLinesearchState:
        kind = kind_of_value(params)
        infinite = full((), math.inf, dtype=kind)
        info = ZoomLinesearchInfo(asarray(0), infinite, infinite)
        return ScaleByZoomLinesearchState(
            ones((), dtype=kind), infinite, each(zeros_like, params), info
        )

    def update(
        updates: Updates,
        state: OptState,
        params: Params = None,
        *,
        value: Any,
        grad: Updates,
        value_fn: Callable[..., Any],
        **extra_args: Any,
    ) -> Step:
        weights = needed(params, "scale_by_zoom_linesearch")
        loss = value_and_grad(bound("scale_by_zoom_linesearch", value_fn, extra_args))
        kind = kind_of_value(weights)
        guess = 1.0 if initial_guess_strategy == "one" else state.learning_rate
        start = Probe(
            zeros((), dtype=kind), astype(value, kind), astype(slope_of(grad, updates), kind)
        )
        goal = Goal(slope_rtol, curv_rtol, approx_dec_rtol, tol, start)
        limits = Limits(
            max_linesearch_steps, max_learning_rate, increase_factor, stepsize_precision
        )
        line = Line(loss, weights, updates, kind)
        final = _searched(line, goal, limits, guess, cast_like(grad, weights))
        if verbose:
            _tell(final, goal, stepsize_precision)
        rate, found, kept = _result(final)
        info = ZoomLinesearchInfo(final.count, final.decrease_error, final.curvature_error)
        new_state = ScaleByZoomLinesearchState(rate, found, kept, info)
        return cast_like(scaled(rate, updates), updates), cast_like(new_state, state)

    return GradientTransformation(init, update)


def _searched(line: Line, goal: Goal, limits: Limits, guess: Any, gradient: Updates) -> Search:
    """Return a search that has come to its end."""
    limit = math.inf if limits.max_learning_rate is None else limits.max_learning_rate

    def turn(search: Search) -> Search:
        larger = where(equal(search.count, 0), guess, limits.increase_factor * search.last.at)
        limited = greater_equal(larger, limit)
        at = where(search.interval_found, _middle(search), minimum(larger, limit))
        tried = _tried(search, goal, *line.at(at))
        last = greater_equal(search.count + 1, limits.max_linesearch_steps)
        widened = _widened(search, tried, limited, last)
        narrowed = _narrowed(search, tried, limits.stepsize_precision, last)
        return Search(*chosen(search.interval_found, tuple(narrowed), tuple(widened)))

    infinite, no = full((), math.inf, dtype=line.kind), asarray(False)
    errors, start = (infinite, infinite), goal.start
    begun = Search(
        asarray(0), start, gradient, *errors, no, no, no, start, start, start, start, gradient
    )
    final: Search = while_loop(
        lambda search: logical_not(logical_or(search.done, search.failed)), turn, begun
    )
    return final


def _result(final: Search) -> Any:
    """Return the rate, the loss there and its gradient.

    A step that is not good enough is made if there is no safe one, unless it has no loss.
    """
    lost = logical_or(greater(final.safe.at, 0.0), isinf(final.decrease_error))
    back = logical_and(final.failed, lost)
    reached = (final.last.at, final.last.value, final.grad)
    return chosen(back, (final.safe.at, final.safe.value, final.safe_grad), reached)


def _tried(search: Search, goal: Goal, new: Probe, gradient: Updates) -> Search:
    """Note a point, and that it is safe if its decrease is enough and it is the best such."""
    # Numbers of a wider dtype, such as arrays of it, widen nothing that is carried.
    kind = new.value.dtype
    decrease, curvature = (
        astype(error, kind) for error in (goal.decrease_error(new), goal.curvature_error(new))
    )
    better = logical_or(logical_not(search.interval_found), less(new.value, search.safe.value))
    safe = logical_and(less_equal(decrease, goal.tol), better)
    kept = chosen(safe, (tuple(new), gradient), (tuple(search.safe), search.safe_grad))
    return search._replace(
        count=search.count + 1,
        last=new,
        grad=gradient,
        decrease_error=decrease,
        curvature_error=curvature,
        done=less_equal(maximum(decrease, curvature), goal.tol),
        safe=Probe(*kept[0]),
        safe_grad=kept[1],
    )


def _pick(condition: Any, first: Probe, second: Probe) -> Probe:
    return Probe(*chosen(condition, tuple(first), tuple(second)))


def _widened(search: Search, tried: Search, limited: Any, last: Any) -> Search:
    """Return a search for an interval, a point farther: between the last two, if it must be."""
    new, before = tried.last, search.last
    risen = logical_and(greater_equal(new.value, before.value), greater(search.count, 0))
    too_high = logical_or(greater(tried.decrease_error, 0.0), risen)
    past = logical_and(greater_equal(new.slope, 0.0), logical_not(too_high))
    found = logical_or(logical_or(too_high, past), tried.done)
    done = logical_or(tried.done, logical_and(limited, logical_not(found)))
    low = _pick(past, new, before)
    return tried._replace(
        interval_found=found,
        done=done,
        failed=logical_and(last, logical_not(done)),
        low=low,
        high=_pick(past, before, new),
        third=low,
    )


def _narrowed(search: Search, tried: Search, precision: Any, last: Any) -> Search:
    """Return a search in an interval, which a point in it makes smaller."""
    new, low, high = tried.last, search.low, search.high
    too_high = logical_or(greater(tried.decrease_error, 0.0), greater_equal(new.value, low.value))
    turned = logical_and(greater_equal(new.slope * (high.at - low.at), 0.0), logical_not(too_high))
    tiny = logical_and(
        less_equal(absolute(high.at - low.at), precision), greater(tried.safe.at, 0.0)
    )
    return tried._replace(
        failed=logical_and(logical_or(last, tiny), logical_not(tried.done)),
        low=_pick(too_high, low, new),
        high=_pick(turned, low, _pick(too_high, new, high)),
        third=_pick(logical_or(too_high, turned), high, low),
    )


# ---- where to look in an interval


def _middle(search: Search) -> Tensor:
    """Return the minimum of the cubic, else of the parabola, if well inside; else the middle."""
    low, high, third = search.low, search.high, search.third
    left, right = minimum(low.at, high.at), maximum(low.at, high.at)

    def inside(at: Any, part: float) -> Tensor:
        margin = part * (right - left)
        return logical_and(greater(at, left + margin), less(at, right - margin))

    cubic, parabola = _least_of_cubic(low, high, third), _least_of_parabola(low, high)
    middle = where(inside(parabola, 0.1), parabola, (low.at + high.at) / 2.0)
    return where(inside(cubic, 0.2), cubic, middle)


def _least_of_cubic(a: Probe, b: Probe, c: Probe) -> Tensor:
    """Return where the cubic through three points with the slope of the first is least.

    f(a) + f'(a) d + B d² + A d³; NaN or ∞ if there is none.
    """
    near, far = b.at - a.at, c.at - a.at
    first, second = b.value - a.value - a.slope * near, c.value - a.value - a.slope * far
    scale = square(near * far) * (near - far)
    cubed = (square(far) * first - square(near) * second) / scale
    squared = (near * square(near) * second - far * square(far) * first) / scale
    found: Tensor = a.at + (-squared + sqrt(square(squared) - 3.0 * cubed * a.slope)) / (
        3.0 * cubed
    )
    return found


def _least_of_parabola(a: Probe, b: Probe) -> Tensor:
    """Return where the parabola through two points with the slope of the first is least."""
    step = b.at - a.at
    found: Tensor = a.at - a.slope / (2.0 * ((b.value - a.value - a.slope * step) / square(step)))
    return found


# ---- what is said of a search that found nothing


def _tell(final: Search, goal: Goal, precision: Any) -> None:
    """Say why a search failed, if its values are known."""
    if not is_known(final.failed):
        return
    missed = float(maximum(final.decrease_error, final.curvature_error)) > float(goal.tol)
    if not missed:
        return
    lines = [
        "INFO: scale_by_zoom_linesearch:",
        f"Value at current params: {float(goal.start.value)}",
        f"Slope along update direction: {float(goal.start.slope)}",
        f"Stepsize reached: {float(final.last.at)}",
        f"Decrease Error: {float(final.decrease_error)}",
        f"Curvature Error: {float(final.curvature_error)}",
        *_reasons(final, goal, precision),
    ]
    sys.stdout.write("\n".join([*lines, ""]))


def _reasons(final: Search, goal: Goal, precision: Any) -> list[str]:
    """Return what may have been wrong, and what to do."""
    unsatisfied = (
        "Returning stepsize with sufficient decrease but curvature condition not satisfied."
    )
    if not bool(final.failed):
        return [
            "No interval satisfying curvature condition. Consider increasing maximal possible "
            "stepsize of the linesearch.",
            unsatisfied,
        ]
    said = []
    if abs(float(final.low.at) - float(final.high.at)) <= precision:
        said.append("Length of searched interval has been reduced below threshold.")
    if float(final.safe.at) > 0:
        return [*said, unsatisfied]
    said.append("Linesearch failed, no stepsize satisfying sufficient decrease found.")
    if float(goal.start.slope) >= 0:
        said.append(
            "The linesearch failed because the provided direction is not a descent direction. "
            f"The slope (={float(goal.start.slope)}) at stepsize=0 should be negative."
        )
    else:
        said.append("Consider augmenting the maximal number of linesearch iterations.")
    if math.isinf(float(final.decrease_error)):
        said.append(
            "Cannot even make a step without getting Inf or Nan. The linesearch won't make a step "
            "and the optimizer is stuck."
        )
    else:
        said.append("Making an unsafe step, not decreasing enough the objective.")
    return said
