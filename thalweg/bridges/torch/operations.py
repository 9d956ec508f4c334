"""The step of a group by PyTorch's operations, wherever its tensors are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from thalweg.bridges.torch.traced import TracedStep
from thalweg.core.program import Equation, Symbol, remove_dead_code
from thalweg.engines.torch.library import LIBRARY
from thalweg.errors import EngineError

Tensor = Any  # PyTorch's


class OperationsStep:
    """A traced step as a list of PyTorch's operations, without what thalweg does around each.

    Args:
        traced: The step, whose outputs are updates.
        like: A tensor on the device where the parameters are.

    Raises:
        EngineError: If PyTorch has no function of an operation.
    """

    def __init__(self, traced: TracedStep, like: Tensor) -> None:
        program = remove_dead_code(traced.program)
        self._layout = traced.layout
        self._registers: list[Any] = [None] * len(program.inputs)
        self._constants = traced.constants
        self._places: dict[Symbol, int] = {s: i for i, s in enumerate(program.inputs)}
        self._like = like
        self._work = [self._planned(equation) for equation in program.equations]
        self._outputs = [self._place(symbol) for symbol in program.outputs]
        # What shows the memory of an operand is copied before it is kept.
        makers = {e.output: e for e in program.equations}
        kept = set(self._outputs)
        self._shown = {
            place
            for symbol, place in self._places.items()
            if place in kept
            and (symbol not in makers or makers[symbol].primitive.kind != "elementwise")
        }
        last = {place: i for i, (_, ins, _, _) in enumerate(self._work) for place in ins}
        self._spent: list[list[int]] = [[] for _ in self._work]
        for place, position in last.items():
            if place not in kept and self._registers[place] is None:
                self._spent[position].append(place)

    def _planned(self, equation: Equation) -> tuple[Any, tuple[int, ...], Any, int]:
        row = LIBRARY.table.get(equation.primitive.name)
        if row is None:
            raise EngineError(f"PyTorch has no function for {equation.primitive.name}.")
        inputs = tuple(self._place(symbol) for symbol in equation.inputs)
        place = self._places[equation.output] = len(self._registers)
        self._registers.append(None)
        return row, inputs, dict(equation.params), place

    def _place(self, symbol: Symbol) -> int:
        if symbol not in self._places:
            assert symbol.value is not None
            self._places[symbol] = len(self._registers)
            self._registers.append(LIBRARY.operand(symbol.value, self._like, symbol.spec.weak))
        return self._places[symbol]

    def run(
        self,
        numbers: Sequence[float],
        params: Sequence[Tensor],
        gradients: Sequence[Tensor],
        leaves: Sequence[Tensor],
    ) -> list[Tensor]:
        """Change the parameters and return the leaves of the new state.

        Args:
            numbers: The transformation's, and the loss if there is one.
            params: The parameters, which are changed.
            gradients: Their gradients.
            leaves: The leaves of the state.
        """
        scalars = [torch.tensor(n, dtype=torch.float64, device="cpu") for n in numbers]
        # What they hold may have changed.
        constants = [LIBRARY.from_numpy(array, self._like) for array in self._constants]
        registers = self._registers.copy()
        given = [*scalars, *params, *gradients, *leaves, *constants]
        registers[: len(given)] = given
        for (row, inputs, options, place), spent in zip(self._work, self._spent, strict=True):
            registers[place] = row(*[registers[i] for i in inputs], **options)
            for i in spent:
                registers[i] = None
        found = [registers[i] for i in self._outputs]
        taken, kept = set(map(id, given)), []
        for place, new, old in zip(
            self._outputs[len(params) :], found[len(params) :], leaves, strict=True
        ):
            shown = place in self._shown or id(new) in taken
            kept.append(new.to(device=old.device, dtype=old.dtype, copy=shown))
            taken.add(id(new))
        for param, update in zip(params, found[: len(params)], strict=True):
            param.add_(update)
        return kept
