"""Positions as integers of a kernel, and the arrays at them: loops, lanes, loads and stores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from thalweg.compiler.kernels.affine import ZERO, Affine, Index, Var, linear
from thalweg.compiler.kernels.memory import aligned_size
from thalweg.compiler.kernels.strips import MOST_COLUMNS
from thalweg.core.program import Symbol
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.regions import LoopRegion
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.turning import column_read, columns_written
from thalweg.engines.llvm.ir.values import BYTES, Operand, Value
from thalweg.engines.llvm.kernels.facts import STOP, Addressed, AddressTable, KernelFacts, Places
from thalweg.engines.llvm.kernels.lowering import TYPES

_LANE = -1

# A turn of a loop that is at least so much work, in additions, looks whether it is to stop.
_LOOKED_AT = 256

# The bytes of a vector on processors without masked loads.
_NO_MASKS = 16


class Arrays:
    """Reads and stores arrays at affine positions.

    Lanes of a vector are a variable like a loop's; only the leading `active` of them are real.
    `effort` is the work of the whole kernel, in additions of one element.
    """

    def __init__(
        self, facts: KernelFacts, addresses: Places | AddressTable, target: Target, effort: int
    ) -> None:
        self.e = Emitter(target)
        self.facts = facts
        self.effort = effort
        self.stored = facts.stored
        self.width = 1
        self.addresses = addresses
        self.given = self.e.parameter("given", "ptr")
        self._loops: dict[Var, Value] = {}
        self._numbers = 0
        self._fresh = False
        self._pending: list[tuple[Value, Value, int | None]] = []
        # Columns, and their real lanes, of rows that are written together: (array, place, columns).
        self._columns: dict[tuple[Symbol, Affine, int], list[tuple[Value, int | None]]] = {}

    # ---- loops, lanes and positions

    def bind(self, value: Value, extent: int) -> Affine:
        """Return a position that stands for an integer value with 0 ≤ value < extent."""
        var = Var(self._numbers, extent)
        self._numbers += 1
        self._loops[var] = value
        return Affine(0, ((var, 1),)) if extent > 1 else ZERO

    def loop(self, trip: int, carried: tuple[Value, ...] = ()) -> tuple[Affine, list[Value]]:
        """Open a loop; return its position and the carried values in it."""
        index, phis = self.e.begin_loop(trip, carried, self.stop(trip))
        return self.bind(index, trip), list(phis)

    def stop(self, trip: int) -> Value | None:
        """Return where a loop looks whether it is to end early, None if it need not look.

        It looks where its turns are long enough for that not to be felt.
        """
        if not self.facts.long:
            return None
        around = math.prod(
            region.most for region in self.e.regions if isinstance(region, LoopRegion)
        )
        if self.effort < around * trip * _LOOKED_AT:
            return None
        return self.e.offset(self.pointer(None), STOP)

    @contextmanager
    def nest(self, extents: Sequence[int]) -> Iterator[list[Affine]]:
        """Open a loop an axis around a `with` block; an axis of extent 1 needs none."""
        yield [self.loop(extent)[0] if extent != 1 else ZERO for extent in extents]
        for extent in extents:
            if extent != 1:
                self.e.end_loop()

    def lanes(self, active: int) -> Affine:
        """Return the position of a lane, of which the leading `active` are real."""
        return Affine(0, ((Var(_LANE, active), 1),)) if self.width > 1 else ZERO

    def vectors(self, extent: int, first: int = 0) -> list[Affine]:
        """Return the positions of a row's vectors from one on; the last may be partly real."""
        full, rest = divmod(extent, self.width)
        places = [self.lanes(self.width) + k * self.width for k in range(first, full)]
        return [*places, self.lanes(rest) + full * self.width] if rest else places

    def real(self, value: Value, at: Affine, empty: Operand = 0) -> Value:
        """Return a value in every lane, or something empty in the lanes that are not real."""
        value, active = self.e.splat(value, self.width), self.active((at,))
        if active is None or active == self.width:
            return value
        return self.e.select(self.e.leading(active, self.width), value, empty)

    def scalar(self, at: Affine) -> Value:
        """Return a position without lanes as an i64."""
        e = self.e
        total: Value | None = None
        terms = [(self._loops[var], coefficient) for var, coefficient in at.terms]
        for value, coefficient in sorted(terms, key=lambda term: term[0].depth):
            term = value if coefficient == 1 else e.multiply(value, coefficient)
            total = term if total is None else e.add(total, term)
        if total is None:
            return e.constant(at.constant, "i64")
        return e.add(total, at.constant) if at.constant else total

    def position(self, at: Affine) -> Value:
        """Return a position as an i64, a vector if it varies over the lanes."""
        stride, spread, fixed = self.split(at)
        value = self.scalar(fixed)
        e = self.e
        if stride:
            value = e.add(value, e.multiply(e.lanes("i64", self.width), stride))
        return value if spread is None else e.add(value, spread)

    def split(self, at: Affine) -> tuple[int, Value | None, Affine]:
        """Return the lanes' stride, the sum of vector terms, and the rest."""
        if all(var.number != _LANE and self._loops[var].width == 1 for var, _ in at.terms):
            return 0, None, at
        stride, spread, rest = 0, None, []
        for var, coefficient in at.terms:
            if var.number == _LANE:
                stride += coefficient
            elif self._loops[var].width > 1:
                term = self.e.multiply(self._loops[var], coefficient)
                spread = term if spread is None else self.e.add(spread, term)
            else:
                rest.append((var, coefficient))
        return stride, spread, Affine(at.constant, tuple(rest))

    @staticmethod
    def active(index: Index) -> int | None:
        """Return how many lanes are real, None if the index has no lanes."""
        for at in index:
            for var, _ in at.terms:
                if var.number == _LANE:
                    return var.extent
        return None

    # ---- values and arrays

    def value(self, symbol: Symbol, index: Index) -> Value:
        """Return a value at an index: computed, read, or remembered; the kernel's writer knows."""
        raise NotImplementedError

    def pointer(self, what: Addressed) -> Value:
        """Return the address of an array, a cell, or the arena."""
        return self.addresses.address(self.e, self.given, what)

    def scratch(self, nbytes: int) -> Value:
        """Return the address of so much memory to work in, on a cache line."""
        return self.pointer(self.facts.scratch(nbytes))

    def address(self, symbol: Symbol, at: Affine, origin: Symbol | None = None) -> Value:
        """Return the address of an element at a position, of the array or a part, without lanes."""
        type, pointer = TYPES[symbol.dtype], self.pointer(origin or symbol)
        moving = Affine(0, at.terms)
        if moving.terms:
            pointer = self.e.element(pointer, self.scalar(moving), type)
        return self.e.offset(pointer, at.constant * BYTES[type])

    def load(self, symbol: Symbol, index: Index, origin: Symbol | None = None) -> Value:
        """Read an array; lanes that are not real hold nothing of meaning.

        Args:
            symbol: The array.
            index: Where to read it.
            origin: The part of the array that the index counts from, if not the whole.
        """
        e, type = self.e, TYPES[symbol.dtype]
        stride, spread, fixed = self.split(linear(index, symbol.shape))
        active = self.active(index)
        accessed = active if origin is not None else self._accessed(symbol, fixed, active)
        if spread is None and stride == 0:
            return e.load(self.address(symbol, fixed, origin), type)
        if self._is_apart(accessed):
            address = self.address(symbol, fixed, origin)
            return self._load_apart(address, type, stride, spread, accessed or 0)
        if spread is None and stride == 1:
            address = self.address(symbol, fixed, origin)
            return e.load(address, type, self.width, accessed, cse=not self._fresh)
        if spread is None and stride == -1 and active == self.width:
            first = e.load(self.address(symbol, fixed + (1 - self.width), origin), type, self.width)
            return e.shuffle(first, None, list(range(self.width))[::-1])
        if spread is None and active == self.width and self._is_rows(symbol, fixed, stride, origin):
            return self._load_column(symbol, fixed, stride)
        steps = e.constant(0, "i64", self.width)
        if stride:
            steps = e.multiply(e.lanes("i64", self.width), stride)
        if spread is not None:
            steps = e.add(steps, spread)
        return e.gather(self.address(symbol, fixed, origin), steps, type, active)

    def _is_rows(self, symbol: Symbol, at: Affine, stride: int, origin: Symbol | None) -> bool:
        """Tell whether lanes are a column of short rows that are all of them in the array."""
        if not 1 < stride <= MOST_COLUMNS or origin is not None:
            return False
        low, high = (at + -(at.constant % stride)).bounds()
        return low >= 0 and high + self.width * stride <= symbol.spec.size

    def _load_column(self, symbol: Symbol, at: Affine, stride: int) -> Value:
        """Read a column of rows that lie one after another: whole vectors, turned."""
        column, type = at.constant % stride, TYPES[symbol.dtype]

        def read(place: int) -> Value:
            address = self.address(symbol, at + (place - column))
            return self.e.load(address, type, self.width, cse=not self._fresh)

        return column_read(self.e, read, stride, self.width, column)

    def _is_apart(self, active: int | None) -> bool:
        """Tell whether lanes are to be read one by one: where there is no masked access."""
        if active is None or active >= self.width:
            return False
        return active == 1 or self.e.target.vector_bytes == _NO_MASKS

    def _load_apart(
        self, first: Value, type: str, stride: int, spread: Value | None, active: int
    ) -> Value:
        """Read the leading lanes one by one; the others hold the first.

        LLVM 22 reads them so by itself, with zeros in the others. But it takes the quotient of
        lanes that it knows to be zero for zero, and then drops the choice that removes the NaN.
        """
        e = self.e
        vector: Value | None = None
        for lane in range(active):
            address = e.offset(first, lane * stride * BYTES[type])
            if spread is not None:
                address = e.element(address, e.extract(spread, lane), type)
            value = e.load(address, type, cse=not self._fresh)
            vector = e.splat(value, self.width) if vector is None else e.insert(vector, value, lane)
        assert vector is not None
        return vector

    @contextmanager
    def fresh_loads(self) -> Iterator[None]:
        """Read arrays again in a `with` block, even where they were read before."""
        before, self._fresh = self._fresh, True
        yield
        self._fresh = before

    def _accessed(self, symbol: Symbol, at: Affine, active: int | None) -> int | None:
        """Return how many lanes an access at the array's very end must be limited to.

        In the arena what lies beyond is padding. A plain store is read back by a plain load
        without waiting, which a masked one is not; inside an array, a load that reaches into
        the next row would wait for that row's store instead.
        """
        last = not at.terms and active is not None and at.constant + active == symbol.spec.size
        end = (at.constant + self.width) * BYTES[TYPES[symbol.dtype]]
        padded = last and end <= aligned_size(symbol.spec.nbytes)
        return None if padded and symbol in self.facts.places else active

    def put(self, symbol: Symbol, index: Index, value: Value) -> None:
        """Remember a local value, and store it at the next flush if it is read elsewhere."""
        self.e.regions[-1].memo[symbol, index, self.width, False] = value
        if symbol not in self.stored:
            return
        stride, spread, fixed = self.split(linear(index, symbol.shape))
        if spread is not None or stride < 0:
            raise AssertionError("a kernel stores along its lanes only, or all columns of rows")
        if stride > 1:
            rows = symbol, fixed + -(fixed.constant % stride), stride
            vector = self.e.splat(value, self.width)
            self._columns.setdefault(rows, []).append((vector, self.active(index)))
            return
        if stride:
            value = self.e.splat(value, self.width)
        active = self.active(index) if stride else None
        active = self._accessed(symbol, fixed, active)
        self._pending.append((value, self.address(symbol, fixed), active))

    def flush(self) -> None:
        """Write what was put. Reads of the same iteration come first: states change in place."""
        for value, address, active in self._pending:
            self.e.store(value, address, active)
        self._pending.clear()
        for (symbol, first, count), columns in self._columns.items():
            if len(columns) != count:
                raise AssertionError("rows are written with all their columns")
            self._store_rows(self.address(symbol, first), columns)
        self._columns.clear()

    def _store_rows(self, first: Value, columns: list[tuple[Value, int | None]]) -> None:
        """Write rows one after another from an address on, their columns in the order they have."""
        e, vectors, active = self.e, [vector for vector, _ in columns], columns[0][1]
        size, count = BYTES[vectors[0].type], len(columns)
        if active == self.width:
            columns_written(e, lambda at, row: e.store(row, e.offset(first, at * size)), vectors)
            return
        for row in range(active or 0):
            for column, vector in enumerate(vectors):
                place = e.offset(first, (row * count + column) * size)
                e.store(e.extract(vector, row), place)
