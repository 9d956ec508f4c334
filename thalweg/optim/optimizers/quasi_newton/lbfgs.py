"""L-BFGS: the inverse Hessian as the last few steps and changes of the gradient show it."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.control.scan import scan
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import zeros, zeros_like
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import subtract
from thalweg.ops.elementwise.comparison import equal, greater, minimum, where
from thalweg.ops.elementwise.complex import real
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.index.take import take
from thalweg.ops.shape.reshape import reshape
from thalweg.optim.linesearches.line import kind_of_value
from thalweg.optim.linesearches.zoom import scale_by_zoom_linesearch
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    Params,
    Step,
    Updates,
    cast_like,
    each,
    first_count,
    identity,
    needed,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain
from thalweg.optim.wholes import inner, norm, scaled, sum_of_squares
from thalweg.tree import Tree

__all__ = ["ScaleByLBFGSState", "lbfgs", "scale_by_lbfgs"]


class ScaleByLBFGSState(NamedTuple):
    """The state of `scale_by_lbfgs`; rows of the memories are written in turn."""

    count: Any  # int32 scalar: the steps made
    params: Any  # of the last step
    updates: Any  # its gradient
    diff_params_memory: Any  # differences s of parameters, along a new first axis
    diff_updates_memory: Any  # differences y of gradients
    weights_memory: Any  # 1 / ⟨y, s⟩


@factory
def scale_by_lbfgs(
    memory_size: int = 10, scale_init_precond: bool = True
) -> GradientTransformation:
    """Multiply gradients by the inverse Hessian as L-BFGS approximates it.

        s = wₜ - wₜ₋₁, y = gₜ - gₜ₋₁, ρ = 1 / ⟨y, s⟩, kept of the last steps
        newest to oldest:  αᵢ = ρᵢ ⟨sᵢ, q⟩,  q = q - αᵢ yᵢ         from q = gₜ
        r = γ q,  γ = ⟨y, s⟩ / ⟨y, y⟩
        oldest to newest:  r = r + (αᵢ - ρᵢ ⟨yᵢ, r⟩) sᵢ

    Args:
        memory_size: How many differences are kept, at least 1.
        scale_init_precond: Whether γ is as above, and min(1, 1 / |g|) at the first step; else 1.

    Raises:
        ArgumentError: If the memory is smaller; by `update`, if it gets no parameters.

    Source:
        Liu & Nocedal, "On the Limited Memory BFGS Method for Large Scale Optimization", 1989;
        Nocedal & Wright, "Numerical Optimization", 2006, algorithm 7.4.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> scaling = tw.optim.scale_by_lbfgs()
        >>> w = np.array([3.0, 4.0])
        >>> scaling.update(2 * w, scaling.init(w), w)[0]
        array([0.6, 0.8])
    """
    if memory_size < 1:
        raise ArgumentError(
            f"scale_by_lbfgs got memory_size={memory_size}; memory_size must be >= 1. Give 10."
        )

    def init(params: Params) -> ScaleByLBFGSState:
        memory = each(lambda p: zeros((memory_size, *p.shape), p.dtype, like=p), params)
        nothing = each(zeros_like, params)
        weights = zeros(memory_size, dtype=kind_of_value(params))
        return ScaleByLBFGSState(first_count(), nothing, nothing, memory, memory, weights)

    def update(updates: Updates, state: ScaleByLBFGSState, params: Params = None) -> Step:
        weights = needed(params, "scale_by_lbfgs")
        after_first = greater(state.count, 0)

        def since(now: Tree, before: Tree) -> Tree:
            return each(lambda x, y: where(after_first, subtract(x, y), zeros_like(x)), now, before)

        moves, changes = since(weights, state.params), since(updates, state.updates)
        product = real(as_tensor(inner(changes, moves)))
        weight = where(equal(product, 0.0), 0.0, 1.0 / where(equal(product, 0.0), 1.0, product))
        row = (state.count - 1) % memory_size
        rows = (
            _written(state.diff_params_memory, row, moves),
            _written(state.diff_updates_memory, row, changes),
            _written(state.weights_memory, row, weight),
        )
        factor: Any = 1.0
        if scale_init_precond:
            size = as_tensor(sum_of_squares(changes))
            known = where(greater(size, 0.0), product / where(greater(size, 0.0), size, 1.0), 1.0)
            first = minimum(1.0, 1.0 / as_tensor(norm(each(stop_gradient, updates))))
            factor = where(after_first, known, first)
        turned = _preconditioned(updates, *rows, factor, state.count % memory_size)
        new = ScaleByLBFGSState(safe_increment(state.count), weights, updates, *rows)
        return turned, cast_like(new, state)

    return GradientTransformation(init, update)


def _written(memory: Tree, row: Tensor, values: Tree) -> Tree:
    """Return memories with one row written."""

    def written(rows: Tensor, value: Tensor) -> Tensor:
        places = reshape(arange(rows.shape[0]), (-1, *(1 for _ in rows.shape[1:])))
        return where(equal(places, row), astype(value, rows.dtype), rows)

    return each(written, memory, values)


def _preconditioned(
    updates: Updates, moves: Tree, changes: Tree, weights: Tensor, factor: Any, oldest: Tensor
) -> Updates:
    """Return updates times the inverse Hessian of a memory, by its two loops."""
    size = weights.shape[0]
    places = (oldest + arange(size)) % size

    def at(place: Tensor) -> tuple[Tree, Tree, Tensor]:
        s, y = (each(lambda rows: take(rows, place, axis=0), memory) for memory in (moves, changes))
        return s, y, take(weights, place, axis=0)

    def first(q: Updates, place: Tensor) -> tuple[Updates, Tensor]:
        s, y, weight = at(place)
        alpha = weight * real(as_tensor(inner(s, q)))
        return cast_like(each(lambda a, b: a - alpha * b, q, y), q), alpha

    def second(r: Updates, row: tuple[Tensor, Tensor]) -> tuple[Updates, None]:
        place, alpha = row
        s, y, weight = at(place)
        beta = weight * real(as_tensor(inner(y, r)))
        return cast_like(each(lambda a, b: a + (alpha - beta) * b, r, s), r), None

    turned, alphas = scan(first, updates, places, reverse=True)
    begun = cast_like(scaled(factor, turned), updates)
    return scan(second, begun, (places, alphas))[0]


@factory
def lbfgs(
    learning_rate: ScalarOrSchedule | None = None,
    memory_size: int = 10,
    scale_init_precond: bool = True,
    linesearch: Any = scale_by_zoom_linesearch(20, initial_guess_strategy="one"),  # noqa: B008
) -> GradientTransformation:
    """L-BFGS: steps by the inverse Hessian as the last ones show it, with a line search.

        w = w - η H g, with H of `scale_by_lbfgs`

    `update` wants further arguments for the line search: `value`, `grad` and `value_fn`.

    Args:
        learning_rate: A factor of the direction, in [0, ∞), or a schedule; None for 1.
        memory_size: How many differences are kept, at least 1.
        scale_init_precond: Whether the first guess of H is scaled.
        linesearch: What chooses η; None for 1.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Liu & Nocedal, "On the Limited Memory BFGS Method for Large Scale Optimization", 1989.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> f = lambda w: np.sum((w - 1.0) ** 4 + w**2)
        >>> solver = tw.optim.lbfgs()
        >>> w = np.zeros(2)
        >>> state = solver.init(w)
        >>> for _ in range(8):
        ...     value, grad = tw.value_and_grad(f)(w)
        ...     updates, state = solver.update(grad, state, w, value=value, grad=grad, value_fn=f)
        ...     w = tw.optim.apply_updates(w, updates)
        >>> bool(np.max(np.abs(tw.grad(f)(w))) < 1e-6)
        True
    """
    down = scale(-1.0) if learning_rate is None else scale_by_learning_rate(learning_rate)
    search = identity() if linesearch is None else linesearch
    return chain(scale_by_lbfgs(memory_size, scale_init_precond), down, search)
