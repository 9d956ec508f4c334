"""SOAP: Adam along the axes in which Shampoo's matrices are diagonal."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg import tree
from thalweg.control.branches import switch
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray, zeros, zeros_like
from thalweg.ops.elementwise.arithmetic import remainder, sqrt
from thalweg.ops.elementwise.comparison import equal, maximum, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.ops.linalg.matrices import eigh, qr
from thalweg.ops.linalg.products import matmul
from thalweg.optim.moments import correction, in_single, moment
from thalweg.optim.optimizers.matrix.kronecker import (
    Matrices,
    check_frequency,
    for_each,
    gram,
    grouped,
    sides,
    turned,
)
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    cast_like,
    each,
    first_count,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain

__all__ = ["ScaleBySoapState", "scale_by_soap", "soap"]


class ScaleBySoapState(NamedTuple):
    """The state of `scale_by_soap`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates
    nu: Params  # the average of their squares, along the axes of the bases
    gram: Params  # the average of products of slices, a matrix an axis
    basis: Params  # its eigenvectors, a matrix an axis


class _Leaf(NamedTuple):
    """A gradient, and what is kept of it."""

    g: Tensor
    m: Tensor
    v: Tensor
    axes: tuple[int, ...]
    gram: Matrices
    basis: Matrices


@factory
def scale_by_soap(
    b1: float = 0.95,
    b2: float = 0.95,
    eps: float = 1e-8,
    precondition_frequency: int = 10,
    max_precondition_dim: int = 10000,
) -> GradientTransformation:
    """Scale updates by Adam's estimates in the eigenbasis of Shampoo's matrices.

        m ← (1 − b1) g + b1 m
        v ← (1 − b2) (Qᵀ g P)² + b2 v
        u = Q ((Qᵀ m̂ P) / (√v̂ + eps)) Pᵀ           m̂ = m / (1 − b1ᵗ)    v̂ = v / (1 − b2ᵗ)
        L ← (1 − b2) g gᵀ + b2 L                    R ← (1 − b2) gᵀ g + b2 R
        Q ← the orthogonal factor of L Q            P ← that of R P

    The bases change in every precondition_frequency-th step. The first step makes no update: its
    L and R give the first bases, their eigenvectors, and t counts from the second. Tensors of more
    axes have a basis for each; vectors, scalars and axes that are too long have none.

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moments kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        precondition_frequency: The number of steps with one basis, in [1, ∞).
        max_precondition_dim: The length of the longest axis that gets a basis, in [1, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Vyas et al., "SOAP: Improving and Stabilizing Shampoo using Adam", 2024, algorithms 3
        and 4. arXiv:2409.11321

    Example:
        >>> import numpy as np, thalweg as tw
        >>> soap = tw.optim.contrib.scale_by_soap()
        >>> g = np.diag([3.0, -0.1])
        >>> _, state = soap.update(g, soap.init(g))
        >>> np.round(soap.update(g, state)[0], 6)
        array([[ 1.,  0.],
               [ 0., -1.]])
    """
    DECAY.check(b1=b1, b2=b2)
    NON_NEGATIVE.check(eps=eps)
    check_frequency(precondition_frequency, max_precondition_dim)

    def axes_of(leaves: Params) -> list[Any]:
        return [sides(asarray(x), 2, max_precondition_dim) for x in tree.leaves(leaves)]

    def init(params: Params) -> ScaleBySoapState:
        blank = each(zeros_like, params)
        square = for_each(
            lambda x, axis: zeros((x.shape[axis],) * 2, x.dtype, like=x), params, axes_of(params)
        )
        return ScaleBySoapState(first_count(), blank, blank, square, square)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        axes = axes_of(updates)
        trees = (updates, state.mu, state.nu)
        columns: list[list[Any]] = [[*map(asarray, tree.leaves(kept))] for kept in trees]
        columns += [axes, grouped(state.gram, axes), grouped(state.basis, axes)]
        leaves = [_Leaf(*row) for row in zip(*columns, strict=True)]
        first = equal(state.count, 0)
        steps = maximum(state.count, 1)
        made = [_adam_step(leaf, first, steps, (b1, b2, eps)) for leaf in leaves]
        grams = [
            tuple(
                moment(gram(leaf.g, i), own, b2)
                for i, own in zip(leaf.axes, leaf.gram, strict=True)
            )
            for leaf in leaves
        ]
        due = equal(remainder(state.count, precondition_frequency), 0)
        kind = where(first, 2, where(due, 1, 0))
        bases = _renewed(kind, grams, [leaf.basis for leaf in leaves])
        definition = tree.structure(updates)
        found, m, v, grams, bases = (
            tree.unflatten(definition, column)
            for column in (*(zip(*made, strict=True) if made else ((), (), ())), grams, bases)
        )
        after = ScaleBySoapState(safe_increment(state.count), m, v, grams, bases)
        return found, cast_like(after, state)

    return in_single(init, update)


def _adam_step(leaf: _Leaf, first: Tensor, steps: Any, numbers: tuple[Any, ...]) -> Any:
    """Return the update of a leaf and its moments, after the first step those of Adam."""
    b1, b2, eps = numbers
    m = where(first, leaf.m, moment(leaf.g, leaf.m, b1))
    seen = squared_magnitude(turned(leaf.g, leaf.axes, leaf.basis))
    v = where(first, leaf.v, moment(seen, leaf.v, b2))
    top = turned(correction(b1, steps)(m), leaf.axes, leaf.basis)
    along = where(first, 0.0, top / (sqrt(correction(b2, steps)(v)) + eps))
    return turned(along, leaf.axes, leaf.basis, back=True), m, v


def _renewed(kind: Any, grams: list[Matrices], bases: list[Matrices]) -> list[Matrices]:
    """Return bases: kept, one power iteration further, or new."""

    def kept(grams: Any, bases: Any) -> Any:
        return bases

    def iterated(grams: Any, bases: Any) -> Any:
        return tree.map(lambda a, q: qr(matmul(a, q)).Q, grams, bases)

    def found(grams: Any, bases: Any) -> Any:
        return tree.map(lambda a: eigh(a).eigenvectors, grams)

    if not any(grams):
        return bases
    changed: list[Matrices] = switch(astype(kind, "int32"), [kept, iterated, found], grams, bases)
    return changed


@factory
def soap(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.95,
    b2: float = 0.95,
    eps: float = 1e-8,
    weight_decay: ScalarOrSchedule = 0.01,
    precondition_frequency: int = 10,
    max_precondition_dim: int = 10000,
    mask: Any = None,
) -> GradientTransformation:
    """SOAP: AdamW in the eigenbasis of Shampoo's matrices, which changes slowly.

        u = −learning_rate · (Q ((Qᵀ m̂ P) / (√v̂ + eps)) Pᵀ + weight_decay · p)

    Q, P, m̂ and v̂ are those of `scale_by_soap`, whose first step makes no update.

    Args:
        learning_rate: A number in [0, ∞) or a schedule; 0.003 as a rule.
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moments kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        weight_decay: A finite number or a schedule.
        precondition_frequency: The number of steps with one basis, in [1, ∞).
        max_precondition_dim: The length of the longest axis that gets a basis, in [1, ∞).
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Vyas et al., "SOAP: Improving and Stabilizing Shampoo using Adam", 2024. arXiv:2409.11321

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.soap(0.003)
        soap(learning_rate=0.003)
    """
    return chain(
        scale_by_soap(b1, b2, eps, precondition_frequency, max_precondition_dim),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
