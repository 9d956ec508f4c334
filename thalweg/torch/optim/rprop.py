"""Resilient descent."""

from __future__ import annotations

from typing import Any

from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.comparison import maximum, minimum
from thalweg.optim.optimizers.gradient.rprop import scale_by_rprop
from thalweg.optim.schedules.decays import constant_schedule
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names

__all__ = ["Rprop"]


class Rprop(Descent):
    """Resilient descent: steps that grow while the gradient's sign stays; PyTorch's numbers.

    The rule is that of `tw.optim.scale_by_rprop`, not delayed. It reads `lr` at the first step
    only, as in PyTorch.

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The size of the first step, in [0, ∞).
        etas: The factors where the sign changed and where it stayed, below and above 1.
        step_sizes: The smallest and the largest step.
        capturable: Means nothing here; nor does `foreach`.
        foreach: See `capturable`.
        maximize: Whether to climb instead.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the
        RPROP algorithm", 1993.

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.Rprop([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> p.tolist()
        [0.75]
    """

    state_names = names(count="step", prev_updates="prev", step_sizes="step_size")
    first = "lr etas step_sizes foreach maximize differentiable"

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(params, locals())

    def _check(self, options: Options) -> None:
        super()._check(options)
        lower, upper = options["etas"]
        if not 0.0 < lower < 1.0 < upper:
            raise ArgumentError(
                f"Invalid eta values: {lower}, {upper}. Give one in (0, 1) and one above 1."
            )

    def _rule(self, options: Options) -> Links:
        smallest, largest = options["step_sizes"]
        first: Any = minimum(maximum(options["lr"], smallest), largest)
        lower, upper = options["etas"]
        return [scale_by_rprop(first, lower, upper, smallest, largest, delayed=False)]

    def _rate(self, options: Options) -> Any:
        return constant_schedule(1.0)
