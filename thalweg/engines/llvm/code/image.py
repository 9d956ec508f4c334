"""A compiled program or loop as data: machine code, and where its memory is. Kept on disk."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Any

from thalweg.compiler.kernels.affine import Affine, linear
from thalweg.compiler.states import keep_transposed, read_transposed
from thalweg.core.program import Equation, Program, Symbol
from thalweg.engines.engine import Loop
from thalweg.engines.llvm.code import cache
from thalweg.engines.llvm.code.assembly import Assembly
from thalweg.engines.llvm.code.driving import CutProgram, Rounds, calls_text, run_text
from thalweg.engines.llvm.code.jit import compile_object
from thalweg.engines.llvm.ir.emitter import module_text
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.kernels.facts import FAULT, Cell, Scratch
from thalweg.engines.llvm.kernels.matrices import lapack
from thalweg.engines.llvm.mathematics import random
from thalweg.engines.llvm.mathematics.functions import CALLED, called_text

_MEMCPY = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"

_MAXIMUM = "declare i64 @llvm.smax.i64(i64, i64)"

_OWN = "define internal"

_CALLED = re.compile(r"(?:call void|ptr) @(\w+)")

_HEAD = re.compile(r"define (\S+) @(\w+)\(([^)]*)\)")

# The length of a module's text that LLVM compiles in some 50 ms.
_MODULE = 64_000

_PERMUTE = "declare void @permute(ptr, i64, i64, i64)"


@dataclass(frozen=True)
class Image:
    """Everything a run needs, without the program it came from.

    Attributes:
        objects: Object code, to be linked; it exports `run`.
        nbytes: The size of the arena.
        inner: Places in the arena that point to other places there.
        outer: Places in the arena that point to an array, given by its position, or to a byte
            after its first.
        held: The places of states and scalars.
        turned: The numbers of states that lie transposed.
        cells: Places that are zero when a run begins or is restored.
        outputs: The places of a single program's outputs.
    """

    objects: tuple[bytes, ...]
    nbytes: int
    inner: tuple[tuple[int, int], ...]
    outer: tuple[tuple[int, int, int], ...]
    held: tuple[int, ...] = ()
    turned: tuple[int, ...] = ()
    cells: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the image as bytes: a line of JSON, then the objects."""
        fields = {field.name: getattr(self, field.name) for field in dataclass_fields(self)}
        fields["objects"] = [len(code) for code in self.objects]
        return json.dumps(fields).encode() + b"\n" + b"".join(self.objects)

    @classmethod
    def from_bytes(cls, content: bytes) -> Image:
        """Return the image that `to_bytes` wrote."""
        head, _, rest = content.partition(b"\n")
        fields = json.loads(head)
        objects, start = [], 0
        for length in fields.pop("objects"):
            objects.append(rest[start : start + length])
            start += length
        return cls(tuple(objects), **{name: _tuples(value) for name, value in fields.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def program_image(program: Program, target: Target) -> Image:
    """Return the image of a single program, from disk if it was ever compiled."""
    return _load_or_build(f"program\n{program.signature}", target, lambda: _build(program, target))


def located_image(program: Program, into: Sequence[int], target: Target) -> Image:
    """Return the image of a program whose outputs are written where inputs are.

    Args:
        program: The program.
        into: The number of the input whose memory takes each output.
        target: The processor.
    """
    text = f"located{tuple(into)}\n{program.signature}"
    return _load_or_build(text, target, lambda: _build(program, target, into))


def loop_image(loop: Loop, target: Target) -> Image:
    """Return the image of a loop, from disk if it was ever compiled."""
    shape = (loop.states, loop.data, loop.rows, loop.batch_size, loop.reshuffled)
    text = "\n".join([f"loop{shape}", *(program.signature for program in loop.programs)])
    return _load_or_build(text, target, lambda: _build_loop(loop, target))


def _load_or_build(text: str, target: Target, build: Any) -> Image:
    # What is called of LAPACK is there only where it was found.
    name = cache.key(f"{_sources()}\n{lapack.state()}\n{text}", target)
    content = cache.read(name)
    if content is not None:
        return Image.from_bytes(content)
    image: Image = build()
    cache.write(name, image.to_bytes())
    return image


def start() -> None:
    """Look at what images depend on, once a process, ahead of the first."""
    _sources()


@functools.cache
def _sources() -> str:
    """Return what changes whenever the package does: an image is the work of its own version."""
    root = Path(__file__).parents[3]
    rooms = ("compiler", "control", "core", "engines", "ops", "random")
    folders = [folder for room in rooms for folder in os.walk(root / room)]
    files = sorted((name, f"{folder}/{name}") for folder, _, names in folders for name in names)
    states = ((name, os.stat(path)) for name, path in files if name.endswith(".py"))
    return repr([(name, state.st_size, state.st_mtime_ns) for name, state in states])


def _build(program: Program, target: Target, into: Sequence[int] = ()) -> Image:
    """Compile a program, as a loop without states whose step is made once."""
    loop = Loop(program, None, 0, len(program.inputs), 0, 0, False)
    return _build_loop(loop, target, False, into)


def _build_loop(loop: Loop, target: Target, looped: bool = True, into: Sequence[int] = ()) -> Image:
    assembly = Assembly(target)
    turned = read_transposed(loop.step, loop.states)
    remainder = None if loop.remainder is None else keep_transposed(loop.remainder, turned)
    loop = replace(loop, step=keep_transposed(loop.step, turned), remainder=remainder)
    held = [assembly.reserve(symbol.spec.nbytes) for symbol in _held(loop, loop.step)]
    texts: list[list[str]] = []
    inner: list[tuple[int, int]] = []
    outer: list[tuple[int, int, int]] = []
    steps: list[CutProgram] = []
    for program in loop.programs:
        trusted = {program.inputs[-1]: loop.rows} if loop.batch_size else {}
        fixed = dict(zip(_held(loop, program), held, strict=True))
        moving = program.inputs[-1:] if loop.batch_size else ()
        steps.append(assembly.step(program, fixed, loop.states, trusted, looped, moving, into))
    assembly.write()
    data = {
        symbol: i
        for step in steps
        for i, symbol in enumerate(step.program.inputs[loop.states : loop.states + loop.data])
    }
    for step in assembly.steps:
        _point(step, data, inner, outer)
    assembly.write_nests()
    for step, label in zip(steps, "fr", strict=False):
        program = step.program
        rows = program.inputs[-1] if loop.batch_size else None
        texts.append(calls_text(step, rows, program.outputs[-1] if looped else None, label))
    schedule = Rounds(loop.steps_per_epoch, loop.batch_size, loop.rows, loop.reshuffled)
    objects = _objects(assembly, run_text(schedule, *texts), loop.reshuffled)
    cells = tuple(cell.place for cell in assembly.cells)
    offsets, alone = steps[0].storage.offsets, not (looped or into)
    outputs = steps[0].program.outputs if alone else ()
    pointers = tuple(inner), tuple(outer), tuple(held), tuple(turned), cells
    return Image(objects, assembly.end, *pointers, tuple(offsets[symbol] for symbol in outputs))


def _held(loop: Loop, program: Program) -> list[Symbol]:
    """Return the inputs that live in the arena: states and scalars."""
    end = len(program.inputs) - (1 if loop.batch_size else 0)
    first_scalar = loop.states + loop.data
    return [*program.inputs[: loop.states], *program.inputs[first_scalar:end]]


def _point(
    step: CutProgram,
    data: dict[Symbol, int],
    inner: list[tuple[int, int]],
    outer: list[tuple[int, int, int]],
) -> None:
    """Add the entries that point into the arena, to arrays, and to what is elsewhere each time."""
    for entry in step.entries:
        what = entry.addressed
        if what is None or isinstance(what, Cell | Scratch):
            inner.append((entry.place, FAULT if what is None else what.place))
            continue
        scope, start = step, 0
        while what not in scope.storage.offsets:
            if what in scope.storage.lent:
                what = scope.storage.lent[what]
            elif what in scope.plan.graph.producer:
                what, more = _source(scope.plan.graph.producer[what])
                start += more
            elif scope.outer is not None and what in scope.stands_for:
                what, scope = scope.stands_for[what], scope.outer
            else:
                break
        if what in scope.storage.offsets:
            inner.append((entry.place, scope.storage.offsets[what] + start))
        elif what in scope.moving:
            scope.moving[what].append((entry.place, start))
        elif what in data:
            outer.append((entry.place, data[what], start))


def _source(cut: Equation) -> tuple[Symbol, int]:
    """Return the array that a part is cut out of, and how many bytes of it come before."""
    source = cut.inputs[0]
    first = tuple(Affine(start) for start, _, _ in cut.params["bounds"])
    return source, linear(first, source.shape).constant * source.dtype.itemsize


def _objects(assembly: Assembly, run: str, reshuffled: bool) -> tuple[bytes, ...]:
    """Compile all functions, in several modules if they are long: LLVM cannot be interrupted."""
    declarations = {*assembly.declarations, _MEMCPY, _MAXIMUM}
    texts = []
    if reshuffled:
        declarations.add(_PERMUTE)
        texts.append(module_text([random.permutation(assembly.target)], ()))
    for (name, type), symbol in CALLED.items():
        if any(f"@{symbol}(" in declaration for declaration in declarations):
            texts.append(called_text(name, type, assembly.target))
    functions = {**assembly.functions, "run": run}
    modules = _modules(functions)
    for module in modules:
        called = {name for text in module.values() for name in _CALLED.findall(text)}
        elsewhere = called & functions.keys() - module.keys()
        bodies = [
            text if name == "run" or len(modules) > 1 else text.replace("define", _OWN, 1)
            for name, text in module.items()
        ]
        own = {_declaration(functions[name]) for name in elsewhere}
        texts.append(module_text(bodies, declarations | own))
    return tuple(compile_object(text, assembly.target) for text in texts)


def _declaration(function: str) -> str:
    """Return what declares a function where it is called."""
    head = function[: function.index("{")]
    result, name, given = _HEAD.findall(head)[0]
    types = ", ".join(parameter.split()[0] for parameter in given.split(",") if parameter.strip())
    return f"declare {result} @{name}({types})"


def _modules(functions: dict[str, str]) -> list[dict[str, str]]:
    """Part functions by the length of their texts."""
    modules: list[dict[str, str]] = [{}]
    length = 0
    for name, text in functions.items():
        if length and length + len(text) > _MODULE:
            modules.append({})
            length = 0
        modules[-1][name] = text
        length += len(text)
    return modules
