"""Machine code as universal functions of NumPy's, which allocate, check and call in half a µs.

An address taken, an array made and a call by `ctypes` take four times that together. NumPy's C
functions that make them have had their places in its table since there is one (NEP 20 adds the
signature); https://numpy.org/doc/stable/reference/c-api/ufunc.html tells what a loop is given.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy._core import _multiarray_umath  # type: ignore[attr-defined]

from thalweg.engines.llvm.code.jit import Library, compile_object, link
from thalweg.engines.llvm.ir.emitter import Emitter, module_text
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value

# Where in NumPy's table PyUFunc_FromFuncAndDataAndSignature is.
_MAKE = 31

# What a universal function refers to lives as long as the process, as it may itself.
_kept: list[Any] = []


@functools.cache
def _maker() -> Callable[..., Any]:
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = ctypes.cast(
        pointer(_multiarray_umath._UFUNC_API, None), ctypes.POINTER(ctypes.c_void_p)
    )
    text, number, place = ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p
    arguments = place, place, text, number, number, number, number, text, text, number, text
    made: Callable[..., Any] = ctypes.PYFUNCTYPE(ctypes.py_object, *arguments)(table[_MAKE])
    return made


def universal(
    library: Library, name: str, takes: Sequence[Any], gives: Sequence[Any], signature: str | None
) -> Callable[..., Any]:
    """Return a universal function that runs a loop of a library.

    Args:
        library: Machine code.
        name: The loop in it: of the operands' addresses, the counts, the strides and no data.
        takes: The dtypes of the operands.
        gives: Those of the results.
        signature: Of which axes it takes and gives whole, as NEP 20 writes them; None of elements.
    """
    loops = (ctypes.c_void_p * 1)(library.addresses[name])
    nothing = (ctypes.c_void_p * 1)(None)
    types = bytes(np.dtype(dtype).num for dtype in (*takes, *gives))
    axes = None if signature is None else signature.encode()
    _kept.append((library, loops, nothing, types, axes))
    counts = 1, len(takes), len(gives)
    places = ctypes.addressof(loops), ctypes.addressof(nothing)
    # -1: it has no identity element.
    return _maker()(*places, types, *counts, -1, b"native", b"", 0, axes)  # type: ignore[no-any-return]


# ---- how loops are written


def in_vectors(e: Emitter, count: Value, lanes: int, body: Callable[[Value, int], None]) -> None:
    """Write a loop over so many elements: in vectors, and what is left one by one.

    Args:
        e: What writes it.
        count: How many there are.
        lanes: How many a vector has.
        body: Writes a round, of the first of its elements and their number.
    """
    whole = e.divide(count, lanes)
    i, _ = e.begin_loop(whole)
    body(e.multiply(i, lanes), lanes)
    e.end_loop()
    if lanes > 1:
        done = e.multiply(whole, lanes)
        i, _ = e.begin_loop(e.subtract(count, done))
        body(e.add(done, i), 1)
        e.end_loop()


class InnerLoop:
    """What NumPy gives to a loop, as it is written.

    Attributes:
        e: What writes it.
        count: How many times it is to be run, as a Value; the further counts are of axes.
    """

    def __init__(self, target: Target | None = None) -> None:
        self.e = Emitter(target or Target.host())
        self._parameters = [self.e.parameter(x, "ptr") for x in ("args", "dims", "steps", "data")]
        self.count = self.extent(0)

    def extent(self, number: int) -> Value:
        """Return how many rounds there are, number 0, or how long an axis of the signature is."""
        return self._word(1, number, "i64")

    def operand(self, number: int) -> Value:
        """Return where an operand or result of the first round is."""
        return self._word(0, number, "ptr")

    def stride(self, number: int) -> Value:
        """Return how many bytes on an operand is in the next round, or on an axis of its own."""
        return self._word(2, number, "i64")

    def _word(self, parameter: int, number: int, type: str) -> Value:
        at = self.e.offset(self._parameters[parameter], 8 * number)
        return self.e.load(at, type)

    def compiled(
        self,
        objects: Sequence[bytes] = (),
        declarations: Sequence[str] = (),
        functions: Sequence[str] = (),
    ) -> Library:
        """Return it as machine code, under the name of `loop`.

        Args:
            objects: What else is linked.
            declarations: What is called of that.
            functions: Texts of what else is called.
        """
        own = self.e.function("loop", self._parameters)
        text = module_text([*functions, own], [*self.e.declarations, *declarations])
        return link([*objects, compile_object(text, self.e.target)], ["loop"], [text])
