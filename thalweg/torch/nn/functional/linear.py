"""Maps that are linear in their weights, with PyTorch's names and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor
from thalweg.core.writing import overwrite
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError, TracingError
from thalweg.ops.creation.creation import ones, zeros
from thalweg.ops.elementwise.comparison import equal, greater, where
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.index import take
from thalweg.ops.linalg.norms import norm_of_vectors
from thalweg.ops.linalg.products import matmul, tensordot
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.reshape import expand_dims
from thalweg.torch.naming import as_tensor

__all__ = ["bilinear", "embedding", "linear", "one_hot"]


def linear(input: Any, weight: Any, bias: Any = None) -> Tensor:
    """Return x Wᵀ + b.

    Args:
        input: x, of shape (…, in).
        weight: W, of shape (out, in) or (in,).
        bias: b, of shape (out,), or None.

    Raises:
        ShapeError: If the shapes do not fit.
    """
    product = matmul(input, as_tensor(weight).T)
    return product if bias is None else product + bias


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Tensor:
    """Return x₁ᵀ W_k x₂ + b_k for each output k.

    Args:
        input1: x₁, of shape (…, in₁).
        input2: x₂, of shape (…, in₂).
        weight: W, of shape (out, in₁, in₂).
        bias: b, of shape (out,), or None.

    Raises:
        ShapeError: If the shapes do not fit.
    """
    first, second, kernel = as_tensor(input1), as_tensor(input2), as_tensor(weight)
    wanted = (first.shape[-1], second.shape[-1])
    if first.shape[:-1] != second.shape[:-1] or kernel.shape[1:] != wanted:
        raise ShapeError(
            f"bilinear got inputs of shape {first.shape} and {second.shape} and a weight of shape "
            f"{kernel.shape}; it wants (…, n), (…, m) and (out, n, m)."
        )
    halfway = tensordot(first, kernel, axes=([first.ndim - 1], [1]))
    product = sum(halfway * expand_dims(second, -2), -1)
    return product if bias is None else product + bias


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Return the row of each index.

    Args:
        input: Indices, of any shape.
        weight: The rows, of shape (rows, features).
        padding_idx: A row that no derivative reaches.
        max_norm: Rows that are read and longer are shortened to it, in their own memory.
        norm_type: The order of that norm.
        scale_grad_by_freq: Whether the derivative of a row is divided by how often it is read.
        sparse: Accepted as in PyTorch; derivatives are dense.

    Raises:
        IndexOutOfRange: If an index is negative or no row.
        ArgumentError: If `padding_idx` is no row.
        ShapeError: If the weight is no matrix.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.embedding(torch.tensor([1, 0, 1]), torch.tensor([[0.0, 1.0], [2.0, 3.0]])).tolist()
        [[2.0, 3.0], [0.0, 1.0], [2.0, 3.0]]
    """
    indices, table = take.as_indices(input), as_tensor(weight)
    if table.ndim != 2:
        raise ShapeError(
            f"'weight' must be 2-D, rows of features; embedding got shape {table.shape}. "
            "Reshape it."
        )
    _require_rows(indices, table.shape[0])
    if max_norm is not None:
        _shorten(table, indices, max_norm, norm_type)
    rows = take.take(table, indices, axis=0)
    if scale_grad_by_freq:
        counts = take.scatter_add(
            zeros(table.shape[0], table.dtype), indices, ones(indices.shape, table.dtype), axis=0
        )
        fixed = stop_gradient(rows)
        # The value is that of the rows exactly; only the derivative is divided.
        rows = fixed + (rows - fixed) / expand_dims(take.take(counts, indices, axis=0), -1)
    if padding_idx is not None:
        place = padding_row(padding_idx, table.shape[0])
        rows = where(expand_dims(equal(indices, place), -1), stop_gradient(rows), rows)
    return rows


def _require_rows(indices: Tensor, rows: int) -> None:
    if indices.is_symbolic or not indices.size:
        return
    least, largest = int(indices.numpy().min()), int(indices.numpy().max())
    if least < 0 or largest >= rows:
        raise IndexOutOfRange(
            f"index out of range in self: embedding got {least if least < 0 else largest} for "
            f"{rows} rows, which are counted from 0 to {rows - 1}. Give the table more rows."
        )


def padding_row(padding_idx: int, rows: int) -> int:
    """Return the row that is padding, counted from the front.

    Raises:
        ArgumentError: If there is no such row.
    """
    if not -rows <= padding_idx < rows:
        raise ArgumentError(
            f"Padding_idx must be within num_embeddings, and {padding_idx} was given for {rows} "
            "rows."
        )
    return padding_idx % rows


def _shorten(table: Tensor, indices: Tensor, longest: float, p: float) -> None:
    if table.is_symbolic or indices.is_symbolic:
        raise TracingError(
            "embedding with max_norm changes its weight, which a traced function cannot. Shorten "
            "the rows after the step instead."
        )
    with no_grad():
        norms = norm_of_vectors(table, p, 1, True)
        shortened = where(greater(norms, longest), table * (longest / (norms + 1e-7)), table)
        read = np.zeros((table.shape[0], 1), dtype=bool)
        read[indices.numpy().reshape(-1)] = True
        overwrite(table, where(read, shortened, table))


def one_hot(input: Any, num_classes: int = -1) -> Tensor:
    """Return integers, 1 at each class and 0 elsewhere, along a new last axis.

    Args:
        input: Classes, integers of any shape.
        num_classes: How many classes there are; -1 for one more than the largest.

    Raises:
        DtypeError: If the classes are not integers.
        ArgumentError: If a class is negative or too large.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.one_hot(torch.tensor([0, 2])).tolist()
        [[1, 0, 0], [0, 0, 1]]
    """
    classes = take.as_indices(input)
    if not classes.is_symbolic:
        values = classes.numpy()
        if values.size and values.min() < 0:
            raise ArgumentError(
                f"Class values must be non-negative, and {int(values.min())} was given."
            )
        if num_classes == -1:
            num_classes = int(values.max()) + 1 if values.size else 0
        if values.size and values.max() >= num_classes:
            raise ArgumentError(
                f"Class values must be smaller than num_classes, and {int(values.max())} was given "
                f"for {num_classes}."
            )
    if num_classes < 1:
        raise ArgumentError(
            "one_hot cannot infer the number of classes without values. Give num_classes."
        )
    return take.one_hot(classes, num_classes, np.int64)
