"""Functions of matrices: exponentials, systems by Cholesky factors, systems over several axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import operation
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import eye
from thalweg.ops.elementwise.arithmetic import power
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.linalg.decompositions import of_matrices, turned
from thalweg.ops.linalg.matrices import cho_solve, inv, solve, square_matrices
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import atleast_1d, expand_dims, ravel, reshape
from thalweg.ops.shape.transpose import transpose

# ---- the exponential

# From where on terms of the series vanish in float64, for matrices of norm 1.
_TERMS = 18


def _exponential_rule(g: Tensor, out: Tensor, x: Tensor) -> Tensor:
    # The derivative stands in the corner of the exponential of a block matrix.
    n, xt = x.shape[-1], turned(x)
    upper = concatenate((xt, g), axis=-1)
    lower = concatenate((xt * 0, xt), axis=-1)
    return exponential_of(concatenate((upper, lower), axis=-2))[..., :n, n:]


@of_matrices(lambda x: x, _exponential_rule)
def exponential_of(x: Array) -> Array:
    """Exponential of square matrices, Σ xᵏ / k!: that of x / 2ˢ, of norm 1, squared s times.

    Source:
        Moler & Van Loan, "Nineteen dubious ways to compute the exponential of a matrix", 2003,
        method 3. The derivative: Najfeld & Havel, "Derivatives of the matrix exponential", 1995.
    """
    n = x.shape[-1]
    matrices = x.reshape(math.prod(x.shape[:-2]), n, n)
    norms = np.abs(matrices).sum(axis=-2).max(axis=-1, initial=0.0)
    halvings = np.ceil(np.log2(np.clip(norms, 1, np.finfo(x.dtype).max))).astype(np.int64)
    scaled = matrices / np.exp2(halvings).astype(x.real.dtype)[:, None, None]
    one = np.eye(n, dtype=x.dtype)
    found = one + np.zeros_like(scaled)
    for k in range(_TERMS, 0, -1):
        found = one + scaled @ found / k
    for done in range(halvings.max(initial=0)):
        left = halvings > done
        found[left] = found[left] @ found[left]
    result: Array = found.reshape(x.shape)
    return result


@operation("linalg.expm")
def matrix_exp(x: Any) -> Tensor:
    """Exponential of square matrices: Σ xᵏ / k!.

    Raises:
        ShapeError: If the matrices are not square.

    Example:
        >>> import thalweg as tw
        >>> tw.linalg.matrix_exp(tw.tensor([[0.0, 1.0], [0.0, 0.0]]))
        tensor([[1., 1.],
                [0., 1.]])
    """
    return exponential_of(square_matrices("matrix_exp", x))


# ---- systems by Cholesky factors


@operation
def cholesky_solve(x: Any, y: Any, upper: bool = False) -> Tensor:
    """Solve A z = x for z, where A = L Lᴴ.

    Args:
        x: Right-hand sides of shape (…, n, k).
        y: Lower triangles L of shape (…, n, n).
        upper: Whether y is Lᴴ.
    """
    return cho_solve((y, not upper), x)


@operation
def cholesky_inverse(x: Any, upper: bool = False) -> Tensor:
    """Inverses of L Lᴴ, for lower triangles L; of Uᴴ U for upper ones."""
    factor = square_matrices("cholesky_inverse", x)
    return cholesky_solve(eye(factor.shape[-1], dtype=factor.dtype), factor, upper)


# ---- systems over several axes


@operation
def tensorinv(x: Any, ind: int = 2) -> Tensor:
    """Inverse under `tensordot` over `ind` axes.

    Args:
        x: A tensor whose first `ind` extents multiply to what the others do.
        ind: How many axes are the rows.

    Raises:
        ShapeError: If the products differ.
        ArgumentError: If `ind` is not positive.
    """
    tensor = as_floating(x)
    if ind <= 0:
        raise ArgumentError(f"tensorinv got ind {ind}; it wants a positive number of axes.")
    rows, columns = tensor.shape[:ind], tensor.shape[ind:]
    if math.prod(rows) != math.prod(columns):
        raise ShapeError(
            f"tensorinv got shape {tuple(tensor.shape)} and ind {ind}; the first extents must "
            "multiply to what the others do. Give another ind."
        )
    flat = reshape(tensor, (math.prod(rows), math.prod(columns)))
    return reshape(inv(flat), (*columns, *rows))


@operation
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Tensor:
    """Solve tensordot(a, x, x.ndim) = b for x.

    Args:
        a: A tensor of the shape of b, followed by that of x.
        b: The right-hand side.
        axes: Axes of a to move to its end before.

    Raises:
        ShapeError: If the extents do not multiply to a square matrix.
    """
    left, right = as_floating(a), as_floating(b)
    if axes is not None:
        moved = [axis % left.ndim for axis in axes]
        left = transpose(left, [i for i in range(left.ndim) if i not in moved] + moved)
    shape = left.shape[right.ndim :]
    if math.prod(shape) != right.size or left.size != right.size**2:
        raise ShapeError(
            f"tensorsolve got shapes {tuple(left.shape)} and {tuple(right.shape)}; the first must "
            "be the second, followed by axes of as many elements. Give axes, or reshape it."
        )
    found = solve(reshape(left, (right.size, right.size)), ravel(right))
    return reshape(found, shape)


@operation("linalg.vander")
def powers_of(x: Any, N: int | None = None) -> Tensor:
    """Powers 0 … N - 1 of the last axis' elements, as rows: shape (…, n, N), by default N = n.

    Raises:
        ArgumentError: If N is less than 2.
    """
    tensor = atleast_1d(x)
    count = tensor.shape[-1] if N is None else int(N)
    if N is not None and count <= 1:
        raise ArgumentError(f"linalg.vander got N={N}; it wants 2 columns at least.")
    return power(expand_dims(tensor, -1), np.arange(count))
