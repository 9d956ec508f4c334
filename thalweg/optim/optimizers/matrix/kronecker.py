"""A matrix for each axis of a tensor, which together precondition it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from thalweg import tree
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.complex import conjugated
from thalweg.ops.linalg.products import matmul, tensordot
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import moveaxis
from thalweg.tree import Tree

Matrices = tuple[Tensor, ...]


def sides(x: Tensor, least: int, most: int) -> tuple[int, ...]:
    """Return the axes of a tensor that get a matrix: those not too long, if there are enough."""
    return tuple(i for i, n in enumerate(x.shape) if n <= most) if x.ndim >= least else ()


def gram(x: Tensor, axis: int) -> Tensor:
    """Return the products of the slices of a tensor along an axis: X Xᴴ of its unfolding X."""
    rows = reshape(moveaxis(x, axis, 0), (x.shape[axis], x.size // max(x.shape[axis], 1)))
    return matmul(rows, conjugated(rows).T)


def turned(x: Tensor, axes: Sequence[int], matrices: Matrices, back: bool = False) -> Tensor:
    """Multiply a tensor along axes by the adjoints of matrices; `back`, by the matrices."""
    for axis, matrix in zip(axes, matrices, strict=True):
        factor = matrix if back else conjugated(matrix).T
        x = moveaxis(tensordot(factor, x, ((1,), (axis,))), 0, axis)
    return x


def for_each(make: Callable[[Tensor, int], Tensor], leaves: Tree, axes: list[Any]) -> Tree:
    """Return a tree of what is made of each leaf and each of its axes, a tuple a leaf."""
    pairs = zip(map(asarray, tree.leaves(leaves)), axes, strict=True)
    made = [tuple(make(x, axis) for axis in own) for x, own in pairs]
    return tree.unflatten(tree.structure(leaves), made)


def grouped(kept: Tree, axes: list[Any]) -> list[Matrices]:
    """Return the matrices in such a tree, those of each leaf together."""
    rest = map(asarray, tree.leaves(kept))
    return [tuple(itertools.islice(rest, len(own))) for own in axes]


def check_frequency(precondition_frequency: int, max_precondition_dim: int) -> None:
    """Accept whole numbers in [1, ∞).

    Raises:
        ArgumentError: If one is less.
    """
    given = {
        "precondition_frequency": precondition_frequency,
        "max_precondition_dim": max_precondition_dim,
    }
    for name, value in given.items():
        if value < 1:
            raise ArgumentError(
                f"{name}={value!r} was given, but it must be a whole number in [1, ∞). Give 1 or "
                "more."
            )
