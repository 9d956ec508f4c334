"""Schedulers made of schedulers: one after another, and side by side."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from thalweg.errors import ArgumentError, CallError
from thalweg.torch.optim.lr_scheduler.groups import read_rates, write_rates
from thalweg.torch.optim.lr_scheduler.plateau import ReduceLROnPlateau
from thalweg.torch.optim.lr_scheduler.scheduler import LRScheduler, carry_rate

__all__ = ["ChainedScheduler", "SequentialLR"]


class _Composed(LRScheduler):
    """A scheduler made of schedulers of one optimizer."""

    _unsaved = LRScheduler._unsaved | {"_schedulers"}

    _schedulers: list[LRScheduler]

    def step(self) -> None:  # type: ignore[override]
        """Write the learning rates of the next epoch into the groups."""
        super().step()

    def state_dict(self) -> dict[str, Any]:
        """Return all that the scheduler and those it is made of keep, but for the optimizer."""
        return super().state_dict() | {"_schedulers": [s.state_dict() for s in self._schedulers]}

    def _restore(self, state_dict: dict[str, Any]) -> None:
        super()._restore(state_dict)
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler._restore(state)

    def _compose(self, schedulers: Sequence[LRScheduler], optimizer: Any) -> None:
        self._schedulers = _accept_schedulers(type(self).__name__, schedulers, optimizer)
        self.optimizer = optimizer
        self.base_lrs = list(self._schedulers[0].base_lrs)
        self._beside = []
        self._step_count = 1
        self._watch = self._schedulers[0]._watch
        for scheduler in self._schedulers[1:]:
            if scheduler._watch is not None:
                scheduler._watch.stop()

    def _stand_beside(self, others: Sequence[LRScheduler]) -> None:
        super()._stand_beside(others)
        for scheduler in self._schedulers:
            scheduler._stand_beside(others)

    def _at_work(self) -> Sequence[LRScheduler]:
        """Return the schedulers that change the rates of the epoch."""
        return self._schedulers

    def _enter(self) -> None:
        self.last_epoch = 0
        for scheduler in self._at_work():
            scheduler._enter()
        self._last_lr = read_rates(self.optimizer)

    def _write_momenta(self) -> None:
        for scheduler in self._at_work():
            scheduler._write_momenta()


def _accept_schedulers(name: str, schedulers: Sequence[Any], optimizer: Any) -> list[LRScheduler]:
    """Return the schedulers that another can be made of."""
    for i, scheduler in enumerate(schedulers):
        if not isinstance(scheduler, LRScheduler):
            raise CallError(
                f"{name} got {scheduler!r} at index {i}, which is no scheduler. "
                "Give such as `StepLR(optimizer, 10)`."
            )
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ArgumentError(
                f"{name} got a ReduceLROnPlateau at index {i}, but that one needs a metric in "
                "each step. Step it by itself."
            )
        if scheduler.optimizer is not optimizer:
            raise ArgumentError(
                f"{name} got a {type(scheduler).__name__} at index {i} that belongs to another "
                "optimizer. Make all of them for one."
            )
    return list(schedulers)


class SequentialLR(_Composed):
    """Follow one scheduler after another; each counts its epochs from its own beginning.

        lr(epoch) = lrₖ(epoch − milestoneₖ₋₁)    while milestoneₖ₋₁ ≤ epoch < milestoneₖ

    Each begins with its own base rates, whatever the one before it ended with, and it may be made
    of schedulers itself. In PyTorch one that is made of schedulers fails or skips epochs, a
    `MultiplicativeLR` begins where the one before it ended, an `OneCycleLR` moves the base rates
    of those before it, and `last_epoch` goes on with the first scheduler: here all follow the
    formula.

    Args:
        optimizer: The optimizer.
        schedulers: The schedulers in order.
        milestones: The epoch at which each but the first begins, in order.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If there is no scheduler, not one milestone fewer, one of them follows a
            metric, they belong to different optimizers, or the milestones are not in order.
        CallError: If one is no scheduler.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.optim.lr_scheduler import ExponentialLR, LinearLR, SequentialLR
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> parts = [LinearLR(optimizer, 0.5, total_iters=2), ExponentialLR(optimizer, 0.5)]
        >>> scheduler = SequentialLR(optimizer, parts, milestones=[2])
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.5 0.75 1.0 0.5
    """

    def __init__(
        self,
        optimizer: Any,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        if not schedulers or len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"SequentialLR got {len(schedulers)} schedulers and {len(milestones)} milestones. "
                "Give at least one scheduler, and a milestone between each two."
            )
        if any(later < earlier for earlier, later in pairwise(milestones)):
            raise ArgumentError(f"milestones={milestones!r} are not in order. Sort them.")
        self._compose(schedulers, optimizer)
        self._milestones = list(milestones)
        self._goto(last_epoch + 1)

    def _active(self) -> tuple[LRScheduler, int]:
        """Return the scheduler of the epoch, and when it began."""
        k = bisect_right(self._milestones, self.last_epoch)
        return self._schedulers[k], self._milestones[k - 1] if k else 0

    def _goto(self, epoch: int) -> None:
        self.last_epoch = epoch
        scheduler, start = self._active()
        scheduler._goto(epoch - start)
        self._last_lr = read_rates(self.optimizer)

    def _at_work(self) -> Sequence[LRScheduler]:
        return self._active()[:1]

    def _advance(self) -> None:
        before = [self._alone(group) for group in range(len(self.base_lrs))]
        self.last_epoch += 1
        scheduler, start = self._active()
        if self.last_epoch != start:
            scheduler._advance()
        elif not self._beside:
            scheduler._begin()
        else:
            self._begin_beside(scheduler, before)
        self._last_lr = read_rates(self.optimizer)

    def _begin_beside(self, scheduler: LRScheduler, before: list[Any]) -> None:
        """Begin a scheduler, and keep what others contribute to the rates."""
        rates = read_rates(self.optimizer)
        scheduler._begin()
        together = [
            carry_rate(rate, before[i], self._alone(i), 0.0, partial(self._others, i))
            for i, rate in enumerate(rates)
        ]
        write_rates(self.optimizer, together)

    def _alone(self, group: int) -> Any:
        return self._active()[0]._alone(group)


class ChainedScheduler(_Composed):
    """Let several schedulers change the rates together, one after the other in each epoch.

        lr = base_lr · ∏ factorₖ(epoch)

    Those that set the rate when they are alone (`LambdaLR`, `CosineAnnealingWarmRestarts`,
    `CyclicLR`, `OneCycleLR`) are factors here too, and so is a `SequentialLR` across its
    milestones. In PyTorch they wipe out the others. A rate that reaches 0 and comes back keeps
    what the others did to it.

    Args:
        schedulers: The schedulers in order.
        optimizer: Their optimizer; None for that of the first.

    Raises:
        ArgumentError: If there is no scheduler, one of them follows a metric, or they belong to
            different optimizers.
        CallError: If one is no scheduler.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> parts = [ConstantLR(optimizer, 0.1, total_iters=2), ExponentialLR(optimizer, 0.5)]
        >>> scheduler = ChainedScheduler(parts)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.1 0.05 0.25 0.125
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Any = None) -> None:
        if not schedulers:
            raise ArgumentError("ChainedScheduler got no scheduler. Give at least one.")
        if optimizer is None:
            optimizer = getattr(schedulers[0], "optimizer", None)
        self._compose(schedulers, optimizer)
        bringing = [s for s in self._schedulers if s._brings_rates]
        self.base_lrs = list((bringing or self._schedulers)[0].base_lrs)
        for i, scheduler in enumerate(self._schedulers):
            scheduler._stand_beside([*self._schedulers[:i], *self._schedulers[i + 1 :]])
        self.last_epoch = self._schedulers[0].last_epoch
        if len(self._schedulers) > 1:
            self._meet()
        self._last_lr = read_rates(optimizer)

    def _meet(self) -> None:
        """Give the groups the rates of all schedulers together."""
        if self.last_epoch == 0:
            self._begin()
            return
        write_rates(self.optimizer, [self._alone(i) for i in range(len(self.base_lrs))])

    def _advance(self) -> None:
        self.last_epoch += 1
        for scheduler in self._schedulers:
            scheduler._advance()
        self._last_lr = read_rates(self.optimizer)

    def _alone(self, group: int) -> Any:
        return self.base_lrs[group] * math.prod(s._share(group) for s in self._schedulers)
