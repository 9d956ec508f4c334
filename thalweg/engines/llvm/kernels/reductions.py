"""Kernels that reduce: along the last axis of their domain, down its columns, or both at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from thalweg.compiler.kernels.affine import Affine
from thalweg.compiler.kernels.graph import squeezed
from thalweg.compiler.kernels.strips import WRITTEN, Part, part_of
from thalweg.core.program import Symbol
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.blocks import Total, fold, fold_over, sums_across, total_of
from thalweg.engines.llvm.kernels.loops import Domain, Walk, is_reduction, panels, spread, width_for
from thalweg.engines.llvm.kernels.lowering import TYPES
from thalweg.engines.llvm.kernels.writer import Writer

# Independent accumulators hide the latency of an addition.
_CHAINS = 4

_ACCUMULATORS = 8

# Rows of up to this many vectors are written out, if that is not too dear …
_UNROLLED = 8

_UNROLLED_COST = 400

# … and still less dear where they are only summed, so that no value is wanted a second time.
_SUMMED_COST = 120

# Of so few columns two vectors of rows are computed in turn: more would not fit the registers.
_TURNS = 8

Values = list[Value]

# (position, which of a total's chains, accumulators)
Step = Callable[[Affine, int, Values], None]


class _Reductions:
    """What both kinds share: a domain, vectors along one of its axes, and accumulators."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.domain = Domain(writer)
        self.lane, self.extent = self.lanes()
        writer.width = width_for(writer, self.extent)
        self.totals = {
            root: total_of(writer, writer.maker(root).primitive.name, TYPES[root.dtype])
            for root in writer.kernel.roots
            if is_reduction(writer, root)
        }

    def lanes(self) -> Walk:
        """Return the axis that vectors run along, and how far."""
        raise NotImplementedError

    def element(self, root: Symbol, at: Affine) -> Value:
        """Return the lanes of a reduction's operand."""
        equation = self.writer.maker(root)
        self.domain.position[self.lane] = at
        value = self.writer.value(equation.inputs[0], self.domain.operand(equation))
        return self.writer.e.splat(value, self.writer.width)

    def accumulate(
        self,
        roots: Sequence[Symbol],
        chains: int,
        outer: Sequence[Walk],
        count: int,
        step: Step,
        end: Callable[[Values], None] = lambda sums: None,
    ) -> list[Values]:
        """Return the accumulators of each root, whose chains take turns.

        Args:
            roots: Reductions, some of them several times.
            chains: The accumulators of each.
            outer: Along which loops run outside.
            count: The number of steps within.
            step: Adds to an accumulator of each root.
            end: Adds what is left after those steps.
        """
        totals: list[Total] = [self.totals[root] for root in roots for _ in range(chains)]
        rounds = count // chains if count >= 2 * chains else 0

        def turn(at: Affine, sums: Values) -> Values:
            for chain in range(chains):
                step(at * chains + chain, chain, sums)
            return sums

        def within(places: list[Affine], sums: Values) -> Values:
            for (axis, _), at in zip(outer, places, strict=True):
                self.domain.position[axis] = at
            if rounds:
                sums = fold(self.writer, rounds, totals, sums, turn)
            for k in range(rounds * chains, count):
                step(Affine(k), k % chains, sums)
            end(sums)
            return sums

        empty = [total.empty for total in totals]
        extents = [extent for _, extent in outer]
        sums = fold_over(self.writer, extents, totals, empty, within, -(-count // chains))
        return [sums[i : i + chains] for i in range(0, len(sums), chains)]


class _Row(_Reductions):
    """Writes one ROW kernel: loops over the kept axes, reductions in vectors within."""

    def lanes(self) -> Walk:
        *self.outer, last = self.domain.joined(self.domain.reduced)
        return last

    def write(self) -> None:
        vectors = -(-self.extent // self.writer.width)
        again = any(self._over_domain(root) for root in self.writer.kernel.roots)
        dear = _UNROLLED_COST if again or len(self.totals) > 1 else _SUMMED_COST
        small = vectors <= _UNROLLED and vectors * self.writer.kernel.size <= dear
        with self.domain.nest(self.domain.alone(self.domain.kept)):
            if small and not self.outer:
                self._whole_row()
            else:
                self._phases()

    # ---- a short row: everything written out, values stay in registers

    def _whole_row(self) -> None:
        places = self.writer.vectors(self.extent)
        for root in self.writer.kernel.roots:
            if root in self.totals:
                self._finish(root, [self._real(root, at) for at in places])
            elif self._over_domain(root):
                for at in places:
                    self._map(root, at)
            else:
                self._outer_map(root)
        self.writer.flush()

    # ---- a long row: one pass a phase; a phase ends where a reduction is needed whole

    def _phases(self) -> None:
        phase: dict[Symbol, int] = {}
        for root in self.writer.kernel.roots:
            phase[root] = 0
            for access in self.writer.plan.accesses.of(root):
                if access.symbol in phase and access.symbol is not root:
                    whole = access.symbol in self.totals
                    phase[root] = max(phase[root], phase[access.symbol] + whole)
        for number in range(max(phase.values()) + 1):
            roots = [root for root in self.writer.kernel.roots if phase[root] == number]
            reductions = [root for root in roots if root in self.totals]
            others = [root for root in roots if root not in self.totals]
            for root in others:
                if not self._over_domain(root):
                    self._outer_map(root)
            self.writer.flush()
            self._pass(reductions, [root for root in others if self._over_domain(root)])

    def _pass(self, reductions: list[Symbol], maps: list[Symbol]) -> None:
        if not reductions and not maps:
            return
        writer, width = self.writer, self.writer.width
        full = self.extent // width
        chains = _CHAINS if full >= 2 * _CHAINS and len(reductions) <= 2 and not maps else 1

        def step(at: Affine, chain: int, sums: Values) -> None:
            # Reductions may read maps of their phase, never the other way round.
            for root in maps:
                self._map(root, at)
            for i, root in enumerate(reductions):
                slot = i * chains + chain
                sums[slot] = self.totals[root].combine(sums[slot], self._real(root, at))
            writer.flush()

        def end(sums: Values) -> None:
            for at in writer.vectors(self.extent, full):
                step(at, 0, sums)

        def vector(at: Affine, chain: int, sums: Values) -> None:
            step(at * width + writer.lanes(width), chain, sums)

        parts = self.accumulate(reductions, chains, self.outer, full, vector, end)
        for root, chained in zip(reductions, parts, strict=True):
            self._finish(root, chained)
        writer.flush()

    # ---- one element

    def _over_domain(self, root: Symbol) -> bool:
        return squeezed(root.shape) == self.writer.kernel.domain

    def _real(self, root: Symbol, at: Affine) -> Value:
        """Return the operand's lanes, with the reduction's identity in those that are not real."""
        return self.writer.real(self.element(root, at), at, self.totals[root].empty)

    def _finish(self, root: Symbol, parts: Values) -> None:
        total = self.totals[root]
        found = self.writer.e.horizontal(total.merge(parts), total.combine)
        self.writer.put(root, self.domain.result(root), found)

    def _map(self, root: Symbol, at: Affine) -> None:
        self.domain.position[self.lane] = at
        self.writer.compute(root, spread(self.domain.position, root.shape))

    def _outer_map(self, root: Symbol) -> None:
        self.writer.compute(root, self.domain.result(root))


class _Column(_Reductions):
    """Writes one COLUMN kernel: vectors along the kept last axis, one accumulator each."""

    def lanes(self) -> Walk:
        return self.domain.alone(self.domain.kept)[-1]

    def write(self) -> None:
        together = max(1, _ACCUMULATORS // (2 * len(self.totals)))
        with self.domain.nest(self.domain.alone(self.domain.kept[:-1])):
            panels(self.writer, self.extent, together, self._columns)

    def _columns(self, places: list[Affine]) -> None:
        """Reduce some vectors of columns, some rows at once, then write the maps that follow."""
        slots = [(root, at) for root in self.totals for at in places]
        *outer, (deepest, trip) = self.domain.alone(self.domain.reduced)
        rows = max(1, min(_CHAINS, _ACCUMULATORS // len(slots), trip // 2))

        def step(row: Affine, chain: int, sums: Values) -> None:
            self.domain.position[deepest] = row
            for i, (root, at) in enumerate(slots):
                slot = i * rows + chain
                sums[slot] = self.totals[root].combine(sums[slot], self.element(root, at))

        parts = self.accumulate([root for root, _ in slots], rows, outer, trip, step)
        self._finish(slots, parts, places)

    def _finish(
        self, slots: list[tuple[Symbol, Affine]], parts: list[Values], places: list[Affine]
    ) -> None:
        domain, writer = self.domain, self.writer
        for (root, at), rows in zip(slots, parts, strict=True):
            domain.position[self.lane] = at
            writer.put(root, domain.result(root), self.totals[root].merge(rows))
        for at in places:
            domain.position[self.lane] = at
            for root in self.writer.kernel.roots:
                if root not in self.totals:
                    writer.compute(root, domain.result(root))
        writer.flush()


class _Strip:
    """Writes one STRIP kernel: vectors down the rows, all columns of them at once."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.rows, self.columns = writer.kernel.domain
        self.width = writer.width = width_for(writer, self.rows)
        roots = writer.kernel.roots
        self.parts = {root: part_of(writer.maker(root), writer.kernel.domain) for root in roots}
        self.totals = {
            root: total_of(writer, writer.maker(root).primitive.name, TYPES[root.dtype])
            for root in roots
            if is_reduction(writer, root)
        }
        # Where the accumulators of what is reduced down the rows are among all of them.
        self.slots: dict[Symbol, int] = {}
        self.kinds: list[Total] = []
        for root in roots:
            if self.parts[root] in (Part.DOWN, Part.WHOLE):
                self.slots[root] = len(self.kinds)
                count = self.columns if self.parts[root] is Part.DOWN else 1
                self.kinds += [self.totals[root]] * count

    def write(self) -> None:
        writer, width = self.writer, self.width
        length = 2 * self.columns * writer.kernel.size
        # One vector of numbers a row waits for itself; a second one takes turns with it.
        together = 2 if self.columns <= _TURNS and length <= WRITTEN else 1
        full = self.rows // (width * together)
        sums = [kind.empty for kind in self.kinds]

        def whole(at: Affine, sums: Values) -> Values:
            first = at * (width * together) + writer.lanes(width)
            return self._block([first + width * i for i in range(together)], sums)

        if full:
            sums = fold(writer, full, self.kinds, sums, whole, together)
        for at in writer.vectors(self.rows, full * together):
            sums = self._block([at], sums)
        self._finish(sums)

    # ---- a block of rows

    def _block(self, places: list[Affine], before: Values) -> Values:
        """Compute all of some rows; return the accumulators with what is theirs added."""
        sums = list(before)
        for root, part in self.parts.items():
            if part is not Part.END:
                for at in places:
                    self._compute(root, part, at, sums)
        self.writer.flush()
        return sums

    def _compute(self, root: Symbol, part: Part | None, at: Affine, sums: Values) -> None:
        """Compute a value of a vector of rows, or add to its accumulators."""
        writer = self.writer
        if part is Part.CELL:
            for column in range(self.columns):
                writer.compute(root, spread([at, Affine(column)], root.shape))
        elif part is Part.ROW:
            writer.compute(root, spread([at], root.shape))
        elif part is Part.ACROSS:
            row = self.totals[root].merge(self._operands(root, at))
            writer.put(root, spread([at], root.shape), row)
        else:
            self._accumulate(root, at, sums)

    def _operands(self, root: Symbol, at: Affine) -> Values:
        """Return a reduction's operand: a vector a column, or one of one number a row."""
        operand = self.writer.maker(root).inputs[0]
        each: list[list[Affine]] = [[at]]
        if squeezed(operand.shape) == self.writer.kernel.domain:
            each = [[at, Affine(column)] for column in range(self.columns)]
        values = [self.writer.value(operand, spread(place, operand.shape)) for place in each]
        return [self.writer.e.splat(value, self.width) for value in values]

    def _accumulate(self, root: Symbol, at: Affine, sums: Values) -> None:
        total, slot = self.totals[root], self.slots[root]
        parts = self._operands(root, at)
        if self.parts[root] is Part.WHOLE:
            parts = [total.merge(parts)]
        for i, value in enumerate(parts, slot):
            sums[i] = total.combine(sums[i], self.writer.real(value, at, total.empty))

    # ---- the end

    def _finish(self, sums: Values) -> None:
        """Write the reductions down the rows, and what is computed of them."""
        writer = self.writer
        along = writer.width = min(self.width, width_for(writer, self.columns))
        places = writer.vectors(self.columns)
        for root, slot in self.slots.items():
            total, shape = self.totals[root], root.shape
            if self.parts[root] is Part.WHOLE:
                found = writer.e.horizontal(sums[slot], total.combine)
                writer.put(root, spread([], shape), found)
                continue
            vector = sums_across(writer, sums[slot : slot + self.columns], total, along)
            for i, at in enumerate(places):
                lanes = range(i * along, (i + 1) * along)
                writer.put(root, spread([at], shape), writer.e.shuffle(vector, None, lanes))
        for root, part in self.parts.items():
            if part is Part.END:
                for at in places if squeezed(root.shape) else places[:1]:
                    writer.compute(root, spread([at], root.shape))
        writer.flush()


def write_row(writer: Writer) -> None:
    """Write a ROW kernel."""
    _Row(writer).write()


def write_column(writer: Writer) -> None:
    """Write a COLUMN kernel."""
    _Column(writer).write()


def write_strip(writer: Writer) -> None:
    """Write a STRIP kernel."""
    _Strip(writer).write()
