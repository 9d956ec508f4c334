"""A weight as a direction times a length, by a hook before each call.

Source: Salimans and Kingma (2016), Weight normalization.
"""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from thalweg.errors import ArgumentError, StateError
from thalweg.lines import level_of_user
from thalweg.torch.functions.matrices.lengths import norm_except_dim
from thalweg.torch.nn.hooks import Computing, pre_hooks_of, remove_pre_hook
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.parameter import Parameter
from thalweg.torch.tensors import TorchTensor

__all__ = ["remove_weight_norm", "weight_norm"]

Normed = TypeVar("Normed", bound=Module)


def of_direction(v: Any, g: Any, dim: int) -> TorchTensor:
    """Return v · g / ‖v‖, the norm being that of each slice along a dimension; of all for -1."""
    found: TorchTensor = v * (g / norm_except_dim(v, 2, dim))
    return found


class WeightNorm(Computing):
    """The hook that computes a module's weight from `weight_g` and `weight_v`.

    Args:
        name: The weight's name.
        dim: The dimension along which each slice has a length of its own; -1 for one length.
    """

    def __init__(self, name: str, dim: int) -> None:
        self.name, self.dim = name, dim

    @property
    def attribute(self) -> str:
        """The weight's name."""
        return self.name

    def computed(self, module: Module) -> TorchTensor:
        """Return the weight."""
        g, v = (getattr(module, f"{self.name}_{part}") for part in "gv")
        return of_direction(v, g, self.dim)

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.computed(module))

    def remove(self, module: Module) -> None:
        """Let the weight be a parameter again, with its present value."""
        weight = self.computed(module)
        for name in (self.name, f"{self.name}_g", f"{self.name}_v"):
            delattr(module, name)
        setattr(module, self.name, Parameter(weight.detach()))


def weight_norm(module: Normed, name: str = "weight", dim: int | None = 0) -> Normed:
    """Replace a weight by a length `weight_g` and a direction `weight_v`: w = g v / ‖v‖.

    PyTorch's older way, which warns; `parametrizations.weight_norm` is the newer one.

    Args:
        module: Whose weight it is.
        name: Its name.
        dim: The dimension along which each slice has a length of its own; None for one length.

    Raises:
        StateError: If the weight is normalized already.

    Example:
        >>> import warnings
        >>> from thalweg.torch import nn
        >>> with warnings.catch_warnings(action="ignore"):
        ...     layer = nn.utils.weight_norm(nn.Linear(3, 2))
        >>> list(layer.state_dict())
        ['bias', 'weight_g', 'weight_v']
    """
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of "
        "`torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=level_of_user(),
    )
    if any(hook.name == name for hook in pre_hooks_of(module, WeightNorm)):
        raise StateError(
            f"Cannot register two weight_norm hooks on the same parameter {name}. Remove the "
            "first with remove_weight_norm."
        )
    hook = WeightNorm(name, -1 if dim is None else dim)
    weight = getattr(module, name).detach()
    del module._parameters[name]
    module.register_parameter(f"{name}_g", Parameter(norm_except_dim(weight, 2, hook.dim)))
    module.register_parameter(f"{name}_v", Parameter(weight))
    setattr(module, name, hook.computed(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Normed, name: str = "weight") -> Normed:
    """Let a weight that `weight_norm` replaced be a parameter again.

    Raises:
        ArgumentError: If there is none.
    """
    for hook in pre_hooks_of(module, WeightNorm):
        if hook.name == name:
            hook.remove(module)
            remove_pre_hook(module, hook)
            return module
    raise ArgumentError(f"weight_norm of '{name}' not found in {module}")
