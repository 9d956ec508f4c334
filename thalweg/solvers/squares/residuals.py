"""What an algorithm may ask of residuals: they are of one flat vector, and a flat vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from thalweg.autodiff.jacobians import jacfwd, jacobian
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.shape.reshape import reshape
from thalweg.solvers.function import Vector


@dataclass(frozen=True)
class ResidualFunction:
    """A function from one vector to another, with its matrix of derivatives.

    Attributes:
        function: Maps a vector to a vector.
        given_jacobian: The user's matrix of derivatives; without one it is derived.
        heard: Told of each iteration's number, vector and residuals; returns whether to stop.
    """

    function: Callable[[Vector], Any]
    given_jacobian: Callable[[Vector], Any] | None = None
    heard: Callable[[Tensor, Vector, Vector], Tensor] | None = None

    def values(self, x: Vector) -> Vector:
        """Return r(x)."""
        return astype(reshape(as_tensor(self.function(x)), (-1,)), x.dtype)

    def jacobian(self, x: Vector, values: Vector) -> Tensor:
        """Return the matrix of ∂rᵢ / ∂xⱼ, one forward or backward walk for the fewer of both."""
        if self.given_jacobian is not None:
            found = as_tensor(self.given_jacobian(x))
            return astype(reshape(found, (*values.shape, *x.shape)), x.dtype)
        derived = jacfwd if x.shape[0] <= values.shape[0] else jacobian
        slopes: Tensor = derived(self.values)(x)
        return slopes
