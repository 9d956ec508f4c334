"""Optimizer: a gradient transformation attached to parameters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar, overload

from thalweg.autodiff.modes import enable_grad
from thalweg.core.tape import SparseDerivative
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, GradientError
from thalweg.optim.transformation import GradientTransformation, as_transformation
from thalweg.torch.optim.optimizer import saving
from thalweg.torch.optim.optimizer.groups import (
    Group,
    as_groups,
    check_together,
    fill_group,
    plain_number,
)
from thalweg.torch.optim.optimizer.hooks import HookedOptimizer
from thalweg.torch.optim.optimizer.step import Runner

__all__ = ["Optimizer"]


Closure = Callable[[], Any]
Result = TypeVar("Result")


class Optimizer(HookedOptimizer):
    """Any gradient transformation, attached to parameters that it updates in place.

    The transformation's numbers are options of each parameter group, read at every step; a
    learning rate goes by the name of `lr`. The transformation sees the parameters of a group that
    have gradients together, as a dict by name or position. A class of one's own passes a dict of
    options instead and overrides `transformation`, or `step`.

    Args:
        params: Tensors that require gradients, pairs of a name and a tensor, or dicts: groups of
            them with options of their own.
        transformation: A gradient transformation; or the options' defaults, in a subclass.

    Attributes:
        param_groups: The groups, dicts of parameters and options.
        state: What is remembered of each parameter, a dict by name.
        defaults: The options of groups that do not state them.

    Raises:
        CallError: If `params` is no iterable of tensors or dicts.
        ArgumentError: If there are no parameters, or one is not a leaf, or given twice.

    Example:
        >>> import thalweg as tw
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([1.0, -2.0], requires_grad=True)
        >>> clipped = tw.optim.chain(tw.optim.clip_by_global_norm(1.0), tw.optim.sgd(0.5))
        >>> optimizer = torch.optim.Optimizer([p], clipped)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> [round(x, 4) for x in p.tolist()]
        [0.7764, -1.5528]
    """

    # Keys of the state by the field names of the transformation's state, in their order.
    state_names: Mapping[str, str] = MappingProxyType({})
    # Fields of the transformation's state that are not kept: 1 once there is a state.
    implied: frozenset[str] = frozenset()

    def __init__(self, params: Any, transformation: Any) -> None:
        super().__init__()
        self._recipe: GradientTransformation | None = None
        if isinstance(transformation, Mapping):
            self.defaults: dict[str, Any] = dict(transformation)
        else:
            self._recipe = as_transformation(transformation)
            self.defaults = _options(self._recipe)
        if "lr" in self.defaults and isinstance(self.defaults["lr"], Tensor):
            plain_number("lr", self.defaults["lr"])
        self.state: Any = defaultdict(dict)
        self.param_groups: list[Group] = []
        self._runners: dict[int, Runner] = {}
        for group in as_groups(params):
            self.add_param_group(dict(group) if isinstance(group, dict) else group)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return the gradient transformation that steps apply, made with a group's options.

        Args:
            options: The numbers and flags of a group, by name.
        """
        if self._recipe is None:
            raise ArgumentError(
                f"{type(self).__name__} was given options alone, and no rule to apply. Override "
                "transformation(options), or step(closure)."
            )
        return self._recipe.rebuild(list(options.values()))

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters.

        Args:
            param_group: `params`, and options that differ from the defaults.

        Raises:
            CallError: If it is no dict of tensors.
            ArgumentError: If a parameter is not a leaf, in another group, or without a name where
                others have one.
        """
        group = fill_group(param_group, self.defaults, bool(self.defaults.get("differentiable")))
        check_together(self.param_groups, group)
        self._check_group(group)
        self.param_groups.append(group)

    def _check_group(self, group: Group) -> None:
        """Refuse parameters that the rule cannot update; a subclass's choice."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or set them to zero."""
        for group in self.param_groups:
            for param in group["params"]:
                grad: Any = param.grad
                if set_to_none:
                    param.grad = None
                elif isinstance(grad, SparseDerivative):
                    grad.zero_()  # type: ignore[attr-defined]
                elif grad is not None:
                    param.grad = grad.detach() * 0

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], Result]) -> Result: ...
    def step(self, closure: Closure | None = None) -> Any:
        """Update all parameters that have a gradient.

        Args:
            closure: Computes the loss anew and its gradients; it runs first.

        Returns:
            What the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for position, group in enumerate(self.param_groups):
            self._runner(position, group).step(group, self.state)
        return loss

    def takes_rows(self, options: Mapping[str, Any]) -> bool:
        """Tell whether a sparse gradient moves its own rows alone; if not, it is made dense.

        Args:
            options: The numbers and flags of a group, by name.

        Raises:
            GradientError: If the rule takes no sparse gradients.
        """
        raise GradientError(
            f"{type(self).__name__} does not support sparse gradients. Use SGD, Adagrad or "
            "SparseAdam, or leave sparse=True out."
        )

    def begin_state(self, position: int) -> None:
        """Fill in the state of a group's parameters before their first step."""
        group = self.param_groups[position]
        self._runner(position, group).begin(group, self.state)

    def _runner(self, position: int, group: Group) -> Runner:
        """Return what steps a group; traced programs are kept while numbers alone change."""
        before = self._runners.get(position)
        if before is not None and before.lasting and before.values == before.read(group):
            return before
        options = {name: group[name] for name in self.defaults}
        kept = self.state_names, self.implied
        rules = self.transformation, self.takes_rows
        found = Runner(rules, kept, self.together, options, before)
        self._runners[position] = found
        return found

    @property
    def together(self) -> bool:
        """Whether the rule sees all parameters of a group at once, not each alone."""
        return self._recipe is not None

    # ---- saving

    def state_dict(self) -> saving.StateDict:
        """Return the state and the groups as a dict; its tensors are the optimizer's own.

        Returns:
            `{"state": {position: {name: value}}, "param_groups": [{"params": [position, …], …}]}`
        """
        for hook in self._before_saving.values():
            hook(self)
        saved = saving.pack(self.state, self.param_groups)
        return saving.through(self._after_saving.values(), self, saved)

    def load_state_dict(self, state_dict: saving.StateDict) -> None:
        """Take the state and the groups' options from a dict; parameters match by position.

        Raises:
            ArgumentError: If it was saved with another number of groups or parameters.
        """
        state_dict = saving.through(self._before_loading.values(), self, dict(state_dict))
        self.state, self.param_groups = saving.unpack(state_dict, self.param_groups)
        self._runners.clear()
        for hook in self._after_loading.values():
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        passing = ("_before", "_after", "_inside", "_runners")
        return {k: v for k, v in self.__dict__.items() if not k.startswith(passing)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._forget_hooks()
        self._runners = {}
        self.__dict__.update(state)

    def __repr__(self) -> str:
        shown = []
        for i, group in enumerate(self.param_groups):
            options = [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
            shown.append("\n".join([f"Parameter Group {i}", *options, ""]))
        return f"{type(self).__name__} (\n" + "\n".join(shown) + ")"


def _options(recipe: GradientTransformation) -> dict[str, Any]:
    """Return the hyperparameters of a transformation; the one learning rate is called lr."""
    numbers = recipe.hyperparameters
    rates = [name for name in numbers if name.rpartition(".")[2] == "learning_rate"]
    if len(rates) != 1:
        return numbers
    return {"lr" if name == rates[0] else name: value for name, value in numbers.items()}
