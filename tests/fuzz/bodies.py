"""Random loops and branches: their bodies grow of the same operations as the programs around."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import thalweg as tw
from tests.fuzz import operations
from tests.fuzz.growth import LARGEST, Growth
from tests.fuzz.rare import RARE
from thalweg.core.spec import Shape
from thalweg.core.tensor import Tensor

_MOST_TURNS, _MOST_DEPTH = 6, 2


def _grown(g: Growth, given: Sequence[Tensor], count: int) -> list[Tensor]:
    """Return the values that grow inside of a body, after those it is given."""
    before, depth = g.pool, g.depth
    g.pool = [*(t for t in before if g.chance(0.2)), *given]
    g.depth += 1
    outside = len(g.pool) - len(given)
    for _ in range(count):
        if g.rare and g.chance(0.15):
            g.keep(g.choose(RARE)(g))
        else:
            g.keep(g.choose(_INSIDE if g.depth < _MOST_DEPTH else _INSIDE[:-3])(g))
    found = g.pool[outside:]
    g.pool, g.depth = before, depth
    return found


def _like(g: Growth, value: Any, like: Tensor) -> Tensor:
    """Return a value in the shape and dtype of another, not much larger than before."""
    if value.shape != like.shape:
        try:
            value = tw.broadcast_to(value, like.shape)
        except ValueError:
            whole = tw.any(value) if value.dtype.kind == "b" else tw.sum(value)
            value = tw.broadcast_to(whole, like.shape)
    if value.dtype != like.dtype:
        value = tw.astype(g.integral(value) if like.dtype.kind == "i" else value, like.dtype)
    if like.dtype.kind == "f" and g.chance(0.8):
        value = tw.tanh(value) + like * g.choose((0.5, 1.0, -0.25))
    elif like.dtype.kind == "i":
        value = tw.remainder(value, 7)
    return tw.astype(value, like.dtype)


def _first(g: Growth) -> tuple[Tensor, ...]:
    """Return first carries."""
    found = [g.pick(ranks=(0, 3)) for _ in range(g.choose((1, 1, 2, 3)))]
    return tuple(x if x.size <= LARGEST // 20 else tw.sum(x, axis=0) for x in found)


def _turn(g: Growth, carry: Sequence[Any], more: Sequence[Any]) -> tuple[tuple[Any, ...], Any]:
    values = _grown(g, [*carry, *more], g.integer(1, 5))
    following = [_like(g, g.choose(values), x) for x in carry]
    if g.chance(0.2):
        g.random.shuffle(values)  # type: ignore[arg-type]
        following = [next((v for v in values if _alike(v, x)), x) for x in carry]
    return tuple(following), values[-1]


def _alike(value: Any, like: Any) -> bool:
    return bool((value.shape, value.dtype) == (like.shape, like.dtype))


def _kept(g: Growth, leaves: Any) -> Tensor:
    """Add results to the pool, and return one of them."""
    found = [x for x in tw.tree.leaves(leaves) if x.size <= LARGEST]
    for x in found:
        g.keep(x)
    return g.choose(found) if found else g.fresh(())


def counted(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 4))
    x = x[: g.integer(0, _MOST_TURNS)] if x.shape[0] > _MOST_TURNS else x
    if g.chance(0.15):
        return tw.map(lambda row: _turn(g, (), (row,))[1], x)
    if g.chance(0.1):
        return tw.associative_scan(g.choose((tw.add, tw.maximum, tw.multiply)), x)
    return _kept(g, tw.scan(lambda c, x: _turn(g, c, (x,)), _first(g), x, reverse=g.chance(0.3)))


def numbered(g: Growth) -> Tensor:
    last: Any = g.integer(0, _MOST_TURNS)
    numbers = [t for t in g.pool if t.dtype.kind == "i" and t.size]
    if numbers and g.depth == 0 and not g.differentiated and g.chance(0.5):
        last = tw.remainder(tw.reshape(g.choose(numbers), (-1,))[0], _MOST_TURNS)
    return _kept(g, tw.fori_loop(0, last, lambda i, c: _turn(g, c, (tw.asarray(i),))[0], _first(g)))


def conditional(g: Growth) -> Tensor:
    if g.differentiated:
        return counted(g)
    limit, most = g.choose((0.5, 2.0, 10.0)), g.integer(0, _MOST_TURNS)

    def goes_on(carry: Any) -> Any:
        count, values = carry
        small = tw.any(tw.abs(tw.astype(values[0], float)) < limit)
        return tw.logical_and(count < most, small) if g.chance(0.5) else count < most

    def turn(carry: Any) -> Any:
        count, values = carry
        return count + 1, _turn(g, values, (count,))[0]

    return _kept(g, tw.while_loop(goes_on, turn, (np.int64(0), _first(g)))[1])


def branched(g: Growth) -> Tensor:
    x, by = g.pick(), g.pick(empty=False)
    shape = g.choose((x.shape, ()))
    count = g.integer(1, 4)
    branches = [_branch(g, shape) for _ in range(count)]
    first = tw.reshape(by, (-1,))[0]
    if by.dtype.kind == "i":
        return tw.switch(first - 1, branches, x)
    if count == 1:
        return tw.checkpoint(branches[0])(x)
    return tw.cond(first > 0 if by.dtype.kind == "f" else first, *branches[:2], x)


def _branch(g: Growth, shape: Shape) -> Callable[[Any], Any]:
    def branch(x: Any) -> Any:
        values = _grown(g, [x], g.integer(0, 4))
        return _like(g, g.choose(values), tw.broadcast_to(tw.sum(x), shape) * 1.0)

    return branch


def ruled(g: Growth) -> Tensor:
    """Return the result of a function that brings its own derivative."""
    x = g.pick("f")
    if g.chance(0.5):
        sine = tw.custom_vjp(tw.sin)
        sine.defvjp(lambda x: (tw.sin(x), x), lambda x, g: (0.5 * g * tw.cos(x),))
        return sine(x)
    cosine = tw.custom_jvp(tw.cos)
    cosine.defjvp(lambda x, t: (tw.cos(x[0]), -2.0 * t[0] * tw.sin(x[0])))
    return cosine(x)


_INSIDE: tuple[Callable[[Growth], Tensor], ...] = (
    *(operations.function, operations.arithmetic, operations.arithmetic, operations.unary),
    *(operations.arithmetic, operations.choice, operations.comparison, operations.logic),
    *(operations.reshape, operations.transpose, operations.spread, operations.flip),
    *(operations.cut, operations.item, operations.padding, operations.joining, operations.taking),
    *(operations.taking_along, operations.scattering, operations.reduction, operations.reduction),
    *(operations.statistic, operations.position, operations.running_sum, operations.product),
    *(operations.product, operations.application, operations.counting, operations.composed),
    *(operations.division, operations.conversion, operations.row, operations.row, ruled),
    *(counted, branched, conditional),
)

CONTROL: tuple[Callable[[Growth], Tensor], ...] = (
    *(counted, counted, counted, numbered, conditional, branched, branched, ruled),
)
