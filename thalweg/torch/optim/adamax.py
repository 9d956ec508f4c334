"""Adam in the infinity norm."""

from __future__ import annotations

from typing import Any

from thalweg.optim.optimizers.adaptive.adam import scale_by_adamax
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names

__all__ = ["Adamax"]


class Adamax(Descent):
    """Adam in the infinity norm; PyTorch's arguments and numbers, as for `Adam`.

        m ← β₁ m + (1 − β₁) g           v ← max(β₂ v, |g| + eps)
        p ← p − lr / (1 − β₁ᵗ) · m / v

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 2.
        arXiv:1412.6980

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.Adamax([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> [round(x, 6) for x in p.tolist()]
        [0.75, -1.75]
    """

    state_names = names(count="step", mu="exp_avg", nu="exp_inf")

    def __init__(
        self,
        params: Any,
        lr: Number = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        super().__init__(params, locals())

    def _rule(self, options: Options) -> Links:
        b1, b2 = options["betas"]
        return [scale_by_adamax(b1, b2, options["eps"])]
