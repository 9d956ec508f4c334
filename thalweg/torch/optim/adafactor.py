"""Adafactor."""

from __future__ import annotations

import math
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.optimizers.memory.adafactor import factored_descent
from thalweg.torch.optim.optimizer import descent
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names
from thalweg.torch.optim.optimizer.groups import Group, is_zero, plain_number

__all__ = ["Adafactor"]


class Adafactor(Descent):
    """Adafactor; PyTorch's arguments and numbers.

    The rule is that of `tw.optim.factored_descent`, with decoupled weight decay.

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The largest relative step, in [0, ∞).
        beta2_decay: The power of the step with which new squares lose weight, at most 0.
        eps: What keeps squares from zero, None for the dtype's precision; and the smallest size
            a parameter counts with.
        d: The root mean square above which updates are scaled down, at least 1.
        weight_decay: The pull towards zero, in [0, ∞).
        foreach: Means nothing here.
        maximize: Whether to climb instead.

    Raises:
        ArgumentError: If a number is outside its range, or a parameter is complex.

    Source:
        Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018.
        arXiv:1804.04235

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([2.0], requires_grad=True)
        >>> optimizer = torch.optim.Adafactor([p])
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 6)
        1.98
    """

    state_names = names(count="step")
    decoupled = True

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, locals())

    def _check(self, options: Options) -> None:
        first, second = options["eps"]
        descent.require_non_negative(
            lr=options["lr"], weight_decay=options["weight_decay"], epsilon2=second
        )
        if first is not None and not 0.0 <= plain_number("epsilon1", first) < math.inf:
            raise ArgumentError(
                f"epsilon1 should be >= 0, but is {first}. Give None or a small number."
            )
        decay, d = options["beta2_decay"], options["d"]
        if decay > 0.0:
            raise ArgumentError(f"beta2_decay should be <= 0, but is {decay}. Give -0.8.")
        if plain_number("d", d) < 1.0:
            raise ArgumentError(f"Clipping threshold d should be >= 1, but is {d}. Give 1.0.")

    def _check_group(self, group: Group) -> None:
        descent.require_real("Adafactor", group)

    def _rule(self, options: Options) -> Links:
        numbers = options["lr"], options["beta2_decay"], *options["eps"], options["d"]
        return [factored_descent(*numbers)]

    def _decay(self, options: Options) -> Any:
        # What comes from the rule are steps already.
        decay = options["weight_decay"]
        return decay if is_zero(decay) else -(options["lr"] * decay)

    def _rate(self, options: Options) -> None:
        return None
