"""Kernels that reduce: along the last axis of their domain, or down its columns."""

from __future__ import annotations

import functools
import math

from thalweg.compiler.kernels.affine import Affine
from thalweg.compiler.kernels.graph import squeezed
from thalweg.compiler.kernels.kernels import Kernel, Plan
from thalweg.core.program import Symbol
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.blocks import BLOCK, Total, accumulated
from thalweg.engines.llvm.kernels.loops import (
    Domain,
    combine,
    expression_cost,
    is_reduction,
    panels,
    spread,
    start,
    width_for,
)
from thalweg.engines.llvm.kernels.lowering import COMBINE, TYPES
from thalweg.engines.llvm.kernels.writer import Writer

# Independent accumulators hide the latency of an addition.
_CHAINS = 4

# Rows of up to this many vectors are written out, if that is not too dear.
_UNROLLED = 8

_UNROLLED_COST = 400


class _Row:
    """Writes one ROW kernel: loops over the kept axes, reductions in vectors within."""

    def __init__(self, writer: Writer, plan: Plan, kernel: Kernel) -> None:
        self.writer, self.plan, self.kernel = writer, plan, kernel
        self.domain = Domain.of(plan, kernel)
        self.groups = self.domain.groups(kernel.roots)
        shape = kernel.domain
        self.extents = [math.prod(shape[axis] for axis in group) for group in self.groups]
        writer.width = width_for(plan, kernel.roots, self.extents[-1], writer)
        self.cost = expression_cost(plan, kernel.roots)

    def write(self) -> None:
        kept = self.domain.kept
        vectors = -(-self.extents[-1] // self.writer.width)
        small = vectors <= _UNROLLED and vectors * self.cost <= _UNROLLED_COST
        with self.writer.nest([self.kernel.domain[axis] for axis in kept]) as places:
            for axis, at in zip(kept, places, strict=True):
                self.domain.position[axis] = at
            if len(self.groups) == 1 and small:
                self._whole_row()
            else:
                self._phases()

    # ---- a short row: everything written out, values stay in registers

    def _whole_row(self) -> None:
        for root in self.kernel.roots:
            if is_reduction(self.plan, root):
                lanes = [self._element(root, at) for at in self._chunks()]
                total = lanes[0]
                for vector in lanes[1:]:
                    total = combine(self.writer, self.plan, root, total, vector)
                self._finish(root, total)
            elif self._over_domain(root):
                for at in self._chunks():
                    self._map(root, at)
            else:
                self._outer_map(root)
        self.writer.flush()

    def _chunks(self) -> list[Affine]:
        width = self.writer.width
        full, rest = divmod(self.extents[-1], width)
        places = [self.writer.lanes(width) + k * width for k in range(full)]
        return places + ([self.writer.lanes(rest) + full * width] if rest else [])

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
        totals = [
            Total(
                writer.e.constant(start(self.plan, root), TYPES[root.dtype], writer.width),
                functools.partial(combine, writer, self.plan, root),
            )
            for root in reductions
            for _ in range(chains)
        ]

        def within(depth: int, before: list[Value]) -> list[Value]:
            if depth == len(self.groups) - 1:
                return self._innermost(reductions, maps, chains, totals, before, full, rest)

            def body(at: Affine, carried: list[Value]) -> list[Value]:
                self.domain.position[self.groups[depth][-1]] = at
                return within(depth + 1, carried)

            each = math.prod(self.extents[depth + 1 : -1]) * -(-full // chains)
            return accumulated(
                writer, self.extents[depth], totals, before, body, max(1, min(each, BLOCK))
            )

        accumulators = within(0, [total.empty for total in totals])
        for i, root in enumerate(reductions):
            total = accumulators[i * chains]
            for k in range(1, chains):
                total = combine(self.writer, self.plan, root, total, accumulators[i * chains + k])
            self._finish(root, total)
        writer.flush()

    def _innermost(
        self,
        reductions: list[Symbol],
        maps: list[Symbol],
        chains: int,
        totals: list[Total],
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
                element = self._element(root, at)
                before[slot] = combine(self.writer, self.plan, root, before[slot], element)
            writer.flush()

        rounds, left = divmod(full, chains)
        if rounds > 1:

            def body(at: Affine, carried: list[Value]) -> list[Value]:
                for chain in range(chains):
                    place = at * (width * chains) + writer.lanes(width) + chain * width
                    step(place, chain, carried)
                return carried

            accumulators = accumulated(writer, rounds, totals, accumulators, body)
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
        return writer.e.select(mask, value, start(self.plan, root))

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


_ACCUMULATORS = 8


class _Column:
    """Writes one COLUMN kernel: vectors along the kept last axis, one accumulator each."""

    def __init__(self, writer: Writer, plan: Plan, kernel: Kernel) -> None:
        self.writer, self.plan, self.kernel = writer, plan, kernel
        self.domain = Domain.of(plan, kernel)
        self.reductions = [r for r in kernel.roots if is_reduction(plan, r)]
        self.maps = [r for r in kernel.roots if not is_reduction(plan, r)]
        self.extent = kernel.domain[-1]
        writer.width = width_for(plan, kernel.roots, self.extent, writer)

    def write(self) -> None:
        domain, writer = self.domain, self.writer
        outer = domain.kept[:-1]
        together = max(1, _ACCUMULATORS // (2 * len(self.reductions)))
        with writer.nest([self.kernel.domain[axis] for axis in outer]) as places:
            for axis, at in zip(outer, places, strict=True):
                domain.position[axis] = at
            panels(writer, self.extent, together, self._columns)

    def _columns(self, places: list[Affine]) -> None:
        """Reduce some vectors of columns, then write the maps that follow."""
        writer, domain = self.writer, self.domain
        slots = [(root, at) for root in self.reductions for at in places]
        deepest = domain.reduced[-1]
        trip = self.kernel.domain[deepest]
        rows = max(1, min(_CHAINS, _ACCUMULATORS // len(slots), trip // 2))
        totals = [
            Total(
                writer.e.constant(start(self.plan, root), TYPES[root.dtype], writer.width),
                functools.partial(combine, writer, self.plan, root),
            )
            for root, _ in slots
            for _ in range(rows)
        ]

        def within(axes: list[int], before: list[Value]) -> list[Value]:
            if not axes:
                return self._down(slots, rows, totals, before)

            def body(at: Affine, carried: list[Value]) -> list[Value]:
                domain.position[axes[0]] = at
                return within(axes[1:], carried)

            each = math.prod(self.kernel.domain[axis] for axis in axes[1:]) * -(-trip // rows)
            extent = self.kernel.domain[axes[0]]
            return accumulated(writer, extent, totals, before, body, min(each, BLOCK))

        sums = within(domain.reduced[:-1], [total.empty for total in totals])
        self._finish(slots, rows, sums, places)

    def _down(
        self,
        slots: list[tuple[Symbol, Affine]],
        rows: int,
        totals: list[Total],
        sums: list[Value],
    ) -> list[Value]:
        """Reduce along the deepest axis, some rows at once."""
        position, deepest = self.domain.position, self.domain.reduced[-1]
        rounds, left = divmod(self.kernel.domain[deepest], rows)

        def body(at: Affine, carried: list[Value]) -> list[Value]:
            for row in range(rows):
                position[deepest] = at * rows + row
                self._add(slots, rows, row, carried)
            return carried

        sums = accumulated(self.writer, rounds, totals, sums, body)
        for k in range(left):
            position[deepest] = Affine(rounds * rows + k)
            self._add(slots, rows, k % rows, sums)
        return sums

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
                total = combine(self.writer, self.plan, root, total, totals[i * rows + k])
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
            totals[slot] = combine(
                self.writer, self.plan, root, totals[slot], writer.e.splat(value, writer.width)
            )


def write_column(writer: Writer, plan: Plan, kernel: Kernel) -> None:
    """Write a COLUMN kernel."""
    _Column(writer, plan, kernel).write()
