"""The groups of an optimizer: reading and writing their learning rates and momenta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError, MissingEntry


@runtime_checkable
class Grouped(Protocol):
    """An optimizer with groups of parameters, each a dictionary with its own "lr"."""

    param_groups: list[dict[str, Any]]
    defaults: dict[str, Any]

    def step(self, closure: Any = None) -> Any:
        """Change the parameters once."""


def accept(optimizer: Any) -> Any:
    """Return an optimizer with groups of parameters.

    Raises:
        CallError: If it is something else.
    """
    if isinstance(optimizer, type) or not isinstance(optimizer, Grouped):
        raise CallError(
            f"{_name(optimizer)} is not an Optimizer: a scheduler needs one with groups of "
            "parameters. Give such as `torch.optim.Adam(parameters)`; a transformation such as "
            "`tw.optim.adam` takes a schedule in place of its learning rate."
        )
    return optimizer


def _name(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__


def starting_rates(optimizer: Any, last_epoch: int) -> list[float]:
    """Return the rates of the groups before any scheduler, and note them in the groups.

    Raises:
        MissingEntry: If training goes on but a group has no "initial_lr".
    """
    for i, group in enumerate(optimizer.param_groups):
        if last_epoch == -1:
            group.setdefault("initial_lr", plain(group["lr"]))
        elif "initial_lr" not in group:
            raise MissingEntry(
                f"last_epoch={last_epoch} was given to go on, but param_groups[{i}] has no "
                "'initial_lr' to compute the rates from. Restore the optimizer's state first, "
                "or write the rate that training began with into group['initial_lr']."
            )
    return [plain(group["initial_lr"]) for group in optimizer.param_groups]


def plain(value: Any) -> Any:
    """Return a number, a tensor's too, as it is now."""
    return value.item() if hasattr(value, "item") else value


def read_rates(optimizer: Any) -> list[Any]:
    """Return the learning rate of each group."""
    return [plain(group["lr"]) for group in optimizer.param_groups]


def write_rates(optimizer: Any, rates: Iterable[Any]) -> None:
    """Write a learning rate into each group; one that is a tensor is filled, not replaced.

    Raises:
        ArgumentError: If there are more or fewer rates than groups.
    """
    values = list(rates)
    groups = optimizer.param_groups
    if len(values) != len(groups):
        raise ArgumentError(
            f"The scheduler has {len(values)} learning rates, but the optimizer has "
            f"{len(groups)} groups. Add all groups before the scheduler is made, and restore "
            "the state of an optimizer that has as many."
        )
    for group, value in zip(groups, values, strict=True):
        rate = group["lr"]
        if isinstance(rate, Tensor):
            rate.detach()[...] = plain(value)
        elif hasattr(rate, "fill_"):
            rate.fill_(plain(value))
        else:
            group["lr"] = plain(value)


def one_for_each(name: str, optimizer: Any, value: Any) -> list[Any]:
    """Return a value for each group: the items of a list, or the same for all.

    Raises:
        ArgumentError: If the list is longer or shorter.
    """
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * groups
    if len(value) != groups:
        raise ArgumentError(
            f"{name} got {len(value)} values for the optimizer's {groups} groups. "
            "Give one for each group, or one for all."
        )
    return list(value)


def momentum_key(optimizer: Any) -> str:
    """Return under which name an optimizer keeps its momentum: "momentum" or "betas".

    Raises:
        ArgumentError: If it has none.
    """
    for key in ("betas", "momentum"):
        if key in optimizer.defaults:
            return key
    raise ArgumentError(
        f"cycle_momentum=True was given, but {type(optimizer).__name__} has neither momentum nor "
        "betas. Give cycle_momentum=False, or an optimizer that has one."
    )


def write_momentum(group: dict[str, Any], key: str, value: float) -> None:
    """Write the momentum of a group, which is the first of its betas if it has those."""
    group[key] = (value, *group[key][1:]) if key == "betas" else value
