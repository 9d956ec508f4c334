"""What nobody reads of a loop is neither carried over nor stacked; what never changes is no carry.

Derivatives leave such values: cotangents of data, and of carries that the loss does not depend on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from thalweg.control.loops import counted_loop
from thalweg.core.program import Equation, Program, Symbol, remove_dead_code
from thalweg.core.spec import Bundle
from thalweg.ops.control.bundle import part

Numbers = dict[Symbol, set[int]]


def remove_idle_values(program: Program) -> Program:
    """Return a program whose loops carry and stack what is read of them. Exact."""
    plans: dict[Symbol, _LoopPlan] = {}
    needed, read = set(program.outputs), defaultdict[Symbol, set[int]](set)
    _read_whole(program.outputs, read)
    for equation in reversed(program.equations):
        if equation.output not in needed:
            continue
        operands: Iterable[Symbol] = equation.inputs
        if equation.primitive is part:
            read[equation.inputs[0]].add(equation.params["number"])
        elif equation.primitive is counted_loop:
            plan = _planned(equation, read[equation.output])
            operands = plan.operands
            if plan.is_worth_it:
                plans[equation.output] = plan
        else:
            _read_whole(equation.inputs, read)
        needed.update(operands)
    return _carried_out(program, plans) if plans else program


def _read_whole(symbols: Iterable[Symbol], read: Numbers) -> None:
    """Note bundles of which all values are read."""
    for symbol in symbols:
        if isinstance(symbol.spec, Bundle):
            read[symbol].update(range(len(symbol.spec.parts)))


@dataclass(frozen=True, eq=False)
class _LoopPlan:
    """What is left of a loop.

    Attributes:
        equation: The loop.
        body: Its body, of the results that are left; all inputs are there.
        results: The numbers of the results that are left.
        carries: The operands that are carried over.
        rows: The operands of which a turn takes one element.
        whole: The operands that a turn takes whole.
        fixed: Those that were carried over and never change, and are read behind the loop.
    """

    equation: Equation
    body: Program
    results: tuple[int, ...]
    carries: tuple[int, ...]
    rows: tuple[int, ...]
    whole: tuple[int, ...]
    fixed: frozenset[int]

    @property
    def operands(self) -> list[Symbol]:
        """What is still read of the operands."""
        numbers = (*self.carries, *self.rows, *self.whole, *self.fixed)
        return [self.equation.inputs[i] for i in numbers]

    @property
    def is_worth_it(self) -> bool:
        """Whether anything goes."""
        params = self.equation.params
        before: Program = params["body"]
        return (
            self.body.equations is not before.equations
            or len(self.results) < len(before.outputs)
            or len(self.rows) < params["stacked"]
        )

    def loop(self, inputs: tuple[Symbol, ...]) -> Equation:
        """Return the loop that is left, for the operands that there were."""
        order = (*self.carries, *self.rows, *self.whole)
        given = tuple(self.body.inputs[i] for i in order)
        body = Program(given, self.body.equations, self.body.outputs)
        spec = self.equation.output.spec
        assert isinstance(spec, Bundle)
        params = {
            **self.equation.params,
            "body": body, "carries": len(self.carries), "stacked": len(self.rows),
        }  # fmt: skip
        output = Symbol(Bundle.of(spec.parts[i] for i in self.results))
        operands = tuple(inputs[i] for i in order)
        return Equation(counted_loop, operands, params, output, self.equation.source)


def _planned(equation: Equation, read: set[int]) -> _LoopPlan:
    """Plan what stays of a loop of which some results are read."""
    params, body = equation.params, equation.params["body"]
    carries, first = params["carries"], params["carries"] + params["stacked"]
    fixed = {i for i in range(carries) if body.outputs[i] is body.inputs[i]}
    results = read - fixed
    while True:
        left = _of_results(body, sorted(results))
        needed = {*left.outputs, *(symbol for e in left.equations for symbol in e.inputs)}
        found = [i for i, symbol in enumerate(body.inputs) if symbol in needed]
        # What is carried over and read is computed in turns before.
        more = {i for i in found if i < carries} - fixed - results
        if not more:
            break
        results |= more
    return _LoopPlan(
        equation,
        left,
        tuple(sorted(results)),
        tuple(i for i in range(carries) if i in results),
        tuple(i for i in found if carries <= i < first),
        tuple(i for i in found if i >= first or i in fixed),
        frozenset(fixed & read),
    )


def _of_results(body: Program, results: Iterable[int]) -> Program:
    outputs = tuple(body.outputs[i] for i in results)
    return remove_idle_values(remove_dead_code(Program(body.inputs, body.equations, outputs)))


def _carried_out(program: Program, plans: Mapping[Symbol, _LoopPlan]) -> Program:
    """Return the program with what is left of its loops."""
    known: dict[Symbol, Symbol] = {}
    equations: list[Equation] = []
    for equation in program.equations:
        inputs = tuple(known.get(symbol, symbol) for symbol in equation.inputs)
        params, plan = equation.params, plans.get(equation.output)
        if plan is not None:
            made = plan.loop(inputs)
            known[equation.output] = made.output
            equations.append(made)
            continue
        of = plans.get(equation.inputs[0]) if equation.primitive is part else None
        if of is not None:
            number = params["number"]
            if number in of.fixed:
                start = of.equation.inputs[number]
                known[equation.output] = known.get(start, start)
                continue
            if number not in of.results:
                continue  # nobody reads it
            params = {"number": of.results.index(number)}
        equations.append(
            Equation(equation.primitive, inputs, params, equation.output, equation.source)
        )
    outputs = tuple(known.get(symbol, symbol) for symbol in program.outputs)
    return remove_dead_code(Program(program.inputs, tuple(equations), outputs))
