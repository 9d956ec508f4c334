"""Norms whose derivatives are finite at zero, counts that do not overflow, scaled gradients."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from thalweg import tree
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray, ones_like
from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.ops.elementwise.comparison import less_equal, where
from thalweg.ops.elementwise.complex import imag, real
from thalweg.ops.elementwise.conversion import stop_gradient, with_derivative_of
from thalweg.ops.linalg.norms import norm_of as norm
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.reduce.sums import mean
from thalweg.ops.shape.reshape import squeeze
from thalweg.optim.transformation import each, safe_increment
from thalweg.optim.tree_utils.arithmetic import tree_norm
from thalweg.tree import Tree

__all__ = [
    "global_norm", "safe_increment", "safe_int32_increment", "safe_norm",
    "safe_root_mean_squares", "scale_gradient",
]  # fmt: skip

Leaves = TypeVar("Leaves")

# The older name.
safe_int32_increment = safe_increment


@on_tensors
def abs_sq(x: Any) -> Tensor:
    """Return |x|², real also where x is complex.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.numerics.abs_sq(np.array([3.0 + 4.0j]))
        array([25.])
    """
    array = asarray(x)
    return square(real(array)) + square(imag(array)) if array.dtype.kind == "c" else square(array)


def global_norm(updates: Tree) -> Tensor:
    """Return the Euclidean norm of all leaves together, of which `tree.norm` is today's name.

    Example:
        >>> import warnings, thalweg as tw
        >>> with warnings.catch_warnings(action="ignore"):
        ...     tw.optim.global_norm({"w": tw.Tensor([3.0, 0.0]), "b": tw.Tensor(4.0)})
        tensor(5.)
    """
    warnings.warn(
        "optim.global_norm is deprecated in favor of optim.tree.norm.",
        DeprecationWarning,
        stacklevel=2,
    )
    return tree_norm(updates)


@on_tensors
def safe_norm(
    x: Any,
    min_norm: Any,
    ord: int | float | str | None = None,
    axis: int | tuple[int, ...] | None = None,
    keepdims: bool = False,
) -> Tensor:
    """Return a norm, at least a number; where that is taken, the derivative is 0 and not NaN.

        max(‖x‖, min_norm)

    Args:
        x: An array.
        min_norm: The least norm, in [0, ∞).
        ord: The order, as for `tw.linalg.norm`.
        axis: An axis for vectors, two for matrices; by default all of a vector or matrix.
        keepdims: Whether reduced axes stay, with extent 1.

    Raises:
        ArgumentError: If there is no norm of that order.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.grad(lambda x: tw.optim.safe_norm(x, 1e-6))(np.zeros(2))
        array([0., 0.])
    """
    array = asarray(x)
    whole = norm(array, ord, axis, keepdims=True)
    safe = where(less_equal(whole, min_norm), ones_like(array), array)
    found = whole if keepdims else squeeze(whole, axis)
    return where(less_equal(found, min_norm), min_norm, norm(safe, ord, axis, keepdims=keepdims))


@on_tensors
def safe_root_mean_squares(x: Any, min_rms: Any) -> Tensor:
    """Return a root mean square, at least a number; there the derivative is 0 and not NaN.

        max(√(mean |x|²), min_rms)

    Args:
        x: An array.
        min_rms: The least value, in [0, ∞).

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.safe_root_mean_squares(np.array([3.0, -3.0]), 1e-6)
        np.float64(3.0)
    """
    squares = mean(abs_sq(asarray(x)))
    small = less_equal(sqrt(squares), min_rms)
    return where(small, min_rms, sqrt(where(small, 1.0, squares)))


@on_tensors
def scale_gradient(inputs: Leaves, scale: Any) -> Leaves:
    """Return a tree as it is, whose derivative is a number instead of 1.

    Args:
        inputs: Any tree.
        scale: The number; 0 stops gradients, −1 reverses them.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.grad(lambda x: np.sum(tw.optim.scale_gradient(x, 0.5) ** 2))(np.array([3.0]))
        array([3.])
    """
    if not isinstance(scale, Tensor):
        if scale == 1.0:
            return inputs
        if scale == 0.0:
            stopped: Leaves = each(stop_gradient, inputs)
            return stopped
    leaves, definition = tree.flatten(inputs)
    scaled = [_scaled(asarray(leaf), scale) for leaf in leaves]
    found: Leaves = tree.unflatten(definition, scaled)
    return found


def _scaled(x: Tensor, scale: Any) -> Tensor:
    if x.dtype.kind not in "fc":
        return x
    factor = stop_gradient(scale) if isinstance(scale, Tensor) else scale
    return with_derivative_of(x, astype(x * factor, x.dtype))
