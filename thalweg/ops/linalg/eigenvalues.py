"""Eigenvalues and eigenvectors of square matrices that need not be symmetric: always complex."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.core.operation import register
from thalweg.core.primitive import general
from thalweg.core.spec import SINGLE_OR_DOUBLE, Spec
from thalweg.core.tensor import Tensor
from thalweg.errors import GradientError
from thalweg.ops.elementwise.complex import real
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.linalg.decompositions import numerically, solve_matrices, turned
from thalweg.ops.linalg.matrices import square_matrices
from thalweg.ops.shape.reshape import expand_dims

Array = np.ndarray[Any, Any]


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors as columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def _complex_dtype(x: Spec) -> np.dtype[Any]:
    return np.result_type(x.dtype, np.complex64)


def _decomposed(x: Array) -> tuple[Array, Array]:
    values, vectors = numerically(np.linalg.eig, x)
    kind = np.result_type(x.dtype, np.complex64)
    return values.astype(kind), vectors.astype(kind)


def _values_rule(g: Tensor, out: Tensor, x: Tensor) -> Tensor:
    """Return V⁻ᵀ diag(g) Vᵀ: each eigenvalue changes as its left and right vectors say."""
    vectors = eigenvectors_of(x)
    found: Tensor = solve_matrices(turned(vectors), expand_dims(g, -1) * turned(vectors))
    return found if x.dtype.kind == "c" else astype(real(found), x.dtype)


def _vectors_rule(g: Tensor, out: Tensor, x: Tensor) -> Tensor:
    raise GradientError(
        "The derivative of eigenvectors of a matrix that need not be symmetric was asked for; "
        "they are defined up to a complex factor each, so it is not defined. The derivative of "
        "the eigenvalues is; of symmetric matrices take eigh."
    )


@general(lambda x: Spec(x.shape[:-1], _complex_dtype(x)), _values_rule, takes=SINGLE_OR_DOUBLE)
def eigenvalues_of(x: Array) -> Array:
    """Eigenvalues of square matrices, complex, in the order of LAPACK."""
    return _decomposed(x)[0]


@general(lambda x: Spec(x.shape, _complex_dtype(x)), _vectors_rule, takes=SINGLE_OR_DOUBLE)
def eigenvectors_of(x: Array) -> Array:
    """Eigenvectors of square matrices, as columns of length 1, in the order of the eigenvalues."""
    return _decomposed(x)[1]


def eig(a: Any) -> EigResult:
    """Return eigenvalues and eigenvectors of square matrices, both complex, in LAPACK's order.

    Only the eigenvalues have derivatives, where they are distinct.

    Args:
        a: Matrices of shape (…, n, n).

    Raises:
        ShapeError: If they are not square.
        GradientError: If a derivative of the vectors is asked for.

    Example:
        >>> import thalweg as tw
        >>> tw.linalg.eig(tw.tensor([[0.0, 1.0], [-1.0, 0.0]])).eigenvalues.numpy()
        array([0.+1.j, 0.-1.j])
    """
    tensor = square_matrices("eig", a)
    return EigResult(eigenvalues_of(tensor), eigenvectors_of(tensor))


def eigvals(a: Any) -> Tensor:
    """Return the eigenvalues of square matrices, complex; arguments and errors as `eig`'s."""
    return eigenvalues_of(square_matrices("eigvals", a))


register("eig", eig)

register("eigvals", eigvals)
