"""The step of a group as one native program, in the memory of its tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from thalweg import tree
from thalweg.bridges.torch.memory import address, overlaps, spec_in_memory
from thalweg.bridges.torch.states import ParameterName, StateLayout
from thalweg.core.program import Symbol, finish, trace
from thalweg.core.spec import FLOAT64, Spec
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.engines.located import Located
from thalweg.errors import EngineError, ThalwegError
from thalweg.ops.elementwise.arithmetic import negative
from thalweg.optim.transformation import GradientTransformation, apply_updates

_NUMBER = Spec((), FLOAT64, weak=True)

# From numbers, or symbols for them, to a transformation.
Build = Callable[[Sequence[Any]], GradientTransformation]


class NativeStep:
    """The step of a transformation on parameters of given shapes, compiled.

    Args:
        build: Makes the transformation from numbers.
        numbers: How many it takes.
        layout: How its state is parted among the parameters.
        names: The parameters' names.
        params: The parameters.
        leaves: The leaves of the state.
        maximize: Whether gradients are negated.
        with_loss: Whether there is a loss.

    Raises:
        EngineError: If native code cannot make the step, or a tensor is not in plain memory.
        TracingError: If the transformation asks for values.
    """

    def __init__(
        self,
        build: Build,
        numbers: int,
        layout: StateLayout,
        names: Sequence[ParameterName],
        params: Sequence[Any],
        leaves: Sequence[Any],
        maximize: bool,
        with_loss: bool,
    ) -> None:
        self._build, self._layout, self._names = build, layout, names
        self._maximize, self._with_loss = maximize, with_loss
        found = [spec_in_memory(tensor) for tensor in (*params, *leaves)]
        specs = [spec for spec in found if spec is not None]
        if len(specs) != len(found):
            raise EngineError("A tensor does not lie in the CPU's memory row by row.")
        count = len(params)
        self._scalars = np.zeros(numbers + with_loss)
        given = [*[_NUMBER] * len(self._scalars), *specs[:count], *specs[:count], *specs[count:]]
        result, current, symbols = trace(self._traced, given, _symbolic)
        after, structure = tree.flatten(result[1])
        if structure != layout.structure:
            raise EngineError("The state changes its structure.")
        outputs = [current.lift(as_tensor(leaf)) for leaf in (*result[0], *after)]
        program = finish(current, symbols, outputs)
        self._captured = [tensor.array for tensor, _ in current.captured.values()]
        first = len(self._scalars)
        targets = [first + i for i in (*range(count), *range(2 * count, 2 * count + len(after)))]
        for output, target in zip(outputs, targets, strict=True):
            into = given[target]
            if (output.shape, output.dtype) != (into.shape, into.dtype):
                raise EngineError(f"{output.spec} is to replace {into}.")
        if not all(a.flags.c_contiguous and a.flags.aligned for a in self._captured):
            raise EngineError("A constant does not lie in memory row by row.")
        self._located = Located(program, targets, torch.get_num_threads())
        self._specs = [*specs[:count], *specs[:count], *specs[count:]]
        self._sizes = [spec.nbytes for spec in self._specs]
        self._written = [True] * count + [False] * count + [True] * len(after)
        fixed = (self._scalars[i : i + 1] for i in range(first))
        self._numbers = [number.ctypes.data for number in fixed]
        self._constants = [array.ctypes.data for array in self._captured]
        # Where everything was when it was last looked at.
        self._apart: list[int] = []

    def _traced(self, *leaves: Tensor) -> Any:
        first, count = len(self._scalars), len(self._names)
        numbers, rest = list(leaves[:first]), leaves[first:]
        extra = {"value": numbers.pop()} if self._with_loss else {}
        transformation = self._build(numbers)
        gradients = [negative(g) if self._maximize else g for g in rest[count : 2 * count]]
        params = dict(zip(self._names, rest[:count], strict=True))
        state = tree.unflatten(self._layout.structure, rest[2 * count :])
        updates, after = transformation.update(
            dict(zip(self._names, gradients, strict=True)), state, params, **extra
        )
        moved = apply_updates(params, updates)
        return [moved[name] for name in self._names], after

    def run(
        self,
        numbers: Sequence[float],
        params: Sequence[Any],
        gradients: Sequence[Any],
        leaves: Sequence[Any],
    ) -> bool:
        """Make the step; tell whether it could be made, where tensors are now.

        Args:
            numbers: The transformation's, and the loss if there is one.
            params: The parameters, which are changed.
            gradients: Their gradients.
            leaves: The leaves of the state, which are changed.
        """
        held = (*params, *gradients, *leaves)
        places = list(map(address, held, self._specs))
        if places != self._apart:
            if 0 in places or overlaps(places, self._sizes, self._written):
                return False
            self._apart = places
        self._scalars[:] = numbers
        self._located.run([*self._numbers, *places, *self._constants], held)
        torch.autograd.graph.increment_version([*params, *leaves])
        return True


def _symbolic(symbol: Symbol) -> Tensor:
    return make(symbol, None, symbol.spec.weak)
