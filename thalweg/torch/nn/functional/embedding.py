"""Embeddings: rows of a table by their indices, and sums, means and maxima of bags of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor
from thalweg.core.writing import overwrite
from thalweg.errors import (
    ArgumentError,
    DtypeError,
    IndexOutOfRange,
    ShapeError,
    TracingError,
    UnsupportedOption,
)
from thalweg.ops.creation.creation import full, ones, zeros
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.comparison import (
    equal,
    greater,
    logical_or,
    maximum,
    minimum,
    not_equal,
    where,
)
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.index import take
from thalweg.ops.linalg.norms import norm_of_vectors
from thalweg.ops.order.unique import searchsorted
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.torch.functions.short.joining import classes_shown
from thalweg.torch.functions.short.layers import bags_of, rows_of
from thalweg.torch.functions.short.road import tries
from thalweg.torch.naming import as_tensor
from thalweg.torch.sparse.rows import has_sparse_derivative, read_rows
from thalweg.torch.steps import step

__all__ = ["embedding", "embedding_bag", "one_hot"]


@tries(rows_of)
@step("Embedding")
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
        sparse: Whether the derivative by a weight that is a leaf is a sparse tensor of the rows
            that were read, which `SGD`, `Adagrad` and `SparseAdam` take; in `tw.fit` it is dense.

    Raises:
        IndexOutOfRange: If an index is negative or no row.
        ArgumentError: If `padding_idx` is no row.
        UnsupportedOption: If `scale_grad_by_freq` is asked for with `sparse`.
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
    if sparse and has_sparse_derivative(table, indices):
        if scale_grad_by_freq:
            raise UnsupportedOption(
                "embedding_backward: scale_grad_by_freq not supported with sparse gradients. Leave "
                "one of them out."
            )
        place = None if padding_idx is None else padding_row(padding_idx, table.shape[0])
        return read_rows(table, indices, place)
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


@tries(classes_shown)
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


# ---- bags of rows


@tries(bags_of)
@step("EmbeddingBag")
def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Return the sum, the mean or the largest elements of the rows of each bag of indices.

    An empty bag gives zeros.

    Args:
        input: Indices: one bag a row of shape (bags, n), or all bags one after another, (n,).
        weight: The rows, of shape (rows, features).
        offsets: Where each bag begins in `input` of one axis, not decreasing, the first 0.
        max_norm: Rows that are read and longer are shortened to it, in their own memory.
        norm_type: The order of that norm.
        scale_grad_by_freq: Whether the derivative of a row is divided by how often it is read.
        mode: "sum", "mean" or "max".
        sparse: Whether the derivative by the weight is sparse, as for `embedding`.
        per_sample_weights: A factor of each index's row, of the shape of `input`, for sums.
        include_last_offset: Whether the last of the offsets is where the last bag ends.
        padding_idx: A row that does not count, and that no derivative reaches.

    Raises:
        ShapeError: If a shape is not as said.
        ArgumentError: If the mode is none of these, offsets do not begin with 0, decrease or go
            beyond the input, `padding_idx` is no row, or the mode does not take an argument.
        IndexOutOfRange: If an index is negative or no row.
        DtypeError: If the factors are not of the rows' dtype.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> table = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
        >>> F.embedding_bag(torch.tensor([0, 2, 1]), table, torch.tensor([0, 2]))
        tensor([[2., 3.],
                [2., 3.]])
    """
    indices, table = take.as_indices(input), as_tensor(weight)
    factors = None if per_sample_weights is None else as_tensor(per_sample_weights)
    _check_bags(indices, table, factors, mode, scale_grad_by_freq, sparse)
    bags, owner = _owners(indices, offsets, include_last_offset)
    each = indices.shape[1] if indices.ndim == 2 else None
    indices = reshape(indices, -1)
    padding = None if padding_idx is None else _padding_of_bags(padding_idx, table.shape[0])
    _require_rows_of_bags(indices, table.shape[0])
    rows = embedding(indices, table, padding, max_norm, norm_type, scale_grad_by_freq, sparse)
    # Rows of no bag, and those that do not count, go to one more, which is left out.
    counted = owner if padding is None else where(equal(indices, padding), bags, owner)
    if mode == "max":
        return _largest_of_bags(rows, counted, bags)
    if factors is not None:
        rows = rows * expand_dims(reshape(factors, -1), 1)
    sums = _totals(rows, counted, bags, each)
    if mode == "sum":
        return sums
    sizes = _totals(ones(counted.shape, table.dtype), counted, bags, each)
    return sums / expand_dims(maximum(sizes, 1), 1)


def _totals(values: Tensor, owner: Tensor, bags: int, each: int | None) -> Tensor:
    """Return the sums of what belongs to each bag; `each` is how many entries all have, if so."""
    rest = tuple(values.shape[1:])
    if each is None:
        return take.scatter_add(zeros((bags + 1, *rest), values.dtype), owner, values, axis=0)[
            :bags
        ]
    own = reshape(not_equal(owner, bags), (-1, *(1,) * len(rest)))
    return sum(reshape(where(own, values, 0.0), (bags, each, *rest)), 1)


def _check_bags(
    indices: Tensor, table: Tensor, factors: Tensor | None, mode: str, scales: bool, sparse: bool
) -> None:
    """Refuse what does not fit together."""
    if factors is not None and factors.shape != indices.shape:
        raise ShapeError(
            f"embedding_bag: If per_sample_weights ({factors.shape}) is not None, then it must "
            f"have the same shape as the input ({indices.shape}). Give one factor for each index."
        )
    if table.ndim != 2:
        raise ShapeError(
            f"weight has to be a 2D Tensor, but got Tensor of dimension {table.ndim}. Give rows of "
            "features."
        )
    if indices.ndim not in (1, 2):
        raise ShapeError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {indices.ndim}. Give "
            "one bag a row, or offsets."
        )
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f"mode has to be one of sum, mean or max, and {mode!r} was given.")
    if mode == "max" and scales:
        raise ArgumentError(
            "max mode does not support scaling the gradient by the frequency. Use sum or mean."
        )
    if mode == "max" and sparse:
        raise ArgumentError("max mode does not support sparse weights. Leave sparse out.")
    if factors is None:
        return
    if mode != "sum":
        raise UnsupportedOption(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}'). Multiply and take the mean yourself."
        )
    if factors.dtype != table.dtype:
        raise DtypeError(
            "Expected tensor for argument #1 'weight' to have the same type as tensor for "
            f"argument #1 'per_sample_weights'; but they are of {table.dtype} and {factors.dtype}. "
            "Convert one with .to(dtype)."
        )


def _owners(indices: Tensor, offsets: Any, includes_end: bool) -> tuple[int, Tensor]:
    """Return how many bags there are, and the bag of each index; that of none is one more."""
    if indices.ndim == 2:
        if offsets is not None:
            raise ShapeError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                "of fixed length sequences. However, found offsets of type "
                f"{type(offsets).__name__}. Leave them out, or flatten the input."
            )
        bags, size = indices.shape
        return bags, reshape(broadcast_to(expand_dims(arange(bags), 1), (bags, size)), -1)
    if offsets is None:
        raise ShapeError(
            "offsets has to be a 1D Tensor but got None. Say where each bag begins, or give one "
            "bag a row."
        )
    starts = take.as_indices(offsets)
    if starts.ndim != 1:
        raise ShapeError(
            f"offsets has to be a 1D Tensor, and has shape {starts.shape}. Flatten it."
        )
    if includes_end and not starts.size:
        raise ArgumentError("include_last_offset: number of offset should be at least 1.")
    if not starts.is_symbolic:
        _check_offsets(starts.numpy(), indices.size)
    owner = searchsorted(starts, arange(indices.size), side="right") - 1
    return starts.size - includes_end, owner


def owner_of_each(indices: Tensor, offsets: Any, includes_end: bool) -> Tensor:
    """Return the bag of each index; that of none is one more than there are."""
    return _owners(indices, offsets, includes_end)[1]


def _check_offsets(starts: Any, count: int) -> None:
    if starts.size and starts[0] != 0:
        raise ArgumentError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            f"position 0. However, got {starts[0]}"
        )
    if starts.size and starts[-1] > count:
        raise ArgumentError(
            f"offsets[-1] can not be greater than input's length {count} but got offsets[-1] of "
            f"{starts[-1]}"
        )
    if (np.diff(starts) < 0).any():
        raise ArgumentError("embedding_bag got offsets that decrease. Give the bags in order.")


def _padding_of_bags(padding_idx: int, rows: int) -> int:
    if not -rows <= padding_idx < rows:
        raise ArgumentError(
            f"padding_idx must be within the number of embeddings, {-rows} through {rows - 1}, but "
            f"got {padding_idx}"
        )
    return padding_idx % rows


def _require_rows_of_bags(indices: Tensor, rows: int) -> None:
    if indices.is_symbolic:
        return
    values = indices.numpy()
    wrong = np.flatnonzero((values < 0) | (values >= rows))
    if wrong.size:
        raise IndexOutOfRange(
            "embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be "
            f"{values[wrong[0]]}, of {rows} rows. Give the table more rows."
        )


def _largest_of_bags(rows: Tensor, owner: Tensor, bags: int) -> Tensor:
    """Return the largest elements of each bag's rows; the derivative is that of the first."""
    count, features = rows.shape
    if not count:
        return take.scatter_add(zeros((bags, features), rows.dtype), owner, rows, axis=0)
    fixed = stop_gradient(rows)
    places = expand_dims(owner, 1) * features + arange(features)
    least = full((bags + 1, features), -np.inf, dtype=rows.dtype)
    largest = take.combine_at(least, places, fixed, how="maximum")
    reached = logical_or(equal(fixed, take.read_at(largest, places)), isnan(fixed))
    numbers = broadcast_to(expand_dims(arange(count), 1), (count, features))
    none = full((bags + 1, features), count, dtype=np.int64)
    first = take.combine_at(none, places, where(reached, numbers, count), how="minimum")[:bags]
    found = take.take_along_axis(rows, minimum(first, count - 1), 0)
    return where(not_equal(first, count), found, 0.0)
