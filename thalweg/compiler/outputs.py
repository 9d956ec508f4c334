"""Outputs that nothing computes: inputs and literals handed back as they are."""

from __future__ import annotations

from thalweg.core.primitive import PRIMITIVES
from thalweg.core.program import Equation, Program, Symbol
from thalweg.core.spec import Spec


def own_outputs(program: Program, states: int) -> Program:
    """Return a program in which every output has a value of its own.

    An output that is an input or a literal becomes a copy of it, so that kernels alone decide
    when it is read: a state may be changed in place, or two states exchanged. A state that stays
    as it is needs no copy.

    Args:
        program: Any program.
        states: How many leading inputs are replaced by the leading outputs.
    """
    sources = {equation.output: equation for equation in program.equations}
    copies: list[Equation] = []
    outputs: list[Symbol] = []
    for i, symbol in enumerate(program.outputs):
        origin = symbol
        while origin in sources and sources[origin].primitive.name == "stop_gradient":
            origin = sources[origin].inputs[0]
        unchanged = i < states and origin is program.inputs[i]
        if origin in sources or unchanged:
            outputs.append(origin)
            continue
        copy = Symbol(Spec(origin.shape, origin.dtype))
        shape = {"shape": origin.shape}
        copies.append(Equation(PRIMITIVES["reshape"], (origin,), shape, copy))
        outputs.append(copy)
    return Program(program.inputs, (*program.equations, *copies), tuple(outputs))
