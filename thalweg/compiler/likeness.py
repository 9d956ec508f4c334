"""Which kernels are alike: one computation, of values that lie elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from thalweg.compiler.kernels import Kernel, Plan
from thalweg.core.program import Equation, Symbol


@dataclass(frozen=True)
class Likeness:
    """What a kernel computes, whatever the values are that it computes it of.

    Attributes:
        key: Equal for kernels that differ in nothing but their values.
        symbols: The values met; those of kernels with one key stand for each other, in this order.
    """

    key: Hashable
    symbols: tuple[Symbol, ...]


def likeness(plan: Plan, kernel: Kernel, facts: Callable[[Symbol], Hashable]) -> Likeness:
    """Return what a kernel computes.

    Args:
        plan: The plan it belongs to.
        kernel: The kernel.
        facts: What else is to be equal, of each value that is read or computed.
    """
    order = plan.graph.order
    inlined = {e.output: e for root in kernel.roots for e in plan.inlined(root)}
    numbers: dict[Symbol, int] = {}
    parts: list[Hashable] = [kernel.kind, kernel.domain, kernel.outer]

    def number(symbol: Symbol, *more: Hashable) -> Hashable:
        if symbol.value is not None:
            return symbol.dtype, symbol.value.tobytes()
        if symbol not in numbers:
            numbers[symbol] = len(numbers)
            parts.append((symbol.shape, symbol.dtype, facts(symbol), *more))
        return numbers[symbol]

    def is_read(symbol: Symbol) -> bool:
        return symbol.value is None and symbol not in inlined

    def described(equation: Equation) -> Hashable:
        if equation.output not in kernel.roots and is_cut(equation, is_read):
            # Wherever it begins: what is cut out is an array of its own.
            source, bounds = equation.inputs[0], equation.params["bounds"]
            steps = tuple(step for _, _, step in bounds)
            return number(equation.output, source.shape, facts(source), steps)
        operands = tuple(map(number, equation.inputs))
        params = tuple(equation.params.items())
        params = params if len(params) < 2 else tuple(sorted(params))
        return equation.primitive, params, operands, number(equation.output)

    parts += [described(inlined[symbol]) for symbol in sorted(inlined, key=order.__getitem__)]
    parts.append(tuple(map(number, kernel.roots)))
    if kernel.stream is not None:
        stream = kernel.stream
        roots = (stream.forward, stream.maps, stream.sums, stream.scalars)
        parts += [tuple(map(number, symbols)) for symbols in ((stream.matrix,), *roots)]
        parts += [tuple(map(number, part.roots)) for part in kernel.parts]
    return Likeness(tuple(parts), tuple(numbers))


def is_cut(equation: Equation, is_read: Callable[[Symbol], bool]) -> bool:
    """Tell whether an equation cuts a part out of an array that a kernel reads from memory."""
    return equation.primitive.name == "slice_" and is_read(equation.inputs[0])
