"""Random numbers by machine code: words of the twister made into them, a chunk at a time.

They are those of `thalweg.random.generator`, to the last bit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from thalweg.engines.llvm.eager.twister import WORDS, words_text
from thalweg.engines.llvm.eager.universal import InnerLoop, in_vectors, universal
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value, relabelled
from thalweg.engines.llvm.mathematics.normal import normal_cosine, normal_radius, normal_sine
from thalweg.random.box_muller import BLOCK, HALF_BLOCK

# So many numbers are made at a time.
_CHUNK = 512

_LANES = 8

# Makes a number, or a vector of them, of words: of what writes it, the words, what follows the
# state among the operands, and where the number lies.
Make = Callable[["Draw", Value, Value], Value]


class Draw:
    """One kind of draw as a loop over the numbers of an array.

    Its first operand is where a row of eight bytes each is: where the twister's state is, and the
    parameters of the numbers.

    Args:
        further: The dtype of a further operand of the array's shape, if there is one.

    Attributes:
        e: What writes it.
        row: Where the row of the first operand is.
        state: Where the twister's state is.
        count: How many numbers are wanted.
        out: Where the first of them belongs.
        further: Where the further operand is.
        type: Of what type the numbers are.
    """

    def __init__(self, further: str = "", type: str = "f32") -> None:
        self.loop = InnerLoop()
        self.e: Emitter = self.loop.e
        self._operands = "q" + further
        self.further, self.out = self.loop.operand(1), self.loop.operand(1 + len(further))
        self.type = type
        self.count = self.loop.count
        self.row = self._pointer(self.loop.operand(0))
        self.state = self._pointer(self.row)
        room = self.e.name("%room")
        self.e.raw(f"{room} = alloca [{2 * _CHUNK} x i32], align 64", 0)
        self.room = Value(room, "ptr", 1, 0)

    def _pointer(self, place: Value) -> Value:
        word = self.e.load(place, "i64")
        return self.e.instruction(f"inttoptr {word} to ptr", "ptr", 1, (word,))

    def parameter(self, number: int, type: str) -> Value:
        """Return a parameter of the numbers."""
        return self.e.load(self.e.offset(self.row, 8 * (1 + number)), type)

    def draw(self, out: Value, n: Value | int) -> None:
        """Draw words into memory."""
        wanted = n if isinstance(n, Value) else self.e.constant(n, "i64")
        self.e.raw(f"call void @{WORDS}({self.state}, {out}, {wanted})")

    def each(self, words: int, lanes: int, make: Make) -> None:
        """Write a number made of so many words each, one after another."""
        e, type = self.e, self.type
        chunks = e.shift_right_logical(e.add(self.count, _CHUNK - 1), 9)
        chunk, _ = e.begin_loop(chunks)
        first = e.multiply(chunk, _CHUNK)
        left = e.subtract(self.count, first)
        some = e.select(e.compare("slt", left, _CHUNK), left, _CHUNK)
        self.draw(self.room, e.multiply(some, words))
        source = "i32" if words == 1 else "i64"

        def body(at: Value, width: int) -> None:
            drawn = e.load(e.element(self.room, at, source), source, width, cse=False)
            if words == 2:
                # The first is the high half.
                drawn = e.bit_or(e.shift_left(drawn, 32), e.shift_right_logical(drawn, 32))
            place = e.add(first, at)
            e.store(make(self, drawn, place), e.element(self.out, place, type))

        in_vectors(e, some, lanes, body)
        e.end_loop()

    def made(
        self,
        gives: str,
        signature: str | None = None,
        functions: Sequence[tuple[str, set[str]]] = (),
    ) -> Callable[..., Any]:
        """Return it as a universal function.

        Args:
            gives: The dtype of the numbers.
            signature: As for `universal`.
            functions: Texts of what else it calls, with declarations of what those call.
        """
        texts = [*words_text(self.e.target), *(text for text, _ in functions)]
        declarations = [line for _, lines in functions for line in lines]
        library = self.loop.compiled(declarations=declarations, functions=texts)
        return universal(library, "loop", self._operands, gives, signature)


_TYPES = {"f": "f32", "d": "f64", "q": "i64", "?": "i1"}


# ---- numbers of words


def _single(draw: Draw, word: Value, at: Value) -> Value:
    e = draw.e
    return e.multiply(e.convert(e.bit_and(word, 2**24 - 1), "f32"), 2.0**-24)


def _bits53(draw: Draw, word: Value) -> Value:
    return draw.e.bit_and(word, 2**53 - 1)


def _double(draw: Draw, word: Value, at: Value) -> Value:
    return draw.e.multiply(draw.e.convert(_bits53(draw, word), "f64"), 2.0**-53)


def _integer(draw: Draw, word: Value, at: Value) -> Value:
    """Return low + word mod width, for fewer than 2³¹ integers."""
    e = draw.e
    low, width = draw.parameter(0, "i64"), draw.parameter(1, "i64")
    narrow = e.instruction(f"trunc {width} to i32", "i32", 1, (width,))
    rest = e.instruction(f"urem {word}, {narrow.text}", "i32", 1, (word, narrow))
    return e.add(e.convert(relabelled(rest, "u32"), "i64"), low)


def _coin(draw: Draw, word: Value, at: Value) -> Value:
    return draw.e.compare("slt", _bits53(draw, word), draw.parameter(0, "i64"))


def _happens(number: Make, draw: Draw, word: Value, at: Value) -> Value:
    """Return 1 where a number of [0, 1) is below the chance of its place, else 0."""
    e, drawn = draw.e, number(draw, word, at)
    chance = e.load(e.element(draw.further, at, drawn.type), drawn.type, drawn.width)
    return e.convert(e.compare("olt", drawn, chance), drawn.type)


def _kept(draw: Draw, word: Value, at: Value) -> Value:
    """Return a number of the further operand times a factor where a coin tells, else times 0."""
    e, type = draw.e, draw.type
    factor = e.convert(draw.parameter(1, "f64"), type)
    number = e.load(e.element(draw.further, at, type), type, word.width)
    return e.multiply(number, e.select(_coin(draw, word, at), factor, 0.0))


def _exponential(draw: Draw, word: Value, at: Value) -> Value:
    """Return -ln(1 - u) / rate, where the factor is given and the logarithm the C library's."""
    e = draw.e
    drawn = e.call("log1p", e.negate(_double(draw, word, at)))
    return e.multiply(draw.parameter(0, "f64"), drawn)


# ---- normal numbers, and orders


def _normal_block(draw: Draw, at: Value) -> None:
    """Make 16 numbers uniform on [0, 1) normal ones, where they are (`random.box_muller`)."""
    e = draw.e
    middle = e.element(at, HALF_BLOCK, "f32")
    first, second = (e.load(half, "f32", HALF_BLOCK, cse=False) for half in (at, middle))
    radius = normal_radius(e, first)
    mean, deviation = (e.convert(draw.parameter(i, "f64"), "f32") for i in (0, 1))
    for half, part in ((at, normal_cosine(e, second)), (middle, normal_sine(e, second))):
        e.store(e.fma(e.multiply(radius, part), deviation, mean), half)


def _normal() -> Callable[..., Any]:
    draw = Draw()
    e, n = draw.e, draw.count
    draw.each(1, _LANES, _single)
    block, _ = e.begin_loop(e.shift_right_logical(n, 4))
    _normal_block(draw, e.element(draw.out, e.multiply(block, BLOCK), "f32"))
    e.end_loop()
    # The last 16 are drawn again, those of the last whole block included.
    e.begin_if(e.compare("ne", e.bit_and(n, BLOCK - 1), 0))
    last = e.element(draw.out, e.subtract(n, BLOCK), "f32")
    draw.draw(draw.room, BLOCK)
    for half in (0, HALF_BLOCK):
        words = e.load(e.element(draw.room, half, "i32"), "i32", HALF_BLOCK, cse=False)
        e.store(_single(draw, words, n), e.element(last, half, "f32"))
    _normal_block(draw, last)
    e.end_if()
    return draw.made("f")


def _order() -> Callable[..., Any]:
    """Fisher and Yates: each place is exchanged with one from itself on."""
    draw = Draw(type="i64")
    e, n = draw.e, draw.count
    i, _ = e.begin_loop(n)
    e.store(i, e.element(draw.out, i, "i64"))
    e.end_loop()
    chunks = e.shift_right_logical(e.add(n, _CHUNK - 2), 9)
    chunk, _ = e.begin_loop(chunks)
    first = e.multiply(chunk, _CHUNK)
    left = e.subtract(e.subtract(n, 1), first)
    some = e.select(e.compare("slt", left, _CHUNK), left, _CHUNK)
    draw.draw(draw.room, some)
    j, _ = e.begin_loop(some)
    at = e.add(first, j)
    word = e.load(e.element(draw.room, j, "i32"), "i32", cse=False)
    wide = e.convert(relabelled(word, "u32"), "i64")
    rest = e.subtract(n, at)
    target = e.add(at, e.instruction(f"urem {wide}, {rest.text}", "i64", 1, (wide, rest)))
    here, there = e.element(draw.out, at, "i64"), e.element(draw.out, target, "i64")
    mine, other = e.load(here, "i64", cse=False), e.load(there, "i64", cse=False)
    e.store(other, here)
    e.store(mine, there)
    e.end_loop()
    e.end_loop()
    return draw.made("q")


def _weighted(kind: str) -> Callable[..., Any]:
    """Draw positions of weights, which are operands, with memory for their sums so far."""
    type = _TYPES[kind]
    draw = Draw(2 * kind, type)
    e, n = draw.e, draw.loop.extent(1)
    draw.count = draw.loop.extent(2)
    sums = draw.loop.operand(2)
    i, (so_far,) = e.begin_loop(n, [e.constant(0.0, type)])
    total = e.add(so_far, e.load(e.element(draw.further, i, type), type))
    e.store(total, e.element(sums, i, type))
    (total,) = e.end_loop([total])

    def place(draw: Draw, word: Value, at: Value) -> Value:
        """Return the first position whose share of the sums is not below a number of [0, 1)."""
        wanted = _double(draw, word, at)
        _, (low, high) = e.begin_loop(64, [e.constant(0, "i64"), n])
        middle = e.shift_right_logical(e.add(low, high), 1)
        share = e.divide(e.load(e.element(sums, middle, type), type, cse=False), total)
        share = e.select(e.compare("eq", middle, e.subtract(n, 1)), 1.0, share)
        below = e.compare("olt", e.convert(share, "f64"), wanted)
        low = e.select(below, e.add(middle, 1), low)
        high = e.select(below, high, middle)
        return e.end_loop([low, high], e.compare("slt", low, high))[0]

    draw.type = "i64"
    draw.each(2, 1, place)
    return draw.made("q", "(),(n),(n)->(k)")


# By name: the dtype of a further operand, that of the numbers, the words of one, lanes, its maker.
_EACH: dict[str, tuple[str, str, int, int, Make]] = {
    "uniform f": ("", "f", 1, _LANES, _single),
    "uniform d": ("", "d", 2, _LANES // 2, _double),
    "integers": ("", "q", 1, 1, _integer),
    "coins": ("", "?", 2, _LANES // 2, _coin),
    "kept f": ("f", "f", 2, _LANES // 2, _kept),
    "kept d": ("d", "d", 2, _LANES // 2, _kept),
    "events f": ("f", "f", 1, _LANES, functools.partial(_happens, _single)),
    "events d": ("d", "d", 2, _LANES // 2, functools.partial(_happens, _double)),
    "exponential": ("", "d", 2, 1, _exponential),
}


@functools.cache
def filler(name: str) -> Callable[..., Any] | None:
    """Return the universal function that fills an array with a kind of numbers.

    It takes where the state's address and the numbers' parameters are, further arrays if there are
    any, and the array, all contiguous and of one axis. None where this processor would round
    otherwise.
    """
    if name == "normal":
        return _normal() if Target.host().fused else None
    if name == "order":
        return _order()
    if name.startswith("weighted "):
        return _weighted(name[-1])
    further, gives, words, lanes, make = _EACH[name]
    draw = Draw(further, _TYPES[gives])
    draw.each(words, lanes, make)
    return draw.made(gives)
