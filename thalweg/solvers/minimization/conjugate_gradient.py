"""Nonlinear conjugate gradients: the last direction is a part of the next one."""

from __future__ import annotations

from collections.abc import Callable

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, did_you_mean
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.linalg.norms import vector_norm
from thalweg.ops.linalg.products import dot
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import Iterate, Settings
from thalweg.solvers.linesearches.line import SearchLine
from thalweg.solvers.method import Method
from thalweg.solvers.minimization.descent import descend


def _polak_ribiere(line: SearchLine, after: Iterate) -> Tensor:
    """β = max(0, ⟨g', y⟩ / ⟨g, g⟩), which forgets the last direction where it is negative."""
    g, new = line.start.gradient, after.gradient
    return maximum(dot(new, new - g) / dot(g, g), 0.0)


def _hager_zhang(line: SearchLine, after: Iterate) -> Tensor:
    """β = ⟨y - 2 d ⟨y, y⟩ / ⟨d, y⟩, g'⟩ / ⟨d, y⟩, at least -1 / (|d| min(0.01, |g|))."""
    g, new, d = line.start.gradient, after.gradient, line.direction
    y = new - g
    along = dot(d, y)
    beta = dot(y - (2.0 * dot(y, y) / along) * d, new) / along
    return maximum(beta, -1.0 / (vector_norm(d) * minimum(0.01, vector_norm(g))))


_BETAS: dict[str, Callable[[SearchLine, Iterate], Tensor]] = {
    "polak-ribiere": _polak_ribiere,
    "hager-zhang": _hager_zhang,
}


class ConjugateRule:
    """The direction -∇f + β d, with d the last one; what is remembered is β d.

    Args:
        beta: What chooses β.
    """

    def __init__(self, beta: str) -> None:
        if beta not in _BETAS:
            raise ArgumentError(
                f"beta={beta!r} was given.{did_you_mean(str(beta), _BETAS)} It wants one of "
                f"{', '.join(_BETAS)}."
            )
        self.beta = _BETAS[beta]

    def begin(self, at: Iterate) -> Vector:
        """Return no part of a last direction."""
        return zeros_like(at.x)

    def direction(
        self, memory: Vector, at: Iterate, function: SmoothFunction
    ) -> tuple[Vector, int]:
        """Return -∇f + β d."""
        return memory - at.gradient, 0

    def learn(self, memory: Vector, line: SearchLine, after: Iterate, found: Tensor) -> Vector:
        """Return β d."""
        return self.beta(line, after) * line.direction

    def forget(self, memory: Vector, lost: Tensor) -> Vector:
        """Return no part of the last direction if it is lost."""
        return where(lost, 0.0, memory)


def conjugate_gradient(function: SmoothFunction, x: Vector, settings: Settings) -> Iterate:
    """Minimize by nonlinear conjugate gradients.

    Source:
        Polak & Ribière, "Note sur la convergence de méthodes de directions conjuguées", 1969, with
        Powell's β ≥ 0; Hager & Zhang, "A New Conjugate Gradient Method with Guaranteed Descent and
        an Efficient Line Search", 2005, (1.3) and (1.5).
    """
    return descend(function, x, ConjugateRule(settings["beta"]), settings)


CONJUGATE_GRADIENT = Method(
    "conjugate-gradient",
    conjugate_gradient,
    {"gtol": 1e-5, "maxiter": -200, "c1": 1e-4, "c2": 0.4, "maxls": 20},
    {
        "beta": "polak-ribiere", "norm": float("inf"), "linesearch": "more-thuente",
        "unit_steps": False,
    },
)  # fmt: skip
