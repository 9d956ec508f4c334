"""C ± A·B in tiles of registers: what most of the work of blocked algorithms is."""

from __future__ import annotations

from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.matrices.routine import Count, Routine

# A tile's rows, and the vectors across it.
_TALL = 4

_ACROSS = 3


def update(type: str, target: Target, *, subtracted: bool = True) -> Routine:
    """Return `(c, ldc, a, down, along, b, ldb, m, vectors, k)`: C ± A·B.

    C has m rows of whole vectors that lie `ldc` numbers apart, B likewise k; of A, rows lie `down`
    and columns `along` apart, so that it may be transposed.
    """
    r = Routine(f"{'minus' if subtracted else 'plus'}_product_{type}", type, target)
    (c,), (ldc,) = r.pointers("c"), r.counts("ldc")
    (a,), (down, along) = r.pointers("a"), r.counts("down", "along")
    (b,), (ldb, m, vectors, k) = r.pointers("b"), r.counts("ldb", "m", "vectors", "k")

    def tile(row: Value, height: int, first: Value, across: int) -> None:
        def step(_: Value, carried: list[Value]) -> list[Value]:
            left, right, *sums = carried
            columns = [r.row(right, v * r.width) for v in range(across)]
            for i in range(height):
                x = r.splat(r.get(left, r.times(down, i)), r.width)
                for v in range(across):
                    sums[i * across + v] = r.fma(x, columns[v], sums[i * across + v])
            return [r.at(left, along), r.at(right, ldb), *sums]

        start = r.at(a, r.times(row, down)), r.at(b, r.times(first, r.width))
        zero = r.number(0.0, r.width)
        _, _, *sums = r.fold(0, k, [*start, *[zero] * (height * across)], step)
        combine = r.subtract if subtracted else r.add
        for i in range(height):
            line = r.at(c, r.times(r.plus(row, i), ldc), r.times(first, r.width))
            for v in range(across):
                found = combine(r.row(line, v * r.width), sums[i * across + v])
                r.put(found, line, v * r.width)

    def panel(first: Value, across: int) -> None:
        tall = r.parts_of(m, _TALL)
        with r.loop(tall) as i:
            tile(r.count(r.times(i, _TALL)), _TALL, first, across)
        with r.span(r.times(tall, _TALL), m) as i:
            tile(i, 1, first, across)

    whole = r.parts_of(vectors, _ACROSS)
    with r.loop(whole) as p:
        panel(r.count(r.times(p, _ACROSS)), _ACROSS)
    with r.span(r.times(whole, _ACROSS), vectors) as p:
        panel(p, 1)
    return r


def add_product(
    r: Routine, c: Value, ldc: Count, a: Value, strides: tuple[Count, Count], b: Value, ldb: Count,
    m: Count, vectors: Count, k: Count,
) -> None:  # fmt: skip
    """Write C += A·B; arguments as `update` has them."""
    routine = update(r.type, r.target, subtracted=False)
    r.call_to(routine, c, ldc, a, *strides, b, ldb, m, vectors, k)


def subtract_product(
    r: Routine, c: Value, ldc: Count, a: Value, strides: tuple[Count, Count], b: Value, ldb: Count,
    m: Count, vectors: Count, k: Count,
) -> None:  # fmt: skip
    """Write C -= A·B; arguments as `update` has them."""
    r.call_to(update(r.type, r.target), c, ldc, a, *strides, b, ldb, m, vectors, k)
