"""What an algorithm may ask of a function that is to be minimized: it takes one flat vector."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from thalweg.autodiff.functional import jvp, value_and_grad
from thalweg.autodiff.jacobians import jacfwd
from thalweg.control.custom import custom_vjp
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.rounding import clip

Vector = Tensor


@dataclass(frozen=True)
class SmoothFunction:
    """A function of one flat vector with its derivatives, and bounds of that vector.

    Attributes:
        function: Maps a vector to a scalar of its dtype, in operations that can be traced.
        given_gradient: The user's gradient; without one it is derived.
        given_both: The user's function that returns value and gradient, instead of the two above.
        given_hessian: The user's matrix of second derivatives.
        given_product: The user's product of that matrix, at a point, with a vector.
        lower: The least values, or None.
        upper: The greatest values, or None.
        constraints: What else the vector has to fulfil, or None.
        heard: Told of each iteration's number, vector and value; returns whether to stop.
    """

    function: Callable[[Vector], Any]
    given_gradient: Callable[[Vector], Vector] | None = None
    given_both: Callable[[Vector], tuple[Any, Vector]] | None = None
    given_hessian: Callable[[Vector], Tensor] | None = None
    given_product: Callable[[Vector, Vector], Vector] | None = None
    lower: Vector | None = None
    upper: Vector | None = None
    constraints: Any = None
    heard: Callable[[Tensor, Vector, Tensor], Tensor] | None = None

    def value(self, x: Vector) -> Tensor:
        """Return f(x)."""
        found = self.given_both(x)[0] if self.given_both else self.function(x)
        return astype(as_tensor(found), x.dtype)

    def both(self, x: Vector) -> tuple[Tensor, Vector]:
        """Return f(x) and ∇f(x)."""
        if self.given_both is not None:
            value, gradient = self.given_both(x)
        elif self.given_gradient is not None:
            value, gradient = self.function(x), self.given_gradient(x)
        else:
            value, gradient = value_and_grad(self.function)(x)
        return astype(as_tensor(value), x.dtype), astype(as_tensor(gradient), x.dtype)

    @functools.cached_property
    def differentiable(self) -> Callable[[Vector], Tensor]:
        """f, of which others derive the gradient that is known here."""
        if self.given_both is None and self.given_gradient is None:
            return self.value
        function = custom_vjp(self.value)
        function.defvjp(self.both, lambda gradient, g: (g * gradient,))
        return function

    def gradient(self, x: Vector) -> Vector:
        """Return ∇f(x)."""
        return self.both(x)[1]

    def product(self, x: Vector, v: Vector) -> Vector:
        """Return ∇²f(x) v."""
        if self.given_product is not None:
            return astype(as_tensor(self.given_product(x, v)), x.dtype)
        if self.given_hessian is not None:
            return self.hessian(x) @ v
        found: Vector = jvp(self.gradient, (x,), (v,))[1]
        return found

    def hessian(self, x: Vector) -> Tensor:
        """Return ∇²f(x)."""
        if self.given_hessian is not None:
            return astype(as_tensor(self.given_hessian(x)), x.dtype)
        found: Tensor = jacfwd(self.gradient)(x)
        return found

    def stops(self, number: Tensor, x: Vector, value: Tensor) -> Tensor:
        """Tell whoever listens of an iterate, and return whether to stop."""
        return asarray(False) if self.heard is None else self.heard(number, x, value)

    def projected(self, x: Vector) -> Vector:
        """Return the nearest point within the bounds."""
        return clip(x, self.lower, self.upper) if self.is_bounded else x

    def downhill(self, x: Vector, gradient: Vector) -> Vector:
        """Return the steepest way down: -∇f, or within bounds P(x - ∇f) - x."""
        return self.projected(x - gradient) - x if self.is_bounded else -gradient

    def replaced(self, function: Callable[[Vector], Any]) -> SmoothFunction:
        """Return another function within the same bounds, whose derivatives are derived."""
        return SmoothFunction(function, lower=self.lower, upper=self.upper)

    @functools.cached_property
    def is_bounded(self) -> bool:
        """Whether there are bounds."""
        return self.lower is not None or self.upper is not None
