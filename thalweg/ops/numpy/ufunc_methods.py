"""The methods of NumPy's ufuncs on tensors: reduce, accumulate, reduceat, outer, at."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.spec import BOOL
from thalweg.core.tensor import Tensor, as_tensor, astype, fresh
from thalweg.core.writing import operand, overwrite
from thalweg.errors import ArgumentError, GradientError, TracingError, UnsupportedOperation
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.comparison import where as choose
from thalweg.ops.index.items import getitem, written_at
from thalweg.ops.index.take import add_to, combine_at, scatter_add, take
from thalweg.ops.reduce import extremes, sums
from thalweg.ops.reduce.scans import extreme_so_far, running
from thalweg.ops.shape.axes import normalize_axes, normalize_axis, without
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape

Function = Callable[..., Any]


def first(out: Any) -> Any:
    """Return what a ufunc of one result is given as `out`."""
    return out[0] if isinstance(out, tuple) and len(out) == 1 else out


# ---- reduce

_REDUCTIONS: dict[str, Function] = {
    "add": sums.sum,
    "multiply": sums.prod,
    "maximum": extremes.amax,
    "minimum": extremes.amin,
    "logical_and": sums.all,
    "logical_or": sums.any,
}

# Grouping their operands otherwise gives the same.
_ASSOCIATIVE = {
    *_REDUCTIONS, "logaddexp", "logaddexp2", "logical_xor", "bitwise_and", "bitwise_or",
    "bitwise_xor", "fmax", "fmin", "gcd", "lcm", "hypot",
}  # fmt: skip

_MISSING: Any = np._NoValue

_NEUTRAL: dict[str, Any] = {
    "add": 0, "multiply": 1, "logical_and": True, "logical_or": False, "logical_xor": False,
    "bitwise_or": 0, "bitwise_xor": 0, "bitwise_and": -1, "logaddexp": -math.inf,
    "logaddexp2": -math.inf, "hypot": 0, "fmax": -math.inf, "fmin": math.inf, "gcd": 0,
}  # fmt: skip


def _reduce(
    ufunc: Any,
    function: Function,
    array: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = _MISSING,
    where: Any = True,
) -> Any:
    name, tensor = ufunc.__name__, as_tensor(array)
    axes = normalize_axes(name, axis, tensor.ndim)
    mask, start = None if where is True else where, None if initial is _MISSING else initial
    reduction = _REDUCTIONS.get(name)
    if name == "logaddexp" and start is None and dtype is None:
        kept = tensor if mask is None else choose(astype(mask, BOOL), tensor, -math.inf)
        found = op.logsumexp(kept, axes, keepdims)
    elif reduction is None:
        found = _fold(name, function, _asked(name, tensor, dtype), axes, keepdims, start, mask)
    else:
        words: dict[str, Any] = (
            {} if start is None or name.startswith("logical") else {"initial": start}
        )
        if name in ("add", "multiply"):
            words["dtype"] = dtype
        else:
            tensor = _asked(name, tensor, dtype)
        found = reduction(tensor, axes, keepdims=keepdims, where=mask, **words)
        if start is not None and name.startswith("logical"):
            found = function(found, start)
    return found if first(out) is None else op.written_to(first(out), found)


def _asked(name: str, x: Tensor, dtype: Any) -> Tensor:
    if name.startswith("logical"):
        return astype(x, BOOL)
    return x if dtype is None else astype(x, dtype)


def _fold(
    name: str,
    function: Function,
    x: Tensor,
    axes: tuple[int, ...],
    keepdims: bool,
    initial: Any,
    mask: Any,
) -> Tensor:
    if mask is not None or (initial is None and not all(x.shape[a] for a in axes)):
        if initial is None and name not in _NEUTRAL:
            raise ArgumentError(
                f"numpy.{name}.reduce was given where=, or no elements, and {name} has no neutral "
                "element to begin with. Give initial=."
            )
        initial = _NEUTRAL[name] if initial is None else initial
        x = x if mask is None else choose(astype(mask, BOOL), x, _NEUTRAL.get(name, initial))
    if len(axes) > 1 and name not in _ASSOCIATIVE:
        raise ArgumentError(
            f"numpy.{name}.reduce got the axes {axes}; {name} depends on the order of its "
            "operands. Reduce one axis after the other."
        )
    shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    for axis in axes:
        x = _combine_pairs(name, function, x, axis)
    if not all(x.shape[a] for a in axes):
        x = broadcast_to(astype(initial, x.dtype), shape)
    elif initial is not None:
        x = function(astype(initial, x.dtype), x)
    return x if keepdims else reshape(x, without(shape, axes))


def _combine_pairs(name: str, function: Function, x: Tensor, axis: int) -> Tensor:
    """Combine all elements along an axis: in pairs, or one after the other."""
    if name not in _ASSOCIATIVE:
        extent = x.shape[axis]
        found = part_of(x, axis, 0, min(1, extent))
        for i in range(1, extent):
            found = function(found, part_of(x, axis, i, i + 1))
        return found
    while (extent := x.shape[axis]) > 1:
        half = extent // 2
        pairs = function(part_of(x, axis, 0, half), part_of(x, axis, half, 2 * half))
        rest = [part_of(x, axis, 2 * half, extent)] if extent % 2 else []
        x = concatenate([pairs, *rest], axis=axis)
    return x


# ---- accumulate, reduceat, outer

# Of equal extremes the last one so far has the derivative.
_RUNNING: dict[str, Function] = {
    "maximum": lambda x, axis, dtype: extreme_so_far(_asked("", x, dtype), axis, True)[0],
    "minimum": lambda x, axis, dtype: extreme_so_far(_asked("", x, dtype), axis, False)[0],
    "add": lambda x, axis, dtype: op.cumsum(x, axis, dtype),
    "multiply": lambda x, axis, dtype: op.cumprod(x, axis, dtype),
    "logaddexp": lambda x, axis, dtype: op.logcumsumexp(_asked("", x, dtype), axis),
}


def _accumulate(
    ufunc: Any, function: Function, array: Any, axis: int = 0, dtype: Any = None, out: Any = None
) -> Any:
    name, tensor = ufunc.__name__, as_tensor(array)
    place = normalize_axis(f"{name}.accumulate", axis, tensor.ndim)
    if name in _RUNNING:
        found = _RUNNING[name](tensor, place, dtype)
    else:
        found = _accumulate_along(name, function, _asked(name, tensor, dtype), place)
    return found if first(out) is None else op.written_to(first(out), found)


def _accumulate_along(name: str, function: Function, x: Tensor, axis: int) -> Tensor:
    if name in _ASSOCIATIVE or x.shape[axis] < 2:
        return running(function, x, axis)
    parts = [part_of(x, axis, 0, 1)]
    for i in range(1, x.shape[axis]):
        parts.append(function(parts[-1], part_of(x, axis, i, i + 1)))
    return concatenate(parts, axis=axis)


def _reduceat(
    ufunc: Any,
    function: Function,
    array: Any,
    indices: Any,
    axis: int = 0,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    name, tensor = ufunc.__name__, as_tensor(array)
    place = normalize_axis(f"{name}.reduceat", axis, tensor.ndim)
    extent, starts = tensor.shape[place], as_tensor(indices).numpy().tolist()
    if any(not 0 <= start < extent for start in starts):
        raise ArgumentError(
            f"numpy.{name}.reduceat got the indices {starts} for an axis of extent {extent}; each "
            f"is between 0 and {extent - 1}."
        )
    stops = [*starts[1:], extent]
    rising = all(start < stop for start, stop in zip(starts, stops, strict=True))
    if name == "add" and rising and tensor.dtype.kind == "f" and dtype is None:
        rest = part_of(tensor, place, starts[0], extent)
        segments = np.repeat(np.arange(len(starts)), np.diff([*starts, extent]))
        shape = (*tensor.shape[:place], len(starts), *tensor.shape[place + 1 :])
        found = scatter_add(zeros(shape, tensor.dtype, like=tensor), segments, rest, axis=place)
    else:
        spans = zip(
            starts, (max(a + 1, b) for a, b in zip(starts, stops, strict=True)), strict=True
        )
        parts = [part_of(tensor, place, *span) for span in spans]
        sums = [_reduce(ufunc, function, part, place, dtype, keepdims=True) for part in parts]
        found = concatenate(sums, axis=place)
    return found if first(out) is None else op.written_to(first(out), found)


def _outer(ufunc: Any, function: Function, a: Any, b: Any, **kwargs: Any) -> Any:
    x, y = as_tensor(a), as_tensor(b)
    spread = reshape(x, (*x.shape, *(1,) * y.ndim)) if y.ndim else x
    return op.call_ufunc(ufunc, "__call__", (spread, y), kwargs)


# ---- at


def _at(ufunc: Any, function: Function, a: Any, indices: Any, *values: Any) -> None:
    name = ufunc.__name__
    if not isinstance(a, Tensor):
        _at_array(ufunc, a, indices, values)
        return
    counted = fresh(np.arange(a.size).reshape(a.array.shape))
    places = getitem(counted, indices)
    new = [broadcast_to(as_tensor(value), places.array.shape) for value in values]
    before = operand(a, tuple(new))
    if values and not places.is_symbolic and not places.size:
        return
    if name in ("add", "subtract"):
        amount = astype(new[0] if name == "add" else -new[0], a.dtype)
        overwrite(a, add_to(before, places, amount))
    elif name in ("multiply", "maximum", "minimum"):
        at, amount = reshape(places, (-1,)), reshape(astype(new[0], a.dtype), (-1,))
        overwrite(a, combine_at(before, at, amount, how=name))
    else:
        _require_once(name, places)
        shown = take(reshape(before, (-1,)), places, axis=0)
        found = astype(function(shown, *new), a.dtype)
        overwrite(a, written_at(before, places, found))


def _require_once(name: str, places: Tensor) -> None:
    if places.is_symbolic:
        raise UnsupportedOperation(
            f"numpy.{name}.at was called with indices that are traced and may repeat. Use "
            "np.add.at, np.multiply.at, np.maximum.at or np.minimum.at."
        )
    if np.unique(places.array).size != places.size:
        raise UnsupportedOperation(
            f"numpy.{name}.at got an index twice; of tensors only add, subtract, multiply, maximum "
            "and minimum take that. Call it once for each repetition."
        )


def _at_array(ufunc: Any, a: Any, indices: Any, values: tuple[Any, ...]) -> None:
    """Write into a NumPy array, which plain numbers alone can be written into."""
    given = [as_tensor(value) for value in values]
    if any(value.is_symbolic or value.node is not None for value in given):
        raise (TracingError if any(value.is_symbolic for value in given) else GradientError)(
            f"numpy.{ufunc.__name__}.at was asked to write tensors into a NumPy array, which holds "
            "plain numbers. Make it a tensor: tw.zeros(n) instead of np.zeros(n)."
        )
    key = indices if isinstance(indices, tuple) else (indices,)
    plain = tuple(i.numpy() if isinstance(i, Tensor) else i for i in key)
    ufunc.at(a, plain, *(value.numpy() for value in given))


METHODS: dict[str, Function] = {
    "reduce": _reduce,
    "accumulate": _accumulate,
    "reduceat": _reduceat,
    "outer": _outer,
    "at": _at,
}
