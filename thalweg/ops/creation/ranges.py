"""Numbers a step apart, and evenly spaced ones and their powers, under NumPy's parameters.

Evenly spaced numbers are PyTorch's to the last bit: from the first half of them to the start, and
from the second half to the end, as many steps are taken as lie between, in one fused operation
each. The last number is the end itself.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from thalweg.core.apply import joined
from thalweg.core.operation import op, operation
from thalweg.core.program import Symbol
from thalweg.core.spec import Array, default_dtype
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import ArgumentError, CallError
from thalweg.ops.creation.creation import new
from thalweg.ops.creation.dtypes import require_cpu
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.elementwise.fused import fma

__all__ = ["arange", "linspace", "logspace"]


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
    if not (math.isfinite(first) and math.isfinite(last)):
        raise ArgumentError(
            f"unsupported range: {first} -> {last}; arange wants finite ends. Give other ends."
        )
    if -1 < by < 1 and dtype is not None and np.dtype(dtype).kind in "iu":
        raise ArgumentError(
            f"arange got step {by} and dtype {np.dtype(dtype)}, as which the step must be nonzero. "
            "Give a whole step, or a floating dtype."
        )


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value


@operation
def linspace(
    start: Any,
    stop: Any = None,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    *,
    end: Any = None,
    steps: int | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return evenly spaced numbers from start to stop.

    Args:
        start: The first number.
        stop: The last number, or with `endpoint` false the one after the last.
        num: How many.
        endpoint: Whether `stop` is one of them.
        dtype: By default that of `set_default_dtype` for Python's numbers, else NumPy's.
        end: PyTorch's name of `stop`.
        steps: PyTorch's name of `num`.
        device: "cpu" or None.
        requires_grad: Whether `backward()` computes its derivative.

    Raises:
        ArgumentError: If `num` is negative.

    Example:
        >>> import thalweg as tw
        >>> tw.linspace(0, 1, 5).tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    require_cpu(device)
    last, count = _end("linspace", stop, end), _count("linspace", num, steps)
    if _is_differentiable(start) or _is_differentiable(last):
        found = _through_tensors(start, last, count, endpoint, dtype)
    else:
        found = fresh(_space_evenly(_plain(start), _plain(last), count, endpoint, dtype))
    return found.requires_grad_() if requires_grad else found


@operation
def logspace(
    start: Any,
    stop: Any = None,
    num: int = 50,
    endpoint: bool | float = True,
    base: Any = 10.0,
    dtype: Any = None,
    *,
    end: Any = None,
    steps: int | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return powers of a base whose exponents are evenly spaced from start to stop.

    Args:
        start: The first exponent.
        stop: The last exponent, or with `endpoint` false the one after the last.
        num: How many powers.
        endpoint: Whether `stop` is one of the exponents. A number that is no Boolean is the base,
            which PyTorch has in this place.
        base: The base.
        dtype: As for `linspace`.
        end: PyTorch's name of `stop`.
        steps: PyTorch's name of `num`.
        requires_grad: Whether `backward()` computes its derivative.

    Raises:
        ArgumentError: If `num` is negative.

    Example:
        >>> import thalweg as tw
        >>> tw.logspace(0, 3, 4).tolist()
        [1.0, 10.0, 100.0, 1000.0]
    """
    last, count = _end("logspace", stop, end), _count("logspace", num, steps)
    if not isinstance(endpoint, (bool, np.bool_)):
        endpoint, base = True, endpoint
    if any(map(_is_differentiable, (start, last, base))):
        found: Tensor = op.power(base, linspace(start, last, count, bool(endpoint), dtype))
    else:
        ends = _plain(start), _plain(last), _plain(base)
        found = fresh(_powers(*ends, count, bool(endpoint), dtype))
    return found.requires_grad_() if requires_grad else found


def _space_evenly(start: Any, stop: Any, n: int, endpoint: bool, dtype: Any) -> Array:
    kind = _kind(start, stop, dtype)
    if not _is_scalar_of(kind, start, stop):
        return np.linspace(start, stop, n, endpoint, dtype=kind)
    if not endpoint:
        return _space_evenly(start, stop, n + 1, True, dtype)[:-1]
    with np.errstate(all="ignore"):
        low, high = kind.type(start), kind.type(stop)
        step = (high - low) / kind.type(max(n - 1, 1))
        before, after = _positions(n)
        return np.concatenate([fma(step, before, low, kind), fma(-step, after, high, kind)])


def _powers(start: Any, stop: Any, base: Any, n: int, endpoint: bool, dtype: Any) -> Array:
    kind = _kind(start, stop, dtype)
    if not endpoint or not _is_scalar_of(kind, start, stop) or np.ndim(base):
        return np.logspace(start, stop, n, endpoint, base, dtype=kind)
    # PyTorch subtracts the ends in the dtype and goes on in double precision, nothing fused; a
    # single exponent is not rounded to the dtype.
    with np.errstate(all="ignore"):
        if n == 1:
            return np.array([_power(float(base), float(start))]).astype(kind)
        low, high = kind.type(start), kind.type(stop)
        step = float(high - low) / max(n - 1, 1)
        before, after = _positions(n)
        exponents = np.concatenate([float(low) + step * before, float(high) - step * after])
        powers = [_power(float(base), exponent) for exponent in exponents.tolist()]
        return np.array(powers, np.float64).astype(kind)


def _positions(n: int) -> tuple[Array, Array]:
    """Return the steps from the start to the first half, and from the end to the second half."""
    # One number alone is the start.
    half = n if n == 1 else n // 2
    return np.arange(half, dtype=float), np.arange(n - half - 1, -1, -1, dtype=float)


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except (OverflowError, ValueError):
        return float(np.power(base, exponent))


def _through_tensors(start: Any, stop: Any, n: int, endpoint: bool, dtype: Any) -> Tensor:
    steps = max(1, n - 1 if endpoint else n)
    low, high = as_tensor(start), as_tensor(stop)
    ahead = (1,) * max(low.ndim, high.ndim)
    dtype = joined(low, high, as_tensor(1.0)) if dtype is None else dtype
    fractions = np.reshape(np.arange(n) / steps, (n, *ahead)).astype(dtype)
    return astype(low + (high - low) * fractions, dtype)


# ---- arguments


def _end(name: str, stop: Any, end: Any) -> Any:
    if (stop is None) is (end is None):
        raise CallError(
            f"{name} got {'two ends' if end is not None else 'no end'}. Give it `stop`."
        )
    return end if stop is None else stop


def _count(name: str, num: Any, steps: Any) -> int:
    given = num if steps is None else steps
    try:
        count = operator.index(given)
    except TypeError:
        raise CallError(
            f"{name} got num={given!r}; how many numbers is an integer. Give one."
        ) from None
    if count < 0:
        raise ArgumentError(
            f"{name} got num={count}: number of steps must be non-negative. Give 0 or more."
        )
    return count


def _is_differentiable(x: Any) -> bool:
    return isinstance(x, Tensor) and (isinstance(x.array, Symbol) or x.node is not None)


def _plain(x: Any) -> Any:
    if isinstance(x, Tensor):
        return x.array
    return x if np.isscalar(x) else np.asarray(x)


def _kind(start: Any, stop: Any, dtype: Any) -> Any:
    """Return the dtype of the result."""
    if dtype is not None:
        return np.dtype(dtype)
    if all(type(x) in (int, float, bool) for x in (start, stop)):
        return default_dtype()
    if all(type(x) in (int, float, bool, complex) for x in (start, stop)):
        return np.result_type(default_dtype(), np.complex64)
    return np.result_type(start, stop, 1.0)


def _is_scalar_of(kind: Any, *ends: Any) -> bool:
    """Tell whether PyTorch has such numbers: real ends, in float32 or float64."""
    return kind in (np.float32, np.float64) and all(
        np.ndim(x) == 0 and np.result_type(x).kind in "biuf" for x in ends
    )
