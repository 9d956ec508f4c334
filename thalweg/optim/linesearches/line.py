"""What both line searches need: the loss along a line, and choices between points of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from thalweg import tree
from thalweg.core.spec import FLOAT64, DType
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import CallError
from thalweg.ops.creation.creation import spec_of
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.complex import real
from thalweg.ops.reduce.sums import sum as total
from thalweg.optim.transformation import each
from thalweg.optim.wholes import added
from thalweg.tree import Tree

# What other transformations of a chain ask for: functions of the parameters alone.
_FOR_OTHERS = {"grad_fn", "obj_fn"}


def bound(name: str, value_fn: Callable[..., Any], extra: Mapping[str, Any]) -> Callable[..., Any]:
    """Return a loss of parameters alone, given what else an update got.

    Raises:
        CallError: If the loss does not take some of it.
    """
    known = inspect.signature(value_fn).parameters
    extra = {key: x for key, x in extra.items() if key in known or key not in _FOR_OTHERS}
    if not any(p.kind is p.VAR_KEYWORD for p in known.values()):
        others = sorted(set(extra) - set(known))
        if others:
            raise CallError(
                f"Unexpected keyword arguments passed to `{name}.update`: {', '.join(others)}. "
                "`value_fn` takes none of these names; give it a parameter of each, or leave them "
                "out."
            )

    def value(params: Tree) -> Any:
        return value_fn(params, **extra)

    return value


def kind_of_value(params: Tree) -> DType:
    """Return the dtype of values and step sizes: the real one of the first parameter."""
    leaves = tree.leaves(params)
    if not leaves:
        return FLOAT64
    spec = spec_of(leaves[0])
    return real(as_tensor(leaves[0])).dtype if spec.dtype.kind == "c" else spec.dtype


def moved(params: Tree, stepsize: Any, updates: Tree) -> Tree:
    """Return parameters some way along their updates, in their dtypes."""
    return each(lambda p, u: astype(p + stepsize * u, p.dtype), params, updates)


def slope_of(gradient: Tree, updates: Tree) -> Any:
    """Return the derivative along updates, of a gradient as reverse derivatives give it."""
    return real(as_tensor(added(each(lambda g, u: total(g * u), gradient, updates))))


def chosen(condition: Any, first: Tree, second: Tree) -> Tree:
    """Return one of two trees, leaf by leaf."""
    return each(lambda a, b: astype(where(condition, a, b), b.dtype), first, second)


def is_known(x: Any) -> bool:
    """Tell whether a number has a value yet, of which something can be said."""
    return not (isinstance(x, Tensor) and x.is_symbolic)
