"""Memory between pages that nobody may touch: reading or writing outside of it ends the process."""

from __future__ import annotations

import ctypes
import mmap
from typing import Any

import numpy as np
import pytest

from tests.fuzz.cases import Case, LoopCase
from thalweg.engines.llvm.code import running

Array = np.ndarray[Any, Any]

_PAGE = mmap.PAGESIZE
_NONE, _READ = 0, 1


class Guarded:
    """Gives out arrays that begin or end, in turn, right beside a forbidden page."""

    def __init__(self) -> None:
        self._protect = ctypes.CDLL(None, use_errno=True).mprotect
        self._protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        self.at_end = True

    def memory(self, nbytes: int, at_end: bool) -> tuple[Array, int, int]:
        """Return writable bytes, and where the pages between the forbidden ones begin and end."""
        inner = -(-max(1, nbytes) // _PAGE) * _PAGE
        pages = mmap.mmap(-1, inner + 2 * _PAGE)
        whole = np.frombuffer(pages, np.uint8)
        first = whole.ctypes.data
        self._set(first, _PAGE, _NONE)
        self._set(first + _PAGE + inner, _PAGE, _NONE)
        start = _PAGE + (inner - nbytes if at_end else 0)
        return whole[start : start + nbytes], first + _PAGE, inner

    def copy(self, array: Array) -> Array:
        """Return a copy that cannot be written."""
        self.at_end = not self.at_end
        found, first, inner = self.memory(array.nbytes, self.at_end)
        copied = found.view(array.dtype).reshape(array.shape)
        copied[...] = array
        self._set(first, inner, _READ)
        copied.flags.writeable = False
        return copied

    def allocate(self, nbytes: int) -> Array:
        """Stand in for the engine's own memory: garbage, but for the header at its beginning."""
        found, _, _ = self.memory(nbytes, nbytes % 64 == 0)
        found[64:] = 0xFF
        return found

    def _set(self, address: int, nbytes: int, protection: int) -> None:
        if self._protect(address, nbytes, protection):
            raise OSError(ctypes.get_errno(), "mprotect")

    # ---- whole cases

    def case(self, case: Case) -> Case:
        return Case(case.program, [self.copy(array) for array in case.arrays])

    def loop(self, case: LoopCase) -> LoopCase:
        data = [self.copy(array) for array in case.data]
        return LoopCase(case.loop, case.state, data, case.scalars, case.order, case.seed)

    def engine(self, patch: pytest.MonkeyPatch) -> None:
        """Let the native engine's arenas lie between forbidden pages too."""
        patch.setattr(running, "allocate", self.allocate)
