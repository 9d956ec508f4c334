"""Outputs of a training step: what it hands on to the next is computed, not merely passed on."""

from __future__ import annotations

from thalweg.core.program import Equation, Program, Symbol
from thalweg.core.spec import FLOAT64, DType, Spec
from thalweg.ops.shaping import astype


def own_outputs(program: Program, states: int) -> Program:
    """Return a step whose outputs have equations of their own, and whose loss is float64.

    A state that becomes another state's old value, data or a number is copied by an equation. So
    it is one kernel among others that read the old value, and what is swapped or handed down
    never meets a value already replaced.

    Args:
        program: Maps (states, …) to (states, loss).
        states: The number of states.
    """
    producer = {equation.output: equation for equation in program.equations}
    first: list[Equation] = []
    last: list[Equation] = []

    def copied(symbol: Symbol, dtype: DType, equations: list[Equation]) -> Symbol:
        output = Symbol(Spec(symbol.shape, dtype))
        equations.append(Equation(astype, (symbol,), {"dtype": dtype}, output))
        return output

    outputs: list[Symbol] = []
    for state, output in zip(program.inputs[:states], program.outputs[:-1], strict=True):
        behind = _behind(producer, output)
        passed_on = behind not in producer and behind is not state
        # Ahead of everything else: what nobody reads any more may be overwritten at once.
        outputs.append(copied(behind, behind.dtype, first) if passed_on else output)
    loss = program.outputs[-1]
    behind = _behind(producer, loss)
    if loss.dtype != FLOAT64 or (behind not in producer and behind.value is None):
        loss = copied(loss, FLOAT64, last)
    return Program(program.inputs, (*first, *program.equations, *last), (*outputs, loss))


def _behind(producer: dict[Symbol, Equation], symbol: Symbol) -> Symbol:
    """Return what a chain of stop_gradient passes on."""
    while symbol in producer and producer[symbol].primitive.name == "stop_gradient":
        symbol = producer[symbol].inputs[0]
    return symbol
