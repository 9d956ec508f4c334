"""Gradient descent that averages its path."""

from __future__ import annotations

from typing import Any

from thalweg.optim.optimizers.gradient.asgd import asgd
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names

__all__ = ["ASGD"]


class ASGD(Descent):
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
        >>> p = torch.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.ASGD([p], lr=0.25, lambd=0.0)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> optimizer.state[p]["ax"].tolist()
        [0.5, -1.0]
    """

    state_names = names(count="step", eta="eta", mu="mu", ax="ax")

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
        super().__init__(params, locals())

    def _rule(self, options: Options) -> Links:
        return [asgd(*(options[name] for name in ("lr", "lambd", "alpha", "t0")))]

    def _rate(self, options: Options) -> None:
        return None
