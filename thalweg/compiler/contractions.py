"""Rules for reductions and matrix products."""

from __future__ import annotations

import math

from thalweg.compiler.rewrite import Draft, Rule
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Symbol
from thalweg.ops.elementwise import multiply, negative
from thalweg.ops.linalg import matrix_product
from thalweg.ops.reductions import cumulative_sum, reduce_max, reduce_min, reduce_prod
from thalweg.ops.shaping import broadcast_to, reduce_sum, reshape

_LARGEST_EXACT = {"f": {8: 2**53, 4: 2**24}, "i": {8: 2**62, 4: 2**31 - 1}}


def reduce_nothing(draft: Draft, equation: Equation) -> Symbol | None:
    """`reduce_sum(x, axis) -> reshape(x)` over axes of extent 1. Exact."""
    x, output = equation.inputs[0], equation.output
    if any(x.shape[axis] != 1 for axis in equation.params["axis"]):
        return None
    return draft.add(reshape, (x,), {"shape": output.shape})


def reduce_empty(draft: Draft, equation: Equation) -> Symbol | None:
    """`reduce_sum(x) -> broadcast_to(0)` for x without elements, products likewise. Exact."""
    if equation.inputs[0].spec.size:
        return None
    start = 1 if equation.primitive is reduce_prod else 0
    return draft.full(start, equation.output.shape, equation.output.dtype)


def accumulate_nothing(draft: Draft, equation: Equation) -> Symbol | None:
    """`cumulative_sum(x) -> x` along an axis of extent 1. Exact."""
    x = equation.inputs[0]
    return x if x.shape[equation.params["axis"]] == 1 else None


def reduce_uniform(draft: Draft, equation: Equation) -> Symbol | None:
    """`reduce_max(broadcast_to(c)) -> broadcast_to(c)` for a literal c. Exact."""
    literal, output = draft.uniform(equation.inputs[0]), equation.output
    return None if literal is None else draft.conform(literal, output.spec)


def sum_uniform(draft: Draft, equation: Equation) -> Symbol | None:
    """`reduce_sum(broadcast_to(c)) -> broadcast_to(n c)` for a whole number c. Exact."""
    x, output = equation.inputs[0], equation.output
    literal = draft.uniform(x)
    largest = _LARGEST_EXACT.get(x.dtype.kind, {}).get(x.dtype.itemsize)
    if literal is None or literal.value is None or largest is None:
        return None
    value = literal.value.item()
    count = _extent(equation, equation.params["axis"])
    if not math.isfinite(value) or value != int(value) or abs(value) * count > largest:
        return None
    return draft.full(value * count, output.shape, output.dtype)


def _extent(equation: Equation, axes: tuple[int, ...]) -> int:
    return math.prod(equation.inputs[0].shape[axis] for axis in axes)


def sum_before_spread(draft: Draft, equation: Equation) -> Symbol | None:
    """`reduce_sum(broadcast_to(x)) -> multiply(x, n)` over the n repetitions. To rounding."""
    inner = draft.producer(equation.inputs[0], broadcast_to)
    if inner is None:
        return None
    x, shape, axes = inner.inputs[0], inner.output.shape, equation.params["axis"]
    added = len(shape) - len(x.shape)
    repeated = {a for a in axes if a < added or x.shape[a - added] != shape[a]}
    if not repeated:
        return None
    # What is summed over and not repeated, then what of x is left but for the repeated axes.
    summed = tuple(a - added for a in axes if a not in repeated)
    total = draft.add(reduce_sum, (x,), {"axis": summed}) if summed else x
    kept = tuple(n for a, n in enumerate(x.shape) if a + added not in axes)
    total = draft.add(reshape, (total,), {"shape": kept})
    count = draft.literal(_extent(equation, tuple(repeated)), x.dtype)
    return draft.add(multiply, (total, count))


def negate_sum(draft: Draft, equation: Equation) -> Symbol | None:
    """`reduce_sum(negative(x)) -> negative(reduce_sum(x))`. Exact, but for the sign of zero."""
    inner = draft.producer(equation.inputs[0], negative)
    if inner is None or not draft.is_used_once(equation.inputs[0]):
        return None
    return draft.add(negative, (draft.add(reduce_sum, inner.inputs, equation.params),))


def outer_product(draft: Draft, equation: Equation) -> Symbol | None:
    """`matrix_product(x, y) -> multiply(x, y)` for one inner element. Exact, but for -0."""
    x, y = equation.inputs
    return draft.add(multiply, (x, y)) if x.shape[-1] == 1 else None


RULES: dict[Primitive, tuple[Rule, ...]] = {
    reduce_sum: (reduce_empty, reduce_nothing, sum_uniform, sum_before_spread, negate_sum),
    reduce_prod: (reduce_empty, reduce_nothing),
    reduce_max: (reduce_empty, reduce_nothing, reduce_uniform),
    reduce_min: (reduce_empty, reduce_nothing, reduce_uniform),
    cumulative_sum: (accumulate_nothing,),
    matrix_product: (reduce_empty, outer_product),
}
