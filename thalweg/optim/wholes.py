"""A whole tree: as one vector, its inner products, norms and dtypes; and rates in such a dtype."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from thalweg import tree
from thalweg.core.spec import FLOAT64, DType, Spec, promote, real_dtype
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import CallError
from thalweg.ops.creation.creation import asarray, spec_of, zeros
from thalweg.ops.elementwise.arithmetic import absolute, add, sqrt
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.complex import conjugated, real, squared_magnitude
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.linalg.products import vdot
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import ravel, reshape
from thalweg.optim.transformation import OptState, common_dtype, each
from thalweg.tree import Tree


def added(parts: Tree) -> Tensor:
    """Return the sum of the leaves, 0 if there are none."""
    leaves = tree.leaves(parts)
    return functools.reduce(add, leaves) if leaves else as_tensor(0.0)


def inner_product(left: Tree, right: Tree) -> Tensor:
    """Return Σ x y over all elements of two trees, of complex ones the real part of Σ x̄ y."""
    return added(each(lambda x, y: total(real(conjugated(x) * y)), left, right))


def sum_of_squares(leaves: Tree) -> Tensor:
    """Return Σ |x|² over all elements of a tree."""
    return added(each(lambda x: total(squared_magnitude(x)), leaves))


def sum_of_sizes(leaves: Tree) -> Tensor:
    """Return Σ |x| over all elements of a tree."""
    return added(each(lambda x: total(absolute(x)), leaves))


def lowest_dtype(leaves: Tree) -> DType:
    """Return the dtype of a tree that promotes to those of all its leaves, as a real one."""
    return _chosen(leaves, lambda left, right: left if _both(left, right) == right else right)


def highest_dtype(leaves: Tree) -> DType:
    """Return the dtype of a tree that those of all its leaves promote to, as a real one."""
    return _chosen(leaves, _both)


def _both(left: DType, right: DType) -> DType:
    return promote((Spec((), left), Spec((), right)))[0]


def _chosen(leaves: Tree, better: Any) -> DType:
    dtypes = [spec_of(leaf).dtype for leaf in tree.leaves(leaves)]
    return real_dtype(functools.reduce(better, dtypes)) if dtypes else FLOAT64


def scalar(value: Any, dtype: DType) -> Tensor:
    """Return a number as a scalar of a dtype."""
    return astype(as_tensor(value), dtype)


def rate_at(learning_rate: Any, count: Any, dtype: DType) -> Tensor:
    """Return a learning rate, which may be a schedule, at a count."""
    return scalar(learning_rate(count) if callable(learning_rate) else learning_rate, dtype)


def either(condition: Any, first: OptState, second: OptState) -> OptState:
    """Return one of two trees of one structure, in the dtypes of the second."""

    def chosen(a: Any, b: Any) -> Tensor:
        other = asarray(b)
        return astype(where(condition, asarray(a), other), other.dtype)

    return tree.map(chosen, first, second)


def loss_given(value: Any, name: str) -> Any:
    """Return the loss given to an update that cannot do without it.

    Raises:
        CallError: If there is none.
    """
    if value is None:
        raise CallError(
            f"{name} was updated without the loss, but needs its value. "
            "Call update(updates, state, params, value=loss)."
        )
    return value


# ---- as one vector


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


def inner(x: Tree, y: Tree) -> Any:
    """Return Σ x̄ y over all leaves."""
    return added(each(vdot, x, y))


def norm(x: Tree) -> Any:
    """Return √Σ |x|² over all leaves."""
    return sqrt(sum_of_squares(x))


def scaled(factor: Any, x: Tree) -> Tree:
    """Return every leaf times a number."""
    return each(lambda leaf: factor * leaf, x)
