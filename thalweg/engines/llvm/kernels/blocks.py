"""Long sums in blocks, so that their rounding errors grow with the logarithm of their length."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thalweg.compiler.kernels.affine import Affine
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.arrays import Arrays
from thalweg.engines.llvm.kernels.lowering import REDUCTIONS

# So many times an accumulator is added to before a fresh one takes over: 64 keep the error of
# two times 10⁷ equal float32 below 10⁻⁵, and shorter blocks cost time.
BLOCK = 64

Combine = Callable[[Value, Value], Value]

Body = Callable[[Affine, list[Value]], Sequence[Value]]


@dataclass(frozen=True)
class Total:
    """One accumulator of a loop: what an empty one holds, and how two become one."""

    empty: Value
    combine: Combine

    def merge(self, parts: Sequence[Value]) -> Value:
        """Return several accumulators as one."""
        return functools.reduce(self.combine, parts)


def total_of(arrays: Arrays, reduction: str, type: str, width: int = 0) -> Total:
    """Return the accumulator of a reduction, of as many lanes as the kernel's vectors or given."""
    row = REDUCTIONS[reduction]
    empty = arrays.e.constant(row.start(type), type, width or arrays.width)
    return Total(empty, functools.partial(row.combine, arrays.e))


def fold(
    arrays: Arrays,
    trip: int,
    totals: Sequence[Total],
    before: Sequence[Value],
    body: Body,
    each: int = 1,
) -> list[Value]:
    """Write a loop that accumulates, in blocks of blocks where it is long; the body once.

    Args:
        arrays: The kernel.
        trip: How often the body runs, at least once.
        totals: The accumulators.
        before: What they hold before the loop.
        body: `(position, accumulators) -> accumulators`.
        each: How often one run of the body adds to an accumulator.
    """
    size = max(1, BLOCK // each)
    if trip <= size:
        at, phis = arrays.loop(trip, tuple(before))
        return arrays.e.end_loop(body(at, phis))

    def block(number: Affine, whole: list[Value]) -> list[Value]:
        e = arrays.e
        first = e.multiply(arrays.scalar(number), size)
        rounds: int | Value = size
        if trip % size:
            left = e.subtract(trip, first)
            rounds = e.select(e.compare("slt", left, size), left, size)
        index, phis = e.begin_loop(rounds, [total.empty for total in totals], arrays.stop(size))
        e.innermost.most = size
        parts = e.end_loop(body(arrays.bind(e.add(first, index), trip), list(phis)))
        return [
            total.combine(one, other)
            for total, one, other in zip(totals, whole, parts, strict=True)
        ]

    return fold(arrays, -(-trip // size), totals, before, block)


def fold_over(
    arrays: Arrays,
    extents: Sequence[int],
    totals: Sequence[Total],
    before: list[Value],
    body: Callable[[list[Affine], list[Value]], list[Value]],
    each: int,
) -> list[Value]:
    """Write loops within loops that accumulate, as `fold`; the body gets all places."""
    if not extents:
        return body([], before)
    extent, *rest = extents

    def outer(at: Affine, carried: list[Value]) -> list[Value]:
        return fold_over(
            arrays, rest, totals, carried, lambda places, sums: body([at, *places], sums), each
        )

    inside = max(1, min(math.prod(rest) * each, BLOCK))
    return fold(arrays, extent, totals, before, outer, inside)


def sums_across(arrays: Arrays, totals: Sequence[Value], total: Total, width: int = 1) -> Value:
    """Return the lanes of each vector as one number: a vector of them, of a width at least."""
    e, padded = arrays.e, 1 << (len(totals) - 1).bit_length()
    vector = e.tree_reduce([*totals, *[total.empty] * (padded - len(totals))], total.combine)
    if vector.width >= width:
        return vector
    return e.shuffle(vector, None, [i if i < vector.width else 0 for i in range(width)])
