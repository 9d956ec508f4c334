"""The forward pass of connectionist temporal classification, an example a round.

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

_LOGS, _LABELS, _BLANK, _CLASSES, _GAPS, _STATES, _LOSS = range(7)


@functools.cache
def alignment_losses(kind: str) -> Callable[..., Any]:
    """Return what takes the logarithms (times, classes) and the labels of an example.

    Then the blank, and memory: of the states' classes, of what a leap to each costs, and of the
    states after `AHEAD` numbers. Of states there is room for `states_of` the labels.

    Args:
        kind: The dtype of the logarithms: "f" or "d".
    """
    k = RowKernel("(t,c),(s),(),(v),(v),(u)->()", kind + "qqq" + 2 * kind, kind)
    e, type = k.e, k.types[_LOGS]
    nothing = e.constant(-math.inf, type)
    _lay_out(k, nothing)
    time, _ = e.begin_loop(e.subtract(k.extent("t"), 1))
    blocks = e.divide(k.extent("v"), k.lanes(_LOGS))
    turn, _ = e.begin_loop(blocks)
    # From the last states on, as each looks at those before it.
    block = e.subtract(e.subtract(blocks, 1), turn)
    _move(k, e.add(time, 1), e.multiply(block, k.lanes(_LOGS)), nothing)
    e.end_loop()
    e.end_loop()
    last = e.multiply(k.extent("s"), 2)
    ends = [k.load(_STATES, e.add(last, AHEAD - i)) for i in (0, 1)]
    k.store(e.negate(_sum(k, ends, nothing)), _LOSS)
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
        k.store(nothing, _STATES, ahead)
    state, (before,) = e.begin_loop(k.extent("v"), [e.constant(-1, "i64")])
    number = e.shift_right_logical(state, 1)
    is_label = e.bit_and(
        e.compare("ne", e.bit_and(state, 1), 0), e.compare("slt", number, k.extent("s"))
    )
    e.begin_if(is_label)
    label = k.load(_LABELS, number)
    (own,) = e.end_if([label], [blank])
    k.store(own, _CLASSES, state)
    # From a label to the next the blank may be left out, unless they are equal.
    leaps = e.bit_and(is_label, e.bit_and(e.compare("ne", own, before), e.compare("sge", state, 3)))
    k.store(e.select(leaps, 0.0, nothing), _GAPS, state)
    first = e.compare("slt", state, 2)
    k.store(e.select(first, k.load(_LOGS, 0, own), nothing), _STATES, e.add(state, AHEAD))
    e.end_loop([e.select(is_label, own, before)])


def _move(k: RowKernel, time: Value, state: Value, nothing: Value) -> None:
    """Write a vector of states at a time, of those at the time before."""
    e, lanes = k.e, k.lanes(_LOGS)
    stay, step, leap = (k.load(_STATES, e.add(state, i), width=lanes) for i in (2, 1, 0))
    leap = e.add(leap, k.load(_GAPS, state, width=lanes))
    row = k.at(_LOGS, time)
    seen = e.gather(row, k.load(_CLASSES, state, width=lanes), k.types[_LOGS])
    reached = e.add(_sum(k, [stay, step, leap], nothing), seen)
    k.store(reached, _STATES, e.add(state, AHEAD))


def _sum(k: RowKernel, terms: list[Value], nothing: Value) -> Value:
    """Return ln Σ exp of terms."""
    e = k.e
    top = functools.reduce(e.maximum, terms)
    base = e.select(e.compare("oeq", top, nothing), 0.0, top)
    powers = [MATHEMATICS["exp"](e, e.subtract(term, base)) for term in terms]
    return e.add(MATHEMATICS["log"](e, functools.reduce(e.add, powers)), base)
