"""Schedulers that follow a function of the user's."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

from thalweg.errors import CallError
from thalweg.torch.optim.lr_scheduler.groups import accept, one_for_each, plain
from thalweg.torch.optim.lr_scheduler.view import ScheduleView

__all__ = ["LambdaLR", "MultiplicativeLR"]


Factor = Callable[[int], float]


class _OfFunctions(ScheduleView):
    """One function of the epoch a group. Functions are not saved; what callable objects hold is."""

    _unsaved = ScheduleView._unsaved | {"lr_lambdas"}

    def __init__(
        self, optimizer: Any, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1
    ) -> None:
        self.lr_lambdas: list[Factor] = one_for_each("lr_lambda", accept(optimizer), lr_lambda)
        for function in self.lr_lambdas:
            if not callable(function):
                raise CallError(
                    f"lr_lambda={function!r} was given, but it must be a function of the epoch. "
                    "Give one such as lambda epoch: 0.95**epoch."
                )
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return all that the scheduler keeps, but for the optimizer and plain functions."""
        return super().state_dict() | {"lr_lambdas": [held_by(f) for f in self.lr_lambdas]}

    def _restore(self, state_dict: dict[str, Any]) -> None:
        super()._restore(state_dict)
        for function, held in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            give_back(function, held)

    def _settings(self) -> tuple[Any, ...]:
        return tuple(self.lr_lambdas)


def held_by(function: Any) -> dict[str, Any] | None:
    """Return what a callable object holds; None for a plain function."""
    plain_function = isinstance(function, (types.FunctionType, types.BuiltinFunctionType))
    return None if plain_function or function is None else dict(vars(function))


def give_back(function: Any, held: dict[str, Any] | None) -> None:
    """Put back what a callable object held."""
    if held is not None:
        vars(function).update(held)


class LambdaLR(_OfFunctions):
    """Multiply the base rate by a function of the epoch.

        lr = base_lr · lr_lambda(epoch)

    It sets the rate: changes by others do not last, unless they are in one `ChainedScheduler`.

    Args:
        optimizer: The optimizer.
        lr_lambda: The function, or a list of one a group.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If the list has more or fewer functions than the optimizer has groups.
        CallError: If the optimizer or a function is none.

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5 0.333 0.25
    """

    _sets = True

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        function, base_lr = self.lr_lambdas[group], self.base_lrs[group]
        return lambda epoch: base_lr * function(epoch)


class MultiplicativeLR(_OfFunctions):
    """Multiply the rate by a function of the epoch, each epoch.

        lr = base_lr · ∏ lr_lambda(k) for k = 1 … epoch

    Args:
        optimizer: The optimizer.
        lr_lambda: The function, or a list of one a group.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If the list has more or fewer functions than the optimizer has groups.
        CallError: If the optimizer or a function is none.

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5 0.25 0.125
    """

    def get_lr(self) -> list[Any]:
        """Return the learning rate of each group for the epoch `last_epoch`."""
        rates = [plain(group["lr"]) for group in self.optimizer.param_groups]
        if self.last_epoch == 0:
            return rates
        factors = [function(self.last_epoch) for function in self.lr_lambdas]
        return [rate * factor for rate, factor in zip(rates, factors, strict=False)]

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        function, base_lr = self.lr_lambdas[group], self.base_lrs[group]

        def product(epoch: Any) -> Any:
            value = base_lr
            for k in range(1, int(epoch) + 1):
                value = value * function(k)
            return value

        return product
