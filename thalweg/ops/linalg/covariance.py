"""How variables vary together."""

from __future__ import annotations

from typing import Any

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import op, operation
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.elementwise.arithmetic import divide, sqrt
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.reshape import expand_dims, reshape

__all__ = ["corrcoef", "cov"]

# ---- how variables vary together


@operation
def cov(
    x: Any,
    y: Any = None,
    rowvar: bool = True,
    *,
    correction: float = 1,
    ddof: float | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Tensor:
    """Covariances of variables, the rows of a matrix of observations.

    Args:
        x: A matrix, or a vector of observations of one variable.
        y: Further variables.
        rowvar: Whether variables are rows; False for columns.
        correction: What to subtract from the number of observations.
        ddof: NumPy's name of it.
        fweights: How often each observation was made: integers.
        aweights: How much each observation counts.

    Raises:
        ShapeError: If there are more axes than two, or not one weight for each observation.
    """
    tensor = as_tensor(x)
    if tensor.ndim > 2:
        raise ShapeError(
            f"cov(): expected input to have two or fewer dimensions but got {tensor.ndim}."
        )
    rows = _as_rows(tensor, rowvar)
    if y is not None:
        rows = op.concatenate([rows, _as_rows(as_tensor(y), rowvar)])
    weights = _weights(rows, fweights, aweights)
    total = float(rows.shape[1]) if weights is None else sum(weights, dtype=weights.dtype)
    lost: Any = float(correction if ddof is None else ddof)
    if aweights is not None and weights is not None and lost:
        lost = lost * sum(weights * as_tensor(aweights)) / total
    mass = rows if weights is None else rows * weights
    centred = rows - expand_dims(sum(mass, 1), 1) / total
    count = total - lost
    count = max(count, 0.0) if isinstance(count, float) else where(count < 0, 0.0, count)
    heavy = centred if weights is None else centred * weights
    found = divide(matmul(heavy, op.conjugated(centred).T), count)
    return reshape(found, ()) if found.array.shape == (1, 1) else found


def _as_rows(x: Tensor, rowvar: bool) -> Tensor:
    return reshape(x, (1, -1)) if x.ndim < 2 else x if rowvar else x.T


def _weights(rows: Tensor, fweights: Any, aweights: Any) -> Tensor | None:
    weights: Tensor | None = None
    for name, given, kinds in (("fweights", fweights, "iu"), ("aweights", aweights, "f")):
        if given is None:
            continue
        tensor = as_tensor(given)
        if tensor.ndim > 1 or tensor.size != rows.shape[1]:
            raise ShapeError(
                f"cov(): expected {name} to have the same numel as there are observations in the "
                f"input but got {tensor.size} != {rows.shape[1]}."
            )
        if tensor.dtype.kind not in kinds:
            raise DtypeError(f"cov(): {name} of dtype {tensor.dtype} were given.")
        if bool((numbers_of(tensor) < 0).any()):
            raise ArgumentError(f"cov(): {name} cannot be negative.")
        # As PyTorch: summed in the dtype they are given in.
        weights = tensor if weights is None else astype(weights, tensor.dtype) * tensor
    return weights


@operation
def corrcoef(x: Any) -> Tensor:
    """Correlations of variables, the rows of a matrix of observations.

    Raises:
        ShapeError: If there are more axes than two.
    """
    tensor = as_tensor(x)
    if tensor.ndim > 2:
        raise ShapeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got {tensor.ndim}."
        )
    covariances = cov(tensor)
    if not covariances.ndim:
        return covariances / covariances
    spread = sqrt(op.diagonal(covariances))
    return covariances / expand_dims(spread, 1) / expand_dims(spread, 0)
