"""Loops over domains: how their axes run, which are reduced, how wide the vectors are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from thalweg.compiler.kernels.affine import ZERO, Affine, Index, linear
from thalweg.compiler.kernels.graph import domain_index, reduced_axes, squeezed, walked_places
from thalweg.compiler.kernels.kernels import Kind
from thalweg.core.program import Equation, Symbol
from thalweg.engines.llvm.ir.values import BYTES, is_float
from thalweg.engines.llvm.kernels.lowering import TYPES
from thalweg.engines.llvm.kernels.writer import Writer

Shape = tuple[int, ...]

# An axis and how many positions are walked along it: those of all axes that it stands for.
Walk = tuple[int, int]

# Up to this many vectors are written out one after another instead of as a loop …
_UNROLLED = 8

# … unless that many copies of a dear expression would make the code long.
_UNROLLED_COST = 120


def width_for(writer: Writer, extent: int) -> int:
    """Return the lanes of a vector: by the widest float, and not beyond the extent.

    Scalars do not count: they are converted once, outside the loops.
    """
    roots = writer.kernel.roots
    symbols = [*roots, *(s for equation in writer.inlined for s in equation.inputs)]
    types = {TYPES[s.dtype] for s in symbols if s.spec.size > 1} or {TYPES[roots[0].dtype]}
    floats = {t for t in types if is_float(t)}
    size = max(BYTES[t] for t in floats or types)
    return narrow(writer.e.target.vector_bytes // max(size, 4), extent)


def narrow(width: int, extent: int) -> int:
    """Return the lanes of a vector halved as long as half of them are enough."""
    while width > 1 and width // 2 >= extent:
        width //= 2
    return width


def is_positional(equation: Equation) -> bool:
    """Tell whether a value depends on where it is, along one axis or another."""
    if equation.primitive.role == "draw":
        # Along its own axes a draw counts its elements as one row.
        return len(equation.params.get("shape", ())) != len(equation.output.shape)
    return equation.primitive.role in ("piecewise", "gather", "position")


def spread(position: list[Affine], shape: Shape) -> Index:
    """Return the index of an array of a shape from positions along its axes that are not 1."""
    rest = iter(position)
    return tuple(ZERO if n == 1 else next(rest) for n in shape)


def chunks(
    writer: Writer,
    extent: int,
    body: Callable[[Affine], None],
    *,
    cost: int = 0,
    ends_differ: bool = False,
) -> None:
    """Apply a body to all of 0 … extent - 1, a vector at a time, the last one partly.

    Args:
        writer: The kernel; its `width` is the vector's.
        extent: The number of elements.
        body: Called with the position of the lanes.
        cost: The cost of the body, which limits unrolling.
        ends_differ: Whether first and last vector are written apart, so that what is decided
            by comparing positions is settled in between.
    """
    width, done = writer.width, 0
    full, lanes = extent // width, writer.lanes(width)
    if full > max(2, min(_UNROLLED, _UNROLLED_COST // max(1, cost))):
        first, done = (1, full - 1) if ends_differ else (0, full)
        if ends_differ:
            body(lanes)
        at, _ = writer.loop(done - first)
        body(at * width + lanes + first * width)
        writer.e.end_loop()
    for at in writer.vectors(extent, done):
        body(at)


def panels(
    writer: Writer, extent: int, together: int, body: Callable[[list[Affine]], None]
) -> None:
    """Apply a body to all of 0 … extent - 1, several vectors at a time; the last may be fewer.

    Args:
        writer: The kernel; its `width` is the vector's.
        extent: The number of elements.
        together: How many vectors the body gets at once.
        body: Called with the positions of their lanes.
    """
    width, done = writer.width, 0
    rounds, lanes = extent // width // together, writer.lanes(width)
    if rounds > 1:
        at, _ = writer.loop(rounds)
        body([at * (together * width) + lanes + k * width for k in range(together)])
        writer.e.end_loop()
        done = rounds * together
    places = writer.vectors(extent, done)
    for first in range(0, len(places), together):
        body(places[first : first + together])


def blocks(
    writer: Writer,
    extent: int,
    size: int,
    body: Callable[[Affine, int], None],
    written_out: int = 1,
) -> None:
    """Apply a body to all of 0 … extent - 1, a block at a time; the last may be smaller.

    Args:
        writer: The kernel.
        extent: The number of elements.
        size: How many of them a block has.
        body: Called with the first position of a block and its size.
        written_out: Up to so many whole blocks are written one after another.
    """
    full, rest = divmod(extent, size)
    if full > written_out:
        at, _ = writer.loop(full)
        body(at * size, size)
        writer.e.end_loop()
    else:
        for k in range(full):
            body(Affine(k * size), size)
    if rest:
        body(Affine(full * size), rest)


def is_reduction(writer: Writer, root: Symbol) -> bool:
    """Tell whether a kept value is reduced in its kernel."""
    return writer.maker(root).primitive.role == "reduction"


class Domain:
    """The axes of a kernel's domain, reduced or kept, and the positions along them."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.shape = writer, writer.kernel.domain
        self.reduced: list[int] = []
        if writer.kernel.kind in (Kind.ROW, Kind.COLUMN):
            equation = writer.maker(writer.kernel.main)
            axes = [a for a, n in enumerate(equation.inputs[0].shape) if n != 1]
            over = reduced_axes(equation)
            self.reduced = [i for i, a in enumerate(axes) if a in over]
        self.position = [ZERO] * max(1, len(self.shape))

    @property
    def kept(self) -> list[int]:
        """The axes that are not reduced."""
        return [axis for axis in range(len(self.shape)) if axis not in self.reduced]

    def operand(self, equation: Equation) -> Index:
        """Return where a reduction reads its operand at the current position."""
        return spread(self.position, equation.inputs[0].shape)

    def result(self, root: Symbol) -> Index:
        """Return where a value of the kept axes is written."""
        return spread([self.position[axis] for axis in self.kept], root.shape)

    @contextmanager
    def nest(self, walks: Sequence[Walk]) -> Iterator[None]:
        """Open a loop a walk around a `with` block, in which the position is the loops'."""
        with self.writer.nest([extent for _, extent in walks]) as places:
            for (axis, _), at in zip(walks, places, strict=True):
                self.position[axis] = at
            yield

    def alone(self, axes: Sequence[int]) -> list[Walk]:
        """Return walks along each of some axes."""
        return [(axis, self.shape[axis]) for axis in axes]

    def joined(self, axes: Sequence[int]) -> list[Walk]:
        """Return walks along some axes, of which adjacent ones are one if so every access walks."""
        apart, strides = self.alone(axes), []
        if any(map(is_positional, self.writer.inlined)):
            return apart
        for root in self.writer.kernel.roots:
            found = self._strides(root)
            if found is None:
                return apart
            strides += found
        walks: list[Walk] = []
        for axis, extent in apart:
            follows = bool(walks) and walks[-1][0] == axis - 1
            if follows and all(s[axis - 1] == s[axis] * extent for s in strides):
                walks[-1] = axis, walks[-1][1] * extent
            else:
                walks.append((axis, extent))
        return walks

    def _strides(self, root: Symbol) -> list[list[int]] | None:
        """Return how each access of a root moves along the domain's axes."""
        numbers = self._numbers(root)
        walked = [(access.symbol, access.index) for access in self.writer.plan.accesses.of(root)]
        if not self._reduces(root):
            walked.append((root, domain_index(root.shape)))
        found = []
        for symbol, index in walked:
            if index is None:
                return None
            terms = {var.number: c for var, c in linear(index, symbol.shape).terms}
            found.append([terms.get(number, 0) for number in numbers])
        return found

    def _reduces(self, root: Symbol) -> bool:
        return bool(self.reduced) and is_reduction(self.writer, root)

    def _numbers(self, root: Symbol) -> list[int]:
        """Return the number of the variable that stands for each axis in a root's accesses."""
        if self._reduces(root):
            return [at.terms[0][0].number for at in walked_places(self.writer.maker(root))]
        if squeezed(root.shape) == self.shape:
            return list(range(len(self.shape)))
        kept = {axis: i for i, axis in enumerate(self.kept)}
        return [kept.get(axis, -2) for axis in range(len(self.shape))]
