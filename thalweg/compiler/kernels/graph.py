"""A program with its uses, and where a value reads others, as affine expressions of its axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from string import ascii_letters
from typing import Any

from thalweg.compiler.kernels.affine import (
    ZERO,
    Affine,
    Index,
    Var,
    axis_variables,
    linear,
    moving,
    of,
)
from thalweg.core.primitive import HELD
from thalweg.core.program import Equation, Program, Symbol
from thalweg.ops.elementwise.conversion import stop_gradient, with_derivative_of

Shape = tuple[int, ...]

Gathered = Callable[[Equation, Index], Affine]


class Graph:
    """A program with the equation that produces each symbol and those that use it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.producer: dict[Symbol, Equation] = {e.output: e for e in program.equations}
        self.order: dict[Symbol, int] = {e.output: i for i, e in enumerate(program.equations)}

    @cached_property
    def users(self) -> dict[Symbol, list[Equation]]:
        """The equations that read each symbol."""
        users: dict[Symbol, list[Equation]] = {}
        for equation in self.program.equations:
            for symbol in dict.fromkeys(equation.inputs):
                users.setdefault(symbol, []).append(equation)
        return users

    def is_leaf(self, symbol: Symbol) -> bool:
        """Tell whether a symbol is an input of the program or a literal."""
        return symbol not in self.producer

    def behind(self, symbol: Symbol, is_passed: Callable[[Equation], bool]) -> Symbol:
        """Return the value at the start of a chain of such equations."""
        while symbol in self.producer and is_passed(self.producer[symbol]):
            symbol = self.producer[symbol].inputs[0]
        return symbol


def squeezed(shape: Shape) -> Shape:
    """Return a shape without its axes of extent 1."""
    return tuple(n for n in shape if n != 1)


def is_alias(equation: Equation) -> bool:
    """Tell whether the result is the operand itself."""
    return equation.primitive in (stop_gradient, with_derivative_of)


def is_flat(equation: Equation) -> bool:
    """Tell whether elements are those of the same number in row-major order: a reshape's."""
    if equation.primitive.role != "view":
        return False
    return not equation.primitive.locates(equation.inputs[0].spec, **equation.params)


def in_memory(graph: Graph, symbol: Symbol) -> Symbol:
    """Return the value that lies where another one's elements are, in the same order."""
    return graph.behind(symbol, lambda equation: is_alias(equation) or is_flat(equation))


def reads(equation: Equation, index: Index, gathered: Gathered) -> list[Index | None]:
    """Return where each operand is read for one element of the result; None: at places unknown.

    `gathered` supplies the position that an index array holds.
    """
    specs = [symbol.spec for symbol in equation.inputs]
    found = equation.primitive.reads(index, *specs, **equation.params)
    # Mostly there is nothing to do: for the very place, for numbers, for places unknown.
    return [
        _lifted(equation, at, found, gathered) if at and at is not index else at for at in found
    ]


def _lifted(
    equation: Equation, index: tuple[Any, ...], found: tuple[Any, ...], gathered: Gathered
) -> Index:
    """Return a primitive's index with positions in the place of plain integers and what is held."""
    lifted: list[Affine] = []
    for at in index:
        if at is HELD:
            at = gathered(equation, found[-1])
        lifted.append(Affine(at) if at.__class__ is int else at)
    return tuple(lifted)


def product_labels(equation: Equation) -> tuple[str, str, str]:
    """Return one label an axis of a product's operands and of its result."""
    specs = [symbol.spec for symbol in equation.inputs]
    found = equation.primitive.reads(tuple(ascii_letters), *specs, **equation.params)
    left, right = ("".join(labels or ()) for labels in found)
    return left, right, ascii_letters[: len(equation.output.shape)]


def inner_labels(equation: Equation) -> str:
    """Return the labels that a product sums over, in the order of its first operand."""
    left, _, result = product_labels(equation)
    return "".join(label for label in left if label not in result)


def inner_extents(equation: Equation) -> Shape:
    """Return how many terms a product sums, along each label."""
    shape = dict(zip(product_labels(equation)[0], equation.inputs[0].shape, strict=True))
    return tuple(shape[label] for label in inner_labels(equation))


def reduced_index(equation: Equation, index: Index, over: dict[int, Affine]) -> Index:
    """Return the operand's index from the result's and the positions along the reduced axes."""
    rest = iter(index)
    rank = len(equation.inputs[0].shape)
    return tuple(over[axis] if axis in over else next(rest) for axis in range(rank))


def reduced_axes(equation: Equation) -> tuple[int, ...]:
    """Return the axes that a reduction removes."""
    axis = equation.params["axis"]
    return axis if isinstance(axis, tuple) else (axis,)


def access_variables(equation: Equation, first: int) -> dict[int, Affine]:
    """Return fresh variables for the reduced axes of an equation."""
    shape = equation.inputs[0].shape
    return {axis: of(Var(first + axis, shape[axis])) for axis in reduced_axes(equation)}


# Numbers of variables: own axes from 0, reduced axes and inner extents after them, then gathers.
INNER = 1_000

_GATHERED = 1_000_000

# A value at an index, None where that is not affine.
Read = tuple[Symbol, Index | None]


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


def walked_places(equation: Equation) -> list[Affine]:
    """Return positions along the axes that a value's own loops run over, a reduction's included.

    They are those of its accesses; axes of extent 1 have no loop.
    """
    shape, index = equation.output.shape, domain_index(equation.output.shape)
    if equation.primitive.role == "reduction":
        index = reduced_index(equation, index, access_variables(equation, INNER))
        shape = equation.inputs[0].shape
    return moving(index, shape)


class Accesses:
    """The reads of each kept value."""

    def __init__(self, graph: Graph, kept: set[Symbol]) -> None:
        self.graph = graph
        self.kept = kept
        self._known: dict[Symbol, list[Access]] = {}

    def of(self, root: Symbol) -> list[Access]:
        """Return the reads of one kept value, indexed by its own axes."""
        if root not in self._known:
            equation = self.graph.producer[root]
            self._known[root] = self._behind(self._operands(equation, domain_index(root.shape)))
        return self._known[root]

    def behind(self, symbol: Symbol, index: Index) -> list[Access]:
        """Return the reads that evaluating a value at an index needs."""
        return self._behind([(symbol, index)])

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

    def _behind(self, values: Iterable[Read]) -> list[Access]:
        """Return the reads of kept values and inputs that evaluating some values needs."""
        kept, producer = self.kept, self.graph.producer
        found: list[Access] = []
        seen: set[Symbol | Read] = set()
        stack = list(values)[::-1]
        # Most is read at one place: there a symbol tells reads apart, which costs less.
        here = stack[-1][1] if stack else None
        while stack:
            symbol, index = stack.pop()
            key = symbol if index is here or index == here else (symbol, index)
            if symbol.value is not None or key in seen:
                continue
            seen.add(key)
            maker = None if symbol in kept else producer.get(symbol)
            if maker is None:
                found.append(Access(symbol, index))
            else:
                stack += list(self._operands(maker, index))[::-1]
        return found

    def _operands(self, equation: Equation, index: Index | None) -> Iterator[Read]:
        role, inputs = equation.primitive.role, equation.inputs
        if role == "whole":
            # It is read where it lies, also where a reshape of it is kept.
            yield from ((in_memory(self.graph, symbol), None) for symbol in inputs)
        elif index is None:
            yield from ((symbol, None) for symbol in inputs)
        elif role == "elementwise":
            shape = equation.output.shape
            for position, symbol in enumerate(inputs):
                alike = symbol.shape == shape
                yield symbol, index if alike else reads(equation, index, self._gathered)[position]
        elif role == "reduction":
            over = access_variables(equation, INNER)
            yield inputs[0], reduced_index(equation, index, over)
        elif role == "draw":
            own = index[: len(inputs[0].shape) - 1]
            yield from ((inputs[0], (*own, Affine(word))) for word in (0, 1))
            yield from ((symbol, own) for symbol in inputs[1:])
        else:
            if role == "product":
                extents = enumerate(inner_extents(equation))
                index = (*index, *(of(Var(INNER + i, n)) for i, n in extents))
            for symbol, at in zip(inputs, reads(equation, index, self._gathered), strict=True):
                # A read that may fall outside is made elsewhere: at a place that is an element.
                outside = role == "piecewise" and at is not None and not _is_within(at, symbol)
                yield symbol, None if outside else at

    def _gathered(self, equation: Equation, index: Index) -> Affine:
        """Stand for the position that an index array holds at an index: one variable a place."""
        axis = equation.params["axis"]
        extent = equation.inputs[0].shape[axis]
        if extent <= 1:
            return ZERO
        number = _GATHERED + self.graph.order[equation.output]
        return Affine(0, ((Var(number, extent, (equation.inputs[1], index)), 1),))


def _is_within(index: Index, symbol: Symbol) -> bool:
    bounds = (at.bounds() for at in index)
    return all(low >= 0 and high < n for (low, high), n in zip(bounds, symbol.shape, strict=True))


def is_inner(var: Var) -> bool:
    """Tell whether a variable runs along a reduced axis or a product's inner extent."""
    return INNER <= var.number < _GATHERED


def _moves(gathered: Var, var: Var) -> bool:
    """Tell whether a gathered position depends on a variable."""
    if gathered.number < _GATHERED:
        return False
    return any(v == var or _moves(v, var) for at in gathered.detail[1] for v, _ in at.terms)
