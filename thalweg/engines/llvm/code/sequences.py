"""Loops that no program states: functions of the C library, element by element.

They are written here as text, take addresses, and are compiled once a process.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.engines.llvm.code.jit import load


def counted(name: str, parameters: str, body: str, before: str = "") -> str:
    """Return a function of n, the last of its parameters, that runs a body for i = 0 … n - 1."""
    return f"""
define void @{name}({parameters}, i64 %n) {{
entry:{before}
  %some = icmp sgt i64 %n, 0
  br i1 %some, label %loop, label %done
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]{body}
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}}
"""


def _each(name: str) -> str:
    return f"declare double @{name}(double)" + counted(
        f"each_{name}",
        "ptr %x, ptr %out",
        f"""
  %at = getelementptr double, ptr %x, i64 %i
  %value = load double, ptr %at
  %found = call double @{name}(double %value)
  %to = getelementptr double, ptr %out, i64 %i
  store double %found, ptr %to""",
    )


_POINTER, _COUNT = ctypes.c_void_p, ctypes.c_int64


@functools.cache
def _compiled(text: str, name: str) -> Any:
    return load([text], [name]).function(name, None, _POINTER, _POINTER, _COUNT)


def of_each(name: str, x: Array) -> Array:
    """Return the values of a function of the C library, of float64 numbers."""
    given = np.ascontiguousarray(x)
    out = np.empty(x.shape)
    _compiled(_each(name), f"each_{name}")(given.ctypes.data, out.ctypes.data, out.size)
    return out
