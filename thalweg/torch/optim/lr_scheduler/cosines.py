"""Schedulers along a cosine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.ranges import POSITIVE
from thalweg.optim.schedules import cosine_annealing_schedule, cosine_restarts_schedule
from thalweg.torch.optim.lr_scheduler.view import ScheduleView

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


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

    def __init__(
        self, optimizer: Any, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        POSITIVE.check("T_max", T_max)
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _settings(self) -> tuple[Any, ...]:
        return self.T_max, self.eta_min

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        return cosine_annealing_schedule(self.base_lrs[group], self.T_max, self.eta_min)

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

    def __init__(
        self,
        optimizer: Any,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        _check_count("T_0", T_0)
        _check_count("T_mult", T_mult)
        if not isinstance(eta_min, (int, float)):
            raise ArgumentError(f"eta_min={eta_min!r} was given. Give a number, the lowest rate.")
        self.T_0 = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
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

    def _settings(self) -> tuple[Any, ...]:
        return self.T_0, self.T_mult, self.eta_min

    def _schedule(self, group: int) -> Callable[[Any], Any]:
        return cosine_restarts_schedule(self.base_lrs[group], self.T_0, self.T_mult, self.eta_min)

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
