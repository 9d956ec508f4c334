"""Trust-NCG: conjugate gradients to the minimum of the model, or to the edge of its region."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import asarray, zeros_like
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.linalg.norms import vector_norm
from thalweg.ops.linalg.products import dot
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import Iterate, Settings
from thalweg.solvers.method import Method
from thalweg.solvers.minimization.trust_region import ModelStep, trust_region


class Walk(NamedTuple):
    """Conjugate gradients under way within the region.

    Attributes:
        p: How far they are.
        turned: H p.
        residual: H p + g.
        way: Where they go.
        products: How many products with H were made.
        on_edge: Whether they have met the edge.
        ended: Whether they are at their end.
    """

    p: Vector
    turned: Vector
    residual: Vector
    way: Vector
    products: Tensor
    on_edge: Tensor
    ended: Tensor


def steihaug(function: SmoothFunction, at: Iterate, _: Any, radius: Tensor) -> ModelStep:
    """Return a step with |H p + g| ≤ min(½, √|g|) |g|, or where the way to it leaves the region.

    The way is left at the edge too where the function bends downwards along it.

    Source:
        Steihaug, "The Conjugate Gradient Method and Trust Regions in Large Scale Optimization",
        1983, algorithm (2.6).
    """
    g = at.gradient
    length = vector_norm(g)
    tolerance = minimum(0.5, sqrt(length)) * length
    most = 20 * g.shape[0]

    def turn(walk: Walk) -> Walk:
        p, way = walk.p, walk.way
        bent_way = function.product(at.x, way)
        bend, square = dot(way, bent_way), dot(walk.residual, walk.residual)
        inner = square / where(bend == 0.0, 1.0, bend)
        leaves = ~(bend > 0.0) | ~(vector_norm(p + inner * way) < radius)
        # The positive root of |p + t d| = radius, without cancellation.
        a, b, c = dot(way, way), dot(p, way), dot(p, p) - radius * radius
        root = sqrt(maximum(b * b - a * c, 0.0))
        edge = where(b > 0.0, -c / (b + root), (root - b) / a)
        step = where(leaves, edge, inner)
        residual = walk.residual + step * bent_way
        count = walk.products + 1
        ended = leaves | (vector_norm(residual) <= tolerance) | (count >= most)
        onward = (dot(residual, residual) / square) * way - residual
        turned = walk.turned + step * bent_way
        return Walk(p + step * way, turned, residual, onward, count, leaves, ended)

    zero, no = zeros_like(g), asarray(False)
    begun = Walk(zero, zero, g, -g, asarray(0), no, no)
    walk: Walk = while_loop(lambda walk: ~walk.ended, turn, begun)
    return ModelStep(walk.p, walk.turned, walk.on_edge, walk.products)


def trust_ncg(function: SmoothFunction, x: Vector, settings: Settings) -> Iterate:
    """Minimize by trust regions with Steihaug's conjugate gradients: products with H alone.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, algorithms 4.1 and 7.2.
    """
    return trust_region(function, x, steihaug, settings)


TRUST_NUMBERS = {
    "gtol": 1e-4, "initial_trust_radius": 1.0, "max_trust_radius": 1000.0, "eta": 0.15,
    "maxiter": -200,
}  # fmt: skip

TRUST_NCG = Method("trust-ncg", trust_ncg, TRUST_NUMBERS, {"norm": 2})
