"""How a group of parameters takes a step: its options read, its rule traced, its memory written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from thalweg import tree
from thalweg.autodiff.modes import enable_grad
from thalweg.core.memory import memory_of
from thalweg.core.tensor import Tensor
from thalweg.core.writing import operand, overwrite
from thalweg.errors import ShapeError
from thalweg.optim.stateful.groups import Group
from thalweg.optim.stateful.options import joined, split
from thalweg.optim.stateful.update import Place, Update
from thalweg.optim.transformation import GradientTransformation, apply_updates

if TYPE_CHECKING:
    from thalweg.optim.stateful.optimizer import Optimizer


def touched(param: Tensor) -> None:
    """Note that a parameter's memory was written, so that a tape that needs the old refuses."""
    memory_of(param).written("")


def written(param: Tensor, value: Tensor) -> None:
    """Give a parameter's memory new values."""
    param.array[...] = value.array
    touched(param)


class Runner:
    """What the options of a group amount to, until they change.

    Args:
        optimizer: Whose rule it is.
        options: The group's options.
        before: What they amounted to before; its programs stay if numbers alone have changed.
    """

    def __init__(
        self, optimizer: Optimizer, options: Mapping[str, Any], before: Runner | None
    ) -> None:
        self.read = _reader(tuple(options))
        self.values = self.read(options)
        # The number in a tensor may change while the tensor stays.
        self.lasting = not any(map(_holds_array, self.values))
        self._key, self._numbers = split(options)
        self._rule = optimizer.transformation
        self._options = joined(options, iter(self._numbers))
        self._names, self._implied = optimizer.state_names, optimizer.implied
        kept = before is not None and before._key == self._key
        self._updates: dict[Any, Update] = before._updates if before and kept else {}
        self._given = dict(options)
        self.step = self._step_together if optimizer.together else self._step_each
        if options.get("differentiable"):
            self.step = self._step_recorded

    def _step_each(self, group: Group, states: Any) -> None:
        numbers, updates = self._numbers, self._updates
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            data, g = param.array, grad.array
            update = updates.get((data.shape, data.dtype))
            if update is None:
                update = self._of(param)
            if g.shape != data.shape or g.dtype != data.dtype:
                g = _fitting(param)
            state = states[param]
            if update.simple:
                try:
                    kept = [state[key].array for key in update.keys]
                except KeyError:
                    update.begin(numbers, [param], [state])
                    kept = [state[key].array for key in update.keys]
                update.run(numbers, [data, g, *kept])
            else:
                update.run_on(numbers, [param], [state])
            touched(param)

    def _step_recorded(self, group: Group, states: Any) -> None:
        """Make each step in recorded operations, through which derivatives pass."""
        rule = self._rule(self._given)
        for param in group["params"]:
            if param.grad is None:
                continue
            update, state = self._of(param), states[param]
            begun = update.begin(self._numbers, [param], [state])
            before = tree.unflatten(update.structure, update.leaves(state, begun))
            with enable_grad():
                # The value that the parameter had stays part of the history of the new one.
                old = operand(param)
                updates, after = rule.update(param.grad, before, old)
                overwrite(param, apply_updates(old, updates))
            update.keep(state, tree.leaves(after))

    def begin(self, group: Group, states: Any) -> None:
        """Fill in the states of parameters that are stepped alone."""
        for param in group["params"]:
            self._of(param).begin(self._numbers, [param], [states[param]])

    def _of(self, param: Tensor) -> Update:
        key = (param.array.shape, param.array.dtype)
        update = self._updates.get(key)
        if update is None:
            update = self._updates[key] = self._traced([param], None)
        return update

    def _step_together(self, group: Group, states: Any) -> None:
        names = group.get("param_names") or range(len(group["params"]))
        active = [
            (Place(name), param)
            for name, param in zip(names, group["params"], strict=True)
            if param.grad is not None
        ]
        if not active:
            return
        places, params = zip(*active, strict=True)
        for param in params:
            if param.grad.shape != param.shape or param.grad.dtype != param.dtype:
                _fitting(param)
        key = (places, tuple((param.shape, param.dtype) for param in params))
        update = self._updates.get(key)
        if update is None:
            update = self._updates[key] = self._traced(list(params), list(places))
        update.run_on(self._numbers, params, [states[param] for param in params])
        for param in params:
            touched(param)

    def _traced(self, params: list[Tensor], places: list[Place] | None) -> Update:
        def build(numbers: Iterator[Any]) -> GradientTransformation:
            return self._rule(joined(self._options, numbers))

        count = len(self._numbers)
        return Update(build, count, params, places, self._names, self._implied)


def _reader(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return a function from a group to the tuple of its options."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda group: tuple(group[name] for name in names)


def _holds_array(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_holds_array, value))
    return hasattr(value, "dtype")


def _fitting(param: Tensor) -> Any:
    """Convert a parameter's gradient to its dtype.

    Raises:
        ShapeError: If their shapes differ.
    """
    grad = param.grad
    if grad is None or grad.shape != param.shape:
        shape = None if grad is None else grad.shape
        raise ShapeError(
            f"A parameter of shape {param.shape} has a gradient of shape {shape}. Give one number "
            "an element."
        )
    param.grad = grad.detach().to(param.dtype)
    return param.grad.array
