"""The passes every program goes through, whatever engine runs it.

Dead code goes: equations whose results nobody needs, and what nobody reads of loops. Then algebra,
views, reductions and scatters are simplified, in one rewriting of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from thalweg.compiler.rewrites import (
    contractions,
    control,
    cuts,
    elementwise,
    fission,
    layouts,
    overlaps,
    scatters,
    turns,
    views,
)
from thalweg.compiler.rewrites.algebra import IDENTITIES, RuleTable
from thalweg.compiler.rewrites.loops import remove_idle_values
from thalweg.compiler.rewrites.rewrite import Rule, rewrite
from thalweg.core.primitive import Primitive
from thalweg.core.program import Program, remove_dead_code

_ROOMS = (
    elementwise, views, contractions, scatters, layouts, overlaps, cuts, control, turns, fission,
)  # fmt: skip

_found: dict[Primitive, tuple[Rule, ...]] = {}


def rules_of(primitive: Primitive) -> tuple[Rule, ...]:
    """Return all rules for a primitive, in the order in which they are tried."""
    rules = _found.get(primitive)
    if rules is None:
        rules = elementwise.COMMON + layouts.COMMON if primitive.kind == "elementwise" else ()
        # Identities first: they shrink programs at once, and only some scatters are replaceable.
        if primitive in IDENTITIES:
            rules += (RuleTable(IDENTITIES[primitive]),)
        for room in _ROOMS:
            rules += room.RULES.get(primitive, ())
        _found[primitive] = rules
    return rules


def simplify(program: Program) -> Program:
    """Return a program of the same meaning to which no rule applies."""
    again = True
    while again:
        rewritten, refused = rewrite(program, rules_of)
        cleaned = remove_dead_code(rewritten)
        # Values that had several uses may have one now that dead code is gone.
        again = refused and cleaned.equations != program.equations
        program = cleaned
    return program


class Pass(NamedTuple):
    """A named step from a program to a better one of the same meaning."""

    name: str
    run: Callable[[Program], Program]


PASSES = (
    # First, as rules count uses, and a use by dead code is none.
    Pass("dead code", remove_dead_code),
    Pass("loops", remove_idle_values),
    # Last, as it removes the dead code that it makes.
    Pass("simplify", simplify),
)


def optimize(program: Program) -> Program:
    """Return a program of the same inputs, outputs and meaning that is cheaper to run."""
    for step in PASSES:
        program = step.run(program)
    return program
