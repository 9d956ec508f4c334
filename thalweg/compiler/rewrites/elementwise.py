"""Rules for elementwise primitives that no identity of scalars can say."""

from __future__ import annotations

import numpy as np

from thalweg.compiler.rewrites.algebra import COMMUTATIVE
from thalweg.compiler.rewrites.rewrite import Draft, Rule, following
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Symbol
from thalweg.core.spec import Shape
from thalweg.ops.elementwise.arithmetic import divide, multiply, negative
from thalweg.ops.shape.reshape import reshape


def compute_literals(draft: Draft, equation: Equation) -> Symbol | None:
    """`multiply(2.0, 3.0) -> 6.0`. Exact."""
    values = []
    for symbol in equation.inputs:
        if symbol.value is None:
            return None
        values.append(symbol.value)
    try:
        with np.errstate(all="ignore"):
            value = equation.primitive.meaning(*values, **equation.params)
    except ValueError:
        # Integers to negative powers: the run is to raise this, not the compiler.
        return None
    return draft.literal(value, equation.output.dtype)


def spread_late(draft: Draft, equation: Equation) -> Symbol | None:
    """`add(broadcast_to(x), y) -> add(x, y)`, `tanh(broadcast_to(x)) -> broadcast_to(tanh(x))`.

    Operands broadcast by themselves, and what only repeats is computed once. Exact.
    """
    spread = draft.spread
    for symbol in equation.inputs:
        if symbol in spread:
            break
    else:
        return None
    return draft.add(equation.primitive, tuple(spread.get(s, s) for s in equation.inputs))


def drop_reshape(draft: Draft, equation: Equation) -> Symbol | None:
    """`add(reshape(x), y) -> add(x, y)` where x has the shape but for leading ones. Exact."""
    inputs, shape = equation.inputs, equation.output.shape
    for position, symbol in enumerate(inputs):
        producer = draft.producers.get(symbol)
        if producer is None or producer.primitive is not reshape:
            continue
        bare = producer.inputs[0]
        lead = len(bare.shape) - len(symbol.shape)
        if 0 < lead <= len(shape) - len(symbol.shape) and _is_led(bare.shape, symbol.shape, lead):
            rest = (*inputs[:position], bare, *inputs[position + 1 :])
            if any(len(other.shape) == len(shape) for other in rest if other is not bare):
                return draft.add(equation.primitive, rest)
    return None


def _is_led(shape: Shape, tail: Shape, lead: int) -> bool:
    return shape[lead:] == tail and shape[:lead] == (1,) * lead


def reuse_mirrored(draft: Draft, equation: Equation) -> Symbol | None:
    """`add(y, x) -> add(x, y)` where that is known already. Exact."""
    if equation.primitive in COMMUTATIVE:
        return draft.known(equation.primitive, equation.inputs[::-1])
    return None


# ---- rules of single primitives that ask for sizes


@following(multiply)
def negate_scalar(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`negative(multiply(x, c)) -> multiply(x, negative(c))` for a scalar c. Exact."""
    for x, factor in (inner.inputs, inner.inputs[::-1]):
        if factor.shape == () and x.shape != () and x.value is None:
            return draft.add(multiply, (x, draft.add(negative, (factor,))))
    return None


def invert_once(draft: Draft, equation: Equation) -> Symbol | None:
    """`divide(x, c) -> multiply(x, divide(1, c))` for a scalar c.

    Division costs several products. To rounding, and infinite where 1 / c is: for c below 1e-308
    (float32: 3e-39), to which no scale that is left after dividing by it makes sense.
    """
    divisor = equation.inputs[1]
    if divisor.spec.size != 1 or equation.output.spec.size < 4:
        return None
    inverse = draft.add(divide, (draft.literal(1, divisor.dtype), divisor))
    return draft.add(multiply, (equation.inputs[0], inverse))


COMMON: tuple[Rule, ...] = (compute_literals, spread_late, reuse_mirrored, drop_reshape)

RULES: dict[Primitive, tuple[Rule, ...]] = {negative: (negate_scalar,), divide: (invert_once,)}
