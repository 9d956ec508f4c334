"""Schedulers whose rates follow from the epoch: by a few numbers, or a function of the user's."""

from __future__ import annotations

import types
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from thalweg.errors import ArgumentError, CallError
from thalweg.optim.ranges import POSITIVE, check_choice
from thalweg.optim.schedules import (
    constant_schedule,
    cosine_annealing_schedule,
    cosine_restarts_schedule,
    join_schedules,
    linear_schedule,
    multi_step_schedule,
    polynomial_schedule,
    step_schedule,
)
from thalweg.torch.optim.lr_scheduler.groups import accept, one_for_each, plain, read_rates
from thalweg.torch.optim.lr_scheduler.scheduler import LRScheduler
from thalweg.torch.optim.lr_scheduler.view import Curve, ScheduleView

__all__ = [
    "SWALR", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "ExponentialLR",
    "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "PolynomialLR", "StepLR",
]  # fmt: skip


Factor = Callable[[int], float]


class _OfFunctions(ScheduleView):
    """One function of the epoch a group. Functions are not saved; what callable objects hold is."""

    _unsaved = ScheduleView._unsaved | {"lr_lambdas"}
    _made_from = ("lr_lambdas",)

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
        check_choice(("cos", "linear"), anneal_strategy=anneal_strategy)
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

    _made_from = ("step_size", "gamma")
    _curve = staticmethod(step_schedule)

    def __init__(
        self, optimizer: Any, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        POSITIVE.check(step_size=step_size)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)


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

    _curve = staticmethod(multi_step_schedule)

    def __init__(
        self, optimizer: Any, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def _settings(self) -> tuple[Any, ...]:
        return sorted(self.milestones.elements()), self.gamma


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

    _made_from = ("factor", "total_iters")

    def __init__(
        self, optimizer: Any, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        _check_factor("factor", factor, "[0, 1]", 0 <= factor <= 1)
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    @staticmethod
    def _curve(base_lr: Any, factor: Any, total_iters: Any) -> Callable[[Any], Any]:
        levels = [constant_schedule(base_lr * factor), constant_schedule(base_lr)]
        return join_schedules(levels, [total_iters])


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

    _made_from = ("start_factor", "end_factor", "total_iters")

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
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    @staticmethod
    def _curve(base_lr: Any, start: Any, end: Any, total_iters: Any) -> Callable[[Any], Any]:
        return linear_schedule(base_lr * start, base_lr * end, total_iters)


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

    _made_from = ("gamma",)

    def __init__(self, optimizer: Any, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    @staticmethod
    def _curve(base_lr: Any, gamma: Any) -> Callable[[Any], Any]:
        return step_schedule(base_lr, 1, gamma)


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

    _made_from = ("power", "total_iters")

    def __init__(
        self, optimizer: Any, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    @staticmethod
    def _curve(base_lr: Any, power: Any, total_iters: Any) -> Callable[[Any], Any]:
        return polynomial_schedule(base_lr, 0.0, power, total_iters)


class CosineAnnealingLR(ScheduleView):
    """Let the rate swing along a cosine, down and up again.

        lr = eta_min + (base_lr − eta_min) (1 + cos(π · epoch / T_max)) / 2

    Args:
        optimizer: The optimizer.
        T_max: Epochs from the top to the bottom.
        eta_min: The rate at the bottom.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If `T_max` is not positive.
        CallError: If the optimizer is none.

    Source:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
        arXiv:1608.03983

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5 0.0 0.5
    """

    _made_from = ("T_max", "eta_min")
    _curve = staticmethod(cosine_annealing_schedule)

    def __init__(
        self, optimizer: Any, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        POSITIVE.check(T_max=T_max)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def _floor(self, group: int) -> Any:
        return self.eta_min


class CosineAnnealingWarmRestarts(ScheduleView):
    """Let the rate fall along a cosine, start again, and so on.

        lr = eta_min + (base_lr − eta_min) (1 + cos(π · T_cur / T_i)) / 2

    It sets the rate: changes by others do not last, unless they are in one `ChainedScheduler`.

    Args:
        optimizer: The optimizer.
        T_0: Epochs of the first fall.
        T_mult: How much longer each fall is than the one before.
        eta_min: The rate that each fall tends to.
        last_epoch: The last epoch that is over when training goes on; -1 begins.

    Raises:
        ArgumentError: If `T_0` or `T_mult` is no positive whole number or `eta_min` no number.
        CallError: If the optimizer is none.

    Source:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
        arXiv:1608.03983

    Example:
        >>> import thalweg.torch as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
        >>> for epoch in range(4):
        ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5 1.0 0.5
    """

    _sets = True
    _made_from = ("T_0", "T_mult", "eta_min")
    _curve = staticmethod(cosine_restarts_schedule)

    def __init__(
        self, optimizer: Any, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        _check_count("T_0", T_0)
        _check_count("T_mult", T_mult)
        if not isinstance(eta_min, (int, float)):
            raise ArgumentError(f"eta_min={eta_min!r} was given. Give a number, the lowest rate.")
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    @property
    def T_cur(self) -> Any:  # noqa: N802 - PyTorch's name
        """Epochs since the last start."""
        return self._place()[0]

    @property
    def T_i(self) -> int:  # noqa: N802 - PyTorch's name
        """Epochs from the last start to the next."""
        return self._place()[1]

    def _place(self) -> tuple[Any, int]:
        passed, length = self._epoch, self.T_0
        if self.T_mult == 1:
            return passed % length, length
        while passed >= length:
            passed, length = passed - length, length * self.T_mult
        return passed, length

    def step(self, epoch: float | None = None) -> None:
        """Write the learning rates of the next epoch into the groups.

        Args:
            epoch: An epoch to go to, also a fraction such as `epoch + batch / batches`; None for
                the next whole one.

        Raises:
            ArgumentError: If the epoch is negative.
        """
        if epoch is None:
            super().step()
            return
        if epoch < 0:
            raise ArgumentError(f"epoch={epoch!r} was given. Epochs count from 0.")
        self._step_count += 1
        self._jump(epoch)

    def _floor(self, group: int) -> Any:
        return self.eta_min

    def _advance(self) -> None:
        self._epoch: Any = self.last_epoch + 1
        super()._advance()

    def _jump(self, epoch: Any) -> None:
        self._epoch = epoch
        super()._jump(epoch)
        self.last_epoch = int(epoch)

    def _restore(self, state_dict: dict[str, Any]) -> None:
        # PyTorch's states keep the place in the fall, which follows from the epoch.
        rest = {k: v for k, v in state_dict.items() if k not in ("T_cur", "T_i")}
        super()._restore({"_epoch": state_dict["last_epoch"], **rest})


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or value < 1:
        raise ArgumentError(
            f"{name}={value!r} was given, but it is counted. Give a positive whole number."
        )
