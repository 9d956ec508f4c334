"""Symmetric matrices that need not be definite: L D Lᵀ, D with blocks of one or two rows.

Source: Bunch and Kaufman (1977), Some stable methods for calculating inertia and solving symmetric
linear systems; the form of the results is that of LAPACK's `sytrf`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.control.callback import pure_callback
from thalweg.core.spec import Array, Spec
from thalweg.core.tensor import Tensor
from thalweg.errors import NoResult, ShapeError
from thalweg.ops.shape.broadcast import broadcast_shapes, broadcast_to
from thalweg.torch.functions.matrices.operands import matrices_of, squares_of
from thalweg.torch.naming import as_tensor
from thalweg.torch.return_types import named_result

linalg_ldl_factor = named_result("linalg_ldl_factor", "LD", "pivots")
linalg_ldl_factor_ex = named_result("linalg_ldl_factor_ex", "LD", "pivots", "info")

_RATIO = (1 + math.sqrt(17)) / 8


def _size(x: Any) -> Any:
    """Return magnitudes as LAPACK compares them: |Re| + |Im|."""
    return np.abs(np.real(x)) + np.abs(np.imag(x))


def _largest(x: Array) -> tuple[int, float]:
    """Return the place and the magnitude of the largest number; 0 and 0 of none."""
    if not x.size:
        return 0, 0.0
    place = int(np.argmax(_size(x)))
    return place, float(_size(x[place]))


def _pivot(a: Array, k: int) -> tuple[int, int]:
    """Return which row is exchanged at a step, and how many rows the step takes."""
    own = float(_size(a[k, k]))
    place, column = _largest(a[k + 1 :, k])
    other = k + 1 + place
    if max(own, column) == 0 or own >= _RATIO * column:
        return k, 1
    row = max(_largest(a[other, k:other])[1], _largest(a[other + 1 :, other])[1])
    if own >= _RATIO * column * (column / row):
        return k, 1
    return other, 1 if _size(a[other, other]) >= _RATIO * row else 2


def _exchange(a: Array, k: int, other: int, step: int, turned: Callable[[Any], Any]) -> None:
    """Exchange two rows and columns of which the lower triangle is stored."""
    first = k + step - 1
    if other == first:
        return
    a[other + 1 :, [first, other]] = a[other + 1 :, [other, first]]
    between = a[first + 1 : other, first].copy()
    a[first + 1 : other, first] = turned(a[other, first + 1 : other])
    a[other, first + 1 : other] = turned(between)
    a[other, first] = turned(a[other, first])
    a[first, first], a[other, other] = a[other, other], a[first, first]
    if step == 2:
        a[k + 1, k], a[other, k] = a[other, k], a[k + 1, k]


def _block(a: Array, k: int, turned: Callable[[Any], Any]) -> Array:
    """Return the two rows of D that begin at a place."""
    below = a[k + 1, k]
    return np.array([[a[k, k], turned(below)], [below, a[k + 1, k + 1]]])


def _factor_one(a: Array, turned: Callable[[Any], Any]) -> tuple[Array, Array, int]:
    a, n = np.tril(a), a.shape[-1]
    pivots, info, k = np.zeros(n, np.int32), 0, 0
    while k < n:
        other, step = _pivot(a, k)
        pivots[k : k + step] = other + 1 if step == 1 else -(other + 1)
        _exchange(a, k, other, step, turned)
        rest = slice(k + step, n)
        columns = a[rest, k : k + step].copy()
        if step == 1 and a[k, k] == 0:
            info = info or k + 1
        elif columns.size:
            block = a[k : k + 1, k : k + 1] if step == 1 else _block(a, k, turned)
            scaled = np.linalg.solve(block.T, columns.T).T
            a[rest, rest] -= np.tril(scaled @ turned(columns).T)
            a[rest, k : k + step] = scaled
        k += step
    return a, pivots, info


def _stacked(x: Array, axes: int) -> Array:
    """Return an array with one axis before its last ones."""
    return x.reshape(math.prod(x.shape[:-axes]), *x.shape[-axes:])


def _turning(hermitian: bool) -> Callable[[Any], Any]:
    return np.conjugate if hermitian else np.asarray


def _factor(a: Array, hermitian: bool) -> tuple[Array, Array, Array]:
    flat = _stacked(a, 2)
    found = [_factor_one(each, _turning(hermitian)) for each in flat]
    pivots = np.array([each[1] for each in found], np.int32).reshape(a.shape[:-1])
    infos = np.array([each[2] for each in found], np.int32).reshape(a.shape[:-2])
    return np.array([each[0] for each in found], a.dtype).reshape(a.shape), pivots, infos


def ldl_factor_ex(A: Any, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    """Return L and D in one matrix, which rows were exchanged, and where D has its first 0.

    Args:
        A: Symmetric matrices of shape (…, n, n), whose lower triangle is read.
        hermitian: Whether complex ones are Hermitian.
        check_errors: Whether a 0 on the diagonal of D is refused.

    Returns:
        `LD`; `pivots`, of int32, negative in pairs where D has a block of two rows; and `info`.

    Raises:
        ShapeError: If they are not square.
        NoResult: If D has a 0 on its diagonal and that is asked for.
        GradientError: In `backward()`, as in PyTorch.
    """
    x = squares_of("torch.linalg.ldl_factor_ex", A)
    int32 = np.dtype(np.int32)
    specs = Spec(x.shape, x.dtype), Spec(x.shape[:-1], int32), Spec(x.shape[:-2], int32)
    both, pivots, info = pure_callback(
        lambda a: _factor(a, hermitian), specs, x, vmap_method="expand_dims"
    )
    if check_errors and not info.is_symbolic and info.array.any():
        place = int(info.array[info.array > 0].flat[0])
        raise NoResult("torch.linalg.ldl_factor_ex", f"D[{place},{place}] is zero")
    return linalg_ldl_factor_ex(both, pivots, info)


def ldl_factor(A: Any, *, hermitian: bool = False) -> Any:
    """Return L and D in one matrix, and which rows were exchanged, as `ldl_solve` takes them.

    Args:
        A: Symmetric matrices of shape (…, n, n), whose lower triangle is read.
        hermitian: Whether complex ones are Hermitian.

    Raises:
        ShapeError: If they are not square.
        NoResult: If D has a 0 on its diagonal.
        GradientError: In `backward()`, as in PyTorch.

    Example:
        >>> import thalweg.torch as torch
        >>> LD, pivots = torch.linalg.ldl_factor(torch.tensor([[4.0, 2.0], [2.0, 3.0]]))
        >>> LD.tril().tolist(), pivots.tolist()
        ([[4.0, 0.0], [0.5, 2.0]], [1, 2])
        >>> torch.linalg.ldl_solve(LD, pivots, torch.tensor([[8.0], [6.0]])).tolist()
        [[1.5], [1.0]]
    """
    return linalg_ldl_factor(*ldl_factor_ex(A, hermitian=hermitian, check_errors=True)[:2])


def _solve_one(a: Array, pivots: Array, b: Array, turned: Callable[[Any], Any]) -> Array:
    """Solve by the factors of one matrix: through L, D and Lᵀ, rows exchanged on the way."""
    x, n, k = b.copy(), len(a), 0
    steps: list[tuple[int, int, int]] = []
    while k < n:
        step, other = (1, pivots[k] - 1) if pivots[k] > 0 else (2, -pivots[k] - 1)
        last, end = k + step - 1, k + step
        x[[last, other]] = x[[other, last]]
        x[end:] -= a[end:, k:end] @ x[k:end]
        block = a[k:end, k:end] if step == 1 else _block(a, k, turned)
        x[k:end] = np.linalg.solve(block, x[k:end])
        steps.append((k, end, other))
        k = end
    for k, end, other in reversed(steps):
        x[k:end] -= turned(a[end:, k:end]).T @ x[end:]
        x[[end - 1, other]] = x[[other, end - 1]]
    return x


def _solve(a: Array, pivots: Array, b: Array, hermitian: bool) -> Array:
    flat = zip(_stacked(a, 2), _stacked(pivots, 1), _stacked(b, 2), strict=True)
    found = [_solve_one(*each, _turning(hermitian)) for each in flat]
    return np.array(found, b.dtype).reshape(b.shape)


def ldl_solve(LD: Any, pivots: Any, B: Any, *, hermitian: bool = False) -> Tensor:
    """Solve A X = B by the factors of A, as `ldl_factor` returns them.

    Args:
        LD: L and D in one matrix, of shape (…, n, n).
        pivots: Which rows were exchanged.
        B: Matrices of shape (…, n, k).
        hermitian: Whether A is Hermitian.

    Raises:
        ShapeError: If shapes do not fit.
        GradientError: In `backward()`, as in PyTorch.
    """
    factors = squares_of("torch.linalg.ldl_solve", LD, "LD")
    exchanged, right = as_tensor(pivots), matrices_of("torch.linalg.ldl_solve", B, "B")
    n = factors.shape[-1]
    if right.shape[-2] != n:
        raise ShapeError(
            "Incompatible matrix sizes for torch.linalg.ldl_solve: each A matrix is "
            f"{n} by {n} but each b matrix is {right.shape[-2]} by {right.shape[-1]}"
        )
    batch = broadcast_shapes(factors.shape[:-2], right.shape[:-2])
    factors = broadcast_to(factors, (*batch, n, n))
    exchanged = broadcast_to(exchanged, (*batch, n))
    right = broadcast_to(right, (*batch, *right.shape[-2:]))
    found: Tensor = pure_callback(
        lambda a, p, b: _solve(a, p, b, hermitian), Spec(right.shape, right.dtype),
        factors, exchanged, right, vmap_method="broadcast_all",
    )  # fmt: skip
    return as_tensor(found)
