"""Products and distances of all pairs, spreads of rows, chosen elements and counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.engines.llvm.eager.kernel import RowKernel
from thalweg.engines.llvm.ir.values import Value


def products(kind: str) -> Callable[..., Any]:
    """Return what takes numbers and a row, and gives the row times each number."""
    k = RowKernel("(),(n)->(n)", 2 * kind, kind)
    number = k.load(0)

    def body(i: Value, width: int) -> None:
        k.store(k.e.multiply(k.load(1, i, width=width), number), 2, i)

    k.each(k.extent("n"), k.lanes(1), body)
    return k.made()


def distances(kind: str) -> Callable[..., Any]:
    """Return what takes points (k,) and the columns (k, n) of others, and gives their distances."""
    k = RowKernel("(k),(k,n)->(n)", 2 * kind, kind)
    e, type = k.e, k.types[0]

    def body(i: Value, width: int) -> None:
        axis, (so_far,) = e.begin_loop(k.extent("k"), [e.constant(0.0, type, width)])
        away = e.subtract(k.load(0, axis), k.load(1, axis, i, width=width))
        (total,) = e.end_loop([e.add(so_far, e.multiply(away, away))])
        k.store(e.sqrt(total), 2, i)

    k.each(k.extent("n"), k.lanes(1), body)
    return k.made()


def spread(kind: str, root: bool, correction: int) -> Callable[..., Any]:
    """Return what takes numbers, anywhere along an axis, and gives their variance.

    Args:
        kind: The dtype of numbers and results: "f" or "d".
        root: Whether it gives the standard deviation.
        correction: How many fewer than the numbers their squared differences are divided by.
    """
    k = RowKernel("(n)->()", kind, kind)
    e, n = k.e, k.extent("n")
    mean = e.divide(k.summed(n, 1, lambda i, w: k.load(0, i)), e.convert(n, "f64"))

    def squared(i: Value, width: int) -> Value:
        away = e.subtract(e.convert(k.load(0, i), "f64"), mean)
        return e.multiply(away, away)

    count = e.convert(e.subtract(n, correction), "f64")
    found = e.divide(k.summed(n, 1, squared), count)
    k.store(e.convert(e.sqrt(found) if root else found, k.types[0]), 1)
    return k.made()


def chosen(kind: str) -> Callable[..., Any]:
    """Return what takes rows (n,) and positions (m,), and gives what is there.

    A position that is not on the axis is an invalid operation, of which NumPy makes what it was
    told to (`numpy.errstate`).
    """
    k = RowKernel("(n),(m)->(m)", kind + "q", kind)
    e = k.e
    i, _ = e.begin_loop(k.extent("m"))
    place = k.load(1, i)
    # Negative numbers are the largest of all without signs.
    inside = e.compare("ult", place, k.extent("n"))
    e.begin_if(inside)
    (found,) = e.end_if([k.load(0, place)], [e.constant(0.0, k.types[0])])
    k.store(found, 2, i)
    e.begin_if(e.invert(inside))
    below = e.subtract(-1.0, e.absolute(e.convert(place, k.types[0])))
    k.store(e.sqrt(below), 2, i)
    e.end_if()
    e.end_loop()
    return k.made()


def counted(kind: str) -> Callable[..., Any]:
    """Return what takes numbers and the edges (k + 1,) of even intervals, and counts in each (k,).

    The last interval has its upper end too. Numbers outside of all, and NaN, are left out. The
    edges are float64, and followed by one more number, which is larger.

    Args:
        kind: The dtype of numbers and counts: "f" or "d".
    """
    k = RowKernel("(n),(u)->(k)", kind + "d", kind)
    e, bins, type = k.e, k.extent("k"), k.types[0]
    i, _ = e.begin_loop(bins)
    k.store(e.constant(0.0, type), 2, i)
    e.end_loop()
    low, high, last = k.load(1, 0), k.load(1, bins), e.subtract(bins, 1)
    i, _ = e.begin_loop(k.extent("n"))
    value = e.convert(k.load(0, i), "f64")
    e.begin_if(e.bit_and(e.compare("oge", value, low), e.compare("ole", value, high)))
    share = e.divide(e.subtract(value, low), e.subtract(high, low))
    place = e.convert(e.multiply(share, e.convert(bins, "f64")), "i64")
    place = e.select(e.compare("slt", place, last), place, last)
    # Rounding may have put what lies at an edge into the next interval.
    before = e.compare("olt", value, k.load(1, place))
    place = e.select(before, e.subtract(place, 1), place)
    beyond = e.compare("oge", value, k.load(1, e.add(place, 1)))
    beyond = e.bit_and(beyond, e.compare("slt", place, last))
    place = e.select(beyond, e.add(place, 1), place)
    k.store(e.add(k.load(2, place), 1.0), 2, place)
    e.end_if()
    e.end_loop()
    return k.made()
