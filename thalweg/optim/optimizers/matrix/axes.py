"""Tensors as matrices: which of their axes are the rows and which the columns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.tree import Tree


class MatrixView(NamedTuple):
    """A tensor seen as matrices, one for each index of the axes that are neither."""

    rows: int
    columns: int
    flat: Callable[[Tensor], Tensor]  # to shape (rows, columns), or (batch, rows, columns)
    back: Callable[[Tensor], Tensor]


def view(x: Any, numbers: Any, name: str) -> MatrixView:
    """Return how to see a tensor as matrices: rows along reduction axes, columns along output ones.

    Args:
        x: The tensor.
        numbers: A named tuple of `reduction_axis` and `output_axis`, a number or several each.
        name: Who asks, for errors.

    Raises:
        ShapeError: If it has less than two axes, or one is to be both.
    """
    if x.ndim < 2:
        raise ShapeError(
            f"{name} got a tensor of shape {tuple(x.shape)}; it wants tensors of rank >= 2. Give "
            "the other parameters to another optimizer."
        )
    rows, columns = _axes(numbers.reduction_axis, x.ndim), _axes(numbers.output_axis, x.ndim)
    if set(rows) & set(columns):
        raise ShapeError(
            f"{name} got reduction axes {rows} and output axes {columns} for shape "
            f"{tuple(x.shape)}; the two must be disjoint. Give each axis to one of them."
        )
    batch = tuple(axis for axis in range(x.ndim) if axis not in rows + columns)
    order = batch + rows + columns
    inverse = tuple(sorted(range(x.ndim), key=order.__getitem__))
    extents = tuple(x.shape[axis] for axis in order)
    height, width, stack = (math.prod(x.shape[a] for a in axes) for axes in (rows, columns, batch))
    shape = (*((stack,) if batch else ()), height, width)
    return MatrixView(
        height,
        width,
        lambda y: y.transpose(order).reshape(shape),
        lambda y: y.reshape(extents).transpose(inverse),
    )


def _axes(given: Any, ndim: int) -> tuple[int, ...]:
    return tuple(axis % ndim for axis in ((given,) if isinstance(given, int) else given))


def numbers_of(given: Any, kind: type, leaves: Tree, default: Callable[[Any], Any]) -> list[Any]:
    """Return the dimension numbers, or None, of each leaf of a tree.

    Args:
        given: Dimension numbers for all leaves, a tree of them and of None, a prefix of the other
            tree, or a function from that tree to one; None for the default.
        kind: Their class.
        leaves: The tree.
        default: A function from a leaf to its dimension numbers where none are given.
    """
    found = given(leaves) if callable(given) else given
    if found is None:
        return [default(leaf) for leaf in tree.leaves(leaves)]
    return list(_spread(found, kind, leaves))


def _spread(numbers: Any, kind: type, leaves: Tree) -> Iterator[Any]:
    if numbers is None or isinstance(numbers, kind):
        yield from itertools.repeat(numbers, len(tree.leaves(leaves)))
        return
    above, below = tree.children(numbers), tree.children(leaves)
    if [key for key, _ in above] != [key for key, _ in below]:
        raise ShapeError(
            f"{numbers} was given as dimension numbers of a tree of structure "
            f"{tree.structure(leaves)}; it wants one value for the whole tree, or that nesting "
            "with a value for each part."
        )
    for (_, part), (_, leaf) in zip(above, below, strict=True):
        yield from _spread(part, kind, leaf)


def map_numbered(function: Callable[..., Any], numbers: list[Any], leaves: Tree) -> Tree:
    """Apply a function to leaves and the dimension numbers of each."""
    place = iter(numbers)
    return tree.map(lambda leaf: function(leaf, next(place)), leaves)
