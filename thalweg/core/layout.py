"""Where the elements of traced values would lie, and what of them would be shown, not copied.

Traced values lie nowhere. But NumPy's `reshape` returns a view or a copy as the elements lie, and
what is written into a view is seen in its base. So the layout that NumPy would give each value is
worked out, when it is asked for, from the equations that lead to it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.core.memory import Memory, View, memory_of
from thalweg.core.program import Equation, Symbol, Trace
from thalweg.errors import TracingError
from thalweg.lines import user_line

if TYPE_CHECKING:
    from thalweg.core.primitive import Primitive
    from thalweg.core.tensor import Tensor

Array = np.ndarray[Any, Any]
Steps = Sequence[tuple["Primitive", Any]]
Strides = tuple[int, ...]


def row_major(shape: Sequence[int]) -> Strides:
    """Return how many elements apart neighbours lie along each axis of an array in C order."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def require_known(view: View) -> None:
    """Refuse to go on where it matters whether NumPy would have copied, and that is not known."""
    if view.doubtful:
        raise TracingError(
            f"At {user_line()} the memory of a reshaped tensor matters, as it or what it was made "
            "of is written. Whether NumPy's reshape was a view or a copy depends on how the "
            "elements lay, which is not known while a function is traced. Say which: reshape a "
            "copy, x.copy().reshape(…), or write into the tensor by its own axes."
        )


def is_shown(tensor: Tensor, primitive: Primitive, params: Any) -> bool | None:
    """Tell whether NumPy would show a traced tensor's memory, not copy it; None: unknown."""
    if primitive.view is True or primitive.locates(tensor.spec, **params):
        return True
    found = {
        shows(shape, strides, (*steps, (primitive, params)))
        for shape, strides, steps in _layouts(tensor)
    }
    return found.pop() if len(found) == 1 else None


def may_share(x: Tensor, y: Tensor) -> bool:
    """Tell whether two tensors that are not traced may lie in the same memory."""
    return np.may_share_memory(x.array, y.array)


def follows_itself(tensor: Tensor) -> bool | None:
    """Tell whether NumPy would lay a tensor out in row-major order without gaps; None: unknown."""
    array = tensor.array
    if not isinstance(array, Symbol):
        return not isinstance(array, np.ndarray) or bool(array.flags.c_contiguous)
    found = {_follows(*layout) for layout in _layouts(tensor)}
    return found.pop() if len(found) == 1 else None


def _follows(shape: Strides, strides: Strides, steps: Steps) -> bool:
    shown = _view_of(shape, strides, steps)
    return shown is None or bool(shown.flags.c_contiguous)


def _layouts(tensor: Tensor) -> list[tuple[Strides, Strides, Steps]]:
    """Return the shape and the possible layouts of a tensor's memory, and what shows it there."""
    view = tensor.origin
    base, steps = (tensor, ()) if view is None else (view.base, view.steps)
    shape = tuple(base.array.shape)
    return [(shape, strides, steps) for strides in _possible(shape, base.memory, base.array)]


def keep_layout(base: Tensor) -> None:
    """Note that the new value of a tensor that was written lies where the old one did."""
    memory, value = base.memory, base.array
    if memory is not None and memory.first is not None:
        first = memory.first
        strides = strides_of(first) if isinstance(first, Symbol) else first
        Trace.of(value).strides.setdefault(value, strides)


def _possible(shape: Strides, memory: Memory | None, value: Symbol) -> list[Strides]:
    """Return the layouts that the memory of a traced value may have."""
    first = value if memory is None or memory.first is None else memory.first
    known = strides_of(first) if isinstance(first, Symbol) else first
    if known is not None:
        return [known]
    axes = [axis for axis, extent in enumerate(shape) if extent > 1]
    orders = itertools.islice(itertools.permutations(axes), 720)
    return [_dense(shape, order) for order in orders]


def _dense(shape: Strides, order: Sequence[int]) -> Strides:
    """Return the strides of an array without gaps, its axes in this order; the others have one."""
    strides, step = [1] * len(shape), 1
    for axis in reversed(order):
        strides[axis] = step
        step *= shape[axis]
    return tuple(strides)


def dense_like(shape: Strides, strides: Strides) -> Strides:
    """Return the strides of a copy that keeps the order of the axes in memory."""
    moving = [axis for axis, extent in enumerate(shape) if extent > 1]
    return _dense(shape, sorted(moving, key=lambda axis: -abs(strides[axis])))


def shows(shape: Strides, strides: Strides, steps: Steps) -> bool:
    """Tell whether steps lead to a view of an array of this layout, not to a copy."""
    return _view_of(shape, strides, steps) is not None


def _view_of(shape: Strides, strides: Strides, steps: Steps) -> Array | None:
    """Return what steps show of an array of this layout, not to be read; None if they copy."""
    item = np.dtype(np.complex128)
    wide = tuple(step * item.itemsize for step in strides)
    # An array of that layout without its memory: nothing of it is read.
    shown: Array = np.lib.stride_tricks.as_strided(np.empty(1, item), shape, wide)
    for primitive, params in steps:
        show = primitive.view if callable(primitive.view) else primitive.meaning
        shown = show(shown, **params)
        if shown is None:
            return None
    return shown


# ---- the layout of values


def strides_of(symbol: Symbol) -> Strides | None:
    """Return how many elements apart neighbours lie, as NumPy would lay a value out; None: unknown.

    Arguments of traced functions lie in row-major order where nothing else is noted of them.
    """
    trace = Trace.of(symbol)
    known = trace.strides
    pending = [symbol]
    while pending:
        equation = trace.producers.get(pending[-1])
        needed = () if equation is None else _operands(trace, equation)
        missing = [operand for operand in needed if operand not in known]
        if missing:
            pending += missing
            continue
        current = pending.pop()
        if current not in known:
            known[current] = (
                _of_input(trace, current) if equation is None else _infer(trace, equation)
            )
    return known[symbol]


def laid_out_like(x: Tensor, like: Tensor) -> Tensor:
    """Note that a traced tensor's elements lie as those of another one of its shape, and return it.

    That is what NumPy's zeros_like and its like do.
    """
    if isinstance(x.array, Symbol) and x.origin is None and x.array.shape == like.array.shape:
        strides = strides_of(like.array)
        if strides is not None:
            memory_of(x).first = dense_like(tuple(x.array.shape), strides)
    return x


def note_layout(symbol: Symbol, array: Any) -> None:
    """Note how the elements of an argument lie."""
    if isinstance(array, Symbol):
        Trace.of(symbol).strides[symbol] = strides_of(array)
    elif array.itemsize:
        found = tuple(step // array.itemsize for step in array.strides)
        Trace.of(symbol).strides[symbol] = found


def _operands(trace: Trace, equation: Equation) -> Sequence[Symbol]:
    primitive = equation.primitive
    if primitive.order == "K":
        return equation.inputs
    return equation.inputs[:1] if primitive.view else ()


def _of_input(trace: Trace, symbol: Symbol) -> Strides:
    for tensor, captured in trace.captured.values():
        if captured is symbol and isinstance(tensor.array, np.ndarray):
            item = tensor.array.itemsize
            return tuple(step // item for step in tensor.array.strides)
    return row_major(symbol.shape)


def _infer(trace: Trace, equation: Equation) -> Strides | None:
    primitive, shape = equation.primitive, equation.output.shape
    if sum(extent > 1 for extent in shape) <= 1 and not primitive.view:
        return _dense(shape, [axis for axis, extent in enumerate(shape) if extent > 1])
    if primitive.order == "C":
        return row_major(shape)
    operands = _operands(trace, equation)
    layouts = [trace.strides[operand] for operand in operands]
    if not operands or None in layouts:
        return None
    pairs = [(o.shape, s) for o, s in zip(operands, layouts, strict=True) if s is not None]
    if primitive.view:
        return _infer_view(*pairs[0], primitive, equation.params)
    return _infer_order(equation, pairs)


def _infer_view(
    shape: Strides, strides: Strides, primitive: Primitive, params: Any
) -> Strides | None:
    shown = _view_of(shape, strides, [(primitive, params)])
    if shown is None:
        return row_major(primitive.spec(_Shaped(shape), **params).shape)
    return tuple(step // shown.itemsize for step in shown.strides)


class _Shaped:
    """A shape alone, where a rule asks for a spec."""

    def __init__(self, shape: Strides) -> None:
        self.shape, self.dtype = shape, np.dtype(np.complex128)


def _infer_order(equation: Equation, operands: list[tuple[Strides, Strides]]) -> Strides:
    """Let NumPy lay out the result for small operands whose axes lie in the same order."""
    small = [
        _miniature(shape, strides, symbol.dtype)
        for (shape, strides), symbol in zip(operands, equation.inputs, strict=True)
    ]
    with np.errstate(all="ignore"):
        found = np.asarray(equation.primitive.meaning(*small, **equation.params))
    return dense_like(equation.output.shape, found.strides)


def _miniature(shape: Strides, strides: Strides, dtype: Any) -> Array:
    """Return an array with extents of at most 2, its axes in the order of these strides."""
    extents = [min(extent, 2) for extent in shape]
    moving = [axis for axis, step in enumerate(strides) if step]
    order = sorted(moving, key=lambda axis: -abs(strides[axis]))
    laid = np.ones([extents[axis] for axis in order], dtype)
    full = np.zeros(len(shape), int)
    for axis, step in zip(order, laid.strides, strict=True):
        full[axis] = step
    found: Array = np.lib.stride_tricks.as_strided(laid, extents, full)
    return found
