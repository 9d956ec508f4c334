"""JAX's functions for primitives of whole matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import jax.scipy.linalg as decompositions
from jax import lax


def _transposed(x: Any) -> Any:
    return jnp.swapaxes(x, -1, -2)


def _triangular_solve(a: Any, b: Any, *, lower: bool, transposed: bool, unit: bool) -> Any:
    return lax.linalg.triangular_solve(
        a, b, left_side=True, lower=lower, transpose_a=transposed, unit_diagonal=unit
    )


def _lu_parts(x: Any) -> Any:
    factors, pivots, _ = lax.linalg.lu(x)
    return jnp.concatenate([factors, pivots[..., None, :].astype(x.dtype)], -2)


def _lu_solved(x: Any, factors: Any, b: Any, *, transposed: bool) -> Any:
    # By the matrix itself, as JAX knows the derivative of that.
    return jnp.linalg.solve(_transposed(x) if transposed else x, b)


def _eigen_parts(x: Any, *, triangle: str = "L") -> Any:
    values, vectors = jnp.linalg.eigh(x, UPLO=triangle, symmetrize_input=False)
    return jnp.concatenate([values[..., None, :].astype(x.dtype), vectors], -2)


def _singular_parts(x: Any, *, full: bool = False) -> Any:
    u, s, vt = jnp.linalg.svd(x, full_matrices=full)
    parts = [u, s[..., None, :].astype(x.dtype), jnp.conjugate(_transposed(vt))]
    columns = max(part.shape[-1] for part in parts)
    wide = [
        jnp.pad(part, [(0, 0)] * (part.ndim - 1) + [(0, columns - part.shape[-1])])
        for part in parts
    ]
    return jnp.concatenate(wide, -2)


def _orthogonal_parts(x: Any) -> Any:
    q, r = jnp.linalg.qr(x)
    return jnp.concatenate([q, _transposed(r)], -2)


ROWS: dict[str, Callable[..., Any]] = {
    "cholesky_factor": lambda x: jnp.linalg.cholesky(x, symmetrize_input=False),
    "completing_columns": lambda x: jnp.linalg.qr(x, mode="complete")[0][..., x.shape[-1] :],
    "determinant_of": jnp.linalg.det,
    "eigen_parts": _eigen_parts,
    "eigenvalues_of": lambda x: jnp.linalg.eig(x)[0],
    "eigenvectors_of": lambda x: jnp.linalg.eig(x)[1],
    "exponential_of": decompositions.expm,
    "found_of_factors": lambda value, x, factors, *, of: value,
    "inverse_of": jnp.linalg.inv,
    "log_of_determinant": lambda x: jnp.linalg.slogdet(x)[1],
    "lu_parts": _lu_parts,
    "lu_solved": _lu_solved,
    "orthogonal_parts": _orthogonal_parts,
    "pseudo_inverse": lambda x, rtol, *, hermitian=False: jnp.linalg.pinv(
        x, rtol=rtol, hermitian=hermitian
    ),
    "sign_of_determinant": lambda x: jnp.linalg.slogdet(x)[0],
    "singular_parts": _singular_parts,
    "solve_matrices": jnp.linalg.solve,
    "triangular_solve": _triangular_solve,
}
