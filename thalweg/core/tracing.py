"""Traces: running a function on symbols to obtain its program."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from thalweg.core.program import Equation, Program, Symbol
from thalweg.core.spec import Spec
from thalweg.errors import TracingError

if TYPE_CHECKING:
    from thalweg.core.primitive import Primitive
    from thalweg.core.tensor import Tensor

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

    def __init__(self) -> None:
        self.level = next(clock)
        self.equations: list[Equation] = []
        self.captured: dict[tuple[int, int], tuple[Tensor, Symbol]] = {}
        self._known: dict[Any, Symbol] = {}
        self._sources: dict[Symbol, str] = {}
        self._deriving: str | None = None
        self._literals: dict[Any, Symbol] = {}

    @classmethod
    def of(cls, symbol: Symbol) -> Trace:
        """Return the trace a symbol belongs to.

        Raises:
            TracingError: If that trace has ended.
        """
        owner = symbol.owner() if symbol.owner is not None else None
        if owner is None:
            raise TracingError(
                "A traced tensor was used after the function that traced it had ended; it has no "
                "value. Return it from the function instead of storing it elsewhere."
            )
        found: Trace = owner
        return found

    def input(self, spec: Spec) -> Symbol:
        """Return a new symbol for an argument of the program."""
        return Symbol(spec, None, ref(self))

    def lift(self, tensor: Tensor) -> Symbol:
        """Return the symbol for a tensor: its own, a literal, or a captured input."""
        array = tensor.array
        if isinstance(array, Symbol):
            if Trace.of(array) is self:
                return array
        elif array.ndim == 0 and tensor.node is None:
            return self._literal(array, tensor.weak)
        # One array may be here twice, with and without a history, as x and x.detach().
        key = (id(array), id(tensor.node))
        if key not in self.captured:
            self.captured[key] = (tensor, self.input(tensor.spec))
        return self.captured[key][1]

    def _literal(self, value: np.ndarray[Any, Any], weak: bool) -> Symbol:
        key = (value.dtype.str, value.tobytes(), weak)
        if key not in self._literals:
            self._literals[key] = Symbol(Spec((), value.dtype, weak), value, ref(self))
        return self._literals[key]

    @contextmanager
    def deriving(self, symbol: Symbol) -> Iterator[None]:
        """Write equations of a symbol's derivative, which have the line that made the symbol."""
        before, line = self._deriving, self._sources.get(symbol, "")
        derivative = line if line.endswith(DERIVATIVE) else f"{line}{DERIVATIVE}"
        self._deriving = derivative if line else None
        try:
            yield
        finally:
            self._deriving = before

    def append(
        self, primitive: Primitive, inputs: tuple[Symbol, ...], params: Mapping[str, Any]
    ) -> Symbol:
        """Write an equation and return the symbol it defines."""
        key = (primitive, inputs, tuple(params.items()))
        known = self._known.get(key)
        if known is not None:
            return known
        specs = [s.spec for s in inputs]
        spec = primitive.spec(*specs, **params)
        weak = all(s.weak for s in specs)
        if spec.weak is not weak:
            spec = Spec(spec.shape, spec.dtype, weak)
        symbol = self.input(spec)
        source = user_line() if self._deriving is None else self._deriving
        self.equations.append(Equation(primitive, inputs, params, symbol, source))
        self._known[key] = symbol
        self._sources[symbol] = source
        return symbol


def trace(
    function: Callable[..., Any], specs: list[Spec], make: Callable[[Symbol], Any]
) -> tuple[Any, Trace, list[Symbol]]:
    """Run a function on fresh symbols, one a spec.

    Args:
        function: Called with one traced tensor a spec.
        specs: The shapes and dtypes of the arguments.
        make: Builds a tensor around a symbol.

    Returns:
        What the function returned, the trace and the symbols of the arguments.
    """
    current = Trace()
    symbols = [current.input(spec) for spec in specs]
    result = function(*(make(symbol) for symbol in symbols))
    return result, current, symbols


def finish(current: Trace, inputs: list[Symbol], outputs: list[Symbol]) -> Program:
    """Close a trace into a program whose further inputs are what it captured."""
    captured = [symbol for _, symbol in current.captured.values()]
    return Program((*inputs, *captured), tuple(current.equations), tuple(outputs))


# Whose frames on the stack are not the user's code.
_LIBRARIES = frozenset(
    {
        "contextlib",
        "functools",
        "jax",
        "numpy",
        "optree",
        "pandas",
        "scipy",
        "sklearn",
        "thalweg",
        "torch",
    }
)

# Whether a module is the user's, by its name.
_users: dict[str, bool] = {}


def is_users(frame: FrameType) -> bool:
    """Tell whether a frame runs the user's code, not that of a library."""
    name = frame.f_globals.get("__name__", "")
    found = _users.get(name)
    if found is None:
        found = _users[name] = name.partition(".")[0] not in _LIBRARIES
    return found


def user_line() -> str:
    """Return the line of the user's code that is being run, as FILE:LINE."""
    frame: FrameType | None = sys._getframe(1)
    known = _users.get
    while frame is not None:
        found = known(frame.f_globals.get("__name__", ""))
        if found or (found is None and is_users(frame)):
            break
        frame = frame.f_back
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
