"""TransformationOptimizer: a gradient transformation as one of PyTorch's optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from thalweg.bridges.torch.closures import Closure
from thalweg.bridges.torch.options import MAXIMIZE, Group, GroupOptions
from thalweg.bridges.torch.purity import refuse_numbers_in_state
from thalweg.bridges.torch.states import State
from thalweg.bridges.torch.steps import Active, GroupSteps
from thalweg.errors import ArgumentError
from thalweg.optim.transformation import as_transformation


class TransformationOptimizer(torch.optim.Optimizer):
    """Any gradient transformation as a `torch.optim.Optimizer` over PyTorch's parameters.

    The numbers of the transformation are options of each parameter group, read at every step:
    the learning rate as `lr`, b1 and b2 as `betas`, others by the names of their arguments, so
    that PyTorch's schedulers change them. Where there is not exactly one learning rate that is a
    number, `lr` is a factor of the updates, 1 at first. The transformation sees the
    parameters of a group that have gradients together, as a dict by name, or by position where
    they have none; so a global norm is that of the group. Complex parameters are seen as pairs
    of real numbers, as in PyTorch.

    The state is kept as tensors in `state[p]`, under the names of the transformation's fields;
    what belongs to all parameters of a group, such as a count of steps, is there with each one.

    On the CPU, the step of a group is one native program that works in the memory of the tensors,
    with as many threads as `torch.get_num_threads()`. Where tensors are elsewhere, of another
    dtype than float32 or float64, not contiguous, or overlap, PyTorch's operations make it.

    Args:
        params: Tensors that require gradients, pairs of a name and a tensor, or dicts: groups of
            them with options of their own.
        transformation: A gradient transformation, or anything with `init` and `update`.
        maximize: Whether steps climb: gradients are negated.
        options: Numbers that differ from the transformation's, such as `lr`.

    Attributes:
        transformation: The transformation, with the numbers it was given with.

    Raises:
        TypeError: If `params` is no iterable of tensors or dicts.
        ValueError: If there are no parameters, one is not a leaf or given twice, a number is
            outside its range, or an option is unknown.

    Example:
        >>> import torch, thalweg as tw
        >>> from thalweg.bridges.torch import Optimizer
        >>> p = torch.tensor([1.0, -2.0], requires_grad=True)
        >>> clipped = tw.optim.chain(tw.optim.clip_by_global_norm(1.0), tw.optim.sgd(0.5))
        >>> optimizer = Optimizer([p], clipped)
        >>> schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> p.detach()
        tensor([ 0.7764, -1.5528])
        >>> schedule.step()
        >>> optimizer.param_groups[0]["lr"]
        0.25
    """

    def __init__(
        self, params: Any, transformation: Any, *, maximize: bool = False, **options: Any
    ) -> None:
        self.transformation = as_transformation(transformation)
        refuse_numbers_in_state(self.transformation)
        self._options = GroupOptions(self.transformation, options | {MAXIMIZE: maximize})
        self._steps: dict[int, GroupSteps] = {}
        super().__init__(params, dict(self._options.defaults))

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters.

        Args:
            param_group: `params`, and options that differ from the defaults.

        Raises:
            TypeError: If it is no dict of tensors.
            ValueError: If a parameter is no leaf or in another group, two have one name, or a
                number is outside its range.
        """
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            self._options.check(group)
            _check_names(group.get("param_names", ()))
            _check_written(group["params"])
        except Exception:
            self.param_groups.pop()
            raise

    def step(self, closure: Closure | None = None) -> Any:
        """Update all parameters that have a gradient.

        Args:
            closure: Computes the loss anew and its gradients; it runs first. Transformations that
                want the loss get it as `value`; line searches run the closure at other values.

        Returns:
            What the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for position, group in enumerate(self.param_groups):
                active = Active(group, self.state)
                if active.params:
                    self._steps_of(position).step(group, active, loss, closure)
        return loss

    def _steps_of(self, position: int) -> GroupSteps:
        if position not in self._steps:
            self._steps[position] = GroupSteps(self._options)
        return self._steps[position]

    # ---- saving

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the state and the groups' options from a dict; parameters match by position.

        Floating state takes the dtype that this optimizer keeps for its parameters, counts stay
        integers; everything is copied.

        Raises:
            ValueError: If it was saved with another number of groups or of parameters, or of an
                optimizer that remembers something else.
        """
        found: dict[Any, State] = {}
        # After the hooks of the user's that come before, and ahead of those that come after.
        before = self.register_load_state_dict_pre_hook(
            lambda _, given: found.update(self._states_of(given))
        )
        after = self.register_load_state_dict_post_hook(lambda _: self._take(found), prepend=True)
        try:
            super().load_state_dict(state_dict)
        finally:
            before.remove()
            after.remove()

    def _states_of(self, saved: dict[str, Any]) -> dict[Any, State]:
        """Return the state of each parameter of which something was saved, in the right dtypes."""
        found: dict[Any, State] = {}
        # Where the groups do not fit, PyTorch says so.
        groups = zip(saved["param_groups"], self.param_groups, strict=False)
        for position, (theirs, ours) in enumerate(groups):
            states = [saved["state"].get(index, {}) for index in theirs["params"]]
            if any(states) and len(states) == len(ours["params"]):
                active = Active(ours, {}, [bool(state) for state in states])
                steps = self._steps_of(position)
                found |= steps.restored(ours, active, [state for state in states if state])
        return found

    def _take(self, states: dict[Any, State]) -> None:
        """Take states, and give groups what was not saved of them."""
        self.state.update(states)
        for group in self.param_groups:
            for name, value in self._options.defaults.items():
                group.setdefault(name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "transformation": self.transformation}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._options = GroupOptions(self.transformation, {})
        self._steps = {}

    def __repr__(self) -> str:
        name = type(self).__name__
        _, _, groups = super().__repr__().partition(" (")
        shown = "Optimizer" if type(self) is TransformationOptimizer else name
        return f"{shown} of {self.transformation} ({groups}"


def _check_names(names: Sequence[str]) -> None:
    """Accept names of a group's parameters, by which its transformation knows them apart.

    Raises:
        ArgumentError: If two have the same.
    """
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        raise ArgumentError(
            f"Several parameters of a group have the name {', '.join(map(repr, repeated))}. Give "
            "each a name of its own, as model.named_parameters() does."
        )


def _check_written(params: Sequence[Any]) -> None:
    """Accept parameters whose real and imaginary parts can be written.

    Raises:
        ArgumentError: If one is conjugated lazily.
    """
    if any(param.is_conj() for param in params):
        raise ArgumentError(
            "A parameter is a view of conjugated numbers, which has none of its own to be written. "
            "Give torch.nn.Parameter(x.resolve_conj())."
        )
