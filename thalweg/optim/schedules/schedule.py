"""What a schedule is: a pure function of the step that knows how it was made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from thalweg.core.spec import FLOAT64
from thalweg.core.tensor import Tensor, as_tensor, astype, make
from thalweg.foreign import OWN
from thalweg.ops.creation.creation import asarray
from thalweg.ops.numpy.kinds import on_tensors, same_kind
from thalweg.ops.numpy.libraries import of_users
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.optim.recipe import Form, Recipe

__all__ = ["ScalarOrSchedule", "Schedule"]

ScalarOrSchedule = float | Callable[[Any], Any]


class Schedule(Recipe):
    """A pure function of the step that knows how it was made.

    A plain function of the step does wherever a schedule is wanted; a schedule also prints,
    compares, pickles, and its numbers are hyperparameters that change without recompiling.

    Args:
        function: Maps steps, a float64 tensor counted from 0, to values.

    Example:
        >>> import thalweg as tw
        >>> halving = tw.optim.Schedule(lambda step: 0.5**step)
        >>> halving(3)
        0.125
    """

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = of_users(function)
        self.remember(type(self), _FORM, {"function": function})

    def twin(self) -> Self:
        """Return a new schedule of the same function."""
        return type(self)(self._function)

    def __call__(self, step: Any) -> Any:
        """Return the value at a step, or the float64 values at an array of steps."""
        return self._at(step) if step.__class__ in OWN else on_tensors(self._at)(step)

    @same_kind
    def _at(self, step: Any) -> Any:
        steps = asarray(step)
        value = as_tensor(self._function(astype(steps, FLOAT64)))
        if value.shape != steps.shape:
            value = broadcast_to(value, steps.shape)
        if isinstance(step, Tensor):
            return value
        # A number for a number, which leaves the dtype to what it multiplies.
        return make(value.array, value.node, type(step) in (int, float))


_FORM = Form(Schedule)
