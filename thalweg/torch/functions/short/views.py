"""Views by the steps that lead to them, which are found once for a shape.

The steps are found by the long road, on memory that nobody reads. Of a tensor that nobody follows
they are noted; of any other they are applied, and so recorded.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from thalweg.core.apply import apply, as_view
from thalweg.core.memory import View
from thalweg.core.tensor import Tensor, make
from thalweg.torch.functions.short.road import LongRoadError, short_road
from thalweg.torch.naming import NAMES
from thalweg.torch.steps import call_step, steps_of
from thalweg.torch.tensors import TorchTensor

_PLAIN = (int, tuple, list, type(None))


@functools.lru_cache(maxsize=4096, typed=True)
def _steps(long: Any, shape: tuple[int, ...], *args: Any) -> Any:
    """Return the steps to what a function shows of a shape, or those of several results.

    None if it copies, shows all, or cannot be.
    """
    whole = make(np.empty(shape, np.int8), kind=TorchTensor)
    # What is a view already is shown step by step.
    whole.origin = View(make(whole.array), (), 0)
    try:
        found = long(whole, *args)
    except Exception:
        return None
    parts = found if isinstance(found, tuple) else (found,)
    views = [part.origin for part in parts if part is not whole]
    if len(views) < len(parts) or any(view is None or not view.steps for view in views):
        return None
    return tuple([view.steps for view in views if view is not None]), isinstance(found, tuple)


def _shown(x: Tensor, steps: Any, plain: bool) -> Tensor:
    if plain:
        array = x.array
        for primitive, params in steps:
            array = primitive.meaning(array, **params)
        return as_view(x, array, steps)
    for primitive, params in steps:
        x = apply(primitive, (x,), params)
    return x


def _with_dim(name: str, args: tuple[Any, ...], dim: Any) -> tuple[Any, ...]:
    if name not in _BY_DIM:
        raise LongRoadError
    return (*args, dim)


def _hashable(args: tuple[Any, ...]) -> tuple[Any, ...]:
    for arg in args:
        if arg.__class__ not in _PLAIN:
            raise LongRoadError
    return tuple([tuple(a) if a.__class__ is list else a for a in args])


def _road(name: str, whole: bool = False) -> None:
    """Let a function that shows parts of memory take the short road.

    Args:
        name: Its name.
        whole: Whether it copies what does not lie row by row, and so takes the long road then.
    """
    long = NAMES.get(name) or getattr(TorchTensor, name)
    called = steps_of(long)

    @short_road(name)
    def view(x: Any, *args: Any, dim: Any = None) -> Any:
        array = x.array
        if array.__class__ is not np.ndarray or x.results is not TorchTensor:
            raise LongRoadError
        if whole and not array.flags.c_contiguous:
            raise LongRoadError
        given = args if dim is None else _with_dim(name, args, dim)
        for arg in given:
            if arg.__class__ is not int:
                given = _hashable(given)
                break
        steps = _steps(long, array.shape, *given)
        if steps is None:
            raise LongRoadError
        origin = x.origin
        # As `is_plain`: nothing is traced, and the array is NumPy's.
        plain = x.node is None and (
            origin is None
            or not (origin.detached or origin.doubtful or origin.base.node is not None)
        )
        if plain and not steps[1]:
            return _shown(x, steps[0][0], True)
        found = tuple([_shown(x, each, plain) for each in steps[0]])
        result = found if steps[1] else found[0]
        if not plain and called is not None and found[0].node is not None:
            call_step(result, (x,), called((x, *given), {}))
        return result


@short_road("expand_as")
def _expanded_as(x: Any, other: Any) -> Any:
    if x.__class__ is not TorchTensor or other.array.__class__ is not np.ndarray:
        raise LongRoadError
    return x.expand(*other.array.shape)


# Where `dim` stands after the other arguments.
_BY_DIM = {"unsqueeze", "squeeze", "split", "chunk", "unbind"}

for _name in (
    "unsqueeze", "squeeze", "expand", "permute", "split", "chunk", "unbind", "select", "narrow",
    "transpose", "swapaxes", "swapdims", "movedim", "t", "diagonal", "unfold", "tensor_split",
):  # fmt: skip
    _road(_name)
for _name in ("flatten", "ravel"):
    _road(_name, whole=True)
