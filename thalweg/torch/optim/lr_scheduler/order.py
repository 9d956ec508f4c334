"""Telling whether a scheduler is stepped before its optimizer."""

from __future__ import annotations

import warnings
from typing import Any

from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.reduce.sums import all as every


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
        if not self._seen and not _spoilt(optimizer):
            warnings.warn(
                "`lr_scheduler.step()` was called before `optimizer.step()`: the first learning "
                "rate of the schedule is never used. Call `optimizer.step()` first.",
                UserWarning,
                stacklevel=3,
            )


def _spoilt(optimizer: Any) -> bool:
    """Tell whether a gradient is infinite or NaN."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    gradients = [getattr(p, "grad", None) for p in parameters]
    return any(g is not None and not bool(every(isfinite(g))) for g in gradients)
