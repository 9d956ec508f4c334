"""`out=`, of every operation: its results written into tensors or arrays that the caller has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from thalweg.core.inplace import overwrite
from thalweg.core.memory import memory_of
from thalweg.core.operation import OPERATIONS, parameters_of, register
from thalweg.core.refusals import STORED
from thalweg.core.tape import is_recording
from thalweg.core.tensor import Tensor, make
from thalweg.errors import CallError, GradientError, ShapeError, TracingError

# After so many steps without an answer, memory is taken to be shared.
_STEPS: Any = 10_000  # NumPy's annotations know 0 and -1 only


def write_out(
    out: Any,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    overlapping: bool = False,
) -> Any:
    """Write what a call returns into `out`, and return that.

    A tensor without elements takes the result's shape; any other keeps its own. The results are
    computed before they are written.

    Args:
        out: A tensor or an array; for several results a tuple of them, None for a new one.
        function: What is called.
        args: Its arguments by position.
        kwargs: Its arguments by name.
        overlapping: Whether `out` may share memory with the operands in any way, as in NumPy.

    Raises:
        CallError: If there are not as many as results, or one is no tensor and no array.
        GradientError: If a derivative of the result is wanted, or `out` requires gradients.
        ShapeError: If the shapes differ, or `out` overlaps an operand.
        DtypeError: If the result is of another kind, a float for integers.
    """
    outs = tuple(out) if isinstance(out, (tuple, list)) else (out,)
    if all(one is None for one in outs):
        return function(*args, **kwargs)
    name = function.__name__
    for one in outs:
        _require_writable(name, one, overlapping)
        if not overlapping:
            _require_apart(function, one, (args, kwargs))
    results = function(*args, **_with_dtype(function, outs[0], args, kwargs))
    found = results if isinstance(results, (tuple, list)) else (results,)
    if len(found) != len(outs) or not all(isinstance(result, Tensor) for result in found):
        raise CallError(
            f"{name} got out= of {len(outs)} tensors; it returns {len(found)} results. Give one "
            "tensor for each, several as a tuple; or leave out= out."
        )
    written = [_written(name, *pair, overlapping) for pair in zip(outs, found, strict=True)]
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
        or any(True for _ in _arrays((args, kwargs)))
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


def _require_apart(function: Callable[..., Any], out: Any, given: Any) -> None:
    """Refuse memory that an operand has too; the operand itself is fine where it may change."""
    if out is None:
        return
    name = function.__name__
    memory = out.array if isinstance(out, Tensor) else out
    changes_in_place = f"{name}_" in OPERATIONS or getattr(function, "kind", "") == "elementwise"
    for operand in _arrays(given):
        array = operand.array if isinstance(operand, Tensor) else operand
        same = operand is out or _is_same(array, memory)
        if not changes_in_place if same else _overlap(array, memory):
            raise ShapeError(
                f"unsupported operation: {name} got an out= that refers to memory of an operand; "
                "some elements of the input tensor and the written-to tensor refer to a single "
                "memory location. Please clone() the tensor before performing the operation."
            )


def _is_same(x: Any, y: Any) -> bool:
    """Tell whether two arrays are the same elements in the same places."""
    if not (isinstance(x, np.ndarray) and isinstance(y, np.ndarray)):
        return x is y
    mine, other = x.__array_interface__["data"], y.__array_interface__["data"]
    return bool(x.size) and (mine, x.shape, x.strides) == (other, y.shape, y.strides)


def _overlap(x: Any, y: Any) -> bool:
    if not (isinstance(x, np.ndarray) and isinstance(y, np.ndarray)):
        return False
    return np.may_share_memory(x, y, _STEPS)


def _arrays(given: Any) -> Iterator[Any]:
    """Yield the tensors and arrays among the arguments of a call."""
    if isinstance(given, (Tensor, np.ndarray)):
        yield given
    elif isinstance(given, dict):
        yield from _arrays(tuple(given.values()))
    elif isinstance(given, (tuple, list)):
        for item in given:
            yield from _arrays(item)


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
