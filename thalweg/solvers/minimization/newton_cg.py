"""Newton-CG: Newton's direction, as far as conjugate gradients are worth following to it."""

from __future__ import annotations

from typing import NamedTuple

from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import asarray, zeros_like
from thalweg.ops.elementwise.arithmetic import absolute, sqrt
from thalweg.ops.elementwise.comparison import minimum, where
from thalweg.ops.linalg.products import dot
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import Iterate, Settings, rounding
from thalweg.solvers.method import Method
from thalweg.solvers.minimization.descent import Memory, descend
from thalweg.solvers.minimization.gradient_descent import SteepestRule


class Approach(NamedTuple):
    """Conjugate gradients under way to the solution of H p = -g.

    Attributes:
        p: How far they are.
        residual: H p + g.
        way: Where they go.
        products: How many products with H were made.
        ended: Whether they are at their end.
    """

    p: Vector
    residual: Vector
    way: Vector
    products: Tensor
    ended: Tensor


class TruncatedNewtonRule(SteepestRule):
    """The direction p with |H p + g|₁ ≤ min(½, √|g|₁) |g|₁.

    Where the function bends downwards on the way there, it is what was reached before; the
    steepest direction if that was nothing.
    """

    def direction(
        self, memory: Memory, at: Iterate, function: SmoothFunction
    ) -> tuple[Vector, Tensor]:
        """Return the direction, and the number of products."""
        g = at.gradient
        whole = absolute(g).sum()
        tolerance = minimum(0.5, sqrt(whole)) * whole
        most = 20 * g.shape[0]

        def turn(now: Approach) -> Approach:
            turned = function.product(at.x, now.way)
            bend, square = dot(now.way, turned), dot(now.residual, now.residual)
            bent = ~(bend > 3.0 * rounding(g) * dot(now.way, now.way))
            step = square / where(bent, 1.0, bend)
            p, residual = now.p + step * now.way, now.residual + step * turned
            way = (dot(residual, residual) / square) * now.way - residual
            small = absolute(residual).sum() <= tolerance
            first = bent & (now.products == 0)
            count = now.products + 1
            # As far as the curvature, turned upwards, lets the steepest direction go.
            downhill = -(square / where(bend < 0.0, -bend, square)) * g
            return Approach(
                where(first, downhill, where(bent, now.p, p)),
                residual,
                way,
                count,
                bent | small | (count >= most),
            )

        begun = Approach(zeros_like(g), g, -g, asarray(0), asarray(False))
        found: Approach = while_loop(lambda now: ~now.ended, turn, begun)
        return found.p, found.products


def newton_cg(function: SmoothFunction, x: Vector, settings: Settings) -> Iterate:
    """Minimize by Newton's method with truncated conjugate gradients and a line search.

    Source:
        Dembo & Steihaug, "Truncated-Newton Algorithms for Large-Scale Unconstrained Optimization",
        1983; Nocedal & Wright, "Numerical Optimization", 2006, algorithm 7.1.
    """
    return descend(function, x, TruncatedNewtonRule(), settings)


NEWTON_CG = Method(
    "newton-cg",
    newton_cg,
    {"xtol": 1e-5, "gtol": 0.0, "maxiter": -200, "c1": 1e-4, "c2": 0.9, "maxls": 20},
    {"norm": float("inf"), "linesearch": "more-thuente", "unit_steps": True},
    tolerances=("xtol",),
)
