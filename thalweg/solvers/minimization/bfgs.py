"""BFGS: the inverse Hessian as all steps and changes of the gradient show it."""

from __future__ import annotations

from typing import NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import asarray, eye
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.linalg.products import dot, outer
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import Iterate, Settings
from thalweg.solvers.linesearches.line import SearchLine
from thalweg.solvers.method import Method
from thalweg.solvers.minimization.descent import descend


class InverseHessian(NamedTuple):
    """What BFGS remembers: a matrix, and whether it is the identity that it begins with."""

    matrix: Tensor
    is_first: Tensor


class SecantRule:
    """Directions by an inverse Hessian that every step corrects.

        d = -H g,  H ← (I - ρ s yᵀ) H (I - ρ y sᵀ) + ρ s sᵀ,  ρ = 1 / ⟨y, s⟩

    with s the step and y the change of the gradient; before the first correction H = γ I with
    γ = ⟨y, s⟩ / ⟨y, y⟩. A step with ⟨y, s⟩ ≤ 0 corrects nothing.
    """

    def begin(self, at: Iterate) -> InverseHessian:
        """Return the identity."""
        return InverseHessian(eye(at.x.shape[0], dtype=at.x.dtype), asarray(True))

    def direction(
        self, memory: InverseHessian, at: Iterate, function: SmoothFunction
    ) -> tuple[Vector, int]:
        """Return -H g."""
        return -(memory.matrix @ at.gradient), 0

    def learn(
        self, memory: InverseHessian, line: SearchLine, after: Iterate, found: Tensor
    ) -> InverseHessian:
        """Return the corrected matrix."""
        s, y = after.x - line.start.x, after.gradient - line.start.gradient
        product, squared = dot(y, s), dot(y, y)
        bends = found & (product > 0.0)
        scale = where(memory.is_first, product / squared, 1.0)
        old = memory.matrix * scale
        turned = old @ y
        rho = 1.0 / product
        square = rho * (1.0 + rho * dot(y, turned))
        mixed = outer(turned, s)
        new = old + square * outer(s, s) - rho * (mixed + mixed.T)
        return InverseHessian(where(bends, new, memory.matrix), memory.is_first & ~bends)

    def forget(self, memory: InverseHessian, lost: Tensor) -> InverseHessian:
        """Return the identity if all is lost."""
        identity = eye(memory.matrix.shape[0], dtype=memory.matrix.dtype)
        return InverseHessian(where(lost, identity, memory.matrix), memory.is_first | lost)


def bfgs(function: SmoothFunction, x: Vector, settings: Settings) -> Iterate:
    """Minimize by BFGS with a strong Wolfe line search.

    Source:
        Broyden, Fletcher, Goldfarb, Shanno, 1970; Nocedal & Wright, "Numerical Optimization",
        2006, algorithm 6.1 with (6.17) and (6.20).
    """
    return descend(function, x, SecantRule(), settings)


BFGS = Method(
    "bfgs",
    bfgs,
    {"gtol": 1e-5, "xrtol": 0.0, "maxiter": -200, "c1": 1e-4, "c2": 0.9, "maxls": 20},
    {"norm": float("inf"), "linesearch": "more-thuente", "unit_steps": True},
)
