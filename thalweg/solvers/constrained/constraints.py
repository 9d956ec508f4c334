"""What an algorithm may ask of constraints: h(x) = 0 of some, h(x) ≥ 0 of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from thalweg.autodiff.functional import grad
from thalweg.autodiff.jacobians import jacfwd, jacobian
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.linalg.products import dot
from thalweg.ops.reduce.extremes import max as largest
from thalweg.solvers.function import Vector


@dataclass(frozen=True)
class Constraints:
    """Constraints of one flat vector, all together one flat vector of values.

    Attributes:
        function: Maps a vector to the values h.
        equal: Which of these are to be zero; the others are not to be negative.
    """

    function: Callable[[Vector], Any]
    equal: Tensor

    def values(self, x: Vector) -> Vector:
        """Return h(x)."""
        return astype(as_tensor(self.function(x)), x.dtype)

    def slopes(self, x: Vector) -> Tensor:
        """Return the matrix of ∂hᵢ / ∂xⱼ."""
        derived = jacfwd if x.shape[0] <= self.equal.shape[0] else jacobian
        found: Tensor = derived(self.values)(x)
        return found

    def bends(self, x: Vector, multipliers: Vector) -> Tensor:
        """Return Σ yᵢ ∇²hᵢ(x)."""
        found: Tensor = jacfwd(grad(lambda x: dot(multipliers, self.values(x))))(x)
        return found

    def pressed(self, values: Vector, multipliers: Vector, weight: Any) -> Vector:
        """Return y - ρ h, or zero where an inequality would so pull: the next multipliers."""
        shifted = multipliers - weight * values
        return where(self.equal, shifted, maximum(shifted, 0.0))

    def penalty(self, values: Vector, multipliers: Vector, weight: Any) -> Tensor:
        """Return what an augmented Lagrangian adds to the function.

        Σ (pressed² - y²) / 2ρ,  of equalities -y h + ρ h² / 2
        """
        pressed = self.pressed(values, multipliers, weight)
        less: Tensor = dot(pressed, pressed) - dot(multipliers, multipliers)
        return less / as_tensor(2.0 * weight)

    def violation(self, values: Vector) -> Tensor:
        """Return by how much a constraint is violated at most."""
        return largest(where(self.equal, absolute(values), maximum(-values, 0.0)))

    def looseness(self, values: Vector, multipliers: Vector) -> Tensor:
        """Return how far values and multipliers are from fitting each other at most.

        An inequality has a value or a multiplier of zero.
        """
        loose = where(self.equal, absolute(values), absolute(minimum(values, multipliers)))
        return largest(loose)
