"""All parameters as one vector."""

from __future__ import annotations

import math
from collections.abc import Iterable

from thalweg.core.tensor import Tensor
from thalweg.errors import CallError, ShapeError
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.nn.parameter import rebind

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return all elements of all parameters as one vector, whose derivatives flow back to them.

    Example:
        >>> from thalweg.torch import nn
        >>> nn.utils.parameters_to_vector(nn.Linear(3, 2).parameters()).shape == (8,)
        True
    """
    return concatenate([reshape(parameter, (-1,)) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Let parameters lie, one after the other, on the memory of a vector.

    Raises:
        CallError: If it is no tensor.
        ShapeError: If it has fewer elements than the parameters.
    """
    if not isinstance(vec, Tensor):
        raise CallError(
            f"expected thalweg.Tensor, but got: {type(vec).__name__}. Convert it with tw.tensor."
        )
    start = 0
    values = vec.detach()
    for parameter in parameters:
        count = math.prod(parameter.shape)
        if start + count > values.shape[0]:
            raise ShapeError(
                f"a vector of {values.shape[0]} elements was given for parameters that have more. "
                "Make it of as many as parameters_to_vector returns."
            )
        rebind(parameter, reshape(values[start : start + count], parameter.shape))
        start += count
