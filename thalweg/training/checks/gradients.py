"""Whether a traced loss depends on its parameters at all."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from thalweg import tree
from thalweg.core.program import Equation, Symbol, Trace, level_of_user
from thalweg.errors import GradientError


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
    made = {equation.output: equation for equation in trace.equations}
    read = _ancestors(loss, made)
    paths = [f"params{path}" for path in tree.paths(params)]
    unread = {i: path for i, path in enumerate(paths) if inputs[i] not in read}
    if len(unread) == len(paths):
        raise GradientError(
            "The loss ignores its parameters: its value does not depend on them, so there is "
            "nothing to fit. Use the first argument of the loss, params, in what it returns."
        )
    zeros = _zeros(trace.equations)
    if all(g in zeros or _is_literal_zero(g) for g in gradients):
        raise GradientError(
            "The gradient of the loss is zero everywhere: it uses its parameters only through "
            "steps without a derivative, such as sign, comparisons, argmax or stop_gradient. "
            "Use a smooth loss."
        )
    return unread


def without_derivative(trace: Trace, gradients: Sequence[Symbol]) -> list[int]:
    """Return which gradients are none: zeros that no derivative rule has written."""
    made = {equation.output: equation for equation in trace.equations}

    def is_none(symbol: Symbol) -> bool:
        while symbol in made and made[symbol].primitive.name == "broadcast_to":
            symbol = made[symbol].inputs[0]
        return _is_literal_zero(symbol)

    return [i for i, symbol in enumerate(gradients) if is_none(symbol)]


def warn_of_ignored(names: Sequence[str]) -> None:
    """Warn of parameters that the loss ignores."""
    if names:
        warnings.warn(
            f"The loss ignores {', '.join(names)}: its value does not depend on what is there, "
            "which stays as it is. Use it in the loss, or leave it out of what is trained.",
            stacklevel=level_of_user(),
        )


def _ancestors(symbol: Symbol, made: dict[Symbol, Equation]) -> set[Symbol]:
    found: set[Symbol] = set()
    stack = [symbol]
    while stack:
        current = stack.pop()
        if current not in found:
            found.add(current)
            if current in made:
                stack += made[current].inputs
    return found


_PRODUCTS = frozenset({"multiply", "matrix_product"})

_SUMS = frozenset({"add", "subtract", "negative", "astype"})


def _zeros(equations: Sequence[Equation]) -> set[Symbol]:
    """Return the values that are zero whatever the inputs are, as far as it is plain to see."""
    zeros: set[Symbol] = set()
    for equation in equations:
        operands = [s for s in equation.inputs if s.dtype.kind in "fc"]
        known = [s in zeros or _is_literal_zero(s) for s in operands]
        primitive = equation.primitive
        if primitive.name in _PRODUCTS:
            vanishes = any(known)
        elif primitive.name in _SUMS or primitive.kind == "linear":
            vanishes = bool(known) and all(known)
        else:
            vanishes = primitive.name == "divide" and known[0]
        if vanishes:
            zeros.add(equation.output)
    return zeros


def _is_literal_zero(symbol: Symbol) -> bool:
    return symbol.value is not None and not symbol.value.any()
