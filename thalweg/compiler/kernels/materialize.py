"""Which values get memory of their own; everything else is recomputed where it is read."""

from __future__ import annotations

import math
from collections.abc import Callable

from thalweg.compiler.kernels.graph import Graph, in_memory, is_alias, is_flat, product_labels
from thalweg.core.primitive import Role
from thalweg.core.program import Equation, Program, Symbol, nested
from thalweg.ops.elementwise.arithmetic import power
from thalweg.ops.index.take import take
from thalweg.ops.linalg.products import matrix_product
from thalweg.ops.shape.transpose import transpose
from thalweg.ops.windows.windows import windows

Keep = Callable[[Symbol], None]

# Each element is made of many, or dear; it is computed once.
_ALWAYS: tuple[Role, ...] = (
    "reduction", "scan", "scatter", "product", "draw", "whole", "part"
)  # fmt: skip

# A value read at several places is kept from this cost on, or if it is made of so many arrays of
# its size that each place would read …
_SHARED = 8

_READS = 3

# … and a broadcast one from this cost on.
_BROADCAST = 4

# Values are written by recursion, which Python bounds: of a long chain some are kept, in registers
# where all is one kernel.
_DEPTH = 50

# Transposing a matrix once beats strided reads from this many rows on.
_TRANSPOSED_ROWS = 8


def _is_view(equation: Equation) -> bool:
    """Tell whether a product may as well read the operand, whose rows may be gathered."""
    return equation.primitive.role == "view" or equation.primitive is take


def materialized(graph: Graph) -> tuple[set[Symbol], set[Symbol]]:
    """Return the values to be kept, and those among them that are packed transposes."""
    kept: set[Symbol] = set()
    packed: set[Symbol] = set()

    def keep(symbol: Symbol) -> None:
        symbol = graph.behind(symbol, is_alias)
        if not graph.is_leaf(symbol):
            kept.add(symbol)

    for symbol in graph.program.outputs:
        keep(symbol)
    for equation in graph.program.equations:
        role = equation.primitive.role
        if role in _ALWAYS:
            kept.add(equation.output)
        if is_flat(equation):
            keep(equation.inputs[0])
        if equation.primitive is matrix_product:
            _keep_factors(graph, equation, keep, packed)
        elif role == "product":
            for operand in equation.inputs:
                _keep_images(graph, operand, keep)
        if role == "scatter":
            for operand in equation.inputs[1:]:
                _keep_computed(graph, operand, keep)
        if role == "whole":
            for operand in equation.inputs:
                keep(in_memory(graph, operand))
        if role == "gather" and equation.output.spec.size > equation.inputs[0].spec.size:
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
        and maker.primitive is transpose
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
        if maker.primitive is windows:
            keep(maker.inputs[0])
            return
        if not _is_view(maker):
            break
        symbol = maker.inputs[0]
    keep(symbol)


def _keep_computed(graph: Graph, symbol: Symbol, keep: Keep) -> None:
    """Keep the value behind a chain of views, if it is computed rather than read."""
    keep(graph.behind(symbol, _is_view))


def _keep_shared(graph: Graph, kept: set[Symbol]) -> None:
    """Keep values that are dear and read at several places, or once and broadcast."""
    costs: dict[Symbol, int] = {}
    depths: dict[Symbol, int] = {}
    for equation in graph.program.equations:
        symbol = equation.output
        inlined = [s for s in equation.inputs if s not in kept and not graph.is_leaf(s)]
        total = equation.primitive.cost + sum(costs[s] for s in inlined)
        costs[symbol] = total
        depths[symbol] = 1 + max((depths[s] for s in inlined), default=0)
        if depths[symbol] >= _DEPTH and not is_alias(equation):
            kept.add(symbol)
        if equation.primitive.role != "elementwise" or symbol.dtype.kind == "b":
            continue
        if symbol.shape == () and equation.primitive is power:
            # Powers of a counter keep memory from step to step: they are computed once a step.
            kept.add(symbol)
        users = graph.users.get(symbol, [])
        limit = _BROADCAST if symbol.shape == () else _SHARED
        shared = len(users) > 1 and (total >= limit or _gathers(graph, symbol, kept))
        if shared or (total >= _BROADCAST and any(_spreads(symbol, user) for user in users)):
            kept.add(symbol)


def _gathers(graph: Graph, symbol: Symbol, kept: set[Symbol]) -> bool:
    """Tell whether a value is made of `_READS` arrays of its size or more; masks are arrays."""
    stack, seen, found = [symbol], {symbol}, 0
    while stack and found < _READS:
        for operand in graph.producer[stack.pop()].inputs:
            if operand in seen or operand.spec.size < max(2, symbol.spec.size):
                continue
            seen.add(operand)
            maker = None if operand in kept else graph.producer.get(operand)
            if maker and maker.primitive.role == "elementwise" and operand.dtype.kind != "b":
                stack.append(operand)
            else:
                found += 1
    return found >= _READS


def _spreads(symbol: Symbol, user: Equation) -> bool:
    """Tell whether an equation reads each element of a value several times."""
    larger = user.output.spec.size > symbol.spec.size
    return larger and user.primitive.role in ("elementwise", "view")


# More than this takes longer than a user who presses Ctrl-C wants to wait.
LONG = 2_000_000

_ALL_READ: tuple[Role, ...] = ("reduction", "scan", "scatter")


def turns(equation: Equation) -> int:
    """Return how many elements an equation goes over, of a product how many pairs it multiplies."""
    role, inputs = equation.primitive.role, equation.inputs
    if role == "product":
        left, right, _ = product_labels(equation)
        shapes = (*inputs[0].shape, *inputs[1].shape)
        return math.prod(dict(zip(left + right, shapes, strict=True)).values())
    if role in _ALL_READ:
        return max(equation.output.spec.size, *(symbol.spec.size for symbol in inputs))
    return equation.output.spec.size


def effort(equation: Equation) -> int:
    """Return the work of an equation, in additions of one element."""
    primitive = equation.primitive
    if primitive.work is not None:
        times = primitive.work(*(symbol.spec for symbol in equation.inputs), **equation.params)
        return times * max(1, primitive.cost, sum(map(total_effort, nested(equation))))
    each = primitive.cost if primitive.role in ("elementwise", "gather") else 1
    return turns(equation) * max(1, each)


def total_effort(program: Program) -> int:
    """Return the work of all of a program, in additions of one element."""
    return sum(map(effort, program.equations))
