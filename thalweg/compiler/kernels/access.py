"""Where a kept value reads other kept values, as affine expressions of its own axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from thalweg.compiler.kernels.affine import ZERO, Affine, Index, Var, axis_variables, linear, of
from thalweg.compiler.kernels.graph import (
    DRAWS,
    POSITIONS,
    PRODUCTS,
    REDUCTIONS,
    SCATTERS,
    Graph,
    access_variables,
    inner_extents,
    is_view,
    operand_index,
    padding,
    product_indices,
    reduced_index,
)
from thalweg.core.program import Equation, Symbol

# Numbers of variables: own axes from 0, reduced axes and inner extents after them, then gathers.
INNER = 1_000

_GATHERED = 1_000_000


@dataclass(frozen=True, slots=True)
class Access:
    """One read of a kept value or an input; `index` is None where it is not affine."""

    symbol: Symbol
    index: Index | None


def domain_index(shape: tuple[int, ...]) -> Index:
    """Return the index of an array whose axes are the loops; axes of extent 1 have none."""
    position = 0
    index = []
    for extent in shape:
        index.append(of(Var(position, extent)))
        position += extent != 1
    return tuple(index)


class Accesses:
    """The reads of each kept value."""

    def __init__(self, graph: Graph, kept: set[Symbol]) -> None:
        self.graph = graph
        self.kept = kept
        self._known: dict[Symbol, list[Access]] = {}

    def of(self, root: Symbol) -> list[Access]:
        """Return the reads of one kept value, indexed by its own axes."""
        if root not in self._known:
            found: dict[Access, None] = {}
            equation = self.graph.producer[root]
            seen: set[tuple[Symbol, Index | None]] = set()
            for symbol, index in self._operands(equation, domain_index(root.shape)):
                self._walk(symbol, index, found, seen)
            self._known[root] = list(found)
        return self._known[root]

    def behind(self, symbol: Symbol, index: Index) -> list[Access]:
        """Return the reads that evaluating a value at an index needs."""
        found: dict[Access, None] = {}
        self._walk(symbol, index, found, set())
        return list(found)

    def unit_stride(self, symbol: Symbol, axis: int) -> bool:
        """Tell whether neighbours along an axis are neighbours in every array they come from."""
        index = axis_variables(symbol.shape)
        var = Var(axis, symbol.shape[axis])
        for access in self.behind(symbol, index):
            if access.index is None:
                return False
            at = linear(access.index, access.symbol.shape)
            if at.coefficient(var) not in (0, 1) or any(_moves(v, var) for v, _ in at.terms):
                return False
        return True

    def _walk(
        self,
        symbol: Symbol,
        index: Index | None,
        found: dict[Access, None],
        seen: set[tuple[Symbol, Index | None]],
    ) -> None:
        if symbol.value is not None or (symbol, index) in seen:
            return
        seen.add((symbol, index))
        if symbol in self.kept or self.graph.is_leaf(symbol):
            found[Access(symbol, index)] = None
            return
        for operand, at in self._operands(self.graph.producer[symbol], index):
            self._walk(operand, at, found, seen)

    def _operands(
        self, equation: Equation, index: Index | None
    ) -> Iterator[tuple[Symbol, Index | None]]:
        name, inputs = equation.primitive.name, equation.inputs
        if index is None or name in ("concatenate", "cumulative_sum") or name in POSITIONS:
            yield from ((symbol, None) for symbol in inputs)
        elif name in REDUCTIONS:
            over = access_variables(equation, INNER)
            yield inputs[0], reduced_index(equation, index, over)
        elif name in PRODUCTS:
            extents = inner_extents(equation)
            inner = tuple(of(Var(INNER + i, n)) for i, n in enumerate(extents))
            yield from zip(inputs, product_indices(equation, index, inner), strict=True)
        elif name in SCATTERS:
            yield inputs[0], index
            yield from ((symbol, None) for symbol in inputs[1:])
        elif name in DRAWS:
            own = index[: len(inputs[0].shape) - 1]
            yield from ((inputs[0], (*own, Affine(word))) for word in (0, 1))
            yield from ((symbol, own) for symbol in inputs[1:])
        elif name == "pad_with_zeros":
            places = padding(equation, index)
            # A read that may fall on padding is made elsewhere: at a place that is an element.
            plain = all(spacing == 1 and _is_within(at, n) for at, n, spacing in places)
            yield inputs[0], tuple(at for at, _, _ in places) if plain else None
        elif name == "reshape" and not is_view(equation):
            yield inputs[0], None
        else:
            for position, symbol in enumerate(inputs):
                yield symbol, operand_index(equation, position, index, self._gathered)

    def _gathered(self, equation: Equation, index: Index) -> Affine:
        """Stand for the position that an index array holds at an index: one variable a place."""
        axis = equation.params["axis"]
        extent = equation.inputs[0].shape[axis]
        if extent <= 1:
            return ZERO
        number = _GATHERED + self.graph.order[equation.output]
        return Affine(0, ((Var(number, extent, (equation.inputs[1], index)), 1),))


def _is_within(at: Affine, extent: int) -> bool:
    low, high = at.bounds()
    return low >= 0 and high < extent


def is_inner(var: Var) -> bool:
    """Tell whether a variable runs along a reduced axis or a product's inner extent."""
    return INNER <= var.number < _GATHERED


def _moves(gathered: Var, var: Var) -> bool:
    """Tell whether a gathered position depends on a variable."""
    if gathered.number < _GATHERED:
        return False
    return any(v == var or _moves(v, var) for at in gathered.detail[1] for v, _ in at.terms)
