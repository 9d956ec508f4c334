"""Adam, with AMSGrad's denominator if wanted."""

from __future__ import annotations

from typing import Any

from thalweg.errors import GradientError
from thalweg.optim.optimizers.adaptive.adam import scale_by_adam, scale_by_amsgrad
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names

__all__ = ["Adam"]


MOMENTS = names(count="step", mu="exp_avg", nu="exp_avg_sq", nu_max="max_exp_avg_sq")


class Adam(Descent):
    """Adam; PyTorch's arguments and numbers.

        g ← g + weight_decay · p
        m ← β₁ m + (1 − β₁) g           v ← β₂ v + (1 − β₂) g²
        p ← p − lr · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + eps)

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        betas: The shares of the two moments kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        weight_decay: The pull towards zero, in [0, ∞).
        amsgrad: Whether the denominator never shrinks.
        foreach: Means nothing here; nor do `capturable` and `fused`.
        maximize: Whether to climb instead.
        capturable: See `foreach`.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.
        fused: See `foreach`.
        decoupled_weight_decay: Whether weights decay beside the rule, as in AdamW.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015. arXiv:1412.6980

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.Adam([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> [round(x, 6) for x in p.tolist()]
        [0.75, -1.75]
    """

    state_names = MOMENTS
    first = "lr betas eps weight_decay amsgrad maximize"

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-3,
        betas: tuple[Number, Number] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(params, locals())

    def takes_rows(self, options: Options) -> bool:
        """Refuse sparse gradients, as PyTorch does."""
        raise GradientError(
            "Adam does not support sparse gradients, please consider SparseAdam instead"
        )

    def _rule(self, options: Options) -> Links:
        b1, b2 = options["betas"]
        if not options["amsgrad"]:
            return [scale_by_adam(b1, b2, options["eps"])]
        return [scale_by_amsgrad(b1, b2, options["eps"], max_before_correction=True)]
