"""The step of a group as native code, in the memory of its tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from thalweg.bridges.torch.memory import Lying, overlaps
from thalweg.bridges.torch.traced import TracedStep
from thalweg.engines.located import Located
from thalweg.errors import EngineError


class NativeStep:
    """A traced step compiled.

    Args:
        traced: The step.
        params: The parameters.
        leaves: The leaves of the state.

    Raises:
        EngineError: If native code cannot make it, or a tensor does not lie in plain memory.
    """

    def __init__(self, traced: TracedStep, params: Sequence[Any], leaves: Sequence[Any]) -> None:
        count, first = len(params), traced.numbers
        of_params, of_leaves = list(map(Lying, params)), list(map(Lying, leaves))
        self._lying = [*of_params, *of_params, *of_leaves]
        self._sizes = [lying.nbytes for lying in self._lying]
        self._written = [True] * count + [False] * count + [True] * len(of_leaves)
        for array in traced.constants:
            if not (array.flags.c_contiguous and array.flags.aligned):
                raise EngineError("A constant does not lie in memory row by row.")
        self._constants = [array.ctypes.data for array in traced.constants]
        self._located = Located(traced.program, traced.targets, torch.get_num_threads())
        self._check_orders(self._located.families[first:])
        self._scalars = np.zeros(first)
        self._numbers = [self._scalars.ctypes.data + 8 * i for i in range(first)]
        self._held = traced.constants
        # Where everything was when it was last looked at.
        self._apart: list[int] = []

    def _check_orders(self, families: Sequence[int | None]) -> None:
        """Accept tensors that do not lie row by row where nothing depends on that.

        Raises:
            EngineError: If something does.
        """
        given = [*(lying.strides for lying in self._lying), *[None] * len(self._constants)]
        orders: dict[int | None, set[Any]] = {}
        for family, strides in zip(families, given, strict=True):
            orders.setdefault(family, set()).add(strides)
        if orders.pop(None, {None}) != {None} or any(len(found) > 1 for found in orders.values()):
            raise EngineError("A tensor does not lie in memory row by row.")

    def run(
        self,
        numbers: Sequence[float],
        params: Sequence[Any],
        gradients: Sequence[Any],
        leaves: Sequence[Any],
    ) -> bool:
        """Make the step; tell whether it could be made, where the tensors are now.

        Args:
            numbers: The transformation's, and the loss if there is one.
            params: The parameters, which are changed.
            gradients: Their gradients.
            leaves: The leaves of the state, which are changed.
        """
        held = (*params, *gradients, *leaves)
        places = [lying.address(tensor) for lying, tensor in zip(self._lying, held, strict=True)]
        if places != self._apart:
            if 0 in places or overlaps(places, self._sizes, self._written):
                return False
            self._apart = places
        self._scalars[:] = numbers
        self._located.run([*self._numbers, *places, *self._constants], held)
        tracked = [tensor for tensor in (*params, *leaves) if not tensor.is_inference()]
        torch.autograd.graph.increment_version(tracked)
        return True
