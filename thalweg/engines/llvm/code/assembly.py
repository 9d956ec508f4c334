"""The kernels of programs, with the memory they share."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from thalweg.compiler.kernels.graph import Graph
from thalweg.compiler.kernels.kernels import Kernel, Kind, Likeness, form_kernels, likeness
from thalweg.compiler.kernels.materialize import LONG, total_effort
from thalweg.compiler.kernels.memory import ALIGNMENT, aligned_size, assign
from thalweg.compiler.kernels.streams import fuse_streams
from thalweg.compiler.kernels.strips import fuse_strips
from thalweg.compiler.pipeline import optimize
from thalweg.compiler.rewrites.widening import widened
from thalweg.compiler.states import own_operands, own_outputs
from thalweg.control.callback import callback
from thalweg.core.program import Program, Symbol, nested
from thalweg.engines.llvm.code.driving import CutProgram, Pointer, caller_text, looping_text
from thalweg.engines.llvm.code.nesting import Nest, is_nest, plan_nest
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.kernels.contractions import write_sums_of_products
from thalweg.engines.llvm.kernels.facts import (
    HEADER,
    Addressed,
    AddressTable,
    Cell,
    KernelFacts,
    Places,
    Scratch,
)
from thalweg.engines.llvm.kernels.maps import write_map, write_transpose
from thalweg.engines.llvm.kernels.reductions import write_column, write_row, write_strip
from thalweg.engines.llvm.kernels.scatters import write_scan, write_scatter
from thalweg.engines.llvm.kernels.streams import write_stream
from thalweg.engines.llvm.kernels.whole.registers import is_small
from thalweg.engines.llvm.kernels.whole.wholes import write_whole
from thalweg.engines.llvm.kernels.writer import Writer

# So many functions are called by one at most, if it calls them one by one …
_CALLS = 64

# … and so many in a long step, which looks after each call whether it is to stop.
_LOOKS = 8

_WRITERS = {
    Kind.MAP: write_map,
    Kind.TRANSPOSE: write_transpose,
    Kind.ROW: write_row,
    Kind.COLUMN: write_column,
    Kind.PRODUCT: write_sums_of_products,
    Kind.SCATTER: write_scatter,
    Kind.SCAN: write_scan,
    Kind.STREAM: write_stream,
    Kind.STRIP: write_strip,
    Kind.WHOLE: write_whole,
}


@dataclass(frozen=True)
class _Planned:
    """A kernel to be written."""

    step: CutProgram
    kernel: Kernel
    facts: KernelFacts
    like: Likeness | None
    nest: Nest | None = None


@dataclass(frozen=True)
class _Shared:
    """The function of a kernel that others are alike: what its table holds, of which values."""

    name: str
    entries: tuple[Addressed, ...]
    symbols: tuple[Symbol, ...]


def calls_back(program: Program) -> bool:
    """Tell whether a program, or one that it runs, calls back into Python."""
    return any(
        equation.primitive is callback or any(map(calls_back, nested(equation)))
        for equation in program.equations
    )


class Assembly:
    """Lays out the arena and writes kernels, those that are alike once."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.end = HEADER
        self.declarations: set[str] = set()
        self.cells: list[Cell] = []
        self.functions: dict[str, str] = {}
        self._planned: list[_Planned] = []
        self._nests: list[Nest] = []
        self._numbers = itertools.count()
        self._scratch: Scratch | None = None
        self._scratch_size = 0

    def reserve(self, nbytes: int) -> int:
        """Return the place of a new aligned stretch of the arena."""
        place = self.end
        self.end += max(ALIGNMENT, aligned_size(nbytes))
        return place

    def scratch(self, nbytes: int) -> Scratch:
        """Return memory for a kernel while it runs: kernels run one after another."""
        if self._scratch is None or self._scratch_size < nbytes:
            self._scratch, self._scratch_size = Scratch(self.reserve(nbytes)), nbytes
        return self._scratch

    def cell(self) -> Cell:
        """Return memory that a kernel keeps from step to step for itself."""
        self.cells.append(Cell(self.reserve(16)))
        return self.cells[-1]

    def step(
        self,
        program: Program,
        fixed: dict[Symbol, int],
        states: int,
        trusted: dict[Symbol, int],
        looped: bool,
        moving: Sequence[Symbol] = (),
        into: Sequence[int] = (),
    ) -> CutProgram:
        """Plan one program.

        Args:
            program: Its leading inputs are states, replaced by its leading outputs.
            fixed: The places of states and scalars in the arena.
            states: The number of states.
            trusted: Inputs whose values are known to be from 0 up to below a number.
            looped: Whether the program is a step of a run.
            moving: Inputs that are elsewhere each time.
            into: The input whose memory takes each output, of a program that works in memory
                outside of the arena.
        """
        better = own_operands(own_outputs(optimize(widened(program)), states, loss=looped))
        graph = Graph(better)
        plan = form_kernels(graph)
        fuse_streams(plan, 8 * self.target.vector_bytes)
        fuse_strips(plan, self.target.vector_bytes)
        pairs = list(zip(better.inputs[:states], better.outputs[:states], strict=True))
        outside = list(zip([better.inputs[i] for i in into], better.outputs, strict=False))
        storage = assign(plan, pairs, fixed, self.end, outside)
        self.end = storage.end
        long = total_effort(program) > LONG
        # A call that fails ends the loop, and so has to be looked for after each kernel.
        step = CutProgram(better, plan, storage, long or calls_back(program))
        step.moving = {symbol: [] for symbol in moving}
        entered: dict[Symbol, int] = {}

        def entry(symbol: Symbol) -> int:
            symbol = storage.lent.get(symbol, symbol)
            if symbol not in entered:
                entered[symbol] = self.reserve(8)
                step.entries.append(Pointer(entered[symbol], symbol))
            return entered[symbol]

        step.sent = [
            (entry(given), entry(new) if new in storage.lent else None, new)
            for given, new in storage.sent
        ]

        facts = KernelFacts(
            graph,
            plan.kept,
            storage.stored,
            storage.offsets,
            trusted,
            set(better.inputs[states:]) & set(fixed),
            long,
            self.cell if looped else None,
            entry,
            self.scratch,
        )
        for kernel in plan.kernels:
            equation = graph.producer[kernel.main]
            if is_nest(equation) and not is_small(equation):
                nest = self._nest(step, kernel, entry)
                self._planned.append(_Planned(step, kernel, facts, None, nest))
            else:
                like = likeness(plan, kernel, facts.of)
                self._planned.append(_Planned(step, kernel, facts, like))
        return step

    def _nest(self, outer: CutProgram, kernel: Kernel, entry: Callable[[Symbol], int]) -> Nest:
        def plan(
            program: Program,
            fixed: dict[Symbol, int],
            states: int,
            stands_for: dict[Symbol, Symbol],
            moving: Sequence[Symbol],
        ) -> CutProgram:
            step = self.step(program, fixed, states, {}, False, moving)
            step.outer, step.stands_for = outer, stands_for
            return step

        name = f"nest{next(self._numbers)}"
        nest = plan_nest(name, outer, kernel, self.reserve, entry, plan)
        self._nests.append(nest)
        return nest

    def write_nests(self) -> None:
        """Write the loops and branches, after all pointers are known."""
        self.functions |= {nest.name: nest.text() for nest in self._nests}

    @property
    def steps(self) -> list[CutProgram]:
        """All programs, those inside of others too."""
        return list({id(planned.step): planned.step for planned in self._planned}.values())

    def write(self) -> None:
        """Write the kernels of all steps."""
        counts = Counter(planned.like.key for planned in self._planned if planned.like)
        shared: dict[Hashable, _Shared] = {}
        for planned in self._planned:
            step = planned.step
            if planned.like is None:
                if planned.nest is not None:
                    step.calls.append((planned.nest.name, 0))
                continue
            key = planned.like.key
            if counts[key] == 1:
                step.calls.append((self._function(planned, Places(planned.facts)), 0))
            elif key in shared:
                step.calls.append(self._call_alike(planned, shared[key]))
            else:
                table = AddressTable()
                name = self._function(planned, table)
                step.calls.append((name, self._table(step, table.entries)))
                entries, symbols = tuple(table.entries), planned.like.symbols
                # A text that reads what is not of the kernel's own equations serves it alone.
                if {what for what in entries if isinstance(what, Symbol)} <= {*symbols}:
                    shared[key] = _Shared(name, entries, symbols)
        for step in self.steps:
            step.calls = self._gathered(step.calls, step.long)

    def _gathered(self, calls: list[tuple[str, int]], long: bool) -> list[tuple[str, int]]:
        """Return a few calls of functions that make these."""
        if long:
            return [self._caller(calls, looping_text)] if len(calls) > _LOOKS else calls
        while len(calls) > _CALLS:
            groups = [calls[i : i + _CALLS] for i in range(0, len(calls), _CALLS)]
            calls = [self._caller(group, caller_text) for group in groups]
        return calls

    def _caller(self, calls: list[tuple[str, int]], text: Callable[..., str]) -> tuple[str, int]:
        name = f"calls{len(self.functions)}"
        self.functions[name] = text(name, calls)
        return name, 0

    def _call_alike(self, planned: _Planned, shared: _Shared) -> tuple[str, int]:
        """Return the call of another kernel's function for the values of this one."""
        symbols = planned.like.symbols if planned.like is not None else ()
        counterparts = dict(zip(shared.symbols, symbols, strict=True))

        def own(what: Addressed) -> Addressed:
            if isinstance(what, Symbol):
                return counterparts[what]
            return self.cell() if isinstance(what, Cell) else what

        return shared.name, self._table(planned.step, map(own, shared.entries))

    def _table(self, step: CutProgram, entries: Iterable[Addressed]) -> int:
        """Return the place of a new table of addresses."""
        held = list(entries)
        place = self.reserve(8 * len(held))
        step.entries += [Pointer(place + 8 * i, what) for i, what in enumerate(held)]
        return place

    def _function(self, planned: _Planned, addresses: Places | AddressTable) -> str:
        """Write a kernel; return its function's name."""
        writer = Writer(planned.step.plan, planned.kernel, planned.facts, addresses, self.target)
        _WRITERS[planned.kernel.kind](writer)
        name = f"kernel{len(self.functions)}"
        self.functions[name] = writer.e.function(name, [writer.given])
        self.functions |= writer.called
        self.declarations |= writer.e.declarations
        return name
