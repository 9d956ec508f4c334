"""Sparse tensors: as places and values, and as matrices counted by rows."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from thalweg.core.tape import SparseDerivative
from thalweg.core.tensor import Tensor
from thalweg.errors import (
    ArgumentError,
    IndexOutOfRange,
    MemberError,
    ShapeError,
    UnsupportedOperation,
)
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.index.take import take
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.torch.functions.scattering import index_add
from thalweg.torch.functions.traits import layout
from thalweg.torch.naming import adopted, as_tensor, make
from thalweg.torch.size import TorchSize
from thalweg.torch.sparse.elements import SparseElements
from thalweg.torch.tensors import TorchTensor

sparse_coo = layout("sparse_coo")


def refuse_dense(name: str) -> UnsupportedOperation:
    """Return the error of what only dense tensors have."""
    return UnsupportedOperation(
        f"{name} was asked of a sparse tensor, of which places and values are stored. Use "
        "Tensor.to_dense() first, or its values."
    )


class Stored:
    """What sparse tensors of every layout have in common.

    Attributes:
        shape: The extents.
    """

    is_sparse = False
    layout: Any
    shape: TorchSize
    _elements: TorchTensor

    def to_dense(self) -> TorchTensor:
        """Return the tensor with its zeros."""
        raise NotImplementedError

    # Of NumPy's and the wing's operators, so that these ask the sparse tensor.
    __array_ufunc__ = None
    __array_priority__ = 1000

    @property
    def dtype(self) -> Any:
        """The type of the elements."""
        return self._elements.dtype

    @property
    def requires_grad(self) -> bool:
        """Whether derivatives flow to the values."""
        return bool(self._elements.requires_grad)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let derivatives flow to the values, and return the tensor."""
        self._elements.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether the values were made by the user, and not computed from what requires one."""
        return bool(self._elements.is_leaf)

    @property
    def device(self) -> Any:
        """Where the values are: the CPU."""
        return self._elements.device

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def dim(self) -> int:
        """Return the number of axes."""
        return len(self.shape)

    def size(self, dim: int | None = None) -> Any:
        """Return the extents, or one of them."""
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        """Return how many elements there are, the zeros too."""
        return math.prod(self.shape)

    def _nnz(self) -> int:
        return int(self._elements.shape[0])

    @property
    def grad_fn(self) -> Any:
        """The step of the tape that made the values; None for a leaf."""
        return self._elements.grad_fn

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and hasattr(TorchTensor, name):
            raise MemberError(
                f"{name} was asked of a sparse tensor, which does not have it. Use its values, or "
                f"to_dense().{name}."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise refuse_dense("A NumPy array")

    def numpy(self) -> Any:
        """Refuse: zeros are not stored."""
        raise refuse_dense("numpy()")


class SparseCoordinates(SparseElements, Stored, SparseDerivative):
    """A sparse tensor of places and values; `torch.sparse_coo_tensor` makes it.

    Args:
        indices: Places, of shape (sparse axes, n).
        values: The element at each place, or what lies there along further axes.
        size: The extents.
        coalesced: Whether places are in order and none is there twice.
    """

    is_sparse = True
    layout = sparse_coo

    def __init__(
        self, indices: Any, values: Any, size: tuple[int, ...], coalesced: bool = False
    ) -> None:
        self._places, self._elements, self.shape = indices, values, TorchSize(size)
        self._coalesced = coalesced

    @property
    def is_symbolic(self) -> bool:  # type: ignore[override]
        """Whether the values are traced."""
        return bool(self._elements.is_symbolic)

    def _become(self, other: SparseCoordinates) -> Self:
        self._places, self._elements = other._places, other._elements
        self._coalesced = other._coalesced
        return self

    # ---- parts

    def sparse_dim(self) -> int:
        """Return along how many axes places are stored."""
        return int(self._places.shape[0])

    def dense_dim(self) -> int:
        """Return along how many axes each place has all elements."""
        return len(self.shape) - self.sparse_dim()

    def is_coalesced(self) -> bool:
        """Tell whether places are in order and none is there twice."""
        return self._coalesced

    def indices(self) -> TorchTensor:
        """Return the places, of shape (sparse axes, n).

        Raises:
            ArgumentError: If some may be there twice.
        """
        return self._part("indices", self._places)

    def values(self) -> TorchTensor:
        """Return the elements at the places.

        Raises:
            ArgumentError: If some places may be there twice.
        """
        return self._part("values", self._elements)

    def _indices(self) -> TorchTensor:
        return self._places  # type: ignore[return-value]

    def _values(self) -> TorchTensor:
        return self._elements

    def _part(self, name: str, part: Any) -> TorchTensor:
        if not self._coalesced:
            raise ArgumentError(
                f"Cannot get {name} on an uncoalesced tensor, please call .coalesce() first"
            )
        return part  # type: ignore[no-any-return]

    def _like(self, values: Any) -> SparseCoordinates:
        return SparseCoordinates(self._places, values, self.shape, self._coalesced)

    @property
    def grad(self) -> SparseCoordinates | None:
        """The derivative by a leaf's elements that are stored; None before `backward()`."""
        found = self._elements.grad
        return None if found is None else self._like(found)

    @grad.setter
    def grad(self, value: SparseCoordinates | None) -> None:
        self._elements.grad = None if value is None else value._elements

    # ---- other forms

    def coalesce(self) -> SparseCoordinates:
        """Return the same tensor with places in order, those there twice summed."""
        if self._coalesced:
            return self
        sparse = self.shape[: self.sparse_dim()]
        places, back = np.unique(self._flat_places(), return_inverse=True)
        none = zeros((len(places), *self._elements.shape[1:]), self._elements.dtype)
        values = adopted(
            index_add(none, 0, make(back.reshape(-1).astype(np.int64)), self._elements)
        )
        indices = np.array(np.unravel_index(places, sparse), np.int64).reshape(len(sparse), -1)
        return SparseCoordinates(make(indices), values, self.shape, True)

    def _flat_places(self) -> Any:
        sparse = self.shape[: self.sparse_dim()]
        return np.ravel_multi_index(tuple(self._places.array), sparse).reshape(-1)

    def to_dense(self) -> TorchTensor:
        """Return the tensor with its zeros; derivatives flow back to the values."""
        sparse = self.shape[: self.sparse_dim()]
        none = zeros((math.prod(sparse), *self._elements.shape[1:]), self._elements.dtype)
        places = make(self._flat_places().astype(np.int64))
        found: TorchTensor = adopted(index_add(none, 0, places, self._elements))
        return adopted(reshape(found, tuple(self.shape)))  # type: ignore[no-any-return]

    def to_sparse_csr(self) -> Any:
        """Return the matrix with its rows counted: PyTorch's compressed layout."""
        return SparseRows.of(self.coalesce())

    def detach(self) -> SparseCoordinates:
        """Return the same tensor without a history."""
        return self._like(self._elements.detach())

    data = property(detach)

    def clone(self) -> SparseCoordinates:
        """Return a copy."""
        return self._like(self._elements.clone())

    def __getitem__(self, key: Any) -> TorchTensor:
        return self.to_dense()[key]

    def to(self, dtype: Any) -> SparseCoordinates:
        """Convert the values to a dtype."""
        return self._like(adopted(astype(self._elements, dtype)))

    def float(self) -> SparseCoordinates:
        """Convert the values to float32."""
        return self.to(np.float32)

    def double(self) -> SparseCoordinates:
        """Convert the values to float64."""
        return self.to(np.float64)

    def transpose(self, dim0: int, dim1: int) -> SparseCoordinates:
        """Exchange two sparse axes.

        Raises:
            ArgumentError: If one is not sparse.
        """
        count, ndim = self.sparse_dim(), len(self.shape)
        first, second = dim0 % ndim, dim1 % ndim
        if max(first, second) >= count:
            raise ArgumentError(
                f"transpose got the axes {dim0} and {dim1} of a tensor with {count} sparse axes; "
                "only these can be exchanged. Use to_dense() first."
            )
        axes = list(range(ndim))
        axes[first], axes[second] = second, first
        indices = make(np.ascontiguousarray(self._places.array[axes[:count]]))
        return SparseCoordinates(indices, self._elements, tuple(self.shape[a] for a in axes))

    def t(self) -> SparseCoordinates:
        """Return the transpose of a matrix."""
        return self.transpose(0, 1)

    @property
    def T(self) -> SparseCoordinates:  # noqa: N802 - PyTorch's name
        """The transpose of a matrix."""
        return self.t()

    # ---- products

    def __matmul__(self, other: Any) -> TorchTensor:
        return product(self, other)

    def matmul(self, other: Any) -> TorchTensor:
        """Return the product with a dense matrix or vector."""
        return product(self, other)

    mm = mv = matmul

    def __repr__(self) -> str:
        grad = ", requires_grad=True" if self.requires_grad and self._elements.is_leaf else ""
        if self.requires_grad and not grad:
            grad = ", grad_fn=<ToSparseBackward>"
        return (
            f"tensor(indices={_indented(self._places, 15).replace(_WIDE, '')},\n"
            f"       values={_indented(self._elements.detach(), 14)},\n"
            f"       size={tuple(self.shape)}, nnz={self._nnz()}, layout=torch.sparse_coo{grad})"
        )


# The dtype that is told of none; places are always of it.
_WIDE = ", dtype=torch.int64"


def _indented(x: Any, by: int) -> str:
    return repr(x).replace("\n", "\n" + " " * by)


def require_places(indices: Any, size: tuple[int, ...]) -> None:
    """Refuse places that are not inside of a shape.

    Raises:
        IndexOutOfRange: If one is not.
    """
    for axis, (row, extent) in enumerate(zip(indices, size, strict=False)):
        if row.size and not (row.min() >= 0 and row.max() < extent):
            wrong = int(row.min()) if row.min() < 0 else int(row.max())
            raise IndexOutOfRange(
                f"size is inconsistent with indices: for dim {axis}, size is {extent} but found "
                f"index {wrong}. Give a larger size, or places from 0 on."
            )


def product(sparse: SparseCoordinates, other: Any) -> TorchTensor:
    """Return the product of a sparse matrix and a dense matrix or vector.

    Raises:
        ShapeError: If the shapes do not fit.
    """
    dense = as_tensor(other.to_dense() if isinstance(other, Stored) else other)
    if sparse.dim() != 2 or sparse.dense_dim() or dense.ndim not in (1, 2):
        raise ShapeError(
            f"sparse.mm got shapes {tuple(sparse.shape)} and {tuple(dense.shape)}; it wants a "
            "sparse matrix and a dense matrix or vector."
        )
    if sparse.shape[1] != dense.shape[0]:
        raise ShapeError(
            f"addmm: Argument #3 (dense): Expected dim 0 size {sparse.shape[1]}, got "
            f"{dense.shape[0]}"
        )
    rows, columns = sparse._places.array
    read = take(dense, columns, axis=0)
    weights = sparse._elements if dense.ndim == 1 else expand_dims(sparse._elements, -1)
    none = zeros((sparse.shape[0], *dense.shape[1:]), dense.dtype)
    return adopted(index_add(none, 0, make(rows), weights * read))  # type: ignore[no-any-return]


sparse_csr = layout("sparse_csr")


class SparseRows(Stored):
    """A sparse matrix whose elements are counted by rows; `torch.sparse_csr_tensor` makes it.

    Args:
        crow_indices: Before each row, and at the end, how many elements there are.
        col_indices: The column of each element.
        values: The elements.
        size: The extents.
    """

    is_sparse_csr = True
    layout = sparse_csr

    def __init__(
        self, crow_indices: Tensor, col_indices: Tensor, values: Any, size: tuple[int, int]
    ) -> None:
        self._starts, self._columns, self._elements = crow_indices, col_indices, values
        self.shape = TorchSize(size)

    @classmethod
    def of(cls, matrix: SparseCoordinates) -> SparseRows:
        """Return a coalesced matrix in this layout."""
        rows, columns = matrix.indices().array
        counts = np.bincount(rows, minlength=matrix.shape[0])
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        size = (matrix.shape[0], matrix.shape[1])
        return cls(make(starts), make(columns), matrix.values(), size)

    def crow_indices(self) -> Tensor:
        """Return how many elements there are before each row, and at the end."""
        return self._starts

    def col_indices(self) -> Tensor:
        """Return the column of each element."""
        return self._columns

    def values(self) -> TorchTensor:
        """Return the elements."""
        return self._elements

    def to_sparse(self) -> SparseCoordinates:
        """Return the matrix as places and values."""
        rows = np.repeat(np.arange(self.shape[0]), np.diff(self._starts.array))
        indices = make(np.array([rows, self._columns.array], np.int64))
        return SparseCoordinates(indices, self._elements, self.shape, True)

    to_sparse_coo = to_sparse

    def to_dense(self) -> TorchTensor:
        """Return the matrix with its zeros; derivatives flow back to the values."""
        return self.to_sparse().to_dense()

    def __matmul__(self, other: Any) -> TorchTensor:
        return product(self.to_sparse(), other)

    def matmul(self, other: Any) -> TorchTensor:
        """Return the product with a dense matrix or vector."""
        return product(self.to_sparse(), other)

    mm = mv = matmul

    def __repr__(self) -> str:
        def told(x: Any, by: int) -> str:
            return repr(x).replace("\n", "\n" + " " * by)

        return (
            f"tensor(crow_indices={told(self._starts, 20)},\n"
            f"       col_indices={told(self._columns, 19)},\n"
            f"       values={told(self._elements.detach(), 14)}, size={tuple(self.shape)}, "
            f"nnz={self._nnz()},\n       layout=torch.sparse_csr)"
        )
