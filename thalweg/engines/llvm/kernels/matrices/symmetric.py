"""Eigenvalues and vectors of symmetric matrices: tridiagonal by reflections, then implicit QL."""

from __future__ import annotations

import math

import numpy as np

from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.matrices.reflections import Reflections, find_reflection, reflect
from thalweg.engines.llvm.kernels.matrices.routine import Routine

# Turns of QL for one eigenvalue; two or three are the rule. Beyond, it is NaN.
_TURNS = 60

EPSILON = {"f64": float(np.finfo(np.float64).eps), "f32": float(np.finfo(np.float32).eps)}


def room(r: Routine, n: int) -> int:
    """Return how many numbers `eigensystem` works in."""
    return 3 * n * r.padded(n) + 4 * r.padded(n) + 8


def eigensystem(type: str, target: Target, n: int, lower: bool) -> Routine:
    """Return `(x, out, work, stop)`: a row of eigenvalues, and below it eigenvectors as columns.

    One triangle is read. What is not finite gives NaN.
    """
    r = Routine(f"eigensystem_{type}_{n}_{'l' if lower else 'u'}", type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    across = r.padded(n)
    vectors = r.at(work, n * across)
    rows = r.at(vectors, n * across)
    values = r.at(rows, n * across)
    beside, scales = r.at(values, across), r.at(values, 2 * across)
    free = r.at(values, 3 * across)
    flag = r.at(values, 4 * across)
    _copy_symmetric(r, x, n, work, across, lower, stop)
    largest, sound = _sizes(r, work, n, across)
    unit = r.power_of_two_below(largest)
    with r.when(r.bit_xor(sound, r.constant(True, "i1"))):
        # Nothing would ever be small beside what is not finite.
        r.fill(r.number(0.0), work, 0, n * across)
    r.scale(r.divide(r.number(1.0), unit), work, 0, n * across)
    found = Reflections(vectors, scales, across, max(n - 2, 0))
    _make_tridiagonal(r, work, n, found, values, beside, free, stop)
    _form(r, found, rows, n, stop)
    with r.loop(n, stop) as k:
        _find_value(r, values, beside, rows, n, across, k, flag)
    _sort(r, values, rows, n, across, stop)
    r.scale(r.select(sound, unit, r.number(math.nan)), values, 0, n)
    r.copy(values, out, n)
    with r.when(r.bit_xor(sound, r.constant(True, "i1"))):
        r.fill(r.number(math.nan), rows, 0, n * across)
    r.copy_turned_back(rows, across, r.at(out, n), n, n, n, stop)
    return r


def _copy_symmetric(
    r: Routine, x: Value, n: int, work: Value, across: int, lower: bool, stop: Value
) -> None:
    with r.loop(n, stop) as i:
        for padding in range(n, across):
            r.put(r.number(0.0), work, r.times(i, across), padding)
        with r.loop(r.plus(i, 1)) as j:
            place = (r.times(i, n), j) if lower else (r.times(j, n), i)
            found = r.get(x, *place)
            r.put(found, work, r.times(i, across), j)
            r.put(found, work, r.times(j, across), i)


def _sizes(r: Routine, work: Value, n: int, across: int) -> tuple[Value, Value]:
    """Return the largest magnitude, and whether all numbers are finite."""
    largest = r.largest(work, 0, n * across)

    return largest, r.compare("oeq", r.times_zero(work, 0, n * across), 0.0)


def _make_tridiagonal(
    r: Routine, a: Value, n: int, found: Reflections, values: Value, beside: Value, free: Value,
    stop: Value,
) -> None:  # fmt: skip
    """Replace A by H A H, reflection after reflection, and note its diagonals."""
    across = found.across
    with r.loop(found.count, stop) as k:
        line, after = r.at(a, r.times(k, across)), r.count(r.plus(k, 1))
        r.put(r.get(line, k), values, k)
        find_reflection(r, line, found, k, after)
        r.put(r.get(line, after), beside, k)
        _reflect_both_sides(r, a, n, found, k, after, free)
    for i in range(max(n - 2, 0), n):
        r.put(r.get(a, i * across, i), values, i)
    if n > 1:
        r.put(r.get(a, (n - 2) * across, n - 1), beside, n - 2)
    r.put(r.number(0.0), beside, n - 1)


def _reflect_both_sides(
    r: Routine, a: Value, n: int, found: Reflections, k: Value, after: Value, free: Value
) -> None:
    """A - v wᵀ - w vᵀ with w = p - (τ/2) (pᵀ v) v and p = τ A v."""
    across, vector = found.across, found.row(r, k)
    start, end = r.parts_of(after, r.width), across // r.width
    scale = r.get(found.scales, k)
    r.fill(r.number(0.0), free, 0, across)
    with r.span(after, n) as i:
        row = r.at(a, r.times(i, across))
        r.put(r.multiply(scale, r.dot_vectors(row, vector, start, end)), free, i)
    share = r.multiply(r.multiply(scale, -0.5), r.dot_vectors(free, vector, start, end))
    r.add_vectors(share, vector, free, start, end)
    with r.span(after, n) as i:
        row = r.at(a, r.times(i, across))
        of_w = r.splat(r.negate(r.get(vector, i)), r.width)
        of_v = r.splat(r.negate(r.get(free, i)), r.width)
        with r.span(start, end) as v:
            at = r.times(v, r.width)
            once = r.fma(of_w, r.row(free, at), r.row(row, at))
            r.put(r.fma(of_v, r.row(vector, at), once), row, at)


def _form(r: Routine, found: Reflections, rows: Value, n: int, stop: Value) -> None:
    """Write what the reflections, the last one first, make of unit vectors as rows."""
    with r.loop(n, stop) as c:
        line = r.at(rows, r.times(c, found.across))
        r.fill(r.number(0.0), line, 0, found.across)
        r.put(r.number(1.0), line, c)
        # Reflection k leaves the places up to k alone.
        with r.downwards(0, r.least(c, found.count)) as k:
            reflect(r, found, k, line, r.parts_of(r.plus(k, 1), r.width))


def _find_value(
    r: Routine, d: Value, e: Value, rows: Value, n: int, across: int, first: Value, flag: Value
) -> None:
    """Turn by turn, split off the eigenvalue at a place of the diagonal."""
    going, done = r.constant(0, "i64"), r.constant(1, "i64")
    r.store(going, flag)
    r.begin_loop(_TURNS, (), flag)
    last = _split(r, d, e, first, n)
    found = r.compare("eq", last, first)
    with r.when(found):
        r.store(done, flag)
    with r.when(r.compare("ne", last, first)):
        _turn(r, d, e, rows, across, first, last)
    r.end_loop()
    with r.when(r.compare("eq", r.load(flag, "i64", cse=False), 0)):
        r.put(r.number(math.nan), d, first)


def _split(r: Routine, d: Value, e: Value, first: Value, n: int) -> Value:
    """Return where the block that begins at a place ends: at the next vanishing number beside."""

    def turn(i: Value, carried: list[Value]) -> list[Value]:
        around = r.add(r.absolute(r.get(d, i)), r.absolute(r.get(d, i, 1)))
        # Beside the whole matrix, whose largest number is about 1, ε² is nothing either.
        limit = r.multiply(r.add(around, EPSILON[r.type]), EPSILON[r.type])
        small = r.compare("ole", r.absolute(r.get(e, i)), limit)
        return [r.select(small, r.least_value(carried[0], i), carried[0])]

    (end,) = r.fold(first, n - 1, [r.constant(n - 1, "i64")], turn)
    return end


def _turn(
    r: Routine, d: Value, e: Value, rows: Value, across: int, first: Value, last: Value
) -> None:
    """One implicit QL step of a block with Wilkinson's shift; its rotations turn the rows too."""
    one = r.number(1.0)
    beside = r.get(e, first)
    ratio = r.divide(r.subtract(r.get(d, first, 1), r.get(d, first)), r.multiply(beside, 2.0))
    reach = r.copysign(r.hypotenuse(ratio, one), ratio)
    moved = r.divide(beside, r.add(ratio, reach))
    start = r.add(r.subtract(r.get(d, last), r.get(d, first)), moved)

    def rotation(step: Value, carried: list[Value]) -> list[Value]:
        g, s, c, p = carried
        i = r.count(r.minus(r.minus(last, 1), step))
        f, b = r.multiply(s, r.get(e, i)), r.multiply(c, r.get(e, i))
        whole = r.hypotenuse(f, g)
        none = r.compare("oeq", whole, 0.0)
        divisor = r.select(none, 1.0, whole)
        sine = r.divide(f, divisor)
        cosine = r.select(none, one, r.divide(g, divisor))
        r.put(whole, e, i, 1)
        rest = r.subtract(r.get(d, i, 1), p)
        change = r.add(
            r.multiply(r.subtract(r.get(d, i), rest), sine), r.multiply(r.multiply(cosine, 2.0), b)
        )
        share = r.multiply(sine, change)
        r.put(r.add(rest, share), d, i, 1)
        upper = r.at(rows, r.times(i, across))
        r.rotate(cosine, sine, upper, r.at(upper, across), across // r.width)
        return [r.subtract(r.multiply(cosine, change), b), sine, cosine, share]

    initial = [start, one, one, r.number(0.0)]
    g, _, _, p = r.fold(0, r.minus(last, first), initial, rotation)
    r.put(r.subtract(r.get(d, first), p), d, first)
    r.put(g, e, first)
    r.put(r.number(0.0), e, last)


def _sort(r: Routine, values: Value, rows: Value, n: int, across: int, stop: Value) -> None:
    """Bring the values into ascending order, and the rows with them."""
    sort_rows(r, values, [(rows, across)], n, "olt", stop)


def sort_rows(
    r: Routine, values: Value, rows: list[tuple[Value, int]], n: int, predicate: str, stop: Value
) -> None:
    """Sort numbers, those first of which the comparison with others holds, and rows with them."""
    with r.loop(max(n - 1, 0), stop) as k:

        def better(i: Value, best: list[Value]) -> list[Value]:
            x = r.get(values, i)
            wins = r.compare(predicate, x, best[0])
            return [r.select(wins, x, best[0]), r.select(wins, i, best[1])]

        found, place = r.fold(r.plus(k, 1), n, [r.get(values, k), k], better)
        with r.when(r.compare("ne", place, k)):
            r.put(r.get(values, k), values, place)
            r.put(found, values, k)
            for lines, across in rows:
                pair = r.at(lines, r.times(k, across)), r.at(lines, r.times(place, across))
                r.exchange_rows(*pair, across)
