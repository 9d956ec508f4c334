"""Simplification: algebra, views, reductions and scatters, in one rewriting of the program."""

from __future__ import annotations

from thalweg.compiler.dead_code import remove_dead_code
from thalweg.compiler.rewrites import (
    contractions,
    cuts,
    elementwise,
    layouts,
    matrices,
    overlaps,
    scatters,
    views,
)
from thalweg.compiler.rewrites.algebra import IDENTITIES
from thalweg.compiler.rewrites.patterns import Table
from thalweg.compiler.rewrites.rewrite import Rule, rewrite
from thalweg.core.primitive import Primitive
from thalweg.core.program import Program

_found: dict[Primitive, tuple[Rule, ...]] = {}


def rules_of(primitive: Primitive) -> tuple[Rule, ...]:
    """Return all rules for a primitive, in the order in which they are tried."""
    rules = _found.get(primitive)
    if rules is None:
        rules = (
            elementwise.COMMON + layouts.COMMON + matrices.COMMON
            if primitive.kind == "elementwise"
            else ()
        )
        # Identities first: they shrink programs at once, and only some scatters are replaceable.
        if primitive in IDENTITIES:
            rules += (Table(IDENTITIES[primitive]),)
        for room in (elementwise, views, contractions, scatters, layouts, matrices, overlaps, cuts):
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
