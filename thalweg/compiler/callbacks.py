"""What an engine lacks becomes a call back into Python from inside of its program.

Equations that are lacking run by their meanings. As many as can run together become one call: a
program of their own, whose operands and results the engine holds, but looks at no further. What
lies between, of a dtype that the engine does not know, never leaves the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from thalweg.compiler.kernels.materialize import total_effort
from thalweg.control.callback import callback
from thalweg.core.program import Equation, Program, Symbol, evaluate, nested, remove_dead_code
from thalweg.core.spec import Array, Bundle, DType, Spec
from thalweg.ops.control.bundle import part
from thalweg.ops.elementwise.conversion import astype


@dataclass(frozen=True, eq=False)
class CalledProgram:
    """Equations that one call back computes.

    Attributes:
        program: The equations, by whose meanings the results are computed.
        number: Which of its kind it is.
    """

    program: Program
    number: int

    @property
    def results(self) -> tuple[Spec, ...]:
        """The specs of its results."""
        return tuple(Spec(s.shape, s.dtype) for s in self.program.outputs)

    @property
    def work(self) -> int:
        """How many additions' time it takes."""
        return total_effort(self.program)

    def __call__(self, *arrays: Array) -> list[Array]:
        """Return the results."""
        return [np.asarray(value) for value in evaluate(self.program, arrays)]

    def __str__(self) -> str:
        # What compiled code depends on: not on what is called.
        return f"{self.number} of work {self.work}"


class Calls:
    """Rewrites programs so that they call back for what is lacking.

    Args:
        lacks: Tells whether the engine cannot compute an equation.
        holds: Tells whether it can copy values of a dtype.

    Attributes:
        found: What is called, by number; over all programs rewritten so far.
    """

    def __init__(self, lacks: Callable[[Equation], bool], holds: Callable[[DType], bool]) -> None:
        self.found: list[CalledProgram] = []
        self._lacks, self._holds = lacks, holds

    def rewritten(self, program: Program, states: int = 0) -> Program:
        """Return a program of the same inputs and outputs, in which nothing is lacking.

        Args:
            program: Maps (states, …) to (states, …).
            states: The number of states.
        """
        program = self._copied(self._inside(remove_dead_code(program)), states)
        levels = self._levels(program)
        count = 1 + max((level for level, _ in levels.values()), default=0)
        groups: list[tuple[list[Equation], list[Equation]]] = [([], []) for _ in range(count)]
        readers: dict[Symbol, set[int | None]] = {symbol: {None} for symbol in program.outputs}
        for equation in program.equations:
            level, is_lacking = levels[equation.output]
            groups[level][is_lacking].append(equation)
            for symbol in equation.inputs:
                readers.setdefault(symbol, set()).add(level if is_lacking else None)
        if not any(called for _, called in groups):
            return program
        equations: list[Equation] = []
        for level, (own, called) in enumerate(groups):
            equations += own
            if called:
                results = (equation.output for equation in called)
                equations += self._call(called, [s for s in results if readers[s] - {level}])
        return Program(program.inputs, tuple(equations), program.outputs)

    def _inside(self, program: Program) -> Program:
        """Rewrite the programs that equations run."""
        changed = {}
        for equation in program.equations:
            if any(nested(equation)) and not self._lacks(equation):
                states = equation.params.get("carries", 0)
                params = {k: self._params(v, states) for k, v in equation.params.items()}
                if any(params[key] is not value for key, value in equation.params.items()):
                    changed[equation] = replace(equation, params=params)
        if not changed:
            return program
        equations = tuple(changed.get(equation, equation) for equation in program.equations)
        return Program(program.inputs, equations, program.outputs)

    def _params(self, value: Any, states: int) -> Any:
        if isinstance(value, Program):
            return self.rewritten(value, states)
        if isinstance(value, tuple) and any(isinstance(item, Program) for item in value):
            found = tuple(self._params(item, states) for item in value)
            return value if all(a is b for a, b in zip(found, value, strict=True)) else found
        return value

    def _copied(self, program: Program, states: int) -> Program:
        """Copy what an engine would have to and cannot: outputs and operands nobody computes."""
        made = {equation.output for equation in program.equations}
        copies: dict[Symbol, Equation] = {}

        def own(symbol: Symbol) -> Symbol:
            if symbol in made or self._holds(symbol.dtype):
                return symbol
            if symbol not in copies:
                output, params = Symbol(Spec(symbol.shape, symbol.dtype)), {"dtype": symbol.dtype}
                copies[symbol] = Equation(astype, (symbol,), params, output)
            return copies[symbol].output

        outputs = [
            symbol if position < states and symbol is program.inputs[position] else own(symbol)
            for position, symbol in enumerate(program.outputs)
        ]
        equations = [
            replace(e, inputs=tuple(s if s.value is None else own(s) for s in e.inputs))
            if any(nested(e))
            else e
            for e in program.equations
        ]
        if not copies:
            return program
        return Program(program.inputs, (*copies.values(), *equations), tuple(outputs))

    def _levels(self, program: Program) -> dict[Symbol, tuple[int, bool]]:
        """Return how many calls one after another come before a value, and whether it is lacking.

        What is lacking at one level can run in one call: nothing that the engine computes in
        between needs one part of it and is needed by another.
        """
        levels: dict[Symbol, tuple[int, bool]] = {}
        for equation in program.equations:
            before = [levels[symbol] for symbol in equation.inputs if symbol in levels]
            is_part = equation.primitive is part
            lacks = before[0][1] if is_part and before else self._lacks(equation)
            level = max((k + (is_lacking and not lacks) for k, is_lacking in before), default=0)
            levels[equation.output] = level, lacks
        return levels

    def _call(self, called: list[Equation], outputs: list[Symbol]) -> Iterator[Equation]:
        """Yield an equation that computes others, and those that take its results apart."""
        made = {equation.output for equation in called}
        read = dict.fromkeys(symbol for equation in called for symbol in equation.inputs)
        inputs = tuple(s for s in read if s.value is None and s not in made)
        body = Program(inputs, tuple(called), tuple(outputs))
        function = CalledProgram(body, len(self.found))
        self.found.append(function)
        bundle = Symbol(Bundle.of(function.results))
        source = called[0].source
        yield Equation(callback, inputs, {"function": function}, bundle, source)
        for number, output in enumerate(outputs):
            yield Equation(part, (bundle,), {"number": number}, output, source)
