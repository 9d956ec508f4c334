"""What the kernels of a program may rely on, and where they find their values."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from thalweg.compiler.kernels.graph import Graph
from thalweg.core.program import Symbol
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value

# The arena begins with the fault flag, the number of the epoch whose order is in place, whether the
# run is to stop, the address of the function that calls back into Python, whether such a call has
# begun and not ended well, and the address of the table that says where its arrays are.
FAULT = 0

EPOCH = 8

STOP = 16

HOST = 24

PENDING = 32

TABLE = 40

HEADER = 64


@dataclass(frozen=True)
class Cell:
    """Memory that a kernel keeps from step to step for itself."""

    place: int


@dataclass(frozen=True)
class Scratch:
    """Memory that a kernel has while it runs; afterwards it is another's."""

    place: int


# What a kernel may need the address of; None is the arena.
Addressed = Symbol | Cell | Scratch | None


@dataclass
class KernelFacts:
    """What kernels may rely on.

    Attributes:
        graph: The program.
        kept: The values that have memory, or are computed once in their kernel.
        stored: Those that are written to memory.
        places: Where in the arena values are; there whole vectors may be read past an array's end.
        trusted: Index arrays whose values are known to be from 0 up to below a number.
        invariant: Scalars that stay the same over all steps of a loop.
        long: Whether a step takes so long that its kernels look whether they are to stop.
        cell: Reserves 16 bytes of the arena, zero when a run begins; None outside of loops.
        entry: Returns the place of the arena where the address of an array outside is.
        scratch: Returns so many bytes of the arena, or more.
    """

    graph: Graph
    kept: set[Symbol]
    stored: set[Symbol]
    places: dict[Symbol, int]
    trusted: dict[Symbol, int]
    invariant: set[Symbol]
    long: bool
    cell: Callable[[], Cell] | None
    entry: Callable[[Symbol], int]
    scratch: Callable[[int], Scratch]
    _known: dict[Symbol, Hashable] = field(default_factory=dict)

    def within(self, indices: Symbol, extent: int) -> bool:
        """Tell whether all positions an array holds are known to be on an axis."""
        return indices in self.trusted and self.trusted[indices] <= extent

    def in_place(self, symbol: Symbol) -> bool:
        """Tell whether a computed value lies where its first operand is."""
        operands = self.graph.producer[symbol].inputs
        place = self.places.get(symbol)
        return place is not None and bool(operands) and self.places.get(operands[0]) == place

    def of(self, symbol: Symbol) -> Hashable:
        """Return all that a kernel's text depends on of a value, beside its shape and dtype."""
        found = self._known.get(symbol)
        if found is None:
            maker = self.graph.producer.get(symbol)
            made = maker and (maker.primitive, *(s.dtype for s in maker.inputs))
            stored, placed = symbol in self.stored, symbol in self.places
            in_place = placed and made is not None and self.in_place(symbol)
            outside = symbol in self.invariant, self.trusted.get(symbol)
            found = self._known[symbol] = (stored, placed, in_place, made, *outside)
        return found


class Places:
    """Addresses of a kernel that is called once: known places of the arena, which it is given.

    Attributes:
        of_cuts: Whether parts of arrays have addresses of their own.
    """

    of_cuts = False

    def __init__(self, facts: KernelFacts) -> None:
        self._facts = facts

    def address(self, e: Emitter, given: Value, what: Addressed) -> Value:
        """Return where a value is."""
        if what is None:
            return given
        if not isinstance(what, Symbol):
            return e.offset(given, what.place)
        place = self._facts.places.get(what)
        if place is None:
            return e.load(e.offset(given, self._facts.entry(what)), "ptr")
        return e.offset(given, place)


class AddressTable:
    """Addresses of a kernel that is called for several values: it is given a table of them.

    Attributes:
        of_cuts: Whether parts of arrays have addresses of their own.
        entries: What the table holds the addresses of, in order.
    """

    of_cuts = True

    def __init__(self) -> None:
        self.entries: dict[Addressed, int] = {}

    def address(self, e: Emitter, given: Value, what: Addressed) -> Value:
        """Return where a value is."""
        position = self.entries.setdefault(what, len(self.entries))
        return e.load(e.offset(given, 8 * position), "ptr")
