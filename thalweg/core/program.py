"""The intermediate representation, a line of primitive applications; and traces, which make it."""

from __future__ import annotations

import contextvars
import functools
import gc
import itertools
import operator
import sys
import threading
import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import ReferenceType, getweakrefcount, ref

import numpy as np

from thalweg.core.refusals import STORED
from thalweg.core.spec import Spec
from thalweg.errors import EngineError, GradientError, ThalwegError, TracingError
from thalweg.lines import current_place, raised_at, user_line

if TYPE_CHECKING:
    from thalweg.core.primitive import Primitive
    from thalweg.core.tensor import Tensor


class Symbol:
    """A value of a program: known by its spec, computed when the program runs.

    Nothing of it changes; that nobody writes it is not checked, as they are made by the thousand.

    Attributes:
        spec: The shape and dtype, which `shape` and `dtype` repeat.
        value: Set for literals only: scalars that are part of the program's text.
        owner: Refers to the trace that made it, as long as that lives.
    """

    __slots__ = ("dtype", "owner", "shape", "spec", "value")

    def __init__(
        self,
        spec: Spec,
        value: np.ndarray[Any, Any] | None = None,
        owner: ReferenceType[Any] | None = None,
    ) -> None:
        self.spec = spec
        self.shape = spec.shape
        self.dtype = spec.dtype
        self.value = value
        self.owner = owner


@dataclass(eq=False, slots=True)
class Equation:
    """One application of a primitive. `source` is the user's line that made it.

    Nothing of it changes either.
    """

    primitive: Primitive
    inputs: tuple[Symbol, ...]
    params: Mapping[str, Any]
    output: Symbol
    source: str = ""

    def reading(self, other: Mapping[Symbol, Symbol]) -> Equation:
        """Return it with other symbols in the place of some that it reads."""
        if other.keys().isdisjoint(self.inputs):
            return self
        inputs = tuple([other.get(symbol, symbol) for symbol in self.inputs])
        return Equation(self.primitive, inputs, self.params, self.output, self.source)


@dataclass(frozen=True, eq=False)
class Program:
    """Inputs, equations in order of computation, outputs. Shapes are static."""

    inputs: tuple[Symbol, ...]
    equations: tuple[Equation, ...]
    outputs: tuple[Symbol, ...]
    _names: dict[Symbol, str] = field(default_factory=dict, repr=False)

    def check(self) -> None:
        """Verify that every symbol is defined once, before use, with the spec its rule states.

        Raises:
            EngineError: If the program is not well formed.
        """
        defined = set(self.inputs)
        for equation in self.equations:
            for symbol in equation.inputs:
                if symbol.value is None and symbol not in defined:
                    raise EngineError(f"{equation.primitive.name} reads an undefined symbol.")
            specs = tuple(symbol.spec for symbol in equation.inputs)
            stated = equation.primitive.spec(*specs, **equation.params)
            got = equation.output.spec
            if (stated.shape, stated.dtype) != (got.shape, got.dtype):
                raise EngineError(f"{equation.primitive.name} states {stated}, the program {got}.")
            if equation.output in defined:
                raise EngineError(f"{equation.primitive.name} defines a symbol twice.")
            defined.add(equation.output)
        for symbol in self.outputs:
            if symbol.value is None and symbol not in defined:
                raise EngineError("An output of the program is undefined.")

    @functools.cached_property
    def signature(self) -> str:
        """Everything that a program's code depends on, without names or sources."""
        numbers: dict[Symbol, str] = {symbol: str(i) for i, symbol in enumerate(self.inputs)}

        def operand(symbol: Symbol) -> str:
            if symbol.value is None:
                return numbers[symbol]
            return f"{_spec(symbol.spec)}={symbol.value.tobytes().hex()}"

        lines = [_spec(symbol.spec) for symbol in self.inputs]
        for equation in self.equations:
            operands = ",".join(map(operand, equation.inputs))
            params = sorted((key, _text(value)) for key, value in equation.params.items())
            output = equation.output
            numbers[output] = str(len(numbers))
            lines.append(f"{equation.primitive.name}({operands}){params}{_spec(output.spec)}")
        return "\n".join([*lines, ",".join(map(operand, self.outputs))])

    def meanings(self) -> Iterator[Hashable]:
        """Yield what its text names and does not hold: its primitives, and functions it calls."""
        for equation in self.equations:
            yield equation.primitive
            for value in equation.params.values():
                if callable(value):
                    yield value
            for program in nested(equation):
                yield from program.meanings()

    def name(self, symbol: Symbol) -> str:
        """Return the name under which `print(program)` shows a symbol."""
        if symbol.value is not None:
            return str(symbol.value)
        if not self._names:
            ordered = [*self.inputs, *(equation.output for equation in self.equations)]
            self._names.update(zip(ordered, _letters(), strict=False))
        return self._names.get(symbol, "?")

    def __str__(self) -> str:
        head = ", ".join(f"{self.name(s)}:{s.spec}" for s in self.inputs)
        lines = [f"program({head}):"]
        for equation in self.equations:
            params = "".join(f", {key}={_shown(x)}" for key, x in equation.params.items())
            operands = ", ".join(self.name(symbol) for symbol in equation.inputs)
            left = f"{self.name(equation.output)}:{equation.output.spec}"
            lines.append(f"  {left} = {equation.primitive.name}({operands}{params})")
        return "\n".join([*lines, f"  return {', '.join(self.name(s) for s in self.outputs)}"])


def _text(value: Any) -> str:
    """Return a parameter as text; of programs, all that their code depends on."""
    if isinstance(value, Program):
        return f"{{{value.signature}}}"
    if isinstance(value, tuple) and value and isinstance(value[0], Program):
        return ", ".join(map(_text, value))
    return str(value)


def _shown(value: Any) -> str:
    """Return a parameter as it is printed; the lines of programs are moved in."""
    if isinstance(value, tuple) and value and isinstance(value[0], Program):
        return f"({', '.join(map(_shown, value))})"
    return str(value).replace("\n", "\n  ") if isinstance(value, Program) else str(value)


def nested(equation: Equation) -> Iterator[Program]:
    """Yield the programs that an equation runs, such as the body of its loop."""
    for value in equation.params.values():
        if isinstance(value, Program):
            yield value
        elif isinstance(value, tuple):
            yield from (part for part in value if isinstance(part, Program))


Apply = Callable[[Equation, list[Any]], Any]


class _Followed(threading.local):
    """Who computes the equations of bodies, if they are not simply what they mean."""

    apply: Apply | None = None


_followed = _Followed()


@contextmanager
def followed(apply: Apply) -> Iterator[None]:
    """Let `apply` compute every equation of the bodies that meanings run meanwhile."""
    before, _followed.apply = _followed.apply, apply
    try:
        yield
    finally:
        _followed.apply = before


def meant(equation: Equation, operands: list[Any]) -> Any:
    """Return what an equation of a body means for these values of its operands."""
    return (_followed.apply or meaning_of)(equation, operands)


def meaning_of(equation: Equation, operands: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Return what an equation means for these values of its operands."""
    return np.asarray(equation.primitive.meaning(*operands, **equation.params))


def evaluate(
    program: Program,
    arguments: Sequence[Any],
    apply: Apply = meant,
    literal: Callable[[Symbol], Any] = operator.attrgetter("value"),
) -> list[Any]:
    """Walk a program: `apply` computes one equation from its operands' values."""
    values: dict[Symbol, Any] = dict(zip(program.inputs, arguments, strict=True))

    def read(symbol: Symbol) -> Any:
        return values[symbol] if symbol.value is None else literal(symbol)

    for equation in program.equations:
        values[equation.output] = apply(equation, [read(symbol) for symbol in equation.inputs])
    return [read(symbol) for symbol in program.outputs]


def remove_dead_code(program: Program) -> Program:
    """Drop equations that no output depends on; all inputs stay, in place."""
    needed = set(program.outputs)
    kept = []
    for equation in reversed(program.equations):
        if equation.output in needed:
            kept.append(equation)
            needed.update(equation.inputs)
    if len(kept) == len(program.equations):
        return program
    return Program(program.inputs, tuple(reversed(kept)), program.outputs)


def depending(equations: Iterable[Equation], symbols: Iterable[Symbol]) -> set[Symbol]:
    """Return symbols, and what equations compute of them, however indirectly."""
    found = set(symbols)
    for equation in equations:
        if not found.isdisjoint(equation.inputs):
            found.add(equation.output)
    return found


def made_of(
    program: Program, given: Iterable[Symbol], stays: Callable[[Equation], bool]
) -> dict[Symbol, Equation]:
    """Return the equations that depend on nothing but some inputs, by what they compute.

    Args:
        program: The program.
        given: The inputs.
        stays: Tells of an equation that it is none of them all the same.
    """
    ready, found = set(given), dict[Symbol, Equation]()
    for equation in program.equations:
        named = [symbol for symbol in equation.inputs if symbol.value is None]
        if named and ready.issuperset(named) and not stays(equation):
            ready.add(equation.output)
            found[equation.output] = equation
    return found


@functools.lru_cache(maxsize=512)
def _spec(spec: Spec) -> str:
    return f"{spec.dtype.str}{spec.shape}{'~' if spec.weak else ''}"


def _letters() -> Iterator[str]:
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    for length in itertools.count(1):
        for letters in itertools.product(alphabet, repeat=length):
            yield "".join(letters)


T = TypeVar("T")

# So many references are kept before those to what is gone are dropped.
_FEW = 1024


class Living(Generic[T]):
    """A set by identity that keeps nothing alive.

    Unlike the standard library's it has no callbacks: they are Python's, and a Ctrl-C that comes
    inside of one is lost.
    """

    def __init__(self) -> None:
        self._references: dict[int, ref[T]] = {}
        self._room = _FEW

    def add(self, value: T) -> None:
        """Take note of an object."""
        self._references[id(value)] = ref(value)
        if len(self._references) > self._room:
            kept = {
                place: known for place, known in self._references.items() if known() is not None
            }
            self._references, self._room = kept, max(_FEW, 2 * len(kept))

    def __contains__(self, value: object) -> bool:
        known = self._references.get(id(value))
        return known is not None and known() is value

    def __iter__(self) -> Iterator[T]:
        found = [known() for known in self._references.values()]
        return iter([value for value in found if value is not None])


Array = np.ndarray[Any, Any]

# One clock for traces and for what is recorded on tapes, so that their order is known.
clock = itertools.count()

# Follows the user's line in the source of an equation that a derivative rule wrote.
DERIVATIVE = " (in its derivative)"


class Trace:
    """A program being written. Equal equations are written once.

    Arrays and tensors of outer scopes that the function uses are captured: they become further
    inputs of the program, never constants in its text, so that the program stays valid when
    their contents change.
    """

    def __init__(self, claims: bool = False) -> None:
        self.level = next(clock)
        # Whether it has the operations on outer values that its function makes, which an outer
        # trace has otherwise.
        self.claims = claims
        self.equations: list[Equation] = []
        self.captured: dict[tuple[int, int], tuple[Tensor, Symbol]] = {}
        self._producers: dict[Symbol, Equation] = {}
        self.strides: dict[Symbol, tuple[int, ...] | None] = {}
        # What was made while the function ran: arrays, and tensors that show others'.
        self.made: Living[Array] = Living()
        self.views: Living[Tensor] = Living()
        self._known: dict[Any, Symbol] = {}
        # Elements of traced tensors that were read, by what they were read from and where.
        self.elements: dict[Any, Tensor] = {}
        # Results' specs by primitive, parameters and where the operands' specs lie, which are kept;
        # and one of those that are equal.
        self._stated: dict[Any, tuple[Spec, list[Spec]]] = {}
        self._specs: dict[Spec, Spec] = {}
        # What the symbols made here have as their owner.
        self.reference = ref(self)
        self._seen: dict[tuple[int, int], _Seen] = {}
        self._constants: dict[Any, tuple[int, int]] = {}
        # What was captured, by what it shows of its memory, which is kept as long.
        self._shown: dict[Any, tuple[tuple[int, int], Array]] = {}
        self._literals: dict[Any, Symbol] = {}
        self._numbers: dict[Any, Spec] = {}  # the specs of literals
        self._standing: dict[Any, Symbol] = {}
        self._lines: dict[Symbol, str] = {}
        # What is read no more, as an equal constant stands for it.
        self.doubles: set[Symbol] = set()

    @property
    def producers(self) -> Mapping[Symbol, Equation]:
        """The equation that computes each symbol."""
        known = self._producers
        # They are entered when they are asked for: no equation is taken back.
        if len(known) < len(self.equations):
            known.update((e.output, e) for e in self.equations[len(known) :])
        return known

    @classmethod
    def of(cls, symbol: Symbol) -> Trace:
        """Return the trace a symbol belongs to.

        Raises:
            TracingError: If that trace has ended.
        """
        owner = symbol.owner() if symbol.owner is not None else None
        if symbol.owner is None:
            raise TracingError(
                "A tensor of the device 'meta' has a shape and no values, and was computed with. "
                "Call its module by functional_call with tensors for all of its parameters and "
                "buffers; or give it memory by to_empty, or load_state_dict with assign=True."
            )
        if owner is None:
            raise TracingError(
                "A traced tensor was used after the function that traced it had ended; it has no "
                "value. Return it from the function instead of storing it elsewhere."
            )
        found: Trace = owner
        return found

    def input(self, spec: Spec) -> Symbol:
        """Return a new symbol for an argument of the program."""
        return Symbol(spec, None, self.reference)

    def lift(self, tensor: Tensor) -> Symbol:
        """Return the symbol for a tensor: its own, a literal, or a captured input."""
        if tensor.origin is not None:
            tensor._refresh()
        array = tensor.array
        if array.__class__ is Symbol:
            if array.owner is self.reference:
                return array
            # One whose trace has ended is refused.
            Trace.of(array)
        elif self._standing and tensor.is_leaf and place_of(array) in self._standing:
            return self._standing[place_of(array)]
        elif array.ndim == 0 and tensor.node is None:
            return self._literal(array, tensor.weak)
        # One array may be here twice, with and without a history, as x and x.detach().
        key = (id(array), id(tensor.node))
        if key not in self.captured and isinstance(array, np.ndarray):
            key = self._known_as(array, key)
        if key not in self.captured:
            symbol = self.input(tensor.spec)
            self.captured[key] = (tensor, symbol)
            self._lines[symbol] = user_line()
            if isinstance(array, np.ndarray):
                self._seen[key] = _Seen(array)
        elif key in self._seen and array.nbytes <= _SMALL:
            self._seen[key].require_same()
        return self.captured[key][1]

    def _known_as(self, array: Array, key: tuple[int, int]) -> tuple[int, int]:
        """Return the key that an array's numbers were captured by before, if they were."""
        # Views are made anew at each use, such as A.T, or that of A in A @ x.
        view = (place_of(array), key[1])
        known, _ = self._shown.get(view, (key, None))
        key = known if known in self.captured else key
        if view[0] is not None:
            self._shown[view] = key, array
        if key[1] != id(None) or array.nbytes > _SMALL or owner_of(array) not in self.made:
            return key
        # Constants are made anew at each use, such as a matrix of ones.
        text = array.shape, array.dtype.str, array.tobytes()
        known = self._constants.get(text, key)
        self._constants[text] = known if known in self.captured else key
        return self._constants[text]

    def is_constant(self, key: tuple[int, int]) -> bool:
        """Tell whether a captured array is small and nobody else can reach it, to change it.

        The function made it for this use, as np.eye(3) in an expression does.
        """
        tensor = self.captured[key][0]
        array = tensor.array
        if not isinstance(array, np.ndarray) or array.nbytes > _SMALL:
            return False
        base, alone = array.base, np.empty(0)
        if not owner_of(array).flags.owndata:
            return False
        shown = self._shown.get((place_of(array), key[1]), (key, None))[1] is array
        # Local names and calls refer to each as they do to an array that nobody else has.
        own = _references(alone)
        return (
            _references(tensor) == own + 1
            and _references(array) == own + 1 + (key in self._seen) + shown
            and (base is None or _references(base) == own + 1)
        )

    def require_unchanged(self) -> None:
        """Refuse arrays that were written after the function had used them, while it was traced.

        Raises:
            TracingError: If there is one: its values now are those the program would read.
        """
        for key in self.captured:
            if key in self._seen:
                self._seen[key].require_same()

    def stand_for(self, array: np.ndarray[Any, Any], symbol: Symbol) -> None:
        """Let a symbol stand for an array's memory, wherever that is met under another name."""
        self._standing[place_of(array)] = symbol

    def line_of(self, symbol: Symbol) -> str:
        """Return the user's line that uses a captured symbol first, or an empty string."""
        return self._lines.get(symbol, "")

    def _literal(self, value: np.ndarray[Any, Any], weak: bool) -> Symbol:
        kind = value.dtype.str, weak
        key = kind, value.tobytes()
        found = self._literals.get(key)
        if found is None:
            spec = self._numbers.get(kind)
            if spec is None:
                spec = self._numbers[kind] = Spec((), value.dtype, weak)
            # What it was read from may be changed later.
            found = self._literals[key] = Symbol(spec, value.copy(), self.reference)
        return found

    @contextmanager
    def deriving(self, symbol: Symbol) -> Iterator[None]:
        """Write equations of a symbol's derivative, which have the line that made the symbol."""
        made = self.producers.get(symbol)
        before, line = current_place.line, "" if made is None else made.source
        derivative = line if line.endswith(DERIVATIVE) else f"{line}{DERIVATIVE}"
        current_place.line = derivative if line else ""
        try:
            yield
        finally:
            current_place.line = before

    def append(
        self,
        primitive: Primitive,
        inputs: tuple[Symbol, ...],
        params: Mapping[str, Any],
        spec: Spec | None = None,
        above: int = 3,
    ) -> Symbol:
        """Write an equation and return the symbol it defines.

        Args:
            primitive: The primitive.
            inputs: Its operands.
            params: Its parameters.
            spec: The symbol's, where it is known.
            above: How many frames are none of the user's; the caller and what it was called by.
        """
        values = tuple(params.items()) if params else ()
        key = (primitive, inputs, values)
        known = self._known.get(key)
        if known is not None and not self._is_of_series(primitive, inputs):
            return known
        if spec is None:
            spec = self._spec(primitive, inputs, params, values)
        symbol = Symbol(spec, None, self.reference)
        source = current_place.line or user_line(above)
        self.equations.append(Equation(primitive, inputs, params, symbol, source))
        self._known[key] = symbol
        return symbol

    def _spec(
        self,
        primitive: Primitive,
        inputs: tuple[Symbol, ...],
        params: Mapping[str, Any],
        values: tuple[tuple[str, Any], ...],
    ) -> Spec:
        """Return the spec of a result, one object for all that are equal."""
        kind = (primitive, values, *[id(symbol.spec) for symbol in inputs])
        stated = self._stated.get(kind)
        if stated is None:
            operands = [symbol.spec for symbol in inputs]
            found = _stated(primitive, operands, params)
            stated = self._stated[kind] = self._specs.setdefault(found, found), operands
        return stated[0]

    def _is_of_series(self, primitive: Primitive, inputs: tuple[Symbol, ...]) -> bool:
        """Tell whether an equation reads one of many numbers, of which some are equal by chance.

        Were it written once with others, turns of a loop over the numbers would look unlike.
        """
        for symbol in inputs:
            if symbol.value is not None:
                return not symbol.spec.weak or len(self._literals) > _SERIES
        return False

    def release(self, memory: Array) -> None:
        """Give what was captured of an array's memory a copy, as the array is about to change."""
        for key, (tensor, symbol) in list(self.captured.items()):
            if owner_of(tensor.array) is memory:
                copied = tensor._on(tensor.array.copy("K"), tensor.node, tensor.weak)
                del self.captured[key]
                self._seen.pop(key, None)
                # The key may soon be that of other values.
                self._constants.clear()
                self.captured[id(copied.array), id(copied.node)] = (copied, symbol)


def _references(value: object) -> int:
    """Return how many references there are to an object; weak ones count too."""
    return sys.getrefcount(value) + getweakrefcount(value)


def _stated(primitive: Primitive, operands: list[Spec], params: Mapping[str, Any]) -> Spec:
    """Return the spec of a primitive's result, which is weak if all operands are."""
    spec = primitive.spec(*operands, **params)
    weak = bool(operands) and not primitive.strong and all(s.weak for s in operands)
    return spec if spec.weak is weak else Spec(spec.shape, spec.dtype, weak)


class _Seen:
    """What an array held when a traced function used it first."""

    def __init__(self, array: Array) -> None:
        self._array, self._line = array, user_line()
        self._held = self._contents()

    def _contents(self) -> Any:
        array = self._array
        if array.nbytes > _LARGE:
            # Of what is large a part stands for the whole.
            array = array[tuple(slice(None, None, -(-n // 32)) for n in array.shape)]
        return array.tobytes() if array.nbytes <= _SMALL else zlib.crc32(array.tobytes())

    def require_same(self) -> None:
        """Refuse if the array holds other values now."""
        if self._held != self._contents():
            raise TracingError(
                f"An array of shape {tuple(self._array.shape)} that a traced function used, at "
                f"{self._line}, was changed afterwards by the function itself. The program reads "
                "it when it runs, with the values that it has then. Use a copy of it, x * "
                "mask.copy(), or make it a tensor, mask = tw.zeros(n)."
            )


# Programs with more different numbers in their text read series of them.
_SERIES = 16

# Up to so many bytes an array is kept whole and compared whenever it is used; beyond so many
# a part of it is compared at the end.
_SMALL, _LARGE = 1 << 12, 1 << 24


def owner_of(array: Any) -> Any:
    """Return the array whose memory another one shows, itself if it owns its memory."""
    while isinstance(array, np.ndarray) and isinstance(array.base, np.ndarray):
        array = array.base
    return array


class _Tracing(threading.local):
    """The traces that a thread is writing, and how it computes meanings of primitives meanwhile.

    Meanings run in a context in which NumPy does not warn of overflow or division by zero:
    entering `np.errstate` at every operation would take longer than small operations do.
    """

    def __init__(self) -> None:
        self.traces: tuple[Trace, ...] = ()
        # The innermost of them that has the operations on outer values that are made meanwhile.
        self.claiming: Trace | None = None
        # Whether what is traced has no derivative in its program either, as `no_grad` means.
        self.cuts = False
        context = contextvars.copy_context()
        context.run(np.seterr, all="ignore")
        self.quiet: Callable[..., Any] = context.run
        self.run: Callable[..., Any] = self.quiet


tracing = _Tracing()


def _called(meaning: Callable[..., Any], *arrays: Any, **params: Any) -> Any:
    return meaning(*arrays, **params)


def call_apart(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a user's function in the midst of a meaning, as if nothing were traced around it.

    What it computes with tensors runs in the context of the meaning: no other can be entered.
    """
    own = vars(tracing)
    before = own["traces"], own["quiet"], own["run"]
    own["traces"], own["quiet"], own["run"] = (), _called, _called
    try:
        return function(*args, **kwargs)
    finally:
        own["traces"], own["quiet"], own["run"] = before


@contextmanager
def writing(current: Trace) -> Iterator[Trace]:
    """Run what a trace is written of: what is made meanwhile is known to be the function's own."""
    before = tracing.traces, tracing.run, tracing.claiming, tracing.cuts
    tracing.traces, tracing.run = (*tracing.traces, current), _run_noting
    tracing.cuts = False
    if current.claims:
        tracing.claiming = current
    try:
        with uncollected(), explaining_arrays():
            yield current
            current.require_unchanged()
    finally:
        tracing.traces, tracing.run, tracing.claiming, tracing.cuts = before


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold the garbage collector back in a `with` block that makes much and drops little.

    It would look at every equation again and again: a fifth of the time of a long program.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def explaining_arrays() -> Iterator[None]:
    """Say what to do where a tensor was written into a NumPy array, which hides that it was."""
    try:
        yield
    except ThalwegError:
        raise
    except (TypeError, ValueError) as error:
        # NumPy asked a tensor for its values, and hides the answer behind an error of its own.
        if isinstance(error.__cause__, (TracingError, GradientError)):
            line = raised_at(error)
            raise TracingError(f"{STORED}{f' That was at {line}.' if line else ''}") from error
        raise


def _run_noting(meaning: Callable[..., Any], *arrays: Any, **params: Any) -> Any:
    found = tracing.quiet(meaning, *arrays, **params)
    owner = owner_of(found)
    if isinstance(owner, np.ndarray) and not any(owner is owner_of(given) for given in arrays):
        note_made(owner)
    return found


def note_made(array: Array) -> None:
    """Take note of memory that is new, while tracing."""
    for current in tracing.traces:
        current.made.add(array)


def trace(
    function: Callable[..., Any],
    specs: list[Spec],
    make: Callable[[Symbol], Any],
    claims: bool = False,
) -> tuple[Any, Trace, list[Symbol]]:
    """Run a function on fresh symbols, one a spec.

    Args:
        function: Called with one traced tensor a spec.
        specs: The shapes and dtypes of the arguments.
        make: Builds a tensor around a symbol.
        claims: Whether operations on values of outer traces are the program's own.

    Returns:
        What the function returned, the trace and the symbols of the arguments.
    """
    current = Trace(claims)
    symbols = [current.input(spec) for spec in specs]
    with writing(current):
        result = function(*(make(symbol) for symbol in symbols))
    return result, current, symbols


# What is done to every program when its trace has ended; what it captures becomes further inputs.
finishing: list[Callable[[Program, Trace], Program]] = []


def finished(program: Program, current: Trace) -> Program:
    """Return what is made of a program of a trace."""
    with uncollected():
        for improve in finishing:
            program = improve(program, current)
    return program


def finish(current: Trace, inputs: list[Symbol], outputs: list[Symbol]) -> Program:
    """Close a trace into a program whose further inputs are what it captured."""
    captured = [symbol for _, symbol in current.captured.values()]
    program = Program((*inputs, *captured), tuple(current.equations), tuple(outputs))
    program = finished(program, current)
    if not current.doubles:
        return program
    program = remove_dead_code(program)
    read = {symbol for e in program.equations for symbol in e.inputs} | {*program.outputs}
    gone = current.doubles - read
    kept = {k: pair for k, pair in current.captured.items() if pair[1] not in gone}
    current.captured = kept
    inputs = [symbol for symbol in program.inputs if symbol not in gone]
    return Program(tuple(inputs), program.equations, program.outputs)


def place_of(array: Any) -> tuple[Any, ...] | None:
    """Return what arrays that show the same memory in the same way have in common."""
    if not isinstance(array, np.ndarray) or not array.size:
        return None
    return array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str
