"""Calls of NumPy's ufuncs on tensors: their keywords, and their methods `reduce`, `at` and more.

A ufunc that has an operation of its name is called through it; its methods follow from that
operation, and from the reductions and running sums where NumPy's ufunc has one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import OPERATIONS, op, register
from thalweg.core.spec import BOOL
from thalweg.core.tape import is_recording
from thalweg.core.tensor import Tensor, as_tensor, astype, fresh
from thalweg.errors import GradientError, TracingError, UnsupportedOperation
from thalweg.ops.elementwise.comparison import where as choose
from thalweg.ops.numpy.ufunc_methods import METHODS, first
from thalweg.ops.shape.broadcast import broadcast_to

Function = Callable[..., Any]


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer a call of a ufunc with keywords, or of one of its methods.

    Raises:
        UnsupportedOperation: If the ufunc, its method or a keyword has no meaning on tensors.
    """
    function = OPERATIONS.get(ufunc.__name__)
    if function is None or (ufunc.signature is not None and method != "__call__"):
        return NotImplemented
    if method == "__call__":
        return _called(ufunc, function, inputs, dict(kwargs))
    if method != "at" and not _wants_tensors((inputs, kwargs)):
        found = getattr(ufunc, method)(*plain(inputs), **plain(kwargs))
        return fresh(np.asarray(found))
    return METHODS[method](ufunc, function, *inputs, **kwargs)


def _wants_tensors(given: Any) -> bool:
    """Tell whether a tensor is traced or recorded, or written into."""
    if isinstance(given, dict):
        return given.get("out") is not None or _wants_tensors(tuple(given.values()))
    if isinstance(given, (tuple, list)):
        return any(map(_wants_tensors, given))
    return isinstance(given, Tensor) and (
        given.is_symbolic or (is_recording() and given.requires_grad)
    )


def plain(given: Any) -> Any:
    """Return arguments with arrays in place of tensors."""
    if isinstance(given, dict):
        return {name: plain(value) for name, value in given.items()}
    if isinstance(given, (tuple, list)):
        return type(given)(map(plain, given))
    return numbers_of(given) if isinstance(given, Tensor) else given


# ---- keywords of a call


def _called(ufunc: Any, function: Function, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    out, mask = first(kwargs.pop("out", None)), kwargs.pop("where", True)
    dtype, signature = kwargs.pop("dtype", None), kwargs.pop("signature", None)
    casting = kwargs.pop("casting", "same_kind")
    for name, usual in (("order", "KACF"), ("subok", (True, False))):
        if kwargs.get(name) is not None and kwargs[name] in usual:
            del kwargs[name]
    if kwargs or (ufunc.nout > 1 and mask is not True):
        names = ", ".join(kwargs) or "where"
        raise UnsupportedOperation(
            f"numpy.{ufunc.__name__} with {names} is not supported on thalweg tensors. "
            "Leave it out."
        )
    dtypes = _dtypes(ufunc, inputs, dtype, signature, casting)
    operands = list(map(as_tensor, inputs))
    if dtypes is not None:
        operands = [astype(x, kind) for x, kind in zip(operands, dtypes, strict=False)]
    if mask is not True:
        return _where(ufunc, function, operands, mask, out)
    if out is not None and dtypes is None and not _is_recorded(operands):
        return op.write_out(out, function, inputs, {}, overlapping=True)
    found = function(*(operands if dtypes is not None else inputs))
    if dtypes is not None and ufunc.nout == 1:
        found = astype(found, dtypes[-1])
    return found if out is None else written(out, found)


def _is_recorded(tensors: list[Tensor]) -> bool:
    return is_recording() and any(x.is_symbolic or x.requires_grad for x in tensors)


def _dtypes(
    ufunc: Any, inputs: tuple[Any, ...], dtype: Any, signature: Any, casting: str
) -> tuple[Any, ...] | None:
    """Return the dtypes that NumPy would compute in, where some are asked for."""
    if dtype is None and signature is None:
        return None
    if signature is None:
        signature = (*(None,) * ufunc.nin, *(np.dtype(dtype),) * ufunc.nout)
    elif isinstance(signature, str):
        given, _, results = signature.partition("->")
        signature = tuple(np.dtype(c) for c in given + results)
    kinds = {"b": bool, "i": int, "f": float, "c": complex}
    specs = [as_tensor(x).spec for x in inputs]
    asked = [
        kinds.get(s.dtype.kind, s.dtype) if s.weak and s.dtype.kind != "b" else s.dtype
        for s in specs
    ]
    try:
        found = ufunc.resolve_dtypes(
            (*asked, *(None,) * ufunc.nout),
            signature=tuple(None if s is None else np.dtype(s) for s in signature),
            casting=casting,
        )
    except TypeError as error:
        raise UnsupportedOperation(
            f"numpy.{ufunc.__name__}: {error}. Convert the tensors with astype first."
        ) from None
    return tuple(found)


def _where(ufunc: Any, function: Function, inputs: list[Tensor], mask: Any, out: Any) -> Tensor:
    """Compute where a mask holds; elsewhere `out` keeps its values."""
    if out is None:
        raise UnsupportedOperation(
            f"numpy.{ufunc.__name__} with where= and no out= leaves its other elements to chance. "
            f"Write np.where(mask, np.{ufunc.__name__}(…), 0), or give out=np.zeros_like(x)."
        )
    held = astype(mask, BOOL)
    # What is not asked for is not computed: neither its value nor its derivative is NaN.
    inside = [choose(held, x, 1) for x in inputs]
    found = function(*inside)
    before = as_tensor(out)
    shape = np.broadcast_shapes(found.shape, held.shape, before.shape)
    result = broadcast_to(choose(held, astype(found, before.dtype), before), shape)
    typed: Tensor = written(out, result)
    return typed


def written(out: Any, found: Any) -> Any:
    """Write results into tensors or arrays as `x[...] = …` does, with their history."""
    if isinstance(out, tuple):
        return tuple(
            new if one is None else written(one, new) for one, new in zip(out, found, strict=True)
        )
    if isinstance(out, Tensor):
        out[...] = found
        return out
    if found.is_symbolic or found.node is not None:
        raise (TracingError if found.is_symbolic else GradientError)(
            "A ufunc was given a NumPy array as out=, which holds plain numbers, and the result is "
            "a tensor being traced or differentiated. Leave out= out, or give a tensor: "
            "out=np.zeros_like(x) of a tensor x, or a buffer out = tw.zeros(n)."
        )
    np.copyto(out, found.numpy(), casting="same_kind")
    return out


register("call_ufunc", call_ufunc)

register("written_to", written)
