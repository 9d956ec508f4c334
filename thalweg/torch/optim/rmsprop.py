"""RMSProp."""

from __future__ import annotations

from typing import Any

from thalweg.optim.moments import trace
from thalweg.optim.optimizers.adaptive.rmsprop import scale_by_rms, scale_by_stddev
from thalweg.optim.schedules.decays import constant_schedule
from thalweg.torch.optim.optimizer import descent
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names
from thalweg.torch.optim.optimizer.groups import is_zero

__all__ = ["RMSprop"]


class RMSprop(Descent):
    """RMSProp; PyTorch's arguments and numbers.

        v ← alpha · v + (1 − alpha) g²
        p ← p − lr · g / (√v + eps)         (centered: √(v − m²), m the average of g)

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        alpha: The share of the averages kept each step, in [0, 1).
        eps: Added to the root, in [0, ∞).
        weight_decay: The pull towards zero, in [0, ∞).
        momentum: The share of the past updates kept, in [0, ∞).
        centered: Whether to divide by the root of the variance.
        capturable: Means nothing here; nor does `foreach`.
        foreach: See `capturable`.
        maximize: Whether to climb instead.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Hinton, "Overview of mini-batch gradient descent", 2012; centred: Graves, "Generating
        Sequences With Recurrent Neural Networks", 2013. arXiv:1308.0850

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.RMSprop([p], lr=0.25, alpha=0.75)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 6)
        0.5
    """

    state_names = names(count="step", nu="square_avg", trace="momentum_buffer", mu="grad_avg")
    first = "lr momentum alpha eps centered"

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(params, locals())

    def _check(self, options: Options) -> None:
        super()._check(options)
        descent.require_non_negative(alpha=options["alpha"])

    def _rule(self, options: Options) -> Links:
        scaled = scale_by_stddev if options["centered"] else scale_by_rms
        rule, momentum = (
            scaled(options["alpha"], options["eps"], eps_in_sqrt=False),
            options["momentum"],
        )
        return [rule] if is_zero(momentum) else [rule, trace(momentum)]

    def _rate(self, options: Options) -> Any:
        return constant_schedule(options["lr"])
