"""Loops over rows whose next step depends on the last one or on a position, as text.

They read and write contiguous rows, and are compiled once a process for a kind of number.
"""

from __future__ import annotations

import ctypes
import string
from typing import Any

from thalweg.engines.llvm.code.jit import load
from thalweg.engines.llvm.code.sequences import counted

# For each row r and each element j of it a body is run: `at` is r · width + j.
_LOOP = """
define i64 @run(ptr %x, ptr %y, ptr %out, i64 %rows, i64 %width, i64 %extent) {
entry:
  %some = icmp sgt i64 %rows, 0
  %wide = icmp sgt i64 %width, 0
  %any = and i1 %some, %wide
  br i1 %any, label %outer, label %done
outer:
  %r = phi i64 [ 0, %entry ], [ %r_next, %row_end ]
  %first = mul i64 %r, %width
  %base = mul i64 %r, %extent
  br label %inner
inner:
  %j = phi i64 [ 0, %outer ], [ %j_next, %next ]$carried
  %at = add i64 %first, %j
$body
next:
  %j_next = add i64 %j, 1
  %more = icmp slt i64 %j_next, %width
  br i1 %more, label %inner, label %row_end
row_end:
  %r_next = add i64 %r, 1
  %others = icmp slt i64 %r_next, %rows
  br i1 %others, label %outer, label %done
bad:
  ret i64 1
done:
  ret i64 0
}
"""

# An element of y is a position, of which there are `extent`.
_POSITION = """
  %to_place = getelementptr i64, ptr %y, i64 {}
  %place = load i64, ptr %to_place
  %inside = icmp ult i64 %place, %extent
  br i1 %inside, label %good, label %bad
good:
"""

# y[r, j] is a position along row r, and y[r] a row.
_ALONG_THE_ROW = f"{_POSITION.format('%at')}  %there = add i64 %base, %place"
_OF_A_ROW = f"{_POSITION.format('%r')}  %row = mul i64 %place, %width\n  %there = add i64 %row, %j"

_LOAD = """
  %from = getelementptr $number, ptr %x, i64 %at
  %value = load $number, ptr %from
"""

_ADD_THERE = f"""{_LOAD}
  %to = getelementptr $number, ptr %out, i64 %there
  %old = load $number, ptr %to
  %new = fadd $number %old, %value
  store $number %new, ptr %to
  br label %next
"""

# out[r, j] = so far and x[r, j]
_TOTAL = f"""{_LOAD}
  %total = {{}} $number %so_far, %value
  %to = getelementptr $number, ptr %out, i64 %at
  store $number %total, ptr %to
  br label %next
"""

_BODIES = {
    # out[r, j] = x[r, y[r, j]]
    "gathered": _ALONG_THE_ROW
    + """
  %from = getelementptr $number, ptr %x, i64 %there
  %value = load $number, ptr %from
  %to = getelementptr $number, ptr %out, i64 %at
  store $number %value, ptr %to
  br label %next
""",
    # out[r, y[r, j]] += x[r, j]
    "added": _ALONG_THE_ROW + _ADD_THERE,
    # out[y[r], j] += x[r, j]
    "rows_added": _OF_A_ROW + _ADD_THERE,
    "summed": _TOTAL.format("fadd"),
    "multiplied": _TOTAL.format("fmul"),
    # out[r] and y[r]: the largest of row r in order, and their positions; NaN is refused.
    "top": _LOAD
    + """
  %nan = fcmp uno $number %value, %value
  br i1 %nan, label %bad, label %seen
seen:
  %held = getelementptr $number, ptr %out, i64 %base
  %held_at = getelementptr i64, ptr %y, i64 %base
  %last = sub i64 %extent, 1
  %filling = icmp slt i64 %j, %extent
  br i1 %filling, label %sink, label %compare
compare:
  %to_least = getelementptr $number, ptr %held, i64 %last
  %least = load $number, ptr %to_least
  %larger = fcmp $order $number %value, %least
  br i1 %larger, label %sink, label %next
sink:
  %start = phi i64 [ %j, %seen ], [ %last, %compare ]
  br label %step
step:
  %p = phi i64 [ %start, %sink ], [ %before, %shift ]
  %some_before = icmp sgt i64 %p, 0
  br i1 %some_before, label %look, label %put
look:
  %before = sub i64 %p, 1
  %to_other = getelementptr $number, ptr %held, i64 %before
  %other = load $number, ptr %to_other
  %above = fcmp $order $number %value, %other
  br i1 %above, label %shift, label %put
shift:
  %to_mine = getelementptr $number, ptr %held, i64 %p
  store $number %other, ptr %to_mine
  %to_other_at = getelementptr i64, ptr %held_at, i64 %before
  %other_at = load i64, ptr %to_other_at
  %to_mine_at = getelementptr i64, ptr %held_at, i64 %p
  store i64 %other_at, ptr %to_mine_at
  br label %step
put:
  %to = getelementptr $number, ptr %held, i64 %p
  store $number %value, ptr %to
  %to_at = getelementptr i64, ptr %held_at, i64 %p
  store i64 %j, ptr %to_at
  br label %next
""",
}

# What a row's total begins with, which changes no number.
_BEGIN = {"summed": "-0.0", "multiplied": "1.0"}

_NUMBERS = {"f": "float", "d": "double"}


def loop(name: str, kind: str, order: str = "ogt") -> Any:
    """Return a loop as a function of addresses and numbers, which tells whether it gave up.

    Args:
        name: Which one.
        kind: The kind of the numbers: "f" or "d".
        order: What comes before what, of the largest: "ogt", or "olt" for the smallest.
    """
    number = _NUMBERS[kind]
    carried = ""
    if name in _BEGIN:
        carried = f"\n  %so_far = phi {number} [ {_BEGIN[name]}, %outer ], [ %total, %next ]"
    body = string.Template(_BODIES[name]).substitute(number=number, order=order)
    text = string.Template(_LOOP).substitute(carried=carried, body=body)
    unique = f"{name}_{kind}_{order}"
    pointer, count = ctypes.c_void_p, ctypes.c_int64
    made = load([text.replace("@run", f"@{unique}")], [unique])
    return made.function(unique, count, pointer, pointer, pointer, count, count, count)


_SPACED = "declare float @llvm.fma.f32(float, float, float)" + counted(
    "spaced",
    "float %low, float %high, float %step, ptr %out",
    """
  %first = icmp slt i64 %i, %half
  %left = sub i64 %last, %i
  %count = select i1 %first, i64 %i, i64 %left
  %number = sitofp i64 %count to float
  %by = select i1 %first, float %step, float %back
  %from = select i1 %first, float %low, float %high
  %value = call float @llvm.fma.f32(float %number, float %by, float %from)
  %to = getelementptr float, ptr %out, i64 %i
  store float %value, ptr %to""",
    before="""
  %half = sdiv i64 %n, 2
  %back = fneg float %step
  %last = sub i64 %n, 1""",
)


def spaced() -> Any:
    """Return what writes numbers of even distance: of the first, the last, the step, where, n."""
    real, pointer, count = ctypes.c_float, ctypes.c_void_p, ctypes.c_int64
    made = load([_SPACED], ["spaced"])
    return made.function("spaced", None, real, real, real, pointer, count)
