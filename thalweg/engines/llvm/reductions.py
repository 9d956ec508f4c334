"""Kernels that reduce: along the last axis of the domain in vectors, or down its columns."""

from __future__ import annotations

from dataclasses import dataclass

from thalweg.compiler.access import domain_index
from thalweg.compiler.affine import ZERO, Affine, Index, linear
from thalweg.compiler.graph import REDUCTIONS, reduced_axes, reduced_index, squeezed
from thalweg.compiler.kernels import Kernel, Plan
from thalweg.core.program import Equation, Symbol
from thalweg.engines.llvm.loops import (
    chunks,
    expression_cost,
    guarded,
    positional,
    spread,
    width_for,
)
from thalweg.engines.llvm.lowering import COMBINE, TYPES, identity
from thalweg.engines.llvm.values import Value
from thalweg.engines.llvm.writer import Writer

# Independent accumulators hide the latency of an addition.
_CHAINS = 4
_COLUMN_ACCUMULATORS = 8
_UNROLLED = 8
_UNROLLED_COST = 400


def is_reduction(plan: Plan, root: Symbol) -> bool:
    """Tell whether a kept value is reduced in its kernel."""
    return plan.graph.producer[root].primitive.name in REDUCTIONS


@dataclass
class _Domain:
    """The axes of a kernel's domain, reduced or kept, and the positions along them."""

    plan: Plan
    shape: tuple[int, ...]
    reduced: list[int]
    position: list[Affine]

    @classmethod
    def of(cls, plan: Plan, kernel: Kernel) -> _Domain:
        equation = plan.graph.producer[kernel.main]
        shape = equation.inputs[0].shape
        axes = [a for a, n in enumerate(shape) if n != 1]
        over = reduced_axes(equation)
        reduced = [i for i, a in enumerate(axes) if a in over]
        return cls(plan, kernel.domain, reduced, [ZERO] * len(kernel.domain))

    @property
    def kept(self) -> list[int]:
        return [axis for axis in range(len(self.shape)) if axis not in self.reduced]

    def operand(self, equation: Equation) -> Index:
        """Return where a reduction reads its operand at the current position."""
        return spread(self.position, equation.inputs[0].shape)

    def result(self, root: Symbol) -> Index:
        """Return where a value of the kept axes is written."""
        return spread([self.position[axis] for axis in self.kept], root.shape)

    def groups(self, roots: list[Symbol]) -> list[list[int]]:
        """Group adjacent reduced axes that every access walks as if they were one."""
        groups = [[axis] for axis in self.reduced]
        if positional(self.plan, roots):
            return groups
        strides = []
        for root in roots:
            found = self._strides(root)
            if found is None:
                return groups
            strides += found
        joined: list[list[int]] = []
        for axis in self.reduced:
            before = joined[-1][-1] if joined else None
            if before == axis - 1 and all(
                s[axis - 1] == s[axis] * self.shape[axis] for s in strides
            ):
                joined[-1].append(axis)
            else:
                joined.append([axis])
        return joined

    def _strides(self, root: Symbol) -> list[list[int]] | None:
        """Return how each access of a root moves along the domain's axes."""
        numbers = self._numbers(root)
        found = []
        own = linear(domain_index(root.shape), root.shape)
        accesses = [(a.symbol, a.index) for a in self.plan.accesses.of(root)]
        for symbol, index in accesses:
            if index is None:
                return None
            terms = {var.number: c for var, c in linear(index, symbol.shape).terms}
            found.append([terms.get(number, 0) for number in numbers])
        if not is_reduction(self.plan, root):
            terms = {var.number: c for var, c in own.terms}
            found.append([terms.get(number, 0) for number in numbers])
        return found

    def _numbers(self, root: Symbol) -> list[int]:
        """Return the number of the variable that stands for each axis in a root's accesses."""
        if not is_reduction(self.plan, root):
            if squeezed(root.shape) == self.shape:
                return list(range(len(self.shape)))
            kept = {axis: i for i, axis in enumerate(self.kept)}
            return [kept.get(axis, -2) for axis in range(len(self.shape))]
        equation = self.plan.graph.producer[root]
        shape, over = equation.inputs[0].shape, reduced_axes(equation)
        numbers, kept_so_far = [], 0
        for axis, n in enumerate(shape):
            if n == 1:
                continue
            numbers.append(1_000 + axis if axis in over else kept_so_far)
            kept_so_far += axis not in over
        return numbers


class _Row:
    """Writes one ROW kernel: loops over the kept axes, reductions in vectors within."""

    def __init__(self, writer: Writer, plan: Plan, kernel: Kernel) -> None:
        self.writer, self.plan, self.kernel = writer, plan, kernel
        self.domain = _Domain.of(plan, kernel)
        self.groups = self.domain.groups(kernel.roots)
        shape = kernel.domain
        self.extents = [_product(shape[axis] for axis in group) for group in self.groups]
        writer.width = width_for(plan, kernel.roots, self.extents[-1], writer)
        self.cost = expression_cost(plan, kernel.roots)

    def write(self) -> None:
        kept = self.domain.kept
        for axis in kept:
            self.domain.position[axis], _ = self.writer.loop(self.kernel.domain[axis])
        vectors = -(-self.extents[-1] // self.writer.width)
        small = vectors <= _UNROLLED and vectors * self.cost <= _UNROLLED_COST
        if len(self.groups) == 1 and small:
            self._whole_row()
        else:
            self._phases()
        for _ in kept:
            self.writer.e.end_loop()

    # ---- a short row: everything written out, values stay in registers

    def _whole_row(self) -> None:
        for root in self.kernel.roots:
            if is_reduction(self.plan, root):
                lanes: list[Value] = []
                self._each_chunk(lambda at, root=root: lanes.append(self._element(root, at)))
                total = lanes[0]
                for vector in lanes[1:]:
                    total = self._combine(root, total, vector)
                self._finish(root, total)
            elif self._over_domain(root):
                self._each_chunk(lambda at, root=root: self._map(root, at))
            else:
                self._outer_map(root)
        self.writer.flush()

    def _each_chunk(self, body: object) -> None:
        assert callable(body)
        width = self.writer.width
        full, rest = divmod(self.extents[-1], width)
        for k in range(full):
            body(self.writer.lanes(width) + k * width)
        if rest:
            body(self.writer.lanes(rest) + full * width)

    # ---- a long row: one pass a phase; a phase ends where a reduction is needed whole

    def _phases(self) -> None:
        phase: dict[Symbol, int] = {}
        for root in self.kernel.roots:
            phase[root] = 0
            for access in self.plan.accesses.of(root):
                if access.symbol in phase and access.symbol is not root:
                    whole = is_reduction(self.plan, access.symbol)
                    phase[root] = max(phase[root], phase[access.symbol] + whole)
        for number in range(max(phase.values()) + 1):
            roots = [root for root in self.kernel.roots if phase[root] == number]
            for root in roots:
                if not is_reduction(self.plan, root) and not self._over_domain(root):
                    self._outer_map(root)
            self.writer.flush()
            self._pass(
                [root for root in roots if is_reduction(self.plan, root)],
                [
                    root
                    for root in roots
                    if not is_reduction(self.plan, root) and self._over_domain(root)
                ],
            )

    def _pass(self, reductions: list[Symbol], maps: list[Symbol]) -> None:
        if not reductions and not maps:
            return
        writer = self.writer
        full, rest = divmod(self.extents[-1], writer.width)
        chains = _CHAINS if full >= 2 * _CHAINS and len(reductions) <= 2 and not maps else 1
        accumulators = [
            writer.e.constant(self._start(root), TYPES[root.dtype], writer.width)
            for root in reductions
            for _ in range(chains)
        ]
        for group, extent in zip(self.groups[:-1], self.extents[:-1], strict=True):
            at, accumulators = writer.loop(extent, tuple(accumulators))
            self.domain.position[group[-1]] = at
        accumulators = self._innermost(reductions, maps, chains, accumulators, full, rest)
        for _ in self.groups[:-1]:
            accumulators = writer.e.end_loop(accumulators)
        for i, root in enumerate(reductions):
            total = accumulators[i * chains]
            for k in range(1, chains):
                total = self._combine(root, total, accumulators[i * chains + k])
            self._finish(root, total)
        writer.flush()

    def _innermost(
        self,
        reductions: list[Symbol],
        maps: list[Symbol],
        chains: int,
        accumulators: list[Value],
        full: int,
        rest: int,
    ) -> list[Value]:
        writer, width = self.writer, self.writer.width

        def step(at: Affine, chain: int, before: list[Value]) -> None:
            # Reductions may read maps of their phase, never the other way round.
            for root in maps:
                self._map(root, at)
            for i, root in enumerate(reductions):
                slot = i * chains + chain
                before[slot] = self._combine(root, before[slot], self._element(root, at))
            writer.flush()

        rounds, left = divmod(full, chains)
        if rounds > 1:
            at, accumulators = writer.loop(rounds, tuple(accumulators))
            for chain in range(chains):
                place = at * (width * chains) + writer.lanes(width) + chain * width
                step(place, chain, accumulators)
            accumulators = writer.e.end_loop(accumulators)
        else:
            left = full
        for k in range(left):
            step(writer.lanes(width) + (full - left + k) * width, k % chains, accumulators)
        if rest:
            step(writer.lanes(rest) + full * width, 0, accumulators)
        return accumulators

    # ---- one element

    def _over_domain(self, root: Symbol) -> bool:
        return squeezed(root.shape) == self.kernel.domain

    def _start(self, root: Symbol) -> float | int | bool:
        return identity(self.plan.graph.producer[root].primitive.name, TYPES[root.dtype])

    def _combine(self, root: Symbol, x: Value, y: Value) -> Value:
        return COMBINE[self.plan.graph.producer[root].primitive.name](self.writer.e, x, y)

    def _element(self, root: Symbol, at: Affine) -> Value:
        """Return the operand's lanes, with the reduction's identity in those that are not real."""
        writer, equation = self.writer, self.plan.graph.producer[root]
        self.domain.position[self.groups[-1][-1]] = at
        index = self.domain.operand(equation)
        value = writer.e.splat(writer.value(equation.inputs[0], index), writer.width)
        active = writer.active((at,))
        if active is None or active == writer.width:
            return value
        mask = writer.e.leading(active, writer.width)
        return writer.e.select(mask, value, self._start(root))

    def _finish(self, root: Symbol, lanes: Value) -> None:
        name = self.plan.graph.producer[root].primitive.name
        total = self.writer.e.horizontal(lanes, lambda x, y: COMBINE[name](self.writer.e, x, y))
        self.writer.put(root, self.domain.result(root), total)

    def _map(self, root: Symbol, at: Affine) -> None:
        self.domain.position[self.groups[-1][-1]] = at
        self.writer.compute(root, spread(self.domain.position, root.shape))

    def _outer_map(self, root: Symbol) -> None:
        self.writer.compute(root, self.domain.result(root))


def write_row(writer: Writer, plan: Plan, kernel: Kernel) -> None:
    """Write a ROW kernel."""
    _Row(writer, plan, kernel).write()


class _Column:
    """Writes one COLUMN kernel: vectors along the kept last axis, one accumulator each."""

    def __init__(self, writer: Writer, plan: Plan, kernel: Kernel) -> None:
        self.writer, self.plan, self.kernel = writer, plan, kernel
        self.domain = _Domain.of(plan, kernel)
        self.reductions = [r for r in kernel.roots if is_reduction(plan, r)]
        self.maps = [r for r in kernel.roots if not is_reduction(plan, r)]
        self.extent = kernel.domain[-1]
        writer.width = width_for(plan, kernel.roots, self.extent, writer)

    def write(self) -> None:
        domain, writer = self.domain, self.writer
        for axis in domain.kept[:-1]:
            domain.position[axis], _ = writer.loop(self.kernel.domain[axis])
        width = writer.width
        together = max(1, _COLUMN_ACCUMULATORS // (2 * len(self.reductions)))
        full, rest = divmod(self.extent, width)
        rounds = full // together
        lanes = writer.lanes(width)
        done = 0
        if rounds > 1:
            at, _ = writer.loop(rounds)
            self._columns([at * (together * width) + lanes + k * width for k in range(together)])
            writer.e.end_loop()
            done = rounds * together
        places = [lanes + k * width for k in range(done, full)]
        if rest:
            places.append(writer.lanes(rest) + full * width)
        for start in range(0, len(places), together):
            self._columns(places[start : start + together])
        for _ in domain.kept[:-1]:
            writer.e.end_loop()

    def _columns(self, places: list[Affine]) -> None:
        """Reduce some vectors of columns, then write the maps that follow."""
        writer, domain = self.writer, self.domain
        slots = [(root, at) for root in self.reductions for at in places]
        deepest = domain.reduced[-1]
        trip = self.kernel.domain[deepest]
        rows = max(1, min(_CHAINS, _COLUMN_ACCUMULATORS // len(slots), trip // 2))
        totals = [
            writer.e.constant(self._start(root), TYPES[root.dtype], writer.width)
            for root, _ in slots
            for _ in range(rows)
        ]
        for axis in domain.reduced[:-1]:
            domain.position[axis], totals = writer.loop(self.kernel.domain[axis], tuple(totals))
        rounds, left = divmod(trip, rows)
        at, totals = writer.loop(rounds, tuple(totals))
        for row in range(rows):
            domain.position[deepest] = at * rows + row
            self._add(slots, rows, row, totals)
        totals = writer.e.end_loop(totals)
        for k in range(left):
            domain.position[deepest] = Affine(rounds * rows + k)
            self._add(slots, rows, k % rows, totals)
        for _ in domain.reduced[:-1]:
            totals = writer.e.end_loop(totals)
        self._finish(slots, rows, totals, places)

    def _finish(
        self,
        slots: list[tuple[Symbol, Affine]],
        rows: int,
        totals: list[Value],
        places: list[Affine],
    ) -> None:
        domain, writer = self.domain, self.writer
        for i, (root, at) in enumerate(slots):
            total = totals[i * rows]
            for k in range(1, rows):
                total = self._combine(root, total, totals[i * rows + k])
            domain.position[domain.kept[-1]] = at
            writer.put(root, domain.result(root), total)
        for at in places:
            domain.position[domain.kept[-1]] = at
            for root in self.maps:
                writer.compute(root, domain.result(root))
        writer.flush()

    def _add(
        self, slots: list[tuple[Symbol, Affine]], rows: int, row: int, totals: list[Value]
    ) -> None:
        writer, domain = self.writer, self.domain
        for i, (root, at) in enumerate(slots):
            domain.position[domain.kept[-1]] = at
            equation = self.plan.graph.producer[root]
            value = writer.value(equation.inputs[0], domain.operand(equation))
            slot = i * rows + row
            totals[slot] = self._combine(root, totals[slot], writer.e.splat(value, writer.width))

    def _start(self, root: Symbol) -> float | int | bool:
        return identity(self.plan.graph.producer[root].primitive.name, TYPES[root.dtype])

    def _combine(self, root: Symbol, x: Value, y: Value) -> Value:
        return COMBINE[self.plan.graph.producer[root].primitive.name](self.writer.e, x, y)


def write_column(writer: Writer, plan: Plan, kernel: Kernel) -> None:
    """Write a COLUMN kernel."""
    _Column(writer, plan, kernel).write()


def _product(extents: object) -> int:
    total = 1
    for extent in extents:  # type: ignore[attr-defined]
        total *= extent
    return total


__all__ = ["chunks", "guarded", "is_reduction", "write_column", "write_row"]
