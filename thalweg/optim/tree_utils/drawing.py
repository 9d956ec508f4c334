"""Random numbers in the shapes of trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from thalweg import tree as trees
from thalweg.core.tensor import Tensor, astype, make
from thalweg.foreign import Foreign
from thalweg.ops.creation.creation import asarray
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.numpy.libraries import drawing
from thalweg.random.keyed import normal, split
from thalweg.tree import Tree

__all__ = ["tree_random_like", "tree_split_key_like", "tree_unwrap_random_key_data"]

Leaves = TypeVar("Leaves")


@on_tensors
def tree_split_key_like(rng_key: Any, target_tree: Leaves) -> Leaves:
    """Make a key for each leaf of a tree.

    Args:
        rng_key: A key, as `tw.random.key(0)`, or one of JAX's, of which JAX's are made.
        target_tree: Any tree.

    Example:
        >>> import thalweg as tw
        >>> keys = tw.optim.tree.split_key_like(tw.random.key(0), {"w": 0.0, "b": 0.0})
        >>> sorted(keys), keys["w"].shape
        (['b', 'w'], thalweg.Size([2]))
    """
    leaves, definition = trees.flatten(target_tree)
    keys = _as_given(split(rng_key, len(leaves)), rng_key) if leaves else ()
    found: Leaves = trees.unflatten(definition, [keys[i] for i in range(len(leaves))])
    return found


def _as_given(keys: Tensor, key: Any) -> Tensor:
    """Return keys as the one that they were made of: JAX's own, or numbers without a sign."""
    array = key.array if isinstance(key, Tensor) else None
    if not isinstance(array, Foreign):
        return keys
    if array.dtype.kind in "iu":
        return astype(keys, array.dtype)
    return make(array.library.own_key(keys.array))


@on_tensors
def tree_random_like(
    rng_key: Any, target_tree: Leaves, sampler: Callable[..., Any] = normal, dtype: Any = None
) -> Leaves:
    """Draw random numbers in the shapes and dtypes of a tree.

    Args:
        rng_key: A key, as `tw.random.key(0)`; each leaf draws with one made of it.
        target_tree: Any tree.
        sampler: Maps (key, shape, dtype) to numbers, as `tw.random.normal`.
        dtype: The dtype of all numbers; by default that of each leaf.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.tree.random_like(tw.random.key(0), [np.ones((2, 3))])[0].shape
        thalweg.Size([2, 3])
    """
    keys, sample = tree_split_key_like(rng_key, target_tree), drawing(sampler)

    def drawn(leaf: Any, key: Any) -> Any:
        like = asarray(leaf)
        return sample(key, like.shape, dtype or like.dtype)

    found: Leaves = trees.map(drawn, target_tree, keys)
    return found


@on_tensors
def tree_unwrap_random_key_data(input_tree: Tree) -> Tree:
    """Return a tree with keys as their numbers, which can be saved; ours are numbers, JAX's become.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.unwrap_random_key_data([tw.random.key(7)])[0].tolist()
        [0, 7]
    """
    return trees.map(_unwrapped, input_tree)


def _unwrapped(leaf: Any) -> Any:
    array = leaf.array if isinstance(leaf, Tensor) else None
    if not isinstance(array, Foreign) or array.dtype.kind in "biufc":
        return leaf
    return astype(make(array.library.key_words(array)), "uint32")
