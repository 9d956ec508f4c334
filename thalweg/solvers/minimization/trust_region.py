"""Trust regions: a quadratic model is minimized as far around as it is to be trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from thalweg.control.branches import cond
from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import minimum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.linalg.products import dot
from thalweg.ops.reduce.sums import all as every
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import (
    GOING,
    SMALL_MODEL,
    Iterate,
    Settings,
    ending_after,
    first_iterate,
    rounding,
    scalar_like,
)

# So many units of the last place are lost in a difference of values.
_ROUNDINGS = 10.0


class ModelStep(NamedTuple):
    """A step to the least value of the model that was looked for.

    Attributes:
        p: The step.
        turned: H p.
        on_edge: Whether it ends on the edge of the region.
        products: How many products with the Hessian it took.
    """

    p: Vector
    turned: Vector
    on_edge: Tensor
    products: Any


# Maps (function, iterate, what is known of the Hessian there, radius) to a step.
Subproblem = Callable[[SmoothFunction, Iterate, Any, Tensor], ModelStep]


class TrustRegion(NamedTuple):
    """A run by trust regions under way: where it is, the Hessian there, and the radius."""

    at: Iterate
    hessian: Any
    radius: Tensor


def trust_region(
    function: SmoothFunction,
    x: Vector,
    subproblem: Subproblem,
    settings: Settings,
    hessian: Callable[[Vector], Any] | None = None,
) -> Iterate:
    """Return the last iterate of steps within regions that grow where the model is right.

        ρ = (f(x) - f(x + p)) / (m(0) - m(p)),  m(p) = f(x) + ⟨g, p⟩ + ½ ⟨p, H p⟩

    A step is made if ρ > η; the radius is a quarter if ρ < ¼, and twice as large if ρ > ¾ and the
    step was as long as it could be.

    Args:
        function: What is minimized.
        x: Where to start.
        subproblem: Minimizes the model.
        settings: Tolerances and limits.
        hessian: What the subproblem needs to know, computed once at each new point.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, algorithm 4.1; of ρ beside rounding,
        Conn, Gould & Toint, "Trust-Region Methods", 2000, section 17.4.2.
    """
    at = first_iterate(function, x, settings)
    know = (lambda x: ()) if hessian is None else hessian

    def turn(region: TrustRegion) -> TrustRegion:
        before, radius = region.at, region.radius
        step = subproblem(function, before, region.hessian, radius)
        predicted = -(dot(before.gradient, step.p) + 0.5 * dot(step.p, step.turned))
        point = before.x + step.p
        value, gradient = function.both(point)
        finite = isfinite(value) & every(isfinite(gradient))
        # What rounding may make of a difference of values is as good as what is predicted.
        noise = _ROUNDINGS * rounding(x) * absolute(before.value)
        ratio = where(finite, (before.value - value + noise) / (predicted + noise), -1.0)
        moved = (ratio > settings["eta"]) & (predicted > 0.0)
        grown = where(
            (ratio > 0.75) & step.on_edge,
            minimum(2.0 * radius, settings["max_trust_radius"]),
            radius,
        )
        new_radius = where(ratio < 0.25, 0.25 * radius, grown)
        count = before.nhev + step.products
        if hessian is not None:
            count = count + astype(moved, count.dtype)
        after = Iterate(
            where(moved, point, before.x),
            where(moved, value, before.value),
            where(moved, gradient, before.gradient),
            before.nit + 1,
            before.nfev + 1,
            before.njev + 1,
            count,
            before.ending,
        )
        ending = ending_after(function, before, after, ~(radius > 0.0), settings)
        # Where values tell nothing any more, the gradient has to shrink.
        shrunk = dot(gradient, gradient) < dot(before.gradient, before.gradient)
        lost = ~((predicted > noise) | ((predicted > 0.0) & shrunk)) & (ending == GOING)
        after = after._replace(ending=where(lost, SMALL_MODEL, ending))
        known = cond(moved, know, lambda _: region.hessian, after.x)
        return TrustRegion(after, known, astype(new_radius, radius.dtype))

    start = scalar_like(x, 1.0) * settings["initial_trust_radius"]
    if hessian is not None:
        at = at._replace(nhev=asarray(1))
    begun = TrustRegion(at, know(x), start)
    last: TrustRegion = while_loop(lambda region: region.at.goes_on, turn, begun)
    return last.at
