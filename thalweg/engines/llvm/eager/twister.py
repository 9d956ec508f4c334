"""The Mersenne Twister in vectors, over NumPy's state of it: 624 words and a position.

Matsumoto and Nishimura, "Mersenne Twister", 1998.
"""

from __future__ import annotations

from functools import partial

from thalweg.engines.llvm.eager.universal import in_vectors
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value

_WORDS, _DISTANCE = 624, 397

_MATRIX = 0x9908B0DF

_UPPER, _LOWER = 0x80000000, 0x7FFFFFFF

_LANES = 8

# The function of the state, of memory for words and of their number, that draws so many.
WORDS = "words"


def words_text(target: Target) -> list[str]:
    """Return the functions that draw 32-bit words: `words(state, out, n)`, and `twist(state)`."""
    return [_twist_text(target), _words_text(target)]


def _words_text(target: Target) -> str:
    e = Emitter(target)
    state, out, n = e.parameter("state", "ptr"), e.parameter("out", "ptr"), e.parameter("n", "i64")
    at = e.element(state, _WORDS, "i32")
    _, (done,) = e.begin_loop(n, [e.constant(0, "i64")])
    _twist_at_the_end(e, state, at)
    position = e.load(at, "i32", cse=False)
    first = e.convert(position, "i64")
    left, wanted = e.subtract(_WORDS, first), e.subtract(n, done)
    some = e.select(e.compare("slt", left, wanted), left, wanted)
    source, place = e.element(state, first, "i32"), e.element(out, done, "i32")
    in_vectors(e, some, _LANES, partial(_tempered, e, source, place))
    e.store(e.add(position, e.convert(some, "i32")), at)
    after = e.add(done, some)
    e.end_loop([after], e.compare("slt", after, n))
    return e.function(WORDS, [state, out, n])


def next_word(e: Emitter, state: Value) -> Value:
    """Write what draws one word."""
    at = e.element(state, _WORDS, "i32")
    _twist_at_the_end(e, state, at)
    position = e.load(at, "i32", cse=False)
    e.store(e.add(position, 1), at)
    return _temper(e, e.load(e.element(state, position, "i32"), "i32", cse=False))


def _twist_at_the_end(e: Emitter, state: Value, at: Value) -> None:
    e.begin_if(e.compare("eq", e.load(at, "i32", cse=False), _WORDS))
    e.raw(f"call void @twist({state})")
    e.store(e.constant(0, "i32"), at)
    e.end_if()


def _tempered(e: Emitter, source: Value, out: Value, at: Value, width: int) -> None:
    y = e.load(e.element(source, at, "i32"), "i32", width, cse=False)
    e.store(_temper(e, y), e.element(out, at, "i32"))


def _temper(e: Emitter, y: Value) -> Value:
    y = e.bit_xor(y, e.shift_right_logical(y, 11))
    y = e.bit_xor(y, e.bit_and(e.shift_left(y, 7), 0x9D2C5680))
    y = e.bit_xor(y, e.bit_and(e.shift_left(y, 15), 0xEFC60000))
    return e.bit_xor(y, e.shift_right_logical(y, 18))


def _twist_text(target: Target) -> str:
    e = Emitter(target)
    state = e.parameter("state", "ptr")
    for first, count, further in (
        (0, _WORDS - _DISTANCE, _DISTANCE),
        (_WORDS - _DISTANCE, _DISTANCE - 1, _DISTANCE - _WORDS),
    ):
        begin = e.element(state, first, "i32")
        body = partial(_twisted, e, begin, further)
        in_vectors(e, e.constant(count, "i64"), _LANES, body)
    last, begin = e.element(state, _WORDS - 1, "i32"), e.element(state, 0, "i32")
    middle = e.load(e.element(state, _DISTANCE - 1, "i32"), "i32", cse=False)
    e.store(_mixed(e, e.load(last, "i32"), e.load(begin, "i32", cse=False), middle), last)
    return e.function("twist", [state])


def _twisted(e: Emitter, begin: Value, further: int, at: Value, width: int) -> None:
    here = e.element(begin, at, "i32")
    own, following, distant = (
        e.load(e.element(here, step, "i32"), "i32", width, cse=False) for step in (0, 1, further)
    )
    e.store(_mixed(e, own, following, distant), here)


def _mixed(e: Emitter, own: Value, following: Value, distant: Value) -> Value:
    y = e.bit_or(e.bit_and(own, _UPPER), e.bit_and(following, _LOWER))
    odd = e.subtract(0, e.bit_and(y, 1))
    half = e.shift_right_logical(y, 1)
    return e.bit_xor(e.bit_xor(distant, half), e.bit_and(odd, _MATRIX))
