"""Gradient descent: down the steepest way, by a line search."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import Iterate, Settings
from thalweg.solvers.linesearches.line import SearchLine
from thalweg.solvers.method import Method
from thalweg.solvers.minimization.descent import Memory, descend


class SteepestRule:
    """The direction -∇f, which nothing is remembered for."""

    def begin(self, at: Iterate) -> Memory:
        """Return nothing."""
        return ()

    def direction(
        self, memory: Memory, at: Iterate, function: SmoothFunction
    ) -> tuple[Vector, Any]:
        """Return -∇f, projected onto the bounds."""
        return function.downhill(at.x, at.gradient), 0

    def learn(self, memory: Memory, line: SearchLine, after: Iterate, found: Tensor) -> Memory:
        """Return nothing."""
        return ()

    def forget(self, memory: Memory, lost: Tensor) -> Memory:
        """Return nothing."""
        return ()


def gradient_descent(function: SmoothFunction, x: Vector, settings: Settings) -> Iterate:
    """Minimize by gradient descent; within bounds the gradient is projected.

    Source:
        Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées", 1847;
        Nocedal & Wright, "Numerical Optimization", 2006, section 3.1.
    """
    return descend(function, function.projected(x), SteepestRule(), settings)


GRADIENT_DESCENT = Method(
    "gradient-descent",
    gradient_descent,
    {
        "gtol": 1e-5, "ftol": 0.0, "maxiter": 10000, "maxfun": float("inf"), "c1": 1e-4,
        "c2": 0.9, "maxls": 20,
    },
    {"norm": float("inf"), "linesearch": "more-thuente", "unit_steps": False},
    bounded=True,
)  # fmt: skip
