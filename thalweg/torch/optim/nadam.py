"""Adam with Nesterov's momentum."""

from __future__ import annotations

from typing import Any

from thalweg.optim.optimizers.adaptive.adam import scale_by_nadam
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names

__all__ = ["NAdam"]


class NAdam(Descent):
    """Adam with Nesterov's momentum; PyTorch's arguments and numbers.

    The rule is that of `tw.optim.scale_by_nadam`; arguments as for `Adam`.

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
        >>> p = torch.tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.NAdam([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 3)
        0.736
    """

    state_names = names(count="step", mu_product="mu_product", mu="exp_avg", nu="exp_avg_sq")
    first = "lr betas eps weight_decay momentum_decay decoupled_weight_decay maximize"

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
        super().__init__(params, locals())

    def _rule(self, options: Options) -> Links:
        b1, b2 = options["betas"]
        return [scale_by_nadam(b1, b2, options["eps"], options["momentum_decay"])]
