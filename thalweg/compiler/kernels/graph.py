"""A program with its uses, and where each equation reads its operands."""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import cached_property

from thalweg.compiler.kernels.affine import ZERO, Affine, Index, Var
from thalweg.core.program import Equation, Program, Symbol

Shape = tuple[int, ...]

REDUCTIONS = frozenset({"reduce_sum", "reduce_max", "reduce_min", "reduce_prod"})

POSITIONS = frozenset({"index_of_max", "index_of_min"})

SCATTERS = frozenset({"scatter_add", "scatter_add_along_axis"})

GATHERS = frozenset({"take", "take_along_axis"})

GUARDED = frozenset({"pad_with_zeros", "concatenate"})

PRODUCTS = frozenset({"matrix_product", "contract"})

DRAWS = frozenset({"fold_in", "random_bits"})

SAME_INDEX = frozenset({"astype", "stop_gradient"})

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

    def behind(self, symbol: Symbol, names: Set[str]) -> Symbol:
        """Return the value at the start of a chain of primitives of these names."""
        while symbol in self.producer and self.producer[symbol].primitive.name in names:
            symbol = self.producer[symbol].inputs[0]
        return symbol


def squeezed(shape: Shape) -> Shape:
    """Return a shape without its axes of extent 1."""
    return tuple(n for n in shape if n != 1)


def is_view(equation: Equation) -> bool:
    """Tell whether a reshape only inserts or removes axes of extent 1."""
    return squeezed(equation.inputs[0].shape) == squeezed(equation.output.shape)


def aligned(index: Index, shape: Shape) -> Index:
    """Return the index into a broadcast operand: trailing axes align, extent 1 is read at 0."""
    tail = index[len(index) - len(shape) :]
    return tuple(ZERO if n == 1 else at for at, n in zip(tail, shape, strict=True))


def operand_index(
    equation: Equation, position: int, index: Index, gathered: Gathered | None = None
) -> Index:
    """Return where one operand is read when an element of the result is computed.

    For elementwise equations and those that only rearrange; `gathered` supplies the position that
    an index array holds. Padding and concatenation must be resolved before.
    """
    name, operand, params = equation.primitive.name, equation.inputs[position], equation.params
    if equation.primitive.kind == "elementwise" or name == "broadcast_to":
        return aligned(index, operand.shape)
    if name in SAME_INDEX:
        return index
    if name == "transpose":
        placed = dict(zip(params["axes"], index, strict=True))
        return tuple(placed[axis] for axis in range(len(index)))
    if name == "slice_":
        bounds = zip(index, params["bounds"], strict=True)
        return tuple(at * step + start for at, (start, _, step) in bounds)
    if name == "windows":
        return _window_index(equation, index)
    if name == "flip":
        return tuple(
            at * -1 + (n - 1) if axis in params["axis"] else at
            for axis, (at, n) in enumerate(zip(index, operand.shape, strict=True))
        )
    if name == "reshape":
        rest = iter(at for at, n in zip(index, equation.output.shape, strict=True) if n != 1)
        return tuple(ZERO if n == 1 else next(rest) for n in operand.shape)
    if name in GATHERS:
        return _gather_index(equation, position, index, gathered)
    raise AssertionError(f"{name} does not read its operands at single positions")


def _window_index(equation: Equation, index: Index) -> Index:
    params = equation.params
    steps = dict(
        zip(params["axes"], zip(params["stride"], params["dilation"], strict=True), strict=True)
    )
    places, found = iter(index), []
    for axis in range(len(equation.inputs[0].shape)):
        at = next(places)
        if axis in steps:
            stride, dilation = steps[axis]
            at = at * stride + next(places) * dilation
        found.append(at)
    return tuple(found)


def _gather_index(
    equation: Equation, position: int, index: Index, gathered: Gathered | None
) -> Index:
    axis = equation.params["axis"]
    if equation.primitive.name == "take_along_axis":
        if position == 1 or gathered is None:
            return index
        return (*index[:axis], gathered(equation, index), *index[axis + 1 :])
    rank = len(equation.inputs[1].shape)
    inner = index[axis : axis + rank]
    if position == 1 or gathered is None:
        return inner
    return (*index[:axis], gathered(equation, inner), *index[axis + rank :])


def padding(equation: Equation, index: Index) -> list[tuple[Affine, int, int]]:
    """Return, an axis, the unshifted position, the operand's extent and the spacing."""
    low, interior = equation.params["low"], equation.params["interior"]
    shape = equation.inputs[0].shape
    return [
        (at + -a, n, gap + 1) for at, a, gap, n in zip(index, low, interior, shape, strict=True)
    ]


def offsets(equation: Equation) -> list[int]:
    """Return where each operand of a concatenation starts along its axis."""
    axis, starts, at = equation.params["axis"], [], 0
    for operand in equation.inputs:
        starts.append(at)
        at += operand.shape[axis]
    return starts


def product_labels(equation: Equation) -> tuple[str, str, str]:
    """Return one label an axis of a product's operands and of its result."""
    if equation.primitive.name == "contract":
        left, right, result = equation.params["labels"].replace("->", ",").split(",")
        return left, right, result
    batch = "abcdefghijklmnopqrstuvw"[: len(equation.output.shape) - 2]
    return f"{batch}xy", f"{batch}yz", f"{batch}xz"


def inner_labels(equation: Equation) -> str:
    """Return the labels that a product sums over, in the order of its first operand."""
    left, _, result = product_labels(equation)
    return "".join(label for label in left if label not in result)


def inner_extents(equation: Equation) -> Shape:
    """Return how many terms a product sums, along each label."""
    shape = dict(zip(product_labels(equation)[0], equation.inputs[0].shape, strict=True))
    return tuple(shape[label] for label in inner_labels(equation))


def product_indices(
    equation: Equation, index: Index, inner: tuple[Affine, ...]
) -> tuple[Index, Index]:
    """Return where a product reads its operands for one element and inner positions."""
    left, right, result = product_labels(equation)
    at = dict(zip(result, index, strict=True))
    at |= dict(zip(inner_labels(equation), inner, strict=True))
    return tuple(at[label] for label in left), tuple(at[label] for label in right)


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
    return {
        axis: Affine(0, ((Var(first + axis, shape[axis]), 1),)) if shape[axis] != 1 else ZERO
        for axis in reduced_axes(equation)
    }
