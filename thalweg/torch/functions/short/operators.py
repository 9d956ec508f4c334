"""Operators, and functions of one operand: the NumPy meaning of their primitive, at once.

They are called so often, and take so little time themselves, that nothing is asked twice.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.primitive import Primitive
from thalweg.core.program import tracing
from thalweg.core.spec import FLOAT32, FLOAT64, INT64
from thalweg.engines.composed import elements
from thalweg.ops.special.activations import relu
from thalweg.torch.functions.short.road import new, rename
from thalweg.torch.naming import COMPILED, NAMES
from thalweg.torch.tensors import TorchTensor

_ndarray = np.ndarray


def _of_two(
    ufunc: Callable[..., Any], long: Callable[..., Any], whole: bool = False
) -> Callable[..., Any]:
    """Return an operator on tensors and numbers; `long` is the same of anything.

    Args:
        ufunc: What computes it.
        long: The same of anything.
        whole: Whether integers have integers as results, or truths, as in PyTorch.
    """

    def operator(x: Any, y: Any) -> Any:
        a = x.array
        if a.__class__ is _ndarray and x.node is None and x.origin is None and not x.weak:
            dtype, kind = a.dtype, y.__class__
            real = dtype is FLOAT32 or dtype is FLOAT64
            if (real or (whole and dtype is INT64)) and not tracing.traces:
                try:
                    if kind is TorchTensor:
                        b = y.array
                        if (
                            b.__class__ is _ndarray
                            and b.dtype is dtype
                            and y.node is None
                            and y.origin is None
                            and not y.weak
                        ):
                            return new(tracing.quiet(ufunc, a, b))
                    elif (kind is float and real) or kind is int:
                        return new(tracing.quiet(ufunc, a, dtype.type(y)))
                except (ValueError, OverflowError):
                    pass  # the long road says why
        return long(x, y)

    return functools.update_wrapper(operator, long)


_ufunc: Any

for _name, _ufunc in (
    ("__add__", np.add), ("__radd__", np.add), ("__sub__", np.subtract),
    ("__mul__", np.multiply), ("__rmul__", np.multiply), ("__truediv__", np.divide),
    ("__lt__", np.less), ("__le__", np.less_equal), ("__gt__", np.greater),
    ("__ge__", np.greater_equal), ("__matmul__", np.matmul),
):  # fmt: skip
    _whole = _ufunc not in (np.divide, np.matmul)
    setattr(TorchTensor, _name, _of_two(_ufunc, getattr(TorchTensor, _name), _whole))


def _function_of_two(name: str, ufunc: Callable[..., Any], numbers: bool = True) -> None:
    """Let a function and a method of two operands take the operator's way.

    Args:
        name: Its name.
        ufunc: What computes it.
        numbers: Whether the second may be a number.
    """

    def joined(long: Callable[..., Any]) -> Callable[..., Any]:
        operator = _of_two(ufunc, long)

        def called(*args: Any, **kwargs: Any) -> Any:
            if (
                len(args) == 2
                and not kwargs
                and args[0].__class__ is TorchTensor
                and (numbers or args[1].__class__ is TorchTensor)
            ):
                return operator(*args)
            return long(*args, **kwargs)

        return functools.update_wrapper(called, long)

    rename(name, joined(NAMES[name]))
    setattr(TorchTensor, name, joined(getattr(TorchTensor, name)))


for _name, _ufunc in (
    ("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("div", np.divide),
):  # fmt: skip
    _function_of_two(_name, _ufunc)
for _name, _ufunc in (("maximum", np.maximum), ("minimum", np.minimum)):
    _function_of_two(_name, _ufunc, numbers=False)


def _of_one(
    meaning: Callable[[Any], Any], long: Callable[..., Any], least: int = 0, most: int = 1 << 62
) -> Callable[..., Any]:
    """Return a function of one operand, which a meaning computes of so many elements."""

    def called(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs:
            x = args[0]
            if x.__class__ is TorchTensor and x.node is None and x.origin is None and not x.weak:
                a = x.array
                if a.__class__ is _ndarray and least <= a.size < most and not tracing.traces:
                    dtype = a.dtype
                    if dtype is FLOAT32 or dtype is FLOAT64:
                        found = tracing.quiet(meaning, a)
                        if found is not None:
                            return new(found)
        return long(*args, **kwargs)

    return functools.update_wrapper(called, long)


def _everywhere(name: str, *how: Any) -> None:
    rename(name, _of_one(how[0], NAMES[name], *how[1:]))
    if hasattr(TorchTensor, name):
        setattr(TorchTensor, name, _of_one(how[0], getattr(TorchTensor, name), *how[1:]))


for _name in (
    "abs", "acos", "asin", "ceil", "cos", "cosh", "exp", "exp2", "floor", "log", "log10", "log1p",
    "log2", "neg", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh",
):  # fmt: skip
    _own = inspect.unwrap(NAMES[_name])
    if isinstance(_own, Primitive):
        _everywhere(_name, _own.meaning, 0, COMPILED.get(_own.name, 1 << 62))


def _by_machine_code(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return functools.partial(elements, function)


for _name in ("sigmoid", "erf", "erfc", "erfinv", "expm1", "digamma", "lgamma"):
    _everywhere(_name, _by_machine_code(inspect.unwrap(NAMES[_name])))
_everywhere("relu", _by_machine_code(relu), 1)
