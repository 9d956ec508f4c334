"""One row an elementwise primitive or a reduction: how the native engine computes with vectors."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import BITS, BYTES, Value, is_float, literal
from thalweg.engines.llvm.mathematics import integers
from thalweg.engines.llvm.mathematics.functions import MATHEMATICS
from thalweg.engines.llvm.mathematics.special.counting import COUNTING
from thalweg.engines.llvm.mathematics.special.functions import SPECIAL

Lowering = Callable[..., Value]

TYPES: dict[np.dtype[Any], str] = {
    np.dtype(np.float64): "f64",
    np.dtype(np.float32): "f32",
    np.dtype(np.int64): "i64",
    np.dtype(np.int32): "i32",
    np.dtype(np.bool_): "i1",
    # These are only loaded, stored and converted (`compiler.widening`).
    np.dtype(np.int8): "i8",
    np.dtype(np.int16): "i16",
    np.dtype(np.uint8): "u8",
    np.dtype(np.uint16): "u16",
    np.dtype(np.uint32): "u32",
    np.dtype(np.uint64): "u64",
    np.dtype(np.float16): "f16",
}


def compare(ordered: str, signed: str, unsigned: str) -> Lowering:
    """Return a comparison by its predicates for floats, integers and Booleans."""

    def lowered(e: Emitter, x: Value, y: Value) -> Value:
        predicate = ordered if is_float(x.type) else unsigned if x.type == "i1" else signed
        return e.compare(predicate, x, y)

    return lowered


def _add(e: Emitter, x: Value, y: Value) -> Value:
    return e.bit_or(x, y) if x.type == "i1" else e.add(x, y)


def _multiply(e: Emitter, x: Value, y: Value) -> Value:
    return e.bit_and(x, y) if x.type == "i1" else e.multiply(x, y)


def _sign(e: Emitter, x: Value) -> Value:
    if not is_float(x.type):
        return e.subtract(
            e.convert(e.compare("sgt", x, 0), x.type), e.convert(e.compare("slt", x, 0), x.type)
        )
    signed = e.select(e.compare("ogt", x, 0.0), 1.0, e.select(e.compare("olt", x, 0.0), -1.0, x))
    return e.select(e.compare("oeq", x, 0.0), 0.0, signed)


def _is_opposite(e: Emitter, rest: Value, y: Value) -> Value:
    """Tell whether a remainder, as C has it, is not 0 and of the other sign than the divisor."""
    if not is_float(rest.type):
        return e.bit_and(e.compare("ne", rest, 0), e.compare("slt", e.bit_xor(rest, y), 0))
    some = e.compare("une", rest, 0.0)
    return e.bit_and(some, e.bit_xor(e.compare("olt", rest, 0.0), e.compare("olt", y, 0.0)))


def _fmod(e: Emitter, x: Value, y: Value) -> Value:
    return MATHEMATICS["fmod"](e, x, y) if is_float(x.type) else e.remainder(x, y)


def _sign_bit(e: Emitter, x: Value) -> Value:
    if is_float(x.type):
        return MATHEMATICS["sign_bit"](e, x)
    return e.shift_right_logical(x, BITS[x.type] - 1) if x.type != "i1" else e.bit_xor(x, x)


def _remainder(e: Emitter, x: Value, y: Value) -> Value:
    """NumPy's remainder: that of C, moved by y where the signs differ."""
    plain = _fmod(e, x, y)
    moved = e.select(_is_opposite(e, plain, y), e.add(plain, y), plain)
    if not is_float(x.type):
        return moved
    return e.select(e.compare("oeq", moved, 0.0), e.copysign(0.0, y), moved)


def _floor_divide(e: Emitter, x: Value, y: Value) -> Value:
    """NumPy's floor_divide: the quotient that belongs to its remainder."""
    if not is_float(x.type):
        quotient, rest = e.divide(x, y), e.remainder(x, y)
        return e.select(_is_opposite(e, rest, y), e.subtract(quotient, 1), quotient)
    rest = _fmod(e, x, y)
    wrong = _is_opposite(e, rest, y)
    quotient = e.divide(e.subtract(x, rest), y)
    quotient = e.select(wrong, e.subtract(quotient, 1.0), quotient)
    floored = e.floor(quotient)
    short = e.compare("ogt", e.subtract(quotient, floored), 0.5)
    floored = e.select(short, e.add(floored, 1.0), floored)
    zero = e.copysign(0.0, e.divide(x, y))
    whole = e.select(e.compare("oeq", quotient, 0.0), zero, floored)
    # By zero, and of infinite numbers, it is the quotient's.
    plain = e.select(e.compare("oeq", y, 0.0), e.divide(x, y), whole)
    infinite = e.bit_or(
        e.compare("oeq", e.absolute(x), math.inf), e.compare("oeq", e.absolute(y), math.inf)
    )
    return e.select(infinite, e.floor(e.divide(x, y)), plain)


_HALVES = (0.5, -0.5, 1.5, -1.5)


def _half_power(e: Emitter, x: Value, exponent: float) -> Value:
    """√x and what is made of it, with the values that C gives to powers of -0 and -∞."""
    root = e.select(e.compare("oeq", x, -math.inf), math.inf, e.add(e.sqrt(x), 0.0))
    whole = e.absolute(x) if abs(exponent) > 1 else e.constant(1.0, x.type, x.width)
    # One after the other: their product may overflow where the result is subnormal.
    return e.multiply(root, whole) if exponent > 0 else e.divide(e.divide(1.0, whole), root)


def _power(e: Emitter, x: Value, y: Value) -> Value:
    if is_float(x.type):
        for exponent in _HALVES:
            if y.width == 1 and y.text == literal(exponent, x.type):
                return _half_power(e, x, exponent)
        return MATHEMATICS["power"](e, x, y)
    # Integer powers by repeated squaring, over all bits of the exponent; they wrap.
    result, base = e.constant(1, x.type, max(x.width, y.width)), x
    for bit in range(8 * BYTES[x.type] - 1):
        odd = e.compare("ne", e.bit_and(e.shift_right_logical(y, bit), 1), 0)
        result = e.select(odd, e.multiply(result, base), result)
        base = e.multiply(base, base)
    return result


LOWERINGS: dict[str, Lowering] = {
    **MATHEMATICS,
    **SPECIAL,
    **COUNTING,
    "add": _add,
    "subtract": Emitter.subtract,
    "multiply": _multiply,
    "divide": Emitter.divide,
    "floor_divide": _floor_divide,
    "remainder": _remainder,
    "negative": Emitter.negate,
    "absolute": lambda e, x: x if x.type == "i1" else e.absolute(x),
    "sign": _sign,
    "square": lambda e, x: _multiply(e, x, x),
    "sqrt": Emitter.sqrt,
    "power": _power,
    "floor": lambda e, x: e.floor(x) if is_float(x.type) else x,
    "ceil": lambda e, x: e.ceil(x) if is_float(x.type) else x,
    "maximum": Emitter.maximum,
    "minimum": Emitter.minimum,
    "where": Emitter.select,
    "equal": compare("oeq", "eq", "eq"),
    "not_equal": compare("une", "ne", "ne"),
    "less": compare("olt", "slt", "ult"),
    "less_equal": compare("ole", "sle", "ule"),
    "greater": compare("ogt", "sgt", "ugt"),
    "greater_equal": compare("oge", "sge", "uge"),
    "logical_and": Emitter.bit_and,
    "logical_or": Emitter.bit_or,
    "logical_not": Emitter.invert,
    "and_bits": Emitter.bit_and,
    "or_bits": Emitter.bit_or,
    "xor_bits": Emitter.bit_xor,
    "invert_bits": Emitter.invert,
    "shift_left": integers.shift_left,
    "shift_right": integers.shift_right,
    "gcd": integers.gcd,
    "lcm": integers.lcm,
    "fmod": _fmod,
    "sign_bit": _sign_bit,
}


@dataclass(frozen=True)
class Reduction:
    """What a reduction starts from, by the type, and how two partial results become one."""

    start: Callable[[str], float | int | bool]
    combine: Lowering


def _extreme(largest: bool, type: str) -> float | int | bool:
    """Return the largest or the smallest value of a type."""
    if is_float(type):
        return float("inf") if largest else float("-inf")
    if type == "i1":
        return largest
    bits = 63 if type == "i64" else 31
    return (1 << bits) - 1 if largest else -(1 << bits)


REDUCTIONS: dict[str, Reduction] = {
    "reduce_sum": Reduction(lambda type: False if type == "i1" else 0, _add),
    "reduce_prod": Reduction(lambda type: True if type == "i1" else 1, _multiply),
    "reduce_max": Reduction(functools.partial(_extreme, False), Emitter.maximum),
    "reduce_min": Reduction(functools.partial(_extreme, True), Emitter.minimum),
}
