"""Mean 0 and variance 1 of rows, and of channels over examples: loops for all extents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.engines.llvm.eager.kernel import RowKernel
from thalweg.engines.llvm.ir.values import Value


def of_rows(kind: str, kept: bool) -> Callable[..., Any]:
    """Return what takes rows, a weight, a bias and ε, and gives results.

    Args:
        kind: The dtype of all but ε, which is float64: "f" or "d".
        kept: Whether it gives the normalized values, and what they were multiplied by, too.
    """
    gives = 3 if kept else 1
    signature = f"(n),(n),(n),()->{'(n),(n),()' if kept else '(n)'}"
    k = RowKernel(signature, 3 * kind + "d", gives * kind)
    e, n, lanes = k.e, k.extent("n"), k.lanes(0)
    count = e.convert(n, "f64")
    mean = _rounded(k, e.divide(k.summed(n, lanes, lambda i, w: k.load(0, i, width=w)), count))

    def away(i: Value, width: int) -> Value:
        return e.subtract(k.load(0, i, width=width), mean)

    squares = k.summed(n, lanes, lambda i, w: _squared(k, away(i, w)))
    factor = _factor(k, e.divide(squares, count), k.load(3))

    def body(i: Value, width: int) -> None:
        value = e.multiply(away(i, width), factor)
        if kept:
            k.store(value, 5, i)
        moved = e.add(e.multiply(value, k.load(1, i, width=width)), k.load(2, i, width=width))
        k.store(moved, 4, i)

    k.each(n, lanes, body)
    if kept:
        k.store(factor, 6)
    return k.made()


def of_channels(kind: str) -> Callable[..., Any]:
    """Return what takes (examples, channels, places), weights and biases of channels, and ε.

    It gives results, values, and each channel's factor, mean and variance.

    Args:
        kind: The dtype of all but ε, which is float64: "f" or "d".
    """
    signature = "(n,c,p),(c),(c),()->(n,c,p),(n,c,p),(c),(c),(c)"
    k = RowKernel(signature, 3 * kind + "d", 5 * kind)
    e, n, p, lanes = k.e, k.extent("n"), k.extent("p"), k.lanes(0)
    count = e.convert(e.multiply(n, p), "f64")
    channel, _ = e.begin_loop(k.extent("c"))

    def total(term: Callable[[Value], Value]) -> Value:
        example, (so_far,) = e.begin_loop(n, [e.constant(0.0, "f64")])
        part = k.summed(p, lanes, lambda i, w: term(k.load(0, example, channel, i, width=w)))
        return e.divide(e.end_loop([e.add(so_far, part)])[0], count)

    mean = _rounded(k, total(lambda x: x))
    variance = total(lambda x: _squared(k, e.subtract(x, mean)))
    factor, weight, bias = _factor(k, variance, k.load(3)), k.load(1, channel), k.load(2, channel)
    example, _ = e.begin_loop(n)

    def body(i: Value, width: int) -> None:
        x = k.load(0, example, channel, i, width=width)
        value = e.multiply(e.subtract(x, mean), factor)
        k.store(value, 5, example, channel, i)
        k.store(e.add(e.multiply(value, weight), bias), 4, example, channel, i)

    k.each(p, lanes, body)
    e.end_loop()
    for value, number in ((factor, 6), (mean, 7), (_rounded(k, variance), 8)):
        k.store(value, number, channel)
    e.end_loop()
    return k.made()


def followed(kind: str) -> Callable[..., Any]:
    """Return what takes running values, those of a batch, a factor of these, and the momentum m.

    It gives (1 - m) r + m s.

    Args:
        kind: The dtype of the values and results: "f" or "d"; the others are float64.
    """
    k = RowKernel("(),(),(),()->()", 2 * kind + "dd", kind)
    e, momentum = k.e, k.load(3)
    kept = e.multiply(k.load(0), _rounded(k, e.subtract(1.0, momentum)))
    new = e.multiply(e.multiply(k.load(1), _rounded(k, k.load(2))), _rounded(k, momentum))
    k.store(e.add(kept, new), 4)
    return k.made()


def _squared(k: RowKernel, x: Value) -> Value:
    wide = k.e.convert(x, "f64")
    return k.e.multiply(wide, wide)


def _rounded(k: RowKernel, x: Value) -> Value:
    return k.e.convert(x, k.types[0])


def _factor(k: RowKernel, variance: Value, eps: Value) -> Value:
    """Return 1 / √(variance + ε)."""
    return _rounded(k, k.e.divide(1.0, k.e.sqrt(k.e.add(variance, eps))))
