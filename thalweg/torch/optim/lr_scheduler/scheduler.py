"""What every scheduler does: write the learning rates of an optimizer's groups, epoch by epoch."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.reduce.sums import all as every
from thalweg.torch.optim.lr_scheduler.groups import accept, read_rates, starting_rates, write_rates

__all__ = ["LRScheduler"]


class LRScheduler:
    """The base of the schedulers; for one of your own define `get_lr`.

    `get_lr` returns one learning rate a group for the epoch `last_epoch`. It may use `base_lrs`,
    the rates to start from, and the rates the groups have so far.

    Args:
        optimizer: The optimizer into whose groups the rates are written.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Attributes:
        optimizer: The optimizer.
        base_lrs: The rate of each group to start from.
        last_epoch: The epoch whose rates the groups have, counted from 0.

    Raises:
        CallError: If the optimizer is none, or has no groups.
        MissingEntry: If training goes on but a group has no "initial_lr".

    Example:
        >>> import thalweg as tw
        >>> import thalweg.torch as torch
        >>> class Halving(torch.optim.lr_scheduler.LRScheduler):
        ...     def get_lr(self):
        ...         return [base_lr * 0.5**self.last_epoch for base_lr in self.base_lrs]
    """

    # Whether the base rates are arguments, and not the optimizer's.
    _brings_rates = False
    _get_lr_called_within_step = False
    _unsaved = frozenset({"optimizer", "_get_lr_called_within_step", "_beside", "_watch"})
    # What a copy does without: it is made anew, or belongs to the optimizer it was made for.
    _passing = frozenset({"_watch"})
    _watch: Watch | None = None

    def __init__(self, optimizer: Any, last_epoch: int = -1) -> None:
        self.optimizer = accept(optimizer)
        self.base_lrs = starting_rates(optimizer, last_epoch)
        self.last_epoch = last_epoch
        self._beside: list[LRScheduler] = []
        self._watch = Watch(optimizer)
        self._initial_step()

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for the epoch `last_epoch`."""
        raise NotImplementedError(
            f"{type(self).__name__} does not say which rates it gives. Define its `get_lr`."
        )

    def get_last_lr(self) -> list[Any]:
        """Return the learning rate of each group that this scheduler wrote last."""
        return self._last_lr

    def step(self, epoch: Any = None) -> None:
        """Write the learning rates of the next epoch into the groups.

        Call it after the optimizer's own `step`.

        Args:
            epoch: An epoch to jump to; deprecated, as in PyTorch. None for the next one.
        """
        if self._watch is not None and self._step_count == 1:
            self._watch.check(self.optimizer)
        self._step_count += 1
        if epoch is None:
            self._advance()
            return
        warnings.warn(
            f"step(epoch={epoch!r}) was called, but schedulers count by themselves, and the "
            "argument is deprecated. Call step() after each epoch.",
            UserWarning,
            stacklevel=2,
        )
        self._jump(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return all that the scheduler keeps, but for the optimizer."""
        return self._kept(self.__dict__)

    def _kept(self, entries: dict[str, Any]) -> dict[str, Any]:
        """Return entries of a state, those that none has left out, and containers copied."""
        return {
            name: copy.copy(value) if isinstance(value, (list, dict)) else value
            for name, value in entries.items()
            if name not in self._unsaved
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state, its learning rates included.

        Rates that somebody changed since this scheduler wrote them stay: then the optimizer has
        got its own state back, and that is the newer word on them.

        Raises:
            ArgumentError: If the state belongs to an optimizer with more or fewer groups.
        """
        untouched = read_rates(self.optimizer) == self._last_lr
        self._restore(state_dict)
        if untouched:
            write_rates(self.optimizer, self._last_lr)
            self._write_momenta()

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in self._passing}

    # ---- what schedulers that are made of schedulers ask of them

    def _initial_step(self) -> None:
        self._step_count = 0
        self.step()

    def _begin(self) -> None:
        """Go to epoch 0, with the rates to start from."""
        write_rates(self.optimizer, self.base_lrs)
        self._enter()

    def _enter(self) -> None:
        """Go to epoch 0, taking the rates that the groups have for those to start from."""
        self.last_epoch = -1
        self._advance()

    def _advance(self) -> None:
        """Go to the next epoch, from the rates that the groups have."""
        self.last_epoch += 1
        self._write(self._computed())

    def _goto(self, epoch: int) -> None:
        """Go to an epoch as if through all before it."""
        self._begin()
        for _ in range(epoch):
            self._advance()

    def _jump(self, epoch: Any) -> None:
        """Go to an epoch as the argument of `step` says."""
        self.last_epoch = epoch
        closed_form = getattr(self, "_get_closed_form_lr", None)
        self._write(self._computed() if closed_form is None else closed_form())

    def _alone(self, group: int) -> Any:
        """Return the rate of a group now, were no other scheduler at work on it."""
        return self._last_lr[group]

    def _share(self, group: int) -> Any:
        """Return by which factor this scheduler changes the rate of a group now."""
        base_lr = self.base_lrs[group]
        return self._alone(group) / base_lr if base_lr else 1.0

    def _others(self, group: int) -> Any:
        """Return by which factor the schedulers beside this one change the rate of a group."""
        return math.prod(other._share(group) for other in self._beside)

    def _stand_beside(self, others: Sequence[LRScheduler]) -> None:
        """Note which schedulers are at work on the same rates."""
        self._beside = [*self._beside, *others]

    def _computed(self) -> list[Any]:
        self._get_lr_called_within_step = True
        try:
            return self.get_lr()
        finally:
            self._get_lr_called_within_step = False

    def _write(self, rates: list[Any]) -> None:
        write_rates(self.optimizer, rates)
        self._write_momenta()
        self._last_lr = read_rates(self.optimizer)

    def _write_momenta(self) -> None:
        """Write the momenta of the epoch; most schedulers leave them alone."""

    def _restore(self, state_dict: dict[str, Any]) -> None:
        self.__dict__.update(self._kept(state_dict))


def carry_rate(rate: Any, before: Any, after: Any, floor: Any, others: Callable[[], Any]) -> Any:
    """Return a rate after a schedule went from one value to the next.

        rate' = floor + (rate − floor) (after − floor) / (before − floor)

    A rate that nobody else has a part in takes the schedule's value itself, without rounding.
    From the floor there is no way back up by factors: there the difference counts, times what
    the others contribute.
    """
    if after == before:
        return rate
    if before == floor:
        share = others()
        return after if rate == before and share == 1.0 else rate + (after - before) * share
    if rate == before:
        return after
    return floor + (rate - floor) * ((after - floor) / (before - floor))


class Watch:
    """Notes whether an optimizer made a step, until it is asked."""

    def __init__(self, optimizer: Any) -> None:
        register = getattr(optimizer, "register_step_post_hook", None)
        self._seen = register is None
        self._handle: Any = None if register is None else register(self._note)

    def _note(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self._seen = True

    def stop(self) -> None:
        """Look no longer."""
        if self._handle is not None:
            self._handle.remove()

    def check(self, optimizer: Any) -> None:
        """Warn if the optimizer made no step though it could have, and look no longer.

        It could not if a gradient is infinite or NaN: then whoever trains leaves the step out on
        purpose, as with scaled losses, and nothing is in the wrong order.
        """
        self.stop()
        if not self._seen and not _has_bad_gradient(optimizer):
            warnings.warn(
                "`lr_scheduler.step()` was called before `optimizer.step()`: the first learning "
                "rate of the schedule is never used. Call `optimizer.step()` first.",
                UserWarning,
                stacklevel=3,
            )


def _has_bad_gradient(optimizer: Any) -> bool:
    """Tell whether a gradient is infinite or NaN."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    gradients = [getattr(p, "grad", None) for p in parameters]
    return any(g is not None and not bool(every(isfinite(g))) for g in gradients)
