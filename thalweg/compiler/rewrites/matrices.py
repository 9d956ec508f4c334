"""Rules that carry the transposes of matrices towards results, where they meet and vanish.

A gradient of x Wᵀ is the transpose of a product; the optimizer's arithmetic on it does not care in
which order it goes through the elements.
"""

from __future__ import annotations

from thalweg.compiler.rewrites.rewrite import Draft, Rule
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Symbol
from thalweg.ops.reduce.extremes import reduce_max, reduce_min
from thalweg.ops.reduce.sums import reduce_prod
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.transpose import transpose

_SWAPPED = (1, 0)


def _behind(draft: Draft, symbol: Symbol) -> Symbol | None:
    """Return the matrix that a symbol is the transpose of, if it is one."""
    maker = draft.producer(symbol, transpose)
    return maker.inputs[0] if maker is not None and maker.params["axes"] == _SWAPPED else None


def _turned(draft: Draft, symbol: Symbol, shape: tuple[int, ...]) -> Symbol | None:
    """Return an operand for transposed others: a scalar, or the matrix behind it."""
    if symbol.shape == ():
        return symbol
    spread = draft.producer(symbol, broadcast_to)
    if spread is not None and spread.inputs[0].shape == () and symbol.shape == shape:
        return draft.add(broadcast_to, spread.inputs, {"shape": (shape[1], shape[0])})
    return _behind(draft, symbol) if symbol.shape == shape else None


def transpose_result(draft: Draft, equation: Equation) -> Symbol | None:
    """`f(transpose(x), transpose(y)) -> transpose(f(x, y))` for an elementwise f. Exact."""
    shape = equation.output.shape
    if len(shape) != 2 or not any(_behind(draft, symbol) for symbol in equation.inputs):
        return None
    operands = [_turned(draft, symbol, shape) for symbol in equation.inputs]
    found = tuple(operand for operand in operands if operand is not None)
    if len(found) < len(operands):
        return None
    return draft.add(transpose, (draft.add(equation.primitive, found),), {"axes": _SWAPPED})


def reduce_behind(draft: Draft, equation: Equation) -> Symbol | None:
    """`reduce_sum(transpose(x)) -> reduce_sum(x)`; sums to rounding, extremes exact."""
    inner = _behind(draft, equation.inputs[0])
    if inner is None:
        return None
    axes = tuple(sorted(1 - axis for axis in equation.params["axis"]))
    return draft.add(equation.primitive, (inner,), {"axis": axes})


COMMON: tuple[Rule, ...] = (transpose_result,)

RULES: dict[Primitive, tuple[Rule, ...]] = dict.fromkeys(
    (reduce_sum, reduce_max, reduce_min, reduce_prod), (reduce_behind,)
)
