"""Functions of `scipy.special` that losses are written with, by SciPy's names."""

from __future__ import annotations

from typing import Any

from thalweg.core.operation import operation, register
from thalweg.core.tensor import Tensor
from thalweg.ops.activations import log_sigmoid
from thalweg.ops.elementwise import equal, log, log1p, negative, sigmoid, where

register("expit", sigmoid)
register("log_expit", log_sigmoid)


@operation
def logit(x: Any) -> Tensor:
    """Log odds: ln(x / (1 - x)), the inverse of the logistic function."""
    return log(x) - log1p(negative(x))


@operation
def xlogy(x: Any, y: Any) -> Tensor:
    """Return x ln y, and 0 where x is 0, whatever y is there; the derivatives too."""
    nothing = equal(x, 0)
    return where(nothing, 0, x * log(where(nothing, 1, y)))
