"""Schedulers that let the rate rise and fall, and the momentum against it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.schedules import triangular_schedule
from thalweg.optim.schedules.cycles import one_cycle
from thalweg.torch.optim.lr_scheduler.factors import give_back, held_by
from thalweg.torch.optim.lr_scheduler.groups import (
    accept,
    momentum_key,
    one_for_each,
    write_momentum,
    write_rates,
)
from thalweg.torch.optim.lr_scheduler.view import ScheduleView

__all__ = ["CyclicLR", "OneCycleLR"]


class CyclicLR(ScheduleView):
    """Let the rate rise and fall along straight lines, and the momentum against it.

    It sets the rate: changes by others do not last, unless they are in one `ChainedScheduler`.
    It begins with `base_lr`, also after another scheduler, where PyTorch begins with the rate
    before that one.

    Args:
        optimizer: The optimizer.
        base_lr: The rate at the feet; or a list of one a group.
        max_lr: The rate at the peaks; or a list of one a group.
        step_size_up: Steps from a foot to a peak.
        step_size_down: Steps from a peak to a foot; None for as many.
        mode: "triangular" keeps the peaks, "triangular2" halves them after each cycle,
            "exp_range" multiplies the height by `gamma` each step.
        gamma: The factor of "exp_range".
        scale_fn: Another factor of the height; it takes the place of `mode`.
        scale_mode: Whether `scale_fn` is a function of the "cycle", counted from 1, or of the
            "iterations", counted from 0.
        cycle_momentum: Whether the momentum, or the first of the betas, falls as the rate rises.
        base_momentum: The momentum at the peaks; or a list of one a group.
        max_momentum: The momentum at the feet; or a list of one a group.
        last_epoch: The last step that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If the mode is unknown, a size not positive, a list of another length than
            the groups, or the optimizer has no momentum to cycle.
        CallError: If the optimizer is none.

    Source:
        Smith, "Cyclical Learning Rates for Training Neural Networks", 2017. arXiv:1506.01186

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> scheduler = torch.optim.lr_scheduler.CyclicLR(optimizer, 0.1, 0.9, 2)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.1 0.5 0.9 0.5
    """

    _sets = True
    _brings_rates = True
    _unsaved = ScheduleView._unsaved | {"_scale_fn"}

    def __init__(
        self,
        optimizer: Any,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[Any], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self._base_lrs = one_for_each("base_lr", accept(optimizer), base_lr)
        self.max_lrs = one_for_each("max_lr", optimizer, max_lr)
        self.step_size_up = step_size_up
        self.step_size_down = step_size_up if step_size_down is None else step_size_down
        self.mode = mode
        self.gamma = gamma
        self._scale_fn = scale_fn
        self.scale_mode = scale_mode
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            found = bounds(optimizer, base_momentum, max_momentum)
            self.base_momentums, self.max_momentums = found
            if last_epoch == -1:
                note_bounds(optimizer, *found)
        # A wrong argument is told before anything is written.
        self._triangle(0.0, 1.0)
        if last_epoch == -1:
            write_rates(optimizer, self._base_lrs)
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return all that the scheduler keeps, but for the optimizer and plain functions."""
        return super().state_dict() | {"_scale_fn_custom": held_by(self._scale_fn)}

    def _restore(self, state_dict: dict[str, Any]) -> None:
        rest = dict(state_dict)
        give_back(self._scale_fn, rest.pop("_scale_fn_custom", None))
        super()._restore(rest)

    def _initial_step(self) -> None:
        self.base_lrs = self._base_lrs
        super()._initial_step()

    def _settings(self) -> tuple[Any, ...]:
        shape = (self.step_size_up, self.step_size_down, self.mode, self.gamma, self.scale_mode)
        heights = [*self.max_lrs]
        if self.cycle_momentum:
            heights += [*self.base_momentums, *self.max_momentums]
        return (*shape, self._scale_fn, self.cycle_momentum, heights)

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        return self._triangle(self.base_lrs[group], self.max_lrs[group])

    def _momentum(self, group: int) -> Callable[[Any], Any] | None:
        if not self.cycle_momentum:
            return None
        return self._triangle(self.max_momentums[group], self.base_momentums[group])

    def _triangle(self, foot: float, peak: float) -> Callable[[Any], Any]:
        sizes = (self.step_size_up, self.step_size_down)
        scale_fn, place = self._scale_fn, self.scale_mode != "cycle"
        if scale_fn is None:
            return triangular_schedule(foot, peak, *sizes, self.mode, self.gamma)
        # The function is the user's: it gets numbers, one at a time.
        height = lambda *counts: scale_fn(_whole(counts[place]))
        schedule = triangular_schedule(foot, peak, *sizes, height=height)
        return lambda epoch: schedule(epoch)


def _whole(count: Any) -> Any:
    return count if count.is_symbolic else int(count.item())


def bounds(optimizer: Any, base: Any, peak: Any) -> tuple[list[Any], list[Any]]:
    """Return the lowest and highest momentum of each group.

    Raises:
        ArgumentError: If the optimizer has no momentum, or a list is of another length than the
            groups.
    """
    momentum_key(optimizer)
    lows = one_for_each("base_momentum", optimizer, base)
    return lows, one_for_each("max_momentum", optimizer, peak)


def note_bounds(optimizer: Any, lows: list[Any], highs: list[Any]) -> None:
    """Note the bounds in the groups, and begin with the highest."""
    key = momentum_key(optimizer)
    for group, low, high in zip(optimizer.param_groups, lows, highs, strict=True):
        write_momentum(group, key, high)
        group["max_momentum"], group["base_momentum"] = high, low


class OneCycleLR(ScheduleView):
    """Let the rate rise to a peak once and fall far below its start, and the momentum against it.

    It sets the rate: changes by others do not last, unless they are in one `ChainedScheduler`.
    The groups note the bounds, as "initial_lr", "max_lr", "min_lr", "max_momentum" and
    "base_momentum".

    PyTorch goes beyond the lowest rate in the step after the last, below zero with "linear"; here
    the rate stays. Where the rise takes one step, PyTorch divides by zero; here it begins at the
    peak.

    Args:
        optimizer: The optimizer.
        max_lr: The rate at the peak; or a list of one a group.
        total_steps: Steps of the whole cycle; None for `epochs * steps_per_epoch`.
        epochs: Epochs of the whole cycle.
        steps_per_epoch: Steps of each of them.
        pct_start: The share of the cycle in which the rate rises.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: Whether the momentum, or the first of the betas, falls as the rate rises.
        base_momentum: The momentum at the peak; or a list of one a group.
        max_momentum: The momentum at both ends; or a list of one a group.
        div_factor: The first rate is `max_lr / div_factor`.
        final_div_factor: The last rate is the first divided by it.
        three_phase: Whether the rate first falls as it rose, and only then to the last.
        last_epoch: The last step that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If the steps are not counted, an argument is outside its range, a list of
            another length than the groups, or the optimizer has no momentum to cycle; and by
            `step`, after more than `total_steps`.
        CallError: If the optimizer is none.

    Source:
        Smith & Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
        Learning Rates", 2018. arXiv:1708.07120

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=5)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.04 0.95 0.611 0.188
    """

    _sets = True
    _brings_rates = True

    def __init__(
        self,
        optimizer: Any,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        peaks = one_for_each("max_lr", accept(optimizer), max_lr)
        self.total_steps = _count(total_steps, epochs, steps_per_epoch)
        self.pct_start = pct_start
        self.anneal_strategy = anneal_strategy
        self.three_phase = three_phase
        self.cycle_momentum = cycle_momentum
        # A wrong argument is told before anything is written.
        self._cycle([0.0, 1.0, 0.0])
        momenta = bounds(optimizer, base_momentum, max_momentum) if cycle_momentum else None
        if last_epoch == -1:
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["initial_lr"] = peak / div_factor
                group["max_lr"] = peak
                group["min_lr"] = group["initial_lr"] / final_div_factor
            if momenta is not None:
                note_bounds(optimizer, *momenta)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for the step `last_epoch`.

        Raises:
            ArgumentError: If there are fewer steps in the cycle.
        """
        if self.last_epoch > self.total_steps:
            raise ArgumentError(
                f"step() was called {self.last_epoch} times on a cycle of {self.total_steps} "
                "steps. Give the number of steps you train as total_steps."
            )
        return super().get_lr()

    def _settings(self) -> tuple[Any, ...]:
        shape = (self.total_steps, self.pct_start, self.anneal_strategy, self.three_phase)
        names = ["max_lr", "min_lr"]
        if self.cycle_momentum:
            names += ["base_momentum", "max_momentum"]
        groups = self.optimizer.param_groups
        return (*shape, self.cycle_momentum, [[group[name] for name in names] for group in groups])

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        noted = self.optimizer.param_groups[group]
        return self._cycle([self.base_lrs[group], noted["max_lr"], noted["min_lr"]])

    def _momentum(self, group: int) -> Callable[[Any], Any] | None:
        if not self.cycle_momentum:
            return None
        noted = self.optimizer.param_groups[group]
        return self._cycle([noted["max_momentum"], noted["base_momentum"], noted["max_momentum"]])

    def _cycle(self, levels: list[float]) -> Callable[[Any], Any]:
        if self.three_phase:
            levels = [*levels[:2], levels[0], levels[2]]
        # PyTorch has one more step, of which a loop that steps after each batch sees the rate.
        return one_cycle(levels, self.total_steps, self.pct_start, self.anneal_strategy, 1)


def _count(total_steps: Any, epochs: Any, steps_per_epoch: Any) -> int:
    """Return how many steps the cycle has."""
    counts = [total_steps] if total_steps is not None else [epochs, steps_per_epoch]
    if not all(isinstance(count, int) and count > 0 for count in counts):
        raise ArgumentError(
            f"total_steps={total_steps!r}, epochs={epochs!r} and steps_per_epoch="
            f"{steps_per_epoch!r} were given. Give total_steps, or both of the others: positive "
            "whole numbers."
        )
    return math.prod(counts)
