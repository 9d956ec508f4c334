"""Running combinations of rows by an associative function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg import tree
from thalweg.control.body import tensors_of
from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.ops.numpy.kinds import same_kind
from thalweg.ops.numpy.libraries import in_its_library
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.join import concatenate, stack
from thalweg.ops.shape.transpose import moveaxis

__all__ = ["associative_scan"]


@in_its_library
@same_kind
def associative_scan(
    fn: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Combine rows one after another: x₀, x₀∘x₁, x₀∘x₁∘x₂, …, by an associative function.

    It takes ⌈log₂ n⌉ rounds, each of which combines whole arrays, where `scan` takes n turns.

    Args:
        fn: Maps two trees of arrays with some rows along the axis to one of theirs; associative.
        elems: A tree of arrays.
        reverse: Whether to begin with the last row; the results stay in the rows' order.
        axis: The axis along which rows are combined.

    Raises:
        ShapeError: If the arrays' extents along the axis differ.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.associative_scan(np.add, np.array([1.0, 2.0, 3.0]))
        array([1., 3., 6.])
    """
    definition = tree.structure(elems)
    rows = [moveaxis(x, axis, 0) for x in tensors_of(elems)]
    if len({x.shape[0] for x in rows}) > 1:
        raise ShapeError(
            f"associative_scan goes along axis {axis} of arrays of shapes "
            f"{[tuple(x.shape) for x in tensors_of(elems)]}; give arrays of one extent there."
        )

    def combine(left: list[Tensor], right: list[Tensor]) -> list[Tensor]:
        given = [
            tree.unflatten(definition, [moveaxis(x, 0, axis) for x in side])
            for side in (left, right)
        ]
        return [moveaxis(x, axis, 0) for x in tensors_of(fn(*given))]

    if reverse:
        rows = [flip(x, 0) for x in rows]
    found = _running(combine, rows) if rows and rows[0].shape[0] else rows
    if reverse:
        found = [flip(x, 0) for x in found]
    return tree.unflatten(definition, [moveaxis(x, 0, axis) for x in found])


def _running(
    combine: Callable[[list[Tensor], list[Tensor]], list[Tensor]], rows: list[Tensor]
) -> list[Tensor]:
    """Return running combinations: those of pairs first, and between them single rows."""
    count = rows[0].shape[0]
    if count < 2:
        return rows
    pairs = combine([x[: count - 1 : 2] for x in rows], [x[1::2] for x in rows])
    odd = _running(combine, pairs)
    even = [x[:1] for x in rows]
    if count > 2:
        later = combine([x[: (count - 1) // 2] for x in odd], [x[2::2] for x in rows])
        even = [concatenate([first, x], 0) for first, x in zip(even, later, strict=True)]
    return [_alternating(a, b, count) for a, b in zip(even, odd, strict=True)]


def _alternating(even: Tensor, odd: Tensor, count: int) -> Tensor:
    """Return the rows of two arrays in turn."""
    half = count // 2
    together = stack([even[:half], odd], 1).reshape((2 * half, *even.shape[1:]))
    return together if count == 2 * half else concatenate([together, even[half:]], 0)
