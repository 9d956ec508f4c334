"""What an LLVM operand is: its text, element type, lane count and loop depth."""

import functools
import math
import struct
from dataclasses import dataclass, replace

LLVM_TYPES = {
    "f32": "float",
    "f64": "double",
    "i1": "i1",
    "i8": "i8",
    "i16": "i16",
    "i32": "i32",
    "i64": "i64",
    "ptr": "ptr",
    # Unsigned numbers and halves are bits, which only loads, stores and conversions know of.
    "u8": "i8",
    "u16": "i16",
    "u32": "i32",
    "u64": "i64",
    "f16": "i16",
}

# The size of an element in memory: booleans are stored as bytes 0 and 1, as NumPy stores them.
BITS = {
    "f32": 32, "f64": 64, "i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "ptr": 64,
    "u8": 8, "u16": 16, "u32": 32, "u64": 64, "f16": 16,
}  # fmt: skip

BYTES = {type: max(bits // 8, 1) for type, bits in BITS.items()}

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
    if type == "f16":
        return str(struct.unpack("h", struct.pack("e", number))[0])
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


def relabelled(value: Value, type: str) -> Value:
    """The same bits known as another type with the same LLVM type."""
    return value if value.type == type else replace(value, type=type)


Operand = Value | Number
