"""A tree of parameters as one vector: taken apart, put back, and Euclid's product and norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg import tree
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.arithmetic import absolute, sqrt, square
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.linalg.products import vdot
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import ravel, reshape
from thalweg.optim.transformation import common_dtype, each
from thalweg.tree import Tree


def as_vector(given: Tree) -> tuple[Tensor, Callable[[Any], Tree]]:
    """Return all leaves behind one another, and what makes such a vector a tree like it again."""
    leaves, definition = tree.flatten(given)
    tensors = [as_floating(leaf, None) for leaf in leaves]
    dtype = common_dtype(tensors)
    vector = concatenate([ravel(astype(x, dtype)) for x in tensors]) if tensors else zeros(0)

    def restored(given: Any) -> Tree:
        rest, parts, start = as_tensor(given), [], 0
        for x in tensors:
            part = rest[start : start + x.size]
            parts.append(astype(reshape(part, tuple(x.shape)), x.dtype))
            start += x.size
        return tree.unflatten(definition, parts)

    return vector, restored


def added(parts: Tree) -> Any:
    """Return the sum of the leaves, 0 if there are none."""
    found: Any = 0
    for part in tree.leaves(parts):
        found = found + part
    return found


def inner(x: Tree, y: Tree) -> Any:
    """Return Σ x̄ y over all leaves."""
    return added(each(vdot, x, y))


def squared_norm(x: Tree) -> Any:
    """Return Σ |x|² over all leaves."""
    return added(each(lambda leaf: total(square(absolute(leaf))), x))


def norm(x: Tree) -> Any:
    """Return √Σ |x|² over all leaves."""
    return sqrt(squared_norm(x))


def scaled(factor: Any, x: Tree) -> Tree:
    """Return every leaf times a number."""
    return each(lambda leaf: factor * leaf, x)
