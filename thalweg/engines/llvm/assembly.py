"""A whole loop as one module: kernels, the step that calls them, and the loop over steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from thalweg.compiler.graph import Graph
from thalweg.compiler.kernels import Kernel, Kind, Plan, form_kernels
from thalweg.compiler.memory import ALIGNMENT, Storage, aligned_size, assign
from thalweg.compiler.outputs import own_outputs
from thalweg.compiler.pipeline import optimize
from thalweg.compiler.streams import fuse_streams
from thalweg.compiler.widening import widened
from thalweg.compiler.work import LONG, effort, total_effort
from thalweg.core.program import Program, Symbol
from thalweg.engines.llvm.columns import write_column
from thalweg.engines.llvm.contractions import write_sums_of_products
from thalweg.engines.llvm.facts import EPOCH, HEADER, STOP, Cell, Facts
from thalweg.engines.llvm.loops import inlined
from thalweg.engines.llvm.maps import write_map, write_transpose
from thalweg.engines.llvm.regions import going_text
from thalweg.engines.llvm.rows import write_row
from thalweg.engines.llvm.scatters import write_scan, write_scatter
from thalweg.engines.llvm.streams import write_stream
from thalweg.engines.llvm.target import Target
from thalweg.engines.llvm.writer import Writer

_WRITERS = {
    Kind.MAP: write_map,
    Kind.TRANSPOSE: write_transpose,
    Kind.ROW: write_row,
    Kind.COLUMN: write_column,
    Kind.PRODUCT: write_sums_of_products,
    Kind.SCAN: write_scan,
    Kind.STREAM: write_stream,
}


@dataclass(frozen=True)
class Entry:
    """One pointer of a kernel's table: where it is kept and what it points to."""

    place: int
    symbol: Symbol | Cell | None


@dataclass
class Step:
    """One program cut into kernels with their tables.

    `long` tells whether it takes so long that it looks on its way whether it is to stop.
    """

    program: Program
    plan: Plan
    storage: Storage
    long: bool
    calls: list[tuple[str, int]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


class Assembly:
    """Collects kernels, each distinct text once, and lays out the arena."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.end = HEADER
        self.declarations: set[str] = set()
        self.cells: list[Cell] = []
        self._names: dict[str, str] = {}

    def reserve(self, nbytes: int) -> int:
        """Return the place of a new aligned stretch of the arena."""
        place = self.end
        self.end += max(ALIGNMENT, aligned_size(nbytes))
        return place

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
    ) -> Step:
        """Compile one program.

        Args:
            program: Its leading inputs are states, replaced by its leading outputs.
            fixed: The places of states and scalars in the arena.
            states: The number of states.
            trusted: Inputs whose values are known to be from 0 up to below a number.
            looped: Whether the program is a step of a loop.
        """
        better = own_outputs(optimize(widened(program)), states, loss=looped)
        graph = Graph(better)
        plan = form_kernels(graph)
        fuse_streams(plan, 8 * self.target.vector_bytes)
        pairs = list(zip(better.inputs[:states], better.outputs[:states], strict=True))
        storage = assign(plan, pairs, fixed, self.end)
        self.end = storage.end
        step = Step(better, plan, storage, total_effort(program) > LONG)
        facts = Facts(
            plan.kept,
            storage.stored,
            set(storage.offsets),
            trusted,
            set(better.inputs[states:]) & set(fixed),
            step.long,
            self.cell if looped else None,
        )
        for kernel in plan.kernels:
            self._kernel(step, kernel, facts)
        return step

    def _kernel(self, step: Step, kernel: Kernel, facts: Facts) -> None:
        plan, storage = step.plan, step.storage
        writer = Writer(plan.graph, set(kernel.roots), facts, self.target)
        computed = {e for root in kernel.roots for e in inlined(plan, root)}
        writer.effort = sum(map(effort, computed))
        if kernel.kind is Kind.SCATTER:
            array = plan.graph.producer[kernel.main].inputs[0]
            place = storage.offsets.get(array)
            in_place = place is not None and storage.offsets.get(kernel.main) == place
            write_scatter(writer, plan, kernel, in_place)
        else:
            _WRITERS[kernel.kind](writer, plan, kernel)
        text = writer.e.function("KERNEL", [writer.table])
        self.declarations |= writer.e.declarations
        name = self._names.setdefault(text, f"kernel{len(self._names)}")
        table = self.reserve(8 * len(writer.arrays))
        step.calls.append((name, table))
        step.entries += [Entry(table + 8 * i, symbol) for i, symbol in enumerate(writer.arrays)]

    @property
    def functions(self) -> list[str]:
        """The kernels' definitions."""
        return [
            text.replace("@KERNEL(", f"@{name}(").replace("define ", "define internal ", 1)
            for text, name in self._names.items()
        ]


@dataclass(frozen=True)
class Schedule:
    """What the loop over steps needs to know beside the steps themselves."""

    steps_per_epoch: int
    batch_size: int
    rows: int
    reshuffled: bool


def calls_text(step: Step, rows: Symbol | None, loss: Symbol | None, label: str) -> list[str]:
    """Return the lines that run one step: batch pointers, kernels, loss, copies."""
    lines: list[str] = []

    def at(place: int) -> str:
        name = f"%{label}p{len(lines)}"
        lines.append(f"  {name} = getelementptr i8, ptr %arena, i64 {place}")
        return name

    if rows is not None:
        for entry in step.entries:
            if entry.symbol is rows:
                place = at(entry.place)
                lines.append(f"  store ptr %rows, ptr {place}, align 8")
    for name, table in step.calls:
        place = at(table)
        lines.append(f"  call void @{name}(ptr {place})")
        if step.long:
            lines += _look_text(f"{label}{len(lines)}")
    if loss is not None:
        lines += _loss_text(step, loss, label, at)
    for state, new in step.storage.copies:
        lines += _copy_text(step, state, new, at)
    return lines


def _look_text(label: str) -> list[str]:
    """Return the lines that leave the loop if it was asked to stop."""
    return [
        *going_text("%stop", f"%{label}asked", f"%{label}going"),
        f"  br i1 %{label}going, label %{label}on, label %leave",
        f"{label}on:",
    ]


def _loss_text(step: Step, loss: Symbol, label: str, at: Callable[[int], str]) -> list[str]:
    value = f"%{label}loss"
    place = at(step.storage.offsets[loss])
    return [
        f"  {value} = load double, ptr {place}, align 8",
        f"  store double {value}, ptr %loss, align 8",
    ]


def _copy_text(step: Step, state: Symbol, new: Symbol, at: Callable[[int], str]) -> list[str]:
    size = state.spec.nbytes
    if size == 0:
        return []
    to, source = at(step.storage.offsets[state]), at(step.storage.offsets[new])
    call = f"call void @llvm.memcpy.p0.p0.i64(ptr align 4 {to}, ptr align 4 {source}"
    return [f"  {call}, i64 {size}, i1 false)"]


def run_text(schedule: Schedule, full: list[str], remainder: list[str] | None) -> str:
    """Return the loop: `run(arena, order, start, steps, losses, seed)`."""
    per_epoch = schedule.steps_per_epoch
    lines = [
        "define void @run(ptr %arena, ptr %order, i64 %start, i64 %steps, ptr %losses, i64 %seed)"
        " nounwind {",
        "entry:",
        f"  %tag = getelementptr i8, ptr %arena, i64 {EPOCH}",
        f"  %stop = getelementptr i8, ptr %arena, i64 {STOP}",
        "  br label %head",
        "head:",
        "  %i = phi i64 [0, %entry], [%next, %done]",
        "  %more = icmp slt i64 %i, %steps",
        "  br i1 %more, label %body, label %leave",
        "body:",
        "  %number = add i64 %start, %i",
        "  %loss = getelementptr double, ptr %losses, i64 %i",
        f"  %position = urem i64 %number, {per_epoch}",
    ]
    if schedule.batch_size:
        lines += _order_text(schedule)
        lines += [
            f"  %first = mul i64 %position, {schedule.batch_size}",
            "  %rows = getelementptr i32, ptr %order, i64 %first",
        ]
    if remainder is not None:
        lines += [
            f"  %last = icmp eq i64 %position, {per_epoch - 1}",
            "  br i1 %last, label %remainder, label %full",
            "remainder:",
            *remainder,
            "  br label %done",
        ]
    else:
        lines.append("  br label %full")
    return "\n".join(
        [*lines, "full:", *full, "  br label %done", "done:", "  %next = add i64 %i, 1",
         "  br label %head", "leave:", "  ret void", "}"]
    )  # fmt: skip


def _order_text(schedule: Schedule) -> list[str]:
    """Return the lines that bring a reshuffled order to the step's epoch."""
    if not schedule.reshuffled:
        return []
    return [
        f"  %epoch = udiv i64 %number, {schedule.steps_per_epoch}",
        "  %held = load i64, ptr %tag, align 8",
        "  %stale = icmp ne i64 %held, %epoch",
        "  br i1 %stale, label %shuffle, label %ordered",
        "shuffle:",
        f"  call void @permute(ptr %order, i64 {schedule.rows}, i64 %seed, i64 %epoch)",
        "  store i64 %epoch, ptr %tag, align 8",
        "  br label %ordered",
        "ordered:",
    ]
