"""Elementwise identities, by the primitive they simplify.

Operands are bare here: what is filled with one number stands as that number itself. Identities of
the first table keep every bit of the answer. Those of the second change its rounding, or what is
said after each; none of them hides a NaN or makes one of finite numbers.
"""

from __future__ import annotations

import math

from thalweg.compiler.rewrites.patterns import Identity
from thalweg.core.primitive import Primitive
from thalweg.ops.elementwise.arithmetic import (
    absolute,
    add,
    divide,
    floor_divide,
    multiply,
    negative,
    power,
    sqrt,
    square,
    subtract,
)
from thalweg.ops.elementwise.comparison import (
    equal,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    not_equal,
    where,
)

Identities = dict[Primitive, tuple[Identity, ...]]

ANY = "biufc"


def _has_exact_inverse(a: float) -> bool:
    return a != 0 and math.isfinite(a) and abs(math.frexp(a)[0]) == 0.5 and 1e-30 < abs(a) < 1e30


def _is_moderate(value: float) -> bool:
    """Tell whether a number is so far from overflow, in any dtype, that merging it is safe."""
    return 1e-30 < abs(value) < 1e30


def _product(a: float, b: float) -> bool:
    return _is_moderate(a) and _is_moderate(b) and _is_moderate(a * b)


def _quotient(a: float, b: float) -> bool:
    return _is_moderate(a) and _is_moderate(b) and _is_moderate(a / b)


EXACT: Identities = {
    add: (
        Identity(lambda x, y: x + (-y), lambda x, y: x - y),
        Identity(lambda x, y: (-y) + x, lambda x, y: x - y),
    ),
    subtract: (
        Identity(lambda x: x - 0.0, lambda x: x),
        Identity(lambda x, y: x - (-y), lambda x, y: x + y),
    ),
    multiply: (
        Identity(lambda x: x * 1.0, lambda x: x),
        Identity(lambda x: x * -1.0, lambda x: -x),
        Identity(lambda x, y: (-x) * (-y), lambda x, y: x * y),
        Identity(lambda x, a: (-x) * a, lambda x, a: x * (-a)),
        Identity(lambda x: x * x, lambda x: square(x)),
    ),
    divide: (
        Identity(lambda x: x / 1.0, lambda x: x),
        Identity(lambda x: x / -1.0, lambda x: -x),
        Identity(lambda x, y: (-x) / (-y), lambda x, y: x / y),
        Identity(lambda x, a: (-x) / a, lambda x, a: x / (-a)),
        Identity(lambda x, a: a / (-x), lambda x, a: (-a) / x),
        Identity(lambda x, a: x / a, lambda x, a: x * (1.0 / a), when=_has_exact_inverse),
    ),
    floor_divide: (Identity(lambda x: floor_divide(x, 1), lambda x: x, kinds="iu"),),
    negative: (
        Identity(lambda x: negative(negative(x)), lambda x: x),
        Identity(lambda x, a: -(x * a), lambda x, a: x * (-a)),
        Identity(lambda x, a: -(x / a), lambda x, a: x / (-a)),
    ),
    absolute: (
        Identity(lambda x: absolute(-x), lambda x: absolute(x)),
        Identity(lambda x: absolute(absolute(x)), lambda x: absolute(x)),
    ),
    square: (
        Identity(lambda x: square(-x), lambda x: square(x)),
        Identity(lambda x: square(absolute(x)), lambda x: square(x)),
    ),
    power: (
        Identity(lambda x: power(x, 0.0), lambda x: 1.0),
        Identity(lambda x: power(x, 1.0), lambda x: x),
    ),
    maximum: (Identity(lambda x: maximum(x, x), lambda x: x, kinds=ANY),),
    minimum: (Identity(lambda x: minimum(x, x), lambda x: x, kinds=ANY),),
    where: (
        Identity(lambda x, y: where(True, x, y), lambda x, y: x, kinds=ANY),
        Identity(lambda x, y: where(False, x, y), lambda x, y: y, kinds=ANY),
        Identity(lambda p, x: where(p, x, x), lambda p, x: x, kinds=ANY),
        Identity(
            lambda p, x, y: where(logical_not(p), x, y),
            lambda p, x, y: where(p, y, x),
            kinds=ANY,
        ),
        Identity(
            lambda p, x, y, z: where(p, where(p, x, y), z),
            lambda p, x, y, z: where(p, x, z),
            kinds=ANY,
        ),
        Identity(
            lambda p, x, y, z: where(p, x, where(p, y, z)),
            lambda p, x, y, z: where(p, x, z),
            kinds=ANY,
        ),
    ),
    logical_and: (
        Identity(lambda p: logical_and(p, True), lambda p: p, kinds="b"),
        Identity(lambda p: logical_and(p, False), lambda p: False, kinds="b"),
        Identity(lambda p: logical_and(p, p), lambda p: p, kinds="b"),
    ),
    logical_or: (
        Identity(lambda p: logical_or(p, False), lambda p: p, kinds="b"),
        Identity(lambda p: logical_or(p, True), lambda p: True, kinds="b"),
        Identity(lambda p: logical_or(p, p), lambda p: p, kinds="b"),
    ),
    logical_not: (
        Identity(lambda p: logical_not(logical_not(p)), lambda p: p, kinds="b"),
        Identity(lambda x, y: logical_not(equal(x, y)), lambda x, y: not_equal(x, y), kinds="b"),
        Identity(lambda x, y: logical_not(not_equal(x, y)), lambda x, y: equal(x, y), kinds="b"),
    ),
}

RELAXED: Identities = {
    # The sign of a zero may change.
    add: (Identity(lambda x: x + 0.0, lambda x: x),),
    subtract: (Identity(lambda x: 0.0 - x, lambda x: -x),),
    negative: (Identity(lambda x, y: -(x - y), lambda x, y: y - x),),
    # Literals are merged: one rounding less, and no overflow between the two.
    multiply: (
        Identity(lambda x, a, b: (x * a) * b, lambda x, a, b: x * (a * b), when=_product),
        Identity(lambda x, a, b: (x / a) * b, lambda x, a, b: x * (b / a), when=_quotient),
    ),
    divide: (
        Identity(lambda x, a, b: (x * a) / b, lambda x, a, b: x * (a / b), when=_quotient),
        Identity(lambda x, a, b: (x / a) / b, lambda x, a, b: x / (a * b), when=_product),
    ),
    # Powers as NumPy's operator has them, to rounding; the root of -inf is NaN.
    power: (
        Identity(lambda x: power(x, 2.0), lambda x: square(x)),
        Identity(lambda x: power(x, 3.0), lambda x: square(x) * x),
        Identity(lambda x: power(x, 0.5), lambda x: sqrt(x), kinds="f"),
        Identity(lambda x: power(x, -1.0), lambda x: 1.0 / x, kinds="f"),
    ),
}

IDENTITIES: Identities = {
    primitive: EXACT.get(primitive, ()) + RELAXED.get(primitive, ())
    for primitive in (*EXACT, *RELAXED)
}
