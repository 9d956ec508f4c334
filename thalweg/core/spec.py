"""A shape and a dtype without data; promotion between them."""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Self, SupportsIndex, overload

import numpy as np

from thalweg.errors import AxisError, DtypeError, ShapeError
from thalweg.foreign import is_other

DType = np.dtype[Any]

Shape = tuple[int, ...]

Axes = tuple[int, ...]

Array = np.ndarray[Any, Any]

BOOL = np.dtype(np.bool_)

INT8 = np.dtype(np.int8)

INT64 = np.dtype(np.int64)

FLOAT64 = np.dtype(np.float64)

FLOAT16 = np.dtype(np.float16)

COMPLEX128 = np.dtype(np.complex128)

FLOAT32 = np.dtype(np.float32)


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
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """The number of bytes a dense array of this spec takes."""
        return self.size * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{self.dtype.name}[{','.join(str(n) for n in self.shape)}]"


OBJECT = np.dtype(object)


@dataclass(frozen=True, slots=True)
class Bundle(Spec):
    """Several values that one primitive gives together, and `part` takes out one by one.

    NumPy holds a bundle as an array of objects, which are arrays.
    """

    parts: tuple[Spec, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[Spec]) -> Bundle:
        """Return the bundle of values of these specs."""
        held = tuple(parts)
        return cls((len(held),), OBJECT, False, held)


def pack(arrays: Iterable[Any]) -> Array:
    """Return arrays as one value, a bundle."""
    held = list(arrays)
    packed = np.empty(len(held), OBJECT)
    for i, array in enumerate(held):
        packed[i] = np.asarray(array)
    return packed


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
    try:
        return np.result_type(*operands), False
    except TypeError:
        if not any(is_other(spec.dtype) for spec in specs):
            raise
        return _promote_others(specs), False


def _promote_others(specs: tuple[Spec, ...]) -> DType:
    """Return the common dtype where one is none of NumPy's: a float that gives way to wider ones.

    Raises:
        DtypeError: If there are two, of which none holds the other's numbers.
    """
    wide = [s.dtype for s in specs if s.dtype.kind in "fc" and not s.weak]
    known = {dtype for dtype in wide if not is_other(dtype)}
    others = list(set(wide) - known)
    if known or not others:
        return np.result_type(FLOAT32, *known)
    if any(spec.weak and spec.dtype.kind == "c" for spec in specs):
        return np.dtype(np.complex64)
    if len(others) == 1:
        return others[0]
    widest = max(others, key=lambda dtype: dtype.itemsize)
    if all(dtype is widest or dtype.itemsize < widest.itemsize for dtype in others):
        return widest
    raise DtypeError(
        f"{others[0]} and {others[1]} were given together; they have no common dtype. Convert one "
        "of them with astype."
    )


class Promotion:
    """The dtypes of what is computed: NumPy's rules, of which a class of tensors may have others.

    Attributes:
        default: The dtype of new floating tensors.
    """

    def __init__(self, default: DType) -> None:
        self.default = default
        _PROMOTIONS.append(self)

    def set_default(self, dtype: Any) -> None:
        """Set the dtype of new floating tensors: float64 or float32.

        Raises:
            DtypeError: If it is no floating dtype.
        """
        wanted = np.dtype(dtype)
        if wanted.kind != "f":
            raise DtypeError(
                f"only floating-point types are supported as the default type, and {wanted} was "
                "given. Give tw.float32 or tw.float64."
            )
        self.default = wanted

    def join(self, specs: tuple[Spec, ...]) -> DType:
        """Return the dtype that operands take together."""
        return promote(specs)[0]

    def chosen(self, specs: tuple[Spec, ...]) -> DType:
        """Return the dtype of what is chosen from these, which is no number any more."""
        return self.join(specs)

    def real(self) -> DType:
        """Return the dtype of functions of integers that are none."""
        return FLOAT64

    def product(self, name: str, specs: tuple[Spec, ...]) -> DType:
        """Return the dtype that the operands of a product of matrices take together."""
        return self.join(specs)

    def is_number(self, operand: Any) -> bool:
        """Tell whether a NumPy scalar is a number that gives way, as Python's are."""
        return False


_PROMOTIONS: list[Promotion] = []

NUMPY = Promotion(FLOAT64)


class _Current(threading.local):
    promotion = NUMPY


_current = _Current()


def default_dtype() -> DType:
    """Return the dtype of new floating tensors: float64, or what `set_default_dtype` gave."""
    return _current.promotion.default


def default_dtypes() -> tuple[DType, ...]:
    """Return the dtypes of new floating tensors of all kinds."""
    return tuple(promotion.default for promotion in _PROMOTIONS)


@contextmanager
def defaults_of(promotion: Promotion) -> Iterator[None]:
    """Make new floating tensors have the default dtype of a kind of tensors."""
    before, _current.promotion = _current.promotion, promotion
    try:
        yield
    finally:
        _current.promotion = before


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
    NUMPY.set_default(dtype)


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
            f"{_misfit([spec.shape for spec in specs])}{name} got shapes {shapes}, which do not "
            "broadcast. Trailing axes must be equal or 1."
        ) from None


def _misfit(shapes: list[Shape]) -> str:
    """Say in PyTorch's words where two shapes do not fit; nothing of others."""
    if len(shapes) != 2:
        return ""
    a, b = shapes
    rank = max(len(a), len(b))
    for place in reversed(range(rank)):
        m, n = (shape[place - rank] if rank - place <= len(shape) else 1 for shape in (a, b))
        if m != n and 1 not in (m, n):
            return (
                f"The size of tensor a ({m}) must match the size of tensor b ({n}) at "
                f"non-singleton dimension {place}: "
            )
    return ""


class Size(tuple[int, ...]):
    """The extent of each axis: a tuple that prints, slices and adds as PyTorch's.

    Raises:
        TypeError: If an extent is not an integer.

    Example:
        >>> import thalweg as tw
        >>> size = tw.zeros((2, 3, 4)).shape
        >>> size
        thalweg.Size([2, 3, 4])
        >>> size.numel(), size[1:], size == (2, 3, 4)
        (24, thalweg.Size([3, 4]), True)
    """

    __slots__ = ()

    library: ClassVar[str] = "thalweg"

    def __new__(cls, extents: Iterable[SupportsIndex] = ()) -> Self:
        """Make a Size of the extents, each checked to be an integer."""
        return super().__new__(cls, map(operator.index, extents))

    def numel(self) -> int:
        """Return the number of elements of a tensor of this size: ∏ nᵢ, and 1 for none."""
        return math.prod(self)

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> Size: ...
    def __getitem__(self, key: SupportsIndex | slice) -> int | Size:
        part = super().__getitem__(key)
        return type(self)(part) if isinstance(part, tuple) else part

    def __add__(self, other: tuple[Any, ...]) -> Size:
        return type(self)(super().__add__(other))

    def __radd__(self, other: tuple[Any, ...]) -> Size:
        return type(self)(other.__add__(self))

    def __mul__(self, count: SupportsIndex) -> Size:
        return type(self)(super().__mul__(count))

    def __rmul__(self, count: SupportsIndex) -> Size:
        return type(self)(super().__rmul__(count))

    def __format__(self, form: str) -> str:
        # Inside a sentence, such as an error's, a size reads as a tuple.
        return format(tuple(self), form)

    def __repr__(self) -> str:
        return f"{self.library}.Size([{', '.join(map(repr, self))}])"


class Count(int):
    """The number of elements of a tensor: NumPy's `x.size`, and called, PyTorch's `x.size()`."""

    shape: Size

    def __new__(cls, count: int, shape: Size = Size()) -> Count:  # noqa: B008 - it is immutable
        """Return the number, which knows the shape too."""
        found = super().__new__(cls, count)
        found.shape = shape
        return found

    @overload
    def __call__(self, dim: None = None) -> Size: ...
    @overload
    def __call__(self, dim: int) -> int: ...
    def __call__(self, dim: int | None = None) -> Size | int:
        """Return the shape, or the extent of one axis."""
        if dim is None:
            return self.shape
        if not -len(self.shape) <= dim < len(self.shape):
            raise AxisError(f"size got axis {dim} of the shape {self.shape}. Give one it has.")
        return self.shape[dim]

    def __reduce__(self) -> Any:
        return int, (int(self),)
