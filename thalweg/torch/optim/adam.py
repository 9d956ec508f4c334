"""Adam and its relatives: AdamW, in the infinity norm, with Nesterov's momentum, rectified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.optim.moments import scale_by_adam
from thalweg.optim.rules import scale_by_adamax, scale_by_amsgrad, scale_by_nadam, scale_by_radam
from thalweg.optim.transformation import GradientTransformation
from thalweg.torch.optim import checks
from thalweg.torch.optim.checks import Number
from thalweg.torch.optim.descent import descent
from thalweg.torch.optim.optimizer import Optimizer

__all__ = ["Adam", "AdamW", "Adamax", "NAdam", "RAdam"]


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
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.Adam([p], lr=0.25)
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
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.AdamW([p], lr=0.25, weight_decay=0.5)
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


class Adamax(Optimizer):
    """Adam in the infinity norm; PyTorch's arguments and numbers, as for `Adam`.

        m ← β₁ m + (1 − β₁) g           v ← max(β₂ v, |g| + eps)
        p ← p − lr / (1 − β₁ᵗ) · m / v

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 2.
        arXiv:1412.6980

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.Adamax([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> [round(x, 6) for x in p.tolist()]
        [0.75, -1.75]
    """

    state_names: Mapping[str, str] = {**MOMENTS, "nu": "exp_inf"}

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
        checks.non_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        checks.betas(betas)
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        checks.flags(options)
        super().__init__(params, options)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return Adamax's scaling and descent with a group's options."""
        b1, b2 = options["betas"]
        return descent(options, scale_by_adamax(b1, b2, options["eps"]))


class NAdam(Optimizer):
    """Adam with Nesterov's momentum; PyTorch's arguments and numbers.

    The rule is that of `tw.optim.rules.scale_by_nadam`; arguments as for `Adam`.

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        betas: See `Adam`; so are `eps`, `weight_decay`, `decoupled_weight_decay` and the flags.
        eps: See `Adam`.
        weight_decay: See `Adam`.
        momentum_decay: How fast the momentum warms up, in [0, ∞).
        decoupled_weight_decay: See `Adam`.
        foreach: See `Adam`.
        maximize: See `Adam`.
        capturable: See `Adam`.
        differentiable: See `Adam`.

    Source:
        Dozat, "Incorporating Nesterov Momentum into Adam", 2016.

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.NAdam([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 3)
        0.736
    """

    state_names: Mapping[str, str] = {"count": "step", "mu_product": "mu_product", **MOMENTS}

    def __init__(
        self,
        params: Any,
        lr: Number = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        checks.non_negative(
            lr=lr, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay
        )
        checks.betas(betas)
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        checks.flags(options)
        super().__init__(params, options)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return NAdam's scaling and descent with a group's options."""
        b1, b2 = options["betas"]
        rule = scale_by_nadam(b1, b2, options["eps"], options["momentum_decay"])
        return descent(options, rule, decoupled=options["decoupled_weight_decay"])


class RAdam(Optimizer):
    """Rectified Adam; PyTorch's arguments and numbers, as for `Adam`.

    The rule is that of `tw.optim.rules.scale_by_radam`.

    Source:
        Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020.
        arXiv:1908.03265

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.RAdam([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> [round(x, 6) for x in p.tolist()]
        [0.5, -1.0]
    """

    state_names: Mapping[str, str] = MOMENTS

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        checks.non_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        checks.betas(betas)
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        checks.flags(options)
        super().__init__(params, options)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return rectified scaling and descent with a group's options."""
        b1, b2 = options["betas"]
        rule = scale_by_radam(b1, b2, options["eps"])
        return descent(options, rule, decoupled=options["decoupled_weight_decay"])
