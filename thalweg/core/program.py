"""The one intermediate representation: a straight line of primitive applications."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType

import numpy as np

from thalweg.core.spec import Spec
from thalweg.errors import EngineError

if TYPE_CHECKING:
    from thalweg.core.primitive import Primitive


@dataclass(frozen=True, eq=False, slots=True)
class Symbol:
    """A value of a program: known by its spec, computed when the program runs.

    `value` is set for literals only: scalars that are part of the program's text.
    `owner` refers to the trace that made it, as long as that lives.
    """

    spec: Spec
    value: np.ndarray[Any, Any] | None = None
    owner: ReferenceType[Any] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The extent of each axis."""
        return self.spec.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""
        return self.spec.dtype


@dataclass(frozen=True, eq=False, slots=True)
class Equation:
    """One application of a primitive. `source` is the user's line that made it."""

    primitive: Primitive
    inputs: tuple[Symbol, ...]
    params: Mapping[str, Any]
    output: Symbol
    source: str = ""


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
            params = sorted((key, str(value)) for key, value in equation.params.items())
            output = equation.output
            numbers[output] = str(len(numbers))
            lines.append(f"{equation.primitive.name}({operands}){params}{_spec(output.spec)}")
        return "\n".join([*lines, ",".join(map(operand, self.outputs))])

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
            params = "".join(f", {key}={value}" for key, value in equation.params.items())
            operands = ", ".join(self.name(symbol) for symbol in equation.inputs)
            left = f"{self.name(equation.output)}:{equation.output.spec}"
            lines.append(f"  {left} = {equation.primitive.name}({operands}{params})")
        return "\n".join([*lines, f"  return {', '.join(self.name(s) for s in self.outputs)}"])


def evaluate(
    program: Program,
    arguments: Sequence[Any],
    apply: Callable[[Equation, list[Any]], Any],
    literal: Callable[[Symbol], Any],
) -> list[Any]:
    """Walk a program: `apply` computes one equation from its operands' values."""
    values: dict[Symbol, Any] = dict(zip(program.inputs, arguments, strict=True))

    def read(symbol: Symbol) -> Any:
        return values[symbol] if symbol.value is None else literal(symbol)

    for equation in program.equations:
        values[equation.output] = apply(equation, [read(symbol) for symbol in equation.inputs])
    return [read(symbol) for symbol in program.outputs]


@functools.lru_cache(maxsize=512)
def _spec(spec: Spec) -> str:
    return f"{spec.dtype.str}{spec.shape}{'~' if spec.weak else ''}"


def _letters() -> Iterator[str]:
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    for length in itertools.count(1):
        for letters in itertools.product(alphabet, repeat=length):
            yield "".join(letters)
