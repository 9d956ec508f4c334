"""Schedulers that multiply the base rate by a factor that depends on the epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.ranges import POSITIVE
from thalweg.optim.schedules import (
    constant_schedule,
    join_schedules,
    linear_schedule,
    multi_step_schedule,
    polynomial_schedule,
    step_schedule,
)
from thalweg.torch.optim.lr_scheduler.view import ScheduleView

__all__ = ["ConstantLR", "ExponentialLR", "LinearLR", "MultiStepLR", "PolynomialLR", "StepLR"]


class StepLR(ScheduleView):
    """Multiply the rate by `gamma` every `step_size` epochs.

        lr = base_lr · gamma^⌊epoch / step_size⌋

    Args:
        optimizer: The optimizer.
        step_size: Epochs from one factor to the next.
        gamma: The factor.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If `step_size` is not positive.
        CallError: If the optimizer is none.

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 1.0 0.5 0.5
    """

    def __init__(
        self, optimizer: Any, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        POSITIVE.check("step_size", step_size)
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _settings(self) -> tuple[Any, ...]:
        return self.step_size, self.gamma

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        return step_schedule(self.base_lrs[group], self.step_size, self.gamma)


class MultiStepLR(ScheduleView):
    """Multiply the rate by `gamma` at each milestone.

        lr = base_lr · gamma^|{m ∈ milestones: m ≤ epoch}|

    Args:
        optimizer: The optimizer.
        milestones: The epochs from which on the factor applies once more.
        gamma: The factor.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        CallError: If the optimizer is none.

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 3], gamma=0.5)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5 0.5 0.25
    """

    def __init__(
        self, optimizer: Any, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _settings(self) -> tuple[Any, ...]:
        return Counter(self.milestones), self.gamma

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        milestones = sorted(self.milestones.elements())
        return multi_step_schedule(self.base_lrs[group], milestones, self.gamma)


class ConstantLR(ScheduleView):
    """Multiply the rate by a factor until an epoch.

        lr = base_lr · factor    while epoch < total_iters
        lr = base_lr             after that

    Where PyTorch divides by the factor in the end, and by zero if it is 0, this gives `base_lr`.

    Args:
        optimizer: The optimizer.
        factor: The factor, in [0, 1].
        total_iters: The first epoch without it.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If the factor is outside its range.
        CallError: If the optimizer is none.

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer, 0.1, total_iters=2)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.1 0.1 1.0 1.0
    """

    def __init__(
        self, optimizer: Any, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        _check_factor("factor", factor, "[0, 1]", 0 <= factor <= 1)
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _settings(self) -> tuple[Any, ...]:
        return self.factor, self.total_iters

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        base_lr = self.base_lrs[group]
        levels = [constant_schedule(base_lr * self.factor), constant_schedule(base_lr)]
        return join_schedules(levels, [self.total_iters])


def _check_factor(name: str, value: Any, interval: str, inside: bool) -> None:
    if not inside:
        raise ArgumentError(
            f"{name}={value!r} was given, but {name} must be a number in {interval}. "
            "To end above the base rate, give the optimizer a higher one."
        )


class LinearLR(ScheduleView):
    """Multiply the rate by a factor that goes from one value to another along a straight line.

        s = min(epoch / total_iters, 1)
        lr = base_lr · (start_factor + (end_factor − start_factor) s)

    Args:
        optimizer: The optimizer.
        start_factor: The factor of epoch 0, in (0, 1].
        end_factor: The factor from epoch `total_iters` on, in [0, 1].
        total_iters: Epochs that it takes.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If a factor is outside its range.
        CallError: If the optimizer is none.

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 0.5, total_iters=2)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.5 0.75 1.0 1.0
    """

    def __init__(
        self,
        optimizer: Any,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        _check_factor("start_factor", start_factor, "(0, 1]", 0 < start_factor <= 1)
        _check_factor("end_factor", end_factor, "[0, 1]", 0 <= end_factor <= 1)
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _settings(self) -> tuple[Any, ...]:
        return self.start_factor, self.end_factor, self.total_iters

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        base_lr = self.base_lrs[group]
        start, end = base_lr * self.start_factor, base_lr * self.end_factor
        return linear_schedule(start, end, self.total_iters)


class ExponentialLR(ScheduleView):
    """Multiply the rate by `gamma` each epoch.

        lr = base_lr · gamma^epoch

    Args:
        optimizer: The optimizer.
        gamma: The factor.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        CallError: If the optimizer is none.

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5 0.25 0.125
    """

    def __init__(self, optimizer: Any, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _settings(self) -> tuple[Any, ...]:
        return (self.gamma,)

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        return step_schedule(self.base_lrs[group], 1, self.gamma)


class PolynomialLR(ScheduleView):
    """Let the rate fall to zero along a power of the time that is left.

        lr = base_lr · (1 − min(epoch / total_iters, 1))^power

    Args:
        optimizer: The optimizer.
        total_iters: Epochs that it takes.
        power: The exponent; 1 is a straight line.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        CallError: If the optimizer is none.

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, 4, power=2)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.562 0.25 0.062
    """

    def __init__(
        self, optimizer: Any, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def _settings(self) -> tuple[Any, ...]:
        return self.total_iters, self.power

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        return polynomial_schedule(self.base_lrs[group], 0.0, self.power, self.total_iters)
