"""Products of tensors with sparse matrices of SciPy's: a gather and a sum of segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.spec import promote
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ShapeError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.index.take import scatter_add, take


@operation
def sparse_product(x: Tensor, matrix: Any) -> Tensor:
    """Return x @ S for a sparse matrix S, whose elements are constants.

    Args:
        x: A tensor of shape (…, n).
        matrix: A sparse matrix of shape (n, m), with `tocoo` and the attributes of what that gives.

    Raises:
        ShapeError: If the inner extents differ.
    """
    entries = matrix.tocoo()
    rows, columns = entries.shape
    if not x.ndim or x.shape[-1] != rows:
        raise ShapeError(
            f"matmul got shapes {tuple(x.shape)} and {entries.shape} of a sparse matrix; the inner "
            "extents must be equal. Transpose one of them."
        )
    values = as_tensor(np.asarray(entries.data))
    dtype = promote((x.spec, values.spec))[0]
    parts = op.multiply(take(astype(x, dtype), entries.row.astype(np.int64), axis=-1), values)
    start = zeros((*x.shape[:-1], columns), dtype, like=x)
    return scatter_add(start, entries.col.astype(np.int64), parts, axis=x.ndim - 1)
