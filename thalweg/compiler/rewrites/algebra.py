"""Elementwise identities, by the primitive they simplify, and how they are matched.

An identity is written as two sides, both ordinary thalweg functions: the first may become the
second.

The names of a function's parameters say what they stand for:

    x y z   any operand
    a b     a literal
    p q     a Boolean operand

Numbers in the text of a function stand for literals of that value, and the operands of commutative
primitives match in either order. Both sides are traced once, when their primitive is first met;
nothing is traced while a program is rewritten.

Operands are bare here: what is filled with one number stands as that number itself. Identities of
the first table keep every bit of the answer. Those of the second change its rounding, or what is
said after each; none of them hides a NaN or makes one of finite numbers.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from thalweg.compiler.rewrites.rewrite import Draft
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Symbol, trace
from thalweg.core.spec import BOOL, FLOAT64, DType, Spec
from thalweg.core.tensor import as_tensor, make
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
from thalweg.ops.elementwise.exponential import logaddexp

COMMUTATIVE = frozenset(
    (add, multiply, maximum, minimum, logaddexp, equal, not_equal, logical_and, logical_or)
)


@dataclass(frozen=True, eq=False)
class RewriteRule:
    """One elementwise rule.

    Attributes:
        before: The function to look for.
        after: The function of the same parameters to put in its place.
        when: A condition on the values of the literals `a` and `b`, or None.
        kinds: The kinds of dtype the last operand may have: b(oolean), i(nteger), u(nsigned),
            f(loating), c(omplex).
    """

    before: Callable[..., Any]
    after: Callable[..., Any]
    when: Callable[..., bool] | None = None
    kinds: str = "fiu"


@dataclass(frozen=True)
class Variable:
    """Matches any symbol, a literal only if so asked; the same symbol at each occurrence."""

    name: str


@dataclass(frozen=True)
class Number:
    """Matches a literal of one value."""

    value: Any


@dataclass(frozen=True)
class Application:
    """Matches the result of a primitive."""

    primitive: Primitive
    operands: tuple[Pattern, ...]


Pattern = Variable | Number | Application

Bindings = dict[str, Symbol]

LITERAL = "literal"

ANYWHERE = (-1, None)


@dataclass(frozen=True, eq=False)
class Row:
    """An identity with both sides traced, for one order of the operands."""

    before: Application
    after: Pattern
    identity: RewriteRule
    conditioned: tuple[str, ...]


class RuleTable:
    """The identities of one primitive, filed by the first operand that tells them apart.

    That is by its position and what it is: a number, any literal, or the result of a primitive.
    """

    def __init__(self, identities: Iterable[RewriteRule]) -> None:
        self._filed: dict[tuple[int, Any], list[Row]] = {}
        for identity in identities:
            after, when = pattern(identity.after), identity.when
            names = tuple(inspect.signature(when).parameters) if when else ()
            for before in _orders(pattern(identity.before)):
                if isinstance(before, Application):
                    row = Row(before, after, identity, names)
                    self._filed.setdefault(_place(before), []).append(row)

    def __call__(self, draft: Draft, equation: Equation) -> Symbol | None:
        """Apply the first identity that matches: the table is a rule itself."""
        filed = self._filed
        for position, symbol in enumerate(equation.inputs):
            for head in _heads(draft, symbol):
                for row in filed.get((position, head), ()):
                    found = _replaced(draft, equation, row)
                    if found is not None:
                        return found
        for row in filed.get(ANYWHERE, ()):
            found = _replaced(draft, equation, row)
            if found is not None:
                return found
        return None


def _heads(draft: Draft, symbol: Symbol) -> tuple[Any, ...]:
    if symbol.value is not None:
        return symbol.value.item(), LITERAL
    producer = draft.producers.get(symbol)
    return () if producer is None else (producer.primitive,)


def _place(before: Application) -> tuple[int, Any]:
    for position, operand in enumerate(before.operands):
        if isinstance(operand, Application):
            return position, operand.primitive
        if isinstance(operand, Number):
            return position, operand.value
        if operand.name in "ab":
            return position, LITERAL
    return ANYWHERE


def _replaced(draft: Draft, equation: Equation, row: Row) -> Symbol | None:
    dtype = equation.inputs[-1].dtype
    if dtype.kind not in row.identity.kinds:
        return None
    bindings: Bindings = {}
    for operand, symbol in zip(row.before.operands, equation.inputs, strict=True):
        if not _matches(operand, symbol, draft, bindings):
            return None
    when = row.identity.when
    if when is not None and not when(*(_number(bindings[name]) for name in row.conditioned)):
        return None
    return _build(row.after, draft, bindings, dtype)


def _number(literal: Symbol) -> Any:
    return None if literal.value is None else literal.value.item()


def _matches(wanted: Pattern, symbol: Symbol, draft: Draft, bindings: Bindings) -> bool:
    if isinstance(wanted, Variable):
        if wanted.name in "ab" and symbol.value is None:
            return False
        return bindings.setdefault(wanted.name, symbol) is symbol
    if isinstance(wanted, Number):
        return symbol.value is not None and bool(symbol.value == wanted.value)
    producer = draft.producers.get(symbol)
    if producer is None or producer.primitive is not wanted.primitive:
        return False
    pairs = zip(wanted.operands, producer.inputs, strict=True)
    return all(_matches(operand, inner, draft, bindings) for operand, inner in pairs)


def _build(wanted: Pattern, draft: Draft, bindings: Bindings, dtype: DType) -> Symbol:
    if isinstance(wanted, Variable):
        return bindings[wanted.name]
    if isinstance(wanted, Number):
        return draft.literal(wanted.value, dtype)
    operands = tuple(_build(operand, draft, bindings, dtype) for operand in wanted.operands)
    return draft.add(wanted.primitive, operands)


def pattern(function: Callable[..., Any]) -> Pattern:
    """Trace a function of scalars and return what it computes as a pattern."""
    names = list(inspect.signature(function).parameters)
    specs = [Spec((), BOOL if name in "pq" else FLOAT64) for name in names]
    result, current, symbols = trace(lambda *args: as_tensor(function(*args)), specs, make)
    found: dict[Symbol, Pattern] = dict(zip(symbols, map(Variable, names), strict=True))

    def read(symbol: Symbol) -> Pattern:
        return found[symbol] if symbol.value is None else Number(symbol.value.item())

    for equation in current.equations:
        operands = tuple(read(symbol) for symbol in equation.inputs)
        found[equation.output] = Application(equation.primitive, operands)
    return read(current.lift(result))


def _orders(wanted: Pattern) -> list[Pattern]:
    """Return a pattern with the operands of commutative primitives in every order."""
    if not isinstance(wanted, Application):
        return [wanted]
    found = []
    for operands in itertools.product(*map(_orders, wanted.operands)):
        found.append(operands)
        if wanted.primitive in COMMUTATIVE:
            found.append(operands[::-1])
    return [Application(wanted.primitive, operands) for operands in dict.fromkeys(found)]


Identities = dict[Primitive, tuple[RewriteRule, ...]]

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
        RewriteRule(lambda x, y: x + (-y), lambda x, y: x - y),
        RewriteRule(lambda x, y: (-y) + x, lambda x, y: x - y),
    ),
    subtract: (
        RewriteRule(lambda x: x - 0.0, lambda x: x),
        RewriteRule(lambda x, y: x - (-y), lambda x, y: x + y),
    ),
    multiply: (
        RewriteRule(lambda x: x * 1.0, lambda x: x),
        RewriteRule(lambda x: x * -1.0, lambda x: -x),
        RewriteRule(lambda x, y: (-x) * (-y), lambda x, y: x * y),
        RewriteRule(lambda x, a: (-x) * a, lambda x, a: x * (-a)),
        RewriteRule(lambda x: x * x, lambda x: square(x)),
    ),
    divide: (
        RewriteRule(lambda x: x / 1.0, lambda x: x),
        RewriteRule(lambda x: x / -1.0, lambda x: -x),
        RewriteRule(lambda x, y: (-x) / (-y), lambda x, y: x / y),
        RewriteRule(lambda x, a: (-x) / a, lambda x, a: x / (-a)),
        RewriteRule(lambda x, a: a / (-x), lambda x, a: (-a) / x),
        RewriteRule(lambda x, a: x / a, lambda x, a: x * (1.0 / a), when=_has_exact_inverse),
    ),
    floor_divide: (RewriteRule(lambda x: floor_divide(x, 1), lambda x: x, kinds="iu"),),
    negative: (
        RewriteRule(lambda x: negative(negative(x)), lambda x: x),
        RewriteRule(lambda x, a: -(x * a), lambda x, a: x * (-a)),
        RewriteRule(lambda x, a: -(x / a), lambda x, a: x / (-a)),
    ),
    absolute: (
        RewriteRule(lambda x: absolute(-x), lambda x: absolute(x)),
        RewriteRule(lambda x: absolute(absolute(x)), lambda x: absolute(x)),
    ),
    square: (
        RewriteRule(lambda x: square(-x), lambda x: square(x)),
        RewriteRule(lambda x: square(absolute(x)), lambda x: square(x)),
    ),
    power: (
        RewriteRule(lambda x: power(x, 0.0), lambda x: 1.0),
        RewriteRule(lambda x: power(x, 1.0), lambda x: x),
    ),
    maximum: (RewriteRule(lambda x: maximum(x, x), lambda x: x, kinds=ANY),),
    minimum: (RewriteRule(lambda x: minimum(x, x), lambda x: x, kinds=ANY),),
    where: (
        RewriteRule(lambda x, y: where(True, x, y), lambda x, y: x, kinds=ANY),
        RewriteRule(lambda x, y: where(False, x, y), lambda x, y: y, kinds=ANY),
        RewriteRule(lambda p, x: where(p, x, x), lambda p, x: x, kinds=ANY),
        RewriteRule(
            lambda p, x, y: where(logical_not(p), x, y), lambda p, x, y: where(p, y, x), kinds=ANY
        ),
        RewriteRule(
            lambda p, x, y, z: where(p, where(p, x, y), z),
            lambda p, x, y, z: where(p, x, z),
            kinds=ANY,
        ),
        RewriteRule(
            lambda p, x, y, z: where(p, x, where(p, y, z)),
            lambda p, x, y, z: where(p, x, z),
            kinds=ANY,
        ),
    ),
    logical_and: (
        RewriteRule(lambda p: logical_and(p, True), lambda p: p, kinds="b"),
        RewriteRule(lambda p: logical_and(p, False), lambda p: False, kinds="b"),
        RewriteRule(lambda p: logical_and(p, p), lambda p: p, kinds="b"),
    ),
    logical_or: (
        RewriteRule(lambda p: logical_or(p, False), lambda p: p, kinds="b"),
        RewriteRule(lambda p: logical_or(p, True), lambda p: True, kinds="b"),
        RewriteRule(lambda p: logical_or(p, p), lambda p: p, kinds="b"),
    ),
    logical_not: (
        RewriteRule(lambda p: logical_not(logical_not(p)), lambda p: p, kinds="b"),
        RewriteRule(lambda x, y: logical_not(equal(x, y)), lambda x, y: not_equal(x, y), kinds="b"),
        RewriteRule(lambda x, y: logical_not(not_equal(x, y)), lambda x, y: equal(x, y), kinds="b"),
    ),
}

RELAXED: Identities = {
    # The sign of a zero may change.
    add: (RewriteRule(lambda x: x + 0.0, lambda x: x),),
    subtract: (RewriteRule(lambda x: 0.0 - x, lambda x: -x),),
    negative: (RewriteRule(lambda x, y: -(x - y), lambda x, y: y - x),),
    # Literals are merged: one rounding less, and no overflow between the two.
    multiply: (
        RewriteRule(lambda x, a, b: (x * a) * b, lambda x, a, b: x * (a * b), when=_product),
        RewriteRule(lambda x, a, b: (x / a) * b, lambda x, a, b: x * (b / a), when=_quotient),
    ),
    divide: (
        RewriteRule(lambda x, a, b: (x * a) / b, lambda x, a, b: x * (a / b), when=_quotient),
        RewriteRule(lambda x, a, b: (x / a) / b, lambda x, a, b: x / (a * b), when=_product),
    ),
    # Powers as NumPy's operator has them, to rounding; the root of -inf is NaN.
    power: (
        RewriteRule(lambda x: power(x, 2.0), lambda x: square(x)),
        RewriteRule(lambda x: power(x, 3.0), lambda x: square(x) * x),
        RewriteRule(lambda x: power(x, 0.5), lambda x: sqrt(x), kinds="f"),
        RewriteRule(lambda x: power(x, -1.0), lambda x: 1.0 / x, kinds="f"),
    ),
}

IDENTITIES: Identities = {
    primitive: EXACT.get(primitive, ()) + RELAXED.get(primitive, ())
    for primitive in (*EXACT, *RELAXED)
}
