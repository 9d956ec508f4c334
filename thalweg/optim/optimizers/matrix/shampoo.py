"""Shampoo: gradients preconditioned by a root of a matrix for each of their axes."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg import tree
from thalweg.control.branches import cond
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import asarray, eye, zeros
from thalweg.ops.elementwise.arithmetic import remainder
from thalweg.ops.elementwise.comparison import equal, maximum
from thalweg.ops.elementwise.complex import conjugated
from thalweg.ops.linalg.matrices import eigh
from thalweg.ops.linalg.products import matmul
from thalweg.ops.shape.reshape import reshape
from thalweg.optim.moments import in_single, trace
from thalweg.optim.optimizers.matrix.kronecker import (
    Matrices,
    check_frequency,
    for_each,
    gram,
    grouped,
    sides,
    turned,
)
from thalweg.optim.ranges import POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    cast_like,
    each,
    first_count,
    identity,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain

__all__ = ["ScaleByShampooState", "scale_by_shampoo", "shampoo"]


class ScaleByShampooState(NamedTuple):
    """The state of `scale_by_shampoo`."""

    count: Any  # int32 scalar: the steps made
    gram: Params  # the sum of products of slices, a matrix an axis
    root: Params  # its inverse root, a matrix an axis


def _with_axes(x: Tensor) -> Tensor:
    """Return a tensor, a scalar as a vector of one element."""
    return x if x.ndim else reshape(x, (1,))


def _inverse_root(matrix: Tensor, order: int, eps: Any) -> Tensor:
    """Return the matrix to the power −1 / (2 order), of eigenvalues at least eps."""
    values, vectors = eigh(matrix)
    powers = maximum(values, eps) ** (-0.5 / order)
    return matmul(vectors * powers, conjugated(vectors).T)


@factory
def scale_by_shampoo(
    eps: float = 1e-4, precondition_frequency: int = 1, max_precondition_dim: int = 1024
) -> GradientTransformation:
    """Multiply updates by the inverse roots of a matrix for each of their axes.

        L ← L + g gᵀ        R ← R + gᵀ g        L₀ = R₀ = eps · I
        u = L^(−1/4) g R^(−1/4)

    Tensors of k axes have a matrix for each, to the power −1 / (2 k); scalars count as vectors of
    one element. Axes that are too long have none.

    Args:
        eps: The first matrices' diagonal, in (0, ∞).
        precondition_frequency: The number of steps with the same roots, in [1, ∞).
        max_precondition_dim: The length of the longest axis that gets a matrix, in [1, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Gupta et al., "Shampoo: Preconditioned Stochastic Tensor Optimization", 2018, algorithms 1
        and 2. arXiv:1802.09568

    Example:
        >>> import numpy as np, thalweg as tw
        >>> shampoo = tw.optim.contrib.scale_by_shampoo(1e-12)
        >>> g = np.diag([3.0, -0.1])
        >>> np.round(shampoo.update(g, shampoo.init(g))[0], 6)
        array([[ 1.,  0.],
               [ 0., -1.]])
    """
    POSITIVE.check(eps=eps)
    check_frequency(precondition_frequency, max_precondition_dim)

    def widened(leaves: Params) -> tuple[Params, list[Any]]:
        whole = each(_with_axes, leaves)
        return whole, [sides(x, 1, max_precondition_dim) for x in tree.leaves(whole)]

    def init(params: Params) -> ScaleByShampooState:
        whole, axes = widened(params)
        first = for_each(lambda x, i: eps * eye(x.shape[i], dtype=x.dtype), whole, axes)
        blank = for_each(lambda x, i: zeros((x.shape[i],) * 2, x.dtype, like=x), whole, axes)
        return ScaleByShampooState(first_count(), first, blank)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        whole, axes = widened(updates)
        gradients = [asarray(x) for x in tree.leaves(whole)]
        grams = [
            tuple(kept + gram(g, i) for i, kept in zip(own, matrices, strict=True))
            for g, own, matrices in zip(gradients, axes, grouped(state.gram, axes), strict=True)
        ]
        roots = grouped(state.root, axes)
        if any(axes):
            due = equal(remainder(state.count, precondition_frequency), 0)
            roots = cond(due, renewed_of([g.ndim for g in gradients]), _kept, grams, roots)
        found = [
            reshape(turned(g, own, matrices, back=True), asarray(like).shape)
            for g, own, matrices, like in zip(
                gradients, axes, roots, tree.leaves(updates), strict=True
            )
        ]
        definition = tree.structure(updates)
        parts = (tree.unflatten(definition, column) for column in (found, grams, roots))
        moved, gram_tree, root_tree = parts
        after = ScaleByShampooState(safe_increment(state.count), gram_tree, root_tree)
        return moved, cast_like(after, state)

    def renewed_of(orders: list[int]) -> Any:
        def renewed(grams: list[Matrices], roots: list[Matrices]) -> list[Matrices]:
            pairs = zip(grams, orders, strict=True)
            return [tuple(_inverse_root(a, order, eps) for a in own) for own, order in pairs]

        return renewed

    return in_single(init, update)


def _kept(grams: Any, roots: Any) -> Any:
    return roots


@factory
def shampoo(
    learning_rate: ScalarOrSchedule,
    momentum: float | None = None,
    eps: float = 1e-4,
    weight_decay: ScalarOrSchedule = 0.0,
    precondition_frequency: int = 1,
    max_precondition_dim: int = 1024,
    mask: Any = None,
) -> GradientTransformation:
    """Shampoo: AdaGrad with a matrix for each axis in place of a number for each element.

        u = −learning_rate · (L^(−1/4) g R^(−1/4) + weight_decay · p)

    L and R are those of `scale_by_shampoo`; with momentum, the `trace` of that product is taken.

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        momentum: The share of the sum kept each step, in [0, 1); None for no momentum.
        eps: The first matrices' diagonal, in (0, ∞).
        weight_decay: A finite number or a schedule.
        precondition_frequency: The number of steps with the same roots, in [1, ∞).
        max_precondition_dim: The length of the longest axis that gets a matrix, in [1, ∞).
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Gupta et al., "Shampoo: Preconditioned Stochastic Tensor Optimization", 2018.
        arXiv:1802.09568

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.shampoo(0.1, momentum=0.9)
        shampoo(learning_rate=0.1, momentum=0.9)
    """
    return chain(
        scale_by_shampoo(eps, precondition_frequency, max_precondition_dim),
        identity() if momentum is None else trace(momentum),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
