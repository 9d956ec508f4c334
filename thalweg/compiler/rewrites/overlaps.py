"""Rules for `overlap_add`, the transpose of windows: it becomes what vectors can read.

No kernel knows it. Windows that do not overlap are put side by side; a contraction whose result
overlaps is a contraction with windows of its padded operand; whatever is left is a sum of as many
shifted arrays as a window has elements, an axis at a time.
"""

from __future__ import annotations

from thalweg.compiler.rewrites.rewrite import Draft, Rule, following
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Symbol
from thalweg.core.spec import Shape
from thalweg.ops.elementwise.arithmetic import add
from thalweg.ops.linalg.contraction import contract, parts
from thalweg.ops.shape.cut import pad_with_zeros, slice_
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.windows.windows import overlap_add, window_axes, windows


@following(contract, used_once=True)
def overlap_contraction(draft: Draft, equation: Equation, inner: Equation) -> Symbol | None:
    """`overlap_add(contract(x, y)) -> contract(windows(pad_with_zeros(x)), flip(y))`.

    The derivative of a convolution in its input: as many multiplications, and the windows are
    never written to memory. To rounding: sums are in another order.
    """
    left, right, result = parts(inner.params["labels"])
    axes = equation.params["axes"]
    elements = [result[a] for a in window_axes(axes)]
    places = [result[a - 1] for a in window_axes(axes)]
    # The places of windows must come from one operand alone, their elements from the other.
    position = 0 if places[0] in left else 1
    own, other = (left, right) if position == 0 else (right, left)
    if not set(places) <= set(own) - set(other) or not set(elements) <= set(other) - set(own):
        return None
    image, kernel = inner.inputs[position], inner.inputs[1 - position]
    places_in = tuple(own.index(label) for label in places)
    if sorted(places_in) != list(places_in):
        return None
    seen = _windows_of(draft, equation, image, places_in)
    flipped = tuple(sorted(other.index(label) for label in elements))
    kernel = draft.add(flip, (kernel,), {"axis": flipped})
    pairs = dict(zip(places, elements, strict=True))
    labels = "".join(label + pairs.get(label, "") for label in own)
    kept = "".join(label for label in result if label not in elements)
    operands, texts = (seen, kernel), (labels, other)
    if position == 1:
        operands, texts = operands[::-1], texts[::-1]
    return draft.add(contract, operands, {"labels": f"{texts[0]},{texts[1]}->{kept}"})


def _windows_of(draft: Draft, equation: Equation, image: Symbol, places: tuple[int, ...]) -> Symbol:
    """Return the windows whose products with flipped elements are the overlapped sums."""
    params, around = equation.params, {}
    size = tuple(equation.inputs[0].shape[a] for a in window_axes(params["axes"]))
    rows = zip(places, params["extents"], size, params["stride"], params["dilation"], strict=True)
    for axis, extent, k, step, gap in rows:
        behind = extent - (image.shape[axis] - 1) * step - 1
        around[axis] = (k - 1) * gap, behind, step - 1
    ones = (1,) * len(places)
    sliding = {"axes": places, "size": size, "stride": ones, "dilation": params["dilation"]}
    return draft.add(windows, (_padded(draft, image, around),), sliding)


def _padded(draft: Draft, x: Symbol, around: dict[int, tuple[int, int, int]]) -> Symbol:
    """Return an array with zeros before, behind and between its elements along some axes."""
    rows = (around.get(axis, (0, 0, 0)) for axis in range(len(x.shape)))
    params = dict(zip(("low", "high", "interior"), zip(*rows, strict=True), strict=True))
    return draft.add(pad_with_zeros, (x,), params)


def overlap_side_by_side(draft: Draft, equation: Equation) -> Symbol | None:
    """`overlap_add(g) -> reshape(g)` where no two windows share a place. Exact."""
    params, g = equation.params, equation.inputs[0]
    inner = window_axes(params["axes"])
    steps, gaps = params["stride"], params["dilation"]
    sizes = [g.shape[a] for a in inner]
    rows = list(zip(sizes, steps, gaps, strict=True))
    if any(k > step or (gap > 1 and k > 1) for k, step, gap in rows):
        return None
    around = {axis: (0, step - k, 0) for axis, (k, step, _) in zip(inner, rows, strict=True)}
    wide = _padded(draft, g, around)
    flat = [n for a, n in enumerate(wide.shape) if a not in inner]
    for axis, place, step in zip(params["axes"], inner, steps, strict=True):
        flat[axis] = wide.shape[place - 1] * step
    whole = draft.add(reshape, (wide,), {"shape": tuple(flat)})
    return _fitted(draft, whole, equation.output.shape)


def _fitted(draft: Draft, symbol: Symbol, shape: Shape) -> Symbol:
    """Cut an array, or add zeros at its ends, to a shape."""
    bounds = tuple((0, min(a, b), 1) for a, b in zip(symbol.shape, shape, strict=True))
    cut = draft.add(slice_, (symbol,), {"bounds": bounds})
    return _padded(draft, cut, {axis: (0, n - cut.shape[axis], 0) for axis, n in enumerate(shape)})


def overlap_shifted(draft: Draft, equation: Equation) -> Symbol | None:
    """`overlap_add(g) -> add(pad_with_zeros(slice_(g)), …)`, an axis at a time. To rounding."""
    params, g = equation.params, equation.inputs[0]
    if len(params["axes"]) > 1:
        # From the last axis on, so that the places of the others stay.
        for i in reversed(range(len(params["axes"]))):
            one = {key: (value[i],) for key, value in params.items()}
            one["axes"] = (window_axes(params["axes"])[i] - 1,)
            g = draft.add(overlap_add, (g,), one)
        return g
    (axis,), (extent,) = params["axes"], params["extents"]
    (step,), (gap,) = params["stride"], params["dilation"]
    inner, total = axis + 1, None
    for u in range(g.shape[inner]):
        bounds = tuple((u, u + 1, 1) if a == inner else (0, n, 1) for a, n in enumerate(g.shape))
        part = draft.add(slice_, (g,), {"bounds": bounds})
        shape = tuple(n for a, n in enumerate(g.shape) if a != inner)
        part = draft.add(reshape, (part,), {"shape": shape})
        behind = extent - u * gap - (shape[axis] - 1) * step - 1
        part = _padded(draft, part, {axis: (u * gap, behind, step - 1)})
        total = part if total is None else draft.add(add, (total, part))
    return total


RULES: dict[Primitive, tuple[Rule, ...]] = {
    overlap_add: (overlap_contraction, overlap_side_by_side, overlap_shifted)
}
