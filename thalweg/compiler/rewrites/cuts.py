"""Rules that cut before computing: a slice of a product is a product of slices.

The derivative of a padded convolution is computed with its padding, which is then cut off; cut
first, nothing is computed in vain.
"""

from __future__ import annotations

from thalweg.compiler.rewrites.rewrite import Draft, Rule, following
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Symbol
from thalweg.ops.linalg.contraction import contract, parts
from thalweg.ops.shape.cut import Bounds, pad_with_zeros, slice_
from thalweg.ops.windows.windows import reach, windows


@following(contract, used_once=True)
def cut_operands(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`slice_(contract(x, y)) -> contract(slice_(x), slice_(y))`. Exact."""
    labels = inner.params["labels"]
    *operands, result = parts(labels)
    cuts = dict(zip(result, equation.params["bounds"], strict=True))
    inputs = tuple(
        draft.add(slice_, (x,), {"bounds": _of_axes(x, own, cuts)})
        for x, own in zip(inner.inputs, operands, strict=True)
    )
    return draft.add(contract, inputs, {"labels": labels})


def _of_axes(x: Symbol, labels: str, cuts: dict[str, tuple[int, int, int]]) -> Bounds:
    whole = ((0, n, 1) for n in x.shape)
    return tuple(cuts.get(label, all_) for label, all_ in zip(labels, whole, strict=True))


@following(windows)
def cut_windows(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`slice_(windows(x)) -> windows(slice_(x))` where windows are left out, not their parts."""
    if 0 in equation.output.shape:
        return None
    x, params = inner.inputs[0], dict(inner.params)
    steps = dict(zip(params["axes"], range(len(params["axes"])), strict=True))
    places, strides = iter(equation.params["bounds"]), list(params["stride"])
    bounds = []
    for axis in range(len(x.shape)):
        start, stop, step = next(places)
        if axis in steps:
            i = steps[axis]
            k, gap, stride = params["size"][i], params["dilation"][i], strides[i]
            if next(places) != (0, k, 1):
                return None
            last = start + (stop - start - 1) // step * step
            strides[i] = stride * step
            start, stop, step = start * stride, last * stride + reach(k, gap), 1
        bounds.append((start, stop, step))
    if all(b == (0, n, 1) for b, n in zip(bounds, x.shape, strict=True)):
        return None
    cut = draft.add(slice_, (x,), {"bounds": tuple(bounds)})
    return draft.add(windows, (cut,), {**params, "stride": tuple(strides)})


@following(pad_with_zeros)
def cut_padding(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`slice_(pad_with_zeros(x)) -> pad_with_zeros(x)`, padded less. Exact."""
    low, high = [], []
    shape, bounds = equation.inputs[0].shape, equation.params["bounds"]
    rows = zip(bounds, shape, inner.params["low"], inner.params["high"], strict=True)
    for (start, stop, step), extent, before, after in rows:
        if step != 1 or start > before or extent - stop > after or stop <= start:
            return None
        low.append(before - start)
        high.append(after - (extent - stop))
    params = {**inner.params, "low": tuple(low), "high": tuple(high)}
    return draft.add(pad_with_zeros, inner.inputs, params)


RULES: dict[Primitive, tuple[Rule, ...]] = {slice_: (cut_operands, cut_windows, cut_padding)}
