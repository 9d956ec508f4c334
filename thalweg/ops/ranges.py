"""Whole ranges of numbers, a step apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import operation
from thalweg.core.spec import default_dtype
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.creation import new
from thalweg.ops.dtypes import require_cpu

__all__ = ["arange"]


@operation
def arange(
    start: Any = None,
    stop: Any = None,
    step: Any = 1,
    dtype: Any = None,
    *,
    end: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers from start (by default 0) up to, not including, stop.

    Args:
        start: The first number; the end, if it is the only argument.
        stop: Where to end.
        step: The difference of neighbours.
        dtype: By default int64, or that of `set_default_dtype` if a number is a float.
        end: PyTorch's name of `stop`.
        device: "cpu" or None.
        requires_grad: Whether `backward()` computes its derivative.

    Raises:
        ArgumentError: If the step is 0, or would be as an integer; if an end is not finite.
    """
    require_cpu(device)
    last = end if stop is None else stop
    numbers = [
        _number(n) for n in ((0, start) if last is None else (0 if start is None else start, last))
    ]
    by = _number(step)
    if by == 0:
        raise ArgumentError("arange got step 0, which reaches no end. Give another step.")
    if dtype is None and any(isinstance(n, float) for n in (*numbers, by)):
        dtype = np.result_type(default_dtype(), *(n for n in numbers if isinstance(n, np.generic)))
    first, last = numbers
    _require_reachable(first, last, by, dtype)
    return new(np.arange(first, last, by, dtype=dtype), requires_grad)


def _require_reachable(first: Any, last: Any, by: Any, dtype: Any) -> None:
    if not (np.isfinite(first) and np.isfinite(last)):
        raise ArgumentError(
            f"unsupported range: {first} -> {last}; arange wants finite ends. Give other ends."
        )
    if dtype is not None and np.dtype(dtype).kind in "iu" and -1 < by < 1:
        raise ArgumentError(
            f"arange got step {by} and dtype {np.dtype(dtype)}, as which the step must be nonzero. "
            "Give a whole step, or a floating dtype."
        )


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value
