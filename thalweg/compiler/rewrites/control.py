"""Rules for loops and branches: what nobody reads of them is not computed."""

from __future__ import annotations

from thalweg.compiler.rewrites.rewrite import Draft, Rule, following
from thalweg.control.branches import chosen_branch
from thalweg.control.custom import with_rule
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Symbol
from thalweg.ops.control.bundle import packed, part


@following(packed)
def part_of_packed(draft: Draft, equation: Equation, inner: Equation) -> Symbol:
    """`part(packed(x, y), 1) -> y`. Exact."""
    number: int = equation.params["number"]
    return inner.inputs[number]


@following(with_rule)
def part_with_rule(draft: Draft, equation: Equation, inner: Equation) -> Symbol:
    """`part(with_rule(x, y), 1) -> y`: derivatives were taken before. Exact."""
    number: int = equation.params["number"]
    return inner.inputs[number]


@following(chosen_branch)
def part_of_only_branch(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """Write a branch where it is, if it is the only one, or chosen by a number. Exact."""
    index, branches = inner.inputs[0], inner.params["branches"]
    number = 0 if len(branches) == 1 else None if index.value is None else int(index.value)
    if number is None:
        return None
    program = branches[min(max(number, 0), len(branches) - 1)]
    values = dict(zip(program.inputs, inner.inputs[1:], strict=True))
    for step in program.equations:
        inputs = tuple(
            values[symbol] if symbol.value is None else draft.adopt(symbol.value, symbol)
            for symbol in step.inputs
        )
        values[step.output] = draft.copy(step, inputs)
    output = program.outputs[equation.params["number"]]
    return values[output] if output.value is None else draft.adopt(output.value, output)


RULES: dict[Primitive, tuple[Rule, ...]] = {
    part: (part_of_packed, part_with_rule, part_of_only_branch)
}
