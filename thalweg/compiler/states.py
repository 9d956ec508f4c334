"""What a step gives: outputs that are computed, not merely passed on, and states as they are kept.

Matrices that a step reads transposed are kept transposed while it runs. A layer that computes x Wᵀ
would have every product walk through W against its rows. Such a state, and those of its shape (an
optimizer's moments), lie transposed in the run's memory. What the step computes is the same; only
where numbers lie changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from thalweg.compiler.kernels.graph import Graph, is_alias
from thalweg.core.program import Equation, Program, Symbol
from thalweg.core.spec import FLOAT64, DType, Spec
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.shape.transpose import transpose


def own_outputs(program: Program, states: int = 0, loss: bool = False) -> Program:
    """Return a program whose outputs have equations of their own.

    An output that is an input or a number is copied by an equation. So it is one kernel among
    others that read the old value, and states that are exchanged or handed down never meet a
    value already replaced. A state that stays as it is needs no copy.

    Args:
        program: Maps (states, …) to (states, …).
        states: The number of states.
        loss: Whether the last output is a loss, wanted as float64.
    """
    graph = Graph(program)
    first: list[Equation] = []
    last: list[Equation] = []

    def copied(symbol: Symbol, dtype: DType, equations: list[Equation]) -> Symbol:
        output = Symbol(Spec(symbol.shape, dtype))
        equations.append(Equation(astype, (symbol,), {"dtype": dtype}, output))
        return output

    outputs: list[Symbol] = []
    for position, output in enumerate(program.outputs):
        behind = graph.behind(output, is_alias)
        is_loss = loss and position == len(program.outputs) - 1
        if is_loss and output.dtype != FLOAT64:
            outputs.append(copied(behind, FLOAT64, last))
        elif not graph.is_leaf(behind) or (
            position < states and behind is program.inputs[position]
        ):
            outputs.append(behind)
        else:
            # Ahead of everything else: what nobody reads any more may be overwritten at once.
            outputs.append(copied(behind, behind.dtype, first))
    return Program(program.inputs, (*first, *program.equations, *last), tuple(outputs))


def own_operands(program: Program) -> Program:
    """Return a program in which numbers that are read whole have equations of their own."""
    equations: list[Equation] = []
    held: dict[Symbol, Symbol] = {}
    for equation in program.equations:
        if equation.primitive.role == "whole":
            for symbol in equation.inputs:
                if symbol.value is not None and symbol not in held:
                    held[symbol] = Symbol(Spec(symbol.shape, symbol.dtype))
                    params = {"dtype": symbol.dtype}
                    equations.append(Equation(astype, (symbol,), params, held[symbol]))
            inputs = tuple(held.get(symbol, symbol) for symbol in equation.inputs)
            equation = replace(equation, inputs=inputs)
        equations.append(equation)
    return Program(program.inputs, tuple(equations), program.outputs) if held else program


def read_transposed(step: Program, states: int) -> list[int]:
    """Return which of a step's leading states are matrices first read transposed, or like one."""
    held = step.inputs[:states]
    matrices = {s for s in held if len(s.shape) == 2 and min(s.shape) > 1}
    shapes: set[tuple[int, ...]] = set()
    for equation in step.equations:
        for symbol in equation.inputs:
            if symbol in matrices:
                # The forward computation comes first, and reads an operand the most often.
                matrices.discard(symbol)
                if equation.primitive is transpose and equation.params["axes"] == (1, 0):
                    shapes.add(symbol.shape)
    return [i for i, symbol in enumerate(held) if symbol.shape in shapes]


def keep_transposed(program: Program, states: Sequence[int]) -> Program:
    """Return a program to which these states come transposed, and that returns them so."""
    inputs, outputs = list(program.inputs), list(program.outputs)
    before, after = [], []
    for i in states:
        inputs[i] = Symbol(_transpose_spec(inputs[i].spec))
        before.append(Equation(transpose, (inputs[i],), {"axes": (1, 0)}, program.inputs[i]))
        outputs[i] = Symbol(_transpose_spec(outputs[i].spec))
        after.append(Equation(transpose, (program.outputs[i],), {"axes": (1, 0)}, outputs[i]))
    return Program(tuple(inputs), (*before, *program.equations, *after), tuple(outputs))


def _transpose_spec(spec: Spec) -> Spec:
    return Spec((spec.shape[1], spec.shape[0]), spec.dtype, spec.weak)
