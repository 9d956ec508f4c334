"""What PyTorch asks of a tensor beside its values: its dtype, memory and layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.layout import row_major
from thalweg.core.leaving import numbers_of, require_no_derivative
from thalweg.core.memory import Element, Memory
from thalweg.core.program import Symbol, owner_of, tracing
from thalweg.core.tensor import Tensor, fresh, make
from thalweg.core.tensor import astype as cast
from thalweg.errors import ArgumentError, GradientError, ShapeError, TracingError
from thalweg.ops.creation.copying import clone
from thalweg.ops.creation.creation import full, ones, zeros
from thalweg.ops.creation.dtypes import require_cpu
from thalweg.ops.index.items import copy_
from thalweg.ops.index.strided import steps_of
from thalweg.ops.reduce.statistics import array_equal
from thalweg.torch.dtypes import SHORT, TORCH
from thalweg.torch.dtypes import dtype as torch_dtype
from thalweg.torch.functions.restriding import address
from thalweg.torch.functions.viewing import extents
from thalweg.torch.naming import as_tensor, attach, function, method, named, variant_of

# ---- another dtype


def _conversion(name: str, dtype: Any) -> Any:
    @named(name, f"Convert to {dtype}.")
    def convert(x: Tensor, memory_format: Any = None) -> Tensor:
        return cast(x, dtype)

    return convert


for _name, _dtype in {**SHORT, "bool": "bool", "byte": "uint8", "char": "int8"}.items():
    attach(_name, _conversion(_name, np.dtype(_dtype)))


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
        elif isinstance(given, (type, np.dtype, torch_dtype)):
            dtype = given
        elif isinstance(given, str) or hasattr(given, "index"):
            require_cpu(given)
        elif given is not None and not isinstance(given, bool):
            raise ArgumentError(f"to() got {given!r}; it wants a dtype, a tensor or a device.")
    found = x if dtype is None else cast(x, dtype)
    return clone(found) if copy and found is x else found


@method
def type_as(x: Tensor, other: Tensor) -> Tensor:
    """Convert to the dtype of another tensor."""
    return cast(x, other.dtype)


# ---- new tensors alike


def _new(name: str, create: Callable[..., Tensor]) -> Any:
    @named(name, f"Return `{create.__name__}` in another shape, of the same dtype.")
    def new(
        x: Tensor, *size: Any, dtype: Any = None, requires_grad: bool = False, **placement: Any
    ) -> Tensor:
        return create(extents(size), dtype or x.dtype, requires_grad=requires_grad)

    return new


for _name, _create in (("new_zeros", zeros), ("new_empty", zeros), ("new_ones", ones)):
    attach(_name, _new(_name, _create))


def _new_full(
    x: Tensor,
    size: Any,
    fill_value: Any,
    dtype: Any = None,
    requires_grad: bool = False,
    **placement: Any,
) -> Tensor:
    """Return one number in another shape, of the same dtype."""
    return full(size, fill_value, dtype or x.dtype, requires_grad=requires_grad)


def _new_tensor(x: Tensor, data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the same dtype over a copy of the data."""
    given = as_tensor(data)
    require_no_derivative(given, "A copy by new_tensor(x)")
    copied = np.array(numbers_of(given), dtype or x.dtype)
    return fresh(copied).requires_grad_(requires_grad)


def _new_empty_strided(
    x: Tensor, size: Any, stride: Any, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a new tensor of a shape; its memory is in row-major order."""
    return zeros(size, dtype or x.dtype, requires_grad=requires_grad)


@function
def scalar_tensor(value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor without axes over a number."""
    return fresh(np.asarray(value, dtype or TORCH.default)).requires_grad_(requires_grad)


# ---- what a tensor is


@method
def numel(x: Any) -> int:
    """Return the number of elements."""
    return int(as_tensor(x).size)


@function
def is_tensor(x: Any) -> bool:
    """Tell whether something is a tensor."""
    return isinstance(x, Tensor)


@method
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
    shape, array = tuple(x.shape), x.array
    steps = row_major(shape) if isinstance(array, Symbol) else steps_of(array)
    return steps if dim is None else steps[dim]


def _is_contiguous(x: Tensor, memory_format: Any = None) -> bool:
    """Tell whether the elements lie in memory in row-major order."""
    return isinstance(x.array, Symbol) or bool(x.array.flags.c_contiguous)


def _data_ptr(x: Tensor) -> int:
    """Return the address of the first element."""
    return address(x.detach().numpy())


def _storage_offset(x: Tensor) -> int:
    """Return how many elements into its memory a tensor starts."""
    array = x.detach().numpy()
    return (address(array) - address(owner_of(array))) // array.itemsize


for _name, _member in {
    "const_data_ptr": _data_ptr,
    "cpu": lambda x: x,
    "data_ptr": _data_ptr,
    "dim": _ndimension,
    "element_size": _element_size,
    "is_contiguous": _is_contiguous,
    "itemsize": property(_element_size),
    "nbytes": property(lambda x: x.spec.nbytes),
    "ndimension": _ndimension,
    "nelement": numel,
    "new_empty_strided": _new_empty_strided,
    "new_full": _new_full,
    "new_tensor": _new_tensor,
    "storage_offset": _storage_offset,
    "stride": _stride,
}.items():
    attach(_name, _member)


class layout(str):  # noqa: N801 - PyTorch's name
    """How elements are stored: "strided", or of sparse tensors how their places are."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "torch." + str.__str__(self)

    __str__ = __repr__


class memory_format(str):  # noqa: N801 - PyTorch's name
    """In which order a copy's elements lie: as the tensor's, or with rows contiguous."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "torch." + str.__str__(self)

    __str__ = __repr__


strided = layout("strided")

contiguous_format = memory_format("contiguous_format")

preserve_format = memory_format("preserve_format")

# ---- what a tensor is


@method
def is_nonzero(x: Any) -> bool:
    """Tell whether the only element is not 0.

    Raises:
        ShapeError: If there are more elements, or none.
    """
    tensor = as_tensor(x)
    if tensor.size != 1:
        many = "more than one value" if tensor.size else "no values"
        raise ShapeError(f"Boolean value of Tensor with {many} is ambiguous. Use any() or all().")
    return bool(tensor)


@method
def is_signed(x: Any) -> bool:
    """Tell whether the dtype holds numbers below 0."""
    return as_tensor(x).dtype.kind in "ifc"


@method
def is_same_size(x: Any, y: Any) -> bool:
    """Tell whether two tensors have the same shape."""
    return as_tensor(x).shape == as_tensor(y).shape


def _never(name: str, answer: bool, x: Any) -> bool:
    as_tensor(x)
    return answer


@method
@variant_of(_never, False)
def is_conj() -> None:
    """Tell whether conjugation is left for later, which it never is."""


@method
@variant_of(_never, False)
def is_neg() -> None:
    """Tell whether negation is left for later, which it never is."""


@method
@variant_of(_never, False)
def is_inference() -> None:
    """Tell whether a tensor can never be recorded, which none is."""


@method
def get_device(x: Any) -> int:
    """Return the number of the device: -1, the CPU."""
    as_tensor(x)
    return -1


for _name in ("cuda", "sparse", "quantized", "mps", "mkldnn", "nested", "xpu"):
    attach(f"is_{_name}", property(lambda x: False, doc=f"Whether it is {_name}: no tensor is."))

_BASE = "What a view was cut out of, which is no view itself; None for what is no view."

attach("_base", property(lambda x: None if x.origin is None else x.origin.base, doc=_BASE))

attach("is_cpu", property(lambda x: True, doc="Whether it lies on the CPU, as every tensor does."))

attach("layout", property(lambda x: strided, doc="How elements are stored: strided."))

# ---- element by element, in Python


def _require_plain(name: str, tensors: tuple[Tensor, ...]) -> None:
    if any(tensor.requires_grad for tensor in tensors):
        raise GradientError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() "
            "instead."
        )


def _overwrite(x: Tensor, values: list[Any]) -> Tensor:
    return copy_(x, np.array(values, x.dtype).reshape(x.shape))


def _apply(x: Tensor, function: Callable[[Any], Any]) -> Tensor:
    """Replace each element by a Python function of it, and return the tensor."""
    _require_plain("apply_", (x,))
    return _overwrite(x, [function(value) for value in x.detach().numpy().ravel().tolist()])


def _map(x: Tensor, other: Any, function: Callable[[Any, Any], Any]) -> Tensor:
    """Replace each element by a Python function of it and of another tensor's, broadcast."""
    others = as_tensor(other)
    _require_plain("map_", (x, others))
    pairs = np.broadcast_arrays(x.detach().numpy(), others.detach().numpy())
    flat = [part.ravel().tolist() for part in pairs]
    return _overwrite(x, [function(a, b) for a, b in zip(*flat, strict=True)])


attach("apply_", _apply)

attach("map_", _map)


# ---- what NumPy answers otherwise


@method
def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """Return the positions of the elements that are not zero.

    Args:
        input: A tensor; one without axes counts as a vector of one element.
        as_tuple: Whether to return one tensor an axis; else one with a row an element.
    """
    values = numbers_of(as_tensor(input))
    if not as_tuple:
        return fresh(np.argwhere(values))
    return tuple(fresh(np.ascontiguousarray(at)) for at in np.nonzero(np.atleast_1d(values)))


@method
def equal(input: Any, other: Any) -> bool:
    """Tell whether two tensors have one shape and equal elements; `==` tells of each element."""
    return bool(array_equal(input, other))


def _data(x: Tensor) -> Tensor:
    """Return the same memory without the history: what is written into it is not recorded."""
    if tracing.traces or isinstance(x.array, Symbol):
        return x.detach()
    found = make(x.array, None, x.weak, x.results)
    found.memory = x.memory if isinstance(x.memory, Element) else Memory()
    return found


def _set_data(x: Tensor, value: Any) -> None:
    new = as_tensor(value)
    if isinstance(new.array, Symbol) or isinstance(x.array, Symbol):
        raise TracingError(
            "x.data = y was written in a traced function, where values have no memory to be "
            "exchanged. Write x.copy_(y), or use y from there on."
        )
    x.array = new.array
    x.memory = x.origin = None
    if x.node is not None and x.node.leaf is not None:
        x.node.array = x.array


attach("data", property(_data, _set_data, doc="The same memory without the history."))
