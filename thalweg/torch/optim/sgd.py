"""Stochastic gradient descent, plain and with momentum."""

from __future__ import annotations

from typing import Any

from thalweg.errors import ArgumentError, GradientError
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.optim.moments import trace
from thalweg.optim.scaling import scale_by_schedule
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names
from thalweg.torch.optim.optimizer.groups import is_zero

__all__ = ["SGD"]


class SGD(Descent):
    """Stochastic gradient descent, with momentum if wanted; PyTorch's arguments and numbers.

        g ← g + weight_decay · p
        m ← momentum · m + (1 − dampening) g        at the first step m ← g
        p ← p − lr · m                              (Nesterov: p ← p − lr (g + momentum · m))

    A sparse gradient moves its own rows; its momentum is kept whole.

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
        >>> p = torch.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.SGD([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> p.tolist()
        [0.5, -1.0]
    """

    state_names = names(trace="momentum_buffer")
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
        super().__init__(params, locals())

    def _check(self, options: Options) -> None:
        super()._check(options)
        momentum, dampening = options["momentum"], options["dampening"]
        if options["nesterov"] and (momentum <= 0 or dampening != 0):
            raise ArgumentError(
                "Nesterov momentum requires a momentum and zero dampening, but momentum="
                f"{momentum} and dampening={dampening} were given. Give momentum=0.9, say."
            )

    def takes_rows(self, options: Options) -> bool:
        """Tell whether there is no momentum, which would move rows of before too."""
        if not is_zero(options["weight_decay"]):
            raise GradientError(
                "add(sparse, dense) is not supported. Use add(dense, sparse) instead: weights "
                "decay whole. Leave weight_decay out, or sparse=True."
            )
        return is_zero(options["momentum"])

    def _rule(self, options: Options) -> Links:
        if is_zero(options["momentum"]):
            return []
        moved, dampening = trace(options["momentum"], options["nesterov"]), options["dampening"]
        if is_zero(dampening):
            return [moved]
        return [scale_by_schedule(lambda t: where(equal(t, 0), 1.0, 1.0 - dampening)), moved]
