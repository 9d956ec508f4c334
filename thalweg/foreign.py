"""Arrays of other libraries, computed with where they are: JAX's, traced ones too, and PyTorch's.

A tensor may hold such an array in the place of NumPy's. What is computed of it is then computed by
the table of its library, one function a primitive, on its device and in its dtype. Types are
recognised among the modules that are loaded: nothing is imported to look for them.
"""

from __future__ import annotations

import functools
import importlib
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from types import EllipsisType
from typing import Any, Protocol

import numpy as np

from thalweg.errors import ArgumentError, DtypeError


class OtherDType:
    """A dtype that NumPy does not have, such as bfloat16; it compares by identity.

    Args:
        name: The library's name of it.
        kind: NumPy's letter of its kind.
        itemsize: The number of bytes an element takes.
    """

    __slots__ = ("itemsize", "kind", "name")

    def __init__(self, name: str, kind: str, itemsize: int) -> None:
        self.name, self.kind, self.itemsize = name, kind, itemsize

    def __repr__(self) -> str:
        return f"dtype({self.name})"

    __str__ = __repr__

    def __reduce__(self) -> tuple[Any, ...]:
        return other_dtype, (self.name,)


def is_other(dtype: Any) -> bool:
    """Tell whether NumPy has no such dtype."""
    return dtype.__class__ is OtherDType


@functools.cache
def other_dtype(name: str) -> Any:
    """Return the dtype of a name that NumPy has none of."""
    floating = name.startswith(("bfloat", "float"))
    bits = "".join(c for c in name.partition("_")[0] if c.isdigit())
    return OtherDType(name, "f" if floating else "V", max(1, int(bits or 8) // 8))


# The classes of NumPy's own dtypes. Packages for NumPy, such as ml_dtypes, enter theirs too when
# they are imported, and that may have been before.
_DTYPES = {
    dtype.__class__ for dtype in map(np.dtype, np.sctypeDict.values()) if dtype.isbuiltin == 1
}


def dtype_of(given: Any) -> Any:
    """Return the dtype that is meant: by NumPy, by its name, or another library's of that name.

    Raises:
        DtypeError: If there is none.
    """
    kind = given.__class__
    if kind in _DTYPES or kind is OtherDType:
        return given
    try:
        found = np.dtype(given)
    except TypeError:
        name = str(given).rpartition(".")[2]
        if name.startswith(("bfloat16", "float8")):
            return other_dtype(name)
        if type(given).__module__.partition(".")[0] != "torch":
            raise
        try:
            found = np.dtype(name)
        except TypeError:
            raise DtypeError(f"{given} is a dtype that is not known here.") from None
    # 2: of a package for NumPy, such as ml_dtypes.
    return other_dtype(found.name) if found.isbuiltin == 2 else found


class ArrayLibrary(Protocol):
    """A library whose arrays are computed with by a table of functions, one a primitive."""

    name: str

    @property
    def table(self) -> Mapping[str, Callable[..., Any]]:
        """Return the functions that compute primitives, by name."""

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Return what controls and differentiates functions of such arrays, by thalweg's names."""

    def wrap(self, value: Any) -> Foreign:
        """Return an array with its shape and NumPy's dtype."""

    def dtype(self, dtype: Any) -> Any:
        """Return the library's dtype for one of NumPy's, the nearest it computes in."""

    def operand(self, array: np.ndarray[Any, Any], like: Any, weak: bool) -> Any:
        """Return what stands for one of NumPy's arrays beside an array, in a row of the table.

        A weak one is a Python number, converted to the dtype of the array where NumPy has that.
        """

    def from_numpy(self, array: np.ndarray[Any, Any], like: Any) -> Any:
        """Return an array of the library, on the device of another one."""

    def is_known(self, value: Any) -> bool:
        """Tell whether an array has values yet: one that is traced has none."""

    def to_numpy(self, value: Any) -> np.ndarray[Any, Any]:
        """Return the values, which must be known."""

    def filled_like(
        self, value: Any, number: Any, dtype: Any, shape: tuple[int, ...] | None = None
    ) -> Any:
        """Return one number in a shape, that of an array by default, and on its device."""

    def key_words(self, array: Foreign) -> Foreign:
        """Return a key as two 32-bit integers, where the library has keys of its own."""

    def own_key(self, array: Foreign) -> Foreign:
        """Return two 32-bit integers as a key of the library's, where it has keys of its own."""

    def own(self, value: Any) -> Any:
        """Return the same values in memory that no other array has, if arrays can be written."""


class Foreign:
    """An array of another library, as a tensor holds it.

    Attributes:
        library: Whose it is.
        value: The array; several, of a bundle.
        shape: The extent of each axis.
        dtype: The dtype, NumPy's where NumPy has it.
    """

    __slots__ = ("dtype", "library", "shape", "value")

    def __init__(
        self, library: ArrayLibrary, value: Any, shape: tuple[int, ...], dtype: Any
    ) -> None:
        self.library, self.value, self.shape, self.dtype = library, value, shape, dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(self.library.to_numpy(self.value), dtype=dtype, copy=copy)

    def copy(self) -> Foreign:
        """Return the array itself: no tensor writes it."""
        return self

    def filled(self, number: Any, dtype: Any, shape: tuple[int, ...] | None = None) -> Foreign:
        """Return one number in a shape, this one by default, in this library."""
        return self.library.wrap(self.library.filled_like(self.value, number, dtype, shape))


def number_of_generator(value: Any) -> int | None:
    """Return a whole number drawn of a generator of PyTorch's; None if it is none."""
    torch: Any = sys.modules.get("torch")
    kind: Any = getattr(torch, "Generator", None)
    if kind is None or not isinstance(value, kind):
        return None
    drawn = torch.randint(2**63 - 1, (), generator=value, device=value.device)
    return int(drawn)


# By the module that has them: the classes of the arrays, and where their table is found on first
# use. One of JAX's is of shapes without numbers, of which zeros can be made.
LIBRARIES = {
    "jax": (("Array", "ShapeDtypeStruct"), "thalweg.engines.jax.library"),
    "torch": (("Tensor",), "thalweg.engines.torch.library"),
}

_BY_CLASS: dict[type, ArrayLibrary] = {}

# The classes of NumPy's arrays and scalars.
NUMPYS: set[type] = {np.ndarray, *np.sctypeDict.values()}

# An array of those that a function of tensors was called with, while it runs: of its library are
# new ones in a dtype that NumPy has not.
AT_HAND: ContextVar[Any] = ContextVar("AT_HAND", default=None)


def in_library_at_hand(array: np.ndarray[Any, Any], dtype: Any) -> Foreign:
    """Return one of NumPy's arrays in the library that a function was called with.

    Args:
        array: The array.
        dtype: The dtype it is wanted in, which NumPy has not.

    Raises:
        DtypeError: If it was called with NumPy's alone.
    """
    like = AT_HAND.get()
    library = None if like is None else library_of(like)
    if library is None:
        raise DtypeError(
            f"NumPy has no {dtype}; numbers of that dtype are arrays of JAX or PyTorch. Give such "
            "arrays, or another dtype."
        )
    return library.wrap(library.from_numpy(array, like))


# Classes of what is given to operations, which are no other library's and hold nothing.
OWN: set[type] = {
    *NUMPYS, float, int, bool, complex, str, type(None), slice, EllipsisType, np.dtype, type,
}  # fmt: skip


# Looked into at each operation: with neither library there, nothing else is.
MODULES = sys.modules


def may_be_foreign(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether anything but numbers and NumPy's or thalweg's arrays is among arguments."""
    for value in (*args, *kwargs.values()) if kwargs else args:
        kind = value.__class__
        if kind not in OWN and not (
            (kind is tuple or kind is list) and OWN.issuperset(map(type, value))
        ):
            return True
    return False


def library_of(value: Any) -> ArrayLibrary | None:
    """Return the library of an array; None if it is none, or NumPy's or thalweg's."""
    kind = value.__class__
    return _BY_CLASS.get(kind) or (None if kind in OWN else _recognised(value))


def _recognised(value: Any) -> ArrayLibrary | None:
    for module, (names, room) in LIBRARIES.items():
        kinds = [getattr(sys.modules.get(module), name, None) for name in names]
        if isinstance(value, tuple(kind for kind in kinds if isinstance(kind, type))):
            library: ArrayLibrary = importlib.import_module(room).LIBRARY
            _BY_CLASS[value.__class__] = library
            return library
    return None


def met(values: Iterable[Any]) -> ArrayLibrary | None:
    """Return the library of arrays among some values, or in lists, tuples and dicts of them.

    Raises:
        ArgumentError: If there are arrays of two.
    """
    found: ArrayLibrary | None = None
    for value in values:
        kind = value.__class__
        if kind in OWN:
            continue
        inner: Any = value
        if kind is dict:
            inner = value.values()
        elif not isinstance(value, (list, tuple)):
            inner = None
        elif OWN.issuperset(map(type, value)):
            continue
        library = library_of(value) if inner is None else met(inner)
        if library is not None and found is not None and library is not found:
            raise ArgumentError(
                f"Arrays of {found.name} and of {library.name} were given together; it wants those "
                "of one library. Convert the ones to the other."
            )
        found = found or library
    return found
