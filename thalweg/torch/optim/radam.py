"""Rectified Adam."""

from __future__ import annotations

import math
from typing import Any

from thalweg.optim.optimizers.adaptive.adam import scale_by_radam
from thalweg.torch.optim.adam import MOMENTS
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options

__all__ = ["RAdam"]


class RAdam(Descent):
    """Rectified Adam; PyTorch's arguments and numbers, as for `Adam`.

    The rule is that of `tw.optim.scale_by_radam`, `eps` before correction.

    Source:
        Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020.
        arXiv:1908.03265

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.RAdam([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> [round(x, 6) for x in p.tolist()]
        [0.5, -1.0]
    """

    state_names = MOMENTS
    first = "lr betas eps weight_decay maximize foreach capturable"

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
        super().__init__(params, locals())

    def _rule(self, options: Options) -> Links:
        # PyTorch's variance counts as known above 5, Optax's from there on.
        above = math.nextafter(5.0, 6.0)
        b1, b2 = options["betas"]
        return [scale_by_radam(b1, b2, options["eps"], threshold=above, eps_before_correction=True)]
