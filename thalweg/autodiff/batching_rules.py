"""How each primitive acts on a batch: one small function a primitive.

A rule is called when at least one operand has a further axis 0 that counts the examples, and
returns the result with that axis in front. Elementwise primitives need none of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import ascii_letters
from typing import Any

from thalweg.core.apply import apply
from thalweg.core.primitive import Primitive
from thalweg.core.tensor import Tensor
from thalweg.errors import UnsupportedOperation
from thalweg.ops.creation.ranges import arange
from thalweg.ops.index.take import from_front, take
from thalweg.ops.linalg.contraction import parts
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import transpose
from thalweg.ops.torch.restriding import positions

Flags = tuple[bool, ...]
Params = Mapping[str, Any]
Rule = Callable[[Primitive, int, tuple[Tensor, ...], Flags, Params], Tensor]

BATCHING: dict[str, Rule] = {}


def batching(*names: str) -> Callable[[Rule], Rule]:
    """Declare the batching rule of the primitives with these names.

    A rule is a function `(primitive, size, operands, flags, params) -> Tensor`: the flags tell
    which operands have an axis 0 of that size, over the examples.
    """

    def declare(rule: Rule) -> Rule:
        BATCHING.update(dict.fromkeys(names, rule))
        return rule

    return declare


def batched(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    """Apply a primitive to operands of which some have an axis 0 over examples.

    Raises:
        UnsupportedOperation: If the primitive has no batching rule.
    """
    rule = _elementwise if primitive.kind == "elementwise" else BATCHING.get(primitive.name)
    if rule is None:
        raise UnsupportedOperation(
            f"vmap met the primitive {primitive.name}, which has no batching rule. "
            f"Declare one with thalweg.autodiff.batching_rules.batching({primitive.name!r})."
        )
    return rule(primitive, size, operands, flags, params)


# ---- moving and adding the axis of examples


def move_axis(x: Tensor, source: int, target: int) -> Tensor:
    """Move one axis to another place; both are counted from the front."""
    if source == target:
        return x
    order = [i for i in range(x.ndim) if i != source]
    order.insert(target, source)
    return transpose(x, tuple(order))


def _all_batched(size: int, operands: tuple[Tensor, ...], flags: Flags) -> tuple[Tensor, ...]:
    """Repeat shared operands for every example."""
    return tuple(
        x if flag else broadcast_to(x, (size, *x.shape))
        for x, flag in zip(operands, flags, strict=True)
    )


def _elementwise(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    rank = max(x.ndim - flag for x, flag in zip(operands, flags, strict=True))
    aligned = tuple(
        reshape(x, (size, *(1,) * (rank + 1 - x.ndim), *x.shape[1:]))
        if flag and x.ndim < rank + 1
        else x
        for x, flag in zip(operands, flags, strict=True)
    )
    return apply(primitive, aligned, params)


# ---- primitives that only need their parameters shifted


@batching(
    "astype",
    "cofactors_of",
    "cholesky_factor",
    "completing_columns",
    "conjugate",
    "determinant_of",
    "duplicate",
    "eigen_parts",
    "eigenvalues_of",
    "eigenvectors_of",
    "exponential_of",
    "imaginary_part",
    "inverse_of",
    "last_diagonal",
    "log_of_determinant",
    "orthogonal_parts",
    "real_part",
    "sign_of_determinant",
    "singular_parts",
    "stop_gradient",
)
def _unchanged(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    return apply(primitive, operands, params)


@batching("complex_of")
def _together(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    return apply(primitive, _all_batched(size, operands, flags), params)


@batching("combine_at", "put_at")
def _put(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    x, indices, values = _all_batched(size, operands, flags)
    count = x.size // size if size else 0
    starts = reshape(arange(size) * count, (size, *(1,) * (indices.ndim - 1)))
    return apply(primitive, (x, from_front(indices, count) + starts, values), params)


@batching("reshape")
def _reshape(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    return reshape(operands[0], (size, *params["shape"]))


@batching("broadcast_to")
def _broadcast_to(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    (x,), shape = operands, params["shape"]
    aligned = reshape(x, (size, *(1,) * (len(shape) + 1 - x.ndim), *x.shape[1:]))
    return broadcast_to(aligned, (size, *shape))


@batching("transpose")
def _transpose(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    return apply(primitive, operands, {"axes": (0, *(axis + 1 for axis in params["axes"]))})


@batching(
    "flip",
    "reduce_sum",
    "reduce_max",
    "reduce_min",
    "reduce_prod",
)
def _several_axes(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    axes = tuple(axis + 1 for axis in params["axis"])
    return apply(primitive, operands, {**params, "axis": axes})


@batching(
    "concatenate",
    "cumulative_sum",
    "fourier",
    "index_of_max",
    "index_of_min",
    "index_of_running_extreme",
    "order_along",
    "scatter_add_along_axis",
    "take_along_axis",
    "windows_along",
)
def _one_axis(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    whole = _all_batched(size, operands, flags)
    return apply(primitive, whole, {**params, "axis": params["axis"] + 1})


@batching("strided")
def _strided(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    (x,) = operands
    places = positions(tuple(x.shape[1:]), **params)
    return take(reshape(x, (size, -1)), places, axis=1)


@batching("windows", "overlap_add")
def _windows(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    axes = tuple(axis + 1 for axis in params["axes"])
    return apply(primitive, operands, {**params, "axes": axes})


@batching("minors_along", "pseudo_inverse", "solve_matrices")
def _stacked(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    return apply(primitive, _all_batched(size, operands, flags), params)


@batching("fold_in", "random_bits")
def _keyed(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    # Keys are arrays of keys already: axes before the two words are examples.
    return apply(primitive, _all_batched(size, operands, flags), params)


@batching("slice_")
def _slice(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    return apply(primitive, operands, {"bounds": ((0, size, 1), *params["bounds"])})


@batching("pad_with_zeros")
def _pad_with_zeros(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    return apply(primitive, operands, {key: (0, *value) for key, value in params.items()})


# ---- products


@batching("matrix_product")
def _matrix_product(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    x, y = operands
    if flags == (True, False) and y.ndim == 2:
        # One tall matrix instead of a stack of products with the same one.
        tall = apply(primitive, (reshape(x, (size * x.shape[1], x.shape[2])), y), params)
        return reshape(tall, (size, x.shape[1], y.shape[1]))
    if flags == (False, True) and x.ndim == 2:
        wide = reshape(move_axis(y, 0, 1), (y.shape[1], size * y.shape[2]))
        product = apply(primitive, (x, wide), params)
        return move_axis(reshape(product, (x.shape[0], size, y.shape[2])), 1, 0)
    return apply(primitive, _all_batched(size, operands, flags), params)


@batching("contract")
def _contract(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    left, right, result = parts(params["labels"])
    new = next(label for label in ascii_letters if label not in left + right)
    left, right = (
        new + own if flag else own for own, flag in zip((left, right), flags, strict=True)
    )
    return apply(primitive, operands, {"labels": f"{left},{right}->{new}{result}"})


# ---- reading and adding at positions


def _shifted_positions(indices: Tensor, size: int, extent: int) -> Tensor:
    """Return, for indices (size, …) into an axis, those into all examples' axes end to end."""
    shape = (size, *(1,) * (indices.ndim - 1))
    # A position outside its own example is refused here; it must not fall into another's.
    return from_front(indices, extent) + reshape(arange(0, size * extent, extent), shape)


def _end_to_end(x: Tensor, axis: int) -> Tensor:
    """Lay an axis of all examples end to end: (size, …, n, …) becomes (size · n, …, …)."""
    front = move_axis(x, axis + 1, 1)
    return reshape(front, (front.shape[0] * front.shape[1], *front.shape[2:]))


@batching("take")
def _take(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    (x, indices), axis = operands, params["axis"]
    if not flags[1]:
        return apply(primitive, operands, {"axis": axis + 1})
    if not flags[0]:
        return move_axis(apply(primitive, operands, params), axis, 0)
    positions = _shifted_positions(indices, size, x.shape[axis + 1])
    found = apply(primitive, (_end_to_end(x, axis), positions), {"axis": 0})
    return _axes_moved(found, 1, indices.ndim - 1, axis + 1)


@batching("scatter_add")
def _scatter_add(
    primitive: Primitive, size: int, operands: tuple[Tensor, ...], flags: Flags, params: Params
) -> Tensor:
    indices, axis = operands[1], params["axis"]
    x, updates = _all_batched(size, operands[::2], flags[::2])
    if not flags[1]:
        return apply(primitive, (x, indices, updates), {"axis": axis + 1})
    extent = x.shape[axis + 1]
    positions = _shifted_positions(indices, size, extent)
    moved = _axes_moved(updates, axis + 1, indices.ndim - 1, 1)
    flat = apply(primitive, (_end_to_end(x, axis), positions, moved), {"axis": 0})
    return move_axis(reshape(flat, (size, extent, *flat.shape[1:])), 1, axis + 1)


def _axes_moved(x: Tensor, source: int, count: int, target: int) -> Tensor:
    """Move a run of axes to another place; both are counted without the run."""
    moving = range(source, source + count)
    order = [i for i in range(x.ndim) if i not in moving]
    order[target:target] = moving
    if order == list(range(x.ndim)):
        return x
    return transpose(x, tuple(order))
