"""Values at positions: what every kind of kernel is written with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from thalweg.compiler.affine import ZERO, Affine, Index, Var, linear
from thalweg.compiler.graph import (
    GATHERS,
    REDUCTIONS,
    Graph,
    is_view,
    offsets,
    operand_index,
    padding,
    reduced_axes,
    reduced_index,
)
from thalweg.compiler.memory import aligned_size
from thalweg.core.program import Equation, Symbol
from thalweg.engines.llvm.counters import counted_power
from thalweg.engines.llvm.emitter import Emitter
from thalweg.engines.llvm.facts import Cell, Facts
from thalweg.engines.llvm.lowering import LOWERINGS, TYPES, identity
from thalweg.engines.llvm.target import Target
from thalweg.engines.llvm.values import BYTES, Value

_LANE = -1
# The bytes of a vector on processors without masked loads.
_NO_MASKS = 16


class Writer:
    """Writes one kernel: evaluates values at affine positions, reads and stores arrays.

    `local` are the kept values that this kernel computes; they are found in the emitter's memo.
    Lanes of a vector are a variable like a loop's; only the leading `active` of them are real.
    """

    def __init__(self, graph: Graph, local: set[Symbol], facts: Facts, target: Target) -> None:
        self.e = Emitter(target)
        self.graph = graph
        self.facts = facts
        self.kept = facts.kept
        self.local = local
        self.stored = facts.stored
        self.width = 1
        self.arrays: list[Symbol | Cell | None] = []
        self.table = self.e.parameter("table", "ptr")
        self._loops: dict[Var, Value] = {}
        self._numbers = 0
        self._fresh = False
        self._pending: list[tuple[Value, Value, int | None]] = []

    # ---- loops, lanes and positions

    def bind(self, value: Value, extent: int) -> Affine:
        """Return a position that stands for an integer value with 0 ≤ value < extent."""
        var = Var(self._numbers, extent)
        self._numbers += 1
        self._loops[var] = value
        return Affine(0, ((var, 1),)) if extent > 1 else ZERO

    def loop(self, trip: int, carried: tuple[Value, ...] = ()) -> tuple[Affine, list[Value]]:
        """Open a loop; return its position and the carried values in it."""
        index, phis = self.e.begin_loop(trip, carried)
        return self.bind(index, trip), list(phis)

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

    # ---- arrays

    def pointer(self, symbol: Symbol | Cell | None) -> Value:
        """Return the address of an array: an entry of the kernel's table (None: the fault flag)."""
        if symbol not in self.arrays:
            self.arrays.append(symbol)
        entry = self.e.offset(self.table, 8 * self.arrays.index(symbol))
        return self.e.load(entry, "ptr")

    def address(self, symbol: Symbol, at: Affine) -> Value:
        """Return the address of an element at a position without lanes."""
        type, pointer = TYPES[symbol.dtype], self.pointer(symbol)
        moving = Affine(0, at.terms)
        if moving.terms:
            pointer = self.e.element(pointer, self.scalar(moving), type)
        return self.e.offset(pointer, at.constant * BYTES[type])

    def load(self, symbol: Symbol, index: Index) -> Value:
        """Read an array; lanes that are not real hold nothing of meaning."""
        at, type = linear(index, symbol.shape), TYPES[symbol.dtype]
        stride, spread, fixed = self.split(at)
        active = self._accessed(symbol, fixed, self.active(index))
        if (stride or spread is not None) and self._is_apart(active):
            return self._load_apart(symbol, fixed, stride, spread, active or 0)
        if spread is None and stride == 0:
            return self.e.load(self.address(symbol, fixed), type)
        if spread is None and stride == 1:
            address = self.address(symbol, fixed)
            return self.e.load(address, type, self.width, active, cse=not self._fresh)
        e, active = self.e, self.active(index)
        if spread is None and stride == -1 and active == self.width:
            first = self.e.load(self.address(symbol, fixed + (1 - self.width)), type, self.width)
            return e.shuffle(first, None, list(range(self.width))[::-1])
        steps = e.constant(0, "i64", self.width)
        if stride:
            steps = e.multiply(e.lanes("i64", self.width), stride)
        if spread is not None:
            steps = e.add(steps, spread)
        return e.gather(self.address(symbol, fixed), steps, type, active)

    def _is_apart(self, active: int | None) -> bool:
        """Tell whether lanes are to be read one by one: where there is no masked access."""
        if active is None or active >= self.width:
            return False
        return active == 1 or self.e.target.vector_bytes == _NO_MASKS

    def _load_apart(
        self, symbol: Symbol, fixed: Affine, stride: int, spread: Value | None, active: int
    ) -> Value:
        """Read the leading lanes one by one; the others hold the first.

        LLVM 22 reads them so by itself, with zeros in the others. But it takes the quotient of
        lanes that it knows to be zero for zero, and then drops the choice that removes the NaN.
        """
        e, type = self.e, TYPES[symbol.dtype]
        vector: Value | None = None
        for lane in range(active):
            address = self.address(symbol, fixed + lane * stride)
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
        return None if padded and symbol in self.facts.arena else active

    def put(self, symbol: Symbol, index: Index, value: Value) -> None:
        """Remember a local value, and store it at the next flush if it is read elsewhere."""
        self.e.regions[-1].memo[symbol, index, self.width, False] = value
        if symbol not in self.stored:
            return
        stride, spread, fixed = self.split(linear(index, symbol.shape))
        if spread is not None or stride not in (0, 1):
            raise AssertionError("a kernel stores along its lanes only")
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

    # ---- values

    def value(self, symbol: Symbol, index: Index) -> Value:
        """Return a value at an index: computed, read, or remembered."""
        if symbol.value is not None:
            return self.e.constant(symbol.value.item(), TYPES[symbol.dtype])
        key = symbol, index, self.width, self._fresh
        for region in self.e.regions:
            if key in region.memo:
                found: Value = region.memo[key]
                return found
        maker = self.graph.producer.get(symbol)
        if maker is None or (symbol in self.kept and symbol not in self.local):
            result = self.load(symbol, index)
        elif symbol in self.local and symbol in self.stored:
            # Written by an earlier pass of this kernel over the same elements.
            result = self.load(symbol, index)
        else:
            result = self.evaluate(maker, index)
        self.e.regions[min(result.depth, self.e.depth)].memo[key] = result
        return result

    def compute(self, root: Symbol, index: Index) -> None:
        """Compute one element, or lanes of elements, of a local elementwise value."""
        self.put(root, index, self.evaluate(self.graph.producer[root], index))

    def evaluate(self, equation: Equation, index: Index) -> Value:
        """Return an equation's value at an index from its operands'."""
        name, inputs = equation.primitive.name, equation.inputs
        if name == "pad_with_zeros":
            return self._padded(equation, index)
        if name == "concatenate":
            return self._joined(equation, index)
        if name == "iota":
            at = self.position(index[equation.params["axis"]])
            return self.e.convert(at, TYPES[equation.output.dtype])
        if name == "reshape" and not is_view(equation):
            return self._reshaped(equation, index)
        if name in REDUCTIONS or name == "matrix_product":
            return self._degenerate(equation, index)
        places = [
            operand_index(equation, position, index, self.gathered)
            for position in range(1 if name in GATHERS else len(inputs))
        ]
        if 0 in inputs[0].shape:
            # Whatever position was asked for, there is nothing to read.
            return self.e.constant(0, TYPES[equation.output.dtype])
        values = [self.value(s, at) for s, at in zip(inputs, places, strict=False)]
        if name == "power" and self._counts(equation):
            return counted_power(self, values[0], equation)
        if name == "astype":
            return self.e.convert(values[0], TYPES[equation.output.dtype])
        if equation.primitive.kind == "elementwise":
            return LOWERINGS[name](self.e, *values)
        return values[0]

    def _counts(self, equation: Equation) -> bool:
        """Tell whether an equation raises a constant float of the loop to an integer scalar."""
        base, exponent = equation.inputs
        maker = self.graph.producer.get(exponent)
        return (
            self.facts.cell is not None
            and equation.output.shape == ()
            and equation.output.dtype.kind == "f"
            and (base.value is not None or base in self.facts.invariant)
            and maker is not None
            and maker.primitive.name == "astype"
            and maker.inputs[0].dtype.kind == "i"
        )

    def _degenerate(self, equation: Equation, index: Index) -> Value:
        """Return a reduction or product over nothing, or a reduction over axes of extent 1."""
        type, name = TYPES[equation.output.dtype], equation.primitive.name
        operand = equation.inputs[0]
        if operand.spec.size == 0:
            start = 0 if name == "matrix_product" else identity(name, type)
            return self.e.constant(start, type)
        if name == "matrix_product" or any(operand.shape[a] != 1 for a in reduced_axes(equation)):
            raise AssertionError(f"{name} is used in its kernel before it is computed")
        over = dict.fromkeys(reduced_axes(equation), ZERO)
        return self.value(operand, reduced_index(equation, index, over))

    def _reshaped(self, equation: Equation, index: Index) -> Value:
        """Read another shape's row-major memory at the same position."""
        source = equation.inputs[0]
        while not self.graph.is_leaf(source) and source not in self.kept:
            source = self.graph.producer[source].inputs[0]
        at = linear(index, equation.output.shape)
        flat: Index = tuple([ZERO] * (len(source.shape) - 1))
        if not source.shape:
            return self.value(source, ())
        # The last axis alone carries the whole position: its stride is 1.
        return self.load(source, (*flat, at)) if source.shape[-1] != 1 else self._flat(source, at)

    def _flat(self, source: Symbol, at: Affine) -> Value:
        axis = max((i for i, n in enumerate(source.shape) if n != 1), default=0)
        index = [ZERO] * len(source.shape)
        index[axis] = at
        return self.load(source, tuple(index))

    # ---- gathers and guards

    def gathered(self, equation: Equation, index: Index) -> Affine:
        """Return the position that an index array holds at an index, checked and from the front."""
        symbol, axis = equation.inputs[1], equation.params["axis"]
        extent = equation.inputs[0].shape[axis]
        key = "gathered", symbol, index, self.width, extent
        for region in self.e.regions:
            if key in region.memo:
                known: Affine = region.memo[key]
                return known
        value = self.e.convert(self.value(symbol, index), "i64")
        active = self.active(index)
        if not self.facts.within(symbol, extent):
            value = self.checked(value, extent, active)
        if active is not None and active < value.width:
            value = self.e.select(self.e.leading(active, value.width), value, 0)
        at = self.bind(value, extent)
        self.e.regions[min(value.depth, self.e.depth)].memo[key] = at
        return at

    def checked(self, value: Value, extent: int, active: int | None) -> Value:
        """Return an index counted from the front; one out of range raises the fault flag."""
        e = self.e
        front = e.select(e.compare("slt", value, 0), e.add(value, extent), value)
        wrong = e.compare("uge", front, extent)
        if wrong.width > 1:
            if active is not None and active < wrong.width:
                wrong = e.bit_and(wrong, e.leading(active, wrong.width))
            some = e.horizontal(wrong, e.bit_or)
        else:
            some = wrong
        with e.hoisted(some.depth):
            e.begin_if(some)
            e.store(e.constant(1, "i64"), self.pointer(None))
            e.end_if()
        return e.select(wrong, 0, front)

    def _padded(self, equation: Equation, index: Index) -> Value:
        operand = equation.inputs[0]
        type = TYPES[operand.dtype]
        zero = self.e.constant(0, type)
        inside: Value | None = None
        places: list[Affine] = []
        for at, extent, spacing in padding(equation, index):
            low, high = at.bounds()
            last = (extent - 1) * spacing
            if extent == 0 or high < 0 or low > last:
                return zero
            if low >= 0 and high <= last and spacing == 1:
                places.append(at)
                continue
            holds, safe = self._within(at, extent, spacing)
            inside = holds if inside is None else self.e.bit_and(inside, holds)
            places.append(safe)
        value = self.value(operand, tuple(places))
        return value if inside is None else self.e.select(inside, value, zero)

    def _within(self, at: Affine, extent: int, spacing: int) -> tuple[Value, Affine]:
        """Return whether a position falls on an element, and that element or else the first."""
        e, value = self.e, self.position(at)
        holds = e.compare("ule", value, (extent - 1) * spacing)
        if spacing > 1:
            quotient = e.divide(value, spacing)
            holds = e.bit_and(holds, e.compare("eq", e.multiply(quotient, spacing), value))
            value = quotient
        return holds, self.bind(e.select(holds, value, 0), extent)

    def _joined(self, equation: Equation, index: Index) -> Value:
        axis = equation.params["axis"]
        result: Value | None = None
        for operand, start in reversed(list(zip(equation.inputs, offsets(equation), strict=True))):
            at, extent = index[axis] + -start, operand.shape[axis]
            low, high = at.bounds()
            if extent == 0 or high < 0 or low >= extent:
                continue
            if low >= 0 and high < extent:
                return self.value(operand, (*index[:axis], at, *index[axis + 1 :]))
            holds, safe = self._within(at, extent, 1)
            value = self.value(operand, (*index[:axis], safe, *index[axis + 1 :]))
            result = value if result is None else self.e.select(holds, value, result)
        assert result is not None
        return result
