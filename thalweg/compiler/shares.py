"""A program parted into shares that threads compute side by side, in memory that is there already.

Arrays that are computed from one another element by element are cut into pieces, which a share has
some of. Where a number is made of all elements, as a norm, each piece gives its part of it, and all
shares wait for the others before they go on: that ends a stage. In the stage after it the parts
are put together, and what a share needs of an earlier stage it computes again. What is written
for good is written in the last stage, so that no share reads what another has changed.

Pieces depend on the arrays alone, and parts are put together in one order: the number of shares
changes no bit of the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from thalweg.core.program import Equation, Program, Symbol, remove_dead_code
from thalweg.core.spec import Spec
from thalweg.ops.shape.broadcast import broadcast_to

# All arrays together are cut into so many pieces, but for those that end an array …
_PIECES = 32

# … of at least so many elements.
_LEAST = 1 << 16

# Pieces are multiples of so many elements, whole lines of a cache.
_LINE = 64


@dataclass(frozen=True)
class Spot:
    """Where a share reads or writes.

    Attributes:
        array: The number of an input of the whole program, or, after those, of what is exchanged.
        start: The first of its elements.
    """

    array: int
    start: int


@dataclass(frozen=True)
class Share:
    """What one thread computes in one stage.

    Attributes:
        program: Its program; outputs are written where an input is.
        places: Where each input is.
        into: For each output, the number of the input whose memory takes it.
    """

    program: Program
    places: tuple[Spot, ...]
    into: tuple[int, ...]


@dataclass
class Shares:
    """A program in shares.

    Attributes:
        stages: The shares of each stage, one after another.
        exchanged: What stages hand on to later ones, or to the end.
        finals: Pairs of an input and of what is exchanged, which is copied there at the very end.
        families: For each input, the number of the family it is cut with; None if it is not cut.
            Arrays of a family may lie in any order that is the same for all of them.
    """

    stages: list[list[Share]] = field(default_factory=list)
    exchanged: list[Spec] = field(default_factory=list)
    finals: list[tuple[int, int]] = field(default_factory=list)
    families: list[int | None] = field(default_factory=list)


@dataclass(frozen=True)
class _Piece:
    """A part of all arrays of a family; `number` counts those of the family."""

    family: Symbol
    number: int
    start: int
    extent: int


class _Families:
    """Arrays that are computed from one another, and whether they can be cut."""

    def __init__(self, program: Program, targets: Sequence[int]) -> None:
        self._above: dict[Symbol, Symbol] = {}
        for equation in program.equations:
            self._join([s for s in (*equation.inputs, equation.output) if s.shape])
        for output, target in zip(program.outputs, targets, strict=True):
            self._join([s for s in (output, program.inputs[target]) if s.shape])
        for symbol in program.inputs:
            if symbol.shape:
                self._above.setdefault(symbol, symbol)
        # Those that cannot be cut, and among them those that are dear to compute twice.
        self.whole: set[Symbol] = set()
        self.dear = False
        first: dict[Symbol, tuple[int, ...]] = {}
        for symbol in self._above:
            if first.setdefault(self.of(symbol), symbol.shape) != symbol.shape:
                self.whole.add(self.of(symbol))
        for equation in program.equations:
            arrays = [s for s in (*equation.inputs, equation.output) if s.shape]
            if arrays and not _is_cuttable(equation):
                self.whole.add(self.of(arrays[0]))
                cheap = equation.primitive.role in ("elementwise", "view", "reduction")
                self.dear = self.dear or not cheap

    def of(self, symbol: Symbol) -> Symbol:
        """Return the array that stands for a family."""
        above = self._above.setdefault(symbol, symbol)
        while self._above[above] is not above:
            self._above[above] = self._above[self._above[above]]
            above = self._above[above]
        return above

    def _join(self, symbols: Sequence[Symbol]) -> None:
        for symbol in symbols:
            self._above[self.of(symbol)] = self.of(symbols[0])

    def numbers(self, symbols: Sequence[Symbol]) -> list[int | None]:
        """Return the number of the family of each array that can be cut; None of all else."""
        known: dict[Symbol, int] = {}
        return [
            known.setdefault(self.of(symbol), len(known))
            if symbol.shape and self.of(symbol) not in self.whole
            else None
            for symbol in symbols
        ]

    def pieces(self) -> list[_Piece]:
        """Return the pieces of all families, in a fixed order."""
        sizes: dict[Symbol, int] = {}
        for symbol in list(self._above):
            sizes.setdefault(self.of(symbol), symbol.spec.size)
        least = max(_LEAST, -(-sum(sizes.values()) // _PIECES))
        length = -(-least // _LINE) * _LINE
        return [
            _Piece(family, number, start, min(step, size - start))
            for family, size in sizes.items()
            for step in [size if family in self.whole else length]
            for number, start in enumerate(range(0, size, max(step, 1)) if size else (0,))
        ]


def _is_cuttable(equation: Equation) -> bool:
    """Tell whether an equation acts on each element alone, or on all of them together."""
    primitive, output = equation.primitive, equation.output
    if primitive.kind == "elementwise":
        return True
    if primitive is broadcast_to:
        return equation.inputs[0].shape == ()
    return primitive.role == "reduction" and output.shape == () and set(equation.params) == {"axis"}


class _Stages:
    """When each value can be had: what is made of whole arrays, one stage later."""

    def __init__(self, program: Program) -> None:
        self.of: dict[Symbol, int] = {}
        # What is made of whole arrays, by the equation that makes it.
        self.gathered: dict[Symbol, Equation] = {}
        for equation in program.equations:
            stage = max((self.of.get(s, 0) for s in equation.inputs), default=0)
            if not equation.output.shape and any(s.shape for s in equation.inputs):
                self.gathered[equation.output] = equation
                stage += 1
            self.of[equation.output] = stage
        self.last = max((self.of.get(s, 0) for s in program.outputs), default=0)


def shared(program: Program, targets: Sequence[int], count: int) -> Shares | None:
    """Return a program in shares; None if it had better be computed as one.

    Args:
        program: The program.
        targets: For each output, the number of the input whose memory takes it.
        count: How many shares there are at most.
    """
    families, stages = _Families(program, targets), _Stages(program)
    if families.dear and stages.last:
        return None
    pieces = families.pieces()
    parts = _dealt(pieces, count)
    made = Shares(families=families.numbers(program.inputs))
    exchange = _Exchange(made, len(program.inputs), families, pieces, stages)
    finals = {}
    for number, (output, target) in enumerate(zip(program.outputs, targets, strict=True)):
        if not output.shape:
            finals[number] = exchange.new(output.spec)
            made.finals.append((target, finals[number] - len(program.inputs)))
    for stage in range(stages.last + 1):
        found = []
        for position, part in enumerate(parts):
            writer = _Writer(program, families, stages, exchange, stage, part)
            if stage == stages.last:
                writer.finish(targets, finals if position == 0 else {})
            else:
                writer.hand_on()
            if writer.outputs:
                found.append(writer.share())
        made.stages.append(found)
    return made


def _dealt(pieces: Sequence[_Piece], count: int) -> list[list[_Piece]]:
    """Deal pieces out, in order, by the number of their elements."""
    total, before = sum(piece.extent for piece in pieces), 0
    parts: list[list[_Piece]] = [[] for _ in range(count)]
    for piece in pieces:
        middle = before + piece.extent / 2
        parts[min(count - 1, int(middle * count / max(total, 1)))].append(piece)
        before += piece.extent
    # The first has what is no array's, and is there in any case.
    return [part for position, part in enumerate(parts) if part or position == 0]


class _Exchange:
    """What stages hand on: the parts of each gathered number, one a piece."""

    def __init__(
        self,
        made: Shares,
        first: int,
        families: _Families,
        pieces: Sequence[_Piece],
        stages: _Stages,
    ) -> None:
        self._made, self._first = made, first
        counts: dict[Symbol, int] = {}
        for piece in pieces:
            counts[piece.family] = piece.number + 1
        # The array that holds the parts of a number; () where there is one part that is all.
        self.of: dict[Symbol, tuple[int, Spec]] = {}
        for symbol, equation in stages.gathered.items():
            family = families.of(next(s for s in equation.inputs if s.shape))
            shape = () if family in families.whole else (counts[family],)
            spec = Spec(shape, symbol.dtype)
            self.of[symbol] = self.new(spec), spec

    def new(self, spec: Spec) -> int:
        """Return the number of a new array."""
        self._made.exchanged.append(spec)
        return self._first + len(self._made.exchanged) - 1


class _Writer:
    """Writes the program of a share."""

    def __init__(
        self,
        program: Program,
        families: _Families,
        stages: _Stages,
        exchange: _Exchange,
        stage: int,
        part: Sequence[_Piece],
    ) -> None:
        self._program, self._families, self._stages = program, families, stages
        self._exchange, self._stage = exchange, stage
        self._of: dict[Symbol, list[_Piece]] = {}
        for piece in part:
            self._of.setdefault(piece.family, []).append(piece)
        self._inputs: dict[tuple[int, int], Symbol] = {}
        self._equations: list[Equation] = []
        self._values: dict[tuple[Symbol, int], Symbol] = {}
        self.outputs: list[Symbol] = []
        self._into: list[Symbol] = []
        for number, symbol in enumerate(program.inputs):
            for piece in self._pieces(symbol):
                at = self._input(Spot(number, piece.start), self._spec(symbol, piece))
                self._values[symbol, piece.number] = at
            if not symbol.shape:
                self._values[symbol, 0] = self._input(Spot(number, 0), symbol.spec)
        for equation in program.equations:
            self._write(equation)

    def _pieces(self, symbol: Symbol) -> list[_Piece]:
        return self._of.get(self._families.of(symbol), []) if symbol.shape else []

    def _spec(self, symbol: Symbol, piece: _Piece) -> Spec:
        if piece.family in self._families.whole:
            return symbol.spec
        return Spec((piece.extent,), symbol.dtype, symbol.spec.weak)

    def _input(self, place: Spot, spec: Spec) -> Symbol:
        return self._inputs.setdefault((place.array, place.start), Symbol(spec))

    def _write(self, equation: Equation) -> None:
        """Write an equation for each piece of what it computes, if that can be had by now."""
        output = equation.output
        if output in self._stages.gathered:
            if self._stages.of[output] <= self._stage:
                self._put_together(equation)
            return
        if self._stages.of[output] > self._stage:
            return
        if not output.shape:
            self._values[output, 0] = self._applied(equation, 0, output.spec, equation.params)
            return
        for piece in self._pieces(output):
            spec, params = self._spec(output, piece), equation.params
            if "shape" in params and piece.family not in self._families.whole:
                params = {**params, "shape": spec.shape}
            self._values[output, piece.number] = self._applied(equation, piece.number, spec, params)

    def _applied(self, equation: Equation, piece: int, spec: Spec, params: object) -> Symbol:
        inputs = tuple(
            s if s.value is not None else self._values[s, piece if s.shape else 0]
            for s in equation.inputs
        )
        made = Symbol(spec)
        self._equations.append(
            Equation(equation.primitive, inputs, params, made, equation.source)  # type: ignore[arg-type]
        )
        return made

    def _put_together(self, equation: Equation) -> None:
        """Make a gathered number of its parts."""
        array, spec = self._exchange.of[equation.output]
        parts = self._input(Spot(array, 0), spec)
        if spec.shape:
            whole = Symbol(equation.output.spec)
            made = Equation(equation.primitive, (parts,), {"axis": (0,)}, whole, equation.source)
            self._equations.append(made)
            parts = whole
        self._values[equation.output, 0] = parts

    def hand_on(self) -> None:
        """Return the parts of what is gathered in this stage."""
        for symbol, equation in self._stages.gathered.items():
            if self._stages.of[symbol] != self._stage + 1:
                continue
            array, _ = self._exchange.of[symbol]
            for piece in self._pieces(next(s for s in equation.inputs if s.shape)):
                cut = piece.family not in self._families.whole
                params = {"axis": (0,)} if cut else equation.params
                value = self._applied(equation, piece.number, symbol.spec, params)
                self._return(value, Spot(array, piece.number if cut else 0))

    def finish(self, targets: Sequence[int], finals: dict[int, int]) -> None:
        """Return the program's outputs: arrays where they belong, numbers to be copied there."""
        for number, (output, target) in enumerate(zip(self._program.outputs, targets, strict=True)):
            for piece in self._pieces(output):
                self._return(self._value(output, piece.number), Spot(target, piece.start))
            if number in finals:
                self._return(self._value(output, 0), Spot(finals[number], 0))

    def _value(self, symbol: Symbol, piece: int) -> Symbol:
        return symbol if symbol.value is not None else self._values[symbol, piece]

    def _return(self, value: Symbol, place: Spot) -> None:
        self.outputs.append(value)
        self._into.append(self._input(place, Spec(value.shape, value.dtype)))

    def share(self) -> Share:
        """Return the share: of its inputs those that are read or written."""
        whole = Program(tuple(self._inputs.values()), tuple(self._equations), tuple(self.outputs))
        kept = remove_dead_code(whole).equations
        used = {*self._into, *self.outputs, *(s for e in kept for s in e.inputs)}
        inputs = {key: symbol for key, symbol in self._inputs.items() if symbol in used}
        numbers = {symbol: i for i, symbol in enumerate(inputs.values())}
        return Share(
            Program(tuple(inputs.values()), kept, tuple(self.outputs)),
            tuple(Spot(*key) for key in inputs),
            tuple(numbers[symbol] for symbol in self._into),
        )
