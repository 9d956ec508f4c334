"""Dead code: equations whose results nobody needs."""

from __future__ import annotations

from thalweg.core.program import Program


def remove_dead_code(program: Program) -> Program:
    """Drop equations that no output depends on; all inputs stay, in place."""
    needed = set(program.outputs)
    kept = []
    for equation in reversed(program.equations):
        if equation.output in needed:
            kept.append(equation)
            needed.update(equation.inputs)
    if len(kept) == len(program.equations):
        return program
    return Program(program.inputs, tuple(reversed(kept)), program.outputs)
