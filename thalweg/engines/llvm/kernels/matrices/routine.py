"""Functions that compute with matrices: loops, numbers and vectors at computed places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import BYTES, Value

# A number of elements, known when the code is written or when it runs.
Count = int | Value

Turn = Callable[[Value, list[Value]], Sequence[Value]]


class Routine(Emitter):
    """One function of numbers of one type; its vectors are as wide as the registers.

    Memory changes while it runs, so that loads are never shared. `called` are the functions that
    it calls, by name, and those that they call; `stop` is where it looks whether to end early.
    """

    def __init__(self, name: str, type: str, target: Target) -> None:
        super().__init__(target)
        self.name_of, self.type = name, type
        self.width = target.lanes(type)
        self.called: dict[str, str] = {}
        self.parameters: list[Value] = []

    def pointers(self, *names: str) -> list[Value]:
        """Return parameters that are addresses."""
        return self._given(names, "ptr")

    def counts(self, *names: str) -> list[Value]:
        """Return parameters that are integers."""
        return self._given(names, "i64")

    def _given(self, names: Sequence[str], type: str) -> list[Value]:
        found = [self.parameter(name, type) for name in names]
        self.parameters += found
        return found

    def finished(self) -> dict[str, str]:
        """Return the texts of this function and of those it calls, by name."""
        return {**self.called, self.name_of: self.function(self.name_of, self.parameters)}

    def call_to(self, routine: Routine, *arguments: Count) -> None:
        """Call another function, which becomes a part of the module."""
        self.called |= routine.finished()
        self.declarations |= routine.declarations
        given = ", ".join(repr(self.count(argument)) for argument in arguments)
        self.raw(f"call void @{routine.name_of}({given})")

    # ---- integers

    def count(self, x: Count) -> Value:
        """Return a number of elements as a value."""
        return x if isinstance(x, Value) else self.constant(x, "i64")

    def plus(self, *terms: Count) -> Count:
        """Return a sum of integers."""
        known = sum(term for term in terms if isinstance(term, int))
        total: Count | None = None
        moving = [term for term in terms if isinstance(term, Value)]
        for term in sorted(moving, key=lambda value: value.depth):
            total = term if total is None else self.add(total, term)
        if total is None:
            return known
        return self.add(total, known) if known else total

    def minus(self, a: Count, b: Count) -> Count:
        """Return the difference of integers."""
        if isinstance(a, int) and isinstance(b, int):
            return a - b
        return self.plus(a, -b) if isinstance(b, int) else self.subtract(self.count(a), b)

    def times(self, a: Count, b: Count) -> Count:
        """Return the product of integers."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        for one, other in ((a, b), (b, a)):
            if isinstance(one, int) and one in (0, 1):
                return other if one else 0
        return self.multiply(self.count(a), b)

    def parts_of(self, a: Count, size: int) -> Count:
        """Return how many whole parts of a size there are."""
        if isinstance(a, int):
            return a // size
        shift = size.bit_length() - 1
        whole = size == 1 << shift
        return self.shift_right_logical(a, shift) if whole else self.divide(a, size)

    def least(self, a: Count, b: Count) -> Count:
        """Return the smaller of integers."""
        if isinstance(a, int) and isinstance(b, int):
            return min(a, b)
        return self.least_value(self.count(a), self.count(b))

    def least_value(self, a: Value, b: Value) -> Value:
        """Return the smaller of integers that are known when the code runs."""
        return self.intrinsic("smin", a, b)

    # ---- loops

    @contextmanager
    def span(self, first: Count, last: Count, stop: Value | None = None) -> Iterator[Value]:
        """Open a loop over first ≤ index < last around a `with` block."""
        trip = self.minus(last, first)
        if isinstance(trip, int) and trip < 1:
            trip = self.constant(0, "i64")
        index, _ = self.begin_loop(trip, (), stop)
        yield self.count(self.plus(index, first))
        self.end_loop()

    def loop(self, trip: Count, stop: Value | None = None) -> AbstractContextManager[Value]:
        """Open a loop over 0 ≤ index < trip around a `with` block."""
        return self.span(0, trip, stop)

    @contextmanager
    def downwards(self, first: Count, last: Count, stop: Value | None = None) -> Iterator[Value]:
        """Open a loop over first ≤ index < last, the last one first."""
        with self.span(0, self.minus(last, first), stop) as index:
            yield self.count(self.minus(self.plus(last, -1), index))

    def fold(self, first: Count, last: Count, initial: Sequence[Value], turn: Turn) -> list[Value]:
        """Return values after a loop over first ≤ index < last that carries them on."""
        trip = self.minus(last, first)
        if isinstance(trip, int) and trip < 1:
            return list(initial)
        index, carried = self.begin_loop(trip, initial)
        return self.end_loop(list(turn(self.count(self.plus(index, first)), list(carried))))

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """Run a `with` block only where a condition holds."""
        self.begin_if(condition)
        yield
        self.end_if()

    # ---- memory

    def at(self, pointer: Value, *terms: Count) -> Value:
        """Return the address of the element that so many are ahead of."""
        return self.element(pointer, self.plus(*terms), self.type)

    def get(self, pointer: Value, *terms: Count) -> Value:
        """Return the number at a place."""
        return self.load(self.at(pointer, *terms), self.type, cse=False)

    def row(self, pointer: Value, *terms: Count) -> Value:
        """Return the vector that begins at a place."""
        return self.load(self.at(pointer, *terms), self.type, self.width, cse=False)

    def put(self, value: Value, pointer: Value, *terms: Count) -> None:
        """Write a number or a vector to a place."""
        self.store(value, self.at(pointer, *terms))

    def number(self, x: float, width: int = 1) -> Value:
        """Return a constant."""
        return self.constant(x, self.type, width)

    def padded(self, n: int) -> int:
        """Return the length of a row of whole vectors that has room for n numbers."""
        return -(-n // self.width) * self.width

    def bytes(self, count: int) -> int:
        """Return how much memory so many numbers take."""
        return count * BYTES[self.type]

    # ---- rows

    def along(self, first: Count, last: Count, body: Callable[[Value, int], None]) -> None:
        """Call a body with places and widths: whole vectors, then single numbers."""
        vectors = self.parts_of(self.minus(last, first), self.width)
        rest = self.plus(first, self.times(vectors, self.width))
        with self.loop(vectors) as v:
            body(self.count(self.plus(first, self.times(v, self.width))), self.width)
        with self.span(rest, last) as at:
            body(at, 1)

    def many(self, pointer: Value, width: int, *terms: Count) -> Value:
        """Return a number or a vector at a place."""
        return self.load(self.at(pointer, *terms), self.type, width, cse=False)

    def dot(self, x: Value, y: Value, first: Count, last: Count) -> Value:
        """Return Σ x y of rows that lie at addresses, from one place up to before another."""
        width = self.width
        pairs = self.parts_of(self.minus(last, first), 2 * width)

        def step(at: Count, width: int, total: Value) -> Value:
            return self.fma(self.many(x, width, at), self.many(y, width, at), total)

        def both(v: Value, totals: list[Value]) -> list[Value]:
            start = self.plus(first, self.times(v, 2 * width))
            return [
                step(start, width, totals[0]), step(self.plus(start, width), width, totals[1])
            ]  # fmt: skip

        zero = self.number(0.0, width)
        sums = self.fold(0, pairs, [zero, zero], both)
        total = self.add(*sums)
        done = self.times(pairs, 2)
        vectors = self.parts_of(self.minus(last, first), width)

        def one(v: Value, totals: list[Value]) -> list[Value]:
            return [step(self.plus(first, self.times(v, width)), width, totals[0])]

        (total,) = self.fold(done, vectors, [total], one)
        number = self.horizontal(total, self.add)
        rest = self.plus(first, self.times(vectors, width))
        (number,) = self.fold(rest, last, [number], lambda at, t: [step(at, 1, t[0])])
        return number

    def add_row(self, factor: Value, x: Value, y: Value, first: Count, last: Count) -> None:
        """Add a multiple of a row at an address to another one: y += factor · x."""

        def body(at: Value, width: int) -> None:
            found = self.fma(
                self.splat(factor, width), self.many(x, width, at), self.many(y, width, at)
            )
            self.put(found, y, at)

        self.along(first, last, body)

    def copy(self, source: Value, result: Value, count: Count) -> None:
        """Copy numbers that lie side by side."""
        self.along(0, count, lambda at, w: self.put(self.many(source, w, at), result, at))

    def fill(self, x: Value, pointer: Value, first: Count, last: Count) -> None:
        """Write one number to all places from one up to before another."""
        self.along(first, last, lambda at, w: self.put(self.splat(x, w), pointer, at))

    def copy_rows(
        self, x: Value, columns: int, work: Value, across: int, rows: Count, stop: Value
    ) -> None:
        """Copy a matrix into rows of whole vectors, the rest of which is 0."""
        with self.loop(rows, stop) as i:
            line = self.at(work, self.times(i, across))
            self.copy(self.at(x, self.times(i, columns)), line, columns)
            for padding in range(columns, across):
                self.put(self.number(0.0), line, padding)

    def copy_back(
        self, work: Value, across: int, x: Value, columns: int, rows: Count, stop: Value
    ) -> None:
        """Copy the matrix that rows of whole vectors begin with."""
        with self.loop(rows, stop) as i:
            line = self.at(work, self.times(i, across))
            self.copy(line, self.at(x, self.times(i, columns)), columns)

    def exchange_rows(self, x: Value, y: Value, count: Count) -> None:
        """Exchange numbers that lie side by side at two addresses."""

        def body(at: Value, width: int) -> None:
            a, b = self.many(x, width, at), self.many(y, width, at)
            self.put(b, x, at)
            self.put(a, y, at)

        self.along(0, count, body)

    def copy_turned(
        self, x: Value, rows: int, columns: int, work: Value, across: int, stop: Value
    ) -> None:
        """Copy the transpose of a matrix into rows of whole vectors, the rest of which is 0."""
        with self.loop(columns, stop) as i:
            line = self.at(work, self.times(i, across))
            with self.loop(rows) as j:
                self.put(self.get(x, self.times(j, columns), i), line, j)
            for padding in range(rows, across):
                self.put(self.number(0.0), line, padding)

    def copy_turned_back(
        self, work: Value, across: int, x: Value, ahead: int, rows: int, columns: Count, stop: Value
    ) -> None:
        """Copy rows into columns of a matrix whose rows lie `ahead` numbers apart."""
        with self.loop(rows, stop) as i, self.loop(columns) as j:
            found = self.get(work, self.times(j, across), i)
            self.put(found, x, self.times(i, ahead), j)

    # ---- whole vectors of two rows, and sizes

    def dot_vectors(self, x: Value, y: Value, first: Count, last: Count) -> Value:
        """Return Σ x y over vectors from one on up to before another."""
        return self.dot(x, y, self.times(first, self.width), self.times(last, self.width))

    def add_vectors(self, factor: Value, x: Value, y: Value, first: Count, last: Count) -> None:
        """Add a multiple of a row to another one, over vectors: y += factor · x."""
        wide = self.splat(factor, self.width)
        with self.span(first, last) as v:
            at = self.times(v, self.width)
            self.put(self.fma(wide, self.row(x, at), self.row(y, at)), y, at)

    def largest(self, x: Value, first: Count, last: Count) -> Value:
        """Return the largest magnitude in a row, NaN aside; 0 if there is none."""

        def larger(a: Value, b: Value) -> Value:
            return self.select(self.compare("ogt", a, b), a, b)

        def turn(at: Count, width: int, found: Value) -> Value:
            return larger(self.absolute(self.many(x, width, at)), found)

        return self.gathered(first, last, turn, larger)

    def gathered(
        self,
        first: Count,
        last: Count,
        turn: Callable[[Count, int, Value], Value],
        combine: Callable[[Value, Value], Value],
    ) -> Value:
        """Return what is left of a row's numbers, from 0 on, combined in vectors and one by one."""
        width = self.width
        vectors = self.parts_of(self.minus(last, first), width)

        def wide(v: Value, carried: list[Value]) -> list[Value]:
            return [turn(self.plus(first, self.times(v, width)), width, carried[0])]

        (found,) = self.fold(0, vectors, [self.number(0.0, width)], wide)
        number = self.horizontal(found, combine)
        rest = self.plus(first, self.times(vectors, width))
        (number,) = self.fold(rest, last, [number], lambda at, c: [turn(at, 1, c[0])])
        return number

    def scale(self, factor: Value, x: Value, first: Count, last: Count) -> None:
        """Multiply a part of a row."""

        def body(at: Value, width: int) -> None:
            self.put(self.multiply(self.many(x, width, at), self.splat(factor, width)), x, at)

        self.along(first, last, body)

    def rotate(self, cosine: Value, sine: Value, x: Value, y: Value, vectors: Count) -> None:
        """Rotate two rows: x takes c x - s y, and y takes s x + c y."""
        c, s = self.splat(cosine, self.width), self.splat(sine, self.width)
        minus = self.negate(s)
        with self.loop(vectors) as v:
            at = self.times(v, self.width)
            a, b = self.row(x, at), self.row(y, at)
            self.put(self.fma(minus, b, self.multiply(c, a)), x, at)
            self.put(self.fma(c, b, self.multiply(s, a)), y, at)

    def length(self, x: Value, first: Count, last: Count) -> Value:
        """Return the Euclidean length of a part of a row, also where squares leave the range."""
        scale = self.power_of_two_below(self.largest(x, first, last))
        shrink = self.divide(self.number(1.0), scale)

        def turn(at: Count, width: int, total: Value) -> Value:
            part = self.multiply(self.many(x, width, at), self.splat(shrink, width))
            return self.fma(part, part, total)

        return self.multiply(self.sqrt(self.gathered(first, last, turn, self.add)), scale)

    def power_of_two_below(self, x: Value) -> Value:
        """Return the power of two at or below a positive number; 1 if there is no normal one."""
        integer, exponents = ("i64", 0x7FF << 52) if self.type == "f64" else ("i32", 0xFF << 23)
        bits = self.bit_and(self.bitcast(x, integer), exponents)
        power = self.bitcast(bits, self.type)
        none = self.bit_or(self.compare("eq", bits, 0), self.compare("eq", bits, exponents))
        return self.select(none, 1.0, power)

    def hypotenuse(self, x: Value, y: Value) -> Value:
        """Return √(x² + y²), also where squares leave the range."""
        a, b = self.absolute(x), self.absolute(y)
        more = self.compare("ogt", b, a)
        large, small = self.select(more, b, a), self.select(more, a, b)
        divisor = self.select(self.compare("oeq", large, 0.0), 1.0, large)
        ratio = self.divide(small, divisor)
        return self.multiply(large, self.sqrt(self.fma(ratio, ratio, self.number(1.0))))

    def times_zero(self, x: Value, first: Count, last: Count) -> Value:
        """Return 0 where all numbers of a row are finite, else NaN."""

        def turn(at: Count, width: int, total: Value) -> Value:
            return self.fma(self.many(x, width, at), self.number(0.0, width), total)

        return self.gathered(first, last, turn, self.add)

    def three_dots(self, x: Value, y: Value, vectors: Count) -> tuple[Value, Value, Value]:
        """Return x·x, y·y and x·y of rows of whole vectors."""

        def turn(v: Value, sums: list[Value]) -> list[Value]:
            at = self.times(v, self.width)
            a, b = self.row(x, at), self.row(y, at)
            pairs = ((a, a), (b, b), (a, b))
            return [self.fma(*pair, total) for pair, total in zip(pairs, sums, strict=True)]

        sums = self.fold(0, vectors, [self.number(0.0, self.width)] * 3, turn)
        own, other, both = (self.horizontal(total, self.add) for total in sums)
        return own, other, both
