"""What makes a function of tensors a loss: it returns the kind of array that it was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec

from thalweg.core.operation import operation
from thalweg.ops.numpy.kinds import on_tensors

P = ParamSpec("P")


def loss(function: Callable[P, Any]) -> Callable[P, Any]:
    """Register a function of tensors as a loss, whose results are of the kind of its arguments.

    Losses are called by hand on what a model predicts, and what comes out goes on to NumPy, JAX
    or PyTorch; where any argument is a tensor, as inside of a transformation, so is the result.
    """
    registered: Callable[P, Any] = operation(on_tensors(function))
    return registered
