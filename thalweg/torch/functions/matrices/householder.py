"""Products of Householder reflections, H₁ H₂ … Hₖ with Hᵢ = I - τᵢ vᵢ vᵢᴴ."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.control.callback import pure_callback
from thalweg.core.spec import Array, Spec
from thalweg.core.tensor import Tensor
from thalweg.errors import DtypeError, ShapeError
from thalweg.ops.creation.creation import eye
from thalweg.ops.elementwise.complex import conjugated
from thalweg.ops.linalg.diagonals import tril, triu
from thalweg.ops.linalg.matrices import solve_triangular
from thalweg.ops.linalg.products import matmul
from thalweg.ops.shape.reshape import expand_dims
from thalweg.ops.shape.transpose import swapaxes
from thalweg.torch.functions.matrices.operands import matrices_of
from thalweg.torch.naming import as_tensor, method
from thalweg.torch.return_types import named_result

geqrf_result = named_result("geqrf", "a", "tau")


def _raw(x: Array) -> tuple[Array, Array]:
    h, tau = np.linalg.qr(x, mode="raw")
    return np.swapaxes(h, -1, -2).astype(x.dtype), tau.astype(x.dtype)


@method
def geqrf(x: Any) -> Any:
    """Decompose matrices into reflections and a triangle, as LAPACK's `geqrf` stores them.

    Args:
        x: Matrices of shape (…, m, n).

    Returns:
        `a`, with R in its upper triangle and below it the vectors vᵢ, whose first element is 1
        and not stored; and `tau`, the factors τᵢ, of shape (…, min(m, n)).

    Raises:
        ShapeError: If these are no matrices.
        GradientError: In `backward()`, as in PyTorch; `torch.linalg.qr` has derivatives.

    Example:
        >>> import thalweg.torch as torch
        >>> a, tau = torch.geqrf(torch.tensor([[3.0], [4.0]]))
        >>> a.flatten().tolist(), [round(t, 4) for t in tau.tolist()]
        ([-5.0, 0.5], [1.6])
    """
    x = matrices_of("torch.geqrf", x, "input")
    count = min(x.shape[-2:])
    specs = (Spec(x.shape, x.dtype), Spec((*x.shape[:-2], count), x.dtype))
    a, tau = pure_callback(_raw, specs, x, vmap_method="expand_dims")
    return geqrf_result(a, tau)


def _vectors(name: str, a: Any, tau: Any, wide: bool = False) -> tuple[Tensor, Tensor]:
    """Return the vectors as columns, below and with their first element 1, and the factors.

    Args:
        name: Who is given them.
        a: Matrices with the vectors below the diagonal.
        tau: The factors.
        wide: Whether there may be more columns than rows; those without a factor are not read.

    Raises:
        ShapeError: If shapes do not belong together.
        DtypeError: If dtypes differ.
    """
    x, factors = matrices_of(name, a, "input"), as_tensor(tau)
    if x.shape[-2] < x.shape[-1] and not wide:
        raise ShapeError(
            f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]; the shape "
            f"is {tuple(x.shape)}."
        )
    if factors.ndim != x.ndim - 1 or factors.shape[-1] > x.shape[-1]:
        raise ShapeError(
            f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1], and tau has "
            f"one axis less than input; the shapes are {tuple(x.shape)} and "
            f"{tuple(factors.shape)}."
        )
    if factors.dtype != x.dtype:
        raise DtypeError(
            f"{name}: tau dtype {factors.dtype} does not match input dtype {x.dtype}. Convert one."
        )
    count = factors.shape[-1]
    vectors = tril(x[..., :count], -1) + eye(x.shape[-2], count, dtype=x.dtype)
    return vectors, factors


def _kernel(vectors: Tensor, tau: Tensor) -> Tensor:
    """Return the triangle T of the product I - V T Vᴴ.

    Of two reflections it is [[τ₁, -τ₁ v₁ᴴv₂ τ₂], [0, τ₂]]; of many it solves
    (I + diag(τ) U) T = diag(τ), U being the part of VᴴV above the diagonal.
    """
    count = tau.shape[-1]
    one = eye(count, dtype=vectors.dtype)
    column = expand_dims(tau, -1)
    above = triu(matmul(conjugated(swapaxes(vectors, -1, -2)), vectors), 1)
    return solve_triangular(one + column * above, column * one, upper=True, unitriangular=True)


@method
def orgqr(x: Any, tau: Any) -> Tensor:
    """Return the first columns of a product of reflections: `torch.linalg.householder_product`."""
    return householder_product(x, tau)


def householder_product(A: Any, tau: Any) -> Tensor:
    """Return the first n columns of the product of k reflections of dimension m.

    Args:
        A: Of shape (…, m, n), m ≥ n, whose first k columns have the vectors below the diagonal.
        tau: The factors, of shape (…, k), k ≤ n.

    Raises:
        ShapeError: If shapes do not belong together.
        DtypeError: If dtypes differ.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        >>> q = torch.linalg.householder_product(*torch.geqrf(x))
        >>> torch.allclose(q, torch.linalg.qr(x).Q)
        True
    """
    vectors, factors = _vectors("torch.linalg.householder_product", A, tau)
    columns = as_tensor(A).shape[-1]
    turned = conjugated(swapaxes(vectors[..., :columns, :], -1, -2))
    found = matmul(vectors, matmul(_kernel(vectors, factors), turned))
    return eye(vectors.shape[-2], columns, dtype=vectors.dtype) - found


@method
def ormqr(x: Any, tau: Any, other: Any, left: bool = True, transpose: bool = False) -> Tensor:
    """Multiply matrices by a whole product Q of reflections: Q other, or other Q.

    Args:
        x: Of shape (…, m, n), whose first k columns have the vectors below the diagonal.
        tau: The factors, of shape (…, k), k ≤ min(m, n).
        other: What is multiplied.
        left: Whether Q stands on the left.
        transpose: Whether Qᴴ is taken.

    Raises:
        ShapeError: If shapes do not belong together.
        DtypeError: If dtypes differ.

    Example:
        >>> import thalweg.torch as torch
        >>> a, tau = torch.geqrf(torch.tensor([[3.0], [4.0]]))
        >>> torch.ormqr(a, tau, torch.tensor([[3.0], [4.0]]), transpose=True).round().tolist()
        [[-5.0], [0.0]]
    """
    vectors, factors = _vectors("torch.ormqr", x, tau, wide=True)
    given = as_tensor(other)
    side = -2 if left else -1
    if given.ndim < 2 or given.shape[side] != vectors.shape[-2]:
        raise ShapeError(
            f"torch.ormqr: other.shape[{side}] must be equal to input.shape[-2]; the shapes are "
            f"{tuple(given.shape)} and {tuple(vectors.shape)}."
        )
    if given.shape[side] < factors.shape[-1]:
        raise ShapeError(
            f"torch.ormqr: other.shape[{side}] must be greater than or equal to tau.shape[-1]; the "
            f"shapes are {tuple(given.shape)} and {tuple(factors.shape)}."
        )
    kernel, turned = _kernel(vectors, factors), conjugated(swapaxes(vectors, -1, -2))
    if transpose:
        kernel = conjugated(swapaxes(kernel, -1, -2))
    if left:
        return given - matmul(vectors, matmul(kernel, matmul(turned, given)))
    return given - matmul(matmul(matmul(given, vectors), kernel), turned)
