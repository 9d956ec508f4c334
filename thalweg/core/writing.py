"""Writing into a tensor's own memory: in place, its views' history staying true; and `out=`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from thalweg.core.apply import innermost, refresh, standing_for
from thalweg.core.layout import keep_layout, require_known
from thalweg.core.memory import Element, Memory, memory_of
from thalweg.core.operation import op, parameters_of, register
from thalweg.core.program import Symbol, Trace, owner_of, tracing
from thalweg.core.refusals import STORED
from thalweg.core.tape import Node, is_recording, set_recording, watched
from thalweg.core.tensor import Tensor, as_tensor, astype, make
from thalweg.errors import (
    CallError,
    DtypeError,
    GradientError,
    ShapeError,
    TracingError,
    UnsupportedOperation,
)
from thalweg.foreign import Foreign
from thalweg.lines import user_line

_KINDS = "buifc"


def inplace(function: Callable[..., Any], tensor: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Write the result of a function into its first operand, and return that.

    Raises:
        GradientError: If the operand is a leaf that requires gradients and the tape is on.
        ShapeError: If the result has another shape.
        DtypeError: If the result is of another kind, a float into integers.
    """
    if not isinstance(tensor, Tensor):
        raise DtypeError(
            f"An operation in place was asked of a {type(tensor).__name__}; it wants a tensor. "
            "Convert it with tw.tensor first."
        )
    return overwrite(tensor, function(operand(tensor, args), *args, **kwargs))


def operand(tensor: Tensor, others: tuple[Any, ...] = ()) -> Tensor:
    """Return what stands for a tensor in the computation of its own new value.

    Where that is recorded, the values before the change must outlast it.
    """
    require_changeable(tensor)
    if isinstance(tensor.array, Symbol):
        if tensor.origin is not None:
            refresh(tensor)
        return standing_for(tensor)
    if not is_recording():
        return tensor
    if tensor.origin is not None:
        refresh(tensor)
    if tensor.node is None and not any(_is_recorded(other) for other in others):
        return tensor
    return make(tensor.array.copy(), tensor.node, tensor.weak, tensor.results)


def _is_recorded(other: Any) -> bool:
    if isinstance(other, (tuple, list)):
        return any(map(_is_recorded, other))
    return isinstance(other, Tensor) and other.node is not None


def require_changeable(tensor: Tensor) -> None:
    """Refuse to change a leaf that requires gradients, or a view of one, while recording."""
    if not is_recording():
        return
    node, is_view = tensor.node, False
    view = tensor.origin
    if view is not None and not view.detached and (node is None or node.leaf is None):
        node, is_view = view.base.node, not view.own
    if node is not None and node.leaf is not None:
        what = "a view of a leaf Variable" if is_view else "a leaf Variable"
        raise GradientError(
            f"{what} that requires grad is being used in an in-place operation. It was changed, as "
            "in w -= lr * w.grad, while operations are recorded: write the update inside "
            "`with tw.no_grad():`."
        )


def overwrite(tensor: Tensor, value: Any) -> Tensor:
    """Give a tensor the values and the history of another one, in its own memory.

    Raises: as `inplace`; TracingError if traced values would leave the traced function.
    """
    require_changeable(tensor)
    new = as_tensor(value)
    _require_fitting(tensor, new)
    place = tensor.memory
    if isinstance(place, Element):
        place.tensor[place.key] = new
        read = place.tensor[place.key]
        tensor.array, tensor.node = read.array, read.node
        place.written(user_line())
        return tensor
    if isinstance(new.array, Symbol) or isinstance(tensor.array, Symbol):
        return _rebound(tensor, new)
    if tracing.traces:
        _require_own(tensor)
        _release(tensor)
    if _is_variable(tensor):
        _require_unseen(tensor)
        # It stands for a value of the caller's, whose memory is not to be touched.
        tensor.array = new.array.astype(tensor.dtype)
        return superseded(tensor, new)
    if tensor.origin is not None and _is_variable(tensor.origin.base):
        raise GradientError(f"A view of {_ARGUMENT}")
    _write(tensor, new)
    recorded = is_recording()
    memory = memory_of(tensor)
    memory.written(user_line() if recorded else "")
    if recorded and (new.node is not None or tensor.node is not None):
        _rewrite_history(tensor, new)
    return tensor


def refill(tensor: Tensor, values: Any) -> None:
    """Write an array into a tensor's memory as what nobody records, as a buffer's new values.

    Raises: as `overwrite`.
    """
    own = tensor.array
    if (
        own.__class__ is np.ndarray
        and tensor.node is None
        and not tracing.traces
        and own.shape == values.shape
        and own.flags.writeable
    ):
        np.copyto(own, values, casting="same_kind")
        memory_of(tensor).written("")
        return
    with set_recording(False):
        overwrite(tensor, make(values))


_ARGUMENT = (
    "an argument of the function being differentiated was changed in place, but the caller's "
    "memory is not the function's. Work on a copy of the argument: x = x.clone()."
)


def _require_unseen(variable: Tensor) -> None:
    # Views of the caller's memory would go on to show it as it was.
    if variable.memory is not None:
        raise GradientError(f"After a view of it was taken, {_ARGUMENT}")


def _is_variable(tensor: Tensor) -> bool:
    return tensor.node is not None and tensor.node.is_variable


READ_ONLY = (
    "unsupported operation: more than one element of the written-to tensor refers to a single "
    "memory location, or the memory is read-only. Please clone() the tensor before performing the "
    "operation."
)


def _write(tensor: Tensor, new: Tensor) -> None:
    if tensor.array.__class__ is Foreign:
        raise UnsupportedOperation(
            f"A tensor on an array of {tensor.array.library.name} was written in place. Write "
            "x = x + y for x += y, and where(mask, y, x) for x[mask] = y."
        )
    if not tensor.array.flags.writeable:
        raise ShapeError(READ_ONLY)
    np.copyto(tensor.array, new.array, casting="unsafe")


def _rewrite_history(tensor: Tensor, new: Tensor) -> None:
    if new.dtype != tensor.dtype:
        new = astype(new, tensor.dtype)
    if new.node is not None and new.node.primitive is None:
        # What takes a leaf's values does not become that leaf.
        new = new.copy()
    keep_retained(tensor, new.node)
    tensor.node = new.node
    view, memory = tensor.origin, memory_of(tensor)
    if view is None or view.detached:
        return
    base = view.base
    # The base's own values are as they shall be; this only writes the history of them.
    part = new if new.node is not None else new._bare()
    base.node = make(base.array, base.node)._embed(part, view.steps).node
    view.seen = memory.version


def keep_retained(tensor: Tensor, node: Node | None) -> None:
    """Let the gradient that is kept of a tensor be that of its new values."""
    asked = None if tensor.node is None else tensor.node.watched
    if asked is not None and asked.retained is not None and node is not None:
        watched(node).retained, asked.retained = asked.retained, None


def _require_fitting(tensor: Tensor, new: Tensor) -> None:
    if new.array.shape != tensor.array.shape:
        raise ShapeError(
            f"output with shape {list(tensor.shape)} doesn't match the broadcast shape "
            f"{list(new.shape)}: a tensor changed in place keeps its shape. Combine it with "
            "tensors that broadcast to that."
        )
    kind, wanted = new.array.dtype.kind, tensor.array.dtype.kind
    if _KINDS.index(kind) > _KINDS.index(wanted) and not (kind in "ui" and wanted in "ui"):
        raise DtypeError(
            f"result type {new.dtype} can't be cast to the desired output type {tensor.dtype} of "
            "the tensor that is changed in place. Convert the tensor with astype first."
        )


# ---- while a function is traced


def _rebound(tensor: Tensor, new: Tensor) -> Tensor:
    """Give a tensor, its base and what shows them the symbols of their new values."""
    _require_own(tensor, new)
    view = tensor.origin
    base = tensor if view is None else view.base
    if new.dtype != tensor.dtype or new.weak:
        new = astype(new, tensor.dtype)
    memory = memory_of(base)
    given, former = base.array, standing_for(base)
    if not isinstance(given, Symbol):
        _release(base)
        memory.first = tuple(step // given.itemsize for step in given.strides)
    trace = innermost((base, new))
    if view is None:
        base.array, node = trace.lift(new), new.node
    else:
        require_known(view)
        found = standing_for(base)._embed(new, view.steps)
        base.array, node = trace.lift(found), found.node
    detached = view is not None and view.detached
    if is_recording() and not detached:
        base.node = node
    elif (tracing.cuts or detached) and base.dtype.kind in "fc":
        # What is written unrecorded changes the values alone.
        with set_recording(True):
            base.array = op.with_derivative_of(make(base.array), former).array
    keep_layout(base)
    memory.written(user_line())
    if not isinstance(given, Symbol):
        _turn(base, memory)
    if view is not None:
        refresh(tensor)
    return tensor


def _turn(base: Tensor, memory: Memory) -> None:
    """Let what shows memory that held values show those that are traced there now."""
    for trace in tracing.traces:
        for shown in trace.views:
            view = shown.origin
            if view is not None and not isinstance(shown.array, Symbol) and view.is_of(base):
                view.follow(memory)
                refresh(shown)


def _require_own(tensor: Tensor, new: Tensor | None = None) -> None:
    """Refuse a write, while tracing, into what is not the traced function's own.

    It would happen once, as the function is traced, and not when the program runs.
    """
    trace = tracing.traces[-1] if tracing.traces else None
    base = tensor if tensor.origin is None else tensor.origin.base
    if isinstance(base.array, Symbol):
        owner, memory = Trace.of(base.array), base.memory
        if owner is trace or trace is None or (memory is not None and memory.home is trace):
            return
    elif trace is not None:
        owner = owner_of(base.array)
        if owner in trace.made:
            return
    what = "its value would exist only when the program runs"
    if new is None or not isinstance(new.array, Symbol):
        what = "that would happen once, when it is traced, and not whenever the program runs"
    raise TracingError(
        f"A tensor from outside a traced function was changed in place inside of it, at "
        f"{user_line()}; {what}. Return the new value instead, or write into a copy that the "
        "function makes: x = x.clone()."
    )


def _release(tensor: Tensor) -> None:
    """Let traces that read the memory keep the values that it has before it is written."""
    for trace in tracing.traces:
        trace.release(owner_of(tensor.array))


def superseded(tensor: Tensor, new: Tensor) -> Tensor:
    """Give a tensor that holds other values now their history; what was recorded held the old."""
    tensor.node, tensor.memory = new.node, Memory()
    tensor.memory.written(user_line() if is_recording() else "")
    return tensor


def intact(out: Tensor, again: Callable[[], Tensor]) -> Tensor:
    """Return a step's result for its derivative rule, computed again where it was written over."""
    return out if isinstance(out.array, (np.ndarray, Symbol)) else again()


def write_out(
    out: Any,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    of_numpy: bool = False,
) -> Any:
    """Write what a call returns into `out`, and return that.

    A tensor without elements takes the result's shape; any other keeps its own. The results are
    computed before they are written.

    Args:
        out: A tensor or an array; for several results a tuple of them, None for a new one.
        function: What is called.
        args: Its arguments by position.
        kwargs: Its arguments by name.
        of_numpy: Whether what is written has a derivative, as NumPy's functions mean.

    Raises:
        CallError: If there are not as many as results, or one is no tensor and no array.
        GradientError: If a derivative of the result is wanted, or `out` requires gradients.
        ShapeError: If the shapes differ.
        DtypeError: If the result is of another kind, a float for integers.
    """
    outs = tuple(out) if isinstance(out, (tuple, list)) else (out,)
    if all(one is None for one in outs):
        return function(*args, **kwargs)
    name = function.__name__
    for one in outs:
        _require_writable(name, one, of_numpy)
    results = function(*args, **_with_dtype(function, outs[0], args, kwargs))
    given = results if isinstance(results, (tuple, list)) else (results,)
    # A loss of arrays returns arrays, and one of numbers a number.
    found = [as_tensor(x) if isinstance(x, (np.ndarray, np.generic, float)) else x for x in given]
    if len(found) != len(outs) or not all(isinstance(result, Tensor) for result in found):
        raise CallError(
            f"{name} got out= of {len(outs)} tensors; it returns {len(found)} results. Give one "
            "tensor for each, several as a tuple; or leave out= out."
        )
    written = [_written(name, *pair, of_numpy) for pair in zip(outs, found, strict=True)]
    if not isinstance(results, (tuple, list)):
        return written[0]
    kind: Any = type(results)
    return kind(*written) if hasattr(kind, "_fields") else kind(written)


def _with_dtype(
    function: Callable[..., Any], out: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return the keywords of a call; what is made of no tensor is made of the dtype of `out`."""
    if (
        out is None
        or "dtype" in kwargs
        or any(True for _ in arrays_of((args, kwargs)))
        or "dtype" not in parameters_of(function)
    ):
        return kwargs
    return {**kwargs, "dtype": out.dtype}


def _require_writable(name: str, out: Any, of_numpy: bool) -> None:
    if out is not None and not isinstance(out, (Tensor, np.ndarray)):
        raise CallError(
            f"{name} got a {type(out).__name__} as out=; it wants a tensor or an array that the "
            "result is written into. Make one with tw.empty."
        )
    if isinstance(out, Tensor) and not of_numpy and is_recording() and out.requires_grad:
        raise _no_differentiation(name)
    array = out.array if isinstance(out, Tensor) else out
    if isinstance(array, np.ndarray) and any(
        step == 0 and extent > 1 for step, extent in zip(array.strides, array.shape, strict=True)
    ):
        raise ShapeError(
            f"unsupported operation: {name} got an expanded tensor as out=, of which more than one "
            "element refers to a single memory location. Please clone() the tensor before "
            "performing the operation."
        )


def _no_differentiation(name: str) -> GradientError:
    return GradientError(
        f"{name}(): functions with out=... arguments don't support automatic differentiation, but "
        "one of the arguments requires grad. Leave out= out, or write inside `with tw.no_grad():`."
    )


def arrays_of(given: Any) -> Iterator[Any]:
    """Yield the tensors and arrays among the arguments of a call."""
    if isinstance(given, (Tensor, np.ndarray)):
        yield given
    elif isinstance(given, dict):
        yield from arrays_of(tuple(given.values()))
    elif isinstance(given, (tuple, list)):
        for item in given:
            yield from arrays_of(item)


def _written(name: str, out: Any, result: Tensor, of_numpy: bool) -> Any:
    if out is None:
        return result
    if isinstance(out, np.ndarray) and (result.is_symbolic or result.node is not None):
        raise TracingError(STORED)
    # NumPy's own functions mean what the operator in place does, which has a derivative.
    if not of_numpy and is_recording() and result.requires_grad:
        raise _no_differentiation(name)
    tensor = out if isinstance(out, Tensor) else make(out)
    if tensor.array.shape == result.array.shape:
        overwrite(tensor, result)
    elif isinstance(out, Tensor) and out.size == 0 and out.origin is None and not out.is_symbolic:
        _resize(out, result)
    else:
        raise ShapeError(
            f"{name} got an out= of shape {tuple(tensor.shape)}; it wants that of the result, "
            f"{tuple(result.shape)}. Give an out= of this shape, or tw.empty(0), which takes it."
        )
    return out


def _resize(out: Tensor, result: Tensor) -> None:
    """Give a tensor without elements memory of the shape that is wanted."""
    out.array = overwrite(make(np.empty(result.shape, out.dtype)), result).array
    memory_of(out).written("")


register("write_out", write_out)
