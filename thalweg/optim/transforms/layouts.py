"""Updates of all leaves in one vector."""

from __future__ import annotations

from typing import Any

from thalweg import tree
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray, zeros
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
)
from thalweg.tree import Tree

__all__ = ["flatten"]


@factory
def flatten(inner: GradientTransformation) -> GradientTransformation:
    """Transform all leaves as one vector.

    Transformations that look at norms, dtypes or shapes of single leaves mean another thing then.

    Args:
        inner: The transformation of the vector.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> flat = tw.optim.flatten(tw.optim.trace(0.9))
        >>> flat.init({"w": np.ones((2, 3)), "b": np.ones(2)}).trace.shape
        (8,)
    """
    transformation = as_transformation(inner)

    def init(params: Params) -> OptState:
        return transformation.init(_joined(params))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        weights = None if params is None else _joined(params)
        found, state = transformation.update(_joined(updates), state, weights, **extra)
        return _parted(found, updates), state

    return GradientTransformation(init, update)


def _joined(leaves: Tree) -> Tensor:
    """Return the elements of all leaves one after another."""
    flat = [reshape(asarray(leaf), -1) for leaf in tree.leaves(leaves)]
    return concatenate(flat) if flat else zeros((0,))


def _parted(flat: Any, like: Tree) -> Tree:
    """Return elements in the shapes and dtypes of a tree's leaves."""
    start, parts = 0, []
    for leaf in map(asarray, tree.leaves(like)):
        end = start + leaf.size
        parts.append(astype(reshape(flat[start:end], tuple(leaf.shape)), leaf.dtype))
        start = end
    return tree.unflatten(tree.structure(like), parts)
