"""A program compiled for a block of rows, as a universal function of any number of rows.

Whole blocks are computed where they are. What is left, and rows that do not follow each other in
memory, are copied to a block on the stack, and the results from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from thalweg.core.program import Program
from thalweg.core.spec import Spec
from thalweg.engines.llvm.code.image import Image, located_image
from thalweg.engines.llvm.eager.universal import InnerLoop, universal
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.facts import HEADER

# What would take more of the stack is not made a universal function of.
_STACK = 1 << 18

_RUN = "declare void @run(ptr, ptr, i64, i64, ptr, i64)"

_COPY = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"

_FILL = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"


def blocked(
    program: Program, target: Target, shared: Sequence[bool], count: int
) -> Callable[..., Any] | None:
    """Return a universal function of rows, or None where the stack has no room for a block.

    Args:
        program: Takes operands of `count` rows, those shared by all rows, and memory for its
            result, which comes last. It reads by no index array.
        target: The processor.
        shared: Of which operands all rows read the same.
        count: The rows of a block.
    """
    image = located_image(program, [len(shared)], target)
    specs = [symbol.spec for symbol in program.inputs]
    if image.nbytes + sum(spec.nbytes for spec in specs) > _STACK:
        return None
    writer = _BlockWriter(image, target, specs, [*shared, False], count)
    library = writer.written().compiled(image.objects, [_RUN, _COPY, _FILL])
    axes = [
        spec.shape if same else spec.shape[1:]
        for spec, same in zip(specs, writer.shared, strict=True)
    ]
    signature = None
    if any(axes):
        *given, made = (f"({','.join(map(str, shape))})" for shape in axes)
        signature = f"{','.join(given)}->{made}"
    *takes, gives = (spec.dtype for spec in specs)
    return universal(library, "loop", takes, [gives], signature)


class _BlockWriter:
    def __init__(
        self,
        image: Image,
        target: Target,
        specs: Sequence[Spec],
        shared: Sequence[bool],
        count: int,
    ) -> None:
        self.image, self.count, self.shared = image, count, shared
        self.rows = [
            spec.nbytes // (1 if same else count) for spec, same in zip(specs, shared, strict=True)
        ]
        self.loop = InnerLoop(target)
        self.e = self.loop.e
        self.operands = [self.loop.operand(i) for i in range(len(specs))]
        self.strides = [self.loop.stride(i) for i in range(len(specs))]
        self.arena = self._room(image.nbytes)
        self.sizes = [spec.nbytes for spec in specs]
        self.rooms = [self._room(size) for size in self.sizes]

    def written(self) -> InnerLoop:
        """Write the loop over blocks."""
        e, rounds = self.e, self.loop.count
        self._fill(self.arena, HEADER)
        for place, offset in self.image.inner:
            e.store(e.offset(self.arena, offset), e.offset(self.arena, place))
        blocks = e.select(self._follow(), e.divide(rounds, self.count), 0)
        block, _ = e.begin_loop(blocks)
        self._run(
            [
                operand if same else self._at(operand, e.multiply(block, size * self.count))
                for operand, size, same in zip(self.operands, self.rows, self.shared, strict=True)
            ]
        )
        e.end_loop()
        done = e.multiply(blocks, self.count)
        rest = e.subtract(rounds, done)
        more = e.divide(e.add(rest, self.count - 1), self.count)
        self._copied(done, rounds, more)
        return self.loop

    def _follow(self) -> Value:
        """Tell whether the rows of each operand follow each other in memory."""
        e = self.e
        wanted = [0 if same else size for size, same in zip(self.rows, self.shared, strict=True)]
        found = [e.compare("eq", s, n) for s, n in zip(self.strides, wanted, strict=True)]
        whole = found[0]
        for each in found[1:]:
            whole = e.bit_and(whole, each)
        return whole

    def _copied(self, done: Value, rounds: Value, more: Value) -> None:
        """Compute rows from one on by blocks on the stack."""
        e, rooms = self.e, self.rooms
        *given, made = range(len(rooms))
        e.begin_if(e.compare("sgt", more, 0))
        for i in given:
            # Of rows that are not there something is computed too, and it shall be quick.
            self._fill(rooms[i], self.sizes[i])
        block, _ = e.begin_loop(more)
        first = e.add(done, e.multiply(block, self.count))
        left = e.subtract(rounds, first)
        some = e.select(e.compare("slt", left, self.count), left, self.count)
        for i in given:
            if self.shared[i]:
                self._copy(rooms[i], self.operands[i], self.rows[i])
            else:
                self._each(some, first, i, rooms[i], False)
        self._run(rooms)
        self._each(some, first, made, rooms[made], True)
        e.end_loop()
        e.end_if()

    def _each(self, some: Value, first: Value, i: int, room: Value, back: bool) -> None:
        """Copy rows of an operand to a block, or back."""
        e, size = self.e, self.rows[i]
        row, _ = e.begin_loop(some)
        there = self._at(self.operands[i], e.multiply(e.add(first, row), self.strides[i]))
        here = self._at(room, e.multiply(row, size))
        self._copy(*((there, here) if back else (here, there)), size)
        e.end_loop()

    def _run(self, places: Sequence[Value]) -> None:
        """Let the program run on operands at some places."""
        e = self.e
        for word, position, start in self.image.outer:
            e.store(e.offset(places[position], start), e.offset(self.arena, word))
        e.raw(f"call void @run({self.arena}, ptr null, i64 0, i64 1, ptr null, i64 0)")

    def _room(self, nbytes: int) -> Value:
        name = self.e.name("%room")
        self.e.raw(f"{name} = alloca [{max(1, nbytes)} x i8], align 64", 0)
        return Value(name, "ptr", 1, 0)

    def _at(self, pointer: Value, offset: Value) -> Value:
        return self.e.instruction(
            f"getelementptr i8, {pointer}, {offset}", "ptr", 1, (pointer, offset)
        )

    def _fill(self, pointer: Value, nbytes: int) -> None:
        self.e.raw(f"call void @llvm.memset.p0.i64({pointer}, i8 0, i64 {nbytes}, i1 false)")

    def _copy(self, to: Value, source: Value, nbytes: int) -> None:
        self.e.raw(f"call void @llvm.memcpy.p0.p0.i64({to}, {source}, i64 {nbytes}, i1 false)")
