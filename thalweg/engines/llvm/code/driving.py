"""The functions that drive kernels: a step that calls them, and the loop over steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thalweg.core.program import Symbol
from thalweg.engines.llvm.ir.regions import going_text
from thalweg.engines.llvm.kernels.facts import EPOCH, STOP

if TYPE_CHECKING:
    from thalweg.engines.llvm.code.assembly import Step


@dataclass(frozen=True)
class Schedule:
    """What the loop over steps needs to know beside the steps themselves."""

    steps_per_epoch: int
    batch_size: int
    rows: int
    reshuffled: bool


def caller_text(name: str, calls: Iterable[tuple[str, int]], long: bool) -> str:
    """Return a function of the arena that calls functions, each with a place of it."""
    lines = [
        f"define void @{name}(ptr %arena) nounwind {{",
        *_stop_text(),
        *_calls(calls, "f", long),
    ]
    return "\n".join([*lines, "  br label %leave", "leave:", "  ret void", "}"])


def _stop_text() -> list[str]:
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
            lines += _look_text(f"{label}k{number}")
    return lines


def _look_text(label: str) -> list[str]:
    """Return the lines that leave the loop if it was asked to stop."""
    return [
        *going_text("%stop", f"%{label}asked", f"%{label}going"),
        f"  br i1 %{label}going, label %{label}on, label %leave",
        f"{label}on:",
    ]


def calls_text(step: Step, rows: Symbol | None, loss: Symbol | None, label: str) -> list[str]:
    """Return the lines that run one step: batch pointers, kernels, loss, copies."""
    lines: list[str] = []

    def at(place: int) -> str:
        name = f"%{label}p{len(lines)}"
        lines.append(f"  {name} = getelementptr i8, ptr %arena, i64 {place}")
        return name

    if rows is not None:
        for entry in step.entries:
            if entry.addressed is rows:
                place = at(entry.place)
                lines.append(f"  store ptr %rows, ptr {place}, align 8")
    lines += _calls(step.calls, label, step.long)
    if loss is not None:
        lines += _loss_text(step, loss, label, at)
    for state, new in step.storage.copies:
        lines += _copy_text(step, state, new, at)
    return lines


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
        *_stop_text(),
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
