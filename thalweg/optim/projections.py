"""Projections: the nearest point of a set, for a tree of parameters as one vector.

Each is a function to apply after a step: `params = projection_simplex(params)`.
"""

from __future__ import annotations

from typing import Any

from thalweg import tree
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import absolute, multiply, sign, sqrt, square
from thalweg.ops.elementwise.comparison import less_equal, logical_not, maximum, minimum, where
from thalweg.ops.elementwise.conversion import as_floating, stop_gradient
from thalweg.ops.linalg.products import vdot
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.order.sort import sort
from thalweg.ops.reduce.extremes import max
from thalweg.ops.reduce.sums import cumsum
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import ravel, reshape
from thalweg.ops.special.activations import relu
from thalweg.optim.ranges import NON_NEGATIVE
from thalweg.optim.transformation import common_dtype, each
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
    # What is largest is found without a history: τ's derivative is that of a mean.
    ordered = sort(stop_gradient(x), -1, descending=True)
    counts = astype(arange(1, x.shape[-1] + 1), x.dtype)
    partial = (cumsum(ordered, -1) - stop_gradient(_column(scale, x))) / counts
    within = logical_not(less_equal(x, max(partial, -1, keepdims=True)))
    count = total(astype(within, x.dtype), -1, keepdims=True)
    threshold = (total(where(within, x, 0.0), -1, keepdims=True) - _column(scale, x)) / maximum(
        count, 1.0
    )
    return relu(x - threshold)


def _column(scale: Any, x: Tensor) -> Any:
    """Return a number as it is, and one for each vector as a column."""
    return scale if not isinstance(scale, Tensor) else astype(scale, x.dtype)


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
    leaves, definition = tree.flatten(x)
    tensors = [as_floating(leaf, None) for leaf in leaves]
    if not tensors:
        return x
    dtype = common_dtype(tensors)
    vector = concatenate([ravel(astype(tensor, dtype)) for tensor in tensors])
    found, parts, start = onto_simplex(vector, scale), [], 0
    for tensor in tensors:
        part = found[start : start + tensor.size]
        parts.append(astype(reshape(part, tuple(tensor.shape)), tensor.dtype))
        start += tensor.size
    return tree.unflatten(definition, parts)


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
    inside = less_equal(_added(each(lambda x: total(absolute(x)), tree)), scale)
    return each(lambda x, y: where(inside, x, y), tree, _l1_sphere(tree, scale))


# ---- Euclid's norm


def _added(parts: Tree) -> Any:
    """Return the sum of the leaves, 0 if there are none."""
    found: Any = 0
    for part in tree.leaves(parts):
        found = found + part
    return found


def _squared_norm(x: Tree) -> Any:
    return _added(each(lambda leaf: total(square(absolute(leaf))), x))


def _inner(x: Tree, y: Tree) -> Any:
    return _added(each(vdot, x, y))


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
    factor = scale / sqrt(_squared_norm(tree))
    return each(lambda x: multiply(factor, x), tree)


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
    factor = scale / sqrt(maximum(_squared_norm(tree), square(scale)))
    return each(lambda x: multiply(factor, x), tree)


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
    factor = _inner(x, a) / _inner(a, a)
    return each(lambda leaf: multiply(factor, leaf), a)


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
    factor = (b - _inner(x, a)) / _inner(a, a)
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
    factor = minimum((b - _inner(x, a)) / _inner(a, a), 0)
    return each(lambda leaf, normal: leaf + factor * normal, x, a)
