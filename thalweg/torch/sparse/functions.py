"""Sparse tensors made, and multiplied with dense ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.index.take import take
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.naming import NAMES, adopted, as_tensor, attach, make
from thalweg.torch.sparse.layouts import SparseCoordinates, SparseRows, product, require_places
from thalweg.torch.tensors import TorchTensor

__all__ = ["addmm", "mm", "sparse_coo_tensor", "sparse_csr_tensor", "sum", "to_sparse"]


def _given(data: Any, dtype: Any) -> Any:
    found: Any = data if isinstance(data, Tensor) else NAMES["tensor"](data)
    return found if dtype is None else found.to(dtype)


def _places(data: Any) -> Any:
    found = np.asarray(as_tensor(data).detach().array if isinstance(data, Tensor) else data)
    return found.astype(np.int64)


def sparse_coo_tensor(
    indices: Any,
    values: Any = None,
    size: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> SparseCoordinates:
    """Make a sparse tensor of places and values; places there twice are summed.

    Args:
        indices: The places, of shape (sparse axes, n); or the extents alone, of an empty tensor.
        values: The element at each place, or what lies there along further axes.
        size: The extents; by default the smallest that hold all places.
        dtype: The dtype of the values.
        device: Accepted as in PyTorch.
        requires_grad: Whether derivatives flow to the values.
        check_invariants: Accepted as in PyTorch: places are always looked at.
        is_coalesced: Whether places are in order and none is there twice.

    Raises:
        ArgumentError: If the numbers of places, values and axes do not belong together.
        IndexOutOfRange: If a place is outside.

    Example:
        >>> import thalweg.torch as torch
        >>> s = torch.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3))
        >>> s.to_dense().tolist()
        [[0.0, 0.0, 3.0], [4.0, 0.0, 0.0]]
        >>> (s @ torch.ones(3)).tolist()
        [3.0, 4.0]
    """
    if values is None:
        extents = tuple(indices)
        none = np.empty((len(extents), 0), np.int64)
        return SparseCoordinates(make(none), _given([], dtype), extents, True)
    elements, places = _given(values, dtype), _places(indices)
    places = places.reshape(1, -1) if places.ndim == 1 else places
    if places.shape[1] != elements.shape[0]:
        raise ArgumentError(
            "indices and values must have same nnz, but got nnz from indices: "
            f"{places.shape[1]}, nnz from values: {elements.shape[0]}"
        )
    extents = (
        (*(int(row.max(initial=-1)) + 1 for row in places), *elements.shape[1:])
        if size is None
        else tuple(size)
    )
    dense = elements.ndim - 1
    if len(extents) != len(places) + dense:
        raise ArgumentError(
            f"'len(size) == sparse_dim + dense_dim' is not satisfied: len(size) = {len(extents)}, "
            f"sparse_dim = {len(places)}, dense_dim = {dense}"
        )
    require_places(places, extents)
    if requires_grad:
        elements.requires_grad_()
    return SparseCoordinates(make(places), elements, extents, bool(is_coalesced))


def sparse_csr_tensor(
    crow_indices: Any,
    col_indices: Any,
    values: Any,
    size: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> SparseRows:
    """Make a sparse matrix whose elements are counted by rows.

    Args:
        crow_indices: Before each row, and at the end, how many elements there are.
        col_indices: The column of each element.
        values: The elements.
        size: The extents; by default the smallest that hold all elements.
        dtype: The dtype of the values.
        device: Accepted as in PyTorch.
        requires_grad: Whether derivatives flow to the values.
        check_invariants: Accepted as in PyTorch: places are always looked at.

    Raises:
        ArgumentError: If the numbers of rows, columns and values do not belong together.
        IndexOutOfRange: If a column is outside.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.sparse_csr_tensor([0, 1, 2], [1, 0], [5.0, 6.0]).to_dense().tolist()
        [[0.0, 5.0], [6.0, 0.0]]
    """
    starts, columns, elements = _places(crow_indices), _places(col_indices), _given(values, dtype)
    rows = len(starts) - 1
    extents = (rows, int(columns.max(initial=-1)) + 1) if size is None else tuple(size)
    steps = np.diff(starts)
    if not (
        len(extents) == 2
        and rows == extents[0]
        and starts[0] == 0
        and (steps >= 0).all()
        and starts[-1] == len(columns) == elements.shape[0]
    ):
        raise ArgumentError(
            f"sparse_csr_tensor got {len(starts)} counts of rows, {len(columns)} columns and "
            f"{elements.shape[0]} values for the size {tuple(extents)}; it wants one count more "
            "than rows, from 0 up to the number of columns and of values."
        )
    require_places([columns], extents[1:])
    if requires_grad:
        elements.requires_grad_()
    return SparseRows(make(starts), make(columns), elements, (extents[0], extents[1]))


def to_sparse(input: Any, sparse_dim: int | None = None) -> SparseCoordinates:
    """Return a tensor's elements that are not 0 with their places; derivatives flow back.

    Args:
        input: The tensor.
        sparse_dim: Along how many leading axes places are stored; by default along all.
    """
    x: Any = as_tensor(input)
    count = x.ndim if sparse_dim is None else sparse_dim
    present = x.detach().array != 0
    present = present.any(tuple(range(count, x.ndim))) if count < x.ndim else present
    places = np.array(np.nonzero(present), np.int64).reshape(count, -1)
    flat = reshape(x, (-1, *x.shape[count:]))
    values = take(flat, np.flatnonzero(present), axis=0)
    return SparseCoordinates(make(places), adopted(values), tuple(x.shape), True)


def mm(mat1: Any, mat2: Any) -> TorchTensor:
    """Product of a sparse matrix and a dense matrix or vector; derivatives flow to both.

    Args:
        mat1: The sparse matrix.
        mat2: The dense matrix, or a vector.

    Raises:
        ShapeError: If the shapes do not fit.

    Example:
        >>> import thalweg.torch as torch
        >>> eye = torch.eye(2).to_sparse()
        >>> torch.sparse.mm(eye, torch.ones(2, 3)).tolist()
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    if not isinstance(mat1, SparseCoordinates | SparseRows):
        raise ArgumentError(
            f"sparse.mm got a {type(mat1).__name__} as the first matrix; it wants a sparse one. "
            "Use torch.mm for dense ones."
        )
    return product(mat1.to_sparse() if isinstance(mat1, SparseRows) else mat1, mat2)


def addmm(mat: Any, mat1: Any, mat2: Any, *, beta: Any = 1.0, alpha: Any = 1.0) -> TorchTensor:
    """Sum of a dense matrix and a product with a sparse one: β mat + α mat1 mat2."""
    return adopted(beta * as_tensor(mat) + alpha * mm(mat1, mat2))  # type: ignore[no-any-return]


def sum(input: SparseCoordinates, dim: Any = None, dtype: Any = None) -> Any:
    """Sum of all elements; or along axes, which of sparse ones is sparse.

    Args:
        input: The sparse tensor.
        dim: The axis or axes.
        dtype: The dtype to sum in.
    """
    given = input if dtype is None else input.to(dtype)
    if dim is None:
        return given.sum()
    axes = {axis % given.dim() for axis in ((dim,) if isinstance(dim, int) else dim)}
    count = given.sparse_dim()
    kept = [axis for axis in range(count) if axis not in axes]
    dense = tuple(axis - count + 1 for axis in axes if axis >= count)
    values: Any = given._elements.sum(dense) if dense else given._elements
    extents = tuple(extent for axis, extent in enumerate(given.shape) if axis not in axes)
    if not kept:
        return values.sum(0)
    indices = make(np.ascontiguousarray(given._places.array[kept]))
    return SparseCoordinates(indices, values, extents).coalesce()


def _to_sparse_csr(x: Any) -> SparseRows:
    """Return a matrix' elements that are not 0, counted by rows; derivatives flow back."""
    return SparseRows.of(to_sparse(x))


attach("to_sparse", to_sparse)
attach("to_sparse_coo", to_sparse)
attach("to_sparse_csr", _to_sparse_csr)


def _sparse_mask(x: Any, mask: SparseCoordinates) -> SparseCoordinates:
    """Return a dense tensor's elements at the places of a sparse one; derivatives flow back."""
    count = mask.sparse_dim()
    if tuple(x.shape) != tuple(mask.shape):
        raise ArgumentError(
            f"sparse_mask(): operands have incompatible sizes; self has size {tuple(x.shape)} but "
            f"mask has size {tuple(mask.shape)}."
        )
    flat = reshape(x, (-1, *x.shape[count:]))
    values = adopted(take(flat, mask._flat_places(), axis=0))
    return mask._like(values)


attach("sparse_mask", _sparse_mask)
for _older in ("spmm", "dsmm", "hsmm"):
    NAMES[_older] = mm
for _flag in ("is_sparse_csr", "is_ipu", "is_maia", "is_mtia", "is_xla"):
    attach(_flag, property(lambda x: False, doc="False: a dense tensor on the CPU."))
