"""A shape and a dtype without data; promotion between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.errors import DtypeError, ShapeError

DType = np.dtype[Any]
Shape = tuple[int, ...]

BOOL = np.dtype(np.bool_)
INT8 = np.dtype(np.int8)
INT64 = np.dtype(np.int64)
FLOAT64 = np.dtype(np.float64)
FLOAT16 = np.dtype(np.float16)
COMPLEX128 = np.dtype(np.complex128)

FLOAT32 = np.dtype(np.float32)

_default = FLOAT64


@dataclass(frozen=True, slots=True)
class Takes:
    """Which dtypes an operation has a meaning for, and their name."""

    name: str
    has: Callable[[DType], bool]


REAL = Takes("real numbers", lambda dtype: dtype.kind != "c")
COMPLEX = Takes("complex numbers", lambda dtype: dtype.kind == "c")
BITS = Takes("Booleans or integers", lambda dtype: dtype.kind in "biu")
# What LAPACK computes with.
SINGLE_OR_DOUBLE = Takes(
    "float32, float64, complex64 or complex128",
    lambda dtype: dtype.kind in "fc" and dtype.itemsize > 2,
)


def default_dtype() -> DType:
    """Return the dtype of new floating tensors: float64, or what `set_default_dtype` gave."""
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Set the dtype of new floating tensors: float64 or float32.

    Raises:
        DtypeError: If it is no floating dtype.

    Example:
        >>> import thalweg as tw
        >>> before = tw.get_default_dtype()
        >>> tw.set_default_dtype(tw.float32)
        >>> tw.get_default_dtype()
        dtype('float32')
        >>> tw.set_default_dtype(before)
    """
    global _default
    wanted = np.dtype(dtype)
    if wanted.kind != "f":
        raise DtypeError(
            f"only floating-point types are supported as the default type, and {wanted} was "
            "given. Give tw.float32 or tw.float64."
        )
    _default = wanted


def require_dtypes(name: str, takes: Takes, *given: Any) -> None:
    """Refuse tensors or specs of dtypes that an operation has no meaning for.

    Raises:
        DtypeError: If one has such a dtype.
    """
    for operand in given:
        if not takes.has(operand.dtype):
            raise DtypeError(
                f"{name} got {operand.dtype}; it wants {takes.name}. Convert it with astype."
            )


def real_dtype(dtype: DType) -> DType:
    """Return the dtype of the parts of a complex dtype; of a real one, itself."""
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


_WEAK: dict[str, Any] = {"b": False, "i": 0, "u": 0, "f": 0.0, "c": 0j}


@dataclass(frozen=True, slots=True)
class Spec:
    """The shape and dtype of a value.

    `weak` marks the dtype of a Python number, which gives way to its partner's (NEP 50).
    """

    shape: Shape
    dtype: DType
    weak: bool = False

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for extent in self.shape:
            size *= extent
        return size

    @property
    def nbytes(self) -> int:
        """The number of bytes a dense array of this spec takes."""
        return self.size * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{self.dtype.name}[{','.join(str(n) for n in self.shape)}]"


def promote(specs: tuple[Spec, ...]) -> tuple[DType, bool]:
    """Return the dtype NumPy gives to an operation on these specs, and whether it is weak."""
    first = specs[0]
    dtype, weak = first.dtype, first.weak
    for spec in specs:
        if spec.dtype is not dtype or spec.weak is not weak:
            break
    else:
        return dtype, weak
    if all(spec.weak for spec in specs):
        return np.result_type(*(spec.dtype for spec in specs)), True
    operands = [_WEAK[spec.dtype.kind] if spec.weak else spec.dtype for spec in specs]
    return np.result_type(*operands), False


def possible(shape: Shape) -> Shape:
    """Return a shape that a tensor can have.

    Raises:
        ShapeError: If an extent is negative.
    """
    if min(shape, default=0) < 0:
        raise ShapeError(
            f"negative dimensions are not allowed: the shape {shape} was given. Give extents of 0 "
            "or more."
        )
    return shape


def broadcast(name: str, specs: tuple[Spec, ...]) -> Shape:
    """Return the shape of an elementwise operation on these specs.

    Raises:
        ShapeError: If the shapes do not broadcast; it names the operation and the shapes.
    """
    first = specs[0].shape
    for spec in specs:
        if spec.shape != first:
            break
    else:
        return first
    try:
        return np.broadcast_shapes(*(spec.shape for spec in specs))
    except ValueError:
        shapes = " and ".join(str(spec.shape) for spec in specs)
        raise ShapeError(
            f"{name} got shapes {shapes}, which do not broadcast. Trailing axes must be equal or 1."
        ) from None
