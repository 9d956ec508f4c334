"""Tensors as others: another dtype, the shape of another, new ones alike; and what they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.leaving import numbers_of, require_no_derivative
from thalweg.core.operation import FURTHER, attach, method, operation
from thalweg.core.program import Symbol
from thalweg.core.spec import default_dtype
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.core.tensor import astype as cast
from thalweg.errors import ArgumentError
from thalweg.ops.creation.copying import clone
from thalweg.ops.creation.creation import full, ones, zeros
from thalweg.ops.creation.dtypes import require_cpu

__all__ = [
    "astype",
    "is_floating_point",
    "is_tensor",
    "numel",
    "scalar_tensor",
]


# ---- another dtype

_DTYPES = {
    "bool": np.bool_,
    "byte": np.uint8,
    "cdouble": np.complex128,
    "cfloat": np.complex64,
    "char": np.int8,
    "double": np.float64,
    "float": np.float32,
    "half": np.float16,
    "int": np.int32,
    "long": np.int64,
    "short": np.int16,
}


@method
def astype(x: Any, dtype: Any, *, copy: bool = True, device: Any = None) -> Tensor:
    """Convert to a dtype, in memory of its own; of complex numbers a real one keeps the real part.

    Args:
        x: A tensor.
        dtype: The dtype.
        copy: Whether to copy even where x has that dtype already; `to` does not.
        device: "cpu" or None.

    Raises:
        ArgumentError: If another device is asked for.

    Example:
        >>> import thalweg as tw
        >>> x = tw.zeros(2)
        >>> x.astype(x.dtype) is x, x.astype(x.dtype, copy=False) is x
        (False, True)
    """
    require_cpu(device)
    tensor = as_tensor(x)
    converted = cast(tensor, dtype)
    return clone(tensor) if copy and converted is tensor else converted


def _converting(name: str, dtype: Any) -> Any:
    def convert(x: Tensor, memory_format: Any = None) -> Tensor:
        return cast(x, dtype)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"Convert to {np.dtype(dtype)}."
    return convert


for _name, _dtype in _DTYPES.items():
    attach(_name, _converting(_name, _dtype))


@method
def to(x: Tensor, *args: Any, dtype: Any = None, copy: bool = False, **kwargs: Any) -> Tensor:
    """Convert to a dtype, or to that of another tensor; everything is on the CPU.

    Args:
        x: A tensor.
        args: A dtype, another tensor, or the device "cpu".
        dtype: The dtype.
        copy: Whether to copy even if nothing changes.
        kwargs: PyTorch's `device`, `non_blocking` and `memory_format`.

    Raises:
        ArgumentError: If another device is asked for.
    """
    for given in (*args, kwargs.get("device")):
        if isinstance(given, Tensor):
            dtype = given.dtype
        elif isinstance(given, (type, np.dtype)):
            dtype = given
        elif given is not None and not isinstance(given, bool) and str(given) != "cpu":
            raise ArgumentError(f"to() got {given!r}; it wants a dtype, a tensor or 'cpu'.")
    found = x if dtype is None else cast(x, dtype)
    return clone(found) if copy and found is x else found


@method
def type_as(x: Tensor, other: Tensor) -> Tensor:
    """Convert to the dtype of another tensor."""
    return cast(x, other.dtype)


# ---- new tensors alike


def _sizes(size: tuple[Any, ...]) -> Any:
    return size[0] if len(size) == 1 and not isinstance(size[0], (int, np.integer)) else size


def _dtype_of(x: Tensor, dtype: Any) -> Any:
    return x.dtype if dtype is None else dtype


def _new_zeros(
    x: Tensor, *size: Any, dtype: Any = None, requires_grad: bool = False, **placement: Any
) -> Tensor:
    """Return zeros of another shape, of the same dtype."""
    return zeros(_sizes(size), _dtype_of(x, dtype), requires_grad=requires_grad)


def _new_ones(
    x: Tensor, *size: Any, dtype: Any = None, requires_grad: bool = False, **placement: Any
) -> Tensor:
    """Return ones of another shape, of the same dtype."""
    return ones(_sizes(size), _dtype_of(x, dtype), requires_grad=requires_grad)


def _new_full(
    x: Tensor,
    size: Any,
    fill_value: Any,
    dtype: Any = None,
    requires_grad: bool = False,
    **placement: Any,
) -> Tensor:
    """Return one number in another shape, of the same dtype."""
    return full(size, fill_value, _dtype_of(x, dtype), requires_grad=requires_grad)


def _new_tensor(x: Tensor, data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the same dtype over a copy of the data."""
    given = as_tensor(data)
    require_no_derivative(given, "A copy by new_tensor(x)")
    found = fresh(np.array(numbers_of(given), _dtype_of(x, dtype)))
    found.requires_grad = requires_grad
    return found


def _new_empty_strided(
    x: Tensor, size: Any, stride: Any, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a new tensor of a shape; its memory is in row-major order."""
    return _new_zeros(x, size, dtype=dtype, requires_grad=requires_grad)


attach("new_zeros", _new_zeros)

attach("new_empty", _new_zeros)

attach("new_ones", _new_ones)

attach("new_full", _new_full)

attach("new_tensor", _new_tensor)

attach("new_empty_strided", _new_empty_strided)


@operation
def scalar_tensor(value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor without axes over a number."""
    found = fresh(np.asarray(value, default_dtype() if dtype is None else dtype))
    found.requires_grad = requires_grad
    return found


# ---- what a tensor is


@operation
def numel(x: Any) -> int:
    """Return the number of elements."""
    return int(as_tensor(x).size)


@operation
def is_tensor(x: Any) -> bool:
    """Tell whether something is a tensor."""
    return isinstance(x, Tensor)


@operation
def is_floating_point(x: Any) -> bool:
    """Tell whether the dtype is a floating one."""
    return as_tensor(x).dtype.kind == "f"


def _element_size(x: Tensor) -> int:
    """Return the number of bytes of an element."""
    return int(x.dtype.itemsize)


def _ndimension(x: Tensor) -> int:
    """Return the number of axes."""
    return x.ndim


def _stride(x: Tensor, dim: int | None = None) -> Any:
    """Return how many elements apart neighbours along each axis, or one, lie in memory."""
    array = x.array
    if isinstance(array, Symbol):
        steps = tuple(int(np.prod(x.shape[i + 1 :])) for i in range(x.ndim))
    else:
        steps = tuple(step // array.itemsize for step in array.strides)
    return steps if dim is None else steps[dim]


def _is_contiguous(x: Tensor, memory_format: Any = None) -> bool:
    """Tell whether the elements lie in memory in row-major order."""
    return isinstance(x.array, Symbol) or bool(x.array.flags.c_contiguous)


def _storage_offset(x: Tensor) -> int:
    """Return how many elements into its memory a tensor starts."""
    array = x.detach().numpy()
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    start: int = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return start // array.itemsize


def _data_ptr(x: Tensor) -> int:
    """Return the address of the first element."""
    address: int = x.detach().numpy().__array_interface__["data"][0]
    return address


attach("dim", _ndimension)

attach("ndimension", _ndimension)

attach("numel", numel)

attach("nelement", numel)

attach("element_size", _element_size)

attach("stride", _stride)

attach("is_contiguous", _is_contiguous)

attach("is_floating_point", is_floating_point)

attach("storage_offset", _storage_offset)

attach("data_ptr", _data_ptr)

attach("itemsize", property(_element_size))

attach("nbytes", property(lambda x: x.spec.nbytes))

attach("device", property(lambda x: "cpu"))

attach("cpu", lambda x: x)


def _alias(x: Any) -> Tensor:
    """Return a copy."""
    return clone(x)


FURTHER["alias_copy"] = operation(_alias)
