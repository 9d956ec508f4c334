"""PyTorch's functions for primitives of whole matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def _triangular_solve(a: Any, b: Any, *, lower: bool, transposed: bool, unit: bool) -> Any:
    left = a.mT if transposed else a
    return torch.linalg.solve_triangular(left, b, upper=lower == transposed, unitriangular=unit)


def _lu_parts(x: Any) -> Any:
    factors, pivots = torch.linalg.lu_factor(x)
    return torch.cat([factors, (pivots[..., None, :] - 1).to(x.dtype)], -2)


def _lu_solved(x: Any, factors: Any, b: Any, *, transposed: bool) -> Any:
    # By the matrix itself, as PyTorch knows the derivative of that.
    return torch.linalg.solve(x.mT if transposed else x, b)


def _eigen_parts(x: Any, *, triangle: str = "L") -> Any:
    values, vectors = torch.linalg.eigh(x, UPLO=triangle)
    return torch.cat([values[..., None, :].to(x.dtype), vectors], -2)


def _singular_parts(x: Any, *, full: bool = False) -> Any:
    u, s, vh = torch.linalg.svd(x, full_matrices=full)
    parts = [u, s[..., None, :].to(x.dtype), vh.mH]
    columns = max(part.shape[-1] for part in parts)
    wide = [torch.nn.functional.pad(part, (0, columns - part.shape[-1])) for part in parts]
    return torch.cat(wide, -2)


def _orthogonal_parts(x: Any) -> Any:
    q, r = torch.linalg.qr(x)
    return torch.cat([q, r.mT], -2)


ROWS: dict[str, Callable[..., Any]] = {
    "cholesky_factor": torch.linalg.cholesky,
    "completing_columns": lambda x: torch.linalg.qr(x, "complete")[0][..., x.shape[-1] :],
    "determinant_of": torch.linalg.det,
    "eigen_parts": _eigen_parts,
    "eigenvalues_of": lambda x: torch.linalg.eig(x)[0],
    "eigenvectors_of": lambda x: torch.linalg.eig(x)[1],
    "exponential_of": torch.linalg.matrix_exp,
    "found_of_factors": lambda value, x, factors, *, of: value,
    "inverse_of": torch.linalg.inv,
    "log_of_determinant": lambda x: torch.linalg.slogdet(x)[1],
    "lu_parts": _lu_parts,
    "lu_solved": _lu_solved,
    "orthogonal_parts": _orthogonal_parts,
    "pseudo_inverse": lambda x, rtol, *, hermitian=False: torch.linalg.pinv(
        x, rtol=rtol, hermitian=hermitian
    ),
    "sign_of_determinant": lambda x: torch.linalg.slogdet(x)[0],
    "singular_parts": _singular_parts,
    "solve_matrices": torch.linalg.solve,
    "triangular_solve": _triangular_solve,
}
