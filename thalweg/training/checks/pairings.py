"""A column of data met with a vector: each row is combined with every other, which few mean."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from thalweg.core.program import Equation, Symbol, Trace, level_of_user


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
    made = {equation.output: equation for equation in trace.equations}
    leaves, stemming = set(data), set(data)
    for equation in trace.equations:
        if any(symbol in stemming for symbol in equation.inputs):
            stemming.add(equation.output)
        if equation.primitive.kind != "elementwise" or len(equation.inputs) < 2:
            continue
        for column in equation.inputs:
            for vector in equation.inputs:
                if _pairs(column, vector) and {column, vector} <= stemming:
                    plain = leaves & {_origin(column, made), _origin(vector, made)}
                    if plain and not _was_vector(column, made):
                        _warn(equation, column, vector, called_with)
                        return


def _pairs(column: Symbol, vector: Symbol) -> bool:
    return len(vector.shape) == 1 and vector.shape[0] > 1 and column.shape == (*vector.shape, 1)


def _origin(symbol: Symbol, made: dict[Symbol, Equation]) -> Symbol:
    """Look through conversions of dtype."""
    while symbol in made and made[symbol].primitive.name == "astype":
        symbol = made[symbol].inputs[0]
    return symbol


def _was_vector(column: Symbol, made: dict[Symbol, Equation]) -> bool:
    equation = made.get(_origin(column, made))
    if equation is None or equation.primitive.name != "reshape":
        return False
    return len(equation.inputs[0].shape) == 1


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
