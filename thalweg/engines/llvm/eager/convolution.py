"""Convolutions of few numbers, or of few a window: sums of products, without columns of windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.engines.llvm.eager.kernel import RowKernel
from thalweg.engines.llvm.ir.values import Value

_INPUT, _WEIGHT, _BIAS, _FACTS, _RESULT = range(5)

# The axes of an input, of a window and of a result.
_INNER, _ELEMENTS, _PLACES = "hwd", "uvy", "abz"


def convolved(kind: str, rank: int, dense: bool) -> Callable[..., Any]:
    """Return what takes an example with its padding, weights, biases and each axis' step and gap.

    The example has shape (channels, …), the weights (outputs, channels of a group, …).

    Args:
        kind: The dtype of all but the steps and gaps: "f" or "d".
        rank: How many axes a window has, up to three.
        dense: Whether the step along the last axis is 1, so that results are taken in vectors.
    """
    inner, own, made = (",".join(axes[:rank]) for axes in (_INNER, _ELEMENTS, _PLACES))
    k = RowKernel(f"(c,{inner}),(o,e,{own}),(o),(m)->(o,{made})", 3 * kind + "q", kind)
    e, outputs, own_channels = k.e, k.extent("o"), k.extent("e")
    groups = e.divide(k.extent("c"), own_channels)
    output, _ = e.begin_loop(outputs)
    channel = e.multiply(e.divide(output, e.divide(outputs, groups)), own_channels)
    places = [e.begin_loop(k.extent(axis))[0] for axis in _PLACES[: rank - 1]]
    bias = k.load(_BIAS, output)

    def place(at: Value, width: int) -> None:
        start = e.splat(bias, width)
        part, (so_far,) = e.begin_loop(own_channels, [start])
        taken = [e.add(channel, part)]
        total = _products(k, output, part, taken, [*places, at], [], so_far)
        (total,) = e.end_loop([total])
        k.store(total, _RESULT, output, *places, at)

    _over(k, k.extent(_PLACES[rank - 1]), k.lanes(_INPUT) if dense else 1, place)
    for _ in [output, *places]:
        e.end_loop()
    return k.made()


def _products(
    k: RowKernel, output: Value, part: Value, taken: list[Value], places: list[Value],
    elements: list[Value], so_far: Value,
) -> Value:  # fmt: skip
    """Write the loops over the elements of a window, from an axis on."""
    e, axis = k.e, len(elements)
    if axis == len(places):
        weight = k.load(_WEIGHT, output, part, *elements)
        return e.fma(weight, k.load(_INPUT, *taken, width=so_far.width), so_far)
    step, gap = (k.load(_FACTS, 2 * axis + i) for i in (0, 1))
    element, (held,) = e.begin_loop(k.extent(_ELEMENTS[axis]), [so_far])
    at = e.add(e.multiply(places[axis], step), e.multiply(element, gap))
    further = [*elements, element]
    total = _products(k, output, part, [*taken, at], places, further, held)
    return e.end_loop([total])[0]


def _over(k: RowKernel, count: Value, lanes: int, body: Callable[[Value, int], None]) -> None:
    """Write a loop over an axis in vectors, the last of which may begin earlier; or one by one."""
    e = k.e
    if lanes > 1:
        some = e.compare("sge", count, lanes)
        vectors = e.select(some, e.divide(e.add(count, lanes - 1), lanes), 0)
        i, _ = e.begin_loop(vectors)
        last, at = e.subtract(count, lanes), e.multiply(i, lanes)
        body(e.select(e.compare("slt", at, last), at, last), lanes)
        e.end_loop()
        count = e.select(some, 0, count)
    i, _ = e.begin_loop(count)
    body(i, 1)
    e.end_loop()
