"""Telling whether a scheduler is stepped before its optimizer."""

from __future__ import annotations

import warnings
from typing import Any

from thalweg.ops.composed import isfinite
from thalweg.ops.reductions import all as every


def watch(optimizer: Any) -> None:
    """Note from now on whether an optimizer made a step."""
    register = getattr(optimizer, "register_step_post_hook", None)
    if register is not None and not hasattr(optimizer, "_opt_called"):
        optimizer._opt_called = False
        register(_note_step)


def _note_step(optimizer: Any, args: Any, kwargs: Any) -> None:
    optimizer._opt_called = True


def check_order(optimizer: Any) -> None:
    """Warn if an optimizer made no step though it could have.

    It could not if a gradient is infinite or NaN: then whoever trains leaves the step out on
    purpose, as with scaled losses, and nothing is in the wrong order.
    """
    if getattr(optimizer, "_opt_called", True) or _spoilt(optimizer):
        return
    warnings.warn(
        "`lr_scheduler.step()` was called before `optimizer.step()`: the first learning rate of "
        "the schedule is never used. Call `optimizer.step()` first.",
        UserWarning,
        stacklevel=3,
    )


def _spoilt(optimizer: Any) -> bool:
    """Tell whether a gradient is infinite or NaN."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    gradients = [getattr(p, "grad", None) for p in parameters]
    return any(g is not None and not bool(every(isfinite(g))) for g in gradients)
