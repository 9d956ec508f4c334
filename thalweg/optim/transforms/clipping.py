"""Updates clipped unit by unit, and gradients of single examples clipped before they are added."""

from __future__ import annotations

import functools
import math
from typing import Any

from thalweg import tree
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.arithmetic import add, sqrt, square
from thalweg.ops.elementwise.comparison import less, maximum, minimum, where
from thalweg.ops.elementwise.complex import imag, real
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.linalg.products import tensordot
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.optim.ranges import NON_NEGATIVE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    EmptyState,
    GradientTransformation,
    Params,
    Updates,
    each,
    needed,
    stateless,
)
from thalweg.tree import Tree

__all__ = [
    "AdaptiveGradClipState", "ClipByGlobalNormState", "ClipState", "adaptive_grad_clip",
    "per_example_global_norm_clip", "per_example_layer_norm_clip", "unitwise_clip",
    "unitwise_norm",
]  # fmt: skip

ClipState = EmptyState

ClipByGlobalNormState = EmptyState

AdaptiveGradClipState = EmptyState

Axis = int | tuple[int, ...] | None


# ---- units: the weights that lead to one output


# The axes of a unit's weights in arrays of several axes: the last one counts the units.
_AXES_OF_UNITS: dict[int, Axis] = {2: 0, 3: 0, 4: (0, 1, 2), 5: (0, 1, 2, 3)}


@on_tensors
def unitwise_norm(x: Any, axis: Axis = None) -> Tensor:
    """Return the norm of the unit that each element belongs to, in the shape of x.

        ‖x‖ = √(Σ |x|²)    over the axes of a unit

    Args:
        x: An array of one to five axes, unless the axes of a unit are given.
        axis: The axes of a unit; by default all of a scalar or vector, the first one of a matrix
            or an array of three axes, all but the last one of an array of four or five.

    Raises:
        ArgumentError: If the array has more axes, and those of a unit are not given.

    Source:
        Brock et al., "High-Performance Large-Scale Image Recognition Without Normalization",
        2021, section 4. arXiv:2102.06171

    Example:
        >>> import thalweg as tw
        >>> tw.optim.transforms.unitwise_norm(tw.Tensor([[3.0, 1.0], [4.0, 0.0]]))
        tensor([[5., 1.],
                [5., 1.]])
    """
    array = asarray(x)
    axes = axis
    if axes is None and sum(extent != 1 for extent in array.shape) > 1:
        if array.ndim not in _AXES_OF_UNITS:
            raise ArgumentError(
                f"unitwise_norm got an array of shape {tuple(array.shape)}. Expected parameter "
                "with shape in (1, 2, 3, 4, 5) axes. Give the axes of a unit, as axis=(0, 1)."
            )
        axes = _AXES_OF_UNITS[array.ndim]
    return broadcast_to(sqrt(total(_squared(array), axis=axes, keepdims=True)), array.shape)


def _squared(x: Tensor) -> Tensor:
    """Return |x|², real also where x is complex."""
    return square(real(x)) + square(imag(x)) if x.dtype.kind == "c" else square(x)


@on_tensors
def unitwise_clip(g_norm: Any, max_norm: Any, grad: Any, div_eps: Any = 1e-06) -> Tensor:
    """Shrink a gradient where its unit's norm exceeds a maximum.

        u = g               where ‖g‖ < max_norm
            g · max_norm / max(‖g‖, div_eps)    elsewhere

    Args:
        g_norm: The norms of the units, in the gradient's shape.
        max_norm: The largest norms they may have, likewise.
        grad: The gradient.
        div_eps: What norms are divided by at least.

    Raises:
        ShapeError: If the shapes differ.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.transforms.unitwise_clip(
        ...     tw.Tensor([5.0, 5.0]), tw.Tensor([1.0, 1.0]), tw.Tensor([3.0, 4.0])
        ... )
        tensor([0.6000, 0.8000])
    """
    norms, most, g = asarray(g_norm), asarray(max_norm), asarray(grad)
    if not norms.shape == most.shape == g.shape:
        raise ShapeError(
            f"unitwise_clip got norms of shape {tuple(norms.shape)}, maxima of shape "
            f"{tuple(most.shape)} and a gradient of shape {tuple(g.shape)}. Give all the same."
        )
    return where(less(norms, most), g, g * (most / maximum(norms, div_eps)))


@factory
def adaptive_grad_clip(
    clipping: float, eps: float = 0.001, axis: Any = None
) -> GradientTransformation:
    """Shrink each unit of the updates to a share of its parameters' norm.

        u = g · min(1, clipping · max(‖p‖, eps) / ‖g‖)    unit by unit

    Args:
        clipping: The largest ratio of update to parameters, in (0, ∞).
        eps: The least norm of parameters that counts, in [0, ∞).
        axis: The axes of a unit; see `unitwise_norm`.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Brock et al., "High-Performance Large-Scale Image Recognition Without Normalization",
        2021, equation 3. arXiv:2102.06171

    Example:
        >>> import thalweg as tw
        >>> clipped = tw.optim.adaptive_grad_clip(0.1)
        >>> clipped.update(tw.Tensor([3.0, 4.0]), tw.optim.EmptyState(), tw.Tensor([0.0, 2.0]))
        (tensor([0.1200, 0.1600]), EmptyState())
    """
    POSITIVE.check(clipping=clipping)
    NON_NEGATIVE.check(eps=eps)
    axes = tuple(axis) if isinstance(axis, list) else axis

    def clipped(g: Tensor, p: Tensor) -> Tensor:
        most = clipping * maximum(unitwise_norm(p, axes), eps)
        return unitwise_clip(unitwise_norm(g, axes), most, g)

    def change(updates: Updates, params: Params) -> Updates:
        return each(clipped, updates, needed(params, "adaptive_grad_clip"))

    return stateless(change)


# ---- gradients of single examples


def _examples(name: str, grads: Tree) -> list[Tensor]:
    """Return the leaves of gradients, whose first axes count the same examples.

    Raises:
        ShapeError: If they do not.
    """
    leaves = [asarray(leaf) for leaf in tree.leaves(grads)]
    if any(not x.ndim or x.shape[0] != leaves[0].shape[0] for x in leaves):
        raise ShapeError(
            f"Unlike other transforms, `{name}` expects `grads` to have a batch dimension in the "
            f"0th axis; got shapes {', '.join(str(tuple(x.shape)) for x in leaves)}. Give the "
            "gradients of all examples, as vmap(grad(loss)) returns them."
        )
    return leaves


@on_tensors
def per_example_global_norm_clip(grads: Tree, l2_norm_clip: Any) -> tuple[Tree, Tensor]:
    """Clip the gradient of each example by its global norm, and add the clipped ones up.

        Σᵢ gᵢ · min(1, l2_norm_clip / ‖gᵢ‖),    ‖gᵢ‖ over all leaves together

    Args:
        grads: Gradients, whose first axes count the examples.
        l2_norm_clip: The largest norm of a gradient.

    Returns:
        The sum, and the number of gradients that were clipped.

    Raises:
        ShapeError: If a leaf has no such axis, or another number of examples.

    Source:
        Abadi et al., "Deep Learning with Differential Privacy", 2016, algorithm 1.
        arXiv:1607.00133

    Example:
        >>> import thalweg as tw
        >>> gradients = {"w": tw.Tensor([[3.0, 4.0], [0.5, 0.0]])}
        >>> tw.optim.per_example_global_norm_clip(gradients, 1.0)
        ({'w': tensor([1.1000, 0.8000])}, tensor(1))
    """
    leaves = _examples("per_example_global_norm_clip", grads)
    squares = [total(_squared(x), axis=tuple(range(1, x.ndim))) for x in leaves]
    ratios = minimum(l2_norm_clip / sqrt(functools.reduce(add, squares)), 1.0)
    factors = where(isnan(ratios), 1.0, ratios)
    return each(lambda g: tensordot(factors, g, 1), grads), total(less(factors, 1.0))


@on_tensors
def per_example_layer_norm_clip(
    grads: Tree, global_l2_norm_clip: Any, uniform: bool = True
) -> tuple[Tree, Tree]:
    """Clip the gradient of each example leaf by leaf, and add the clipped ones up.

    The leaves' largest norms Cₗ have the given one together: Σ Cₗ² = C².

        Σᵢ gᵢₗ · min(1, Cₗ / ‖gᵢₗ‖)

    Args:
        grads: Gradients, whose first axes count the examples.
        global_l2_norm_clip: The largest norm of all leaves together, C.
        uniform: Whether all leaves have the same largest norm; otherwise the squares are as the
            numbers of the leaves' elements.

    Returns:
        The sums, and the numbers of gradients that were clipped, a tree.

    Raises:
        ShapeError: If a leaf has no such axis, or another number of examples.

    Source:
        McMahan et al., "Learning Differentially Private Recurrent Language Models", 2018,
        section 2. arXiv:1710.06963

    Example:
        >>> import thalweg as tw
        >>> gradients = {"w": tw.Tensor([[3.0, 4.0], [0.5, 0.0]])}
        >>> tw.optim.per_example_layer_norm_clip(gradients, 1.0)
        ({'w': tensor([1.1000, 0.8000])}, {'w': tensor(1)})
    """
    leaves = _examples("per_example_layer_norm_clip", grads)
    sizes = [1 if uniform else math.prod(x.shape[1:]) for x in leaves]
    found = [
        per_example_global_norm_clip(x, global_l2_norm_clip * math.sqrt(size / sum(sizes)))
        for x, size in zip(leaves, sizes, strict=True)
    ]
    structure = tree.structure(grads)
    sums, counts = ([pair[i] for pair in found] for i in (0, 1))
    return tree.unflatten(structure, sums), tree.unflatten(structure, counts)
