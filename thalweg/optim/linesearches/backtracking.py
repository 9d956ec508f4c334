"""Backtracking: ever smaller steps, until the loss has decreased enough."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from thalweg.autodiff.functional import grad as gradient_of
from thalweg.control.conditional import while_loop
from thalweg.core.tensor import as_tensor, astype
from thalweg.ops.creation.creation import asarray, full, ones, zeros_like
from thalweg.ops.elementwise.comparison import (
    greater,
    less_equal,
    logical_and,
    logical_not,
    maximum,
    minimum,
    where,
)
from thalweg.ops.elementwise.floats import isinf, isnan
from thalweg.optim.linesearches.line import bound, is_known, kind_of_value, moved, slope_of
from thalweg.optim.ranges import GROWTH, NON_NEGATIVE, POSITIVE
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

__all__ = ["ScaleByBacktrackingLinesearchState", "scale_by_backtracking_linesearch"]


class BacktrackingLinesearchInfo(NamedTuple):
    """How a backtracking line search ended."""

    num_linesearch_steps: Any  # how many steps were tried
    decrease_error: Any  # by how much the last one misses the decrease; ∞ for a loss of NaN


class ScaleByBacktrackingLinesearchState(NamedTuple):
    """The state of `scale_by_backtracking_linesearch`."""

    learning_rate: Any
    value: Any  # the loss at the new parameters
    grad: Any  # its gradient there; None unless `store_grad`
    info: BacktrackingLinesearchInfo


@factory
def scale_by_backtracking_linesearch(
    max_backtracking_steps: int,
    slope_rtol: float = 1e-4,
    decrease_factor: float = 0.8,
    increase_factor: float = 1.5,
    max_learning_rate: float = 1.0,
    atol: float = 0.0,
    rtol: float = 0.0,
    store_grad: bool = False,
    verbose: bool = False,
) -> GradientTransformation:
    """Scale updates by the first of ever smaller rates with which the loss decreases enough.

        η = min(increase · ηₜ₋₁, η_max), then η = decrease · η, until
        f(w + η u) ≤ (1 + rtol) f(w) + η · slope_rtol · ⟨u, ∇f(w)⟩ + atol

    `update` wants further arguments: `value`, `grad`, and `value_fn`, the loss as a function of the
    parameters; what else is given is passed to it.

    Args:
        max_backtracking_steps: How often the rate is made smaller at most.
        slope_rtol: The part of the slope that the decrease must have, in [0, ∞).
        decrease_factor: What the rate is made smaller by, in (0, ∞); most often below 1.
        increase_factor: What the first rate of a search grows by, in (0, ∞]; most often above 1.
        max_learning_rate: The largest rate, in (0, ∞).
        atol: By how much the decrease may be missed, in [0, ∞).
        rtol: The same, as a part of the loss, in [0, ∞).
        store_grad: Whether the gradient at the new parameters is computed and kept in the state.
        verbose: Whether a search that found no rate says so, where values are known.

    Raises:
        ArgumentError: If a number is outside its range.
        CallError: By `update`, if it gets arguments that the loss does not take.

    Source:
        Armijo, "Minimization of Functions Having Lipschitz Continuous First Partial Derivatives",
        1966; Vaswani et al., "Painless Stochastic Gradient", 2019. arXiv:1905.09997

    Example:
        >>> import numpy as np, thalweg as tw
        >>> f = lambda w: np.sum(w**2)
        >>> search = tw.optim.scale_by_backtracking_linesearch(15)
        >>> w = np.array([1.0, -1.0])
        >>> value, grad = tw.value_and_grad(f)(w)
        >>> updates, state = search.update(
        ...     -grad, search.init(w), w, value=value, grad=grad, value_fn=f
        ... )
        >>> round(float(state.learning_rate), 3), bool(f(w + updates) < value)
        (0.8, True)
    """
    POSITIVE.check(decrease_factor=decrease_factor)
    GROWTH.check(increase_factor=increase_factor)
    POSITIVE.check(max_learning_rate=max_learning_rate)
    NON_NEGATIVE.check(slope_rtol=slope_rtol, atol=atol, rtol=rtol)

    def init(params: Params) -> ScaleByBacktrackingLinesearchState:
        kind = kind_of_value(params)
        infinite = full((), math.inf, dtype=kind)
        kept = each(zeros_like, params) if store_grad else None
        info = BacktrackingLinesearchInfo(asarray(0), infinite)
        return ScaleByBacktrackingLinesearchState(ones((), dtype=kind), infinite, kept, info)

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
        weights = needed(params, "scale_by_backtracking_linesearch")
        loss = bound("scale_by_backtracking_linesearch", value_fn, extra_args)
        kind = kind_of_value(weights)
        slope, start = slope_of(grad, updates), as_tensor(value)

        def attempt(rate: Any) -> tuple[Any, Any]:
            """Return the loss at a rate, and by how much it misses the decrease."""
            found = as_tensor(loss(moved(weights, rate, updates)))
            error = found - (1.0 + rtol) * start - rate * slope_rtol * slope
            error = maximum(where(isnan(error), math.inf, error), 0.0)
            return astype(found, kind), astype(error, kind)

        first = astype(minimum(increase_factor * state.learning_rate, max_learning_rate), kind)
        begun = first, astype(start, kind), full((), math.inf, dtype=kind), asarray(0)
        rate, found, error, count = _searched(
            attempt, begun, decrease_factor, atol, max_backtracking_steps
        )
        if verbose:
            _tell(error, atol, rate, value, slope)
        # The last rate that was tried is the one whose gradient is kept.
        kept = gradient_of(loss)(moved(weights, rate, updates)) if store_grad else None
        rate = where(isinf(error), 0.0, rate)
        info = BacktrackingLinesearchInfo(count, error)
        new = ScaleByBacktrackingLinesearchState(rate, found, kept, info)
        return cast_like(scaled(rate, updates), updates), cast_like(new, state)

    return GradientTransformation(init, update)


def _searched(
    attempt: Callable[[Any], tuple[Any, Any]], begun: Any, factor: Any, atol: Any, most: Any
) -> Any:
    """Return the rate, the loss there, its error, and the number of rates tried."""

    def going_on(search: Any) -> Any:
        _, _, error, count = search
        return logical_and(logical_not(less_equal(error, atol)), less_equal(count, most))

    def turn(search: Any) -> Any:
        rate, _, _, count = search
        rate = astype(where(greater(count, 0), factor * rate, rate), rate.dtype)
        return rate, *attempt(rate), count + 1

    return while_loop(going_on, turn, begun)


def _tell(error: Any, atol: Any, rate: Any, value: Any, slope: Any) -> None:
    """Say that a search found no rate, if its values are known."""
    if not is_known(error) or float(error) <= atol:
        return
    lines = [
        "INFO: scale_by_backtracking_linesearch: Backtracking linesearch failed to find a stepsize "
        "ensuring sufficient decrease.",
        f"Value at current params: {float(value)}",
        f"Slope along update direction: {float(slope)}",
        f"Stepsize: {float(rate)}",
        f"Decrease Error: {float(error)}",
    ]
    if math.isinf(float(error)):
        lines.append("Using a stepsize of 0 to avoid infinite or nan values.")
    sys.stdout.write("\n".join([*lines, ""]))
