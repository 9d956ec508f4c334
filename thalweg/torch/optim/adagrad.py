"""Adagrad."""

from __future__ import annotations

from typing import Any

from thalweg.errors import GradientError
from thalweg.optim.optimizers.adaptive.adagrad import scale_by_rss
from thalweg.optim.schedules.decays import inverse_decay
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names
from thalweg.torch.optim.optimizer.groups import Group, is_zero

__all__ = ["Adagrad"]


class Adagrad(Descent):
    """Adagrad; PyTorch's arguments and numbers.

        s ← s + g²
        p ← p − lr / (1 + (t − 1) lr_decay) · g / (√s + eps)

    The sums are there from the beginning: `state[p]["sum"]`. A sparse gradient moves its own rows.

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        lr_decay: How fast the rate falls, in [0, ∞).
        weight_decay: The pull towards zero, in [0, ∞).
        initial_accumulator_value: The sum before the first step, in [0, ∞).
        eps: Added to the root, in [0, ∞).
        foreach: Means nothing here; nor does `fused`.
        maximize: Whether to climb instead.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.
        fused: See `foreach`.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization", 2011.

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.Adagrad([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 6)
        0.75
    """

    state_names = names(count="step", sum_of_squares="sum")
    first = "lr lr_decay eps"

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(params, locals())

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters, and their sums; errors as for `Optimizer`."""
        super().add_param_group(param_group)
        self.begin_state(len(self.param_groups) - 1)

    def takes_rows(self, options: Options) -> bool:
        """Tell that sparse gradients move their own rows alone, where weights do not decay."""
        if not is_zero(options["weight_decay"]):
            raise GradientError(
                "weight_decay option is not compatible with sparse gradients. Leave weight_decay "
                "out, or sparse=True."
            )
        return True

    def _rule(self, options: Options) -> Links:
        initial = options["initial_accumulator_value"]
        return [scale_by_rss(initial, options["eps"], eps_in_sqrt=False)]

    def _rate(self, options: Options) -> Any:
        return inverse_decay(options["lr"], options["lr_decay"])
