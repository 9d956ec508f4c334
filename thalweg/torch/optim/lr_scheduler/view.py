"""Schedulers as views over pure schedules: stateful in nothing but the epoch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from thalweg.ops.creation.ranges import arange
from thalweg.optim.schedules import Schedule
from thalweg.torch.optim.lr_scheduler.groups import (
    accept,
    momentum_key,
    one_for_each,
    plain,
    write_momentum,
)
from thalweg.torch.optim.lr_scheduler.scheduler import LRScheduler, carry_rate

__all__ = ["ScheduleLR"]


_BLOCK = 64


class Curve:
    """The values of a schedule, computed a block of epochs at a time.

    The blocks begin at multiples of their length, so that an epoch's value is the same in every
    run, also in one that goes on in the middle.
    """

    def __init__(self, schedule: Callable[[Any], Any]) -> None:
        self.schedule = schedule
        self._blocks: dict[int, list[float]] = {}

    def __call__(self, epoch: Any) -> float:
        """Return the value at an epoch."""
        if not isinstance(self.schedule, Schedule) or not isinstance(epoch, int) or epoch < 0:
            return float(plain(self.schedule(epoch)))
        block, place = divmod(epoch, _BLOCK)
        if block not in self._blocks:
            # The one before is asked for too, at the first epoch of a block.
            self._blocks = {k: v for k, v in self._blocks.items() if k == block - 1}
            start = block * _BLOCK
            self._blocks[block] = self.schedule(arange(start, start + _BLOCK)).tolist()
        return self._blocks[block][place]


class ScheduleView(LRScheduler):
    """A scheduler whose rates are pure schedules of the epoch.

    Rates that others change between the steps, by hand or with schedulers of their own, keep
    those changes: the next step multiplies them by what the schedule changes.
    """

    _unsaved = LRScheduler._unsaved | {"_curves", "_made_of"}
    _passing = LRScheduler._passing | {"_curves", "_made_of"}
    _sets = False

    # A function that makes the schedule, and the attributes it is given after the base rate.
    _curve: ClassVar[Callable[..., Callable[[Any], Any]]]
    _made_from: tuple[str, ...] = ()

    def _settings(self) -> tuple[Any, ...]:
        """Return what the schedules are made of besides the base rate."""
        return tuple(getattr(self, name) for name in self._made_from)

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        """Return the schedule of a group."""
        return self._curve(self.base_lrs[group], *self._settings())

    def _momentum(self, group: int) -> Callable[[Any], Any] | None:
        """Return the schedule of the momentum of a group; None leaves it alone."""
        return None

    def _floor(self, group: int) -> Any:
        """Return the rate to which the schedule of a group scales the others down."""
        return 0.0

    @property
    def schedules(self) -> list[Callable[[Any], Any]]:
        """The pure schedule of each group, as `tw.optim.adam` takes them."""
        return [curve.schedule for curve in self._rates()]

    def _rates(self) -> list[Curve]:
        self._renew()
        return self._curves[0]

    def _renew(self) -> None:
        """Make the schedules, and again whenever somebody changed what they are made of."""
        made_of = (list(self.base_lrs), *self._settings())
        if getattr(self, "_made_of", None) != made_of:
            groups = range(len(self.base_lrs))
            momenta = [self._momentum(group) for group in groups]
            self._made_of = made_of
            self._curves: tuple[list[Curve], list[Curve]] = (
                [Curve(self._schedule(group)) for group in groups],
                [Curve(momentum) for momentum in momenta if momentum is not None],
            )

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for the epoch `last_epoch`."""
        if not self._get_lr_called_within_step:
            warnings.warn(
                "get_lr() was called outside of step(), where it means nothing. "
                "Call get_last_lr() for the learning rates.",
                UserWarning,
                stacklevel=2,
            )
        groups = self.optimizer.param_groups
        rates = zip(self._rates(), groups, strict=False)
        return [self._next(i, curve, group["lr"]) for i, (curve, group) in enumerate(rates)]

    def _next(self, group: int, curve: Curve, rate: Any) -> Any:
        after = curve(self.last_epoch)
        if self._sets and not self._beside:
            return after
        start = self.last_epoch == 0
        before = self.base_lrs[group] if start else curve(self.last_epoch - 1)
        others = partial(self._others, group)
        return carry_rate(plain(rate), before, after, self._floor(group), others)

    def _initial_step(self) -> None:
        self._step_count = 1
        if self.last_epoch == -1:
            self._enter()
        else:
            self._goto(self.last_epoch + 1)

    def _goto(self, epoch: int) -> None:
        self._jump(epoch)

    def _jump(self, epoch: Any) -> None:
        self.last_epoch = epoch
        self._write([curve(epoch) for curve in self._rates()])

    def _write_momenta(self) -> None:
        # Not every `get_lr` of a subclass asks for the schedules.
        if "_curves" not in self.__dict__:
            self._renew()
        for group, curve in zip(self.optimizer.param_groups, self._curves[1], strict=False):
            write_momentum(group, momentum_key(self.optimizer), curve(self.last_epoch))

    def _restore(self, state_dict: dict[str, Any]) -> None:
        super()._restore(state_dict)
        self._renew()

    def _alone(self, group: int) -> Any:
        return self._rates()[group](self.last_epoch)


class ScheduleLR(ScheduleView):
    """Follow any pure schedule: the learning rate of an epoch is the schedule's value.

    Args:
        optimizer: The optimizer into whose groups the rates are written.
        schedule: A schedule such as `tw.optim.warmup_cosine_decay_schedule` makes, or any
            function of the epoch; or a list of them, one a group.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If the list has more or fewer schedules than the optimizer has groups.
        CallError: If the optimizer is none, or has no groups.

    Example:
        >>> import thalweg as tw
        >>> import thalweg.torch as torch
        >>> schedule = tw.optim.warmup_constant_schedule(0.0, 1.0, warmup_steps=2)
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])
        >>> scheduler = torch.optim.lr_scheduler.ScheduleLR(optimizer, schedule)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.0 0.5 1.0 1.0
    """

    _unsaved = ScheduleView._unsaved | {"_given"}
    _sets = True

    def __init__(
        self,
        optimizer: Any,
        schedule: Callable[[Any], Any] | Sequence[Callable[[Any], Any]],
        last_epoch: int = -1,
    ) -> None:
        self._given: list[Callable[[Any], Any]]
        self._given = one_for_each("schedule", accept(optimizer), schedule)
        super().__init__(optimizer, last_epoch)

    def _settings(self) -> tuple[Any, ...]:
        return tuple(self._given)

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        return self._given[group]
