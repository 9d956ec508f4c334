"""Strips: all that is done with arrays of few columns, in one pass with vectors down their rows.

A row of three numbers fills three lanes of four, its sum is taken across a vector, and what is one
number a row is no vector at all. Down the rows each column is a vector of its own: a sum along the
rows adds columns, and no lane is idle. What several kernels do with the same rows is done while
they are in registers.
"""

from __future__ import annotations

from enum import Enum

from thalweg.compiler.kernels.affine import Affine, moving
from thalweg.compiler.kernels.fusion import Fusion, Order
from thalweg.compiler.kernels.graph import Access, reduced_axes, squeezed, walked_places
from thalweg.compiler.kernels.kernels import MOST_SIZE, Kernel, KernelPlan, Kind, Shape
from thalweg.core.program import Equation, Symbol

# More columns than this are long enough for vectors along them, and too many for the registers.
MOST_COLUMNS = 16

# So much is written out at most, of all columns together.
WRITTEN = 2 * MOST_SIZE

# What the lanes of a vector cost to be combined to one number, for each halving, in additions.
_HALVING = 2

# By estimates as coarse as these a tenth is to be saved.
_WORTH = 0.9

# So many accumulators stay in registers beside all else.
_KEPT = 8


class Part(Enum):
    """What a value is to a strip."""

    CELL = "cell"  # one number a row and column
    ROW = "row"  # one number a row
    ACROSS = "across"  # a reduction of each row
    DOWN = "down"  # a reduction of each column
    WHOLE = "whole"  # a reduction of everything, or of one number a row
    END = "end"  # what is computed of finished reductions


# What is written when all rows have been read.
ENDING = (Part.DOWN, Part.WHOLE, Part.END)


def part_of(equation: Equation, domain: Shape) -> Part | None:
    """Return what an equation's result is to a strip of so many rows and columns."""
    rows, columns = domain
    if equation.primitive.role == "reduction":
        shape, axes = equation.inputs[0].shape, reduced_axes(equation)
        reduced = [axis in axes for axis, n in enumerate(shape) if n != 1]
        if squeezed(shape) == domain and any(reduced):
            return Part.WHOLE if all(reduced) else Part.ACROSS if reduced[1] else Part.DOWN
        return Part.WHOLE if squeezed(shape) == (rows,) and any(reduced) else None
    parts = {domain: Part.CELL, (rows,): Part.ROW, (columns,): Part.END, (): Part.END}
    return parts.get(squeezed(equation.output.shape))


def fuse_strips(plan: KernelPlan, vector_bytes: int) -> None:
    """Fuse what is done with the same rows of few columns into STRIP kernels, where it pays.

    Args:
        plan: Changed in place.
        vector_bytes: The size of a vector.
    """
    order = Order(plan) if any(map(_is_narrow, plan.kernels)) else None
    tried: set[Kernel] = set()
    position = 0
    while order is not None and position < len(plan.kernels):
        first = plan.kernels[position]
        if first in tried or not _is_narrow(first):
            position += 1
            continue
        # A fusion reorders what follows, so that the position is looked at again.
        tried.add(first)
        fusion = _StripFusion(order, first.domain)
        fusion.grow(first)
        if fusion.members and fusion.pays(vector_bytes):
            fusion.finish(position, fusion.members[-1])


def _is_narrow(kernel: Kernel) -> bool:
    """Tell whether a kernel goes over many rows of few columns."""
    if kernel.kind not in (Kind.MAP, Kind.ROW, Kind.COLUMN) or len(kernel.domain) != 2:
        return False
    rows, columns = kernel.domain
    # Rows are more than columns may be: so one is not taken for the other.
    return 1 < columns <= MOST_COLUMNS < rows


class _StripFusion(Fusion):
    """A strip that grows from a kernel of few columns."""

    def __init__(self, order: Order, domain: Shape) -> None:
        super().__init__(order)
        self.domain = domain
        self.parts: dict[Symbol, Part] = {}
        self._written = 0

    def admit(self, kernel: Kernel) -> bool:
        """Add what a kernel computes to the strip, if all of it fits there."""
        rows = self.domain[:1]
        along = kernel.kind in (Kind.MAP, Kind.ROW) and kernel.domain == rows
        if not along and not (_is_narrow(kernel) and kernel.domain == self.domain):
            return False
        parts = dict(self.parts)
        written = self._written
        for root in kernel.roots:
            part = part_of(self.plan.graph.producer[root], self.domain)
            if part is None or not self._fits(root, part, parts):
                return False
            parts[root] = part
            times = 1 if part in (Part.ROW, Part.END) else self.domain[1]
            written += self.plan.size(root) * times
        if written > WRITTEN:
            return False
        self.parts, self._written = parts, written
        return True

    def _fits(self, root: Symbol, part: Part, parts: dict[Symbol, Part]) -> bool:
        """Tell whether all a value reads of the strip is there by then."""
        inlined = self.plan.inlined(root)
        if any(e.primitive.role in ("draw", "product") for e in inlined):
            return False
        places = walked_places(self.plan.graph.producer[root])
        return all(
            _is_there(access, parts[access.symbol], part, places)
            for access in self.plan.accesses.of(root)
            if access.symbol in parts
        )

    def fused(self) -> Kernel:
        """Return the strip's kernel."""
        roots = [root for member in self.members for root in member.roots]
        return Kernel(Kind.STRIP, self.domain, self.domain[:1], roots, size=self.size)

    # ---- what it costs

    def pays(self, vector_bytes: int) -> bool:
        """Tell whether vectors down the rows take less time than vectors along the columns."""
        columns = self.domain[1]
        roots = [root for root in self.parts if root.dtype.kind == "f"] or list(self.parts)
        lanes = max(2, vector_bytes // max(4, *(root.dtype.itemsize for root in roots)))
        before = sum(self._along(member, lanes) for member in self.members)
        cells, rows = self._work(list(self.parts))
        arrays = self._read(list(self.parts)) | {root for root in self.parts if self._leaves(root)}
        # Many accumulators are no longer kept in registers.
        sums = [part for part in self.parts.values() if part is Part.DOWN and columns > _KEPT]
        cells += _turning(columns, lanes) * (len(arrays) + len(sums))
        return columns * cells + rows < _WORTH * before

    def _along(self, kernel: Kernel, lanes: int) -> int:
        """Return the time that a kernel takes by itself for so many rows, in additions."""
        cells, rows = self._work(kernel.roots)
        if kernel.domain != self.domain:
            return rows
        columns = self.domain[1]
        cells += len(self._read(kernel.roots)) + sum(map(self._is_cell, kernel.roots))
        if kernel.kind is Kind.MAP and self._is_flat(kernel):
            return columns * cells
        across = [root for root in kernel.roots if self.parts[root] is Part.ACROSS]
        sums = len(across) * _HALVING * (lanes - 1).bit_length()
        return lanes * (-(-columns // lanes) * cells + rows + sums)

    def _work(self, roots: list[Symbol]) -> tuple[int, int]:
        """Return the cost of one element of a strip, and of one number a row."""
        cells = rows = 0
        for equation in {e for root in roots for e in self.plan.inlined(root)}:
            summed = equation.primitive.role == "reduction"
            shape = equation.inputs[0].shape if summed else equation.output.shape
            cost = 1 if summed else equation.primitive.cost
            cells += cost * (squeezed(shape) == self.domain)
            rows += cost * (squeezed(shape) == self.domain[:1])
        return cells, rows

    def _is_cell(self, symbol: Symbol) -> bool:
        return squeezed(symbol.shape) == self.domain

    def _read(self, roots: list[Symbol]) -> set[Symbol]:
        """Return the arrays of the strip's shape that come from elsewhere."""
        read = {access.symbol for root in roots for access in self.plan.accesses.of(root)}
        return {symbol for symbol in read - set(roots) if self._is_cell(symbol)}

    def _leaves(self, root: Symbol) -> bool:
        """Tell whether an array of the strip's shape is wanted elsewhere."""
        wanted = any(reader not in self.parts for reader in self.order.readers.get(root, ()))
        return self._is_cell(root) and (wanted or root in self.plan.graph.program.outputs)

    def _is_flat(self, kernel: Kernel) -> bool:
        """Tell whether a map's rows are one row: nothing in it is broadcast."""
        shapes = {a.symbol.shape for root in kernel.roots for a in self.plan.accesses.of(root)}
        return {squeezed(shape) for shape in shapes} <= {(), self.domain}


def _turning(columns: int, lanes: int) -> int:
    """Return what a column costs to be read or written among others, in additions."""
    if columns >= lanes:
        return lanes.bit_length()
    # Of an odd number of columns each lane of a vector is another row's.
    return columns if columns % 2 else 3 * (columns - 1)


def _is_there(access: Access, read: Part, part: Part, places: list[Affine]) -> bool:
    """Tell whether what a value reads of a strip is computed when it is wanted.

    Args:
        access: The read.
        read: What it reads.
        part: What the value is.
        places: Where the value's own loops are.
    """
    if access.index is None:
        return False
    own = moving(access.index, access.symbol.shape)
    if read in ENDING:
        return part is Part.END and own in ([], places)
    if part is Part.END or own[:1] != places[:1]:
        return False
    # All columns of an earlier value are there, each under its own number.
    return all(not at.terms or at in places[1:] for at in own[1:])
