"""Connectionist temporal classification, an example a round: losses, and slopes of logarithms.

Graves et al., "Connectionist Temporal Classification", 2006, section 4.1.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from thalweg.engines.llvm.eager.kernel import RowKernel
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.functions import MATHEMATICS

# So many numbers are before those of the first state: two from which nothing comes.
AHEAD = 2

_LOGS, _CLASSES, _GAPS, _STATES, _TIMES, _COUNT = range(6)

# What the forward pass takes and gives besides, and what the way back does.
_LABELS, _BLANK, _LOSS = 6, 7, 8

_NEGATIVE, _G, _OWN, _AFTER, _SLOPES = 6, 7, 8, 9, 10


@functools.cache
def alignment_losses(kind: str) -> Callable[..., Any]:
    """Return what takes the logarithms (times, classes) of an example and gives its loss.

    Then memory: of the states' classes, of what a leap to each costs, and of the states at each
    time after `AHEAD` numbers; of states there is room for `states_of` the labels. Then how many
    times and labels there are, from 1 and from 0 on, the labels and the blank. The states of all
    times may lie at one place.

    Args:
        kind: The dtype of the logarithms: "f" or "d".
    """
    takes = kind + "q" + 2 * kind + "qqqq"
    k = RowKernel("(t,c),(v),(u),(t,u),(),(),(s),()->()", takes, kind)
    e, nothing = k.e, k.e.constant(-math.inf, k.types[_LOGS])
    _lay_out(k, nothing)
    last = e.subtract(k.load(_TIMES), 1)
    before, _ = e.begin_loop(last)
    time = e.add(before, 1)
    blocks = e.divide(k.extent("v"), k.lanes(_LOGS))
    turn, _ = e.begin_loop(blocks)
    # From the last states on, as each looks at those before it.
    block = e.subtract(e.subtract(blocks, 1), turn)
    _move(k, time, e.multiply(block, k.lanes(_LOGS)), nothing)
    e.end_loop()
    for ahead in range(AHEAD):
        k.store(nothing, _STATES, time, ahead)
    e.end_loop()
    end = e.multiply(k.load(_COUNT), 2)
    ends = [k.load(_STATES, last, e.add(end, AHEAD - i)) for i in (0, 1)]
    k.store(e.negate(_sum(k, ends, nothing)), _LOSS)
    return k.made()


@functools.cache
def alignment_slopes(kind: str) -> Callable[..., Any]:
    """Return what gives the cotangent of an example's logarithms, which count as normalized.

    It takes what `alignment_losses` does first, as that left it, then the loss, its cotangent, and
    memory for the states of two times.

    Args:
        kind: The dtype of the logarithms: "f" or "d".
    """
    takes = kind + "q" + 2 * kind + "qq" + 4 * kind
    k = RowKernel("(t,c),(v),(u),(t,u),(),(),(),(),(u),(u)->(t,c)", takes, kind)
    e, lanes = k.e, k.lanes(_LOGS)
    nothing = e.constant(-math.inf, k.types[_LOGS])
    _write_probabilities(k)
    _end(k, nothing)
    times, blocks = k.load(_TIMES), e.divide(k.extent("v"), lanes)
    turn, _ = e.begin_loop(times)
    time = e.subtract(e.subtract(times, 1), turn)
    block, _ = e.begin_loop(blocks)
    _leave(k, time, e.multiply(block, lanes))
    e.end_loop()
    state, _ = e.begin_loop(e.add(e.multiply(k.load(_COUNT), 2), 1))
    place = k.load(_CLASSES, state)
    rest = e.subtract(k.load(_SLOPES, time, place), k.load(_OWN, state))
    k.store(rest, _SLOPES, time, place)
    e.end_loop()
    block, _ = e.begin_loop(blocks)
    _come_from(k, e.multiply(block, lanes), nothing)
    e.end_loop()
    e.end_loop()
    return k.made()


def states_of(labels: int) -> int:
    """Return for how many states there is to be room: blanks between labels, and some more.

    >>> states_of(2), states_of(25)
    (16, 64)
    """
    return -(-(2 * labels + 1) // 16) * 16


def _lay_out(k: RowKernel, nothing: Value) -> None:
    """Write the states' classes, what leaps cost, and the states at the first time."""
    e = k.e
    blank = k.load(_BLANK)
    for ahead in range(AHEAD):
        k.store(nothing, _STATES, 0, ahead)
        k.store(nothing, _GAPS, e.add(k.extent("v"), ahead))
    state, (before,) = e.begin_loop(k.extent("v"), [e.constant(-1, "i64")])
    number = e.shift_right_logical(state, 1)
    is_label = e.bit_and(
        e.compare("ne", e.bit_and(state, 1), 0), e.compare("slt", number, k.load(_COUNT))
    )
    e.begin_if(is_label)
    label = k.load(_LABELS, number)
    (own,) = e.end_if([label], [blank])
    k.store(own, _CLASSES, state)
    # From a label to the next the blank may be left out, unless they are equal.
    leaps = e.bit_and(is_label, e.bit_and(e.compare("ne", own, before), e.compare("sge", state, 3)))
    k.store(e.select(leaps, 0.0, nothing), _GAPS, state)
    first = e.compare("slt", state, 2)
    k.store(e.select(first, k.load(_LOGS, 0, own), nothing), _STATES, 0, e.add(state, AHEAD))
    e.end_loop([e.select(is_label, own, before)])


def _move(k: RowKernel, time: Value, state: Value, nothing: Value) -> None:
    """Write a vector of states at a time, of those at the time before."""
    e, lanes = k.e, k.lanes(_LOGS)
    before = e.subtract(time, 1)
    stay, step, leap = (k.load(_STATES, before, e.add(state, i), width=lanes) for i in (2, 1, 0))
    leap = e.add(leap, k.load(_GAPS, state, width=lanes))
    reached = e.add(_sum(k, [stay, step, leap], nothing), _seen(k, time, state))
    k.store(reached, _STATES, time, e.add(state, AHEAD))


def _seen(k: RowKernel, time: Value, state: Value) -> Value:
    """Return the logarithms at a time of the classes of a vector of states."""
    classes = k.load(_CLASSES, state, width=k.lanes(_LOGS))
    return k.e.gather(k.at(_LOGS, time), classes, k.types[_LOGS])


def _write_probabilities(k: RowKernel) -> None:
    """Write g times the classes' probabilities, and 0 after the last time."""
    e, times = k.e, k.load(_TIMES)
    time, _ = e.begin_loop(k.extent("t"))
    inside = e.compare("slt", time, times)

    def body(i: Value, width: int) -> None:
        power = MATHEMATICS["exp"](e, k.load(_LOGS, time, i, width=width))
        found = e.multiply(power, k.load(_G))
        k.store(e.select(inside, found, e.constant(0.0, k.types[_LOGS], width)), _SLOPES, time, i)

    k.each(k.extent("c"), k.lanes(_LOGS), body)
    e.end_loop()


def _end(k: RowKernel, nothing: Value) -> None:
    """Write what comes after the last time: only from the last label or blank."""
    e = k.e
    end = e.multiply(k.load(_COUNT), 2)
    state, _ = e.begin_loop(k.extent("u"))
    away = e.subtract(end, state)
    at_end = e.bit_and(e.compare("sge", away, 0), e.compare("sle", away, 1))
    k.store(e.select(at_end, 0.0, nothing), _OWN, state)
    k.store(nothing, _AFTER, state)
    e.end_loop()


def _leave(k: RowKernel, time: Value, state: Value) -> None:
    """Write g times the probabilities of a vector of states at a time, and what follows them."""
    e, lanes = k.e, k.lanes(_LOGS)
    own = k.load(_OWN, state, width=lanes)
    k.store(e.add(own, _seen(k, time, state)), _AFTER, state)
    whole = e.add(k.load(_STATES, time, e.add(state, AHEAD), width=lanes), own)
    power = MATHEMATICS["exp"](e, e.add(whole, k.load(_NEGATIVE)))
    k.store(e.multiply(power, k.load(_G)), _OWN, state)


def _come_from(k: RowKernel, state: Value, nothing: Value) -> None:
    """Write what a vector of states at the time before leads to."""
    e, lanes = k.e, k.lanes(_LOGS)
    stay, step, leap = (k.load(_AFTER, e.add(state, i), width=lanes) for i in (0, 1, 2))
    leap = e.add(leap, k.load(_GAPS, e.add(state, AHEAD), width=lanes))
    k.store(_sum(k, [stay, step, leap], nothing), _OWN, state)


def _sum(k: RowKernel, terms: list[Value], nothing: Value) -> Value:
    """Return ln Σ exp of terms."""
    e = k.e
    top = functools.reduce(e.maximum, terms)
    base = e.select(e.compare("oeq", top, nothing), 0.0, top)
    powers = [MATHEMATICS["exp"](e, e.subtract(term, base)) for term in terms]
    return e.add(MATHEMATICS["log"](e, functools.reduce(e.add, powers)), base)
