"""How a group of parameters takes a step."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch

from thalweg import tree
from thalweg.bridges.torch.closures import Closure, value_function
from thalweg.bridges.torch.native import NativeStep
from thalweg.bridges.torch.operations import OperationsStep
from thalweg.bridges.torch.options import MAXIMIZE, Group, GroupOptions
from thalweg.bridges.torch.purity import is_pure
from thalweg.bridges.torch.states import ParameterName, State, StateLayout, restored
from thalweg.bridges.torch.traced import TracedStep, spec_of_torch
from thalweg.errors import ThalwegError

Tensor = Any  # PyTorch's

Made = TypeVar("Made")

# So many sets of parameters with gradients have a native step; others are rare.
_MOST = 16


class Active:
    """The parameters of a group that have a gradient, with their names and states.

    Args:
        group: The group.
        states: The state of each parameter.
        chosen: Which ones are meant; by default those with a gradient.
    """

    def __init__(self, group: Group, states: Any, chosen: Sequence[bool] | None = None) -> None:
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
        return self.shown([g if g.layout is torch.strided else g.to_dense() for g in found])

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
        """Return one leaf a parameter as the tree that the transformation sees."""
        return dict(zip(self.names, leaves, strict=True))

    @staticmethod
    def shown(tensors: Sequence[Tensor]) -> list[Tensor]:
        """Return tensors as the transformation sees them: complex numbers as pairs."""
        return [_real(tensor) for tensor in tensors]


def _real(leaf: Tensor) -> Tensor:
    """Return a tensor with pairs of real numbers in place of complex ones, in its memory."""
    return torch.view_as_real(leaf.resolve_conj()) if leaf.is_complex() else leaf


class GroupSteps:
    """The steps of one group.

    Args:
        options: Where a group has the transformation's numbers.
    """

    def __init__(self, options: GroupOptions) -> None:
        self._options = options
        self._layouts: dict[Any, StateLayout] = {}
        self._ways: dict[Any, _Ways] = {}
        self._pure = is_pure(options.transformation)

    def step(self, group: Group, active: Active, loss: Any, closure: Closure | None) -> None:
        """Update parameters and what is remembered of them.

        Args:
            group: The group.
            active: Its parameters that have a gradient.
            loss: What the closure returned, or None.
            closure: Computes the loss and its gradients anew, for transformations that search.
        """
        numbers, loss = self._options.numbers(group), _number_or_none(loss)
        layout = self._begin(numbers, active)
        params, gradients = active.shown(active.params), active.gradients
        leaves = layout.read(active.states)
        ways = self._ways_of(group, active, layout, leaves, loss)
        given = numbers if loss is None else (*numbers, float(loss))
        if ways.native is not None and ways.native.run(given, params, gradients, leaves):
            return
        if ways.operations is not None:
            after = ways.operations.run(given, params, gradients, leaves)
        else:
            given_too = {} if loss is None else {"value": loss}
            after = self._directly(group, active, layout, leaves, given_too, closure)
        layout.keep(after, active.states, active.all_states)

    def _ways_of(
        self, group: Group, active: Active, layout: StateLayout, leaves: Sequence[Any], loss: Any
    ) -> _Ways:
        """Return how the step of these parameters is made."""
        maximize = group[MAXIMIZE]
        key = active.key, maximize, loss is not None, torch.get_num_threads()
        found = self._ways.get(key)
        if found is not None:
            return found
        if not self._pure or len(self._ways) >= _MOST or torch.compiler.is_compiling():
            return _NO_WAYS
        count = len(self._options.numbers(group)) + (loss is not None)
        params, build = active.shown(active.params), self._options.build
        specs = _tried(lambda: list(map(spec_of_torch, (*params, *leaves))))
        if specs is None:
            return self._ways.setdefault(key, _NO_WAYS)
        of_params, of_leaves = specs[: len(params)], specs[len(params) :]
        given = layout, active.names, of_params, of_leaves, maximize, loss is not None
        made = _Ways(lambda applied: TracedStep(build, count, *given, applied), params, leaves)
        return self._ways.setdefault(key, made)

    def _directly(
        self,
        group: Group,
        active: Active,
        layout: StateLayout,
        leaves: Sequence[Any],
        extra: dict[str, Any],
        closure: Closure | None,
    ) -> list[Any]:
        """Make the step as the transformation is written; return the leaves of the new state."""
        gradients = active.gradients
        if group[MAXIMIZE]:
            gradients = [-gradient for gradient in gradients]
        shown, wanted = active.shown(active.params), active.tree(gradients)
        if closure is not None:
            loss_of = value_function(closure, active.names, active.params, shown)
            extra = {"grad": wanted, "value_fn": loss_of, **extra}
        params, state = active.tree(shown), tree.unflatten(layout.structure, leaves)
        transformation = self._options.build(self._options.numbers(group))
        updates, after = transformation.update(wanted, state, params, **extra)
        tree.map_present(lambda update, param: param.add_(update), updates, params)
        return tree.leaves(after)

    def restored(self, group: Group, active: Active, saved: Sequence[State]) -> dict[Any, State]:
        """Return what was saved of parameters, in the dtypes that their state has of itself.

        Args:
            group: The group.
            active: The parameters of which something was saved.
            saved: What was.

        Raises:
            ArgumentError: If it is the state of another transformation.
        """
        begun: list[State] = [{} for _ in active.params]
        state = self._options.build(self._options.numbers(group)).init(
            active.tree(active.shown(active.params))
        )
        layout = self._layouts.setdefault(active.key, StateLayout(state, active.names))
        layout.begin(state, begun, begun)
        triples = zip(saved, begun, active.params, strict=True)
        found = [restored(old, fresh, param.device) for old, fresh, param in triples]
        # What belongs to all is one tensor again.
        layout.begin(state, found, found)
        return dict(zip(active.params, found, strict=True))

    def _begin(self, numbers: Sequence[float], active: Active) -> StateLayout:
        """Return the layout of the parameters' state, all of which is there then."""
        layout = self._layouts.get(active.key)
        if layout is None or layout.missing(active.states):
            shown = active.tree(active.shown(active.params))
            state = self._options.build(numbers).init(shown)
            layout = self._layouts.setdefault(active.key, StateLayout(state, active.names))
            layout.begin(state, active.states, active.all_states)
        return layout


class _Ways:
    """How a step may be made: by native code, or else by PyTorch's operations.

    Args:
        traced: Returns the step as a program, with the updates applied or without; None if it
            cannot be one.
        params: The parameters.
        leaves: The leaves of the state.
    """

    def __init__(
        self,
        traced: Callable[[bool], TracedStep] | None,
        params: Sequence[Tensor] = (),
        leaves: Sequence[Tensor] = (),
    ) -> None:
        self._traced = traced
        # Nothing that would keep a state alive.
        self._like = params[0].new_empty(0) if params else None
        self.native = traced and _tried(lambda: NativeStep(traced(True), params, leaves))

    @functools.cached_property
    def operations(self) -> OperationsStep | None:
        """The step as PyTorch's operations."""
        traced = self._traced
        return traced and _tried(lambda: OperationsStep(traced(False), self._like))


def _tried(make: Callable[[], Made]) -> Made | None:
    """Return what is made; None if a transformation asks for values, or for what is lacking."""
    try:
        return make()
    except (ThalwegError, TypeError, ValueError):
        return None


def _number_or_none(loss: Any) -> Any:
    """Return a loss that is one number; None of anything else that closures return."""
    if isinstance(loss, torch.Tensor):
        return loss.detach() if loss.numel() == 1 and not loss.is_complex() else None
    return loss if isinstance(loss, (int, float)) else None


_NO_WAYS = _Ways(None)
