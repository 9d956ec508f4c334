"""What a call of one of NumPy's functions means: its arguments are NumPy's, by place and by name.

Our functions have NumPy's names for most parameters, in another order where PyTorch's habit or
the Array API wants it, and fewer of them. So a place beyond the operands is read by NumPy's
signature, and a parameter that we do not have may be given its default.

A ufunc that has an operation of its name is called through it, with the keywords of ufuncs; its
methods follow from that operation, and from the reductions and running sums where NumPy's ufunc
has one.

Where ours does not take the call, or there is none, NumPy's own is called on the values of tensors
that remember nothing.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from thalweg.core import refusals
from thalweg.core.operation import OPERATIONS, attach, op, parameters_of, register
from thalweg.core.spec import BOOL
from thalweg.core.tape import is_recording
from thalweg.core.tensor import Tensor, as_tensor, astype, fresh
from thalweg.core.writing import write_out
from thalweg.errors import GradientError, ThalwegError, TracingError, UnsupportedOperation
from thalweg.ops.elementwise.comparison import where as choose
from thalweg.ops.numpy.ufunc_methods import METHODS, first
from thalweg.ops.numpy.values import instead, on_values, plain, tensors_in
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
        return _call(ufunc, function, inputs, dict(kwargs))
    tensors = tensors_in((inputs, kwargs))
    own = method == "at" or (ufunc in _MISREDUCED and method in ("reduce", "reduceat"))
    if not own and kwargs.get("out") is None and not _wants_tensors(tensors):
        found = getattr(ufunc, method)(*plain(inputs), **plain(kwargs))
        return fresh(np.asarray(found))
    return METHODS[method](ufunc, function, *inputs, **kwargs)


# NumPy 2.4 reduces these in a wrong order where the machine has AVX-512.
_MISREDUCED = (np.arctan2, np.power)


def _wants_tensors(tensors: Iterable[Tensor]) -> bool:
    """Tell whether one of the tensors is traced or recorded."""
    return any(x.is_symbolic or (is_recording() and x.requires_grad) for x in tensors)


# ---- keywords of a call


def _call(ufunc: Any, function: Function, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
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
    if out is not None and dtypes is None and not (is_recording() and _wants_tensors(operands)):
        return op.write_out(out, function, inputs, {}, of_numpy=True)
    found = function(*(operands if dtypes is not None else inputs))
    if dtypes is not None and ufunc.nout == 1:
        found = astype(found, dtypes[-1])
    return found if out is None else written(out, found)


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
    found = function(*(choose(held, x, 1) for x in inputs))
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
            "out=np.zeros_like(x) of a tensor x, or a buffer out = tw.zeros(n). a += x of an "
            "array a is such a call: write a = a + x."
        )
    np.copyto(out, found.numpy(), casting="same_kind")
    return out


register("call_ufunc", call_ufunc)

register("written_to", written)

_NO_VALUE = np._NoValue

# Parameters that change how NumPy computes a result and not the result.
_WITHOUT_EFFECT = frozenset({"kind", "overwrite_input"})

# Functions of other things than numbers, some with names of numeric ones.
_APART = ("numpy.char", "numpy.strings", "numpy.ma", "numpy.polynomial")


@functools.cache
def _signature(func: Callable[..., Any]) -> tuple[tuple[str, ...], int, dict[str, Any]]:
    """Return NumPy's parameters by place, how many are operands, and the others' defaults."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except ValueError:
        return (), 0, {}
    kinds = inspect.Parameter
    if any(p.kind is kinds.VAR_POSITIONAL for p in parameters):
        # All further places are operands.
        return (), 1 << 16, {p.name: p.default for p in parameters}
    places = tuple(
        p.name for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    )
    operands = sum(p.default is kinds.empty and p.name in places for p in parameters)
    return places, operands, {p.name: p.default for p in parameters}


def operation_called(func: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return the operation that a NumPy function is here, None if there is none.

    Where NumPy's meaning of a name is not ours, the operation is registered as `numpy.NAME`;
    `numpy.linalg`'s diagonal, trace and outer are not numpy's and registered as `linalg.NAME`.
    """
    module, name = func.__module__, func.__name__
    if module == "numpy":
        return OPERATIONS.get(f"numpy.{name}") or OPERATIONS.get(name)
    if module in _APART:
        return None
    called = f"{module}.{name}"
    return (
        OPERATIONS.get(called)
        or OPERATIONS.get(called.removeprefix("numpy."))
        or OPERATIONS.get(name)
    )


def by_name(
    func: Callable[..., Any],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a NumPy call as the operation takes them.

    Operands come by place, the rest by name; what has NumPy's default and no name here is left out.
    """
    places, operands, defaults = _signature(func)
    if len(args) <= operands and not kwargs:
        return args, {}
    named = dict(zip(places[operands:], args[operands:], strict=False)) | dict(kwargs)
    args = args[:operands]
    while len(args) < min(operands, len(places)) and places[len(args)] in named:
        args = (*args, named.pop(places[len(args)]))
    known = parameters_of(function)
    return args, {
        name: value
        for name, value in named.items()
        # None says the same as nothing, also where it is not our default.
        if not (
            _is_unsaid(value, name, defaults)
            or (name not in known and _is_idle(value, name, defaults))
        )
    }


def _is_unsaid(value: Any, name: str, defaults: dict[str, Any]) -> bool:
    return (value is None or value is _NO_VALUE) and defaults.get(name, 0) is value


def _is_idle(value: Any, name: str, defaults: dict[str, Any]) -> bool:
    if name == "out":
        return value is None
    if name in _WITHOUT_EFFECT:
        return True
    return name in defaults and (value is defaults[name] or _is_plain(value, defaults[name]))


def _is_plain(value: Any, default: Any) -> bool:
    return type(value) is type(default) and isinstance(value, (bool, int, str)) and value == default


_OUT = frozenset({"out"})


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """Answer a call of a ufunc on tensors, or of one of its methods."""
    function = OPERATIONS.get(ufunc.__name__)
    if method == "__call__" and function is not None and not kwargs:
        try:
            return function(*inputs)
        except (TypeError, ThalwegError) as error:
            return instead(ufunc, error, inputs, kwargs)
    found = call_ufunc(ufunc, method, inputs, kwargs)
    if found is NotImplemented:
        own = ufunc if method == "__call__" else getattr(ufunc, method)
        name, extra = refusals.ufunc_name(ufunc, method), kwargs.keys() - _OUT
        called = refusals.with_keywords(name, extra)
        return on_values(own, called, function, inputs, kwargs)
    return found


def array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Answer a call of any other function of NumPy's on tensors."""
    called = f"{func.__module__}.{func.__name__}"
    function, given = operation_called(func), (args, kwargs)
    if function is not None:
        args, kwargs = by_name(func, function, args, kwargs)
    known = parameters_of(function) if function and kwargs else frozenset({"**"})
    unknown = kwargs.keys() - known - _OUT if "**" not in known else ()
    if function is None or unknown:
        called = refusals.with_keywords(called, unknown)
        return on_values(func, called, function, *given)
    if "out" not in kwargs:
        try:
            return function(*args, **kwargs)
        except (TypeError, ThalwegError) as error:
            return instead(func, error, *given)
    out = kwargs.pop("out")
    return write_out(out, function, args, kwargs, of_numpy=True)


attach("__array_ufunc__", array_ufunc)

attach("__array_function__", array_function)
