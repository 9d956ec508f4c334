"""The functions that drive kernels: a step that calls them, and the loop over steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from thalweg.compiler.kernels.kernels import KernelPlan
from thalweg.compiler.kernels.memory import Storage
from thalweg.core.program import Program, Symbol
from thalweg.engines.llvm.ir.regions import going_text
from thalweg.engines.llvm.kernels.facts import EPOCH, STOP, Addressed


@dataclass(frozen=True)
class Pointer:
    """One pointer in the arena: where it is kept and what it points to."""

    place: int
    addressed: Addressed


@dataclass
class CutProgram:
    """One program cut into kernels.

    Attributes:
        program: The program, optimized.
        plan: Its kernels.
        storage: Where its values are.
        long: Whether it takes so long that it looks on its way whether it is to stop.
        entries: Pointers that its kernels read.
        calls: The functions that compute it, with the place of the arena each is given.
        outer: The program that runs this one, if there is one.
        stands_for: Inputs that are values of that program.
        moving: Inputs that are elsewhere each time, with the places of pointers to them, and how
            many bytes after the first these point.
        sent: What is copied out of the arena when the step has ended: where the pointer to its
            place is; that to where it lies, if it does not lie in the arena; and the value.
    """

    program: Program
    plan: KernelPlan
    storage: Storage
    long: bool
    entries: list[Pointer] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)
    outer: CutProgram | None = None
    stands_for: dict[Symbol, Symbol] = field(default_factory=dict)
    moving: dict[Symbol, list[tuple[int, int]]] = field(default_factory=dict)
    sent: list[tuple[int, int | None, Symbol]] = field(default_factory=list)


@dataclass(frozen=True)
class Rounds:
    """What the loop over steps needs to know beside the steps themselves."""

    steps_per_epoch: int
    batch_size: int
    rows: int
    reshuffled: bool


def caller_text(name: str, calls: Iterable[tuple[str, int]]) -> str:
    """Return a function of the arena that calls functions, each with a place of it."""
    lines = [f"define void @{name}(ptr %arena) nounwind {{", *_calls(calls, "f", False)]
    return "\n".join([*lines, "  ret void", "}"])


def looping_text(name: str, calls: Sequence[tuple[str, int]]) -> str:
    """Return a function of the arena that calls functions until it is to stop.

    A loop goes through a table of them: to look after each call costs LLVM little then.
    """
    count = len(calls)
    functions = ", ".join(f"ptr @{function}" for function, _ in calls)
    places = ", ".join(f"i64 {place}" for _, place in calls)
    lines = [
        f"@{name}.functions = internal constant [{count} x ptr] [{functions}]",
        f"@{name}.places = internal constant [{count} x i64] [{places}]",
        f"define void @{name}(ptr %arena) nounwind {{",
        "entry:",
        *stop_text(),
        "  br label %head",
        "head:",
        "  %i = phi i64 [0, %entry], [%next, %on]",
        f"  %slot = getelementptr ptr, ptr @{name}.functions, i64 %i",
        "  %function = load ptr, ptr %slot, align 8",
        f"  %there = getelementptr i64, ptr @{name}.places, i64 %i",
        "  %place = load i64, ptr %there, align 8",
        "  %given = getelementptr i8, ptr %arena, i64 %place",
        "  call void %function(ptr %given)",
        *look_text(""),
        "  %next = add i64 %i, 1",
        f"  %more = icmp ult i64 %next, {count}",
        "  br i1 %more, label %head, label %leave",
    ]
    return "\n".join([*lines, "leave:", "  ret void", "}"])


def stop_text() -> list[str]:
    """Return the lines that name the address where it is seen whether to stop."""
    return [f"  %stop = getelementptr i8, ptr %arena, i64 {STOP}"]


def _calls(calls: Iterable[tuple[str, int]], label: str, long: bool) -> list[str]:
    """Return the lines that call functions; long ones go to `leave` once they are to stop."""
    lines = []
    for number, (name, place) in enumerate(calls):
        given = f"%{label}c{number}" if place else "%arena"
        if place:
            lines.append(f"  {given} = getelementptr i8, ptr %arena, i64 {place}")
        lines.append(f"  call void @{name}(ptr {given})")
        if long:
            lines += look_text(f"{label}k{number}")
    return lines


def look_text(label: str) -> list[str]:
    """Return the lines that leave the loop if it was asked to stop."""
    return [
        *going_text("%stop", f"%{label}asked", f"%{label}going"),
        f"  br i1 %{label}going, label %{label}on, label %leave",
        f"{label}on:",
    ]


def calls_text(step: CutProgram, rows: Symbol | None, loss: Symbol | None, label: str) -> list[str]:
    """Return the lines that run one step: batch pointers, kernels, loss, copies."""
    lines: list[str] = []

    def at(place: int) -> str:
        name = f"%{label}p{len(lines)}"
        lines.append(f"  {name} = getelementptr i8, ptr %arena, i64 {place}")
        return name

    if rows is not None:
        for cell, _ in step.moving[rows]:
            place = at(cell)
            lines.append(f"  store ptr %rows, ptr {place}, align 8")
    lines += _calls(step.calls, label, step.long)
    if loss is not None:
        value, place = f"%{label}loss", at(step.storage.offsets[loss])
        lines.append(f"  {value} = load double, ptr {place}, align 8")
        lines.append(f"  store double {value}, ptr %loss, align 8")
    for state, new in step.storage.copies:
        if size := state.spec.nbytes:
            to, source = at(step.storage.offsets[state]), at(step.storage.offsets[new])
            call = f"call void @llvm.memcpy.p0.p0.i64(ptr align 4 {to}, ptr align 4 {source}"
            lines.append(f"  {call}, i64 {size}, i1 false)")

    def pointed(place: int) -> str:
        name, where = f"%{label}q{len(lines)}", at(place)
        lines.append(f"  {name} = load ptr, ptr {where}, align 8")
        return name

    for to_place, origin, new in step.sent:
        if size := new.spec.nbytes:
            origin_at = at(step.storage.offsets[new]) if origin is None else pointed(origin)
            call = f"call void @llvm.memcpy.p0.p0.i64(ptr {pointed(to_place)}, ptr {origin_at}"
            lines.append(f"  {call}, i64 {size}, i1 false)")
    return lines


def run_text(schedule: Rounds, full: list[str], remainder: list[str] | None = None) -> str:
    """Return the loop: `run(arena, order, start, steps, losses, seed)`."""
    per_epoch = schedule.steps_per_epoch
    lines = [
        "define void @run(ptr %arena, ptr %order, i64 %start, i64 %steps, ptr %losses, i64 %seed)"
        " nounwind {",
        "entry:",
        f"  %tag = getelementptr i8, ptr %arena, i64 {EPOCH}",
        *stop_text(),
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


def _order_text(schedule: Rounds) -> list[str]:
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
