"""How a group of parameters takes a step, by PyTorch's operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from thalweg import tree
from thalweg.bridges.torch.native import NativeStep
from thalweg.bridges.torch.options import MAXIMIZE, Group, Options
from thalweg.bridges.torch.purity import is_pure
from thalweg.bridges.torch.states import ParameterName, State, StateLayout
from thalweg.errors import ThalwegError
from thalweg.optim.transformation import GradientTransformation

Tensor = Any  # PyTorch's

# So many sets of parameters with gradients have a native step; others are rare.
_MOST = 16


class Active:
    """The parameters of a group that have a gradient, with their names and states.

    Args:
        group: The group.
        states: The state of each parameter.
        chosen: Which ones are meant; by default those with a gradient.
    """

    def __init__(
        self, group: Group, states: Any, chosen: Sequence[bool] | None = None
    ) -> None:
        params = group["params"]
        if chosen is None:
            chosen = [param.grad is not None for param in params]
        names = group.get("param_names") or range(len(params))
        pairs = [
            (ParameterName(name), param)
            for name, param, taken in zip(names, params, chosen, strict=True)
            if taken
        ]
        self.names = [name for name, _ in pairs]
        self.params = [param for _, param in pairs]
        self._group, self._states = group, states

    @property
    def gradients(self) -> list[Tensor]:
        """The gradient of each parameter; a sparse one as the dense one it stands for."""
        found = [param.grad for param in self.params]
        return [g if g.layout is torch.strided else g.to_dense() for g in found]

    @property
    def states(self) -> list[State]:
        """What is remembered of each parameter."""
        return [self._states[param] for param in self.params]

    @property
    def all_states(self) -> list[State]:
        """What is remembered of each parameter of the group, where there is anything."""
        params = self._group["params"]
        return [self._states[param] for param in params if param in self._states]

    @property
    def key(self) -> tuple[Any, ...]:
        """What the layout of their state depends on."""
        return tuple(self.names), tuple((p.shape, p.dtype, p.device) for p in self.params)

    def tree(self, leaves: Sequence[Any]) -> dict[ParameterName, Any]:
        """Return one leaf a parameter as the transformation sees them."""
        return dict(zip(self.names, map(_real, leaves), strict=True))


def _real(leaf: Tensor) -> Tensor:
    """Return a tensor with pairs of real numbers in place of complex ones, in its memory."""
    return torch.view_as_real(leaf.resolve_conj()) if leaf.is_complex() else leaf


class GroupSteps:
    """The steps of one group.

    Args:
        options: Where a group has the transformation's numbers.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._numbers: tuple[float, ...] | None = None
        self._made: GradientTransformation | None = None
        self._layouts: dict[Any, StateLayout] = {}
        self._native: dict[Any, NativeStep | None] = {}
        self._pure = is_pure(options.transformation)

    def step(self, group: Group, active: Active, loss: Any) -> None:
        """Update parameters and what is remembered of them."""
        gradients = active.gradients
        transformation = self._transformation(group)
        layout = self._begin(transformation, active)
        if self._natively(group, active, layout, gradients, loss):
            return
        if group[MAXIMIZE]:
            gradients = [-gradient for gradient in gradients]
        extra = {} if loss is None else {"value": loss}
        params, states = active.tree(active.params), active.states
        updates, after = transformation.update(
            active.tree(gradients), layout.gathered(states), params, **extra
        )
        tree.map_present(lambda update, param: param.add_(update), updates, params)
        layout.keep(after, states, active.all_states)

    def _natively(
        self,
        group: Group,
        active: Active,
        layout: StateLayout,
        gradients: Sequence[Tensor],
        loss: Any,
    ) -> bool:
        """Make the step in native code; tell whether it was made."""
        if torch.compiler.is_compiling():
            return False
        leaves = layout.read(active.states)
        key = active.key, group[MAXIMIZE], loss is not None, torch.get_num_threads()
        if key not in self._native:
            self._native[key] = self._compiled(active, layout, leaves, group[MAXIMIZE], loss)
        native = self._native[key]
        if native is None:
            return False
        numbers = self._numbers or ()
        if loss is not None:
            numbers = *numbers, float(loss)
        return native.run(numbers, active.params, gradients, leaves)

    def _compiled(
        self,
        active: Active,
        layout: StateLayout,
        leaves: Sequence[Any],
        maximize: bool,
        loss: Any,
    ) -> NativeStep | None:
        """Return the step compiled, None if it cannot be or was for too many others."""
        if not self._pure or len(self._native) >= _MOST:
            return None
        count = len(self._numbers or ())
        kind = layout, active.names, active.params, leaves, maximize, loss is not None
        try:
            return NativeStep(self._options.build, count, *kind)
        except (ThalwegError, TypeError, ValueError):
            # The transformation asks for values, or computes what native code cannot.
            return None

    def begun(self, group: Group, active: Active) -> list[State]:
        """Return what the transformation begins with for each parameter."""
        states: list[State] = [{} for _ in active.params]
        state = self._transformation(group).init(active.tree(active.params))
        layout = self._layouts.setdefault(active.key, StateLayout(state, active.names))
        layout.begin(state, states, states)
        return states

    def _transformation(self, group: Group) -> GradientTransformation:
        """Return the transformation with the group's numbers."""
        numbers = self._options.numbers(group)
        if self._made is None or numbers != self._numbers:
            self._made, self._numbers = self._options.build(numbers), numbers
        return self._made

    def _begin(self, transformation: GradientTransformation, active: Active) -> StateLayout:
        """Return the layout of the parameters' state, all of which is there then."""
        layout = self._layouts.get(active.key)
        if layout is None or layout.missing(active.states):
            state = transformation.init(active.tree(active.params))
            layout = self._layouts.setdefault(active.key, StateLayout(state, active.names))
            layout.begin(state, active.states, active.all_states)
        return layout
