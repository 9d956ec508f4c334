"""Linear algebra by iteration: largest eigenvalues, inverse roots, non-negative least squares."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from thalweg.control.conditional import while_loop
from thalweg.control.scan import scan
from thalweg.core.spec import FLOAT64
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import asarray, eye, zeros, zeros_like
from thalweg.ops.elementwise.arithmetic import absolute, power, sqrt, square
from thalweg.ops.elementwise.comparison import (
    equal,
    greater,
    less,
    logical_and,
    logical_not,
    maximum,
    minimum,
    where,
)
from thalweg.ops.linalg.products import matmul
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.reduce.extremes import max
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.transpose import swapaxes
from thalweg.optim.transformation import each
from thalweg.optim.wholes import inner, norm, scaled
from thalweg.random import key as key_of
from thalweg.random import uniform
from thalweg.tree import Tree

__all__ = ["matrix_inverse_pth_root", "nnls", "power_iteration"]


@on_tensors
def power_iteration(
    matrix: Any,
    *,
    v0: Tree = None,
    num_iters: Any = 100,
    error_tolerance: Any = 1e-6,
    precision: Any = "highest",
    key: Any = None,
) -> tuple[Any, Tree]:
    """Return the eigenvalue of largest absolute, and its eigenvector of norm 1.

        v = z / |z|,  z = A v,  λ = ⟨v, z⟩    until |z - λ v| < tolerance · |λ|

    Args:
        matrix: A, a square matrix, or a function that maps a tree to A times it.
        v0: Where to begin, a tree; by default uniform in [-1, 1), of `key`.
        num_iters: The largest number of iterations.
        error_tolerance: The relative size of the residual to stop at, in [0, ∞).
        precision: Accepted as in Optax; products are always computed in full.
        key: The key of the first vector; by default `thalweg.random.key(0)`.

    Raises:
        ArgumentError: If a function is given without `v0`.

    Source:
        von Mises & Pollaczek-Geiringer, 1929; Golub & Van Loan, "Matrix Computations", 7.3.1.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> value, vector = tw.optim.power_iteration(np.diag([1.0, 3.0]), v0=np.ones(2))
        >>> round(float(value), 4)
        3.0
    """
    multiply_by, start = _operator(matrix, v0, key)
    start = scaled(1.0 / norm(start), start)
    first = each(asarray, multiply_by(start))
    value = zeros_like(as_tensor(inner(start, first)))

    def going_on(state: Any) -> Any:
        vector, product, value, count = state
        residual = norm(each(lambda z, v: z - value * v, product, vector))
        converged = less(absolute(residual / value), error_tolerance)
        return logical_and(logical_not(converged), less(count, num_iters))

    def turn(state: Any) -> Any:
        _, product, _, count = state
        vector = scaled(1.0 / norm(product), product)
        product = each(asarray, multiply_by(vector))
        return vector, product, as_tensor(inner(vector, product)), count + 1

    _, product, value, _ = while_loop(going_on, turn, (start, first, value, asarray(0)))
    return value, scaled(1.0 / norm(product), product)


def _operator(matrix: Any, v0: Tree, key: Any) -> tuple[Callable[[Tree], Tree], Tree]:
    """Return what multiplies by a matrix, and the first vector.

    Raises:
        ArgumentError: If a function is given without `v0`.
    """
    if callable(matrix):
        if v0 is None:
            raise ArgumentError(
                "power_iteration got a function: v0 must be provided when `matrix` is a callable. "
                "Give a tree such as the function takes."
            )
        return matrix, each(asarray, v0)
    square_matrix = as_tensor(matrix)
    if v0 is None:
        seed = key_of(0) if key is None else key
        v0 = uniform(seed, square_matrix.shape[-1:], square_matrix.dtype, -1.0, 1.0)
    return lambda v: matmul(square_matrix, v), as_tensor(v0)


@on_tensors
def matrix_inverse_pth_root(
    matrix: Any,
    p: int,
    num_iters: Any = 100,
    ridge_epsilon: Any = 1e-6,
    error_tolerance: Any = 1e-6,
    precision: Any = "highest",
) -> tuple[Any, Any]:
    """Return A^(-1/p) of a positive semidefinite matrix, and how far it is from it.

    Coupled Newton iterations on A + ε λ I, with λ the largest eigenvalue:

        N = (1 + 1/p) I - M / p,  M = Nᵖ M,  H = H N    until max |M - I| ≤ tolerance

    Args:
        matrix: A, symmetric.
        p: A positive integer.
        num_iters: The largest number of iterations.
        ridge_epsilon: ε, in [0, ∞).
        error_tolerance: The error to stop at, in [0, ∞).
        precision: Accepted as in Optax; products are always computed in full.

    Returns:
        (H, max |M - I|).

    Raises:
        ArgumentError: If p is less than 1.
        ShapeError: If it is no square matrix.

    Source:
        Guo & Higham, "A Schur-Newton Method for the Matrix pth Root and its Inverse", 2006;
        as in Anil et al., "Scalable Second Order Optimization", 2020. arXiv:2002.09018

    Example:
        >>> import numpy as np, thalweg as tw
        >>> root, error = tw.optim.matrix_inverse_pth_root(np.diag([1.0, 16.0]), 4)
        >>> np.round(root, 3) + 0.0
        array([[1. , 0. ],
               [0. , 0.5]])
    """
    a, degree = as_tensor(matrix), operator.index(p)
    if degree < 1:
        raise ArgumentError(f"matrix_inverse_pth_root got p={p!r}; give a positive integer.")
    if a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise ShapeError(
            f"matrix_inverse_pth_root got shape {tuple(a.shape)}; it wants a square matrix."
        )
    value, _ = power_iteration(a)
    ridge = ridge_epsilon * maximum(value, 1e-16)
    if a.shape[0] == 1:
        return power(a + ridge, -1.0 / degree), asarray(0)
    identity = eye(a.shape[0], dtype=a.dtype)
    damped = a + ridge * identity
    z = (1 + degree) / (2 * sqrt(sum(square(damped))))
    first, root = damped * z, identity * power(z, 1.0 / degree)

    def off(m: Tensor) -> Tensor:
        return max(absolute(m - identity))

    def going_on(state: Any) -> Any:
        count, _, _, _, error, falling = state
        unfinished = logical_and(greater(error, error_tolerance), falling)
        return logical_and(less(count, num_iters), unfinished)

    def turn(state: Any) -> Any:
        count, m, h, _, error, _ = state
        step = (1 + 1.0 / degree) * identity - m / degree
        new = matmul(_power(step, degree), m)
        return count + 1, new, matmul(h, step), h, off(new), less(off(new), error * 1.2)

    state = asarray(0), first, root, root, off(first), equal(z, z)
    _, m, h, before, _, falling = while_loop(going_on, turn, state)
    return where(falling, h, before), off(m)


def _power(m: Tensor, degree: int) -> Tensor:
    """Return a power of a matrix by squaring."""
    if degree == 1:
        return m
    half = _power(m, degree // 2)
    squared = matmul(half, half)
    return matmul(squared, m) if degree % 2 else squared


@on_tensors
def nnls(A: Any, b: Any, iters: int, unroll: int | bool = 1, L: Any = None) -> Any:
    """Return the non-negative x for which |A x - b| is least, by accelerated projected gradients.

        c' = ½ (1 + √(1 + 4 c²))
        x' = max(0, p - (AᵀA p - Aᵀb) / L)
        p' = x' + (c - 1) / c' · (x' - x)

    Args:
        A: A matrix of shape (n, m).
        b: Of shape (n,) or (n, k).
        iters: How many iterations.
        unroll: Accepted as in Optax; the compiler chooses.
        L: At least the largest eigenvalue of AᵀA, in (0, ∞); by default the lesser of its Frobenius
            norm and its largest sum of a column.

    Returns:
        x, of shape (m,) or (m, k).

    Raises:
        ShapeError: If the shapes do not fit together.

    Source:
        Beck & Teboulle, "A Fast Iterative Shrinkage-Thresholding Algorithm", 2009.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.nnls(np.eye(2), np.array([1.0, -1.0]), 10)
        array([1., 0.])
    """
    matrix, target = _floating(A), _floating(b)
    fit = matrix.ndim == 2 and target.ndim in (1, 2) and target.shape[0] == matrix.shape[0]
    if not fit:
        raise ShapeError(
            f"nnls got A of shape {tuple(matrix.shape)} and b of shape {tuple(target.shape)}; it "
            "wants (n, m), and (n,) or (n, k)."
        )
    curvature = matmul(swapaxes(matrix, 0, 1), matrix)
    pull = matmul(swapaxes(matrix, 0, 1), target)
    bound = _largest_eigenvalue_at_most(curvature) if L is None else as_tensor(L)
    bound = where(equal(bound, 0), 1, bound)

    def turn(state: Any, _: Any) -> Any:
        x, p, c = state
        following = (1 + sqrt(1 + 4 * square(c))) / 2
        new = maximum(p - (matmul(curvature, p) - pull) / bound, 0)
        return (new, new + (c - 1) / following * (new - x), following), None

    start = zeros_like(pull)
    (x, _, _), _ = scan(turn, (start, start, zeros((), dtype=pull.dtype)), length=iters)
    return x


def _floating(x: Any) -> Tensor:
    tensor = as_tensor(x)
    return tensor if tensor.dtype.kind == "f" else astype(tensor, FLOAT64)


def _largest_eigenvalue_at_most(matrix: Tensor) -> Tensor:
    """Return the lesser of the Frobenius norm and the largest sum of absolutes of a column."""
    frobenius = sqrt(sum(square(matrix)))
    return minimum(frobenius, max(sum(absolute(matrix), 0))) if matrix.size else frobenius
