"""Numbers of which each takes as many words as chance wants, by machine code, one after another.

They are those of `thalweg.random.counts` and `thalweg.random.gamma`, to the last bit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.engines.llvm.eager.draws import Draw
from thalweg.engines.llvm.eager.singles import Text, normal, singles_text, uniform
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Operand, Value, literal
from thalweg.random.counts import CORRECTIONS, EDGE, HALF_LOG_TURN, LEAST_MEAN, SQUARE
from thalweg.random.gamma import LEAST, SQUEEZE, THIRD

# Loops that chance ends.
_ENDLESS = 1 << 62

_TYPES = {"f": "f32", "d": "f64"}


class _DrawLoop:
    """A loop over arrays of parameters, each number drawn in as many steps as it takes.

    Args:
        kind: "f" or "d": the dtype of parameters and results.
        parameters: How many arrays there are.

    Attributes:
        e: What writes it.
        type: Of what type parameters and results are.
        parameters: Those of the number that is drawn.
    """

    def __init__(self, kind: str, parameters: int) -> None:
        self._kind, self.type = kind, _TYPES[kind]
        self._draw = Draw(parameters * kind, self.type)
        self.e: Emitter = self._draw.e
        self._kept = self.e.offset(self._draw.row, 8)
        self._at, _ = self.e.begin_loop(self._draw.count)
        places = [self._draw.loop.operand(1 + i) for i in range(parameters)]
        self.parameters = [self.e.load(self._place(array), self.type) for array in places]

    def _place(self, array: Value) -> Value:
        return self.e.element(array, self._at, self.type)

    def uniform(self) -> Value:
        """Draw a number uniform on [0, 1)."""
        return uniform(self.e, self._draw.state)

    def normal(self) -> Value:
        """Draw a standard normal number."""
        return normal(self.e, self._draw.state, self._kept)

    def here(self, *values: Value) -> list[Value]:
        """Return values of which nothing is computed before this place, as that may be skipped."""
        e = self.e
        return [e.instruction(f"freeze {v!r}", v.type, v.width, cse=False) for v in values]

    def made(self, value: Value) -> Callable[..., Any]:
        """Return the universal function that draws this."""
        self.e.store(value, self._place(self._draw.out))
        self.e.end_loop()
        functions = [*singles_text(self.e.target), _correction_text(self.e.target)]
        return self._draw.made(self._kind, functions=functions)


def _all(e: Emitter, *conditions: Value) -> Value:
    return functools.reduce(e.bit_and, conditions)


def _sum(e: Emitter, *terms: Operand) -> Value:
    """Add up from the first term on."""
    total: Any = functools.reduce(e.add, terms)
    return total  # type: ignore[no-any-return]


# ---- Stirling's formula


def _correction_text(target: Target) -> Text:
    e = Emitter(target)
    k = e.parameter("k", "f64")
    row = ", ".join(f"double {literal(x, 'f64')}" for x in CORRECTIONS)
    table = f"@corrections = private constant [{len(CORRECTIONS)} x double] [{row}], align 8"
    more = e.add(k, 1.0)
    square = e.multiply(more, more)
    inner = e.subtract(1 / 360, e.divide(e.constant(1 / 1260, "f64"), square))
    value = e.divide(e.subtract(1 / 12, e.divide(inner, square)), more)
    e.begin_if(e.compare("olt", k, len(CORRECTIONS)))
    place = e.element(Value("@corrections", "ptr", 1, 0), e.convert(k, "i64"), "f64")
    (found,) = e.end_if([e.load(place, "f64", cse=False)], [value])
    return f"{table}\n{e.function('correction', [k], found)}", e.declarations


def _correction(e: Emitter, k: Value) -> Value:
    """Return what Stirling's formula of ln k! lacks."""
    return e.instruction(f"call double @correction({k!r})", "f64", 1, (k,))


def _log_factorial(e: Emitter, k: Value) -> Value:
    more = e.add(k, 1.0)
    power = e.multiply(e.add(k, 0.5), e.call("log", more))
    formula = e.subtract(e.add(HALF_LOG_TURN, power), more)
    return e.add(formula, _correction(e, k))


# ---- counts


def _under_hat(
    loop: _DrawLoop, a: Value, b: Value, center: Callable[[Value], Value]
) -> tuple[Value, Value, Value]:
    """Draw ½ - |U|, V and the count that belongs to U, which `center` moves where it belongs."""
    e = loop.e
    u, v = e.subtract(loop.uniform(), 0.5), loop.uniform()
    inside = e.subtract(0.5, e.absolute(u))
    slope = e.add(e.divide(e.multiply(2.0, a), inside), b)
    return inside, v, e.floor(center(e.multiply(slope, u)))


def _hat(e: Emitter, a: Value, b: Value, inside: Value) -> Value:
    return e.add(e.divide(a, e.multiply(inside, inside)), b)


def _poisson(kind: str) -> Callable[..., Any]:
    loop = _DrawLoop(kind, 1)
    e = loop.e
    mean = e.convert(loop.parameters[0], "f64")
    zero = e.constant(0.0, "f64")
    e.begin_if(e.compare("oge", mean, LEAST_MEAN))
    (large,) = e.end_if([_poisson_by_rejection(loop, mean)], [zero])
    e.begin_if(_all(e, e.compare("olt", mean, LEAST_MEAN), e.compare("ogt", mean, 0.0)))
    (k,) = e.end_if([_poisson_by_product(loop, mean)], [large])
    return loop.made(e.convert(k, loop.type))


def _poisson_by_product(loop: _DrawLoop, mean: Value) -> Value:
    e = loop.e
    (mean,) = loop.here(mean)
    least = e.call("exp", e.negate(mean))
    _, (product, k) = e.begin_loop(_ENDLESS, [e.constant(1.0, "f64"), e.constant(-1.0, "f64")])
    product = e.multiply(product, loop.uniform())
    return e.end_loop([product, e.add(k, 1.0)], e.compare("ogt", product, least))[1]


def _poisson_by_rejection(loop: _DrawLoop, mean: Value) -> Value:
    e = loop.e
    (mean,) = loop.here(mean)
    b = e.add(0.931, e.multiply(2.53, e.sqrt(mean)))
    a = e.add(-0.059, e.multiply(0.02483, b))
    surely = e.subtract(0.9277, e.divide(e.constant(3.6224, "f64"), e.subtract(b, 2.0)))
    _, (_,) = e.begin_loop(_ENDLESS, [e.constant(0.0, "f64")])
    inside, v, k = _under_hat(loop, a, b, lambda x: _sum(e, x, mean, 0.43))
    is_sure = e.bit_and(e.compare("oge", inside, SQUARE), e.compare("ole", v, surely))
    above = e.bit_and(e.compare("olt", inside, EDGE), e.compare("ogt", v, inside))
    outside = e.bit_or(e.compare("olt", k, 0.0), above)
    e.begin_if(e.invert(e.bit_or(is_sure, outside)))
    below = _is_below_poisson(loop, *loop.here(mean, a, b, inside, v, k))
    (accepted,) = e.end_if([below], [is_sure])
    return e.end_loop([k], e.invert(accepted))[0]


def _is_below_poisson(
    loop: _DrawLoop, mean: Value, a: Value, b: Value, inside: Value, v: Value, k: Value
) -> Value:
    e = loop.e
    inverse = e.add(1.1239, e.divide(e.constant(1.1328, "f64"), e.subtract(b, 3.4)))
    drawn = e.add(e.call("log", v), e.call("log", inverse))
    hat = e.subtract(drawn, e.call("log", _hat(e, a, b, inside)))
    law = e.add(e.negate(mean), e.multiply(k, e.call("log", mean)))
    return e.compare("ole", hat, e.subtract(law, _log_factorial(e, k)))


def _binomial(kind: str) -> Callable[..., Any]:
    loop = _DrawLoop(kind, 2)
    e = loop.e
    count, p = loop.parameters
    is_drawn = _all(
        e, e.compare("ogt", count, 0.0), e.compare("ogt", p, 0.0), e.compare("olt", p, 1.0)
    )
    is_rare = e.compare("ole", p, 0.5)
    rare = e.select(is_rare, p, e.subtract(1.0, p))
    mean = e.multiply(count, rare)
    many = e.compare("oge", mean, LEAST_MEAN)
    certain = e.bit_and(e.compare("oge", p, 1.0), e.compare("ogt", count, 0.0))
    e.begin_if(e.bit_and(is_drawn, many))
    large = _binomial_by_rejection(loop, *loop.here(count, rare, mean))
    (k,) = e.end_if([large], [e.constant(0.0, loop.type)])
    e.begin_if(e.bit_and(is_drawn, e.invert(many)))
    (k,) = e.end_if([_binomial_by_gaps(loop, *loop.here(count, rare))], [k])
    k = e.select(is_rare, k, e.subtract(count, k))
    return loop.made(e.select(is_drawn, k, e.select(certain, count, 0.0)))


def _binomial_by_gaps(loop: _DrawLoop, count: Value, p: Value) -> Value:
    e = loop.e
    fails = e.call("log1p", e.negate(e.convert(p, "f64")))
    fails, limit = e.convert(e.convert(fails, loop.type), "f64"), e.convert(count, "f64")
    _, (last, k) = e.begin_loop(_ENDLESS, [e.constant(0.0, "f64"), e.constant(-1.0, loop.type)])
    gap = e.ceil(e.divide(e.call("log", loop.uniform()), fails))
    last = e.add(last, gap)
    return e.end_loop([last, e.add(k, 1.0)], e.compare("ole", last, limit))[1]


def _binomial_by_rejection(loop: _DrawLoop, count: Value, p: Value, mean: Value) -> Value:
    e = loop.e
    deviation = e.convert(e.sqrt(e.multiply(mean, e.subtract(1.0, p))), "f64")
    b = e.add(1.15, e.multiply(2.53, deviation))
    a = e.add(-0.0873, e.multiply(0.0248, b))
    a = e.add(a, e.multiply(0.01, e.convert(p, "f64")))
    center = e.add(e.convert(mean, "f64"), 0.5)
    surely = e.subtract(0.92, e.divide(e.constant(4.2, "f64"), b))
    _, (_,) = e.begin_loop(_ENDLESS, [e.constant(0.0, loop.type)])
    inside, v, wide = _under_hat(loop, a, b, lambda x: e.add(x, center))
    k = e.convert(wide, loop.type)
    is_sure = e.bit_and(e.compare("oge", inside, SQUARE), e.compare("ole", v, surely))
    possible = e.bit_and(e.compare("oge", k, 0.0), e.compare("ole", k, count))
    e.begin_if(e.bit_and(e.invert(is_sure), possible))
    count, p, k_here, a, b, deviation, inside, v = loop.here(
        count, p, k, a, b, deviation, inside, v
    )
    alpha = e.multiply(e.add(2.83, e.divide(e.constant(5.1, "f64"), b)), deviation)
    hat = e.call("log", e.divide(e.multiply(v, alpha), _hat(e, a, b, inside)))
    below = e.compare("ole", hat, _against_mode(e, count, p, k_here))
    (accepted,) = e.end_if([below], [is_sure])
    return e.end_loop([k], e.invert(accepted))[0]


def _against_mode(e: Emitter, count: Value, p: Value, k: Value) -> Value:
    """Return the logarithm of how probable a count is beside the most probable one."""
    wide = functools.partial(e.convert, type="f64")
    odds = wide(e.divide(p, e.subtract(1.0, p)))
    mode = wide(e.floor(e.multiply(e.add(count, 1.0), p)))
    others, rest = e.subtract(wide(count), mode), e.subtract(count, k)
    others_more, rest_more = e.add(others, 1.0), wide(e.add(rest, 1.0))
    at_mode = e.call("log", e.divide(e.add(mode, 1.0), e.multiply(odds, others_more)))
    apart = e.call("log", e.divide(others_more, rest_more))
    at_k = e.call("log", e.divide(e.multiply(odds, rest_more), wide(e.add(k, 1.0))))
    total = _sum(
        e,
        e.multiply(e.add(mode, 0.5), at_mode),
        e.multiply(wide(e.add(count, 1.0)), apart),
        e.multiply(wide(e.add(k, 0.5)), at_k),
        _correction(e, mode),
        _correction(e, others),
    )
    return e.subtract(e.subtract(total, _correction(e, wide(k))), _correction(e, wide(rest)))


# ---- gamma variates


def _gamma(kind: str) -> Callable[..., Any]:
    loop = _DrawLoop(kind, 1)
    e = loop.e
    (shape,) = loop.parameters
    e.begin_if(e.compare("une", shape, 0.0))
    is_small, inverse = e.compare("olt", shape, 1.0), e.divide(e.constant(1.0, loop.type), shape)
    e.begin_if(is_small)
    power = e.call("pow", e.subtract(1.0, loop.uniform()), e.convert(inverse, "f64"))
    power = e.select(e.compare("ogt", shape, 0.0), power, float("nan"))
    (scale,) = e.end_if([power], [e.constant(1.0, "f64")])
    large = e.select(is_small, e.add(shape, 1.0), shape)
    variate = _of_large_shape(loop, *loop.here(large, scale))
    (found,) = e.end_if([variate], [e.constant(0.0, "f64")])
    found, least = e.convert(found, loop.type), LEAST[np.dtype(kind).type]
    return loop.made(e.select(e.compare("ogt", found, least), found, least))


def _of_large_shape(loop: _DrawLoop, shape: Value, scale: Value) -> Value:
    e = loop.e
    d = e.convert(e.subtract(shape, float(THIRD)), "f64")
    c = e.divide(e.constant(1.0, "f64"), e.sqrt(e.multiply(9.0, d)))
    scale = e.multiply(scale, d)
    none = e.constant(0.0, "f64")
    _, (_,) = e.begin_loop(_ENDLESS, [none])
    e.begin_loop(_ENDLESS, [none, none])
    x = loop.normal()
    y = e.add(1.0, e.multiply(c, x))
    x, y = e.end_loop([x, y], e.compare("ole", y, 0.0))
    v = e.multiply(e.multiply(y, y), y)
    u, square = e.subtract(1.0, loop.uniform()), e.multiply(x, x)
    bound = e.subtract(1.0, e.multiply(e.multiply(SQUEEZE, square), square))
    is_sure = e.compare("olt", u, bound)
    e.begin_if(e.invert(is_sure))
    u, v_here, square, d = loop.here(u, v, square, d)
    rest = e.multiply(d, e.add(e.subtract(1.0, v_here), e.call("log", v_here)))
    below = e.compare("olt", e.call("log", u), e.add(e.multiply(0.5, square), rest))
    (accepted,) = e.end_if([below], [is_sure])
    return e.end_loop([e.multiply(scale, v)], e.invert(accepted))[0]


_KINDS: dict[str, Callable[[str], Callable[..., Any]]] = {
    "poisson": _poisson,
    "binomial": _binomial,
    "gamma": _gamma,
}


@functools.cache
def one_by_one(name: str) -> Callable[..., Any]:
    """Return the universal function that fills an array with a law's numbers.

    It takes where the state's address is, followed by whether a normal number is kept and by that,
    which it changes; the parameters' arrays; and the array: contiguous and of one axis.

    Args:
        name: "poisson", "binomial" or "gamma", with the dtype's letter after a space.
    """
    law, kind = name.split()
    return _KINDS[law](kind)
