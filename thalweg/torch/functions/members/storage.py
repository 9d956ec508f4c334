"""The memory that a tensor lies on: which it is, whose it is too, and how it is shared."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from thalweg.core.layout import row_major
from thalweg.core.program import owner_of
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.errors import CallError, GradientError, TracingError
from thalweg.torch.dtypes import of_numpy
from thalweg.torch.functions.restriding import address
from thalweg.torch.naming import as_tensor, attach, make


class UntypedStorage:
    """The bytes that a tensor, and all views with it, lie on.

    Args:
        array: The array that owns them.
    """

    def __init__(self, array: Array) -> None:
        self._array = array

    def data_ptr(self) -> int:
        """Return the address of the first byte."""
        return address(self._array)

    def nbytes(self) -> int:
        """Return how many bytes there are."""
        return self._array.nbytes

    def size(self) -> int:
        """Return how many bytes there are."""
        return self._array.nbytes

    def is_shared(self) -> bool:
        """Tell whether other processes see changes."""
        return _is_shared(self._array)

    def __len__(self) -> int:
        return self._array.nbytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and self.data_ptr() == other.data_ptr()

    def __hash__(self) -> int:
        return hash(self.data_ptr())

    def __repr__(self) -> str:
        return f"[torch.storage.UntypedStorage(device=cpu) of size {self.size()}]"


class TypedStorage(UntypedStorage):
    """The elements that a tensor, and all views with it, lie on, in the order of memory."""

    @property
    def dtype(self) -> Any:
        """The type of the elements."""
        return of_numpy(self._array.dtype)

    @property
    def _flat(self) -> Array:
        order = "F" if self._array.flags.f_contiguous else "C"
        found: Array = self._array.reshape(-1, order=order)  # type: ignore[call-overload]
        return found

    def size(self) -> int:
        """Return how many elements there are."""
        return self._array.size

    def __len__(self) -> int:
        return self._array.size

    def __getitem__(self, idx: Any) -> Any:
        return self._flat[idx].tolist()

    def tolist(self) -> list[Any]:
        """Return the elements."""
        return self._flat.tolist()  # type: ignore[no-any-return]

    def untyped(self) -> UntypedStorage:
        """Return the same memory as bytes."""
        return UntypedStorage(self._array)

    def __repr__(self) -> str:
        lines = "".join(f" {value}\n" for value in self.tolist())
        told = f"dtype={self.dtype}, device=cpu"
        return f"{lines}[torch.storage.TypedStorage({told}) of size {self.size()}]"


def _owner(x: Tensor) -> Array:
    if x.is_symbolic:
        raise TracingError(
            "The storage of a traced tensor was asked for, which has none. Ask outside of what is "
            "traced."
        )
    found: Array = owner_of(x.detach().array)
    return found


def _is_shared(array: Array) -> bool:
    base: Any = array
    while isinstance(base, (np.ndarray, memoryview)):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    return isinstance(base, mmap.mmap)


def _share_memory(x: Tensor) -> Tensor:
    """Move the tensor into memory that processes forked from this one see and change too.

    Views of it made before keep the memory they are on.
    """
    array = _owner(x) if x.is_symbolic else x.detach().array
    if _is_shared(array):
        return x
    shared = np.frombuffer(mmap.mmap(-1, max(array.nbytes, 1)), array.dtype, array.size)
    shared = shared.reshape(array.shape)
    shared[...] = array
    tensor: Any = x
    tensor.data = make(shared)
    return x


def _is_set_to(x: Tensor, tensor: Any) -> bool:
    """Tell whether a tensor shows the same elements in the same places."""
    mine, other = x.detach().array, as_tensor(tensor).detach().array
    return (address(mine), mine.shape, mine.strides) == (
        address(other), other.shape, other.strides,
    )  # fmt: skip


def _set(
    x: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None
) -> Tensor:
    """Let the tensor lie on other memory: a tensor's, or part of a storage; by default on none.

    Args:
        x: The tensor.
        source: A tensor of its dtype, or a storage of such.
        storage_offset: How many elements of the storage come before it.
        size: Its shape; by default all of a storage.
        stride: How many elements lie between neighbours along each axis.

    Raises:
        CallError: If the source is neither, or of another dtype.
        GradientError: If it is being recorded that the tensor was computed.
    """
    if x.node is not None and x.node.leaf is None:
        raise GradientError(
            "set_() was called on a tensor that was computed from others. Use detach() first."
        )
    given: Any = np.empty(0, x.array.dtype) if source is None else source
    if isinstance(given, TypedStorage):
        given = make(given._flat)
        shape = (given.shape[0] - storage_offset,) if size is None else tuple(size)
        steps = row_major(shape) if stride is None else tuple(stride)
        given = given.as_strided(shape, steps, storage_offset)
    elif isinstance(given, np.ndarray):
        given = make(given)
    if not isinstance(given, Tensor) or given.dtype != x.dtype:
        raise CallError(
            f"set_() wants a tensor or a storage of {x.dtype}, and a {type(source).__name__} of "
            f"{getattr(source, 'dtype', 'no dtype')} was given. Convert it."
        )
    tensor: Any = x
    tensor.data = given.detach()
    return x


def _dim_order(x: Tensor) -> tuple[int, ...]:
    """Return the axes from the one whose elements lie farthest apart to the nearest."""
    steps = x.detach().array.strides
    return tuple(sorted(range(len(steps)), key=lambda axis: -steps[axis]))


for _name, _member in {
    "dim_order": _dim_order,
    "is_pinned": lambda x, device=None: False,
    "is_set_to": _is_set_to,
    "is_shared": lambda x: _is_shared(_owner(x)),
    "pin_memory": lambda x, device=None: x,
    "set_": _set,
    "share_memory_": _share_memory,
    "storage": lambda x: TypedStorage(_owner(x)),
    "untyped_storage": lambda x: UntypedStorage(_owner(x)),
}.items():
    attach(_name, _member)
