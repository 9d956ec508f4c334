"""NumPy's functions whose names mean something else in PyTorch, when NumPy is what was called.

`tw.select` reads a position along an axis, as `torch.select` does; `np.select` of a tensor chooses
among arrays by conditions. These are found by `thalweg.ops.numpy.protocols` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.core.apply import joined
from thalweg.core.operation import op, register
from thalweg.core.spec import FLOAT64, promote
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, DtypeError
from thalweg.ops.elementwise.comparison import where


def numpys(function: Callable[..., Any]) -> Callable[..., Any]:
    """Register a function as what NumPy's of its name means."""
    register(f"numpy.{function.__name__}", function)
    return function


@numpys
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Tensor:
    """Choose elements of the first array whose condition holds there, else the default."""
    conditions, choices = [*map(as_tensor, condlist)], [*map(as_tensor, choicelist)]
    if len(conditions) != len(choices) or not choices:
        raise ArgumentError(
            f"select got {len(conditions)} conditions and {len(choices)} choices; list of cases "
            "must be same length as list of conditions, at least 1."
        )
    for condition in conditions:
        if condition.dtype.kind != "b":
            raise DtypeError(
                f"select got a condition of dtype {condition.dtype}; it wants Booleans. Compare "
                "first."
            )
    found = as_tensor(default)
    dtype = joined(*choices, found)
    found = astype(found, dtype)
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        found = where(condition, astype(choice, dtype), found)
    return found


@numpys
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Tensor:
    """Covariances of variables, in float64 at least."""
    specs = [as_tensor(given).spec for given in (m, y) if given is not None]
    wide = np.result_type(promote(tuple(specs))[0], FLOAT64) if dtype is None else dtype
    found: Tensor = op.cov(
        astype(m, wide),
        None if y is None else astype(y, wide),
        rowvar,
        ddof=float(not bias) if ddof is None else ddof,
        fweights=fweights,
        aweights=aweights,
    )
    return found


@numpys
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Tensor:
    """Correlations of variables, in float64 at least."""
    covariances = cov(x, y, rowvar, dtype=dtype)
    if not covariances.ndim:
        one: Tensor = covariances / covariances
        return one
    spread = op.sqrt(op.real(op.diagonal(covariances)))
    found: Tensor = covariances / op.expand_dims(spread, 1) / op.expand_dims(spread, 0)
    return found
