"""PyTorch's dtypes, and which one operands of several take together."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from thalweg.core.spec import FLOAT32, INT64, DType, Promotion, Spec
from thalweg.errors import DtypeError


class dtype:  # noqa: N801 - PyTorch's name
    """The type of a tensor's elements; wherever NumPy wants a dtype, it may be given.

    Attributes:
        dtype: NumPy's of the same elements.

    Example:
        >>> import numpy as np, thalweg.torch as torch
        >>> torch.zeros(2).dtype, torch.float32 == np.float32
        (torch.float32, True)
        >>> torch.float64.is_floating_point, torch.int16.itemsize, np.zeros(1, torch.int8).dtype
        (True, 2, dtype('int8'))
    """

    __slots__ = ("dtype",)

    def __init__(self, name: str) -> None:
        self.dtype: DType = np.dtype(name)

    @property
    def is_floating_point(self) -> bool:
        """Whether it is of real numbers."""
        return self.dtype.kind == "f"

    @property
    def is_complex(self) -> bool:
        """Whether it is of complex numbers."""
        return self.dtype.kind == "c"

    @property
    def is_signed(self) -> bool:
        """Whether there are numbers below 0."""
        return self.dtype.kind in "ifc"

    def to_real(self) -> Any:
        """Return the dtype of the parts of a complex one; of another, itself."""
        return of_numpy(np.finfo(self.dtype).dtype) if self.is_complex else self

    def to_complex(self) -> Any:
        """Return the complex dtype whose parts are of this one."""
        return of_numpy(np.result_type(self.dtype, np.complex64))

    def __getattr__(self, name: str) -> Any:
        # What NumPy's tells of itself: kind, name, itemsize …
        return getattr(self.dtype, name)

    def __eq__(self, other: object) -> bool:
        try:
            return self.dtype == other if other is not None else False
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __reduce__(self) -> Any:
        return of_numpy, (self.dtype.name,)

    def __repr__(self) -> str:
        return f"torch.{self.dtype.name}"


# PyTorch's names, and how it abbreviates some.
NAMES = {
    name: dtype(name)
    for name in (
        *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
_OF_NUMPY = {known.dtype: known for known in NAMES.values()}

SHORT = {
    "cdouble": "complex128", "cfloat": "complex64", "double": "float64", "float": "float32",
    "half": "float16", "int": "int32", "long": "int64", "short": "int16",
}  # fmt: skip


def of_numpy(given: Any) -> Any:
    """Return PyTorch's dtype of the same elements; of others, such as text, NumPy's."""
    wanted = np.dtype(given)
    return _OF_NUMPY.get(wanted) or _OF_NUMPY.get(wanted.newbyteorder("="), wanted)


# ---- promotion

_BOOL = np.dtype(np.bool_)

# Their order decides: of Booleans, integers, real and complex numbers.
KINDS = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}


class TorchPromotion(Promotion):
    """PyTorch's rules: operands with axes count before those without, and these before numbers.

    What counts less makes a difference where its kind is a higher one. Integers make floats of the
    default dtype, and join real numbers of any.

    Source:
        PyTorch, "Tensor Attributes", section "Type Promotion".
    """

    def join(self, specs: tuple[Spec, ...]) -> DType:
        """Return the dtype that operands take together."""
        first = specs[0].dtype
        if not specs[0].weak and all(spec.dtype is first and not spec.weak for spec in specs):
            return first
        if all(spec.weak for spec in specs):
            # A number still, with all its digits: what it is combined with says of which dtype.
            return np.result_type(*(spec.dtype for spec in specs))
        ranks: dict[int, list[DType]] = {}
        for spec in specs:
            ranks.setdefault(_rank(spec), []).append(self.strong(spec))
        together = [functools.reduce(_common, ranks[rank]) for rank in sorted(ranks)]
        return functools.reduce(_outranked, together)

    def chosen(self, specs: tuple[Spec, ...]) -> DType:
        """Return the dtype of what is chosen from these, which is no number any more."""
        joined = self.join(specs)
        return self.strong(Spec((), joined, True)) if all(s.weak for s in specs) else joined

    def real(self) -> DType:
        """Return the dtype of functions of integers that are none."""
        return self.default

    def product(self, name: str, specs: tuple[Spec, ...]) -> DType:
        """Return the dtype of a product of matrices, whose operands have one.

        Raises:
            DtypeError: If they have not.
        """
        first, *others = (spec.dtype for spec in specs)
        for other in others:
            if other != first:
                raise DtypeError(
                    f"expected m1 and m2 to have the same dtype, but got: {first} != {other} in "
                    f"{name}. Convert one with .to(dtype)."
                )
        return first

    def is_number(self, operand: Any) -> bool:
        """Tell whether a NumPy scalar is a number that gives way: all are."""
        return isinstance(operand, np.generic)

    def strong(self, spec: Spec) -> DType:
        """Return the dtype that a Python number has by itself."""
        if not spec.weak:
            return spec.dtype
        kind = spec.dtype.kind
        if kind == "f":
            return self.default
        if kind == "c":
            return np.result_type(self.default, np.complex64)
        return _BOOL if kind == "b" else INT64


def _rank(spec: Spec) -> int:
    """Return which operands count first: those with axes, those without, numbers."""
    return 0 if spec.shape else 2 if spec.weak else 1


def _common(x: DType, y: DType) -> DType:
    """Return the dtype of two that count alike: of real numbers and integers, that of the real."""
    if KINDS[x.kind] < 2 <= KINDS[y.kind]:
        return y
    if KINDS[y.kind] < 2 <= KINDS[x.kind]:
        return x
    return np.result_type(x, y)


def _outranked(higher: DType, lower: DType) -> DType:
    """Return the dtype of operands of which the first count before the second."""
    if KINDS[higher.kind] >= KINDS[lower.kind]:
        return higher
    if higher.kind == "f":
        # Of complex numbers that count less, what is complex is taken, not the precision.
        return np.result_type(higher, np.complex64)
    return lower


TORCH = TorchPromotion(FLOAT32)


def get_default_dtype() -> Any:
    """Return the dtype of new floating tensors: float32, or what `set_default_dtype` gave."""
    return of_numpy(TORCH.default)


def set_default_dtype(d: Any) -> None:
    """Set the dtype of new floating tensors: float32 or float64; it is told from `tw`'s.

    Raises:
        DtypeError: If it is no floating dtype.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.set_default_dtype(torch.float64)
        >>> torch.zeros(2).dtype
        torch.float64
        >>> torch.set_default_dtype(torch.float32)
    """
    TORCH.set_default(d)
