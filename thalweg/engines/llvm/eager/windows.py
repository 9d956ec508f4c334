"""Maxima and sums of windows of few numbers: one window after another, for all extents."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from thalweg.engines.llvm.eager.kernel import RowKernel
from thalweg.engines.llvm.ir.values import Value

# What an axis of windows is told by: its size, step, padding before, and distance of elements.
_FACTS = 4

# The axes of a plane, and those of its windows.
_AXES, _PLACES = "hwd", "abc"


def pooled(kind: str, rank: int, largest: bool) -> Callable[..., Any]:
    """Return what takes planes, the facts of each of their axes, and a divisor.

    Args:
        kind: The dtype of planes, divisor and results: "f" or "d".
        rank: How many axes a plane has, up to three.
        largest: Whether it gives the maxima, else sums over the divisor. What is outside of a
            plane counts for neither.
    """
    own, made = ",".join(_AXES[:rank]), ",".join(_PLACES[:rank])
    k = RowKernel(f"({own}),(m),()->({made})", kind + "q" + kind, kind)
    e = k.e
    places = [e.begin_loop(k.extent(axis))[0] for axis in _PLACES[:rank]]
    start = e.constant(-math.inf if largest else 0.0, k.types[0])
    found = _element(k, [], places, start, largest)
    k.store(found if largest else e.divide(found, k.load(2)), 3, *places)
    for _ in places:
        e.end_loop()
    return k.made()


def _element(
    k: RowKernel, chosen: list[Value], places: list[Value], so_far: Value, largest: bool
) -> Value:
    """Write the loops over the elements of a window, from an axis on."""
    e, axis = k.e, len(chosen)
    if axis == len(places):
        seen = k.load(0, *chosen)
        return e.maximum(so_far, seen) if largest else e.add(so_far, seen)
    size, step, before, gap = (k.load(1, _FACTS * axis + i) for i in range(_FACTS))
    first = e.subtract(e.multiply(places[axis], step), before)
    u, (held,) = e.begin_loop(size, [so_far])
    at = e.add(first, e.multiply(u, gap))
    e.begin_if(e.compare("ult", at, k.extent(_AXES[axis])))
    inside = _element(k, [*chosen, at], places, held, largest)
    return e.end_loop(e.end_if([inside], [held]))[0]
