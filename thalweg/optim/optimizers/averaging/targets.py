"""Parameters that follow others: moved a share of the way, or now and then."""

from __future__ import annotations

from typing import Any, TypeVar

from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.arithmetic import remainder
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.optim.transformation import Params, each

__all__ = ["incremental_update", "periodic_update"]

Leaves = TypeVar("Leaves")


@on_tensors
def incremental_update(new_tensors: Leaves, old_tensors: Params, step_size: Any) -> Leaves:
    """Move parameters a share of the way to others: Polyak averaging, soft target networks.

        step_size · new + (1 − step_size) · old

    Args:
        new_tensors: The parameters moved to.
        old_tensors: The parameters moved.
        step_size: The share, in [0, 1].

    Raises:
        ShapeError: If the trees differ in structure, or shapes do not broadcast.

    Source:
        Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.incremental_update({"w": 1.0}, {"w": 0.0}, 0.25)
        {'w': np.float64(0.25)}
    """
    moved: Leaves = each(
        lambda new, old: step_size * new + (1.0 - step_size) * old, new_tensors, old_tensors
    )
    return moved


@on_tensors
def periodic_update(
    new_tensors: Leaves, old_tensors: Params, steps: Any, update_period: Any
) -> Leaves:
    """Return new parameters in every so many steps, else the old ones: hard target networks.

    Args:
        new_tensors: Returned where `steps` is a multiple of the period, 0 too.
        old_tensors: Returned elsewhere.
        steps: The step, an integer.
        update_period: The period, an integer in [1, ∞).

    Raises:
        ShapeError: If the trees differ in structure, or shapes do not broadcast.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.periodic_update({"w": 1.0}, {"w": 0.0}, 7, 10)
        {'w': np.float64(0.0)}
    """
    due = equal(remainder(asarray(steps), update_period), 0)
    chosen: Leaves = each(lambda new, old: where(due, new, old), new_tensors, old_tensors)
    return chosen
