from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.compiler.programs import body, primitives, program_of, spec
from thalweg.compiler.pipeline import rules_of
from thalweg.compiler.rewrites.algebra import Application, Number, Variable, pattern
from thalweg.compiler.rewrites.rewrite import Draft, adds_leading_ones, count_uses, rewrite
from thalweg.core.program import Equation, Symbol
from thalweg.core.spec import FLOAT64
from thalweg.ops.elementwise.arithmetic import add, multiply, negative
from thalweg.ops.elementwise.exponential import exp


def double_negation(draft: Draft, equation: Equation) -> Symbol | None:
    inner = draft.producer(equation.inputs[0], negative)
    return inner.inputs[0] if inner else None


def five_signs(x: Any) -> Any:
    for _ in range(5):
        x = negative(x)
    return x


def test_without_rules_a_program_is_copied() -> None:
    program = program_of(lambda x: np.exp(x) + 1.0, spec(3))
    rewritten, refused = rewrite(program, lambda primitive: ())
    assert rewritten.equations == program.equations
    assert not refused


def test_rules_apply_to_what_rules_built() -> None:
    program = program_of(five_signs, spec(3))
    rewritten, _ = rewrite(program, lambda p: (double_negation,) if p is negative else ())
    assert body(rewritten)[-1] == "return b"


def test_equal_equations_become_one_after_their_operands_did() -> None:
    program = program_of(lambda x: np.exp(negative(negative(x))) + np.exp(x), spec(3))
    rewritten, _ = rewrite(program, lambda p: (double_negation,) if p is negative else ())
    assert primitives(rewritten).count("exp") == 1


def test_a_rule_held_back_by_several_uses_is_reported() -> None:
    def only_once(draft: Draft, equation: Equation) -> Symbol | None:
        return equation.inputs[0] if draft.is_used_once(equation.inputs[0]) else None

    def function(x: Any) -> Any:
        y = np.exp(x)
        return -y, y

    program = program_of(function, spec(3))
    rewritten, refused = rewrite(program, lambda p: (only_once,) if p is negative else ())
    assert refused
    assert primitives(rewritten) == ["exp", "negative"]


def test_results_of_rules_take_the_spec_of_what_they_replace() -> None:
    def one(draft: Draft, equation: Equation) -> Symbol:
        return draft.literal(1.0, FLOAT64)

    program = program_of(np.exp, spec(2, 3, dtype=np.float32))
    rewritten, _ = rewrite(program, lambda p: (one,) if p is exp else ())
    rewritten.check()
    assert rewritten.outputs[0].spec == spec(2, 3, dtype=np.float32)


def test_literals_of_one_value_and_dtype_are_one_symbol() -> None:
    draft = Draft(rules_of)
    assert draft.literal(1, FLOAT64) is draft.literal(1.0, FLOAT64)
    assert draft.literal(0.0, FLOAT64) is not draft.literal(-0.0, FLOAT64)
    assert draft.literal(1, FLOAT64) is not draft.literal(1, np.dtype(np.float32))


def test_uses_count_operands_and_outputs() -> None:
    program = program_of(lambda x: (np.square(x) * x, x), spec(3))
    assert count_uses(program)[program.inputs[0]] == 3


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [((3,), (1, 3), True), ((), (1, 1), True), ((3,), (3, 1), False), ((1, 3), (3,), False)],
)
def test_leading_ones(before: tuple[int, ...], after: tuple[int, ...], wanted: bool) -> None:
    assert adds_leading_ones(before, after) is wanted


def test_a_side_of_an_identity_is_traced_to_a_pattern() -> None:
    found = pattern(lambda x, a: (x * a) + 1.0)
    product = Application(multiply, (Variable("x"), Variable("a")))
    assert found == Application(add, (product, Number(1.0)))


def test_a_side_of_an_identity_may_be_a_number() -> None:
    assert pattern(lambda p: False) == Number(False)
