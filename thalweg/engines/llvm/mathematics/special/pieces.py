"""How the long functions are made: in float64 throughout, and only where a lane wants them."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.logarithm import ARTANH_WIDE, log, log1p
from thalweg.engines.llvm.mathematics.polynomials import polynomial

Function = Callable[..., Value]


def in_double(function: Function) -> Function:
    """Compute in float64, which for float32 leaves one rounding; once for equal operands.

    It is written at the level where the deepest operand is known, so that it may open regions.
    """

    @functools.wraps(function)
    def wide(e: Emitter, *operands: Value) -> Value:
        given = e.unify(*operands)
        values = [_widened(e, v) if v.type == "f32" else v for v in given]
        depth = max(v.depth for v in values)
        key, region = f"{function.__name__} {values!r}", e.regions[depth]
        if (known := region.known.get(key)) is None:
            with e.hoisted(depth):
                known = region.known[key] = function(e, *values)
        return e.convert(known, given[0].type)

    return wide


def _widened(e: Emitter, v: Value) -> Value:
    """A float32 as a float64, where constants stay so: LLVM writes both with the same digits."""
    if v.is_constant and not v.text.startswith("<"):
        return replace(v, text=v.text.replace("float", "double"), type="f64")
    return e.convert(v, "f64")


def only_where(
    e: Emitter, condition: Value, function: Function, operands: Sequence[Value], otherwise: Value
) -> Value:
    """function(e, *operands) where a condition holds, `otherwise` elsewhere.

    If it holds in no lane the function is skipped. It is written as a loop of one turn, for what
    it computes of the operands would otherwise be placed ahead of the branch. Widths are equal.
    """
    depth = max(v.depth for v in (condition, otherwise, *operands))
    name = getattr(function, "__qualname__", "")
    key = f"{name} {condition!r} {operands!r} {otherwise!r}"
    if (known := e.regions[depth].known.get(key)) is not None:
        return known
    varying = [v for v in operands if not v.is_constant]
    with e.hoisted(depth):
        e.begin_if(e.any_lane(condition))
        _, (*inner, _) = e.begin_loop(1, [*varying, otherwise])
        carried = iter(inner)
        found = function(e, *[v if v.is_constant else next(carried) for v in operands])
        *_, found = e.end_loop([*inner, found])
        (result,) = e.end_if([e.select(condition, found, otherwise)], [otherwise])
    e.regions[depth].known[key] = result
    return result


def fraction(e: Emitter, x: Value, above: Sequence[float], below: Sequence[float]) -> Value:
    """A quotient of two polynomials."""
    return e.divide(polynomial(e, x, above), polynomial(e, x, below))


def chosen(
    e: Emitter, condition: Value, x: Value, first: Sequence[float], second: Sequence[float]
) -> Value:
    """The first polynomial where a condition holds, else the second, in one evaluation."""
    result = e.select(condition, first[-1], e.constant(second[-1], x.type, x.width))
    for a, b in zip(first[-2::-1], second[-2::-1], strict=True):
        result = e.fma(result, x, e.select(condition, a, e.constant(b, x.type, x.width)))
    return result


def less_logarithm(e: Emitter, y: Value) -> Value:
    """The difference y - ln(1 + y), without cancellation, for -½ ≤ y ≤ 1."""
    s = e.divide(y, e.add(y, 2.0))
    z = e.multiply(s, s)
    # ln(1 + y) is y less s times what is left here.
    return e.multiply(s, e.subtract(y, e.multiply(z, polynomial(e, z, ARTANH_WIDE[y.type]))))


def excess(e: Emitter, part: Value, ratio: Value) -> Value:
    """The difference r - 1 - ln r, where r - 1 is known with all its digits."""
    near = e.bit_and(e.compare("oge", part, -0.5), e.compare("ole", part, 1.0))
    far = e.subtract(part, log(e, ratio))
    return e.select(near, less_logarithm(e, e.select(near, part, 0.0)), far)


def logarithm(e: Emitter, part: Value, ratio: Value) -> Value:
    """The logarithm ln r, where r - 1 is known with all its digits."""
    near = e.bit_and(e.compare("oge", part, -0.5), e.compare("ole", part, 1.0))
    return e.select(near, log1p(e, e.select(near, part, 0.0)), log(e, ratio))


# sin(πr)/r - π and cos(πr) - 1, over r², as polynomials in r² for |r| ≤ ½: errors 2^-61, 2^-66.
_SINE = (
    -5.167712780049969,
    2.550164039877302,
    -0.5992645293189337,
    0.0821458865724345,
    -0.007370430497584462,
    0.0004662997683854282,
    -2.1903364526655565e-05,
    7.696389727699914e-07,
)

_COSINE = (
    -4.934802200544679,
    4.058712126416768,
    -1.3352627688545584,
    0.23533063035805526,
    -0.025806891377207077,
    0.001929574191064032,
    -0.00010463743066340921,
    4.300751885080615e-06,
    -1.3437548161734626e-07,
)

PI, PI_LOW = 3.141592653589793, 1.2246467991473532e-16


def half_turns(e: Emitter, x: Value) -> tuple[Value, Value]:
    """The integer n nearest to x, as a number, and x - n, which is exact."""
    below = e.floor(x)
    up = e.compare("ogt", e.subtract(x, below), 0.5)
    n = e.select(up, e.add(below, 1.0), below)
    return n, e.subtract(x, n)


def is_odd(e: Emitter, n: Value) -> Value:
    """Whether an integer, as a number, is odd."""
    half = e.multiply(n, 0.5)
    return e.compare("une", e.floor(half), half)


def sine_of_turn(e: Emitter, r: Value) -> Value:
    """sin(πr) for |r| ≤ ½."""
    z = e.multiply(r, r)
    tail = e.fma(z, polynomial(e, z, _SINE), PI_LOW)
    return e.fma(r, tail, e.multiply(r, PI))


def cosine_of_turn(e: Emitter, r: Value) -> Value:
    """cos(πr) for |r| ≤ ½."""
    z = e.multiply(r, r)
    return e.fma(z, polynomial(e, z, _COSINE), e.constant(1.0, r.type))
