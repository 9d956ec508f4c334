"""LAPACK by the addresses that SciPy publishes: for large matrices, where SciPy is installed.

SciPy is no dependency: without it all is computed by the code of the other files. A call of LAPACK
is not interrupted, and may use several threads, as OpenBLAS is set to; the same number of threads
on the same machine gives the same bits.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import importlib.util
import math
import os

from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.matrices.routine import Routine

_ROUTINES = ("geqrf", "gesdd", "getrf", "orgqr", "syevd")

# What names of imported functions begin with.
PREFIX = "lapack_"

# The rows from which on its routines are faster than the code written here.
LARGE = {"elimination": 128, "eigensystem": 128, "orthogonalization": 128, "singular": 32}

# Numbers of a block, by which the memory to work in is measured.
_BLOCK = 64

# Words for the integers that a call is given by address.
_WORDS = 32


@functools.cache
def state() -> str:
    """Return what tells installations of SciPy apart, and its absence; it is not imported."""
    found = importlib.util.find_spec("scipy")
    if found is None or found.origin is None:
        return ""
    return f"{found.origin} {os.stat(found.origin).st_mtime_ns}"


@functools.cache
def addresses() -> dict[str, int]:
    """Return the functions' addresses by the names that code has for them; none without SciPy."""
    try:
        published = importlib.import_module("scipy.linalg.cython_lapack").__pyx_capi__
    except (ImportError, AttributeError):
        return {}
    found = {}
    for name in (f"{kind}{routine}" for routine in _ROUTINES for kind in "ds"):
        address = _address(published.get(name))
        if address is None:
            return {}
        found[PREFIX + name] = address
    return found


def _address(capsule: object) -> int | None:
    """Return where a function is whose integers are of 32 bits."""
    if capsule is None:
        return None
    name_of, pointer_of = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer_of.restype = ctypes.c_void_p
    pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]
    signature: bytes = name_of(capsule)
    integers = b" int *" in signature.replace(b"(int", b"( int")
    address: int | None = pointer_of(capsule, signature) if integers else None
    return address


def takes(what: str, rows: int) -> bool:
    """Tell whether matrices of so many rows are LAPACK's."""
    return rows >= LARGE[what] and bool(state()) and bool(addresses())


def _call(r: Routine, routine: str, words: Value, *arguments: Value | int | str) -> None:
    """Call a routine; integers and letters are given by the address of a word that holds them."""
    given = []
    for i, argument in enumerate(arguments):
        if isinstance(argument, Value):
            given.append(argument)
            continue
        place = r.offset(words, 8 * i)
        number = ord(argument) if isinstance(argument, str) else argument
        r.store(r.constant(number, "i32"), place)
        given.append(place)
    name = f"{PREFIX}{'d' if r.type == 'f64' else 's'}{routine}"
    r.declarations.add(f"declare void @{name}({', '.join(['ptr'] * len(given))})")
    r.raw(f"call void @{name}({', '.join(map(repr, given))})")


def _failed(r: Routine, told: Value) -> Value:
    return r.compare("ne", r.load(told, "i32", cse=False), 0)


class _Memory:
    """Hands out parts of the memory that a function works in, each on a word."""

    def __init__(self, r: Routine, work: Value) -> None:
        self.r, self.work, self.used = r, work, 0

    def take(self, count: int) -> Value:
        """Return the address of so many numbers."""
        place = self.r.at(self.work, self.used)
        self.used += count + count % 2
        return place


def elimination(type: str, target: Target, n: int) -> tuple[Routine, int]:
    """Return what `elimination.elimination` does, and how many numbers it works in."""
    r = Routine(f"lapack_elimination_{type}_{n}", type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    memory = _Memory(r, work)
    a, words, exchanges = memory.take(n * n), memory.take(2 * _WORDS), memory.take(n)
    told = r.offset(words, 8 * (_WORDS - 1))
    r.copy_turned(x, n, n, a, n, stop)
    # Should it end early, what is read of the exchanges are numbers all the same.
    _call(r, "getrf", words, n, n, a, n, exchanges, told)
    r.copy_turned_back(a, n, out, n, n, n, stop)
    with r.loop(n) as k:
        word = r.element(exchanges, k, "i32")
        row = r.convert(r.subtract(r.load(word, "i32", cse=False), 1), type)
        r.put(row, out, n * n, k)
    return r, memory.used


def eigensystem(type: str, target: Target, n: int, lower: bool) -> tuple[Routine, int]:
    """Return what `symmetric.eigensystem` does, and how many numbers it works in."""
    r = Routine(f"lapack_eigensystem_{type}_{n}_{'l' if lower else 'u'}", type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    memory = _Memory(r, work)
    a, words = memory.take(n * n), memory.take(2 * _WORDS)
    told = r.offset(words, 8 * (_WORDS - 1))
    free, integers = 1 + 6 * n + 2 * n * n, 3 + 5 * n
    own, own_integers = memory.take(free), memory.take(integers)
    # Of the other triangle nothing is read, so that it may be what it likes.
    with r.loop(n, stop) as i:
        r.fill(r.number(0.0), r.at(a, r.times(i, n)), 0, n)
        first, last = (0, r.plus(i, 1)) if lower else (i, n)
        at = r.times(i, n)
        r.along(first, last, lambda j, w: r.put(r.many(x, w, at, j), a, at, j))
    sound = r.compare("oeq", r.times_zero(a, 0, n * n), 0.0)
    with r.when(r.bit_xor(sound, r.constant(True, "i1"))):
        r.fill(r.number(math.nan), out, 0, (n + 1) * n)
    with r.when(sound):
        # Row by row the lower triangle is, column by column, the upper one.
        triangle = "U" if lower else "L"
        _call(
            r, "syevd", words, "V", triangle, n, a, n, out, own, free, own_integers, integers, told
        )
        r.copy_turned_back(a, n, r.at(out, n), n, n, n, stop)
        with r.when(_failed(r, told)):
            r.fill(r.number(math.nan), out, 0, (n + 1) * n)
    return r, memory.used


def orthogonalization(type: str, target: Target, m: int, n: int) -> tuple[Routine, int]:
    """Return what `reflections.orthogonalization` does, and how many numbers it works in."""
    r = Routine(f"lapack_orthogonalization_{type}_{m}_{n}", type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    memory, k = _Memory(r, work), min(m, n)
    a, words, scales = memory.take(m * n), memory.take(2 * _WORDS), memory.take(k)
    told = r.offset(words, 8 * (_WORDS - 1))
    free = _BLOCK * n
    own = memory.take(free)
    r.copy_turned(x, m, n, a, m, stop)
    _call(r, "geqrf", words, m, n, a, m, scales, own, free, told)
    with r.loop(n, stop) as i:
        result = r.at(out, m * k, r.times(i, k))
        filled = r.least(r.plus(i, 1), k)
        r.copy(r.at(a, r.times(i, m)), result, filled)
        r.fill(r.number(0.0), result, filled, k)
    _call(r, "orgqr", words, m, k, k, a, m, scales, own, free, told)
    r.copy_turned_back(a, m, out, k, m, k, stop)
    return r, memory.used


def decomposition(type: str, target: Target, m: int, n: int, full: bool) -> tuple[Routine, int]:
    """Return what `singular.decomposition` does, and how many numbers it works in."""
    name = f"lapack_singular_{type}_{m}_{n}_{'full' if full else 'thin'}"
    r = Routine(name, type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    p = min(m, n)
    columns, right = (max(m, n), n) if full else (p, p)
    memory = _Memory(r, work)
    a, words, v = memory.take(m * n), memory.take(2 * _WORDS), memory.take(n * right)
    told = r.offset(words, 8 * (_WORDS - 1))
    free = 5 * p * p + (_BLOCK + 8) * (m + n)
    own, integers, size = memory.take(free), memory.take(8 * p), (m + n + 1) * columns
    r.copy(x, a, m * n)
    sound = r.compare("oeq", r.times_zero(a, 0, m * n), 0.0)
    with r.when(r.bit_xor(sound, r.constant(True, "i1"))):
        r.fill(r.number(math.nan), out, 0, size)
    with r.when(sound):
        r.fill(r.number(0.0), out, 0, size)
        # Row by row the matrix is, column by column, its transpose, whose right vectors are U.
        _call(
            r, "gesdd", words, "A" if full else "S", n, m, a, n, r.at(out, m * columns), v, n, out,
            columns, own, free, integers, told,
        )  # fmt: skip
        below = r.at(out, (m + 1) * columns)
        r.copy_turned_back(v, n, below, columns, n, right, stop)
        with r.when(_failed(r, told)):
            r.fill(r.number(math.nan), out, 0, size)
    return r, memory.used
