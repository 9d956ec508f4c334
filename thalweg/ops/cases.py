"""Functions given case by case: NumPy's piecewise."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.spec import BOOL
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.assigning import chosen_at, put_at
from thalweg.ops.creation import asarray
from thalweg.ops.elementwise import logical_not, logical_or, where
from thalweg.ops.indexing import take
from thalweg.ops.shaping import broadcast_to, reshape

__all__ = ["piecewise"]


@operation
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Tensor:
    """Evaluate a function given case by case.

    Where the conditions are known, each function is called with the elements of its case, as in
    NumPy; where they are traced, with all of x, and 1 in place of the others.

    Args:
        x: A tensor.
        condlist: The conditions; where several hold the last one counts.
        funclist: A function or a number for each, and one more for where none holds, which is 0
            by default.
        args: Further arguments of the functions.
        kw: Further arguments by name.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        ArgumentError: If there are neither as many functions as conditions nor one more.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> x = tw.tensor([-1.0, 4.0])
        >>> np.piecewise(x, [x < 0], [lambda x: -x, np.sqrt])
        tensor([1., 2.])
    """
    tensor = as_tensor(x)
    held = _conditions(condlist, tensor)
    if len(funclist) == len(held) + 1:
        some = held[0]
        for other in held[1:]:
            some = logical_or(some, other)
        held = [logical_not(some), *held]
        funclist = [funclist[-1], *funclist[:-1]]
    if len(funclist) != len(held):
        raise ArgumentError(
            f"piecewise got {len(held)} conditions and {len(funclist)} functions: with "
            f"{len(held)} condition(s), either {len(held)} or {len(held) + 1} functions are "
            "expected."
        )
    found: Tensor = op.zeros_like(tensor)
    for mask, function in zip(held, funclist, strict=True):
        found = _case(found, tensor, mask, function, args, kw)
    return found


def _conditions(condlist: Any, x: Tensor) -> list[Tensor]:
    single = not isinstance(condlist, (list, tuple)) and (
        np.ndim(condlist) == 0 or (np.ndim(condlist) == 1 and x.ndim == 1)
    )
    flags = (
        isinstance(condlist, (list, tuple))
        and x.ndim
        and all(not isinstance(one, (list, tuple)) and np.ndim(one) == 0 for one in condlist)
    )
    given = [condlist] if single or flags else list(condlist)
    return [broadcast_to(astype(asarray(one), BOOL), x.shape) for one in given]


def _case(
    found: Tensor, x: Tensor, mask: Tensor, function: Any, args: Any, kw: dict[str, Any]
) -> Tensor:
    if not callable(function):
        return where(mask, astype(function, x.dtype), found)
    if mask.is_symbolic:
        # Elsewhere nothing is computed of x that may have no value or derivative.
        given = function(where(mask, x, 1), *args, **kw)
        return where(mask, astype(given, x.dtype), found)
    places = np.flatnonzero(mask.array)
    if not places.size:
        return found
    chosen = take(reshape(x, (-1,)), places, axis=0)
    given = broadcast_to(astype(function(chosen, *args, **kw), x.dtype), places.shape)
    write: Any = chosen_at if found.is_symbolic or given.is_symbolic else put_at
    typed: Tensor = write(found, as_tensor(places), given)
    return typed
