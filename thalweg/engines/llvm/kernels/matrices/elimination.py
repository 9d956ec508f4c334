"""Gaussian elimination with row exchanges, and systems solved by its factors."""

from __future__ import annotations

import math
from collections.abc import Sequence

from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.matrices.routine import Routine
from thalweg.engines.llvm.kernels.matrices.triangular import Triangle, solve_rows, solve_vector
from thalweg.engines.llvm.kernels.matrices.update import subtract_product

# Columns that are eliminated together, of small and of large matrices.
_COLUMNS, _MANY_COLUMNS, _LARGE = 16, 32, 200


def elimination(type: str, target: Target, n: int) -> Routine:
    """Return `(x, out, work, stop)`: L and U in one matrix, and a row that tells the exchanges.

    `work` has n rows of whole vectors.
    """
    r = Routine(f"elimination_{type}_{n}", type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    across = r.padded(n)
    r.copy_rows(x, n, work, across, n, stop)
    columns = max(r.width, _COLUMNS if n <= _LARGE else _MANY_COLUMNS)
    exchanges = r.at(out, n * n)
    with r.loop(-(-n // columns), stop) as block:
        first = r.count(r.times(block, columns))
        last = r.count(r.least(r.plus(first, columns), n))
        with r.span(first, last) as k:
            _exchange(r, work, across, exchanges, n, k)
            _eliminate(r, work, across, n, k, last)
        _spread(r, work, across, n, first, last)
    r.copy_back(work, across, out, n, n, stop)
    return r


def _exchange(r: Routine, work: Value, across: int, exchanges: Value, n: int, k: Value) -> None:
    """Bring the row of the largest number in column k to row k, and note where it was."""

    def larger(i: Value, best: list[Value]) -> list[Value]:
        size = r.absolute(r.get(work, r.times(i, across), k))
        # The first NaN stays: what comes of it is NaN whatever is exchanged.
        more = r.compare("ogt", size, best[0])
        return [r.select(more, size, best[0]), r.select(more, i, best[1])]

    start = r.absolute(r.get(work, r.times(k, across), k))
    _, place = r.fold(r.plus(k, 1), n, [start, k], larger)
    r.put(r.convert(place, r.type), exchanges, k)
    with r.when(r.compare("ne", place, k)):
        r.exchange_rows(r.at(work, r.times(k, across)), r.at(work, r.times(place, across)), across)


def _eliminate(r: Routine, work: Value, across: int, n: int, k: Value, last: Value) -> None:
    """Subtract multiples of row k from those below it, up to the column `last`."""
    line = r.at(work, r.times(k, across))
    pivot = r.get(line, k)
    # What is below a pivot of 0 is 0 too, and stays so.
    divisor = r.select(r.compare("oeq", pivot, 0.0), r.number(1.0), pivot)
    after = r.plus(k, 1)
    begin = r.parts_of(after, r.width)
    # Up to the end of the vector in which the block ends: what is beyond is not yet begun.
    end = r.parts_of(r.plus(last, r.width - 1), r.width)
    lanes = r.lanes("i64", r.width)
    with r.span(after, n) as i:
        below = r.at(work, r.times(i, across))
        factor = r.divide(r.get(below, k), divisor)
        r.put(factor, below, k)
        minus = r.splat(r.negate(factor), r.width)
        with r.span(begin, end) as v:
            at = r.times(v, r.width)
            before = r.row(below, at)
            found = r.fma(minus, r.row(line, at), before)
            place = r.add(lanes, r.count(at))
            inside = r.bit_and(r.compare("sgt", place, k), r.compare("slt", place, last))
            r.put(r.select(inside, found, before), below, at)


def _spread(r: Routine, work: Value, across: int, n: int, first: Value, last: Value) -> None:
    """Do in the columns beyond a block what was done in it."""
    begin = r.parts_of(last, r.width)
    vectors = r.minus(across // r.width, begin)
    with r.when(r.compare("slt", last, n)):
        with r.span(first, last) as i:
            line = r.at(work, r.times(i, across))
            with r.span(first, i) as j:
                factor = r.splat(r.negate(r.get(line, j)), r.width)
                other = r.at(work, r.times(j, across))
                with r.span(begin, across // r.width) as v:
                    at = r.times(v, r.width)
                    r.put(r.fma(factor, r.row(other, at), r.row(line, at)), line, at)
        corner = r.at(work, r.times(last, across))
        subtract_product(
            r, r.at(corner, last), across, r.at(corner, first), (across, 1),
            r.at(work, r.times(first, across), last), across, r.minus(n, last), vectors,
            r.minus(last, first),
        )  # fmt: skip


def solving(type: str, target: Target, n: int, columns: int, transposed: bool) -> Routine:
    """Return `(factors, b, x, work, stop)`: solve a system; NaN if its matrix is singular.

    `work` has n rows of whole vectors, and is not used of one column.
    """
    mark = "t" if transposed else "n"
    r = Routine(f"solving_{type}_{n}_{columns}_{mark}", type, target)
    factors, b, x, work, stop = r.pointers("factors", "b", "x", "work", "stop")
    triangles = [Triangle(n, True, transposed, True), Triangle(n, False, transposed, False)]
    if transposed:
        triangles.reverse()
    across = 1 if columns == 1 else r.padded(columns)
    place = x if columns == 1 else work
    r.copy_rows(b, columns, place, across, n, stop)
    if not transposed:
        _permute(r, factors, place, across, n, transposed)
    for triangle in triangles:
        if columns == 1:
            solve_vector(r, triangle, factors, x, x)
        else:
            solve_rows(r, triangle, factors, work, across, stop)
    if transposed:
        _permute(r, factors, place, across, n, transposed)
    _refuse_singular(r, factors, place, n * across, n)
    if columns > 1:
        r.copy_back(work, across, x, columns, n, stop)
    return r


def _permute(r: Routine, factors: Value, rows: Value, across: int, n: int, backwards: bool) -> None:
    """Exchange rows as elimination did, or undo that."""
    over = r.downwards if backwards else r.span
    with over(0, n) as k:
        told = r.convert(r.get(factors, n * n, k), "i64")
        # Whatever a number says, it is a row.
        place = r.intrinsic("smin", r.intrinsic("smax", told, 0), n - 1)
        with r.when(r.compare("ne", place, k)):
            pair = r.at(rows, r.times(k, across)), r.at(rows, r.times(place, across))
            r.exchange_rows(*pair, across)


def _refuse_singular(r: Routine, factors: Value, found: Value, size: int, n: int) -> None:
    def regular(k: Value, carried: Sequence[Value]) -> list[Value]:
        pivot = r.get(factors, r.times(k, n + 1))
        return [r.bit_and(carried[0], r.compare("une", pivot, 0.0))]

    (whole,) = r.fold(0, n, [r.constant(True, "i1")], regular)
    with r.when(r.bit_xor(whole, r.constant(True, "i1"))):
        r.fill(r.number(math.nan), found, 0, size)
