"""The cross entropy of classes with the softmax of scores, row after row."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from thalweg.engines.llvm.eager.kernel import RowKernel
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.functions import MATHEMATICS


def cross_entropies(kind: str, reduction: str, kept: bool) -> Callable[..., Any]:
    """Return what takes scores (m, n) and m classes, int64 from 0 to n - 1, and gives losses.

    Args:
        kind: The dtype of scores and losses: "f" or "d".
        reduction: "none" for m losses, "sum" or "mean".
        kept: Whether it gives exp(x - max x), and the sum of a row of that, too.
    """
    losses = "(m)" if reduction == "none" else "()"
    signature = f"(m,n),(m)->{losses}{',(m,n),(m)' if kept else ''}"
    k = RowKernel(signature, kind + "q", kind * (3 if kept else 1))
    e, m = k.e, k.extent("m")
    row, (so_far,) = e.begin_loop(m, [e.constant(0.0, "f64")])
    loss = _loss(k, row, kept)
    if reduction == "none":
        k.store(e.convert(loss, k.types[0]), 2, row)
    (total,) = e.end_loop([e.add(so_far, loss)])
    if reduction == "mean":
        total = e.divide(total, e.convert(m, "f64"))
    if reduction != "none":
        k.store(e.convert(total, k.types[0]), 2)
    return k.made()


def _loss(k: RowKernel, row: Value, kept: bool) -> Value:
    """Write the loss of a row, ln Σ exp(x - max x) - (x[y] - max x), in float64."""
    e, n, lanes, type = k.e, k.extent("n"), k.lanes(0), k.types[0]
    start = e.constant(-math.inf, type)
    top = k.reduced(n, lanes, start, lambda i, w: k.load(0, row, i, width=w), e.maximum)

    def power(i: Value, width: int) -> Value:
        found = MATHEMATICS["exp"](e, e.subtract(k.load(0, row, i, width=width), top))
        if kept:
            k.store(found, 3, row, i)
        return found

    total = k.summed(n, lanes, power)
    if kept:
        k.store(e.convert(total, type), 4, row)
    own = e.subtract(k.load(0, row, k.load(1, row)), top)
    return e.subtract(MATHEMATICS["log"](e, total), e.convert(own, "f64"))
