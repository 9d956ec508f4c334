"""Adadelta."""

from __future__ import annotations

from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.optimizers.adaptive.adadelta import scale_by_adadelta
from thalweg.optim.schedules.decays import constant_schedule
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names
from thalweg.torch.optim.optimizer.groups import plain_number

__all__ = ["Adadelta"]


class Adadelta(Descent):
    """Adadelta; PyTorch's arguments and numbers.

        v ← rho · v + (1 − rho) g²
        u = √(x + eps) / √(v + eps) · g
        x ← rho · x + (1 − rho) u²
        p ← p − lr · u

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        rho: The share of the averages kept each step, in [0, 1].
        eps: Added under both roots, in [0, ∞).
        weight_decay: The pull towards zero, in [0, ∞).
        foreach: Means nothing here; nor does `capturable`.
        capturable: See `foreach`.
        maximize: Whether to climb instead.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012. arXiv:1212.5701

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.Adadelta([p], rho=0.75, eps=1e-4)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 4)
        0.98
    """

    state_names = names(count="step", e_g="square_avg", e_x="acc_delta")
    first = "lr rho eps weight_decay maximize capturable"

    def __init__(
        self,
        params: Any,
        lr: Number = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(params, locals())

    def _check(self, options: Options) -> None:
        super()._check(options)
        rho = options["rho"]
        if not 0.0 <= plain_number("rho", rho) <= 1.0:
            raise ArgumentError(f"Invalid rho value: {rho}. Give a number in [0, 1].")

    def _rule(self, options: Options) -> Links:
        return [scale_by_adadelta(options["rho"], options["eps"])]

    def _rate(self, options: Options) -> Any:
        return constant_schedule(options["lr"])
