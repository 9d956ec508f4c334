"""Long sums in blocks, so that their rounding errors grow with the logarithm of their length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thalweg.compiler.kernels.affine import Affine
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.arrays import Arrays

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


def accumulated(
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

    return accumulated(arrays, -(-trip // size), totals, before, block)
