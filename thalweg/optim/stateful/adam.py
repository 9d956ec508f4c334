"""Adam and AdamW."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.optim.moments import scale_by_adam
from thalweg.optim.rules import scale_by_amsgrad
from thalweg.optim.stateful import checks
from thalweg.optim.stateful.checks import Number
from thalweg.optim.stateful.descent import descent
from thalweg.optim.stateful.optimizer import Optimizer
from thalweg.optim.transformation import GradientTransformation

MOMENTS = {"count": "step", "mu": "exp_avg", "nu": "exp_avg_sq", "nu_max": "max_exp_avg_sq"}


class Adam(Optimizer):
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
        >>> import thalweg as tw
        >>> p = tw.Tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = tw.optim.Adam([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> [round(x, 6) for x in p.tolist()]
        [0.75, -1.75]
    """

    state_names: Mapping[str, str] = MOMENTS

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
        checks.non_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        checks.betas(betas)
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        checks.flags(options)
        super().__init__(params, options)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return Adam's scaling and descent with a group's options."""
        b1, b2 = options["betas"]
        scaled = scale_by_amsgrad if options["amsgrad"] else scale_by_adam
        rule = scaled(b1, b2, options["eps"])
        return descent(options, rule, decoupled=options["decoupled_weight_decay"])


class AdamW(Adam):
    """Adam with decoupled weight decay; arguments as for `Adam`.

        p ← p − lr (m̂ / (√v̂ + eps) + weight_decay · p)

    Source:
        Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019. arXiv:1711.05101

    Example:
        >>> import thalweg as tw
        >>> p = tw.Tensor([1.0], requires_grad=True)
        >>> optimizer = tw.optim.AdamW([p], lr=0.25, weight_decay=0.5)
        >>> p.sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 6)
        0.625
    """

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-3,
        betas: tuple[Number, Number] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
