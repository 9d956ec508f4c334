"""A scheduler that follows a metric in place of the epoch."""

from __future__ import annotations

import math
import warnings
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.ranges import check_choice
from thalweg.torch.optim.lr_scheduler.groups import accept, one_for_each, read_rates, write_rates
from thalweg.torch.optim.lr_scheduler.scheduler import LRScheduler

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """Multiply the rate by a factor when a metric has stopped getting better.

    A metric is better if it beats the best so far by a threshold: in mode "min", if it is below
    `best · (1 − threshold)` with "rel", below `best − threshold` with "abs"; in mode "max" above
    `best · (1 + threshold)` or `best + threshold`.

    Args:
        optimizer: The optimizer.
        mode: "min" for a metric that shall fall, "max" for one that shall rise.
        factor: The factor, below 1.
        patience: How many epochs in a row may be no better before the rate is reduced.
        threshold: By how much a better metric beats the best.
        threshold_mode: "rel" for a threshold relative to the best, "abs" for an absolute one.
        cooldown: Epochs after a reduction in which none is counted.
        min_lr: The lowest rate; or a list of one a group.
        eps: The smallest reduction that is made.

    Raises:
        ArgumentError: If the factor is not below 1, a mode is unknown, or the list has more or
            fewer rates than the optimizer has groups.
        CallError: If the optimizer is none.

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
        >>> for loss in (3.0, 2.0, 2.5, 2.0):
        ...     scheduler.step(loss)
        ...     print(scheduler.get_last_lr(), end=" ")
        [1.0] [1.0] [1.0] [0.1]
    """

    def __init__(
        self,
        optimizer: Any,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ArgumentError(
                f"factor={factor!r} was given, but the rate is to be reduced. Give one below 1."
            )
        check_choice(("min", "max"), mode=mode)
        check_choice(("rel", "abs"), threshold_mode=threshold_mode)
        self.optimizer = accept(optimizer)
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.min_lrs = one_for_each("min_lr", optimizer, min_lr)
        self.default_min_lr = None if isinstance(min_lr, (list, tuple)) else min_lr
        self.base_lrs = read_rates(optimizer)
        self._beside: list[LRScheduler] = []
        self.last_epoch = 0
        self._last_lr = read_rates(optimizer)
        self._reset()

    def _reset(self) -> None:
        """Forget every metric so far."""
        self.best = math.inf if self.mode == "min" else -math.inf
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def step(self, metrics: Any, epoch: Any = None) -> None:  # type: ignore[override]
        """Look at the metric of an epoch, and reduce the rates if it is time to.

        Args:
            metrics: The metric, a number or a tensor of one.
            epoch: The epoch; deprecated, as in PyTorch.
        """
        current = float(metrics)
        if epoch is not None:
            warnings.warn(
                f"step(epoch={epoch!r}) was called, but schedulers count by themselves, and the "
                "argument is deprecated. Call step(metric) after each epoch.",
                UserWarning,
                stacklevel=2,
            )
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = read_rates(self.optimizer)

    @property
    def in_cooldown(self) -> bool:
        """Whether epochs that are no better do not count yet."""
        return self.cooldown_counter > 0

    def _is_better(self, metric: float, best: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            bound = best * (1.0 + sign * self.threshold)
        else:
            bound = best + sign * self.threshold
        return sign * metric > sign * bound

    def _reduce(self) -> None:
        rates = read_rates(self.optimizer)
        if len(rates) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise ArgumentError(
                    f"The optimizer has {len(rates)} groups, but min_lr had {len(self.min_lrs)} "
                    "values: a group was added since. Set `min_lrs` to one rate a group."
                )
            self.min_lrs = [self.default_min_lr] * len(rates)
        reduced = [max(r * self.factor, low) for r, low in zip(rates, self.min_lrs, strict=True)]
        pairs = zip(rates, reduced, strict=True)
        write_rates(self.optimizer, [new if old - new > self.eps else old for old, new in pairs])
