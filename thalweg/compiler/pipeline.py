"""The passes every program goes through, whatever engine runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from thalweg.compiler.dead_code import remove_dead_code
from thalweg.compiler.simplify import simplify
from thalweg.core.program import Program


class Pass(NamedTuple):
    """A named step from a program to a better one of the same meaning."""

    name: str
    run: Callable[[Program], Program]


PASSES = (
    # First, as rules count uses, and a use by dead code is none.
    Pass("dead code", remove_dead_code),
    # Last, as it removes the dead code that it makes.
    Pass("simplify", simplify),
)


def optimize(program: Program) -> Program:
    """Return a program of the same inputs, outputs and meaning that is cheaper to run."""
    for step in PASSES:
        program = step.run(program)
    return program
