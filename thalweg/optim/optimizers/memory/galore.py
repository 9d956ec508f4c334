"""GaLore: an optimizer in the subspace where gradients of matrices mostly are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.control.branches import cond
from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError, DtypeError
from thalweg.ops.creation.creation import asarray, zeros, zeros_like
from thalweg.ops.elementwise.arithmetic import remainder
from thalweg.ops.elementwise.comparison import equal
from thalweg.ops.elementwise.complex import conjugated
from thalweg.ops.linalg.matrices import svd
from thalweg.ops.linalg.products import matmul
from thalweg.optim.optimizers.adaptive.adam import scale_by_adam
from thalweg.optim.optimizers.matrix.axes import MatrixView, numbers_of, view
from thalweg.optim.ranges import FINITE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
    first_count,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain
from thalweg.tree import Tree

__all__ = ["GaLoreDimensionNumbers", "GaLoreState", "galore", "scale_by_galore"]


class GaLoreDimensionNumbers(NamedTuple):
    """Which axes of a parameter are the rows of its matrix, and which the columns."""

    reduction_axis: Sequence[int] | int = 0
    output_axis: Sequence[int] | int = 1


class GaLoreState(NamedTuple):
    """The state of `scale_by_galore`."""

    count: Any  # int32 scalar: the steps made
    base_optimizer_state: OptState  # that of the small matrices
    projector: Params  # a basis of each subspace, shape (0, 0) where there is none


class _Subspace(NamedTuple):
    """How the matrix of a leaf is made smaller."""

    seen: MatrixView
    rank: int
    left: bool  # whether columns are projected, rather than rows

    def basis(self, g: Tensor) -> Tensor:
        """Return the leading singular vectors of the shorter sums."""
        matrix = self.seen.flat(g)
        single = astype(matrix, "float32") if matrix.dtype.itemsize < 4 else matrix
        u, _, vh = svd(single, full_matrices=False)
        found = u[:, : self.rank] if self.left else conjugated(vh[: self.rank]).T
        return astype(found, g.dtype)

    def small(self, g: Tensor, basis: Tensor) -> Tensor:
        """Return the projection of a leaf."""
        matrix = self.seen.flat(g)
        return matmul(conjugated(basis).T, matrix) if self.left else matmul(matrix, basis)

    def large(self, u: Tensor, basis: Tensor) -> Tensor:
        """Return the leaf of a projection."""
        whole = matmul(basis, u) if self.left else matmul(u, conjugated(basis).T)
        return self.seen.back(whole)


def _subspaces(given: Any, rank: int, leaves: Tree) -> list[_Subspace | None]:
    """Return how each leaf is made smaller, None for those that are not."""
    if isinstance(given, GaLoreDimensionNumbers):
        kept = [given if asarray(x).ndim >= 2 else None for x in tree.leaves(leaves)]
    else:
        kept = numbers_of(
            given,
            GaLoreDimensionNumbers,
            leaves,
            lambda x: GaLoreDimensionNumbers() if asarray(x).ndim == 2 else None,
        )
    pairs = zip(map(asarray, tree.leaves(leaves)), kept, strict=True)
    return [None if numbers is None else _subspace(x, numbers, rank) for x, numbers in pairs]


def _subspace(x: Tensor, numbers: Any, rank: int) -> _Subspace:
    seen = view(x, numbers, "GaLore")
    if seen.flat(x).ndim != 2:
        raise ArgumentError(
            f"GaLore got {numbers} for a tensor of shape {tuple(x.shape)}. All axes must be "
            "specified: give each to the reduction axes or to the output axes."
        )
    return _Subspace(seen, min(rank, seen.rows, seen.columns), seen.rows >= seen.columns)


@factory
def scale_by_galore(
    rank: int = 128,
    update_proj_gap: int = 200,
    scale: float = 1.0,
    base_optimizer: GradientTransformation | None = None,
    weight_dimension_numbers: Any = None,
) -> GradientTransformation:
    """Transform updates of matrices within the subspace of their largest singular values.

        P ← the leading singular vectors of g       in the first of every update_proj_gap steps
        u = scale · P (the base optimizer's update of Pᴴ g)

    P is on the side of the longer axis, found in the gradient's precision, of half in single; other
    leaves are transformed as they are.

    Args:
        rank: The number of singular vectors, in [1, ∞).
        update_proj_gap: The number of steps with one subspace, in [1, ∞).
        scale: A finite number.
        base_optimizer: The transformation of the small matrices; by default `scale_by_adam()`. It
            gets no parameters.
        weight_dimension_numbers: Which axes are rows and columns: `GaLoreDimensionNumbers` for
            all of two axes or more, a tree of them, with None for leaves that stay as they are, or
            a function from parameters to one; None for all leaves of two axes.

    Raises:
        ArgumentError: If a number is outside its range; by `init`, if an axis has no place.
        DtypeError: If the rank is no whole number.
        ShapeError: By `init`, if a leaf with dimension numbers is no matrix.

    Source:
        Zhao et al., "GaLore: Memory-Efficient LLM Training by Gradient Low-Rank Projection", 2024,
        algorithm 2. arXiv:2403.03507

    Example:
        >>> import numpy as np, thalweg as tw
        >>> small = tw.optim.contrib.scale_by_galore(1, base_optimizer=tw.optim.scale(2.0))
        >>> g = np.diag([3.0, 1.0])
        >>> np.abs(small.update(g, small.init(g))[0])
        array([[6., 0.],
               [0., 0.]])
    """
    _check_whole("rank", rank)
    _check_whole("update_proj_gap", update_proj_gap)
    FINITE.check(scale=scale)
    inner = scale_by_adam() if base_optimizer is None else as_transformation(base_optimizer)

    def init(params: Params) -> GaLoreState:
        subspaces = _subspaces(weight_dimension_numbers, rank, params)
        pairs = zip(map(asarray, tree.leaves(params)), subspaces, strict=True)
        blanks = [_blank(x, subspace) for x, subspace in pairs]
        definition = tree.structure(params)
        small = tree.unflatten(definition, [blank[0] for blank in blanks])
        bases = tree.unflatten(definition, [blank[1] for blank in blanks])
        return GaLoreState(first_count(), inner.init(small), bases)

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        subspaces = _subspaces(weight_dimension_numbers, rank, updates)
        leaves, definition = tree.flatten(updates)
        gradients, bases = [*map(asarray, leaves)], [*map(asarray, tree.leaves(state.projector))]
        places = [i for i, subspace in enumerate(subspaces) if subspace is not None]

        def renewed(kept: list[Tensor]) -> list[Tensor]:
            return [
                subspace.basis(g)
                for g, subspace in zip(gradients, subspaces, strict=True)
                if subspace is not None
            ]

        if places:
            due = equal(remainder(state.count, update_proj_gap), 0)
            fresh = cond(due, renewed, lambda kept: kept, [bases[i] for i in places])
            for i, basis in zip(places, fresh, strict=True):
                bases[i] = basis
        parts = zip(gradients, bases, subspaces, strict=True)
        small = [g if subspace is None else subspace.small(g, p) for g, p, subspace in parts]
        moved, inner_state = inner.update(
            tree.unflatten(definition, small), state.base_optimizer_state, None, **extra
        )
        ways = zip(map(asarray, tree.leaves(moved)), bases, subspaces, gradients, strict=True)
        found = [
            u if subspace is None else astype(scale * subspace.large(u, p), g.dtype)
            for u, p, subspace, g in ways
        ]
        count, projector = safe_increment(state.count), tree.unflatten(definition, bases)
        return tree.unflatten(definition, found), GaLoreState(count, inner_state, projector)

    return GradientTransformation(init, update)


def _check_whole(name: str, value: Any) -> None:
    if not isinstance(value, int):
        raise DtypeError(
            f"`{name}` must be an int, got {type(value).__name__}. Give a whole number in [1, ∞)."
        )
    if value < 1:
        raise ArgumentError(
            f"`{name}` must be positive, got {value}. Give a whole number in [1, ∞)."
        )


def _blank(x: Tensor, subspace: _Subspace | None) -> tuple[Tensor, Tensor]:
    """Return zeros as a small matrix, and as a basis."""
    if subspace is None:
        return zeros_like(x), zeros((0, 0), x.dtype, like=x)
    seen, rank, left = subspace
    small = (rank, seen.columns) if left else (seen.rows, rank)
    edge = seen.rows if left else seen.columns
    return zeros(small, x.dtype, like=x), zeros((edge, rank), x.dtype, like=x)


@factory
def galore(
    learning_rate: ScalarOrSchedule,
    rank: int = 128,
    update_proj_gap: int = 200,
    scale: float = 1.0,
    base_optimizer: GradientTransformation | None = None,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: Any = None,
    weight_dimension_numbers: Any = None,
) -> GradientTransformation:
    """GaLore: Adam, or another optimizer, in the subspace where gradients mostly are.

        u = −learning_rate · (scale · P (the base optimizer's update of Pᴴ g) + weight_decay · p)

    P is that of `scale_by_galore`.

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        rank: The number of singular vectors, in [1, ∞).
        update_proj_gap: The number of steps with one subspace, in [1, ∞).
        scale: A finite number.
        base_optimizer: The transformation of the small matrices; by default `scale_by_adam()`.
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.
        weight_dimension_numbers: As for `scale_by_galore`.

    Raises:
        ArgumentError: If a number is outside its range.
        DtypeError: If the rank is no whole number.

    Source:
        Zhao et al., "GaLore: Memory-Efficient LLM Training by Gradient Low-Rank Projection", 2024.
        arXiv:2403.03507

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.galore(0.01, rank=4)
        galore(learning_rate=0.01, rank=4)
    """
    return chain(
        scale_by_galore(rank, update_proj_gap, scale, base_optimizer, weight_dimension_numbers),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
