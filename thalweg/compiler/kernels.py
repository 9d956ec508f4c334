"""Kernels: groups of kept values computed in one pass over one domain."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from thalweg.compiler.access import INNER, Accesses, domain_index
from thalweg.compiler.affine import Index, Var
from thalweg.compiler.graph import (
    POSITIONS,
    PRODUCTS,
    REDUCTIONS,
    SCATTERS,
    Graph,
    reduced_axes,
    squeezed,
)
from thalweg.compiler.materialize import cost, materialized
from thalweg.core.program import Equation, Symbol

if TYPE_CHECKING:
    from thalweg.compiler.streams import Stream

Shape = tuple[int, ...]

# A dearer epilogue is unrolled over a product's tile at more cost than a pass of its own.
_EPILOGUE_COST = 14


class Kind(Enum):
    """What the loops of a kernel look like."""

    MAP = "map"  # each element of the domain alone
    ROW = "row"  # reductions whose last domain axis is reduced, and maps beside them
    COLUMN = "column"  # reductions that keep the last domain axis, and maps on the result
    PRODUCT = "product"  # a matrix product, and maps on the result
    TRANSPOSE = "transpose"  # a matrix copied transposed
    SCATTER = "scatter"  # additions at positions
    SCAN = "scan"  # running sums and positions of extremes, one element after another
    STREAM = "stream"  # rows of a matrix read once for products from both sides


@dataclass(eq=False)
class Kernel:
    """Kept values computed together, in order; `domain` and `outer` have no axes of extent 1.

    `outer` is the part of a ROW or COLUMN domain that is not reduced. A STREAM has its contents
    in `stream`, and in `parts` the products with their maps that end it.
    """

    kind: Kind
    domain: Shape
    outer: Shape
    roots: list[Symbol]
    parts: list[Kernel] = field(default_factory=list)
    stream: Stream | None = None

    @property
    def main(self) -> Symbol:
        """The value the kernel was made for."""
        return self.roots[0]


@dataclass
class Plan:
    """A graph cut into kernels, in the order they run."""

    graph: Graph
    kept: set[Symbol]
    accesses: Accesses
    kernels: list[Kernel]

    @property
    def home(self) -> dict[Symbol, int]:
        """The position of the kernel that computes each kept value."""
        return {root: i for i, kernel in enumerate(self.kernels) for root in kernel.roots}


def form_kernels(graph: Graph) -> Plan:
    """Choose what is kept and group it greedily: a value joins the earliest kernel it may."""
    kept, packed = materialized(graph)
    accesses = Accesses(graph, kept)
    plan = Plan(graph, kept, accesses, [])
    home: dict[Symbol, int] = {}
    for root in _scheduled(graph, kept, accesses):
        equation = graph.producer[root]
        kind, domain, outer = _shape_of_loops(equation, root in packed)
        reads = [a for a in accesses.of(root) if a.symbol in kept]
        earliest = max((home[a.symbol] for a in reads), default=0)
        for position in range(earliest, len(plan.kernels)):
            kernel = plan.kernels[position]
            inside = [(a.symbol, a.index) for a in reads if home[a.symbol] == position]
            if _may_join(plan, kernel, kind, domain, outer, root, inside):
                break
        else:
            position = len(plan.kernels)
            plan.kernels.append(Kernel(kind, domain, outer, []))
        plan.kernels[position].roots.append(root)
        home[root] = position
    return plan


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
    name, result = equation.primitive.name, squeezed(equation.output.shape)
    if name in PRODUCTS and equation.inputs[0].spec.size:
        return Kind.PRODUCT, result, result
    if packed:
        return Kind.TRANSPOSE, result, result
    if name in SCATTERS:
        return Kind.SCATTER, result, result
    if name in POSITIONS or name == "cumulative_sum":
        return Kind.SCAN, result, result
    if name in REDUCTIONS and equation.inputs[0].spec.size:
        shape = equation.inputs[0].shape
        reduced = [a for a in reduced_axes(equation) if shape[a] != 1]
        last = max((a for a, n in enumerate(shape) if n != 1), default=-1)
        if reduced:
            kind = Kind.ROW if last in reduced else Kind.COLUMN
            return kind, squeezed(shape), result
    return Kind.MAP, result, result


def _trailing(equation: Equation) -> bool:
    """Tell whether the reduced axes are the last ones, so that the result's lead the domain."""
    shape = equation.inputs[0].shape
    axes = [a for a, n in enumerate(shape) if n != 1]
    reduced = {a for a in reduced_axes(equation) if shape[a] != 1}
    return set(axes[len(axes) - len(reduced) :]) == reduced


def _may_join(
    plan: Plan,
    kernel: Kernel,
    kind: Kind,
    domain: Shape,
    outer: Shape,
    root: Symbol,
    inside: list[tuple[Symbol, Index | None]],
) -> bool:
    graph = plan.graph
    if kernel.kind is Kind.MAP:
        return kind is Kind.MAP and kernel.domain == domain and _identity(inside, len(domain))
    if kernel.kind is Kind.ROW:
        if not _trailing(graph.producer[kernel.main]):
            return False
        if kind is Kind.ROW:
            same = kernel.domain == domain and kernel.outer == outer
            return same and _trailing(graph.producer[root]) and _prefix(inside, graph, root)
        if kind is Kind.MAP and kernel.domain == domain:
            return _prefix(inside, graph, root)
        if kind is Kind.MAP and kernel.outer == domain and (inside or domain != ()):
            return _prefix(inside, graph, root) and all(
                squeezed(s.shape) == domain for s, _ in inside
            )
        return False
    if kernel.kind is Kind.PRODUCT:
        dear = _own_cost(plan, root) > _EPILOGUE_COST
        joins = kind is Kind.MAP and kernel.domain == domain and bool(inside)
        return joins and not dear and _identity(inside, len(domain))
    if kernel.kind is Kind.COLUMN:
        if kind is Kind.COLUMN:
            same = kernel.domain == domain and kernel.outer == outer
            return same and not inside and _axes_alike(graph, kernel.main, root)
        joins = kind is Kind.MAP and kernel.outer == domain and bool(inside)
        return joins and _identity(inside, len(domain))
    return False


def _axes_alike(graph: Graph, a: Symbol, b: Symbol) -> bool:
    def reduced(symbol: Symbol) -> list[bool]:
        equation = graph.producer[symbol]
        shape, axes = equation.inputs[0].shape, reduced_axes(equation)
        return [axis in axes for axis, n in enumerate(shape) if n != 1]

    return reduced(a) == reduced(b)


def _identity(inside: list[tuple[Symbol, Index | None]], rank: int) -> bool:
    """Tell whether every read within the kernel is of the very element being computed."""
    return all(
        index == domain_index(symbol.shape) and len(squeezed(symbol.shape)) == rank
        for symbol, index in inside
    )


def _prefix(inside: list[tuple[Symbol, Index | None]], graph: Graph, root: Symbol) -> bool:
    """Tell whether reads within a ROW kernel are of this row, or of this very element."""
    equation = graph.producer[root]
    if equation.primitive.name in REDUCTIONS:
        # The reduced axes carry other variables; put the domain's in their place.
        shape = equation.inputs[0].shape
        over = {axis: Var(INNER + axis, shape[axis]) for axis in reduced_axes(equation)}
        position = {var: i for i, var in enumerate(_domain_of(equation, over))}
    else:
        position = {var: i for i, var in enumerate(_variables(domain_index(root.shape)))}
    for symbol, index in inside:
        if index is None:
            return False
        own = [at for at, n in zip(index, symbol.shape, strict=True) if n != 1]
        wanted = list(range(len(own)))
        found = [
            position.get(at.terms[0][0], -1)
            if len(at.terms) == 1 and at.constant == 0 and at.terms[0][1] == 1
            else -1
            for at in own
        ]
        if found != wanted:
            return False
    return True


def _domain_of(equation: Equation, over: dict[int, Var]) -> list[Var]:
    kept = iter(_variables(domain_index(equation.output.shape)))
    shape = equation.inputs[0].shape
    return [over[axis] if axis in over else next(kept) for axis, n in enumerate(shape) if n != 1]


def _variables(index: Index) -> list[Var]:
    return [at.terms[0][0] for at in index if at.terms]


def _own_cost(plan: Plan, root: Symbol) -> int:
    """Return the cost of computing a value from kept ones, divisions and roots counted cheap."""
    seen: set[Symbol] = set()
    stack, total = [root], 0
    while stack:
        symbol = stack.pop()
        if symbol in seen or plan.graph.is_leaf(symbol):
            continue
        if symbol is not root and symbol in plan.kept:
            continue
        seen.add(symbol)
        equation = plan.graph.producer[symbol]
        cheap = equation.primitive.name in ("divide", "sqrt")
        total += 2 if cheap else cost(equation)
        stack += equation.inputs
    return total
