"""What PyTorch asks of a tensor beside its shape and values, and names of its namespace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import attach, method, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import GradientError, ShapeError
from thalweg.ops.creation.conversions import astype

__all__ = [
    "cdouble",
    "cfloat",
    "contiguous_format",
    "detach",
    "dtype",
    "get_device",
    "is_conj",
    "is_inference",
    "is_neg",
    "is_nonzero",
    "is_same_size",
    "is_signed",
    "layout",
    "memory_format",
    "preserve_format",
    "strided",
]


cfloat, cdouble = np.complex64, np.complex128

dtype = np.dtype


class layout(str):  # noqa: N801 - PyTorch's name
    """How elements are stored: "strided", the only way."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"thalweg.{self}"


class memory_format(str):  # noqa: N801 - PyTorch's name
    """In which order a copy's elements lie: as the tensor's, or with rows contiguous."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"thalweg.{self}"


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


@method
def is_conj(x: Any) -> bool:
    """Tell whether conjugation is left for later, which it never is."""
    as_tensor(x)
    return False


@method
def is_neg(x: Any) -> bool:
    """Tell whether negation is left for later, which it never is."""
    as_tensor(x)
    return False


@method
def is_inference(x: Any) -> bool:
    """Tell whether a tensor can never be recorded, which none is."""
    as_tensor(x)
    return False


@method
def get_device(x: Any) -> int:
    """Return the number of the device: -1, the CPU."""
    as_tensor(x)
    return -1


@operation
def detach(x: Any) -> Tensor:
    """Return a tensor on the same memory without the history."""
    return as_tensor(x).detach()


for _name in ("cuda", "sparse", "quantized", "meta", "mps", "mkldnn", "nested", "xpu"):
    attach(f"is_{_name}", property(lambda x: False, doc=f"Whether it is {_name}: no tensor is."))

attach("is_cpu", property(lambda x: True, doc="Whether it lies on the CPU, as every tensor does."))

attach("layout", property(lambda x: strided, doc="How elements are stored: strided."))

# ---- by the name of a dtype

_TYPES = {
    "bool": "Bool", "complex128": "ComplexDouble", "complex64": "ComplexFloat",
    "float16": "Half", "float32": "Float", "float64": "Double", "int16": "Short",
    "int32": "Int", "int64": "Long", "int8": "Char", "uint8": "Byte",
}  # fmt: skip


def _type(x: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """Convert to a dtype; without one, return PyTorch's name of the tensor's."""
    if dtype is None:
        name = x.dtype.name
        return f"thalweg.{_TYPES.get(name, name.capitalize())}Tensor"
    return astype(x, dtype, copy=False)


attach("type", _type)

# ---- element by element, in Python


def _require_plain(name: str, tensors: tuple[Tensor, ...]) -> None:
    if any(tensor.requires_grad for tensor in tensors):
        raise GradientError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() "
            "instead."
        )


def _apply(x: Tensor, function: Callable[[Any], Any]) -> Tensor:
    """Replace each element by a Python function of it, and return the tensor."""
    _require_plain("apply_", (x,))
    values = [function(value) for value in x.detach().numpy().ravel().tolist()]
    return x.copy_(np.array(values, x.dtype).reshape(x.shape))  # type: ignore[no-any-return]


def _map(x: Tensor, other: Any, function: Callable[[Any, Any], Any]) -> Tensor:
    """Replace each element by a Python function of it and of another tensor's, broadcast."""
    others = as_tensor(other)
    _require_plain("map_", (x, others))
    pairs = np.broadcast_arrays(x.detach().numpy(), others.detach().numpy())
    values = [function(a, b) for a, b in zip(*(p.ravel().tolist() for p in pairs), strict=True)]
    return x.copy_(np.array(values, x.dtype).reshape(x.shape))  # type: ignore[no-any-return]


attach("apply_", _apply)

attach("map_", _map)
