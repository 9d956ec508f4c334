"""Trust-exact: about the least of the model within its region, by factors of the whole Hessian."""

from __future__ import annotations

import functools
from typing import NamedTuple

from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import asarray, eye
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import absolute, sqrt
from thalweg.ops.elementwise.comparison import maximum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.linalg.matrices import eigh
from thalweg.ops.linalg.norms import vector_norm
from thalweg.ops.linalg.products import dot
from thalweg.ops.reduce.sums import all as every
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import Iterate, Settings, rounding
from thalweg.solvers.method import Method
from thalweg.solvers.minimization.trust_ncg import TRUST_NUMBERS
from thalweg.solvers.minimization.trust_region import ModelStep, trust_region

# How near the edge, beside the radius, a step is near enough, and how near the model's value is to
# the least one: Moré & Sorensen's σ₁.
_NEAR = 0.1

_MOST_TURNS = 60


class Curvature(NamedTuple):
    """A Hessian and what is known of it.

    Attributes:
        matrix: H.
        values: Its eigenvalues in order.
        vectors: Its eigenvectors as columns.
        newton: -H⁻¹ g, if H is positive.
        convex: Whether it is.
    """

    matrix: Tensor
    values: Vector
    vectors: Tensor
    newton: Vector
    convex: Tensor


def curvature(function: SmoothFunction, x: Vector) -> Curvature:
    """Return what is to be known of the Hessian at a point.

    Newton's step is that of the matrix scaled to a diagonal of ones, whose eigenvalues rounding
    leaves right where only the units of the variables differ much.
    """
    gradient, found = function.gradient(x), function.hessian(x)
    # A Hessian that is not finite says nothing: the model is then a sphere.
    matrix = where(every(isfinite(found)), found, eye(x.shape[0], dtype=x.dtype))
    diagonal = absolute(matrix.diagonal())
    scale = 1.0 / sqrt(where(diagonal > 0.0, diagonal, 1.0))
    values, vectors = eigh(scale[:, None] * matrix * scale[None, :])
    convex = values[0] > x.shape[0] * rounding(x)
    inside = ((scale * gradient) @ vectors) / where(convex, values, 1.0)
    return Curvature(matrix, *eigh(matrix), -scale * (vectors @ inside), convex)


class Shift(NamedTuple):
    """A search for λ: what it is, between what it lies, how often it was changed, the end."""

    value: Tensor
    least: Tensor
    most: Tensor
    turns: Tensor
    ended: Tensor


def _between(least: Tensor, most: Tensor) -> Tensor:
    return maximum(sqrt(least * most), least + 0.01 * (most - least))


def more_sorensen(
    function: SmoothFunction, at: Iterate, hessian: Curvature, radius: Tensor
) -> ModelStep:
    """Return about the step p with (H + λ I) p = -g, |p| ≤ Δ, λ (Δ - |p|) = 0 and H + λ I ≥ 0.

    λ is found by Newton's method on 1 / Δ - 1 / |p(λ)|, which is nearly linear, between bounds
    that each turn narrows. A step that is too short is made as long as Δ along the eigenvector of
    the lowest value, if the model is as good as at its least then: so in the hard case, where g
    has no part along that.

    Source:
        Moré & Sorensen, "Computing a Trust Region Step", 1983, section 3.
    """
    values, vectors = hessian.values, hessian.vectors
    g = at.gradient @ vectors
    lowest, tiny = values[0], rounding(g)
    scale = maximum(absolute(values).max(), vector_norm(g) / radius)
    floor = maximum(-lowest, 0.0)

    def solved(shift: Tensor) -> tuple[Vector, Vector]:
        bend = values + shift
        return where(bend > 0.0, -g / where(bend > 0.0, bend, 1.0), 0.0), bend

    def lengthened(shift: Tensor, p: Vector, bend: Vector) -> tuple[Vector, Tensor]:
        """Return a step made as long as the radius, and whether the model is good there."""
        is_first = arange(g.shape[0]) == 0
        rest = where(is_first, 0.0, p)
        onward = sqrt(maximum(radius * radius - dot(rest, rest), 0.0))
        # To whichever side g slopes down.
        whole = where(is_first, where(g[0] > 0.0, -onward, onward), p)
        added = whole - p
        lost = dot(added, bend * added)
        least = _NEAR * (2.0 - _NEAR) * (dot(p, bend * p) + shift * radius * radius)
        return whole, (vector_norm(p) <= radius) & (lost <= least)

    def turn(search: Shift) -> Shift:
        p, bend = solved(search.value)
        length = vector_norm(p)
        squared = dot(p, p / where(bend > 0.0, bend, 1.0))
        least = where(length > radius, search.value, search.least)
        most = where(length > radius, search.most, search.value)
        newton = search.value + (dot(p, p) / squared) * (length - radius) / radius
        within = (newton > least) & (newton < most)
        value = where(within, newton, _between(least, most))
        count = search.turns + 1
        near = absolute(length - radius) <= _NEAR * radius
        near = near | lengthened(search.value, p, bend)[1]
        ended = near | (count >= _MOST_TURNS) | ~(most - least > 4.0 * tiny * most)
        return Shift(where(near, search.value, value), least, most, count, ended)

    inside = hessian.convex & (vector_norm(hessian.newton) <= radius)
    # Along eigenvectors of the lowest value, at λ = -value, the step is free.
    barely = floor + 4.0 * tiny * scale
    most = floor + vector_norm(g) / radius + 4.0 * tiny * scale
    hard = lengthened(barely, *solved(barely))[1]
    begun = Shift(
        where(hard, barely, _between(barely, most)), floor, most, asarray(0), inside | hard
    )
    found = while_loop(lambda search: ~search.ended, turn, begun).value
    p, bend = solved(found)
    whole, good = lengthened(found, p, bend)
    p = where(good & (vector_norm(p) < (1.0 - _NEAR) * radius), whole, p)
    p = where(inside, hessian.newton, vectors @ p)
    return ModelStep(p, hessian.matrix @ p, ~inside, 0)


def trust_exact(function: SmoothFunction, x: Vector, settings: Settings) -> Iterate:
    """Minimize by trust regions with about the least of each model: the whole Hessian is made.

    Source:
        Moré & Sorensen, "Computing a Trust Region Step", 1983; Nocedal & Wright, "Numerical
        Optimization", 2006, algorithms 4.1 and 4.3.
    """
    known = functools.partial(curvature, function)
    return trust_region(function, x, more_sorensen, settings, known)


TRUST_EXACT = Method("trust-exact", trust_exact, TRUST_NUMBERS, {"norm": 2})
