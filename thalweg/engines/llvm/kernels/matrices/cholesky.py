"""Cholesky factors."""

from __future__ import annotations

import itertools
import math

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.matrices.routine import Routine
from thalweg.engines.llvm.kernels.matrices.update import subtract_product

# Rows that are finished together; what the rows above them change is one product.
_ROWS = 8

# Up to this size all is written out, in registers.
_WRITTEN_OUT = 8


def cholesky(type: str, target: Target, n: int) -> Routine:
    """Return `(x, out, work, stop)`: the lower factor of one matrix; NaN if there is none.

    `work` has n rows of whole vectors: there the factor's transpose is computed, row by row.
    Left of the diagonal it holds numbers without meaning.
    """
    r = Routine(f"cholesky_{type}_{n}", type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    if n <= _WRITTEN_OUT:
        _write_out(r, x, out, n)
        return r
    across = r.padded(n)
    with r.loop(n, stop) as i:
        with r.loop(r.plus(i, 1)) as j:
            r.put(r.get(x, r.times(i, n), j), work, r.times(j, across), i)
        for padding in range(n, across):
            r.put(r.number(0.0), work, r.times(i, across), padding)
    rows = max(_ROWS, r.width)
    with r.loop(-(-n // rows), stop) as block:
        first = r.count(r.times(block, rows))
        last = r.count(r.least(r.plus(first, rows), n))
        corner = r.at(work, r.times(first, across), first)
        vectors = r.parts_of(r.minus(across, first), r.width)
        subtract_product(
            r, corner, across, r.at(work, first), (1, across), r.at(work, first), across,
            r.minus(last, first), vectors, first,
        )  # fmt: skip
        _finish(r, work, across, first, last)
    _copy_out(r, work, out, n, across, stop)
    return r


def _write_out(r: Routine, x: Value, out: Value, n: int) -> None:
    lower = factored(r, [[r.get(x, i * n + j) for j in range(i + 1)] for i in range(n)])
    for i, j in itertools.product(range(n), repeat=2):
        r.put(lower[i][j], out, i * n + j)


def factored(e: Emitter, lower: list[list[Value]]) -> list[list[Value]]:
    """Return the factor of a small matrix by its lower triangle, computed number by number."""
    n, type = len(lower), lower[0][0].type
    whole = e.constant(True, "i1")
    for k in range(n):
        root = e.sqrt(lower[k][k])
        whole = e.bit_and(whole, e.compare("ogt", root, 0.0))
        scale = e.divide(e.constant(1.0, type), root)
        lower[k][k] = root
        for i in range(k + 1, n):
            lower[i][k] = e.multiply(lower[i][k], scale)
        for i in range(k + 1, n):
            minus = e.negate(lower[i][k])
            for j in range(k + 1, i + 1):
                lower[i][j] = e.fma(minus, lower[j][k], lower[i][j])
    zero, missing = e.constant(0.0, type), e.constant(math.nan, type)
    return [
        [e.select(whole, x, missing) for x in [*row, *[zero] * (n - len(row))]] for row in lower
    ]


def _finish(r: Routine, work: Value, across: int, first: Value, last: Value) -> None:
    """Turn the rows first … last - 1 into the factor's, by those among them."""
    vectors = across // r.width
    with r.span(first, last) as k:
        line = r.at(work, r.times(k, across))
        root = r.sqrt(r.get(line, k))
        scale = r.splat(r.divide(r.number(1.0), root), r.width)
        with r.span(r.parts_of(k, r.width), vectors) as v:
            at = r.times(v, r.width)
            r.put(r.multiply(r.row(line, at), scale), line, at)
        r.put(root, line, k)
        with r.span(r.plus(k, 1), last) as i:
            below = r.at(work, r.times(i, across))
            factor = r.splat(r.negate(r.get(line, i)), r.width)
            with r.span(r.parts_of(i, r.width), vectors) as v:
                at = r.times(v, r.width)
                r.put(r.fma(factor, r.row(line, at), r.row(below, at)), below, at)


def _copy_out(r: Routine, work: Value, out: Value, n: int, across: int, stop: Value) -> None:
    """Write the factor, or NaN if a number of its diagonal is not positive."""
    whole = r.constant(True, "i1")

    def sound(k: Value, carried: list[Value]) -> list[Value]:
        root = r.get(work, r.times(k, across), k)
        return [r.bit_and(carried[0], r.compare("ogt", root, 0.0))]

    (whole,) = r.fold(0, n, [whole], sound)
    with r.loop(n, stop) as i:
        line = r.at(out, r.times(i, n))
        with r.loop(r.plus(i, 1)) as j:
            found = r.select(whole, r.get(work, r.times(j, across), i), r.number(math.nan))
            r.put(found, line, j)
        beyond = r.select(whole, r.number(0.0), r.number(math.nan))
        r.fill(beyond, line, r.plus(i, 1), n)
