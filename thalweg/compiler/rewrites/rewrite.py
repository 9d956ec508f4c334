"""Rewriting: a program is written anew, equation by equation, simpler wherever a rule applies.

A rule looks at one equation whose operands are already simple and either returns a simpler symbol
for its result, built with the draft, or None. Whatever a rule builds passes through the rules
again, so after one forward pass none applies anywhere, but for those that ask how often a value is
used, which only the finished program knows.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Program, Symbol
from thalweg.core.spec import DType, Shape, Spec
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.index.take import take, take_along_axis
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import reshape

Inputs = tuple[Symbol, ...]

Rule = Callable[["Draft", Equation], Symbol | None]

# A rule that is also given the equation of the first operand.
InnerRule = Callable[["Draft", Equation, Equation], Symbol | None]

RulesOf = Callable[[Primitive], tuple[Rule, ...]]

_NO_PARAMS: Mapping[str, Any] = {}


class Draft:
    """A program being written anew. Equal equations are written once.

    Attributes:
        equations: What is written so far, in order of computation.
        producers: The equation that computes a symbol, for all symbols but inputs and literals.
        spread: For a symbol that only repeats another, or puts axes of extent 1 in front of it,
            that other symbol: broadcasting makes them the same to elementwise primitives.
        refused: Whether a rule was held back because a value has several uses.
    """

    def __init__(self, rules_of: RulesOf) -> None:
        self.equations: list[Equation] = []
        self.producers: dict[Symbol, Equation] = {}
        self.spread: dict[Symbol, Symbol] = {}
        self.refused = False
        self.uses: Counter[Symbol] = Counter()
        self.source = ""
        self._rules_of = rules_of
        self._known: dict[Any, Symbol] = {}
        self._literals: dict[Any, Symbol] = {}
        self._checked: set[tuple[Symbol, int]] = set()

    # ---- writing

    def add(
        self, primitive: Primitive, inputs: Inputs, params: Mapping[str, Any] = _NO_PARAMS
    ) -> Symbol:
        """Return a symbol for a primitive applied to symbols of this draft, simplified."""
        key = _key(primitive, inputs, params)
        known = self._known.get(key)
        if known is not None:
            return known
        spec = primitive.spec(*[symbol.spec for symbol in inputs], **params)
        return self._settle(key, Equation(primitive, inputs, params, Symbol(spec), self.source))

    def copy(self, equation: Equation, inputs: Inputs) -> Symbol:
        """Return a symbol for an equation of the old program, given its operands in this draft."""
        key = _key(equation.primitive, inputs, equation.params)
        known = self._known.get(key)
        if known is not None:
            return known
        self.source = equation.source
        if inputs != equation.inputs:
            output = Symbol(equation.output.spec)
            equation = Equation(
                equation.primitive, inputs, equation.params, output, equation.source
            )
        return self._settle(key, equation)

    def _settle(self, key: Any, equation: Equation) -> Symbol:
        output = equation.output
        for rule in self._rules_of(equation.primitive):
            found = rule(self, equation)
            if found is not None:
                output = self.conform(found, output.spec)
                break
        else:
            self._write(equation)
        self._known[key] = output
        return output

    def _write(self, equation: Equation) -> None:
        primitive, inputs, output = equation.primitive, equation.inputs, equation.output
        self.equations.append(equation)
        self.producers[output] = equation
        if primitive is broadcast_to or (
            primitive is reshape and adds_leading_ones(inputs[0].shape, output.shape)
        ):
            self.spread[output] = inputs[0]
        elif primitive in (take, take_along_axis):
            self._checked.add((inputs[1], inputs[0].shape[equation.params["axis"]]))

    def conform(self, symbol: Symbol, spec: Spec) -> Symbol:
        """Return a symbol converted and broadcast to a spec."""
        if symbol.dtype != spec.dtype:
            symbol = self.add(astype, (symbol,), {"dtype": spec.dtype})
        if symbol.shape != spec.shape:
            symbol = self.add(broadcast_to, (symbol,), {"shape": spec.shape})
        return symbol

    def literal(self, value: Any, dtype: DType) -> Symbol:
        """Return the symbol of a number."""
        return self.adopt(np.asarray(value, dtype))

    def adopt(self, value: np.ndarray[Any, Any], symbol: Symbol | None = None) -> Symbol:
        """Return the symbol of a number, a given one if the number is new."""
        key = (value.dtype, value.tobytes())
        found = self._literals.get(key)
        if found is None:
            found = symbol or Symbol(Spec((), value.dtype), value)
            self._literals[key] = found
        return found

    def full(self, value: Any, shape: Shape, dtype: DType) -> Symbol:
        """Return the symbol of an array filled with one number."""
        return self.conform(self.literal(value, dtype), Spec(shape, dtype))

    # ---- looking

    def known(self, primitive: Primitive, inputs: Inputs) -> Symbol | None:
        """Return the symbol for a primitive without parameters, if there already is one."""
        return self._known.get((primitive, inputs, ()))

    def producer(self, symbol: Symbol, *primitives: Primitive) -> Equation | None:
        """Return the equation that computes a symbol, if by one of these primitives."""
        equation = self.producers.get(symbol)
        return equation if equation is not None and equation.primitive in primitives else None

    def uniform(self, symbol: Symbol) -> Symbol | None:
        """Return the literal that fills an array, or None if there is none."""
        found = self.spread.get(symbol, symbol)
        return found if found.value is not None else None

    def is_filled(self, symbol: Symbol, value: float) -> bool:
        """Tell whether an array is filled with a number."""
        literal = self.uniform(symbol)
        return literal is not None and literal.value == value

    def is_used_once(self, symbol: Symbol) -> bool:
        """Tell whether nothing but the equation at hand uses a symbol."""
        if self.uses[symbol] <= 1:
            return True
        self.refused = True
        return False

    def are_checked(self, indices: Symbol, extent: int) -> bool:
        """Tell whether an equation of this draft refuses these indices outside an axis."""
        return (indices, extent) in self._checked


def _key(primitive: Primitive, inputs: Inputs, params: Mapping[str, Any]) -> Any:
    items = tuple(params.items())
    return primitive, inputs, items if len(items) < 2 else tuple(sorted(items))


def following(primitive: Primitive, *, used_once: bool = False) -> Callable[[InnerRule], Rule]:
    """Make a rule of a function for what a primitive has made; it gets that equation too.

    Args:
        primitive: What the first operand must be the result of.
        used_once: Whether nothing else may use it.
    """

    def decorate(function: InnerRule) -> Rule:
        @functools.wraps(function)
        def rule(draft: Draft, equation: Equation) -> Symbol | None:
            operand = equation.inputs[0]
            inner = draft.producers.get(operand)
            if inner is None or inner.primitive is not primitive:
                return None
            if used_once and not draft.is_used_once(operand):
                return None
            return function(draft, equation, inner)

        return rule

    return decorate


def restoring(rank: int) -> tuple[int, ...]:
    """Return the axes of the transpose that puts the last axis first."""
    return (rank - 1, *range(rank - 1))


def adds_leading_ones(before: Shape, after: Shape) -> bool:
    """Tell whether a shape is another with axes of extent 1 in front."""
    added = len(after) - len(before)
    return added >= 0 and after[added:] == before and after[:added] == (1,) * added


def rewrite(program: Program, rules_of: RulesOf) -> tuple[Program, bool]:
    """Write a program anew.

    Args:
        program: The program; it should be free of dead code, which would count as uses.
        rules_of: The rules of a primitive, in the order in which they are tried.

    Returns:
        The new program, with the same inputs and the specs of the old outputs, and whether
        rewriting it once more could simplify it further.
    """
    draft = Draft(rules_of)
    uses = count_uses(program)
    draft.uses.update({symbol: uses[symbol] for symbol in program.inputs})
    renamed = {symbol: symbol for symbol in program.inputs}
    for equation in program.equations:
        inputs = []
        for symbol in equation.inputs:
            if symbol.value is not None and symbol not in renamed:
                renamed[symbol] = draft.adopt(symbol.value, symbol)
            inputs.append(renamed[symbol])
        found = draft.copy(equation, tuple(inputs))
        renamed[equation.output] = found
        draft.uses[found] += uses[equation.output]
    outputs = tuple(renamed.get(symbol, symbol) for symbol in program.outputs)
    return Program(program.inputs, tuple(draft.equations), outputs), draft.refused


def count_uses(program: Program) -> Counter[Symbol]:
    """Count how often each symbol is an operand or an output."""
    uses = Counter(program.outputs)
    for equation in program.equations:
        uses.update(equation.inputs)
    return uses
