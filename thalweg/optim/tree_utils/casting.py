"""The dtypes of trees."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from thalweg import tree as trees
from thalweg.core.spec import FLOAT64, DType, Spec, promote
from thalweg.core.tensor import astype
from thalweg.errors import ArgumentError
from thalweg.foreign import is_other
from thalweg.ops.creation.creation import asarray
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.numpy.libraries import admitted
from thalweg.tree import Tree

__all__ = ["tree_cast", "tree_cast_like", "tree_dtype"]

Leaves = TypeVar("Leaves")


@on_tensors
def tree_cast(tree: Leaves, dtype: Any) -> Leaves:
    """Convert every leaf to a dtype; None leaves the tree as it is.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.tree.cast([np.ones(2)], "float32")
        [array([1., 1.], dtype=float32)]
    """
    if dtype is None:
        return tree
    found: Leaves = trees.map(lambda x: astype(asarray(x), dtype), tree)
    return found


@on_tensors
def tree_cast_like(tree: Leaves, other_tree: Tree) -> Leaves:
    """Convert each leaf to the dtype of its partner.

    Raises:
        ShapeError: If the trees differ in structure.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.tree.cast_like([np.ones(2)], [np.zeros(1, np.float32)])
        [array([1., 1.], dtype=float32)]
    """

    def converted(x: Any, like: Any) -> Any:
        return astype(asarray(x), like.dtype) if hasattr(like, "dtype") else x

    found: Leaves = trees.map(converted, tree, other_tree)
    return found


def tree_dtype(tree: Tree, mixed_dtype_handler: str | None = None) -> DType:
    """Return the dtype of a tree's leaves.

    Args:
        tree: Any tree; an empty one is of float64.
        mixed_dtype_handler: What leaves of several dtypes give: None refuses them; "promote" is
            the dtype that all promote to; "highest" and "lowest" are one of theirs.

    Raises:
        ArgumentError: If dtypes differ and no handler is given, neither of two promotes to the
            other where the highest or lowest is wanted, or the handler is unknown.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.tree.dtype([np.ones(2), np.ones(2, np.float32)], "lowest")
        dtype('float32')
    """
    leaves = trees.leaves(tree)
    dtypes = [asarray(admitted(leaf)).dtype for leaf in leaves]
    if mixed_dtype_handler not in (None, *_HANDLERS):
        raise ArgumentError(
            f"Invalid value for mixed_dtype_handler={mixed_dtype_handler!r} was given. Give None, "
            f"{', '.join(map(repr, _HANDLERS))}."
        )
    if not dtypes:
        return FLOAT64
    if mixed_dtype_handler is not None:
        return _of_library(functools.reduce(_HANDLERS[mixed_dtype_handler], dtypes), leaves, dtypes)
    for path, dtype in zip(trees.paths(tree), dtypes, strict=True):
        if dtype != dtypes[0]:
            raise ArgumentError(
                f"Expected dtype={dtypes[0]} for {path} but got {dtype}. Give leaves of one dtype, "
                'or say what several give, as mixed_dtype_handler="promote".'
            )
    return _of_library(dtypes[0], leaves, dtypes)


def _of_library(found: DType, leaves: list[Any], dtypes: list[DType]) -> DType:
    """Return a dtype of leaves; one that NumPy lacks as their library has it."""
    if not is_other(found):
        return found
    dtype: DType = leaves[dtypes.index(found)].dtype
    return dtype


def _common(one: DType, other: DType) -> DType:
    return promote((Spec((), one), Spec((), other)))[0]


def _lower(one: DType, other: DType) -> DType:
    both = _common(one, other)
    if both not in (one, other):
        raise ArgumentError(
            f"The dtypes {one} and {other} were given, of which neither holds the other's values. "
            'Give mixed_dtype_handler="promote".'
        )
    return other if both == one else one


def _higher(one: DType, other: DType) -> DType:
    return other if _lower(one, other) == one else one


_HANDLERS: dict[str, Callable[[DType, DType], DType]] = {
    "promote": _common,
    "highest": _higher,
    "lowest": _lower,
}
