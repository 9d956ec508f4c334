"""Muon: momentum of matrices made orthogonal, and Adam for the other parameters."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.arithmetic import absolute, multiply, sqrt
from thalweg.ops.elementwise.comparison import maximum
from thalweg.ops.elementwise.complex import conjugated, squared_magnitude
from thalweg.ops.linalg.norms import matrix_norm
from thalweg.ops.linalg.products import matmul
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.shape.join import stack
from thalweg.ops.shape.transpose import swapaxes
from thalweg.optim.masking import partition
from thalweg.optim.moments import correction, moment, zeros
from thalweg.optim.optimizers.adaptive.adam import adamw
from thalweg.optim.optimizers.matrix.axes import map_numbered, numbers_of, view
from thalweg.optim.ranges import DECAY, FINITE, NON_NEGATIVE, check_choice
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
    stateless,
)
from thalweg.optim.transforms.chains import chain
from thalweg.tree import Tree

__all__ = [
    "MuonDimensionNumbers", "MuonState", "muon", "orthogonalize_via_newton_schulz",
    "scale_by_muon",
]  # fmt: skip

Coefficients = tuple[float, float, float]

_STANDARD = (3.4445, -4.775, 2.0315)
_PRESETS: dict[str, Any] = {
    "standard": _STANDARD,
    "dion": (
        (4.0848, -6.8946, 2.9270),
        (3.9505, -6.3029, 2.6377),
        (3.7418, -5.5913, 2.3037),
        (2.8769, -3.1427, 1.2046),
        (2.8366, -3.0525, 1.2012),
    ),
}
_PRECONDITIONINGS = ("frobenius", "spectral", "aol", "schatten")

_TINY = 1e-8  # the least that the first iteration's own scaling divides by


class MuonDimensionNumbers(NamedTuple):
    """Which axes of a parameter are the rows of its matrix, and which the columns."""

    reduction_axis: Sequence[int] | int = 0
    output_axis: Sequence[int] | int = 1


class MuonState(NamedTuple):
    """The state of `scale_by_muon`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates
    ns_coeffs: Any  # the coefficients of the iterations, shape (3,) or (n, 3)


# ---- orthogonal matrices


def _adjoint(x: Tensor) -> Tensor:
    return swapaxes(conjugated(x), -1, -2)


def _scaled(x: Tensor, preconditioning: str, eps: Any) -> Any:
    """Return a matrix whose singular values are at most 1."""
    if preconditioning == "frobenius":
        return x / (sqrt(total(squared_magnitude(x), (-2, -1), keepdims=True)) + eps)
    if preconditioning == "spectral":
        return x / (matrix_norm(x, 2, keepdims=True) + eps)
    gram = matmul(x, _adjoint(x))
    if preconditioning == "aol":
        sizes = total(absolute(gram), -1, keepdims=True)
    else:
        sizes = sqrt(total(squared_magnitude(gram), (-2, -1), keepdims=True))
    return x / sqrt(maximum(sizes, _TINY))


def _iterated(x: Tensor, coefficients: list[Any], preconditioning: str, eps: Any) -> Tensor:
    tall = x.shape[-2] > x.shape[-1]
    x = _scaled(swapaxes(x, -1, -2) if tall else x, preconditioning, eps)
    for a, b, c in coefficients:
        gram = matmul(x, _adjoint(x))
        x = a * x + matmul(b * gram + matmul(c * gram, gram), x)
    return swapaxes(x, -1, -2) if tall else x


def _rows(ns_coeffs: Any, ns_steps: int, dtype: Any) -> list[Any]:
    """Return the coefficients of every iteration."""
    given = astype(asarray(ns_coeffs), dtype)
    if given.ndim not in (1, 2) or given.shape[-1] != 3:
        raise ArgumentError(
            f"ns_coeffs must have shape (3,) or (n, 3), got {tuple(given.shape)}. Give three "
            "numbers, or three for each iteration."
        )
    rows = [given] * ns_steps if given.ndim == 1 else [given[i] for i in range(given.shape[0])]
    return [(row[0], row[1], row[2]) for row in rows]


@on_tensors
def orthogonalize_via_newton_schulz(
    x: Any,
    ns_coeffs: Any,
    ns_steps: int = 5,
    preconditioning: str = "frobenius",
    eps: float = 1e-8,
    dimension_numbers: MuonDimensionNumbers | None = None,
) -> Any:
    """Bring the singular values of matrices near to 1, by Newton-Schulz iterations.

        x ← x / (‖x‖ + eps)
        x ← a x + (b x xᴴ + c (x xᴴ)²) x        ns_steps times

    Args:
        x: A matrix; or with dimension numbers a tensor.
        ns_coeffs: a, b and c, shape (3,); or those of each iteration, shape (n, 3).
        ns_steps: How many iterations with one set of coefficients.
        preconditioning: What a matrix is divided by first: "frobenius", its root of the sum of
            squares; "spectral", its largest singular value; "aol", each row by the root of the
            sum of sizes in the row of x xᴴ; "schatten", the root of the first norm of x xᴴ.
        eps: Added to the norm, in [0, ∞).
        dimension_numbers: Which axes of a tensor are rows and columns.

    Raises:
        ArgumentError: If the preconditioning is unknown, or the coefficients have another shape.
        ShapeError: If there is no matrix.

    Source:
        Jordan, "Muon: An optimizer for hidden layers in neural networks", 2024; "aol":
        Boissin et al., "Turbo-Muon", 2025. arXiv:2512.04632

    Example:
        >>> import numpy as np, thalweg as tw
        >>> from thalweg.optim.contrib import orthogonalize_via_newton_schulz
        >>> found = orthogonalize_via_newton_schulz(np.diag([3.0, 1.0]), (1.5, -0.5, 0.0), 20)
        >>> np.round(found, 9)
        array([[1., 0.],
               [0., 1.]])
    """
    check_choice(_PRECONDITIONINGS, preconditioning=preconditioning)
    tensor = as_tensor(x)
    if tensor.ndim != 2 and not isinstance(dimension_numbers, MuonDimensionNumbers):
        raise ShapeError(
            f"Input must have shape (m, n) or weight dimension numbers must be provided. Got "
            f"shape={tuple(tensor.shape)} and dimension_numbers={dimension_numbers!r}."
        )
    numbers = MuonDimensionNumbers() if tensor.ndim == 2 else dimension_numbers
    seen = view(tensor, numbers, "Muon")
    # In float16 the iterations lose what they are for.
    wide = astype(tensor, "float32") if tensor.dtype.itemsize < 4 else tensor
    rows = _rows(ns_coeffs, ns_steps, wide.dtype)
    found = _iterated(seen.flat(wide), rows, preconditioning, eps)
    return astype(seen.back(found), tensor.dtype)


# ---- the transformation


def _numbers(given: Any, leaves: Tree) -> list[Any]:
    return numbers_of(given, MuonDimensionNumbers, leaves, lambda leaf: MuonDimensionNumbers())


def _stacked(ns_coeffs: Any) -> Tensor:
    if hasattr(ns_coeffs, "shape"):
        return as_tensor(ns_coeffs)
    if isinstance(ns_coeffs, (list, tuple)):
        return stack([_stacked(row) for row in ns_coeffs])
    return asarray(ns_coeffs)


@factory
def scale_by_muon(
    ns_coeffs: Coefficients | Sequence[Coefficients] = _STANDARD,
    ns_steps: int = 5,
    beta: float = 0.95,
    eps: float = 1e-8,
    mu_dtype: Any = None,
    *,
    nesterov: bool = True,
    adaptive: bool = False,
    preconditioning: str = "frobenius",
    weight_dimension_numbers: Any = None,
) -> GradientTransformation:
    """Replace matrices of updates by the orthogonal matrices nearest to their averages.

        m ← (1 − β) g + β m
        m̂ = β m / (1 − βᵗ⁺¹) + (1 − β) g / (1 − βᵗ)      (without `nesterov`: m / (1 − βᵗ))
        u = orthogonalize_via_newton_schulz(m̂)
        u ← ⟨m̂, u⟩ u                                     with `adaptive`

    Args:
        ns_coeffs: The three coefficients of the iterations; or three for each.
        ns_steps: How many iterations; of several sets of coefficients at most so many, the last.
        beta: β, the share of the average kept each step, in [0, 1).
        eps: Added to the norm of each matrix, in [0, ∞).
        mu_dtype: The dtype of the average; by default the parameters'.
        nesterov: Whether to look one step ahead.
        adaptive: Whether updates are as large as their average in the dual norm.
        preconditioning: As for `orthogonalize_via_newton_schulz`.
        weight_dimension_numbers: Which axes are rows and columns: `MuonDimensionNumbers` for all,
            a tree of them, or a function from updates to one; None for matrices.

    Raises:
        ArgumentError: If a number is outside its range, or the preconditioning unknown.
        ShapeError: By `update`, if a leaf is no matrix.

    Source:
        Jordan, "Muon: An optimizer for hidden layers in neural networks", 2024; Bernstein &
        Newhouse, "Old Optimizer, New Norm: An Anthology", 2024. arXiv:2409.20325

    Example:
        >>> import numpy as np, thalweg as tw
        >>> flat = tw.optim.contrib.scale_by_muon((1.5, -0.5, 0.0), 20)
        >>> x = np.diag([3.0, 1.0])
        >>> np.round(flat.update(x, flat.init(x))[0], 9)
        array([[1., 0.],
               [0., 1.]])
    """
    DECAY.check(beta=beta)
    NON_NEGATIVE.check(eps=eps)
    check_choice(_PRECONDITIONINGS, preconditioning=preconditioning)
    coefficients = _stacked(ns_coeffs)
    _rows(coefficients, ns_steps, coefficients.dtype)
    if coefficients.ndim == 2:
        coefficients = coefficients[max(coefficients.shape[0] - ns_steps, 0) :]

    def init(params: Params) -> MuonState:
        return MuonState(first_count(), each(zeros(mu_dtype), params), coefficients)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        count = safe_increment(state.count)
        now, ahead = correction(beta, count), correction(beta, safe_increment(count))
        m = each(lambda g, m: moment(g, m, beta), updates, state.mu)
        means = each(now, m)
        if nesterov:
            means = each(lambda g, m: moment(now(g), ahead(m), beta), updates, m)

        def flat(x: Tensor, numbers: Any) -> Any:
            u = orthogonalize_via_newton_schulz(
                x, state.ns_coeffs, ns_steps, preconditioning, eps, numbers
            )
            return total(conjugated(x) * u) * u if adaptive else u

        found = map_numbered(flat, _numbers(weight_dimension_numbers, means), means)
        return found, MuonState(count, cast_like(m, state.mu), state.ns_coeffs)

    return GradientTransformation(init, update)


def _by_extents(given: Any, consistent_rms: Any) -> GradientTransformation:
    """Scale updates by the extents of their matrices."""

    def scaled(u: Tensor, numbers: Any) -> Any:
        seen = view(u, numbers, "Muon")
        if consistent_rms is None:
            return multiply(u, math.sqrt(max(1.0, seen.columns / seen.rows)))
        return u * (math.sqrt(max(seen.columns, seen.rows)) * consistent_rms)

    return stateless(
        lambda updates, params: map_numbered(
            lambda u, numbers: scaled(asarray(u), numbers), _numbers(given, updates), updates
        )
    )


@factory
def muon(
    learning_rate: ScalarOrSchedule,
    ns_coeffs: Coefficients | Sequence[Coefficients] | str = _STANDARD,
    ns_steps: int = 5,
    beta: float = 0.95,
    eps: float = 1e-8,
    weight_decay: ScalarOrSchedule = 0.0,
    weight_decay_mask: Any = None,
    mu_dtype: Any = None,
    *,
    nesterov: bool = True,
    adaptive: bool = False,
    preconditioning: str = "frobenius",
    adam_b1: float = 0.9,
    adam_b2: float = 0.999,
    adam_eps_root: float = 0.0,
    adam_weight_decay: ScalarOrSchedule = 0.0,
    adam_learning_rate: ScalarOrSchedule | None = None,
    muon_weight_dimension_numbers: Any = None,
    consistent_rms: float | None = None,
    adam_weight_decay_mask: Any = None,
) -> GradientTransformation:
    """Muon: orthogonal steps for matrices, Adam's for the other parameters.

        u = −learning_rate · (s U + weight_decay · p),    U as in `scale_by_muon`
        s = √max(1, columns / rows)    (or consistent_rms √max(columns, rows))

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        ns_coeffs: The three coefficients of the iterations; three for each; or "standard" or
            "dion".
        ns_steps: How many iterations; of several sets of coefficients at most so many, the last.
        beta: The share of the average kept each step, in [0, 1).
        eps: Added to norms and to Adam's denominator, in [0, ∞).
        weight_decay: A finite number or a schedule, for matrices.
        weight_decay_mask: A mask as for `masked`, True where matrices decay; None for all.
        mu_dtype: The dtype of averages; by default the parameters'.
        nesterov: Whether to look one step ahead.
        adaptive: Whether updates are as large as their average in the dual norm.
        preconditioning: As for `orthogonalize_via_newton_schulz`.
        adam_b1: The share of Adam's first moment kept each step, in [0, 1).
        adam_b2: The share of Adam's second moment kept each step, in [0, 1).
        adam_eps_root: Added under Adam's root, in [0, ∞).
        adam_weight_decay: A finite number or a schedule, for the other parameters.
        adam_learning_rate: That of the other parameters; by default the same.
        muon_weight_dimension_numbers: Which axes are rows and columns: `MuonDimensionNumbers` for
            all, a tree of them, with None where Adam is to be used, or a function from parameters
            to one; None for all parameters of two axes.
        consistent_rms: The root mean square that updates are to have, as Adam's, near 0.2; None
            for the scale that keeps a learning rate good for wider layers.
        adam_weight_decay_mask: A mask as for `masked`, True where the other parameters decay; None
            for all.

    Raises:
        ArgumentError: If a number is outside its range, or a name unknown.

    Source:
        Jordan, "Muon: An optimizer for hidden layers in neural networks", 2024; Liu et al.,
        "Muon is Scalable for LLM Training", 2025. arXiv:2502.16982; "dion": Ahn et al., "Dion:
        Distributed Orthonormalized Updates", 2025. arXiv:2504.05295

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.muon(0.02)
        muon(learning_rate=0.02)
    """
    coefficients: Any = ns_coeffs
    if isinstance(ns_coeffs, str):
        check_choice(_PRESETS, ns_coeffs=ns_coeffs)
        coefficients = _PRESETS[ns_coeffs]
    if consistent_rms is not None:
        FINITE.check(consistent_rms=consistent_rms)
    given = muon_weight_dimension_numbers
    labels = functools.partial(_labels, given)
    matrices = chain(
        scale_by_muon(
            coefficients,
            ns_steps,
            beta,
            eps,
            mu_dtype,
            nesterov=nesterov,
            adaptive=adaptive,
            preconditioning=preconditioning,
            weight_dimension_numbers=given,
        ),
        _by_extents(given, consistent_rms),
        add_decayed_weights(weight_decay, weight_decay_mask),
        scale_by_learning_rate(learning_rate),
    )
    others = adamw(
        learning_rate if adam_learning_rate is None else adam_learning_rate,
        adam_b1,
        adam_b2,
        eps,
        adam_eps_root,
        mu_dtype,
        adam_weight_decay,
        adam_weight_decay_mask,
        nesterov=nesterov,
    )
    return partition({"muon": matrices, "adam": others}, labels)


def _labels(given: Any, params: Params) -> Tree:
    """Tell which parameters are matrices."""
    numbers = numbers_of(
        given,
        MuonDimensionNumbers,
        params,
        lambda p: MuonDimensionNumbers() if asarray(p).ndim == 2 else None,
    )
    kinds = ["adam" if n is None else "muon" for n in numbers]
    return tree.unflatten(tree.structure(params), kinds)
