"""Adam with decoupled weight decay."""

from __future__ import annotations

from typing import Any

from thalweg.torch.optim.adam import Adam
from thalweg.torch.optim.optimizer.descent import Descent, Number

__all__ = ["AdamW"]


class AdamW(Adam):
    """Adam with decoupled weight decay; arguments as for `Adam`.

        p ← p − lr (m̂ / (√v̂ + eps) + weight_decay · p)

    Source:
        Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019. arXiv:1711.05101

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([1.0], requires_grad=True)
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
        Descent.__init__(self, params, locals() | {"decoupled_weight_decay": True})
