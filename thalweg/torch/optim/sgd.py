"""Stochastic gradient descent, plain, with momentum and averaged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.accumulation import trace
from thalweg.optim.combining import chain
from thalweg.optim.rules import averaged_descent, dampened_trace
from thalweg.optim.transformation import GradientTransformation
from thalweg.torch.optim import checks
from thalweg.torch.optim.checks import Number
from thalweg.torch.optim.descent import descent, prepared
from thalweg.torch.optim.groups import is_zero
from thalweg.torch.optim.optimizer import Optimizer

__all__ = ["ASGD", "SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted; PyTorch's arguments and numbers.

        g ← g + weight_decay · p
        m ← momentum · m + (1 − dampening) g        at the first step m ← g
        p ← p − lr · m                              (Nesterov: p ← p − lr (g + momentum · m))

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        momentum: The share of the past updates kept, in [0, ∞).
        dampening: The share of each later gradient left out of the momentum.
        weight_decay: The pull towards zero, in [0, ∞).
        nesterov: Whether momentum looks one step ahead.
        maximize: Whether to climb instead.
        foreach: Means nothing here.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.
        fused: Means nothing here.

    Raises:
        ArgumentError: If a number is outside its range, or Nesterov's momentum is dampened or 0.

    Source:
        Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.SGD([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> p.tolist()
        [0.5, -1.0]
    """

    state_names: Mapping[str, str] = {"trace": "momentum_buffer"}
    implied = frozenset({"count"})

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: Number = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        checks.non_negative(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ArgumentError(
                "Nesterov momentum requires a momentum and zero dampening, but momentum="
                f"{momentum} and dampening={dampening} were given. Give momentum=0.9, say."
            )
        options = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        checks.flags(options)
        super().__init__(params, options)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return momentum and descent with a group's options."""
        momentum, dampening = options["momentum"], options["dampening"]
        if is_zero(momentum):
            return descent(options)
        if not is_zero(dampening):
            return descent(options, dampened_trace(momentum, dampening))
        return descent(options, trace(momentum, options["nesterov"]))


class ASGD(Optimizer):
    """Gradient descent with a falling rate that averages its path; PyTorch's numbers.

        p ← (1 − lambd · η) p − η g
        ax ← ax + μ (p − ax)
        η ← lr / (1 + lambd · lr · t)^alpha         μ ← 1 / max(1, t − t0)

    The average is `state[p]["ax"]`. As in PyTorch, a changed `lr` takes effect one step later.

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        lambd: The pull towards zero, which also slows the rate.
        alpha: The power with which the rate falls.
        t0: The step after which averaging starts.
        weight_decay: A pull towards zero as part of the gradient, in [0, ∞).
        foreach: Means nothing here.
        maximize: Whether to climb instead.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.
        capturable: Means nothing here.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.ASGD([p], lr=0.25, lambd=0.0)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> optimizer.state[p]["ax"].tolist()
        [0.5, -1.0]
    """

    state_names: Mapping[str, str] = {"count": "step", "eta": "eta", "mu": "mu", "ax": "ax"}

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        checks.non_negative(lr=lr, weight_decay=weight_decay)
        options = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        checks.flags(options)
        super().__init__(params, options)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return averaged descent with a group's options."""
        numbers = (options[name] for name in ("lr", "lambd", "alpha", "t0"))
        return chain(*prepared(options), averaged_descent(*numbers))
