"""A function along a direction, and what a search on that line finds."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import maximum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.linalg.products import dot
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import Iterate, Settings, rounding


class Sample(NamedTuple):
    """A function on a line: φ(t) = f(x + t d), φ'(t), and ∇f there."""

    step: Tensor
    value: Tensor
    slope: Tensor
    gradient: Vector


@dataclass(frozen=True)
class SearchLine:
    """The line x + t d through an iterate, and what a step along it has to reach.

    Attributes:
        function: The function.
        start: The iterate.
        direction: d.
        slope: φ'(0) = ⟨∇f(x), d⟩, negative.
        settings: Among them `c1`, `c2` and `maxls`.
    """

    function: SmoothFunction
    start: Iterate
    direction: Vector
    slope: Tensor
    settings: Settings

    def point(self, step: Any) -> Vector:
        """Return x + t d, which rounding does not lead out of the bounds."""
        point: Vector = self.start.x + step * self.direction
        return self.function.projected(point)

    @functools.cached_property
    def longest(self) -> Any:
        """The longest step within the bounds."""
        function, x, d = self.function, self.start.x, self.direction
        if not function.is_bounded:
            return math.inf
        assert function.lower is not None
        assert function.upper is not None
        room = where(d > 0.0, function.upper - x, x - function.lower)
        still = d == 0.0
        # A step of 1 is within, whatever rounding says of it.
        return maximum(1.0, where(still, math.inf, room / where(still, 1.0, absolute(d))).min())

    def at(self, step: Any) -> Sample:
        """Return value and derivatives at a step."""
        value, gradient = self.function.both(self.point(step))
        return Sample(step, value, dot(gradient, self.direction), gradient)

    def is_finite(self, sample: Sample) -> Tensor:
        """Tell whether value and slope are numbers."""
        return isfinite(sample.value) & isfinite(sample.slope)

    def decreases(self, sample: Sample) -> Tensor:
        """Tell whether φ(t) ≤ φ(0) + c₁ t φ'(0)."""
        limit = self.start.value + self.settings["c1"] * sample.step * self.slope
        found: Tensor = sample.value <= limit
        return found

    def is_hidden(self, sample: Sample) -> Tensor:
        """Tell whether rounding hides how φ(t) differs from φ(0)."""
        start = self.start.value
        change = absolute(sample.value - start)
        found: Tensor = change <= 4.0 * rounding(self.start.x) * absolute(start)
        return found

    def promise(self, sample: Sample) -> Tensor:
        """Return by what part of its value the function would decrease, were it a line."""
        found: Tensor = -sample.step * self.slope / absolute(self.start.value)
        return found

    def suffices(self, sample: Sample) -> Tensor:
        """Tell whether a step fulfils the strong Wolfe conditions, or nearly so near a minimum.

            φ(t) ≤ φ(0) + c₁ t φ'(0)  and  |φ'(t)| ≤ c₂ |φ'(0)|

        Where rounding hides the decrease, the first is that of the parabola through the slopes,
        which Hager and Zhang call the approximate condition: φ'(t) ≤ (2 c₁ - 1) φ'(0).
        """
        c1, c2 = self.settings["c1"], self.settings["c2"]
        nearly = self.is_hidden(sample) & (sample.slope <= (2.0 * c1 - 1.0) * self.slope)
        flat = absolute(sample.slope) <= c2 * absolute(self.slope)
        found: Tensor = flat & (self.decreases(sample) | nearly)
        return found


class Step(NamedTuple):
    """What a line search returns.

    Attributes:
        sample: The function where it ended.
        evaluations: How often the function and its gradient were evaluated.
        found: Whether the step may be made.
    """

    sample: Sample
    evaluations: Tensor
    found: Tensor


LineSearch = Callable[[SearchLine, Any], Step]
