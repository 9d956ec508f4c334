"""Chains of operations that rules look for, and the tables that all are chosen from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import thalweg as tw
from tests.fuzz.bodies import CONTROL
from tests.fuzz.growth import LARGEST, Growth
from tests.fuzz.images import contraction, convolution, drawing, overlapping, pooling, sliding
from tests.fuzz.operations import (
    application,
    arithmetic,
    choice,
    comparison,
    composed,
    conversion,
    counting,
    cut,
    division,
    flip,
    function,
    integers,
    item,
    joining,
    logic,
    narrow,
    neighbour,
    ordering,
    overlapping_along,
    padding,
    position,
    power,
    product,
    putting,
    reduction,
    reshape,
    row,
    running_sum,
    scattering,
    scattering_along,
    spread,
    statistic,
    taking,
    taking_along,
    transpose,
    unary,
)
from thalweg.core.tensor import Tensor


def algebra(g: Growth) -> Tensor:
    """Return a value after steps that identities shorten."""
    x: Any = g.pick("f")
    y: Any = g.partner(x.shape, "f", literals=False)
    for _ in range(g.integer(2, 5)):
        x = g.choose(_ALGEBRA)(x, y, g.choose((2.0, -1.0, 0.5, 3.0, -0.1, 1.0, 0.0)))
    return x


_ALGEBRA: tuple[Callable[[Any, Any, Any], Any], ...] = (
    *(lambda x, y, a: -x, lambda x, y, a: x * a, lambda x, y, a: a * x, lambda x, y, a: x + a),
    *(lambda x, y, a: a - x, lambda x, y, a: x - a, lambda x, y, a: x / (a or 4.0)),
    *(
        lambda x, y, a: x * y,
        lambda x, y, a: y - x,
        lambda x, y, a: x + (-y),
        lambda x, y, a: x - x,
    ),
    *(lambda x, y, a: a / x, lambda x, y, a: x * x, lambda x, y, a: (-x) * (-y)),
    *(lambda x, y, a: (-x) / (-y), lambda x, y, a: tw.abs(x), lambda x, y, a: tw.square(x)),
    *(lambda x, y, a: tw.maximum(x, x), lambda x, y, a: tw.minimum(x, a)),
    *(lambda x, y, a: tw.where(x > a, x, y), lambda x, y, a: tw.where(~(x < y), x, a)),
    *(lambda x, y, a: tw.where(x > y, tw.where(x > y, x, a), y), lambda x, y, a: x**2),
    *(lambda x, y, a: tw.power(x, 3.0), lambda x, y, a: tw.sqrt(tw.abs(x)), lambda x, y, a: x + y),
)


def rearranged(g: Growth) -> Tensor:
    """Return a value after several rearrangements, some of which undo each other."""
    before = g.pool
    x = g.pick(ranks=(1, 4))
    for _ in range(g.integer(2, 5)):
        g.pool = [x]
        style = g.integer(0, 10)
        if style < 7:
            found = g.choose((reshape, transpose, spread, flip, cut, padding, taking, joining))(g)
        elif style == 7:
            found = _padded_again(g, x)
        else:
            found = unary(g) if x.dtype.kind in "fi" else x
        x = found if found.size <= LARGEST and 0 < found.ndim <= 5 else x
    g.pool = before
    return x


def _padded_again(g: Growth, x: Tensor) -> Tensor:
    """Return part of a value, changed, in the place that it was taken from."""
    if not x.ndim or x.dtype.kind != "f":
        return x
    cuts = [(g.integer(0, n // 2 + 1), g.integer(0, n // 2)) if n > 1 else (0, 0) for n in x.shape]
    bounds = tuple((a, n - b, 1) for (a, b), n in zip(cuts, x.shape, strict=True))
    part = 2.0 * g.primitive("slice_", x, bounds=bounds) + g.choose((0.0, 1.0))
    low, high = zip(*cuts, strict=True)
    return g.primitive("pad_with_zeros", part, low=low, high=high, interior=(0,) * x.ndim)


def control(g: Growth) -> Tensor:
    """Return what a loop or a branch gives."""
    return g.choose(CONTROL)(g)


OPERATIONS: tuple[Callable[[Growth], Tensor], ...] = (
    *(function, arithmetic, arithmetic, arithmetic, unary, division, power, comparison, logic),
    *(choice, conversion, reshape, reshape, transpose, transpose, spread, spread, flip, cut, item),
    *(padding, joining, taking, taking_along, scattering, scattering_along, putting, ordering),
    *(reduction, reduction, reduction, statistic, position, running_sum),
    *(product, product, application, counting, composed, algebra, algebra, rearranged, rearranged),
    *(sliding, overlapping, contraction, contraction, convolution, pooling, drawing),
    *(overlapping_along, narrow, integers, neighbour, control, control),
)

# Elementwise work, reductions and products on few shapes: what is fused.
DENSE: tuple[Callable[[Growth], Tensor], ...] = (
    *(function, function, function, arithmetic, arithmetic, arithmetic, arithmetic, unary, power),
    *(choice, comparison, row, row, row, product, application, reduction, transpose, composed),
    *(algebra, rearranged, contraction, convolution, pooling, control),
)
