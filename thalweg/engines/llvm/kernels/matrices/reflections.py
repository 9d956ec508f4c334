"""QR by Householder's reflections of rows: they are the columns of the matrix.

Signs are LAPACK's: a reflection takes a row to -sign(first) · length, and a row that is 0 but for
its first number is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.matrices.routine import Count, Routine


@dataclass(frozen=True)
class Reflections:
    """Reflections I - τ v vᵀ: vectors in rows of whole vectors, with zeros before their first 1.

    Attributes:
        vectors: The address of the first.
        scales: That of each one's τ.
        across: How far the rows lie apart.
        count: How many there are.
    """

    vectors: Value
    scales: Value
    across: int
    count: int

    def row(self, r: Routine, k: Count) -> Value:
        """Return the address of a vector."""
        return r.at(self.vectors, r.times(k, self.across))


def find_reflection(r: Routine, line: Value, found: Reflections, k: Count, j: Count) -> None:
    """Make reflection k, which takes a row to zeros after place j, and take it there.

    The row's places before j are left alone, its place j gets what all after it are joined to.
    """
    across, vector = found.across, found.row(r, k)
    rest = r.length(line, r.plus(j, 1), across)
    first = r.get(line, j)
    whole = r.hypotenuse(first, rest)
    joined = r.negate(r.copysign(whole, first))
    idle = r.compare("oeq", rest, 0.0)
    scale = r.select(idle, 0.0, r.divide(r.subtract(joined, first), joined))
    r.put(scale, found.scales, k)
    divisor = r.select(idle, 1.0, r.subtract(first, joined))
    r.fill(r.number(0.0), vector, 0, j)
    r.put(r.number(1.0), vector, j)

    def divided(at: Value, width: int) -> None:
        x = r.many(line, width, at)
        r.put(r.divide(x, r.splat(divisor, width)), vector, at)
        r.put(r.number(0.0, width), line, at)

    r.along(r.plus(j, 1), across, divided)
    r.put(r.select(idle, first, joined), line, j)


def reflect(r: Routine, found: Reflections, k: Count, line: Value, start: Count) -> None:
    """Apply a reflection to a row whose vectors before `start` do not change."""
    vector = found.row(r, k)
    end = found.across // r.width
    share = r.multiply(r.get(found.scales, k), r.dot_vectors(vector, line, start, end))
    r.add_vectors(r.negate(share), vector, line, start, end)


def decompose(r: Routine, rows: Value, count: int, found: Reflections, stop: Value) -> None:
    """Take rows, of which the first are as many as reflections, to a triangle."""
    with r.loop(found.count, stop) as k:
        find_reflection(r, r.at(rows, r.times(k, found.across)), found, k, k)
        start = r.parts_of(k, r.width)
        with r.span(r.plus(k, 1), count) as i:
            reflect(r, found, k, r.at(rows, r.times(i, found.across)), start)


def form(
    r: Routine, found: Reflections, rows: Value, first: Count, last: Count, stop: Value
) -> None:
    """Write what all reflections make of unit vectors, from one up to before another, as rows."""
    with r.span(first, last, stop) as c:
        line = r.at(rows, r.times(r.minus(c, first), found.across))
        r.fill(r.number(0.0), line, 0, found.across)
        r.put(r.number(1.0), line, c)
        # Of those that begin beyond it, none changes a unit vector.
        with r.downwards(0, r.least(r.plus(c, 1), found.count)) as k:
            reflect(r, found, k, line, r.parts_of(k, r.width))


def orthogonalization(type: str, target: Target, m: int, n: int) -> Routine:
    """Return `(x, out, work, stop)`: Q, and below it Rᵀ, of one matrix.

    `work` has n + 2 min(m, n) rows of m padded numbers, and min(m, n) numbers.
    """
    r = Routine(f"orthogonalization_{type}_{m}_{n}", type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    k, across = min(m, n), r.padded(m)
    vectors = r.at(work, n * across)
    q = r.at(vectors, k * across)
    found = Reflections(vectors, r.at(q, k * across), across, k)
    r.copy_turned(x, m, n, work, across, stop)
    decompose(r, work, n, found, stop)
    form(r, found, q, 0, k, stop)
    r.copy_turned_back(q, across, out, k, m, k, stop)
    with r.loop(n, stop) as i:
        line, result = r.at(work, r.times(i, across)), r.at(out, m * k, r.times(i, k))
        filled = r.least(r.plus(i, 1), k)
        r.copy(line, result, filled)
        r.fill(r.number(0.0), result, filled, k)
    return r


def completion(type: str, target: Target, m: int, n: int) -> Routine:
    """Return `(x, out, work, stop)`: columns that complete n orthonormal ones to m.

    `work` has m + n rows of m padded numbers, and n numbers.
    """
    r = Routine(f"completion_{type}_{m}_{n}", type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    across = r.padded(m)
    vectors = r.at(work, m * across)
    found = Reflections(vectors, r.at(vectors, n * across), across, n)
    r.copy_turned(x, m, n, work, across, stop)
    decompose(r, work, n, found, stop)
    form(r, found, work, n, m, stop)
    r.copy_turned_back(work, across, out, m - n, m, m - n, stop)
    return r
