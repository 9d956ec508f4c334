"""What dtypes there are, how they combine, and what the namespace says of itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import attach, operation
from thalweg.core.spec import DType, default_dtype, promote
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, DtypeError
from thalweg.foreign import dtype_of, is_other

__all__ = [
    "__array_namespace_info__", "can_cast", "finfo", "iinfo", "isdtype", "promote_types",
    "result_type",
]  # fmt: skip

# Dtypes and constants that are NumPy's own.
NUMPYS = [
    "bool_", "complex64", "complex128", "e", "float16", "float32", "float64", "inf", "int8",
    "int16", "int32", "int64", "nan", "newaxis", "pi", "uint8", "uint16", "uint32", "uint64",
]  # fmt: skip

_KINDS = {
    "bool": ("bool",),
    "signed integer": ("int8", "int16", "int32", "int64"),
    "unsigned integer": ("uint8", "uint16", "uint32", "uint64"),
    "real floating": ("float32", "float64"),
    "complex floating": ("complex64", "complex128"),
}

_KINDS["integral"] = _KINDS["signed integer"] + _KINDS["unsigned integer"]

_KINDS["numeric"] = _KINDS["integral"] + _KINDS["real floating"] + _KINDS["complex floating"]

_LETTERS = {
    "bool": "b", "signed integer": "i", "unsigned integer": "u", "integral": "iu",
    "real floating": "f", "complex floating": "c", "numeric": "iufc",
}  # fmt: skip

# The largest number of axes NumPy's arrays can have.
_MOST_AXES = 64


class Device(str):
    """Where tensors lie: "cpu", the only place."""

    __slots__ = ()

    def __new__(cls, name: Any = "cpu") -> Device:
        """Accept the name of the CPU, and no other."""
        if str(name) not in ("cpu", "cpu:0"):
            raise ArgumentError(
                f"The device {str(name)!r} was asked for; tensors lie on the CPU. Give 'cpu' or "
                "None. Runs on other devices are compiled by engine='jax'."
            )
        return super().__new__(cls, "cpu")

    @property
    def index(self) -> None:  # type: ignore[override]
        """The number among devices of the kind, which the CPU has none of."""

    @property
    def type(self) -> str:
        """The kind of device: "cpu"."""
        return "cpu"

    def __repr__(self) -> str:
        return "device(type='cpu')"


def require_cpu(wanted: Any) -> None:
    """Refuse every device but the CPU.

    Raises:
        ArgumentError: If it is another one.
    """
    if wanted is not None and wanted.__class__ is not Device:
        Device(wanted)


def _as_dtype(given: Any) -> DType:
    named = isinstance(given, type) or not hasattr(given, "dtype")
    found: DType = dtype_of(given) if named else given.dtype
    return found


class finfo:  # noqa: N801 - NumPy's name
    """The limits of a floating dtype, as Python numbers.

    Args:
        type: A floating or complex dtype, of which each part is described, or a tensor.

    Raises:
        DtypeError: If it is no floating dtype.

    Example:
        >>> import thalweg as tw
        >>> tw.finfo(tw.float32).bits, tw.finfo(tw.float64).eps
        (32, 2.220446049250313e-16)
    """

    __slots__ = (
        "bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny",
    )  # fmt: skip

    def __init__(self, type: Any = None, /) -> None:
        asked = default_dtype() if type is None else _as_dtype(type)
        if asked.kind not in "fc":
            raise DtypeError(f"finfo got {asked}; it wants a floating dtype. Use iinfo.")
        if is_other(asked):
            self._bfloat16(asked)
            return
        found = np.finfo(asked)
        self.bits = int(found.bits)
        self.dtype = np.dtype(found.dtype)
        self.eps, self.resolution = float(found.eps), float(found.resolution)
        self.max, self.min = float(found.max), float(found.min)
        self.smallest_normal = self.tiny = float(found.smallest_normal)

    def _bfloat16(self, asked: DType) -> None:
        """Take the limits of float32's upper half, of whose fraction it has seven bits."""
        if str(asked) != "dtype(bfloat16)":
            raise DtypeError(f"finfo got {asked}, whose limits are not known here. Use bfloat16.")
        self.bits, self.dtype = 16, asked
        self.eps, self.resolution = 2.0**-7, 0.01
        self.max = (2.0 - self.eps) * 2.0**127
        self.min, self.smallest_normal = -self.max, 2.0**-126
        self.tiny = self.smallest_normal

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )


class iinfo:  # noqa: N801 - NumPy's name
    """The limits of an integer dtype, as Python numbers.

    Args:
        type: An integer dtype, or a tensor.

    Raises:
        DtypeError: If it is no integer dtype.

    Example:
        >>> import thalweg as tw
        >>> tw.iinfo(tw.uint8).max
        255
    """

    __slots__ = ("bits", "dtype", "max", "min")

    def __init__(self, type: Any, /) -> None:
        asked = _as_dtype(type)
        if asked.kind not in "iu":
            raise DtypeError(f"iinfo got {asked}; it wants an integer dtype. Use finfo.")
        found = np.iinfo(asked)
        self.bits, self.dtype = int(found.bits), asked
        self.max, self.min = int(found.max), int(found.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"


@operation
def can_cast(from_: Any, to: Any) -> bool:
    """Tell whether every value of a dtype, or of a tensor's, can be held by another one."""
    return bool(np.can_cast(_as_dtype(from_), _as_dtype(to)))


@operation
def result_type(*arrays_and_dtypes: Any) -> DType:
    """Return the dtype of an operation on tensors, dtypes and Python numbers, which give way.

    Example:
        >>> import thalweg as tw
        >>> tw.result_type(tw.float32, 1.0)
        dtype('float32')
    """
    parts = [
        given if isinstance(given, (bool, int, float, complex)) else _part(given)
        for given in arrays_and_dtypes
    ]
    found: DType = np.result_type(*parts)
    return found


def _part(given: Any) -> Any:
    if isinstance(given, Tensor) and given.weak:
        return promote((given.spec,))[0].type(0).item()
    return _as_dtype(given)


@operation
def promote_types(type1: Any, type2: Any) -> DType:
    """Return the smallest dtype that holds the values of two."""
    return np.promote_types(_as_dtype(type1), _as_dtype(type2))


@operation
def isdtype(dtype: Any, kind: Any) -> bool:
    """Tell whether a dtype is another one, or of a kind, or one of several of them.

    Args:
        dtype: A dtype.
        kind: A dtype, a tuple, or "bool", "signed integer", "unsigned integer", "integral",
            "real floating", "complex floating" or "numeric".

    Raises:
        ArgumentError: If there is no such kind.
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    if not isinstance(kind, str):
        return bool(np.dtype(dtype) == np.dtype(kind))
    if kind not in _LETTERS:
        raise ArgumentError(
            f"isdtype got the kind {kind!r}; it wants a dtype or one of {', '.join(_LETTERS)}."
        )
    return np.dtype(dtype).kind in _LETTERS[kind]


class _Information:
    """What the namespace can do, by the Array API standard."""

    def capabilities(self) -> dict[str, Any]:
        """Return what the namespace supports."""
        return {
            "boolean indexing": True,
            "data-dependent shapes": True,
            "max dimensions": _MOST_AXES,
        }

    def default_device(self) -> Device:
        """Return the device of new tensors."""
        return Device()

    def devices(self) -> list[Device]:
        """Return all devices."""
        return [Device()]

    def default_dtypes(self, *, device: Any = None) -> dict[str, DType]:
        """Return the dtypes of new tensors by kind."""
        require_cpu(device)
        real = default_dtype()
        return {
            "real floating": real,
            "complex floating": np.result_type(real, np.complex64),
            "integral": np.dtype(np.int64),
            "indexing": np.dtype(np.int64),
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, DType]:
        """Return the dtypes by name, all or those of a kind or several."""
        require_cpu(device)
        kinds = ("bool", "numeric") if kind is None else kind
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        unknown = [one for one in kinds if one not in _KINDS]
        if unknown:
            raise ArgumentError(
                f"dtypes got the kind {unknown[0]!r}; it wants one of {', '.join(_KINDS)}."
            )
        return {name: np.dtype(name) for one in kinds for name in _KINDS[one]}


def __array_namespace_info__() -> _Information:  # noqa: N807 - the standard's name
    """Return what the namespace supports, by the Array API standard."""
    return _Information()


def _to_device(x: Tensor, device: Any, /, *, stream: Any = None) -> Tensor:
    """Return the tensor, which lies on the CPU already."""
    require_cpu(device)
    if stream is not None:
        raise ArgumentError(f"to_device got the stream {stream!r}; the CPU has none. Give None.")
    return as_tensor(x)


attach("device", property(lambda x: Device(), doc="Where the tensor lies: the CPU."))

attach("to_device", _to_device)
