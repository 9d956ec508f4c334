"""Kernels: groups of kept values computed in one pass over one domain."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from enum import Enum

from thalweg.compiler.kernels.affine import Index, moving
from thalweg.compiler.kernels.graph import (
    Accesses,
    Graph,
    domain_index,
    reduced_axes,
    squeezed,
    walked_places,
)
from thalweg.compiler.kernels.materialize import materialized
from thalweg.core.program import Equation, Symbol
from thalweg.ops.shape.cut import slice_

Shape = tuple[int, ...]

# A dearer epilogue is unrolled over a product's tile at more cost than a pass of its own.
_EPILOGUE_COST = 14

# The most that one instruction costs: a division or a root.
_INSTRUCTION = 5

# A kernel of this cost takes no more values, so that a program of any length is written as
# functions of bounded length: what LLVM needs for one grows faster than the function.
MOST_SIZE = 1_000


class Kind(Enum):
    """What the loops of a kernel look like."""

    MAP = "map"  # each element of the domain alone
    ROW = "row"  # reductions whose last domain axis is reduced, and maps beside them
    COLUMN = "column"  # reductions that keep the last domain axis, and maps on the result
    PRODUCT = "product"  # a matrix product, and maps on the result
    TRANSPOSE = "transpose"  # a matrix copied transposed
    SCATTER = "scatter"  # additions at positions
    SCAN = "scan"  # running sums and positions of extremes, one element after another
    WHOLE = "whole"  # whatever a primitive does with whole operands
    STREAM = "stream"  # rows of a matrix read once for products from both sides
    STRIP = "strip"  # all that is done with rows of few columns, with vectors down the rows


@dataclass(eq=False)
class Kernel:
    """Kept values computed together, in order; `domain` and `outer` have no axes of extent 1.

    `outer` is the part of a ROW or COLUMN domain that is not reduced. A STREAM has its contents
    in `stream`, and in `parts` the products with their maps that end it. `size` is the cost of one
    element of everything together.
    """

    kind: Kind
    domain: Shape
    outer: Shape
    roots: list[Symbol]
    parts: list[Kernel] = field(default_factory=list)
    stream: Stream | None = None
    size: int = 0

    @property
    def main(self) -> Symbol:
        """The value the kernel was made for."""
        return self.roots[0]


@dataclass
class Stream:
    """What a STREAM kernel computes, in order.

    Attributes:
        matrix: The matrix whose rows are read, of shape (rows, columns).
        forward: Products matrix · vector, one number a row.
        maps: Values of the shape of one number a row.
        sums: Reductions over all rows.
        scalars: Maps on those.
        backward: Kernels of products matrixᵀ · (one number a row), each with its maps.
    """

    matrix: Symbol
    forward: list[Symbol] = field(default_factory=list)
    maps: list[Symbol] = field(default_factory=list)
    sums: list[Symbol] = field(default_factory=list)
    scalars: list[Symbol] = field(default_factory=list)
    backward: list[Kernel] = field(default_factory=list)


@dataclass
class KernelPlan:
    """A graph cut into kernels, in the order they run."""

    graph: Graph
    kept: set[Symbol]
    accesses: Accesses
    kernels: list[Kernel]
    _inlined: dict[Symbol, list[Equation]] = field(default_factory=dict)

    @property
    def home(self) -> dict[Symbol, int]:
        """The position of the kernel that computes each kept value."""
        return {root: i for i, kernel in enumerate(self.kernels) for root in kernel.roots}

    def inlined(self, root: Symbol) -> list[Equation]:
        """Return the equations computed where a root is: its own and those without memory."""
        found = self._inlined.get(root)
        if found is None:
            found = self._inlined[root] = []
            producer, kept, stack, seen = self.graph.producer, self.kept, [root], {root}
            while stack:
                symbol = stack.pop()
                equation = producer.get(symbol)
                if equation is None or (symbol in kept and symbol is not root):
                    continue
                found.append(equation)
                fresh = [s for s in equation.inputs if s not in seen]
                seen.update(fresh)
                stack += fresh
        return found

    def size(self, root: Symbol) -> int:
        """Return the cost of one element of a root."""
        return sum(equation.primitive.cost + 1 for equation in self.inlined(root))


def form_kernels(graph: Graph) -> KernelPlan:
    """Choose what is kept and group it greedily: a value joins the earliest kernel it may."""
    kept, packed = materialized(graph)
    plan = KernelPlan(graph, kept, Accesses(graph, kept), [])
    home: dict[Symbol, int] = {}
    room = _Room(plan)
    for root in _scheduled(graph, kept, plan.accesses):
        kind, domain, outer = _shape_of_loops(graph.producer[root], root in packed)
        value = Kernel(kind, domain, outer, [root], size=plan.size(root))
        reads = [a for a in plan.accesses.of(root) if a.symbol in kept]
        earliest = max((home[a.symbol] for a in reads), default=-1)
        inside = [(a.symbol, a.index) for a in reads if home[a.symbol] == earliest]
        # Of what a value reads, nothing lies behind the earliest kernel that has all of it.
        if (
            earliest >= 0
            and _may_join(plan, plan.kernels[earliest], value, inside)
            and room.takes(earliest, value, (symbol for symbol, _ in inside))
        ):
            position = earliest
        else:
            position = room.after(earliest, value)
        home[root] = position
        room.put(position, value)
    return plan


class _Room:
    """The kernels that values may join, by what such values are.

    A value joins one that reads what it reads, so that it is read once, or one a row of which it
    is computed for. Strangers run together only where calling each alone would cost: the updates
    of many alike parameters are many calls of one function, not one function of them all.
    """

    def __init__(self, plan: KernelPlan) -> None:
        self.plan = plan
        self._arrays: list[set[Symbol]] = []
        self._related: dict[Hashable, list[int]] = {}
        self._strange: dict[Hashable, list[int]] = {}

    def takes(self, position: int, value: Kernel, inside: Iterable[Symbol]) -> bool:
        """Tell whether a value that reads values inside a kernel is no stranger there."""
        kernel = self.plan.kernels[position]
        if value.domain != kernel.domain or not _is_whole(kernel):
            return True
        related = any(symbol.spec.size > 1 for symbol in inside)
        return related or not self._arrays[position].isdisjoint(self._read(value))

    def after(self, earliest: int, value: Kernel) -> int:
        """Return a position behind another of a kernel with room, or that of a new one."""
        kernels, own = self.plan.kernels, self._joining(value)

        def first(positions: list[int], is_closed: Callable[[Kernel], bool]) -> int:
            at = bisect.bisect_right(positions, earliest)
            while at < len(positions) and is_closed(kernels[positions[at]]):
                del positions[at]
            return positions[at] if at < len(positions) else len(kernels)

        shared: list[Symbol | None] = [*self._read(value), None]
        found = min(first(self._related.get((own, s), []), _is_full) for s in shared)
        if found < len(kernels):
            return found
        return first(self._strange.get(own, []), _is_whole)

    def put(self, position: int, value: Kernel) -> None:
        """Add a value to the kernel at a position, which it begins if there is none."""
        kernels, read = self.plan.kernels, self._read(value)
        if position < len(kernels):
            kernel = kernels[position]
            kernel.roots += value.roots
            kernel.size += value.size
            read -= self._arrays[position]
            self._arrays[position] |= read
        else:
            kernel = value
            kernels.append(value)
            self._arrays.append(read)
            for key in self._joined(value):
                self._strange.setdefault(key, []).append(position)
            if kernel.kind is Kind.ROW and self._joining(kernel) is not None:
                self._related.setdefault((kernel.outer, None), []).append(position)
        for key in self._joined(kernel):
            for symbol in read:
                bisect.insort(self._related.setdefault((key, symbol), []), position)

    def _read(self, value: Kernel) -> set[Symbol]:
        """Return the arrays that a value reads."""
        return {a.symbol for a in self.plan.accesses.of(value.main) if a.symbol.spec.size > 1}

    def _joining(self, value: Kernel) -> Hashable:
        """Return what a value is to kernels that it reads nothing of."""
        if value.kind is Kind.MAP:
            return value.domain
        equation = self.plan.graph.producer[value.main]
        if value.kind is Kind.ROW and _trailing(equation):
            return Kind.ROW, value.domain, value.outer
        if value.kind is Kind.COLUMN:
            return Kind.COLUMN, value.domain, value.outer, _reduced(equation)
        return None

    def _joined(self, kernel: Kernel) -> set[Hashable]:
        """Return what values may join a kernel that they read nothing of."""
        own = self._joining(kernel)
        if own is None:
            return set()
        return {own, kernel.domain} if kernel.kind is Kind.ROW else {own}


def _is_full(kernel: Kernel) -> bool:
    """Tell whether a kernel takes no more values."""
    return kernel.size >= MOST_SIZE


def _is_whole(kernel: Kernel) -> bool:
    """Tell whether a kernel has so much to do that it takes no more strangers."""
    return kernel.size * math.prod(kernel.domain) >= MOST_SIZE


def _scheduled(graph: Graph, kept: set[Symbol], accesses: Accesses) -> list[Symbol]:
    """Return kept values in order of computation, scalars that need only inputs first.

    Otherwise what an optimizer computes of its step count would come after the products whose
    epilogue wants it.
    """
    ordered = [e.output for e in graph.program.equations if e.output in kept]
    early: set[Symbol] = set()
    for root in ordered:
        scalar = root.shape == () and graph.producer[root].primitive.kind == "elementwise"
        if scalar and all(graph.is_leaf(a.symbol) or a.symbol in early for a in accesses.of(root)):
            early.add(root)
    return [r for r in ordered if r in early] + [r for r in ordered if r not in early]


def _shape_of_loops(equation: Equation, packed: bool) -> tuple[Kind, Shape, Shape]:
    role, result = equation.primitive.role, squeezed(equation.output.shape)
    if packed:
        return Kind.TRANSPOSE, result, result
    if role in ("whole", "part"):
        return Kind.WHOLE, (), ()
    if role in ("scatter", "scan") or (role == "product" and equation.inputs[0].spec.size):
        return Kind(role), result, result
    if role == "reduction" and equation.inputs[0].spec.size:
        reduced = _reduced(equation)
        if any(reduced):
            kind = Kind.ROW if reduced[-1] else Kind.COLUMN
            return kind, squeezed(equation.inputs[0].shape), result
    return Kind.MAP, result, result


def _trailing(equation: Equation) -> bool:
    """Tell whether the reduced axes are the last ones, so that the result's lead the domain."""
    reduced = _reduced(equation)
    return list(reduced) == sorted(reduced)


def _may_join(
    plan: KernelPlan, kernel: Kernel, value: Kernel, inside: list[tuple[Symbol, Index | None]]
) -> bool:
    """Tell whether a value may join a kernel, some values of which it reads."""
    if plan.graph.producer[value.main].primitive.role == "part":
        return True  # only what gives it reads nothing else of the kernel
    if _is_full(kernel):
        return False
    if kernel.kind is Kind.ROW:
        return _may_join_rows(plan.graph, kernel, value, inside)
    # Of a reduction down columns another one reads nothing, or it would read it whole.
    if kernel.kind not in (Kind.MAP, Kind.PRODUCT, Kind.COLUMN):
        return False
    if value.kind is not Kind.MAP or kernel.outer != value.domain:
        return False
    dear = kernel.kind is Kind.PRODUCT and _own_cost(plan, value.main) > _EPILOGUE_COST
    return not dear and _identity(inside, len(value.domain))


def _may_join_rows(
    graph: Graph, kernel: Kernel, value: Kernel, inside: list[tuple[Symbol, Index | None]]
) -> bool:
    """Tell whether a value may join a ROW kernel."""
    joins = _trailing(graph.producer[kernel.main])
    if value.kind is Kind.ROW:
        joins = joins and (kernel.domain, kernel.outer) == (value.domain, value.outer)
        joins = joins and _trailing(graph.producer[value.main])
    elif value.kind is not Kind.MAP:
        return False
    elif kernel.domain != value.domain:
        joins = joins and kernel.outer == value.domain
        joins = joins and all(squeezed(s.shape) == value.domain for s, _ in inside)
    return joins and _prefix(inside, graph.producer[value.main])


def _reduced(equation: Equation) -> tuple[bool, ...]:
    """Tell of each axis of a reduction's operand, but for those of extent 1, if it is reduced."""
    shape, axes = equation.inputs[0].shape, reduced_axes(equation)
    return tuple(axis in axes for axis, n in enumerate(shape) if n != 1)


def _identity(inside: list[tuple[Symbol, Index | None]], rank: int) -> bool:
    """Tell whether every read within the kernel is of the very element being computed."""
    return all(
        index == domain_index(symbol.shape) and len(squeezed(symbol.shape)) == rank
        for symbol, index in inside
    )


def _prefix(inside: list[tuple[Symbol, Index | None]], equation: Equation) -> bool:
    """Tell whether reads within a ROW kernel are of this row, or of this very element."""
    places = walked_places(equation)
    for symbol, at in inside:
        own = None if at is None else moving(at, symbol.shape)
        if own is None or own != places[: len(own)]:
            return False
    return True


def _own_cost(plan: KernelPlan, root: Symbol) -> int:
    """Return the cost of computing a value from kept ones, where single instructions overlap."""
    costs = (equation.primitive.cost for equation in plan.inlined(root))
    return sum(cost if cost > _INSTRUCTION else min(cost, 2) for cost in costs)


@dataclass(frozen=True)
class Likeness:
    """What a kernel computes, whatever the values are that it computes it of.

    Attributes:
        key: Equal for kernels that differ in nothing but their values.
        symbols: The values met; those of kernels with one key stand for each other, in this order.
    """

    key: Hashable
    symbols: tuple[Symbol, ...]


def likeness(plan: KernelPlan, kernel: Kernel, facts: Callable[[Symbol], Hashable]) -> Likeness:
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
    return equation.primitive is slice_ and is_read(equation.inputs[0])
