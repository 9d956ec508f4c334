"""Loops and branches inside of a program: kernels that run programs of their own.

What a loop carries over has one place in the arena, where each turn replaces it as a step does its
states. Rows that a turn takes are read where they are: the loop moves the pointers to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thalweg.compiler.kernels.graph import in_memory
from thalweg.compiler.kernels.kernels import Kernel
from thalweg.compiler.kernels.materialize import LONG, effort
from thalweg.core.program import Equation, Program, Symbol
from thalweg.engines.llvm.code.driving import CutProgram, calls_text, look_text, stop_text
from thalweg.engines.llvm.kernels.lowering import TYPES

# Plans a program of which inputs are in places of the arena; the number of those replaced by
# outputs; and what its other inputs stand for.
PlanStep = Callable[
    [Program, dict[Symbol, int], int, dict[Symbol, Symbol], Sequence[Symbol]], CutProgram
]


@dataclass(frozen=True)
class Operand:
    """Where an operand is: at a place of the arena, or where the pointer there points to."""

    place: int
    is_pointer: bool


@dataclass(frozen=True)
class Nest:
    """A kernel that runs programs.

    Attributes:
        name: Of its function.
        equation: What it computes.
        operands: Where the operands are.
        results: Where the results are, by their numbers.
        places: Where what is carried over is.
        steps: The programs.
    """

    name: str
    equation: Equation
    operands: list[Operand]
    results: dict[int, int]
    places: list[int]
    steps: list[CutProgram]

    def text(self) -> str:
        """Return the function."""
        body = _Lines()
        _NESTS[self.equation.primitive.name][1](self, body)
        lines = ["entry:", *stop_text(), *body.lines]
        head = f"define void @{self.name}(ptr %arena) nounwind {{"
        return "\n".join([head, *lines, "  br label %leave", "leave:", "  ret void", "}"])


def is_nest(equation: Equation) -> bool:
    """Tell whether an equation runs programs."""
    return equation.primitive.name in _NESTS


def plan_nest(
    name: str,
    outer: CutProgram,
    kernel: Kernel,
    reserve: Callable[[int], int],
    entry: Callable[[Symbol], int],
    plan: PlanStep,
) -> Nest:
    """Plan a kernel that runs programs.

    Args:
        name: Of its function.
        outer: The program it is a kernel of.
        kernel: The kernel.
        reserve: Returns the place of a new stretch of the arena.
        entry: Returns the place of a pointer to an array outside.
        plan: Plans a program.
    """
    graph, offsets = outer.plan.graph, outer.storage.offsets
    equation = graph.producer[kernel.main]
    inputs = [in_memory(graph, symbol) for symbol in equation.inputs]
    operands = [
        Operand(offsets[symbol], False) if symbol in offsets else Operand(entry(symbol), True)
        for symbol in inputs
    ]
    results = {
        graph.producer[root].params["number"]: offsets[root]
        for root in kernel.roots[1:]
        if root in offsets
    }
    places, steps = _NESTS[equation.primitive.name][0](equation, inputs, reserve, plan)
    return Nest(name, equation, operands, results, places, steps)


class _Lines:
    """The lines of a function of the arena."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names = 0

    def name(self) -> str:
        self._names += 1
        return f"%n{self._names}"

    def write(self, line: str) -> None:
        self.lines.append(f"  {line}")

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")

    def define(self, text: str) -> str:
        name = self.name()
        self.write(f"{name} = {text}")
        return name

    def at(self, place: int) -> str:
        """Return the address of a place."""
        return self.define(f"getelementptr i8, ptr %arena, i64 {place}")

    def address(self, operand: Operand) -> str:
        """Return where an operand is."""
        place = self.at(operand.place)
        return self.define(f"load ptr, ptr {place}, align 8") if operand.is_pointer else place

    def copy(self, to: str, source: str, size: int) -> None:
        if size:
            self.write(
                f"call void @llvm.memcpy.p0.p0.i64(ptr align 1 {to}, ptr align 1 {source}, "
                f"i64 {size}, i1 false)"
            )

    def look(self, equation: Equation, label: str) -> None:
        """Leave if that was asked, where all turns together take long."""
        if effort(equation) > LONG:
            self.lines += look_text(label)


# ---- a number of turns


def _plan_counted(
    equation: Equation, inputs: list[Symbol], reserve: Callable[[int], int], plan: PlanStep
) -> tuple[list[int], list[CutProgram]]:
    body, carries = equation.params["body"], equation.params["carries"]
    first = carries + equation.params["stacked"]
    places = [reserve(symbol.spec.nbytes) for symbol in body.inputs[:carries]]
    whole = dict(zip(body.inputs[first:], inputs[first:], strict=True))
    fixed = dict(zip(body.inputs[:carries], places, strict=True))
    return places, [plan(body, fixed, carries, whole, body.inputs[carries:first])]


def _write_counted(nest: Nest, text: _Lines) -> None:
    params, (step,) = nest.equation.params, nest.steps
    body, carries, length = params["body"], params["carries"], params["length"]
    rows = body.inputs[carries : carries + params["stacked"]]
    sizes = [symbol.spec.nbytes for symbol in body.inputs[:carries]]
    _write_first(nest, text, sizes)
    sources = [text.address(operand) for operand in nest.operands[carries : carries + len(rows)]]
    text.write("br label %head")
    text.label("head")
    text.write("%i = phi i64 [0, %entry], [%next, %done]")
    text.write(f"%more = icmp slt i64 %i, {length}")
    text.write("br i1 %more, label %turn, label %end")
    text.label("turn")
    text.look(nest.equation, "t")
    at = text.define(f"sub i64 {length - 1}, %i") if params["reverse"] else "%i"
    for symbol, source in zip(rows, sources, strict=True):
        _move(text, step, symbol, source, at)
    text.lines += calls_text(step, None, None, "b")
    for number in range(carries, len(body.outputs)):
        if number in nest.results:
            size = body.outputs[number].spec.nbytes
            offset = text.define(f"mul i64 {at}, {size}")
            first = text.at(nest.results[number])
            row = text.define(f"getelementptr i8, ptr {first}, i64 {offset}")
            text.copy(row, text.at(step.storage.offsets[step.program.outputs[number]]), size)
    text.write("br label %done")
    text.label("done")
    text.write("%next = add i64 %i, 1")
    text.write("br label %head")
    text.label("end")
    _write_carry(nest, text, sizes)


def _move(text: _Lines, step: CutProgram, symbol: Symbol, source: str, at: str) -> None:
    """Let the pointers to a row point to that of a turn."""
    if not step.moving[symbol]:
        return
    offset = text.define(f"mul i64 {at}, {symbol.spec.nbytes}")
    row = text.define(f"getelementptr i8, ptr {source}, i64 {offset}")
    for place, start in step.moving[symbol]:
        cell = text.at(place)
        pointer = text.define(f"getelementptr i8, ptr {row}, i64 {start}") if start else row
        text.write(f"store ptr {pointer}, ptr {cell}, align 8")


def _write_first(nest: Nest, text: _Lines, sizes: list[int]) -> None:
    """Put what is carried over in its places, as it is at first."""
    for place, operand, size in zip(nest.places, nest.operands, sizes, strict=False):
        text.copy(text.at(place), text.address(operand), size)


def _write_carry(nest: Nest, text: _Lines, sizes: list[int]) -> None:
    """Copy what was carried over where it is wanted."""
    for number, (place, size) in enumerate(zip(nest.places, sizes, strict=True)):
        if number in nest.results:
            text.copy(text.at(nest.results[number]), text.at(place), size)


# ---- as long as a test holds


def _plan_conditional(
    equation: Equation, inputs: list[Symbol], reserve: Callable[[int], int], plan: PlanStep
) -> tuple[list[int], list[CutProgram]]:
    test, body = equation.params["test"], equation.params["body"]
    carries = equation.params["carries"]
    places = [reserve(symbol.spec.nbytes) for symbol in body.inputs[:carries]]
    steps = []
    for program, states in ((test, 0), (body, carries)):
        fixed = dict(zip(program.inputs[:carries], places, strict=True))
        whole = dict(zip(program.inputs[carries:], inputs[carries:], strict=True))
        steps.append(plan(program, fixed, states, whole, ()))
    return places, steps


def _write_conditional(nest: Nest, text: _Lines) -> None:
    test, step = nest.steps
    sizes = [symbol.spec.nbytes for symbol in nest.equation.params["body"].outputs]
    _write_first(nest, text, sizes)
    text.write("br label %head")
    text.label("head")
    text.look(nest.equation, "t")
    text.lines += calls_text(test, None, None, "c")
    told = text.at(test.storage.offsets[test.program.outputs[0]])
    holds = text.define(f"load i8, ptr {told}, align 1")
    text.write(f"%holds = icmp ne i8 {holds}, 0")
    text.write("br i1 %holds, label %turn, label %end")
    text.label("turn")
    text.lines += calls_text(step, None, None, "b")
    text.write("br label %head")
    text.label("end")
    _write_carry(nest, text, sizes)


# ---- one of several


def _plan_branches(
    equation: Equation, inputs: list[Symbol], reserve: Callable[[int], int], plan: PlanStep
) -> tuple[list[int], list[CutProgram]]:
    steps = []
    for program in equation.params["branches"]:
        whole = dict(zip(program.inputs, inputs[1:], strict=True))
        steps.append(plan(program, {}, 0, whole, ()))
    return [], steps


def _write_branches(nest: Nest, text: _Lines) -> None:
    count = len(nest.steps)
    type = TYPES[nest.equation.inputs[0].dtype]
    kind, size = {"i1": ("i8", 1), "i32": ("i32", 4)}.get(type, ("i64", 8))
    chosen = text.define(f"load {kind}, ptr {text.address(nest.operands[0])}, align {size}")
    if kind != "i64":
        extend = "zext" if type == "i1" else "sext"
        chosen = text.define(f"{extend} {kind} {chosen} to i64")
    chosen = text.define(f"call i64 @llvm.smax.i64(i64 {chosen}, i64 0)")
    arms = " ".join(f"i64 {i}, label %branch{i}" for i in range(count - 1))
    text.write(f"switch i64 {chosen}, label %branch{count - 1} [{arms}]")
    for i, step in enumerate(nest.steps):
        text.label(f"branch{i}")
        text.lines += calls_text(step, None, None, f"b{i}x")
        for result, place in nest.results.items():
            output = step.program.outputs[result]
            text.copy(text.at(place), text.at(step.storage.offsets[output]), output.spec.nbytes)
        text.write("br label %end")
    text.label("end")


# By a primitive's name: how its programs are planned, and how its function is written.
_NESTS = {
    "counted_loop": (_plan_counted, _write_counted),
    "conditional_loop": (_plan_conditional, _write_conditional),
    "chosen_branch": (_plan_branches, _write_branches),
}
