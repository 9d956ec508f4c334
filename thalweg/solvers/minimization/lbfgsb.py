"""L-BFGS-B: L-BFGS within bounds, by a quadratic model that is minimized along a bent path."""

from __future__ import annotations

from typing import NamedTuple

from thalweg.control.conditional import while_loop
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray, eye, zeros
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.index.take import put_slices, take
from thalweg.ops.linalg.matrices import solve
from thalweg.ops.linalg.products import dot
from thalweg.ops.order.sort import argsort
from thalweg.ops.shape.join import concatenate
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import Iterate, Settings, scalar_like
from thalweg.solvers.linesearches.line import SearchLine
from thalweg.solvers.method import Method
from thalweg.solvers.minimization.descent import descend
from thalweg.solvers.minimization.lbfgs import LimitedMemoryRule


class BoundedPairs(NamedTuple):
    """The last m pairs of steps s and changes of the gradient y, in places written in turn.

    Attributes:
        steps: The steps, of shape (m, n).
        changes: The changes of the gradient likewise.
        step_products: ⟨sᵢ, sⱼ⟩.
        mixed_products: ⟨sᵢ, yⱼ⟩.
        change_products: ⟨yᵢ, yⱼ⟩.
        held: Which places hold a pair.
        scale: θ = ⟨y, y⟩ / ⟨y, s⟩ of the youngest pair.
        place: Where the next pair goes.
    """

    steps: Tensor
    changes: Tensor
    step_products: Tensor
    mixed_products: Tensor
    change_products: Tensor
    held: Tensor
    scale: Tensor
    place: Tensor


class CompactModel(NamedTuple):
    """The Hessian B = θ I - Wᵀ M W, with W the changes and, below, θ times the steps.

    Attributes:
        scale: θ.
        rows: W, of shape (2m, n).
        inner: M⁻¹.
    """

    scale: Tensor
    rows: Tensor
    inner: Tensor

    def middle(self, vector: Vector) -> Vector:
        """Return M v."""
        return solve(self.inner, vector)


class BoundedRule:
    """Directions to the minimum of a quadratic model within the bounds, or near it.

    The model is that of the pairs. Along the path P(x - t g), projected onto the bounds, its first
    minimum is found, the Cauchy point; variables at a bound there stay, and for the others the
    model is minimized, and the result projected.

    Args:
        size: How many pairs are kept, m.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def begin(self, at: Iterate) -> BoundedPairs:
        """Return no pairs."""
        m, dtype = self.size, at.x.dtype
        rows, square = zeros((m, at.x.shape[0]), dtype=dtype), zeros((m, m), dtype=dtype)
        held, one = zeros(m, dtype=bool), scalar_like(at.x, 1.0)
        return BoundedPairs(rows, rows, square, square, square, held, one, asarray(0))

    def direction(
        self, memory: BoundedPairs, at: Iterate, function: SmoothFunction
    ) -> tuple[Vector, int]:
        """Return the way to the model's minimum within the bounds."""
        assert function.lower is not None
        assert function.upper is not None
        box = function.lower, function.upper
        model = self._model(memory)
        cauchy = _cauchy_point(model, at, box)
        return _subspace_minimum(model, at, cauchy, box) - at.x, 0

    def _model(self, memory: BoundedPairs) -> CompactModel:
        m, held = self.size, memory.held
        both = held[:, None] & held[None, :]
        age = (arange(m) - memory.place) % m
        later = both & (age[:, None] > age[None, :])
        diagonal = eye(m, dtype=memory.scale.dtype)
        bends = diagonal * where(held, memory.mixed_products.diagonal(), 1.0)
        lower = where(later, memory.mixed_products, 0.0)
        crossed = where(both, memory.scale * memory.step_products, diagonal)
        upper = concatenate((-bends, lower.T), axis=1)
        inner = concatenate((upper, concatenate((lower, crossed), axis=1)), axis=0)
        changes, steps = (
            where(held[:, None], rows, 0.0)
            for rows in (memory.changes, memory.scale * memory.steps)
        )
        rows = concatenate((changes, steps), axis=0)
        return CompactModel(memory.scale, rows, inner)

    def learn(
        self, memory: BoundedPairs, line: SearchLine, after: Iterate, found: Tensor
    ) -> BoundedPairs:
        """Return the pairs with one more, unless the function does not bend upwards along it."""
        s, y = after.x - line.start.x, after.gradient - line.start.gradient
        bend, square = dot(s, y), dot(y, y)
        usable = found & (bend > 2.2e-16 * square)
        place, m = memory.place, self.size
        steps = put_slices(memory.steps, place, s, axis=0)
        changes = put_slices(memory.changes, place, y, axis=0)
        is_new = arange(m) == place
        ours, theirs = is_new[:, None], is_new[None, :]

        def crossed(old: Tensor, row: Vector, column: Vector) -> Tensor:
            return where(ours, row[None, :], where(theirs, column[:, None], old))

        of_step, of_change = steps @ s, changes @ y
        return BoundedPairs(
            steps,
            changes,
            crossed(memory.step_products, of_step, of_step),
            crossed(memory.mixed_products, changes @ s, steps @ y),
            crossed(memory.change_products, of_change, of_change),
            where(is_new, usable, memory.held),
            where(usable, square / where(usable, bend, 1.0), memory.scale),
            (place + astype(usable, place.dtype)) % m,
        )

    def forget(self, memory: BoundedPairs, lost: Tensor) -> BoundedPairs:
        """Return no pairs if all is lost."""
        scale = where(lost, 1.0, memory.scale)
        return memory._replace(held=memory.held & ~lost, scale=scale)


Box = tuple[Vector, Vector]


class CauchyPoint(NamedTuple):
    """A Cauchy point, and c = W (point - x)."""

    point: Vector
    moved: Vector


class Path(NamedTuple):
    """A walk along the projected path, from break to break.

    Attributes:
        number: How many breaks lie behind.
        time: Where on the path it is.
        slope: The model's derivative along the path there.
        bend: Its second derivative.
        turned: p = W d, with d the direction there.
        moved: c = W (point - x).
        ended: Whether the minimum lies before the next break.
    """

    number: Tensor
    time: Tensor
    slope: Tensor
    bend: Tensor
    turned: Vector
    moved: Vector
    ended: Tensor


def _cauchy_point(model: CompactModel, at: Iterate, box: Box) -> CauchyPoint:
    """Return the first minimum of the model along P(x - t g): section 4 of the paper."""
    g, (lower, upper) = at.gradient, box
    infinite = scalar_like(at.x, float("inf"))
    limit = where(g < 0.0, upper, lower)
    breaks = where(g == 0.0, infinite, (at.x - limit) / where(g == 0.0, 1.0, g))
    d = where(breaks > 0.0, -g, 0.0)
    order = argsort(breaks)
    slope = -dot(d, d)
    turned = model.rows @ d
    bend = -model.scale * slope - dot(turned, model.middle(turned))
    n, tiny = at.x.shape[0], 2.2e-16 * -model.scale * slope

    def ahead(path: Path) -> Tensor:
        return maximum(-path.slope / path.bend, 0.0)

    def turn(path: Path) -> Path:
        which = take(order, minimum(path.number, n - 1), axis=0)
        here = take(breaks, which, axis=0)
        ended = (path.number >= n) | ~(path.time + ahead(path) >= here)
        passed = here - path.time
        push, row = take(g, which, axis=0), take(model.rows, which, axis=1)
        moved = path.moved + passed * path.turned
        offset = -push * here
        # What was at its bound from the first has no part in d.
        counts = where(here > 0.0, push, 0.0)
        middle = model.middle(row)
        slope = (
            path.slope
            + passed * path.bend
            + counts * (push + model.scale * offset - dot(middle, moved))
        )
        bend = path.bend - counts * (
            model.scale * push + 2.0 * dot(middle, path.turned) + push * dot(middle, row)
        )
        after = Path(
            path.number + 1, here, slope, maximum(bend, tiny), path.turned + counts * row, moved,
            ended,
        )  # fmt: skip
        kept = (where(ended, old, new) for old, new in zip(path[:-1], after[:-1], strict=True))
        return Path._make((*kept, ended))

    none, start = asarray(0), scalar_like(at.x, 0.0)
    begun = Path(none, start, slope, bend, turned, 0.0 * turned, ~(slope < 0.0))
    path = while_loop(lambda path: ~path.ended, turn, begun)
    onward = where(path.slope < 0.0, ahead(path), 0.0)
    point = clip(at.x - (path.time + onward) * g, lower, upper)
    return CauchyPoint(point, path.moved + onward * path.turned)


def _subspace_minimum(model: CompactModel, at: Iterate, cauchy: CauchyPoint, box: Box) -> Vector:
    """Return the model's minimum over the variables that the Cauchy point leaves free.

        x̂ = x_c - (r / θ + Zᵀ Wᵀ v / θ²),  v = (I - M W Z Zᵀ Wᵀ / θ)⁻¹ M W Z r

    projected onto the bounds, or shortened to them if that leads up; section 5 of the paper and
    its revision.
    """
    lower, upper = box
    theta, rows, point = model.scale, model.rows, cauchy.point
    free = (point > lower) & (point < upper)
    residual = at.gradient + theta * (point - at.x) - model.middle(cauchy.moved) @ rows
    residual = where(free, residual, 0.0)
    inside = where(free[None, :], rows, 0.0)
    # (M⁻¹ - W Z Zᵀ Wᵀ / θ) v = W Z r
    v = solve(model.inner - inside @ inside.T / theta, inside @ residual)
    step = -(residual + (v @ inside) / theta) / theta
    projected = clip(point + step, lower, upper)
    leads_down = dot(projected - at.x, at.gradient) < 0.0
    room = where(step > 0.0, upper - point, point - lower)
    still = step == 0.0
    shares = where(still, 1.0, room / where(still, 1.0, abs(step)))
    shortened = point + minimum(1.0, shares.min()) * step
    return where(leads_down, projected, clip(shortened, lower, upper))


def lbfgsb(function: SmoothFunction, x: Vector, settings: Settings) -> Iterate:
    """Minimize within bounds by L-BFGS-B; without bounds that is L-BFGS.

    Source:
        Byrd, Lu, Nocedal & Zhu, "A Limited Memory Algorithm for Bound Constrained Optimization",
        1995; Morales & Nocedal, "Remark on Algorithm 778", 2011.
    """
    size = int(settings["maxcor"])
    if not function.is_bounded:
        return descend(function, x, LimitedMemoryRule(size), settings)
    return descend(function, clip(x, function.lower, function.upper), BoundedRule(size), settings)


LBFGSB = Method(
    "lbfgsb",
    lbfgsb,
    {
        "gtol": 1e-5, "ftol": 2.220446049250313e-09, "maxiter": 15000, "maxfun": 15000,
        "c1": 1e-3, "c2": 0.9, "maxls": 20,
    },
    {"maxcor": 10, "norm": float("inf"), "linesearch": "more-thuente", "unit_steps": True},
    tolerances=("gtol", "ftol"),
    bounded=True,
)  # fmt: skip
