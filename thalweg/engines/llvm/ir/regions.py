"""Where an instruction goes: a stack of regions, one a loop level.

An instruction is written into the region of its deepest operand and looked up by its right-hand
side first, so that loop-invariant code is hoisted and common subexpressions are shared while the
text is written, with no optimisation pass.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Number, Operand, Value, literal, relabelled


@dataclass(slots=True, eq=False)
class Region:
    """One loop level: its lines, the results already computed in it, the caller's `memo`.

    `label` is the basic block that the next line belongs to.
    """

    label: str
    lines: list[str] = field(init=False, default_factory=list)
    known: dict[str, Value] = field(init=False, default_factory=dict)
    memo: dict[Any, Any] = field(init=False, default_factory=dict)


@dataclass(slots=True, eq=False)
class LoopRegion(Region):
    """The body of a counted loop, whose first block is `head`.

    `most` is how many turns it takes at most, where that is known.
    """

    head: str
    trip: int | Value
    index: Value
    initial: list[Value]
    phis: list[Value]
    stop: Value | None
    most: int


@dataclass(slots=True, eq=False)
class Guard(Region):
    """The body of an `if`, whose first block is `start`."""

    start: str
    condition: Value


def going_text(stop: str, asked: str, going: str) -> list[str]:
    """The lines that set `going` to whether nobody has asked, at the address `stop`, to leave."""
    return [
        f"  {asked} = load atomic i64, ptr {stop} monotonic, align 8",
        f"  {going} = icmp eq i64 {asked}, 0",
    ]


class Regions:
    """The stack of open regions, and everything that opens, closes or places."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.declarations: set[str] = set()
        self.regions: list[Region] = [Region("entry")]
        self._names = 0
        self._declared: set[str] = set()

    @property
    def depth(self) -> int:
        """The level of the innermost open region; 0 is the function's entry."""
        return len(self.regions) - 1

    def text(self) -> str:
        """The function's body: the block `entry` and all that follows, without the return."""
        if len(self.regions) != 1:
            raise RuntimeError(f"{self.depth} regions are still open; end them first")
        return "\n".join(["entry:", *self.regions[0].lines])

    # Names and instructions

    def name(self, prefix: str = "%t") -> str:
        """A name not used before in this function."""
        self._names += 1
        return f"{prefix}{self._names}"

    def raw(self, line: str, depth: int = -1) -> None:
        """Write a line as it stands, at the current level or the one given."""
        self.regions[depth].lines.append("  " + line)

    def instruction(
        self,
        right_hand_side: str,
        type: str,
        width: int,
        operands: Iterable[Value] = (),
        cse: bool = True,
    ) -> Value:
        """The result of an instruction, placed at its deepest operand's level.

        It is shared with an equal one; where it must not be, pass `cse=False`, which places it
        here.
        """
        if not cse:
            result = Value(self.name(), type, width, self.depth)
            self.raw(f"{result.text} = {right_hand_side}")
            return result
        depth = 0
        for operand in operands:
            if operand.depth > depth:
                depth = operand.depth
        for region in self.regions[: depth + 1]:
            if (known := region.known.get(right_hand_side)) is not None:
                return relabelled(known, type)
        result = Value(self.name(), type, width, depth)
        region = self.regions[depth]
        region.lines.append(f"  {result.text} = {right_hand_side}")
        region.known[right_hand_side] = result
        return result

    @contextmanager
    def hoisted(self, depth: int) -> Iterator[None]:
        """Open and close regions inside level `depth`, ahead of the deeper regions now open."""
        deeper = self.regions[depth + 1 :]
        del self.regions[depth + 1 :]
        yield
        if self.depth != depth:
            raise RuntimeError("a region opened while hoisted was left open")
        self.regions.extend(deeper)

    # Constants and widths

    def constant(self, x: Number, type: str, width: int = 1) -> Value:
        """A number as a scalar, or as a vector of equal lanes."""
        return self.splat(Value(literal(x, type), type, 1, 0), width)

    def splat(self, v: Value, width: int) -> Value:
        """A scalar in every lane of a vector; a vector of that width unchanged."""
        if v.width == width:
            return v
        if v.width != 1:
            raise ValueError(f"a vector of {v.width} lanes cannot become one of {width}")
        if v.is_constant:
            return Value(f"splat ({v})", v.type, width, v.depth)
        vector = Value("poison", v.type, width, 0)
        first = self.instruction(f"insertelement {vector!r}, {v}, i32 0", v.type, width, (v,))
        mask = f"<{width} x i32> zeroinitializer"
        return self.instruction(
            f"shufflevector {first}, {vector!r}, {mask}", v.type, width, (first,)
        )

    def unify(self, *operands: Operand) -> list[Value]:
        """The operands with one type and width: numbers take the type of the first Value."""
        model: Value | None = None
        width = 1
        for x in operands:
            if isinstance(x, Value):
                model = model or x
                if x.type != model.type:
                    raise TypeError(
                        f"operands of one type were wanted, not {operands}; convert them first"
                    )
                if x.width > width:
                    width = x.width
        if model is None:
            raise TypeError(f"{operands}: at least one operand must be a Value, to tell the type")
        return [
            (x if x.width == width else self.splat(x, width))
            if isinstance(x, Value)
            else self.constant(x, model.type, width)
            for x in operands
        ]

    # Loops and guards

    def begin_loop(
        self, trip: int | Value, carried: Sequence[Value] = (), stop: Value | None = None
    ) -> tuple[Value, list[Value]]:
        """Open a loop over 0 ≤ index < trip; returns the index and the carried values in it.

        An `int` trip must be at least 1. A Value (i64) may be 0: the loop is then skipped. Where
        an address is given to `stop`, the loop is left as soon as another thread has put anything
        but 0 there (i64); what was computed then has no meaning.
        """
        depth, head = self.depth + 1, self.name("loop")
        index = Value(self.name(), "i64", 1, depth)
        phis = [Value(self.name(), v.type, v.width, depth) for v in carried]
        most = trip if isinstance(trip, int) else 1
        self.regions.append(LoopRegion(head, head, trip, index, list(carried), phis, stop, most))
        return index, phis

    @property
    def innermost(self) -> LoopRegion:
        """The innermost open loop."""
        return next(region for region in reversed(self.regions) if isinstance(region, LoopRegion))

    def end_loop(
        self, next_values: Sequence[Value] = (), going: Value | None = None
    ) -> list[Value]:
        """Close the loop; returns the carried values after its last iteration.

        It is left before the trip is over where the scalar condition `going` does not hold.
        """
        loop = self.regions.pop()
        if not isinstance(loop, LoopRegion) or len(next_values) != len(loop.phis):
            raise RuntimeError("end_loop must close a loop, with one value for each carried one")
        outer = self.regions[-1]
        before, last = outer.label, loop.label
        following, again, leave = self.name(), self.name(), self.name("after")
        trip = literal(loop.trip, "i64") if isinstance(loop.trip, int) else loop.trip.text
        if isinstance(loop.trip, int):
            self.raw(f"br label %{loop.head}")
        else:
            enter = self.instruction(f"icmp sgt i64 {trip}, 0", "i1", 1, (), cse=False)
            self.raw(f"br i1 {enter.text}, label %{loop.head}, label %{leave}")
        outer.lines += [
            f"{loop.head}:",
            f"  {loop.index.text} = phi i64 [0, %{before}], [{following}, %{last}]",
        ]
        for phi, initial, value in zip(loop.phis, loop.initial, next_values, strict=True):
            arms = f"[{initial.text}, %{before}], [{value.text}, %{last}]"
            outer.lines.append(f"  {phi.text} = phi {phi.llvm_type} {arms}")
        outer.lines += [
            *loop.lines,
            f"  {following} = add nuw nsw i64 {loop.index.text}, 1",
            f"  {again} = icmp slt i64 {following}, {trip}",
        ]
        conditions = [] if going is None else [going.text]
        if loop.stop is not None:
            asked, unasked = self.name(), self.name()
            outer.lines += going_text(loop.stop.text, asked, unasked)
            conditions.append(unasked)
        for condition in conditions:
            again, more = self.name(), again
            outer.lines.append(f"  {again} = and i1 {more}, {condition}")
        outer.lines.append(f"  br i1 {again}, label %{loop.head}, label %{leave}")
        outer.lines.append(f"{leave}:")
        outer.label = leave
        if isinstance(loop.trip, int):
            return [Value(v.text, v.type, v.width, self.depth) for v in next_values]
        return [
            self._join(initial, before, value, last)
            for initial, value in zip(loop.initial, next_values, strict=True)
        ]

    def begin_if(self, condition: Value) -> None:
        """Open a region that runs only where a scalar condition holds.

        Pure instructions on outside values are still placed outside it; pass `cse=False` to a
        load that must not be hoisted.
        """
        start = self.name("then")
        self.regions.append(Guard(start, start, condition))

    def end_if(self, values: Sequence[Value] = (), otherwise: Sequence[Value] = ()) -> list[Value]:
        """Close the region; returns `values` where it ran and `otherwise` where it did not."""
        guard = self.regions.pop()
        if not isinstance(guard, Guard):
            raise RuntimeError("end_if must close a region that begin_if opened")
        outer = self.regions[-1]
        before, leave = outer.label, self.name("endif")
        outer.lines.append(f"  br i1 {guard.condition.text}, label %{guard.start}, label %{leave}")
        outer.lines.append(f"{guard.start}:")
        outer.lines += guard.lines
        outer.lines.append(f"  br label %{leave}")
        outer.lines.append(f"{leave}:")
        outer.label = leave
        return [
            self._join(other, before, value, guard.label)
            for other, value in zip(otherwise, values, strict=True)
        ]

    def _join(self, a: Value, a_label: str, b: Value, b_label: str) -> Value:
        arms = f"[{a.text}, %{a_label}], [{b.text}, %{b_label}]"
        return self.instruction(f"phi {a.llvm_type} {arms}", a.type, a.width, (), cse=False)
