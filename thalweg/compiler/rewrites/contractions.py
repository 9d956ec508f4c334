"""Rules for reductions and matrix products."""

from __future__ import annotations

import math

from thalweg.compiler.rewrites.rewrite import Draft, Rule, following
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Symbol
from thalweg.ops.elementwise.arithmetic import multiply, negative
from thalweg.ops.linalg.products import matrix_product
from thalweg.ops.reduce.extremes import reduce_max, reduce_min
from thalweg.ops.reduce.sums import cumulative_product, cumulative_sum, reduce_prod
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.reshape import reshape

# The number up to which a dtype has every whole number: repetitions are counted in it.
_LARGEST = {"float64": 2**53, "float32": 2**24, "int64": 2**63 - 1, "int32": 2**31 - 1}


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
    """`cumulative_sum(x) -> x`, and products, along an axis of extent 1. Exact."""
    x = equation.inputs[0]
    return x if x.shape[equation.params["axis"]] == 1 else None


@following(broadcast_to)
def reduce_before_spread(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`reduce_max(broadcast_to(x)) -> broadcast_to(reduce_max(x))`, and so for sums.

    A sum over n repetitions becomes `multiply(reduce_sum(x), n)`. Extremes are exact, sums to
    rounding.
    """
    x, shape, axes = inner.inputs[0], inner.output.shape, equation.params["axis"]
    added = len(shape) - len(x.shape)
    repeated = {a for a in axes if a < added or x.shape[a - added] != shape[a]}
    count = math.prod(shape[a] for a in repeated)
    if equation.primitive is reduce_sum and not 0 < count <= _LARGEST.get(x.dtype.name, 0):
        return None
    # First what is not repeated, then what of x is left but for the repeated axes.
    rest = tuple(a - added for a in axes if a not in repeated)
    found = draft.add(equation.primitive, (x,), {"axis": rest}) if rest else x
    kept = tuple(n for a, n in enumerate(x.shape) if a + added not in axes)
    found = draft.add(reshape, (found,), {"shape": kept})
    if equation.primitive is not reduce_sum or count == 1:
        return found
    return draft.add(multiply, (found, draft.literal(count, x.dtype)))


@following(negative, used_once=True)
def negate_sum(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`reduce_sum(negative(x)) -> negative(reduce_sum(x))`. Exact, but for the sign of zero."""
    return draft.add(negative, (draft.add(reduce_sum, inner.inputs, equation.params),))


def outer_product(draft: Draft, equation: Equation) -> Symbol | None:
    """`matrix_product(x, y) -> multiply(x, y)` for one inner element. Exact, but for -0."""
    x, y = equation.inputs
    return draft.add(multiply, (x, y)) if x.shape[-1] == 1 else None


RULES: dict[Primitive, tuple[Rule, ...]] = {
    reduce_sum: (reduce_empty, reduce_nothing, reduce_before_spread, negate_sum),
    reduce_prod: (reduce_empty, reduce_nothing),
    reduce_max: (reduce_empty, reduce_nothing, reduce_before_spread),
    reduce_min: (reduce_empty, reduce_nothing, reduce_before_spread),
    cumulative_sum: (accumulate_nothing,),
    cumulative_product: (accumulate_nothing,),
    matrix_product: (reduce_empty, outer_product),
}
