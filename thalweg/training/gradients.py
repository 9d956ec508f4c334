"""Whether a traced loss depends on its parameters at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg import tree
from thalweg.core.program import Equation, Symbol
from thalweg.core.tracing import Trace
from thalweg.errors import GradientError


def require_gradient(
    trace: Trace, loss: Symbol, inputs: Sequence[Symbol], gradients: Sequence[Symbol], params: Any
) -> None:
    """Refuse a loss that ignores parameters.

    A parameter that the loss reads, but that has no derivative (behind stop_gradient, or as an
    index), is taken to be frozen on purpose, as long as another one has a derivative.

    Args:
        trace: Where the loss was traced.
        loss: Its value.
        inputs: The inputs of the trace; those of the parameters come first.
        gradients: The gradient of each parameter.
        params: The tree of parameters, for their names.

    Raises:
        GradientError: If a parameter is not read, or none has a derivative.
    """
    made = {equation.output: equation for equation in trace.equations}
    read = _ancestors(loss, made)
    paths = [f"params{path}" for path in tree.paths(params)]
    unread = [path for path, symbol in zip(paths, inputs, strict=False) if symbol not in read]
    if len(unread) == len(paths):
        raise GradientError(
            "The loss ignores its parameters: its value does not depend on them, so there is "
            "nothing to fit. Use the first argument of the loss, params, in what it returns."
        )
    if unread:
        raise GradientError(
            f"The loss ignores {', '.join(unread)}: its value does not depend on it, so it would "
            "keep its initial value. Use it in the loss, or leave it out of params."
        )
    zeros = _zeros(trace.equations)
    if all(g in zeros or _is_literal_zero(g) for g in gradients):
        raise GradientError(
            "The gradient of the loss is zero everywhere: it uses its parameters only through "
            "steps without a derivative, such as sign, comparisons, argmax or stop_gradient. "
            "Use a smooth loss."
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
