"""Arithmetic on the leaves of trees, whatever arrays they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg import tree
from thalweg.core.spec import FLOAT64, DType, promote
from thalweg.core.tensor import astype
from thalweg.ops.creation.creation import asarray, spec_of
from thalweg.ops.creation.creation import zeros_like as zeros_like_leaf
from thalweg.tree import Tree


def each(function: Callable[..., Any], updates: Tree, *rest: Tree) -> Tree:
    """Apply a function to corresponding leaves, as tensors."""
    return tree.map(lambda *leaves: function(*map(asarray, leaves)), updates, *rest)


def zeros_like(params: Tree, dtype: Any = None) -> Tree:
    """Return a tree of zeros, by default of the leaves' own dtypes."""
    return each(lambda p: zeros_like_leaf(p, dtype), params)


def full_like(params: Tree, value: Any) -> Tree:
    """Return a tree filled with one number, in the leaves' shapes and dtypes."""
    # An addition, so that the number may be traced.
    return each(lambda p: zeros_like_leaf(p) + value, params)


def cast(leaves: Tree, dtype: Any) -> Tree:
    """Convert all leaves to a dtype; None leaves them as they are."""
    return leaves if dtype is None else each(lambda x: astype(x, dtype), leaves)


def cast_like(leaves: Tree, like: Tree) -> Tree:
    """Convert each leaf to the dtype of its partner."""
    return each(lambda x, y: astype(x, y.dtype), leaves, like)


def common_dtype(leaves: Tree) -> DType:
    """Return the dtype that all leaves promote to; float64 if there are none."""
    specs = tuple(spec_of(leaf) for leaf in tree.leaves(leaves))
    return promote(specs)[0] if specs else FLOAT64
