"""What a traced step tells before it runs: what the loss ignores, and pairs that few mean."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from thalweg import tree
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Program, Symbol, Trace, remove_dead_code
from thalweg.errors import GradientError
from thalweg.lines import level_of_user
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import reshape


def require_gradient(
    trace: Trace, loss: Symbol, inputs: Sequence[Symbol], gradients: Sequence[Symbol], params: Any
) -> dict[int, str]:
    """Return the places and names of parameters that the loss ignores; refuse it if it does all.

    A parameter that the loss reads, but that has no derivative (behind stop_gradient, or as an
    index), is taken to be frozen on purpose, as long as another one has a derivative.

    Args:
        trace: Where the loss was traced.
        loss: Its value.
        inputs: The inputs of the trace; those of the parameters come first.
        gradients: The gradient of each parameter.
        params: The tree of parameters, for their names.

    Raises:
        GradientError: If no parameter is read, or none has a derivative.
    """
    read = {loss}
    for equation in reversed(trace.equations):
        if equation.output in read:
            read.update(equation.inputs)
    paths = [f"params{path}" for path in tree.paths(params)]
    unread = {i: path for i, path in enumerate(paths) if inputs[i] not in read}
    if len(unread) == len(paths):
        raise GradientError(
            "The loss ignores its parameters: its value does not depend on them, so there is "
            "nothing to fit. Use the first argument of the loss, params, in what it returns."
        )
    needed = remove_dead_code(Program((), tuple(trace.equations), tuple(gradients)))
    zeros = _zeros(needed.equations)
    if all(g in zeros or _is_literal_zero(g) for g in gradients):
        raise GradientError(
            "The gradient of the loss is zero everywhere: it uses its parameters only through "
            "steps without a derivative, such as sign, comparisons, argmax or stop_gradient. "
            "Use a smooth loss."
        )
    return unread


def without_derivative(trace: Trace, gradients: Sequence[Symbol]) -> list[int]:
    """Return which gradients are none: zeros that no derivative rule has written."""
    origins = [_origin(trace, symbol, broadcast_to) for symbol in gradients]
    return [i for i, symbol in enumerate(origins) if _is_literal_zero(symbol)]


def warn_of_ignored(names: Sequence[str]) -> None:
    """Warn of parameters that the loss ignores."""
    if names:
        warnings.warn(
            f"The loss ignores {', '.join(names)}: its value does not depend on what is there, "
            "which stays as it is. Use it in the loss, or leave it out of what is trained.",
            stacklevel=level_of_user(),
        )


def _origin(trace: Trace, symbol: Symbol, primitive: Primitive) -> Symbol:
    """Return what a symbol was made of by one primitive alone, applied any number of times."""
    while (made := trace.producers.get(symbol)) is not None and made.primitive is primitive:
        symbol = made.inputs[0]
    return symbol


def _zeros(equations: Sequence[Equation]) -> set[Symbol]:
    """Return the values that are zero whatever the inputs are, as far as it is plain to see."""
    zeros: set[Symbol] = set()
    for equation in equations:
        operands = [s for s in equation.inputs if s.dtype.kind in "fc"]
        known = [s in zeros or _is_literal_zero(s) for s in operands]
        zero_if = equation.primitive.zero_if
        if known and zero_if is not None and zero_if(known):
            zeros.add(equation.output)
    return zeros


def _is_literal_zero(symbol: Symbol) -> bool:
    return symbol.value is not None and not symbol.value.any()


def warn_of_pairings(trace: Trace, data: Sequence[Symbol], called_with: str) -> None:
    """Warn where data of shape (n,) or (n, 1) meet an array of the other shape, giving (n, n).

    A prediction of shape (n,) less a target of shape (n, 1) is the classical case: the loss is a
    number, and wrong. Where one operand was a vector that was given a new axis, or does not stem
    from the data, pairs are taken to be meant.

    Args:
        trace: Where the loss was traced.
        data: The batch.
        called_with: What the loss was called with, in words.
    """
    leaves, stemming = set(data), set(data)
    for equation in trace.equations:
        inputs, output = equation.inputs, equation.output
        if not stemming.isdisjoint(inputs):
            stemming.add(output)
        if len(output.shape) < 2 or len(inputs) < 2:
            continue
        if equation.primitive.kind != "elementwise":
            continue
        for column in inputs:
            for vector in inputs:
                if _pairs(column, vector) and {column, vector} <= stemming:
                    plain = leaves & {_origin(trace, s, astype) for s in (column, vector)}
                    if plain and not _was_vector(trace, column):
                        _warn(equation, column, vector, called_with)
                        return


def _pairs(column: Symbol, vector: Symbol) -> bool:
    return len(vector.shape) == 1 and vector.shape[0] > 1 and column.shape == (*vector.shape, 1)


def _was_vector(trace: Trace, column: Symbol) -> bool:
    made = trace.producers.get(_origin(trace, column, astype))
    return made is not None and made.primitive is reshape and len(made.inputs[0].shape) == 1


def _warn(equation: Equation, column: Symbol, vector: Symbol, called_with: str) -> None:
    n = vector.shape[0]
    at = f" at {equation.source}" if equation.source else ""
    warnings.warn(
        f"{equation.primitive.name}{at} combines an array of shape {column.shape} with one of "
        f"shape {vector.shape}, which gives {(n, n)}: each row with every other. Give both one "
        "shape, for example with y[:, 0]; or, if pairs are meant, write y[:, None] for the column. "
        f"The loss was called with {called_with}.",
        stacklevel=level_of_user(),
    )
