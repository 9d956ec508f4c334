"""What an LLVM operand is: its text, element type, lane count and loop depth."""

import functools
import math
import struct
from dataclasses import dataclass

LLVM_TYPES = {
    "f32": "float",
    "f64": "double",
    "i1": "i1",
    "i8": "i8",
    "i32": "i32",
    "i64": "i64",
    "ptr": "ptr",
}

# The size of an element in memory: booleans are stored as bytes 0 and 1, as NumPy stores them.
BYTES = {"f32": 4, "f64": 8, "i1": 1, "i8": 1, "i32": 4, "i64": 8, "ptr": 8}
BITS = {"f32": 32, "f64": 64, "i1": 1, "i8": 8, "i32": 32, "i64": 64, "ptr": 64}

Number = float | int | bool


def is_float(type: str) -> bool:
    """Whether an element type is a floating-point type."""
    return type in ("f32", "f64")


@functools.cache
def type_text(type: str, width: int) -> str:
    """An LLVM type: `double`, or `<8 x double>`."""
    return LLVM_TYPES[type] if width == 1 else f"<{width} x {LLVM_TYPES[type]}>"


def literal(number: Number, type: str) -> str:
    """A number as LLVM writes a constant of the type: floats in hexadecimal, hence exact."""
    if is_float(type):
        value = float(number)
        if type == "f32":
            value = round_to_f32(value)
        return f"0x{struct.unpack('Q', struct.pack('d', value))[0]:016X}"
    if type == "i1":
        return "true" if number else "false"
    # Unsigned bit patterns are accepted for masks and magic numbers, and written as signed.
    bits = BITS[type]
    pattern = int(number) & ((1 << bits) - 1)
    return str(pattern - (1 << bits) if pattern >> (bits - 1) else pattern)


def round_to_f32(value: float) -> float:
    """The float32 nearest to a float64 (infinite beyond its range), as a Python float."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


@dataclass(frozen=True, slots=True)
class Value:
    """An operand: `text` of element `type` with `width` lanes, defined at loop level `depth`."""

    text: str
    type: str
    width: int
    depth: int

    def __repr__(self) -> str:
        return f"{type_text(self.type, self.width)} {self.text}"

    @property
    def llvm_type(self) -> str:
        """The operand's type as LLVM writes it."""
        return type_text(self.type, self.width)

    @property
    def is_constant(self) -> bool:
        """Whether the operand is a literal rather than the result of an instruction."""
        return not self.text.startswith(("%", "@"))


Operand = Value | Number
