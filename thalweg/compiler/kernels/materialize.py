"""Which values get memory of their own; everything else is recomputed where it is read."""

from __future__ import annotations

import math
from collections.abc import Callable

from thalweg.compiler.kernels.graph import (
    DRAWS,
    GATHERS,
    GUARDED,
    POSITIONS,
    PRODUCTS,
    REDUCTIONS,
    SCATTERS,
    Graph,
    is_view,
)
from thalweg.core.program import Equation, Program, Symbol

Keep = Callable[[Symbol], None]

ALWAYS = REDUCTIONS | POSITIONS | SCATTERS | PRODUCTS | DRAWS | {"cumulative_sum"}

# Rough cost of one vector operation beside an addition, measured on AVX-512.
_COST = {
    "divide": 4, "sqrt": 5, "exp": 12, "expm1": 14, "log": 16, "log1p": 20, "tanh": 16,
    "sigmoid": 16, "logaddexp": 30, "erf": 20, "sin": 14, "cos": 14, "tan": 24, "arctan": 20,
    "power": 40, "floor_divide": 30, "remainder": 30,
}  # fmt: skip

# A value read at several places is kept from this cost on, a broadcast one from the second.
_SHARED = 8

_BROADCAST = 4

# Values are written by recursion, which Python bounds: of a long chain some are kept, in registers
# where all is one kernel.
_DEPTH = 50

# Transposing a matrix once beats strided reads from this many rows on.
_TRANSPOSED_ROWS = 8

_VIEWS = frozenset({"transpose", "reshape", "broadcast_to", "stop_gradient", "take", "slice_"})


def cost(equation: Equation) -> int:
    """Return the cost of one element of an equation, without its operands'."""
    if equation.primitive.kind == "elementwise":
        return _COST.get(equation.primitive.name, 1)
    return 2 if equation.primitive.name in GATHERS | GUARDED else 0


def materialized(graph: Graph) -> tuple[set[Symbol], set[Symbol]]:
    """Return the values to be kept, and those among them that are packed transposes."""
    kept: set[Symbol] = set()
    packed: set[Symbol] = set()

    def keep(symbol: Symbol) -> None:
        symbol = graph.behind(symbol, {"stop_gradient"})
        if not graph.is_leaf(symbol):
            kept.add(symbol)

    for symbol in graph.program.outputs:
        keep(symbol)
    for equation in graph.program.equations:
        name = equation.primitive.name
        if name in ALWAYS:
            kept.add(equation.output)
        if name == "reshape" and not is_view(equation):
            keep(equation.inputs[0])
        if name == "matrix_product":
            _keep_factors(graph, equation, keep, packed)
        if name == "contract":
            for operand in equation.inputs:
                _keep_images(graph, operand, keep)
        if name in SCATTERS:
            for operand in equation.inputs[1:]:
                _keep_computed(graph, operand, keep)
        if name in GATHERS and equation.output.spec.size > equation.inputs[0].spec.size:
            _keep_computed(graph, equation.inputs[0], keep)
    kept |= packed
    _keep_shared(graph, kept)
    return kept, packed


def _keep_factors(graph: Graph, equation: Equation, keep: Keep, packed: set[Symbol]) -> None:
    """Factors are read many times: keep what is computed, pack a transposed right factor."""
    left, right = equation.inputs
    maker = graph.producer.get(right)
    rows, columns = left.shape[-2], right.shape[-1]
    if (
        maker is not None
        and maker.primitive.name == "transpose"
        and len(right.shape) == 2
        and rows >= _TRANSPOSED_ROWS
        and columns >= 4
        and right.shape[0] > 1
    ):
        packed.add(right)
        keep(maker.inputs[0])
    for operand in equation.inputs:
        if operand not in packed:
            _keep_computed(graph, operand, keep)


def _keep_images(graph: Graph, symbol: Symbol, keep: Keep) -> None:
    """Keep what windows slide over, padded and in order: each element is read many times."""
    while symbol in graph.producer:
        maker = graph.producer[symbol]
        if maker.primitive.name == "windows":
            keep(maker.inputs[0])
            return
        if maker.primitive.name not in _VIEWS:
            break
        symbol = maker.inputs[0]
    keep(symbol)


def _keep_computed(graph: Graph, symbol: Symbol, keep: Keep) -> None:
    """Keep the value behind a chain of views, if it is computed rather than read."""
    keep(graph.behind(symbol, _VIEWS))


def _keep_shared(graph: Graph, kept: set[Symbol]) -> None:
    """Keep values that are dear and read at several places, or once and broadcast."""
    costs: dict[Symbol, int] = {}
    depths: dict[Symbol, int] = {}
    for equation in graph.program.equations:
        symbol = equation.output
        inlined = [s for s in equation.inputs if s not in kept and not graph.is_leaf(s)]
        total = cost(equation) + sum(costs[s] for s in inlined)
        costs[symbol] = total
        depths[symbol] = 1 + max((depths[s] for s in inlined), default=0)
        if depths[symbol] >= _DEPTH and equation.primitive.name != "stop_gradient":
            kept.add(symbol)
        alone = equation.primitive.kind == "elementwise" or equation.primitive.name == "astype"
        if not alone or symbol.dtype.kind == "b":
            continue
        if symbol.shape == () and equation.primitive.name == "power":
            # Powers of a counter keep memory from step to step: they are computed once a step.
            kept.add(symbol)
        users = graph.users.get(symbol, [])
        limit = _BROADCAST if symbol.shape == () else _SHARED
        shared = len(users) > 1 and total >= limit
        if shared or (total >= _BROADCAST and any(_spreads(symbol, user) for user in users)):
            kept.add(symbol)


def _spreads(symbol: Symbol, user: Equation) -> bool:
    """Tell whether an equation reads each element of a value several times."""
    larger = user.output.spec.size > symbol.spec.size and user.primitive.kind == "elementwise"
    return larger or user.primitive.name == "broadcast_to"


# More than this takes longer than a user who presses Ctrl-C wants to wait.
LONG = 2_000_000

_ALL_READ = REDUCTIONS | POSITIONS | SCATTERS


def turns(equation: Equation) -> int:
    """Return how many elements an equation goes over, of a product how many pairs it multiplies."""
    name, inputs = equation.primitive.name, equation.inputs
    if name in PRODUCTS:
        return _pairs(equation)
    if name in _ALL_READ:
        return max(equation.output.spec.size, *(symbol.spec.size for symbol in inputs))
    return equation.output.spec.size


def _pairs(equation: Equation) -> int:
    left, right = equation.inputs
    if equation.primitive.name == "matrix_product":
        return left.spec.size * right.shape[-1]
    operands = equation.params["labels"].split("->")[0].split(",")
    extents = {
        label: extent
        for labels, symbol in zip(operands, (left, right), strict=True)
        for label, extent in zip(labels, symbol.shape, strict=True)
    }
    return math.prod(extents.values())


def effort(equation: Equation) -> int:
    """Return the work of an equation, in additions of one element."""
    if equation.primitive.kind == "elementwise" or equation.primitive.name in GATHERS:
        return turns(equation) * cost(equation)
    return turns(equation)


def total_effort(program: Program) -> int:
    """Return the work of all of a program, in additions of one element."""
    return sum(map(effort, program.equations))
