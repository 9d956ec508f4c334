"""How a primitive is applied to tensors: computed at once, or traced; and recorded on the tape."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.core.memory import known_memory, note_view
from thalweg.core.operation import register
from thalweg.core.program import Symbol
from thalweg.core.tape import Node, recording, watched
from thalweg.core.tensor import Tensor, make
from thalweg.core.tracing import Trace, user_line

if TYPE_CHECKING:
    from thalweg.core.primitive import Primitive


class _Quiet(threading.local):
    """A thread's context in which NumPy does not warn of overflow or division by zero.

    Entering `np.errstate` at every operation would take longer than small operations do.
    """

    def __init__(self) -> None:
        context = contextvars.copy_context()
        context.run(np.seterr, all="ignore")
        self.run = context.run


_quiet = _Quiet()
_ndarray = np.ndarray


def apply(primitive: Primitive, tensors: tuple[Tensor, ...], params: Mapping[str, Any]) -> Tensor:
    """Compute a primitive, or trace it, and record it on the tape if a derivative may be wanted."""
    arrays = [tensor.array for tensor in tensors]
    for array in arrays:
        if array.__class__ is Symbol:
            return _traced(primitive, tensors, params)
    try:
        found = _quiet.run(primitive.meaning, *arrays, **params)
    except (ValueError, TypeError):
        # Stating the result's spec explains what does not fit better than NumPy does.
        primitive.spec(*(tensor.spec for tensor in tensors), **params)
        raise
    if found.__class__ is not _ndarray:
        found = np.asarray(found)
    weak = bool(tensors) and tensors[0].weak and all(tensor.weak for tensor in tensors)
    result = make(found, None, weak)
    if recording.enabled:
        for tensor in tensors:
            if tensor.node is not None or tensor.origin is not None:
                _record(primitive, tensors, params, result)
                break
    if found.base is not None and arrays and np.may_share_memory(found, arrays[0]):
        if primitive.view:
            note_view(result, tensors[0], primitive, params)
        else:
            result.array = found.copy()
    return result


def apply_to_two(primitive: Primitive, x: Tensor, y: Tensor) -> Tensor:
    """Apply an elementwise primitive to two operands, as `apply` does, in less time."""
    a, b = x.array, y.array
    if a.__class__ is Symbol or b.__class__ is Symbol:
        return _traced(primitive, (x, y), {})
    try:
        found = _quiet.run(primitive.meaning, a, b)
    except (ValueError, TypeError):
        primitive.spec(x.spec, y.spec)
        raise
    result = make(found if found.__class__ is _ndarray else np.asarray(found))
    if recording.enabled and not (
        x.node is None and y.node is None and x.origin is None and y.origin is None
    ):
        _record(primitive, (x, y), {}, result)
    return result


def _traced(primitive: Primitive, tensors: tuple[Tensor, ...], params: Mapping[str, Any]) -> Tensor:
    if primitive.expansion is not None:
        expanded: Tensor = primitive.expansion(*tensors, **params)
        return expanded
    trace = innermost(tensors)
    symbols = tuple(map(trace.lift, tensors))
    symbol = trace.append(primitive, symbols, params)
    result = make(symbol, None, symbol.spec.weak)
    if recording.enabled:
        _record(primitive, tensors, params, result)
    return result


def _record(
    primitive: Primitive, tensors: tuple[Tensor, ...], params: Mapping[str, Any], result: Tensor
) -> None:
    if result.array.dtype.kind not in "fc":
        return
    for position, tensor in enumerate(tensors):
        if tensor.origin is not None:
            refresh(tensor)
        if tensor.node is not None and primitive.rule(position) is not None:
            for other in tensors[position + 1 :]:
                if other.origin is not None:
                    refresh(other)
            result.node = node = Node(primitive, tensors, params, result.array)
            if recording.anomalies:
                watched(node).line = user_line()
            return


def refresh(tensor: Tensor) -> None:
    """Give a view the history its base got by changes in place since the view was made."""
    view, memory = tensor.origin, known_memory(tensor)
    if view is None or memory is None or view.seen == memory.version:
        return
    view.seen = memory.version
    if view.base.node is None:
        return
    shown = view.base
    for primitive, params in view.steps:
        shown = apply(primitive, (shown,), params)
    if shown.node is not None:
        tensor.node = shown.node
        tensor.node.memory = memory


def innermost(tensors: tuple[Tensor, ...]) -> Trace:
    """Return the trace that an operation on these tensors, some of them traced, belongs to."""
    traces = [Trace.of(t.array) for t in tensors if t.array.__class__ is Symbol]
    return traces[0] if len(traces) == 1 else max(traces, key=lambda trace: trace.level)


register("refresh", refresh)
