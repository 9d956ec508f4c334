"""Outputs that are computed, not merely passed on."""

from __future__ import annotations

from thalweg.core.program import Equation, Program, Symbol
from thalweg.core.spec import FLOAT64, DType, Spec
from thalweg.ops.elementwise.conversion import astype


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
    producer = {equation.output: equation for equation in program.equations}
    first: list[Equation] = []
    last: list[Equation] = []

    def copied(symbol: Symbol, dtype: DType, equations: list[Equation]) -> Symbol:
        output = Symbol(Spec(symbol.shape, dtype))
        equations.append(Equation(astype, (symbol,), {"dtype": dtype}, output))
        return output

    outputs: list[Symbol] = []
    for position, output in enumerate(program.outputs):
        behind = _behind(producer, output)
        is_loss = loss and position == len(program.outputs) - 1
        if is_loss and output.dtype != FLOAT64:
            outputs.append(copied(behind, FLOAT64, last))
        elif behind in producer or (position < states and behind is program.inputs[position]):
            outputs.append(behind)
        else:
            # Ahead of everything else: what nobody reads any more may be overwritten at once.
            outputs.append(copied(behind, behind.dtype, first))
    return Program(program.inputs, (*first, *program.equations, *last), tuple(outputs))


def _behind(producer: dict[Symbol, Equation], symbol: Symbol) -> Symbol:
    """Return what a chain of stop_gradient passes on."""
    while symbol in producer and producer[symbol].primitive.name == "stop_gradient":
        symbol = producer[symbol].inputs[0]
    return symbol
