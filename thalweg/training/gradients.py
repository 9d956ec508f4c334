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
    unread = [
        path for path, symbol in zip(paths, inputs, strict=False) if symbol not in read
    ]
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
    if all(_is_zero(gradient, made) for gradient in gradients):
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


def _is_zero(gradient: Symbol, made: dict[Symbol, Equation]) -> bool:
    """Tell whether a gradient is a literal zero, maybe broadcast."""
    while gradient in made and made[gradient].primitive.name == "broadcast_to":
        gradient = made[gradient].inputs[0]
    return gradient.value is not None and not gradient.value.any()
