"""The step of a group as a program, which native code runs, or PyTorch's operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from thalweg import tree
from thalweg.bridges.torch.states import ParameterName, StateLayout
from thalweg.core.program import Symbol, finish, trace
from thalweg.core.spec import FLOAT64, Spec
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.engines.torch.library import LIBRARY
from thalweg.errors import EngineError
from thalweg.ops.elementwise.arithmetic import negative
from thalweg.optim.transformation import GradientTransformation, apply_updates

_NUMBER = Spec((), FLOAT64, weak=True)

# From numbers, or symbols for them, to a transformation.
Build = Callable[[Sequence[Any]], GradientTransformation]


class TracedStep:
    """The step of a transformation on tensors of given shapes and dtypes.

    Its inputs are numbers, the loss if there is one, parameters, gradients, the leaves of the
    state, and constants; its outputs updates or new parameters, and new leaves.

    Args:
        build: Makes the transformation from numbers.
        numbers: How many it takes, with the loss.
        layout: How its state is parted among the parameters.
        names: The parameters' names.
        params: The parameters' specs.
        leaves: Those of the leaves of the state.
        maximize: Whether gradients are negated.
        with_loss: Whether there is a loss.
        applied: Whether new parameters are wanted, not the updates that lead to them.

    Attributes:
        program: The program.
        targets: For each output, the number of the input that it replaces.
        constants: Arrays that the transformation holds.

    Raises:
        EngineError: If the state changes its structure, a shape or a dtype.
        TracingError: If the transformation asks for values.
    """

    def __init__(
        self,
        build: Build,
        numbers: int,
        layout: StateLayout,
        names: Sequence[ParameterName],
        params: Sequence[Spec],
        leaves: Sequence[Spec],
        maximize: bool,
        with_loss: bool,
        applied: bool,
    ) -> None:
        self.numbers, self.layout = numbers, layout
        self._build, self._names = build, names
        self._maximize, self._with_loss, self._applied = maximize, with_loss, applied
        count = len(params)
        given = [*[_NUMBER] * numbers, *params, *params, *leaves]
        (moved, state), current, symbols = trace(self._traced, given, _symbolic)
        after, structure = tree.flatten(state)
        if structure != layout.structure:
            raise EngineError(f"A state of structure {layout.structure} became one of {structure}.")
        outputs = [current.lift(as_tensor(leaf)) for leaf in (*moved, *after)]
        self.program = finish(current, symbols, outputs)
        self.constants = [tensor.array for tensor, _ in current.captured.values()]
        places = (*range(count), *range(2 * count, 2 * count + len(after)))
        self.targets = [numbers + place for place in places]
        first = 0 if applied else count
        for output, target in zip(outputs[first:], self.targets[first:], strict=True):
            into = given[target]
            if (output.shape, output.dtype) != (into.shape, into.dtype):
                raise EngineError(f"{output.spec} is to take the place of {into}.")

    def _traced(self, *leaves: Tensor) -> Any:
        count = len(self._names)
        numbers, rest = list(leaves[: self.numbers]), leaves[self.numbers :]
        extra = {"value": numbers.pop()} if self._with_loss else {}
        transformation = self._build(numbers)
        gradients = [negative(g) if self._maximize else g for g in rest[count : 2 * count]]
        params = dict(zip(self._names, rest[:count], strict=True))
        state = tree.unflatten(self.layout.structure, rest[2 * count :])
        updates, after = transformation.update(
            dict(zip(self._names, gradients, strict=True)), state, params, **extra
        )
        found = apply_updates(params, updates) if self._applied else updates
        if any(found[name] is None for name in self._names):
            raise EngineError("There is no update of a parameter.")
        return [found[name] for name in self._names], after


def spec_of_torch(tensor: Any) -> Spec:
    """Return the shape and dtype of one of PyTorch's tensors.

    Raises:
        EngineError: If it is something else.
    """
    if not isinstance(tensor, torch.Tensor):
        raise EngineError(f"A state holds {tensor!r}, which is no tensor.")
    held = LIBRARY.wrap(tensor)
    return Spec(held.shape, held.dtype)


def _symbolic(symbol: Symbol) -> Tensor:
    return make(symbol, None, symbol.spec.weak)
