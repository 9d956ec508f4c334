"""L-BFGS: the inverse Hessian as the last few steps and changes of the gradient show it."""

from __future__ import annotations

from typing import NamedTuple

from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray, zeros
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.index.take import put_slices
from thalweg.ops.linalg.products import dot
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import Iterate, Settings, scalar_like
from thalweg.solvers.linesearches.line import SearchLine
from thalweg.solvers.method import Method
from thalweg.solvers.minimization.descent import descend


class Pairs(NamedTuple):
    """The last m pairs of steps s and changes of the gradient y, in places written in turn.

    Attributes:
        steps: The steps, of shape (m, n).
        changes: The changes of the gradient likewise.
        along: ⟨sᵢ, g⟩ with the last gradient.
        across: ⟨yᵢ, g⟩ likewise.
        inverse: R⁻¹, where Rᵢⱼ = ⟨sᵢ, yⱼ⟩ of pairs i no younger than j; zero where none is.
        squares: ⟨yᵢ, yⱼ⟩ likewise.
        bends: ⟨sᵢ, yᵢ⟩ likewise.
        scale: γ = ⟨y, s⟩ / ⟨y, y⟩ of the youngest pair.
        place: Where the next pair goes.
    """

    steps: Tensor
    changes: Tensor
    along: Tensor
    across: Tensor
    inverse: Tensor
    squares: Tensor
    bends: Tensor
    scale: Tensor
    place: Tensor


class LimitedMemoryRule:
    """Directions by an inverse Hessian that is a multiple of the identity and a few pairs.

        H = γ I + [S γY] [ R⁻ᵀ (D + γ YᵀY) R⁻¹   -R⁻ᵀ ] [ Sᵀ  ]
                         [ -R⁻¹                    0   ] [ γYᵀ ]

    This is the matrix of the two-loop recursion, with two passes over the pairs instead of four.
    R⁻¹ is kept instead of R: a new pair adds a column to it, an old one leaves with its row.

    Args:
        size: How many pairs are kept, m.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def begin(self, at: Iterate) -> Pairs:
        """Return no pairs."""
        m, dtype = self.size, at.x.dtype
        rows, square = zeros((m, at.x.shape[0]), dtype=dtype), zeros((m, m), dtype=dtype)
        each, one = zeros(m, dtype=dtype), scalar_like(at.x, 1.0)
        return Pairs(rows, rows, each, each, square, square, each, one, asarray(0))

    def direction(self, memory: Pairs, at: Iterate, function: SmoothFunction) -> tuple[Vector, int]:
        """Return -H g."""
        scale = memory.scale
        q = memory.inverse @ memory.along
        z = memory.bends * q + scale * (memory.squares @ q - memory.across)
        turned = (scale * q) @ memory.changes - (z @ memory.inverse) @ memory.steps
        return turned - scale * at.gradient, 0

    def learn(self, memory: Pairs, line: SearchLine, after: Iterate, found: Tensor) -> Pairs:
        """Return the pairs with one more, unless the function does not bend upwards along it."""
        m = self.size
        s, y = after.x - line.start.x, after.gradient - line.start.gradient
        bend, square = dot(s, y), dot(y, y)
        usable = found & (bend > 0.0) & (bend * bend > 0.0)
        steps, changes = (
            put_slices(rows, memory.place, row, axis=0)
            for rows, row in ((memory.steps, s), (memory.changes, y))
        )
        along, across = steps @ after.gradient, changes @ after.gradient
        # Of an old row: ⟨row, y⟩ = ⟨row, g⟩ - ⟨row, g before⟩.
        turned, crossed = along - memory.along, across - memory.across
        is_new = arange(m) == memory.place
        crossing = is_new[:, None] | is_new[None, :]
        inverse = where(crossing, 0.0, memory.inverse)
        weight = where(usable, 1.0 / where(usable, bend, 1.0), 0.0)
        column = where(is_new, weight, -weight * (inverse @ where(is_new, 0.0, turned)))
        inverse = where(is_new[None, :], column[:, None], inverse)
        side = where(usable, where(is_new, square, crossed), 0.0)
        squares = where(is_new[None, :], side[:, None], memory.squares)
        squares = where(is_new[:, None], side[None, :], squares)
        bends = where(is_new, where(usable, bend, 0.0), memory.bends)
        scale = where(usable, bend / where(usable, square, 1.0), memory.scale)
        place = (memory.place + astype(usable, memory.place.dtype)) % m
        return Pairs(steps, changes, along, across, inverse, squares, bends, scale, place)

    def forget(self, memory: Pairs, lost: Tensor) -> Pairs:
        """Return no pairs if all is lost: the rows are no longer read."""

        def none(values: Tensor) -> Tensor:
            return where(lost, 0.0, values)

        return memory._replace(
            inverse=none(memory.inverse),
            squares=none(memory.squares),
            bends=none(memory.bends),
            scale=where(lost, 1.0, memory.scale),
        )


def lbfgs(function: SmoothFunction, x: Vector, settings: Settings) -> Iterate:
    """Minimize by L-BFGS with a strong Wolfe line search.

    Source:
        Liu & Nocedal, "On the Limited Memory BFGS Method for Large Scale Optimization", 1989; the
        matrix: Byrd, Nocedal & Schnabel, "Representations of Quasi-Newton Matrices and Their Use
        in Limited Memory Methods", 1994, (3.1).
    """
    return descend(function, x, LimitedMemoryRule(int(settings["maxcor"])), settings)


LBFGS = Method(
    "lbfgs",
    lbfgs,
    {
        "gtol": 1e-5, "ftol": 0.0, "maxiter": 15000, "maxfun": float("inf"), "c1": 1e-4,
        "c2": 0.9, "maxls": 20,
    },
    {"maxcor": 10, "norm": float("inf"), "linesearch": "more-thuente", "unit_steps": True},
)  # fmt: skip
