"""One number at a time from the words of the twister: functions that loops call.

They are those of `thalweg.random.one_by_one`, to the last bit.
"""

from __future__ import annotations

import math

from thalweg.engines.llvm.eager.twister import next_word
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value, relabelled

# The function of the state that draws a float64 number uniform on [0, 1).
UNIFORM = "uniform"

# That of the state and of where it is noted whether the second normal number of a pair is kept,
# followed by that number, which draws a standard normal one.
NORMAL = "normal"

Text = tuple[str, set[str]]


def singles_text(target: Target) -> list[Text]:
    """Return the functions, each with the declarations of what it calls."""
    return [_uniform_text(target), _normal_text(target)]


def _uniform_text(target: Target) -> Text:
    e = Emitter(target)
    state = e.parameter("state", "ptr")
    # The first is the high half.
    high, low = (e.convert(relabelled(next_word(e, state), "u32"), "i64") for _ in range(2))
    bits = e.bit_and(e.bit_or(e.shift_left(high, 32), low), 2**53 - 1)
    return e.function(UNIFORM, [state], e.multiply(e.convert(bits, "f64"), 2.0**-53)), set()


def uniform(e: Emitter, state: Value) -> Value:
    """Call the one."""
    return e.instruction(f"call double @{UNIFORM}({state!r})", "f64", 1, cse=False)


def normal(e: Emitter, state: Value, kept: Value) -> Value:
    """Call the other."""
    return e.instruction(f"call double @{NORMAL}({state!r}, {kept!r})", "f64", 1, cse=False)


def _normal_text(target: Target) -> Text:
    e = Emitter(target)
    state, kept = e.parameter("state", "ptr"), e.parameter("kept", "ptr")
    second = e.offset(kept, 8)
    is_kept = e.load(kept, "i64", cse=False)
    old = e.load(second, "f64", cse=False)
    e.begin_if(e.compare("eq", is_kept, 0))
    angle = e.multiply(2.0 * math.pi, uniform(e, state))
    logarithm = e.call("log1p", e.negate(uniform(e, state)))
    radius = e.sqrt(e.multiply(-2.0, logarithm))
    e.store(e.multiply(radius, e.call("sin", angle)), second)
    (found,) = e.end_if([e.multiply(radius, e.call("cos", angle))], [old])
    e.store(e.subtract(1, is_kept), kept)
    return e.function(NORMAL, [state, kept], found), e.declarations
