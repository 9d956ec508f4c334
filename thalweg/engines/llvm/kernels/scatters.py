"""Elements put at positions, running sums and extremes: one element after another."""

from __future__ import annotations

import functools
from collections.abc import Callable

from thalweg.compiler.kernels.affine import ZERO, Affine, Index, linear
from thalweg.core.program import Equation, Symbol
from thalweg.engines.llvm.ir.values import Value, is_float
from thalweg.engines.llvm.kernels.loops import chunks, width_for
from thalweg.engines.llvm.kernels.lowering import REDUCTIONS, TYPES, compare
from thalweg.engines.llvm.kernels.writer import Writer

# A scatter puts updates where index arrays say: `(writer, equation)` writes that.
Scatter = Callable[[Writer, Equation], None]


def write_scatter(writer: Writer) -> None:
    """Copy the array unless it changes in place, then put the updates there in order."""
    root = writer.kernel.main
    if 0 in root.shape:
        return
    equation = writer.maker(root)
    array, _, updates = equation.inputs
    if not writer.facts.in_place(root):
        _copy(writer, root, array)
    writer.width = 1
    if 0 not in updates.shape:
        SCATTERS[equation.primitive.name](writer, equation)


def _put_slices(writer: Writer, equation: Equation, combine: str | None) -> None:
    """Put slices of the updates at positions along an axis."""
    root, indices, updates = equation.output, equation.inputs[1], equation.inputs[2]
    first = equation.params["axis"]
    last = first + len(indices.shape)
    vectors = last < len(updates.shape) and updates.shape[-1] > 1
    loops = updates.shape[:-1] if vectors else updates.shape

    def put(place: list[Affine]) -> None:
        at = tuple(place)
        target = (*at[:first], writer.gathered(equation, at[first:last]), *at[last:])
        _put(writer, root, linear(target, root.shape), writer.value(updates, at), combine)

    with writer.nest(loops) as places:
        if vectors:
            # Positions are scalars: read them before the vectors' width is set.
            writer.gathered(equation, tuple(places[first:last]))
            writer.width = width_for(writer, updates.shape[-1])
            chunks(writer, updates.shape[-1], lambda at: put([*places, at]))
        else:
            put(places)


def _add_along(writer: Writer, equation: Equation) -> None:
    """Add each of the updates at its own position along an axis."""
    root, updates, axis = equation.output, equation.inputs[2], equation.params["axis"]
    with writer.nest(updates.shape) as places:
        at = tuple(places)
        target = (*at[:axis], writer.gathered(equation, at), *at[axis + 1 :])
        _put(writer, root, linear(target, root.shape), writer.value(updates, at), "reduce_sum")


# How what is there and an update become one; None: the update replaces it.
_COMBINED = {"multiply": "reduce_prod", "maximum": "reduce_max", "minimum": "reduce_min"}


def _put_each(writer: Writer, equation: Equation) -> None:
    """Put each of the updates where its own position says, of all elements in row-major order."""
    root, (_, indices, updates) = equation.output, equation.inputs
    combine = _COMBINED[equation.params["how"]] if "how" in equation.params else None
    with writer.nest(updates.shape) as places:
        at = tuple(places)
        place = writer.held(indices, at, root.spec.size)
        _put(writer, root, place, writer.value(updates, at), combine)


# One row a primitive of the role `scatter`.
SCATTERS: dict[str, Scatter] = {
    "scatter_add": functools.partial(_put_slices, combine="reduce_sum"),
    "put_slices": functools.partial(_put_slices, combine=None),
    "scatter_add_along_axis": _add_along,
    "put_at": _put_each,
    "combine_at": _put_each,
}


def _put(writer: Writer, root: Symbol, at: Affine, update: Value, combine: str | None) -> None:
    type, active = TYPES[root.dtype], writer.active((at,))
    stride, _, fixed = writer.split(at)
    address = writer.address(root, fixed)
    if combine is not None:
        before = writer.e.load(address, type, writer.width if stride else 1, active, cse=False)
        update = REDUCTIONS[combine].combine(writer.e, before, update)
    # What is the same in a whole row is one number.
    writer.e.store(writer.e.splat(update, writer.width) if stride else update, address, active)


def _copy(writer: Writer, root: Symbol, source: Symbol) -> None:
    last = root.shape[-1] if root.shape else 1
    writer.width = width_for(writer, last)
    with writer.nest(root.shape[:-1]) as places:

        def copy(at: Affine) -> None:
            index = (*places, at) if root.shape else ()
            writer.put(root, index, writer.value(source, index))
            writer.flush()

        chunks(writer, last, copy)


class _Scan:
    """Walks along one axis with carried values; vectors run along the last axis, if another."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.root = writer, writer.kernel.main
        self.equation = writer.maker(self.root)
        self.source = self.equation.inputs[0]
        self.axis: int = self.equation.params["axis"]
        self.shape = self.source.shape
        self.place: list[Affine] = [ZERO] * len(self.shape)

    def write(self) -> None:
        if 0 in self.shape:
            return
        writer, last = self.writer, len(self.shape) - 1
        writer.width = 1
        outer = [a for a, n in enumerate(self.shape) if a != self.axis and n > 1]
        vectors = bool(outer) and outer[-1] == last
        looped = outer[: len(outer) - vectors]
        with writer.nest([self.shape[axis] for axis in looped]) as places:
            for axis, at in zip(looped, places, strict=True):
                self.place[axis] = at
            if vectors:
                writer.width = width_for(writer, self.shape[last])
                chunks(writer, self.shape[last], self._lane, cost=1_000)
            else:
                self._walk()

    def _lane(self, at: Affine) -> None:
        self.place[-1] = at
        self._walk()

    def _walk(self) -> None:
        SCANS[self.equation.primitive.name](self)

    def _index(self, at: Affine) -> Index:
        return (*self.place[: self.axis], at, *self.place[self.axis + 1 :])

    def _element(self, at: Affine, source: Symbol | None = None) -> Value:
        value = self.writer.value(source or self.source, self._index(at))
        return self.writer.e.splat(value, self.writer.width)

    def _put(self, at: Affine, value: Value) -> None:
        self.writer.put(self.root, self._index(at), value)
        self.writer.flush()

    def running(self, name: str) -> None:
        """Write the reduction of all elements so far."""
        writer, type, reduction = self.writer, TYPES[self.root.dtype], REDUCTIONS[name]
        start = writer.e.constant(reduction.start(type), type, writer.width)
        at, (before,) = writer.loop(self.shape[self.axis], (start,))
        total = reduction.combine(writer.e, before, self._element(at))
        self._put(at, total)
        writer.e.end_loop([total])

    def recurrence(self) -> None:
        """Write what a linear recurrence gives."""
        writer, e = self.writer, self.writer.e
        factors, terms = self.equation.inputs
        first, n = self._element(ZERO, terms), self.shape[self.axis]
        self._put(ZERO, first)
        if n > 1:
            at, (before,) = writer.loop(n - 1, (first,))
            carried = e.multiply(self._element(at + 1, factors), before)
            value = e.add(carried, self._element(at + 1, terms))
            self._put(at + 1, value)
            e.end_loop([value])

    def running_position(self, largest: bool) -> None:
        """Write the place of the last of the largest or smallest elements so far; NaN wins."""
        writer, e = self.writer, self.writer.e
        start = self._element(ZERO), e.constant(0, "i64", writer.width)
        at, (best, found) = writer.loop(self.shape[self.axis], start)
        value = self._element(at)
        wins = compare(*(("oge", "sge", "uge") if largest else ("ole", "sle", "ule")))(
            e, value, best
        )
        if is_float(value.type):
            wins = e.bit_or(wins, e.compare("uno", value, value))
        best = e.select(wins, value, best)
        found = e.select(wins, e.splat(writer.scalar(at), writer.width), found)
        self._put(at, found)
        writer.e.end_loop([best, found])

    def position(self, largest: bool) -> None:
        """Find the first of the largest or smallest elements; NaN wins."""
        writer, e = self.writer, self.writer.e
        type, n = TYPES[self.source.dtype], self.shape[self.axis]
        best, found = self._element(ZERO), e.constant(0, "i64", writer.width)
        if n > 1:
            at, (best_before, found_before) = writer.loop(n - 1, (best, found))
            value = self._element(at + 1)
            better = compare(*(("ogt", "sgt", "ugt") if largest else ("olt", "slt", "ult")))
            wins = better(e, value, best_before)
            if is_float(type):
                fresh = e.compare("ord", best_before, best_before)
                wins = e.bit_or(wins, e.bit_and(e.compare("uno", value, value), fresh))
            position = e.splat(writer.scalar(at + 1), writer.width)
            best, found = writer.e.end_loop(
                [e.select(wins, value, best_before), e.select(wins, position, found_before)]
            )
        index = tuple(p for a, p in enumerate(self.place) if a != self.axis)
        writer.put(self.root, index, found)
        writer.flush()


SCANS: dict[str, Callable[[_Scan], None]] = {
    "cumulative_sum": functools.partial(_Scan.running, name="reduce_sum"),
    "cumulative_product": functools.partial(_Scan.running, name="reduce_prod"),
    "recurrence": _Scan.recurrence,
    "index_of_max": functools.partial(_Scan.position, largest=True),
    "index_of_min": functools.partial(_Scan.position, largest=False),
    "index_of_running_extreme": lambda scan: scan.running_position(scan.equation.params["largest"]),
}


def write_scan(writer: Writer) -> None:
    """Write a SCAN kernel."""
    _Scan(writer).write()
