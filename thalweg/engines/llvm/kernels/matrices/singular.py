"""Singular values by one-sided Jacobi rotations: rows are turned until they are orthogonal.

Source:
    Demmel and Veselić, "Jacobi's method is more accurate than QR", 1992.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.matrices.reflections import Reflections, decompose, form
from thalweg.engines.llvm.kernels.matrices.routine import Routine
from thalweg.engines.llvm.kernels.matrices.symmetric import EPSILON, sort_rows
from thalweg.engines.llvm.kernels.matrices.update import add_product

# Sweeps over all pairs of rows; six to ten are the rule. Beyond, values are NaN.
_SWEEPS = 60


@dataclass(frozen=True)
class Factors:
    """Where the parts of a matrix are: its short side has `count` numbers, its long one `length`.

    Attributes:
        long: Rows of the length of the long side: at first the matrix, then singular vectors.
        short: Rows of the length of the short side: singular vectors.
        values: The singular values.
        flag: A word to tell loops when they are done.
        rest: Memory to work in: room for as many rows as `long` has, and `count` numbers.
        count: The extent of the short side.
        length: That of the long side.
        rows: How many rows `long` has: `count`, or `length` where vectors are completed.
    """

    long: Value
    short: Value
    values: Value
    flag: Value
    rest: Value
    count: int
    length: int
    rows: int


def room(r: Routine, count: int, length: int, rows: int) -> int:
    """Return how many numbers `factors_at` lays out."""
    across = r.padded(length)
    return (rows + 2 * count + rows) * across + count * r.padded(count) + 4 * r.padded(count) + 8


def factors_at(r: Routine, work: Value, count: int, length: int, rows: int) -> Factors:
    """Lay out the parts of a matrix."""
    across, narrow = r.padded(length), r.padded(count)
    short = r.at(work, rows * across)
    values = r.at(short, count * narrow)
    flag = r.at(values, 2 * narrow)
    return Factors(work, short, values, flag, r.at(flag, narrow + 8), count, length, rows)


def load(r: Routine, x: Value, m: int, n: int, found: Factors, stop: Value) -> None:
    """Copy a matrix, or its transpose, so that the rows are as long as its long side."""
    across = r.padded(found.length)
    if m >= n:
        r.copy_turned(x, m, n, found.long, across, stop)
    else:
        r.copy_rows(x, n, found.long, across, m, stop)


def decompose_rows(r: Routine, found: Factors, completed: bool, stop: Value) -> None:
    """Find the singular values of rows, and the vectors of both sides; NaN if not all is finite.

    Where rows vanish, or if all are asked for, what lacks is completed to orthonormal vectors.
    """
    p, across, narrow = found.count, r.padded(found.length), r.padded(found.count)
    size = p * across
    sound = r.compare("oeq", r.times_zero(found.long, 0, size), 0.0)
    wrong = r.bit_xor(sound, r.constant(True, "i1"))
    with r.when(wrong):
        r.fill(r.number(0.0), found.long, 0, size)
    unit = r.power_of_two_below(r.largest(found.long, 0, size))
    r.scale(r.divide(r.number(1.0), unit), found.long, 0, size)
    r.fill(r.number(0.0), found.short, 0, p * narrow)
    with r.loop(p) as i:
        r.put(r.number(1.0), found.short, r.times(i, narrow + 1))
    _sweep(r, found, across, narrow, stop)
    with r.loop(p, stop) as i:
        line = r.at(found.long, r.times(i, across))
        r.put(r.length(line, 0, across), found.values, i)
    sides = [(found.long, across), (found.short, narrow)]
    sort_rows(r, found.values, sides, p, "ogt", stop)
    _normalize(r, found, across, completed, stop)
    done = r.compare("ne", r.load(found.flag, "i64", cse=False), 0)
    r.scale(r.select(r.bit_and(sound, done), unit, r.number(math.nan)), found.values, 0, p)
    with r.when(wrong):
        r.fill(r.number(math.nan), found.long, 0, found.rows * across)
        r.fill(r.number(math.nan), found.short, 0, p * narrow)


def _sweep(r: Routine, found: Factors, across: int, narrow: int, stop: Value) -> None:
    """Rotate all pairs of rows, again and again until a sweep finds all orthogonal."""
    r.store(r.constant(1, "i64"), found.flag)
    r.begin_loop(_SWEEPS, (), found.flag)
    r.store(r.constant(1, "i64"), found.flag)
    with r.loop(max(found.count - 1, 0), stop) as i, r.span(r.plus(i, 1), found.count) as j:
        _rotate_pair(r, found, across, narrow, i, j)
    r.end_loop()


def _rotate_pair(r: Routine, found: Factors, across: int, narrow: int, i: Value, j: Value) -> None:
    x, y = (r.at(found.long, r.times(k, across)) for k in (i, j))
    own, other, both = r.three_dots(x, y, across // r.width)
    lengths = r.sqrt(own), r.sqrt(other)
    limit = r.multiply(r.multiply(*lengths), _tolerance(r, found.length))
    askew = r.compare("ogt", r.absolute(both), limit)
    # What is nothing beside the whole matrix, whose largest number is about 1, is left alone.
    for length in lengths:
        askew = r.bit_and(askew, r.compare("ogt", length, EPSILON[r.type]))
    with r.when(askew):
        r.store(r.constant(0, "i64"), found.flag)
        ratio = r.divide(r.subtract(other, own), r.multiply(both, 2.0))
        reach = r.add(r.absolute(ratio), r.hypotenuse(ratio, r.number(1.0)))
        tangent = r.copysign(r.divide(r.number(1.0), reach), ratio)
        cosine = r.divide(r.number(1.0), r.hypotenuse(tangent, r.number(1.0)))
        sine = r.multiply(cosine, tangent)
        r.rotate(cosine, sine, x, y, across // r.width)
        u, v = (r.at(found.short, r.times(k, narrow)) for k in (i, j))
        r.rotate(cosine, sine, u, v, narrow // r.width)


def _tolerance(r: Routine, length: int) -> float:
    return EPSILON[r.type] * max(2.0, math.sqrt(length))


def _normalize(r: Routine, found: Factors, across: int, completed: bool, stop: Value) -> None:
    """Make the long side's rows unit vectors; complete those that vanish, or all."""
    p, nothing = found.count, r.number(2.0 * EPSILON[r.type])

    def there(i: Value, carried: list[Value]) -> list[Value]:
        value = r.get(found.values, i)
        exists = r.compare("ogt", value, nothing)
        factor = r.select(exists, r.divide(r.number(1.0), r.select(exists, value, 1.0)), 0.0)
        r.scale(factor, r.at(found.long, r.times(i, across)), 0, across)
        return [r.add(carried[0], r.convert(exists, "i64"))]

    (rank,) = r.fold(0, p, [r.constant(0, "i64")], there)
    vectors = found.rest
    scales = r.at(vectors, p * across)
    changed = r.at(scales, r.padded(p))
    reflections = Reflections(vectors, scales, across, p)
    with r.when(r.compare("slt", rank, found.rows if completed else p)):
        # Reflections that take the rows to unit vectors take further unit vectors to the rest.
        with r.loop(p) as i:
            at = r.times(i, across)
            r.copy(r.at(found.long, at), r.at(changed, at), across)
        decompose(r, changed, p, reflections, stop)
        rest = r.at(found.long, r.times(rank, across))
        form(r, reflections, rest, rank, found.rows, stop)


def decomposition(type: str, target: Target, m: int, n: int, full: bool) -> Routine:
    """Return `(x, out, work, stop)`: U, the singular values as a row, and V, above each other."""
    name = f"singular_{type}_{m}_{n}_{'full' if full else 'thin'}"
    r = Routine(name, type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    p, q = min(m, n), max(m, n)
    columns = q if full else p
    found = factors_at(r, work, p, q, columns)
    load(r, x, m, n, found, stop)
    decompose_rows(r, found, full, stop)
    if columns > p:
        r.fill(r.number(0.0), out, 0, (m + n + 1) * columns)
    long, short = (found.long, r.padded(q), columns), (found.short, r.padded(p), p)
    u, v = (long, short) if m >= n else (short, long)
    for (rows, across, count), extent, start in ((u, m, 0), (v, n, (m + 1) * columns)):
        r.copy_turned_back(rows, across, r.at(out, start), columns, extent, count, stop)
    r.copy(found.values, r.at(out, m * columns), p)
    return r


def pseudo_inversion(type: str, target: Target, m: int, n: int, hermitian: bool) -> Routine:
    """Return `(x, rtol, out, work, stop)`: the pseudo-inverse; small singular values count as 0."""
    name = f"pseudo_inversion_{type}_{m}_{n}_{'h' if hermitian else 'g'}"
    r = Routine(name, type, target)
    x, rtol, out, work, stop = r.pointers("x", "rtol", "out", "work", "stop")
    p, q = min(m, n), max(m, n)
    found = factors_at(r, work, p, q, p)
    across, narrow = r.padded(q), r.padded(p)
    load(r, x, m, n, found, stop)
    if hermitian:
        with r.loop(n) as i, r.loop(i) as j:
            below = r.get(x, r.times(i, n), j)
            r.put(below, found.long, r.times(i, across), j)
            r.put(below, found.long, r.times(j, across), i)
    decompose_rows(r, found, False, stop)
    limit = r.multiply(r.get(rtol), r.get(found.values))
    with r.loop(p) as i:
        value = r.get(found.values, i)
        # A NaN is no small number: it goes on.
        counts = r.compare("ugt", value, limit)
        factor = r.select(counts, r.divide(r.number(1.0), value), 0.0)
        r.scale(factor, r.at(found.short, r.times(i, narrow)), 0, narrow)
    result = found.rest
    r.fill(r.number(0.0), result, 0, p * across)
    # Row i is the share of the short side's place i: Σ V[c, i] / s[c] · U[c].
    add_product(
        r, result, across, found.short, (1, narrow), found.long, across, p, across // r.width, p
    )
    if m >= n:
        r.copy_back(result, across, out, m, n, stop)
    else:
        r.copy_turned_back(result, across, out, m, n, m, stop)
    return r
