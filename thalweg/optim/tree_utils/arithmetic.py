"""Arithmetic on whole trees, leaf by leaf, and numbers computed of all leaves together."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar

from thalweg import tree as trees
from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import asarray, full_like, ones_like, zeros_like
from thalweg.ops.elementwise.arithmetic import absolute, add, power, sqrt, square
from thalweg.ops.elementwise.comparison import logical_and, maximum, minimum, where
from thalweg.ops.elementwise.complex import conj, imag, real
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.linalg.products import vdot
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.reduce.extremes import max as largest
from thalweg.ops.reduce.extremes import min as smallest
from thalweg.ops.reduce.statistics import allclose
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.tree import Tree

__all__ = [
    "tree_add", "tree_add_scale", "tree_allclose", "tree_batch_shape", "tree_bias_correction",
    "tree_clip", "tree_conj", "tree_div", "tree_full_like", "tree_max", "tree_min", "tree_mul",
    "tree_norm", "tree_ones_like", "tree_real", "tree_scale", "tree_size", "tree_sub", "tree_sum",
    "tree_update_infinity_moment", "tree_update_moment", "tree_update_moment_per_elem_norm",
    "tree_vdot", "tree_where", "tree_zeros_like",
]  # fmt: skip

Leaves = TypeVar("Leaves")  # what a tree is, its results are


def _each(function: Callable[..., Any], tree: Leaves, *rest: Tree) -> Leaves:
    """Apply a function to corresponding leaves, as tensors; None in the first tree stays."""
    found: Leaves = trees.map_present(lambda *leaves: function(*map(asarray, leaves)), tree, *rest)
    return found


def _over_all(function: Callable[[Any, Any], Any], numbers: Tree, start: Any) -> Any:
    """Join the numbers of all leaves, in their order; the start alone if there are none."""
    found = trees.leaves(numbers)
    return functools.reduce(function, found) if found else asarray(start)


# ---- leaf by leaf


@on_tensors
def tree_add(tree_x: Leaves, tree_y: Tree, *other_trees: Tree) -> Leaves:
    """Add trees of one structure.

    Raises:
        ShapeError: If the trees differ in structure, or shapes do not broadcast.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.add({"w": 1.0}, {"w": 2.0}, {"w": 3.0})
        {'w': np.float64(6.0)}
    """
    return _each(lambda *leaves: functools.reduce(add, leaves), tree_x, tree_y, *other_trees)


@on_tensors
def tree_sub(tree_x: Leaves, tree_y: Tree) -> Leaves:
    """Subtract the second tree from the first.

    Raises:
        ShapeError: If the trees differ in structure, or shapes do not broadcast.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.sub([3.0], [1.0])
        [np.float64(2.0)]
    """
    return _each(lambda x, y: x - y, tree_x, tree_y)


@on_tensors
def tree_mul(tree_x: Leaves, tree_y: Tree) -> Leaves:
    """Multiply trees element by element.

    Raises:
        ShapeError: If the trees differ in structure, or shapes do not broadcast.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.mul([3.0], [2.0])
        [np.float64(6.0)]
    """
    return _each(lambda x, y: x * y, tree_x, tree_y)


@on_tensors
def tree_div(tree_x: Leaves, tree_y: Tree) -> Leaves:
    """Divide the first tree by the second, element by element.

    Raises:
        ShapeError: If the trees differ in structure, or shapes do not broadcast.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.div([3.0], [2.0])
        [np.float64(1.5)]
    """
    return _each(lambda x, y: x / y, tree_x, tree_y)


@on_tensors
def tree_scale(scalar: Any, tree: Leaves) -> Leaves:
    """Multiply a tree by a number.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.scale(2.0, {"w": 1.5})
        {'w': np.float64(3.0)}
    """
    return _each(lambda x: scalar * x, tree)


@on_tensors
def tree_add_scale(tree_x: Leaves, scalar: Any, tree_y: Tree) -> Leaves:
    """Add a multiple of the second tree to the first: x + scalar · y.

    Raises:
        ShapeError: If the trees differ in structure, or shapes do not broadcast.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.add_scale([1.0], 2.0, [3.0])
        [np.float64(7.0)]
    """
    return _each(lambda x, y: x + scalar * y, tree_x, tree_y)


@on_tensors
def tree_conj(tree: Leaves) -> Leaves:
    """Conjugate complex leaves.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.conj([1.0 + 2.0j])
        [np.complex128(1-2j)]
    """
    return _each(conj, tree)


@on_tensors
def tree_real(tree: Leaves) -> Leaves:
    """Return the real parts.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.real([1.0 + 2.0j])
        [np.float64(1.0)]
    """
    return _each(real, tree)


@on_tensors
def tree_clip(tree: Leaves, min_value: Any = None, max_value: Any = None) -> Leaves:
    """Limit every element to lie between two bounds.

    Args:
        tree: Any tree.
        min_value: The lower bound; None for none.
        max_value: The upper bound; None for none.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.clip([-3.0, 0.5], -1.0, 1.0)
        [np.float64(-1.0), np.float64(0.5)]
    """
    return _each(lambda x: clip(x, min_value, max_value), tree)


@on_tensors
def tree_where(condition: Any, tree_x: Leaves, tree_y: Tree) -> Leaves:
    """Choose between two trees.

    Args:
        condition: One boolean, or an array that broadcasts to every leaf.
        tree_x: Taken where it holds.
        tree_y: Taken elsewhere.

    Raises:
        ShapeError: If the trees differ in structure, or shapes do not broadcast.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.where(False, [1.0], [2.0])
        [np.float64(2.0)]
    """
    return _each(lambda x, y: where(condition, x, y), tree_x, tree_y)


# ---- trees like others


@on_tensors
def tree_zeros_like(tree: Leaves, dtype: Any = None) -> Leaves:
    """Return zeros in the shapes of a tree, by default in its dtypes too.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.tree.zeros_like({"w": np.ones(2)}, "float32")
        {'w': array([0., 0.], dtype=float32)}
    """
    return _each(lambda x: zeros_like(x, dtype), tree)


@on_tensors
def tree_ones_like(tree: Leaves, dtype: Any = None) -> Leaves:
    """Return ones in the shapes of a tree, by default in its dtypes too.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.tree.ones_like({"w": np.zeros(2)})
        {'w': array([1., 1.])}
    """
    return _each(lambda x: ones_like(x, dtype), tree)


@on_tensors
def tree_full_like(tree: Leaves, fill_value: Any, dtype: Any = None) -> Leaves:
    """Return one number in the shapes of a tree, by default in its dtypes too.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.tree.full_like({"w": np.zeros(2)}, 3.0)
        {'w': array([3., 3.])}
    """
    return _each(lambda x: full_like(x, fill_value, dtype), tree)


@on_tensors
def tree_batch_shape(tree: Leaves, shape: tuple[int, ...] = ()) -> Leaves:
    """Repeat every leaf along further axes in front.

    Args:
        tree: Any tree.
        shape: The extents of the new axes.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.tree.batch_shape([np.ones(2)], (4, 3))[0].shape
        (4, 3, 2)
    """
    return _each(lambda x: broadcast_to(x, (*shape, *x.shape)), tree)


# ---- numbers of all leaves together


@on_tensors
def tree_vdot(tree_x: Tree, tree_y: Tree) -> Tensor:
    """Return the inner product of two trees: Σ x̄ · y.

    Raises:
        ShapeError: If the trees differ in structure or leaves in size.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.vdot([tw.Tensor([1.0, 2.0])], [tw.Tensor([3.0, 4.0])])
        tensor(11.)
    """
    products: Tensor = _over_all(add, _each(vdot, tree_x, tree_y), 0)
    return products


@on_tensors
def tree_sum(tree: Tree, associative_reduction: bool = False) -> Tensor:
    """Return the sum of all elements of all leaves; 0 of an empty tree.

    Args:
        tree: Any tree.
        associative_reduction: Whether the leaves' sums are added pairwise, not one by one.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.sum({"w": tw.Tensor([1.0, 2.0]), "b": tw.Tensor(3.0)})
        tensor(6.)
    """
    sums = [total(asarray(leaf)) for leaf in trees.leaves(tree)]
    while associative_reduction and len(sums) > 1:
        pairs = [a + b for a, b in zip(sums[::2], sums[1::2], strict=False)]
        sums = pairs + sums[2 * len(pairs) :]
    found: Tensor = _over_all(add, sums, 0)
    return found


@on_tensors
def tree_max(tree: Tree) -> Tensor:
    """Return the largest element of all leaves; −∞ of an empty tree.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.max({"w": tw.Tensor([1.0, 2.0]), "b": tw.Tensor(-3.0)})
        tensor(2.)
    """
    return _extreme(largest, maximum, tree, -math.inf)


@on_tensors
def tree_min(tree: Tree) -> Tensor:
    """Return the smallest element of all leaves; +∞ of an empty tree.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.min({"w": tw.Tensor([1.0, 2.0]), "b": tw.Tensor(-3.0)})
        tensor(-3.)
    """
    return _extreme(smallest, minimum, tree, math.inf)


def _extreme(of_leaf: Any, of_two: Any, tree: Tree, start: float) -> Tensor:
    leaves = [asarray(leaf) for leaf in trees.leaves(tree)]
    found: Tensor = _over_all(of_two, [of_leaf(x) for x in leaves if x.size], start)
    return found


def tree_size(tree: Tree) -> int:
    """Return the number of elements of all leaves.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.tree.size({"w": np.ones((2, 3)), "b": 0.0})
        7
    """
    return sum(asarray(leaf).size for leaf in trees.leaves(tree))


@on_tensors
def tree_norm(tree: Tree, ord: int | str | float | None = None, squared: bool = False) -> Tensor:
    """Return a norm of all leaves together, as if they were one vector.

        2: √(Σ |x|²)        1: Σ |x|        inf: max |x|

    Args:
        tree: Any tree.
        ord: 2 or None, 1, or inf (also as "inf" or "infinity").
        squared: Whether to return the square of the norm.

    Raises:
        ArgumentError: If there is no norm of that order.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.norm({"w": tw.Tensor([3.0, 0.0]), "b": tw.Tensor(4.0)})
        tensor(5.)
    """
    if ord is None or ord == 2:
        squares: Tensor = tree_sum(_each(_squared, tree))
        return squares if squared else sqrt(squares)
    if ord == 1:
        found = tree_sum(_each(absolute, tree))
    elif ord in (math.inf, "inf", "infinity"):
        found = tree_max(_each(absolute, tree))
    else:
        raise ArgumentError(f"Unsupported ord: {ord!r} was given. Give 1, 2 or inf.")
    return square(found) if squared else found


def _squared(x: Tensor) -> Tensor:
    """Return |x|², real also where x is complex."""
    return square(real(x)) + square(imag(x)) if x.dtype.kind == "c" else square(x)


@on_tensors
def tree_allclose(
    a: Tree, b: Tree, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Tell whether two trees are equal up to rounding: |a − b| ≤ atol + rtol · |b| everywhere.

    Args:
        a: A tree.
        b: Another one of the same structure.
        rtol: The relative tolerance.
        atol: The absolute tolerance.
        equal_nan: Whether NaN equals NaN.

    Raises:
        ShapeError: If the trees differ in structure.

    Example:
        >>> import thalweg as tw
        >>> bool(tw.optim.tree.allclose([1.0], [1.0 + 1e-9]))
        True
    """

    def close(x: Tensor, y: Tensor) -> Tensor:
        return asarray(allclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan))

    found: Tensor = _over_all(logical_and, _each(close, a, b), True)
    return found


# ---- moments: running averages of powers


@on_tensors
def tree_update_moment(updates: Tree, moments: Leaves, decay: Any, order: Any) -> Leaves:
    """Return the running average of a power of the updates: (1 − decay) gⁿ + decay · m.

    Args:
        updates: A tree g.
        moments: The averages m so far.
        decay: The share of the average kept.
        order: The power n.

    Raises:
        ShapeError: If the trees differ in structure.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.update_moment([2.0], [0.0], 0.5, 2)
        [np.float64(2.0)]
    """
    return _averaged(lambda g: power(g, order), updates, moments, decay)


def _averaged(of: Callable[[Tensor], Any], updates: Tree, moments: Leaves, decay: Any) -> Leaves:
    found: Leaves = _each(lambda g, m: (1 - decay) * of(g) + decay * m, updates, moments)
    return found


@on_tensors
def tree_update_infinity_moment(updates: Tree, moments: Leaves, decay: Any, eps: Any) -> Leaves:
    """Return the decayed largest size of the updates: max(|g| + eps, decay · m).

    Args:
        updates: A tree g.
        moments: What was returned last, m.
        decay: The factor by which it shrinks.
        eps: Added to the updates' sizes.

    Raises:
        ShapeError: If the trees differ in structure.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.update_infinity_moment([-1.0], [4.0], 0.5, 0.0)
        [np.float64(2.0)]
    """

    def larger(g: Tensor, m: Tensor) -> Tensor:
        return maximum(absolute(g) + eps, decay * m)

    found: Leaves = _each(larger, updates, moments)
    return found


@on_tensors
def tree_update_moment_per_elem_norm(
    updates: Tree, moments: Leaves, decay: Any, order: Any
) -> Leaves:
    """Return the running average of a power of the elements' sizes, real for complex elements.

        (1 − decay) |g|ⁿ + decay · m        (real g: gⁿ)

    Arguments and errors as for `update_moment`.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.update_moment_per_elem_norm([3.0 + 4.0j], [0.0], 0.5, 2)
        [np.float64(12.5)]
    """

    def of(g: Tensor) -> Any:
        if g.dtype.kind != "c":
            return power(g, order)
        return _squared(g) if order == 2 else power(_squared(g), order / 2)

    return _averaged(of, updates, moments, decay)


@on_tensors
def tree_bias_correction(moment: Leaves, decay: Any, count: Any) -> Leaves:
    """Undo the pull of averages' start at zero: m / (1 − decayᵗ).

    Args:
        moment: The averages m.
        decay: The share of them kept each step.
        count: The number of steps t.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.bias_correction([1.0], 0.5, 1)
        [np.float64(2.0)]
    """
    factor = asarray(1 - decay ** asarray(count))
    found: Leaves = _each(lambda m: m / (factor if m.weak else astype(factor, m.dtype)), moment)
    return found
