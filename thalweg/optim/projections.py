"""Projections: the nearest point of a set, for a tree of parameters as one vector.

Each is a function to apply after a step: `params = projection_simplex(params)`.
"""

from __future__ import annotations

from typing import Any

from thalweg import tree
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import absolute, sign, sqrt, square
from thalweg.ops.elementwise.comparison import (
    equal,
    less_equal,
    logical_not,
    maximum,
    minimum,
    where,
)
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.order.sort import sort
from thalweg.ops.reduce.extremes import max
from thalweg.ops.reduce.sums import cumsum
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.special.activations import relu
from thalweg.optim.ranges import NON_NEGATIVE
from thalweg.optim.transformation import each
from thalweg.optim.wholes import added, as_vector, inner, norm, scaled, sum_of_squares
from thalweg.tree import Tree

__all__ = [
    "projection_box",
    "projection_halfspace",
    "projection_hypercube",
    "projection_hyperplane",
    "projection_l1_ball",
    "projection_l1_sphere",
    "projection_l2_ball",
    "projection_l2_sphere",
    "projection_linf_ball",
    "projection_non_negative",
    "projection_simplex",
    "projection_vector",
]


# ---- boxes


@on_tensors
def projection_non_negative(tree: Tree) -> Tree:
    """Project onto the non-negative orthant: max(x, 0).

    Args:
        tree: x, a tree of arrays.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.projections.projection_non_negative(np.array([-1.0, 2.0]))
        array([0., 2.])
    """
    return each(relu, tree)


@on_tensors
def projection_box(tree: Tree, lower: Any, upper: Any) -> Tree:
    """Project onto a box: min(max(x, l), u).

    Args:
        tree: x, a tree of arrays.
        lower: l, a number or an array, or a tree of them that is x's down to some depth.
        upper: u, likewise, at least l.

    Raises:
        ShapeError: If the bounds are nested otherwise than x.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.projections.projection_box(np.array([-1.0, 0.5, 2.0]), 0.0, 1.0)
        array([0. , 0.5, 1. ])
    """
    return _clipped(tree, lower, upper)


def _clipped(x: Tree, lower: Any, upper: Any) -> Tree:
    leaves, definition = tree.flatten(x)
    bounds = [tree.prefix_leaves(bound, x) for bound in (lower, upper)]
    clipped = [
        minimum(maximum(leaf, low), up) for leaf, low, up in zip(leaves, *bounds, strict=True)
    ]
    return tree.unflatten(definition, clipped)


@on_tensors
def projection_hypercube(tree: Tree, scale: Any = 1) -> Tree:
    """Project onto a hypercube: min(max(x, 0), s).

    Args:
        tree: x, a tree of arrays.
        scale: s, in [0, ∞), a number or a tree of them as of `projection_box`.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.projections.projection_hypercube(np.array([-1.0, 0.5, 2.0]))
        array([0. , 0.5, 1. ])
    """
    return _clipped(tree, 0, scale)


@on_tensors
def projection_linf_ball(tree: Tree, scale: Any = 1) -> Tree:
    """Project onto the ball of the largest absolute: min(max(x, -s), s).

    Args:
        tree: x, a tree of arrays.
        scale: s, the radius, in [0, ∞).

    Raises:
        ArgumentError: If the radius is outside.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.projections.projection_linf_ball(np.array([-3.0, 0.5]))
        array([-1. ,  0.5])
    """
    NON_NEGATIVE.check(scale=scale)
    return each(lambda x: minimum(maximum(x, -as_tensor(scale)), scale), tree)


# ---- the simplex, and the sums of absolutes


def onto_simplex(x: Tensor, scale: Any) -> Tensor:
    """Return the non-negative vectors of a given sum that are nearest, along the last axis.

    max(x - τ, 0), with τ the largest of (Σ of the k largest x - s) / k. Its derivative takes the
    entries that stay positive as given.
    """
    # All is as well counted from the largest, which leaves small sums their digits.
    x = x - stop_gradient(max(x, -1, keepdims=True))
    # What stays positive is found without a history: τ's derivative is that of a mean.
    sums = cumsum(sort(stop_gradient(x), -1, descending=True), -1)
    counts = astype(arange(1, x.shape[-1] + 1), x.dtype)
    largest = max((sums - stop_gradient(as_tensor(scale))) / counts, -1, keepdims=True)
    within = logical_not(less_equal(x, largest))
    count = total(astype(within, x.dtype), -1, keepdims=True)
    rest = total(where(within, x, 0.0), -1, keepdims=True) - scale
    # Where the sum is 0, nothing is within.
    return relu(x - where(equal(count, 0), largest, rest / maximum(count, 1.0)))


@on_tensors
def projection_simplex(tree: Tree, scale: Any = 1) -> Tree:
    """Project onto the simplex: what is nearest of all that is non-negative and sums to s.

        max(x - τ, 0), with τ = max over k of (Σ of the k largest x - s) / k

    Args:
        tree: x, a tree of arrays, all of them together one vector.
        scale: s, what is to be the sum, in [0, ∞).

    Raises:
        ArgumentError: If the sum is outside.

    Source:
        Held, Wolfe & Crowder, "Validation of Subgradient Optimization", 1974; Duchi et al.,
        "Efficient Projections onto the ℓ₁-Ball", 2008, figure 1.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.projections.projection_simplex(np.array([0.5, 1.0, -1.0]))
        array([0.25, 0.75, 0.  ])
    """
    return _simplex(tree, scale)


def _simplex(x: Tree, scale: Any) -> Tree:
    NON_NEGATIVE.check(scale=scale)
    vector, restored = as_vector(x)
    return restored(onto_simplex(vector, scale)) if vector.size else x


@on_tensors
def projection_l1_sphere(tree: Tree, scale: Any = 1) -> Tree:
    """Project onto the sphere of the sum of absolutes: sign(x) times the projection of |x|.

    Args:
        tree: x, a tree of arrays, all of them together one vector.
        scale: s, what is to be Σ |x|, in [0, ∞).

    Raises:
        ArgumentError: If the sum is outside.

    Source:
        Duchi et al., "Efficient Projections onto the ℓ₁-Ball", 2008.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.projections.projection_l1_sphere(np.array([-3.0, 2.5]))
        array([-0.75,  0.25])
    """
    return _l1_sphere(tree, scale)


def _l1_sphere(x: Tree, scale: Any) -> Tree:
    return each(lambda leaf, size: sign(leaf) * size, x, _simplex(each(absolute, x), scale))


@on_tensors
def projection_l1_ball(tree: Tree, scale: Any = 1) -> Tree:
    """Project onto the ball of the sum of absolutes: x if Σ |x| ≤ s, else onto its sphere.

    Args:
        tree: x, a tree of arrays, all of them together one vector.
        scale: s, the radius, in [0, ∞).

    Raises:
        ArgumentError: If the radius is outside.

    Source:
        Duchi et al., "Efficient Projections onto the ℓ₁-Ball", 2008.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.projections.projection_l1_ball(np.array([-0.25, 0.5]))
        array([-0.25,  0.5 ])
    """
    inside = less_equal(added(each(lambda x: total(absolute(x)), tree)), scale)
    return each(lambda x, y: where(inside, x, y), tree, _l1_sphere(tree, scale))


# ---- Euclid's norm


@on_tensors
def projection_l2_sphere(tree: Tree, scale: Any = 1) -> Tree:
    """Project onto the sphere of Euclid's norm: s x / |x|.

    Args:
        tree: x, a tree of arrays, all of them together one vector; not 0.
        scale: s, the radius, in [0, ∞).

    Raises:
        ArgumentError: If the radius is outside.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.projections.projection_l2_sphere(np.array([3.0, 4.0]))
        array([0.6, 0.8])
    """
    NON_NEGATIVE.check(scale=scale)
    factor = scale / norm(tree)
    return scaled(factor, tree)


@on_tensors
def projection_l2_ball(tree: Tree, scale: Any = 1) -> Tree:
    """Project onto the ball of Euclid's norm: s x / √max(|x|², s²).

    Args:
        tree: x, a tree of arrays, all of them together one vector.
        scale: s, the radius, in (0, ∞).

    Raises:
        ArgumentError: If the radius is outside.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.projections.projection_l2_ball(np.array([3.0, 4.0]))
        array([0.6, 0.8])
    """
    NON_NEGATIVE.check(scale=scale)
    factor = scale / sqrt(maximum(sum_of_squares(tree), square(scale)))
    return scaled(factor, tree)


# ---- lines and planes


@on_tensors
def projection_vector(x: Tree, a: Tree) -> Tree:
    """Project onto the line through a vector: a ⟨x, a⟩ / ⟨a, a⟩.

    Args:
        x: A tree of arrays, all of them together one vector.
        a: A tree of the same structure, not 0.

    Raises:
        ShapeError: If the structures differ.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.projections.projection_vector(np.array([3.0, 4.0]), np.array([2.0, 0.0]))
        array([3., 0.])
    """
    factor = inner(x, a) / inner(a, a)
    return scaled(factor, a)


@on_tensors
def projection_hyperplane(x: Tree, a: Tree, b: Any) -> Tree:
    """Project onto a hyperplane, ⟨x, a⟩ = b: x + a (b - ⟨x, a⟩) / ⟨a, a⟩.

    Args:
        x: A tree of arrays, all of them together one vector.
        a: A tree of the same structure, not 0.
        b: A number.

    Raises:
        ShapeError: If the structures differ.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> plane = np.array([1.0, 1.0]), 3.0
        >>> tw.optim.projections.projection_hyperplane(np.array([0.0, 1.0]), *plane)
        array([1., 2.])
    """
    factor = (b - inner(x, a)) / inner(a, a)
    return each(lambda leaf, normal: leaf + factor * normal, x, a)


@on_tensors
def projection_halfspace(x: Tree, a: Tree, b: Any) -> Tree:
    """Project onto a half-space, ⟨x, a⟩ ≤ b: x + a min(0, b - ⟨x, a⟩) / ⟨a, a⟩.

    Args:
        x: A tree of arrays, all of them together one vector.
        a: A tree of the same structure, not 0.
        b: A number.

    Raises:
        ShapeError: If the structures differ.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> half = np.array([1.0, 1.0]), 3.0
        >>> tw.optim.projections.projection_halfspace(np.array([3.0, 2.0]), *half)
        array([2., 1.])
    """
    factor = minimum((b - inner(x, a)) / inner(a, a), 0)
    return each(lambda leaf, normal: leaf + factor * normal, x, a)
