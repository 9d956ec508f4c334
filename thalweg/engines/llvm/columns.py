"""Kernels that reduce down the columns of their domain: one accumulator a vector of columns."""

from __future__ import annotations

import functools
import math

from thalweg.compiler.affine import Affine
from thalweg.compiler.kernels import Kernel, Plan
from thalweg.core.program import Symbol
from thalweg.engines.llvm.blocks import BLOCK, Total, accumulated
from thalweg.engines.llvm.domains import Domain, combine, is_reduction, start
from thalweg.engines.llvm.loops import panels, width_for
from thalweg.engines.llvm.lowering import TYPES
from thalweg.engines.llvm.values import Value
from thalweg.engines.llvm.writer import Writer

# Rows added at once, and accumulators in use, to hide the latency of an addition.
_CHAINS = 4
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
