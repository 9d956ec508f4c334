"""PyTorch's older names of tensors by dtype: `FloatTensor` and its like, and `x.type()`."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.errors import DtypeError
from thalweg.ops.creation.copying import astype
from thalweg.torch.dtypes import NAMES as DTYPES
from thalweg.torch.dtypes import TORCH
from thalweg.torch.dtypes import dtype as torch_dtype
from thalweg.torch.naming import attach, make
from thalweg.torch.tensors import TorchTensor

_KINDS = {
    "bool": "Bool", "complex128": "ComplexDouble", "complex64": "ComplexFloat",
    "float16": "Half", "float32": "Float", "float64": "Double",
    "int16": "Short", "int32": "Int", "int64": "Long", "int8": "Char",
    "uint8": "Byte", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64",
}  # fmt: skip


class TypedTensor(type):
    """A class that tensors of a dtype are instances of, and that makes tensors of it."""

    dtype: torch_dtype

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, TorchTensor) and instance.dtype == cls.dtype

    def __call__(cls, *data: Any, device: Any = None) -> Tensor:
        """Return zeros of a shape, or a tensor of the dtype over a copy of data.

        Args:
            data: Extents, or a shape; or anything `numpy.asarray` accepts.
            device: "cpu" or None.
        """
        return make(TorchTensor(*data, device=device, dtype=cls.dtype).array)

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def _typed(name: str) -> TypedTensor:
    made = TypedTensor(f"{_KINDS[name]}Tensor", (), {"__doc__": f"Tensors of torch.{name}."})
    made.dtype = DTYPES[name]
    return made


BoolTensor = _typed("bool")
ByteTensor = _typed("uint8")
CharTensor = _typed("int8")
DoubleTensor = _typed("float64")
FloatTensor = _typed("float32")
HalfTensor = _typed("float16")
IntTensor = _typed("int32")
LongTensor = _typed("int64")
ShortTensor = _typed("int16")

TYPED = {name: found for name, found in [*vars().items()] if isinstance(found, TypedTensor)}


def typename(obj: Any) -> str:
    """Return PyTorch's name of a tensor's type: `torch.FloatTensor`; of others, their class."""
    if isinstance(obj, Tensor):
        return f"torch.{_KINDS[obj.dtype.name]}Tensor"
    kind = obj if isinstance(obj, type) else type(obj)
    place = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{place}{kind.__qualname__}"


def dtype_of(given: Any) -> Any:
    """Return the dtype that is named: by a typed tensor, its text, or a dtype.

    Raises:
        DtypeError: If text names none.
    """
    if isinstance(given, str) and given.startswith("torch."):
        given = TYPED.get(given.removeprefix("torch."), given)
    if isinstance(given, str):
        raise DtypeError(f"invalid type: '{given}'. Give a dtype, such as torch.float32.")
    return given.dtype if isinstance(given, TypedTensor) else given


def _type(x: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """Convert to a dtype; without one, return PyTorch's name of the tensor's."""
    return typename(x) if dtype is None else astype(x, dtype_of(dtype), copy=False)


def _new(x: Tensor, *data: Any, device: Any = None) -> Tensor:
    """Return zeros of a shape, or a copy of data, of the same dtype."""
    return TorchTensor(*data, device=device, dtype=x.dtype)


attach("type", _type)
attach("new", _new)


def set_default_tensor_type(t: Any) -> None:
    """Let new tensors be of the dtype of a typed tensor: `torch.DoubleTensor`, or its name."""
    TORCH.set_default(np.dtype(dtype_of(t)).name)
