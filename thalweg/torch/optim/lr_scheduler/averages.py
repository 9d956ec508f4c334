"""The scheduler that goes with averages of the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.schedules import (
    constant_schedule,
    cosine_annealing_schedule,
    join_schedules,
    linear_schedule,
)
from thalweg.torch.optim.lr_scheduler.groups import accept, one_for_each, plain, read_rates
from thalweg.torch.optim.lr_scheduler.scheduler import LRScheduler
from thalweg.torch.optim.lr_scheduler.view import Curve

__all__ = ["SWALR"]


class SWALR(LRScheduler):
    """Anneal the rate to a constant one, at which weights are averaged.

        s = min(epoch / anneal_epochs, 1)
        lr = swa_lr + (lr₀ − swa_lr) a(s)    with a(s) = (1 + cos πs) / 2 or 1 − s

    The rate lr₀ is the one of now: another scheduler may be at work until this one is stepped.

    Args:
        optimizer: The optimizer.
        swa_lr: The constant rate; or a list of one a group.
        anneal_epochs: Epochs that it takes to get there, 0 for none.
        anneal_strategy: "cos" or "linear".
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If the epochs are not counted, the strategy is unknown, or the list has
            more or fewer rates than the optimizer has groups.
        CallError: If the optimizer is none.

    Source:
        Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization",
        2018. arXiv:1803.05407

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.SWALR(optimizer, swa_lr=0.2, anneal_epochs=2)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.6 0.2 0.2
    """

    _unsaved = LRScheduler._unsaved | {"_left"}

    def __init__(
        self,
        optimizer: Any,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        rates = one_for_each("swa_lr", accept(optimizer), swa_lr)
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(
                f"anneal_strategy={anneal_strategy!r} was given; it must be 'cos' or 'linear'."
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ArgumentError(
                f"anneal_epochs={anneal_epochs!r} was given, but it is counted. "
                "Give a whole number, 0 for no annealing."
            )
        self.anneal_epochs = anneal_epochs
        self.anneal_strategy = anneal_strategy
        self._left = Curve(_falling(anneal_epochs, anneal_strategy))
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["swa_lr"] = rate
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for the epoch `last_epoch`."""
        before = self._left(self.last_epoch - 1) if self.last_epoch > 0 else 1.0
        left = self._left(self.last_epoch)
        ends = [plain(group["swa_lr"]) for group in self.optimizer.param_groups]
        rates = zip(read_rates(self.optimizer), ends, strict=True)
        if left == before:
            return [rate if left else end for rate, end in rates]
        return [end + (rate - end) * (left / before) for rate, end in rates]

    def _alone(self, group: int) -> Any:
        end = plain(self.optimizer.param_groups[group]["swa_lr"])
        return end + (self.base_lrs[group] - end) * self._left(self.last_epoch)


def _falling(epochs: int, strategy: str) -> Callable[[Any], Any]:
    """Return the schedule of what is left of the way to the constant rate."""
    if not epochs:
        return constant_schedule(0.0)
    if strategy == "linear":
        return linear_schedule(1.0, 0.0, epochs)
    return join_schedules(
        [cosine_annealing_schedule(1.0, epochs), constant_schedule(0.0)], [epochs]
    )
