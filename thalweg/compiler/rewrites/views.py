"""Rules for primitives that rearrange elements. All of them are exact."""

from __future__ import annotations

import numpy as np

from thalweg.compiler.rewrites.rewrite import Draft, Rule, adds_leading_ones, following, restoring
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Symbol
from thalweg.core.spec import DType
from thalweg.ops.elementwise.arithmetic import add, negative, subtract
from thalweg.ops.elementwise.conversion import astype, stop_gradient, with_derivative_of
from thalweg.ops.index.take import take, take_along_axis
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import Bounds, pad_with_zeros, slice_
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import transpose


def keep_uniform(draft: Draft, equation: Equation) -> Symbol | None:
    """`transpose(broadcast_to(c)) -> broadcast_to(c)` for a literal c."""
    literal = draft.uniform(equation.inputs[0])
    output = equation.output
    if literal is None or (equation.primitive is broadcast_to and literal is equation.inputs[0]):
        return None
    if literal.value is not None and literal.dtype != output.dtype:
        with np.errstate(all="ignore"):
            literal = draft.literal(literal.value.astype(output.dtype), output.dtype)
    return draft.conform(literal, output.spec)


def keep_uniform_read(draft: Draft, equation: Equation) -> Symbol | None:
    """`take(broadcast_to(c), i) -> broadcast_to(c)` where another read refuses bad indices."""
    x, indices = equation.inputs
    if draft.uniform(x) is None or not draft.are_checked(indices, _extent(equation)):
        return None
    return keep_uniform(draft, equation)


def _extent(equation: Equation) -> int:
    extent: int = equation.inputs[0].shape[equation.params["axis"]]
    return extent


def forget(draft: Draft, equation: Equation) -> Symbol | None:
    """`stop_gradient(x) -> x`, as derivatives are taken before programs are rewritten."""
    return equation.inputs[0]


def keep_shape(draft: Draft, equation: Equation) -> Symbol | None:
    """`reshape(x) -> x` for the shape of x; likewise what cuts, pads or converts nothing."""
    x, output = equation.inputs[0], equation.output
    return x if x.shape == output.shape and x.dtype == output.dtype else None


# ---- reshape and broadcast_to


@following(reshape)
def reshape_once(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`reshape(reshape(x)) -> reshape(x)`."""
    return draft.add(reshape, inner.inputs, equation.params)


@following(broadcast_to)
def reshape_before_spread(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`reshape(broadcast_to(x)) -> broadcast_to(x)` where only leading ones come or go."""
    spread, shape, x = inner.output.shape, equation.output.shape, inner.inputs[0]
    alike = adds_leading_ones(spread, shape) or adds_leading_ones(shape, spread)
    if not alike or len(x.shape) > len(shape):
        return None
    return draft.add(broadcast_to, (x,), {"shape": shape})


def spread_once(draft: Draft, equation: Equation) -> Symbol | None:
    """`broadcast_to(broadcast_to(x)) -> broadcast_to(x)`, also through leading ones."""
    bare = draft.spread.get(equation.inputs[0])
    return None if bare is None else draft.add(broadcast_to, (bare,), equation.params)


def reshape_rather_than_spread(draft: Draft, equation: Equation) -> Symbol | None:
    """`broadcast_to(x, (1, 3)) -> reshape(x, (1, 3))` for x of shape (3,)."""
    x, shape = equation.inputs[0], equation.output.shape
    # A literal of shape (1, 1) stays broadcast: that is how what is uniform is written.
    if x.value is not None or not adds_leading_ones(x.shape, shape):
        return None
    return draft.add(reshape, (x,), equation.params)


# ---- transpose and flip


def transpose_once(draft: Draft, equation: Equation) -> Symbol | None:
    """`transpose(transpose(x)) -> transpose(x)`, and to x if that restores the order."""
    x, axes = equation.inputs[0], equation.params["axes"]
    if axes == tuple(range(len(axes))):
        return x
    inner = draft.producer(x, transpose)
    if inner is None:
        return None
    composed = tuple(inner.params["axes"][axis] for axis in axes)
    return draft.add(transpose, inner.inputs, {"axes": composed})


def reshape_rather_than_transpose(draft: Draft, equation: Equation) -> Symbol | None:
    """`transpose(x) -> reshape(x)` where only axes of extent 1 move."""
    x, axes = equation.inputs[0], equation.params["axes"]
    moved = [axis for axis in axes if x.shape[axis] != 1]
    if moved != sorted(moved):
        return None
    return draft.add(reshape, (x,), {"shape": equation.output.shape})


def flip_once(draft: Draft, equation: Equation) -> Symbol | None:
    """`flip(flip(x)) -> x`; axes of extent 1 need no flip."""
    x, axes = equation.inputs[0], equation.params["axis"]
    inner = draft.producer(x, flip)
    start, wanted = (inner.inputs[0], set(inner.params["axis"])) if inner else (x, set())
    wanted = {axis for axis in wanted ^ set(axes) if start.shape[axis] > 1}
    if not wanted:
        return start
    if inner is None and len(wanted) == len(axes):
        return None
    return draft.add(flip, (start,), {"axis": tuple(sorted(wanted))})


# ---- slices, paddings, concatenations


@following(slice_)
def slice_once(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`slice_(slice_(x)) -> slice_(x)`."""
    pairs = zip(inner.params["bounds"], equation.params["bounds"], strict=True)
    shape = equation.output.shape
    composed = tuple(_compose_bounds(*pair, n) for pair, n in zip(pairs, shape, strict=True))
    return draft.add(slice_, inner.inputs, {"bounds": composed})


def _compose_bounds(
    first: tuple[int, int, int], second: tuple[int, int, int], extent: int
) -> tuple[int, int, int]:
    start, step = first[0] + second[0] * first[2], first[2] * second[2]
    return start, start + max(0, extent - 1) * step + min(extent, 1), step


@following(broadcast_to)
def slice_before_spread(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`slice_(broadcast_to(x)) -> broadcast_to(x)` where only repetitions are cut."""
    x, shape = inner.inputs[0], equation.output.shape
    added = len(shape) - len(x.shape)
    if any(n not in (1, shape[i + added]) for i, n in enumerate(x.shape)):
        return None
    kept = (i for i, n in enumerate(x.shape) if n != 1)
    bounds: Bounds = equation.params["bounds"]
    if any(bounds[i + added] != (0, x.shape[i], 1) for i in kept):
        return None
    return draft.add(broadcast_to, (x,), {"shape": shape})


@following(concatenate)
def slice_one_part(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`slice_(concatenate(x, y)) -> slice_(x)` where it takes from x alone."""
    if not equation.output.spec.size:
        return None
    axis, bounds = inner.params["axis"], list(equation.params["bounds"])
    start, stop, step = bounds[axis]
    last = start + (equation.output.shape[axis] - 1) * step
    before = 0
    for part in inner.inputs:
        extent = part.shape[axis]
        if before <= start and last < before + extent:
            bounds[axis] = (start - before, min(stop - before, extent), step)
            return draft.add(slice_, (part,), {"bounds": tuple(bounds)})
        before += extent
    return None


@following(pad_with_zeros)
def slice_padding(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`slice_(pad_with_zeros(x)) -> x` where it takes what was padded."""
    if inner.inputs[0].shape != equation.output.shape:
        return None
    x, params = inner.inputs[0], inner.params
    rows = zip(equation.params["bounds"], params["low"], params["interior"], x.shape, strict=True)
    for (start, _, step), low, gap, extent in rows:
        if start != low or (extent > 1 and step != gap + 1):
            return None
    return x


def pad_zeros(draft: Draft, equation: Equation) -> Symbol | None:
    """`pad_with_zeros(zeros) -> zeros`."""
    return keep_uniform(draft, equation) if draft.is_filled(equation.inputs[0], 0) else None


def concatenate_parts(draft: Draft, equation: Equation) -> Symbol | None:
    """`concatenate(x) -> x`; empty parts go; parts filled with the same number are one."""
    parts = tuple(part for part in equation.inputs if part.shape[equation.params["axis"]])
    literals = {draft.uniform(part) for part in equation.inputs}
    if len(literals) == 1 and None not in literals:
        return keep_uniform(draft, equation)
    if len(parts) == 1:
        return parts[0]
    if not parts or len(parts) == len(equation.inputs):
        return None
    return draft.add(concatenate, parts, equation.params)


def concatenate_neighbours(draft: Draft, equation: Equation) -> Symbol | None:
    """`concatenate(slice_(x), slice_(x)) -> slice_(x)` where one begins as the other ends."""
    axis, parts = equation.params["axis"], list[Symbol]()
    for part in equation.inputs:
        before = draft.producer(parts[-1], slice_) if parts else None
        after = draft.producer(part, slice_)
        if before is not None and after is not None and before.inputs == after.inputs:
            first, then = before.params["bounds"], after.params["bounds"]
            joined = (*first[:axis], (first[axis][0], then[axis][1], 1), *first[axis + 1 :])
            ends = first[axis][1:] == (then[axis][0], 1) and then[axis][2] == 1
            if ends and first[:axis] + first[axis + 1 :] == then[:axis] + then[axis + 1 :]:
                parts[-1] = draft.add(slice_, before.inputs, {"bounds": joined})
                continue
        parts.append(part)
    if len(parts) == len(equation.inputs):
        return None
    return draft.add(concatenate, tuple(parts), equation.params)


def pad_sum(draft: Draft, equation: Equation) -> Symbol | None:
    """`add(pad_with_zeros(x), pad_with_zeros(y)) -> pad_with_zeros(add(x, y))`, padded alike."""
    first, second = (draft.producer(symbol, pad_with_zeros) for symbol in equation.inputs)
    if first is None or second is None or first.params != second.params:
        return None
    if first.output.shape != second.output.shape:
        return None
    total = draft.add(equation.primitive, (*first.inputs, *second.inputs))
    return draft.add(pad_with_zeros, (total,), first.params)


@following(negative)
def negate_late(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`reshape(negative(x)) -> negative(reshape(x))`: what reads the result may take the sign."""
    x = equation.inputs[0]
    # Past leading ones, elementwise primitives reach for x by themselves, and spread late.
    if adds_leading_ones(x.shape, equation.output.shape):
        return None
    # The transposes of matrices, and what restores the order of images, go last themselves.
    restored = equation.params.get("axes") == restoring(len(x.shape))
    if restored or not draft.is_used_once(x):
        return None
    moved = draft.add(equation.primitive, inner.inputs, equation.params)
    return draft.add(negative, (moved,))


# ---- conversions


@following(astype)
def convert_once(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`astype(astype(x)) -> astype(x)` where the first conversion loses nothing."""
    if not keeps_values(inner.inputs[0].dtype, inner.output.dtype):
        return None
    return draft.add(astype, inner.inputs, equation.params)


def keeps_values(before: DType, after: DType) -> bool:
    """Tell whether each value of a dtype is one of another: NumPy's "safe" is not for int64."""
    if after.kind in "fc" and before.kind in "iu":
        digits = np.finfo(after).nmant + 1
        return before.itemsize * 8 - (before.kind == "i") <= digits
    return np.can_cast(before, after, "safe")


@following(broadcast_to)
def convert_before_spread(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`astype(broadcast_to(x)) -> broadcast_to(astype(x))`."""
    if inner.inputs[0].spec.size == inner.output.spec.size:
        return None
    converted = draft.add(astype, inner.inputs, equation.params)
    return draft.add(broadcast_to, (converted,), inner.params)


RULES: dict[Primitive, tuple[Rule, ...]] = {
    reshape: (keep_shape, keep_uniform, reshape_once, reshape_before_spread, negate_late),
    broadcast_to: (keep_shape, keep_uniform, spread_once, reshape_rather_than_spread),
    transpose: (keep_uniform, transpose_once, reshape_rather_than_transpose, negate_late),
    flip: (keep_uniform, flip_once),
    slice_: (
        keep_shape,
        keep_uniform,
        slice_once,
        slice_before_spread,
        slice_one_part,
        slice_padding,
    ),
    pad_with_zeros: (keep_shape, pad_zeros),
    add: (pad_sum,),
    subtract: (pad_sum,),
    concatenate: (concatenate_parts, concatenate_neighbours),
    astype: (keep_shape, keep_uniform, convert_once, convert_before_spread),
    stop_gradient: (forget,),
    with_derivative_of: (forget,),
    take: (keep_uniform_read,),
    take_along_axis: (keep_uniform_read,),
}
