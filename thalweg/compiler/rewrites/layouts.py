"""Rules that carry transposes towards results, where they meet and vanish.

A gradient of x Wᵀ is the transpose of a product; the optimizer's arithmetic on it does not care in
which order it goes through the elements.

The examples of images are kept last in memory, from one convolution to the next.
Vectors run along the examples then, whatever the extents of the images: no lane is idle at the end
of a row, no window crosses a vector, and weights are numbers to a vector. A convolution packs its
input so that axis 0 comes last, and *restores* the order of its result by one transpose. These
rules carry that transpose past everything that does not care, until the next convolution takes it
away; what is left over is one copy where images enter and one where they leave.
"""

from __future__ import annotations

from collections.abc import Sequence

from thalweg.compiler.rewrites.rewrite import Draft, Rule, restoring
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Symbol
from thalweg.core.spec import Shape
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.linalg.contraction import contract, parts
from thalweg.ops.reduce.extremes import reduce_max, reduce_min
from thalweg.ops.reduce.sums import reduce_prod
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.cut import pad_with_zeros, slice_
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import transpose
from thalweg.ops.windows.windows import overlap_add, windows

# From this many examples on they fill vectors better than rows of images do.
_EXAMPLES = 8


def _packing(rank: int) -> tuple[int, ...]:
    return (*range(1, rank), 0)


def _packed(draft: Draft, symbol: Symbol) -> Symbol:
    """Return an array with its first axis last."""
    return draft.add(transpose, (symbol,), {"axes": _packing(len(symbol.shape))})


def _restored(draft: Draft, symbol: Symbol) -> Symbol:
    """Return an array with its last axis first."""
    rank = len(symbol.shape)
    if rank < 2:
        return symbol
    return draft.add(transpose, (symbol,), {"axes": restoring(rank)})


def _behind(draft: Draft, symbol: Symbol, least: int = 3) -> Symbol | None:
    """Return what a symbol restores the order of, if it does; matrices are mostly left alone."""
    maker = draft.producer(symbol, transpose)
    if maker is None or len(symbol.shape) < least:
        return None
    return maker.inputs[0] if maker.params["axes"] == restoring(len(symbol.shape)) else None


def restore_result(draft: Draft, equation: Equation) -> Symbol | None:
    """`f(restored(x), y) -> restored(f(x, packed(y)))` for an elementwise f. Exact."""
    shape = equation.output.shape
    restored = [s for s in equation.inputs if len(s.shape) == len(shape) and _behind(draft, s)]
    # An axis of examples that is only repeated needs no order.
    if not any(symbol.shape[0] == shape[0] for symbol in restored):
        return None
    operands = []
    for symbol in equation.inputs:
        if symbol.shape != ():
            lead = (1,) * (len(shape) - len(symbol.shape))
            whole = draft.add(reshape, (symbol,), {"shape": (*lead, *symbol.shape)})
            symbol = _packed(draft, whole)
        operands.append(symbol)
    return _restored(draft, draft.add(equation.primitive, tuple(operands)))


def restore_later(draft: Draft, equation: Equation) -> Symbol | None:
    """`f(restored(x)) -> restored(f(x))` for an f that leaves axis 0 alone. Exact."""
    inner = _behind(draft, equation.inputs[0])
    if inner is None:
        return None
    params = _packed_params(equation)
    if params is None:
        return None
    return _restored(draft, draft.add(equation.primitive, (inner,), params))


def _packed_params(equation: Equation) -> dict[str, object] | None:
    """Return the parameters for an operand whose axis 0 is last, if axis 0 is left alone."""
    name, params = equation.primitive, dict(equation.params)
    if name is windows or name is overlap_add:
        if 0 in params["axes"]:
            return None
        return {**params, "axes": tuple(a - 1 for a in params["axes"])}
    if name is astype:
        return params
    if name is flip:
        rank = len(equation.output.shape)
        return {"axis": tuple(sorted((a - 1) % rank for a in params["axis"]))}
    if name is broadcast_to:
        if len(equation.inputs[0].shape) != len(params["shape"]):
            return None
        return {"shape": (*params["shape"][1:], params["shape"][0])}
    if name is reshape:
        shape, extent = params["shape"], equation.inputs[0].shape[0]
        return {"shape": (*shape[1:], extent)} if shape and shape[0] == extent > 1 else None
    # Slices and padding have one entry an axis.
    return {key: (*value[1:], value[0]) for key, value in params.items()}


def reduce_packed(draft: Draft, equation: Equation) -> Symbol | None:
    """`reduce_sum(restored(x)) -> restored(reduce_sum(x))`; sums to rounding, extremes exact.

    Of a matrix nothing is left to be restored.
    """
    inner = _behind(draft, equation.inputs[0], 2)
    if inner is None:
        return None
    rank, axes = len(inner.shape), equation.params["axis"]
    moved = tuple(sorted((axis - 1) % rank for axis in axes))
    found = draft.add(equation.primitive, (inner,), {"axis": moved})
    return found if 0 in axes else _restored(draft, found)


def concatenate_packed(draft: Draft, equation: Equation) -> Symbol | None:
    """`concatenate(restored(x), restored(y)) -> restored(concatenate(x, y))`. Exact."""
    found = [_behind(draft, symbol) for symbol in equation.inputs]
    axis, inner = equation.params["axis"], tuple(x for x in found if x is not None)
    if axis == 0 or len(inner) < len(found):
        return None
    return _restored(draft, draft.add(concatenate, inner, {"axis": axis - 1}))


# ---- matrices


def transpose_result(draft: Draft, equation: Equation) -> Symbol | None:
    """`f(transpose(x), transpose(y)) -> transpose(f(x, y))` for an elementwise f. Exact."""
    shape = equation.output.shape
    if len(shape) != 2 or not any(_matrix_behind(draft, symbol) for symbol in equation.inputs):
        return None
    operands = [_operand_behind(draft, symbol, shape) for symbol in equation.inputs]
    found = tuple(operand for operand in operands if operand is not None)
    if len(found) < len(operands):
        return None
    return _restored(draft, draft.add(equation.primitive, found))


def _matrix_behind(draft: Draft, symbol: Symbol) -> Symbol | None:
    return _behind(draft, symbol, 2) if len(symbol.shape) == 2 else None


def _operand_behind(draft: Draft, symbol: Symbol, shape: Shape) -> Symbol | None:
    """Return an operand for transposed others: a scalar, or the matrix behind it."""
    if symbol.shape == ():
        return symbol
    spread = draft.producer(symbol, broadcast_to)
    if spread is not None and spread.inputs[0].shape == () and symbol.shape == shape:
        return draft.add(broadcast_to, spread.inputs, {"shape": (shape[1], shape[0])})
    return _matrix_behind(draft, symbol) if symbol.shape == shape else None


# ---- contractions


def _labels(equation: Equation) -> tuple[list[str], str]:
    *operands, result = parts(equation.params["labels"])
    return operands, result


def _contracted(
    draft: Draft, inputs: Sequence[Symbol], operands: Sequence[str], result: str
) -> Symbol:
    return draft.add(contract, tuple(inputs), {"labels": f"{','.join(operands)}->{result}"})


def contract_transposed(draft: Draft, equation: Equation) -> Symbol | None:
    """`contract(transpose(x), y) -> contract(x, y)` by other labels. Exact."""
    own, result = _labels(equation)
    inputs, found = list(equation.inputs), False
    for position, symbol in enumerate(equation.inputs):
        maker = draft.producer(symbol, transpose)
        if maker is None or _packs(maker):
            continue
        inputs[position], found = maker.inputs[0], True
        placed = dict(zip(maker.params["axes"], own[position], strict=True))
        own[position] = "".join(placed[axis] for axis in range(len(placed)))
    if not found:
        return None
    return _contracted(draft, inputs, own, result)


def _packs(maker: Equation) -> bool:
    """Tell whether a transpose is the copy made for a convolution."""
    return len(maker.output.shape) > 2 and maker.params["axes"] == _packing(len(maker.output.shape))


def pack_examples(draft: Draft, equation: Equation) -> Symbol | None:
    """`contract(windows(x), y) -> contract(windows(packed(x)), y)`. Exact."""
    own, result = _labels(equation)
    for position, symbol in enumerate(equation.inputs):
        maker = draft.producer(symbol, windows)
        if maker is None:
            continue
        x, axes = maker.inputs[0], maker.params["axes"]
        rank = len(x.shape)
        if 0 in axes or rank - 1 not in axes or rank < 3 or x.shape[0] < _EXAMPLES:
            continue
        params = {**maker.params, "axes": tuple(a - 1 for a in axes)}
        inputs = list(equation.inputs)
        inputs[position] = draft.add(windows, (_packed(draft, x),), params)
        own[position] = own[position][1:] + own[position][0]
        return _contracted(draft, inputs, own, result)
    return None


def examples_last(draft: Draft, equation: Equation) -> Symbol | None:
    """`contract(windows(x), y) -> restored(contract(windows(x), y))` with x's last axis last."""
    own, result = _labels(equation)
    for position, symbol in enumerate(equation.inputs):
        maker = draft.producer(symbol, windows)
        if maker is None or len(maker.inputs[0].shape) - 1 in maker.params["axes"]:
            continue
        last = own[position][-1]
        if last not in result or result[-1] == last or last in own[1 - position]:
            continue
        ordered = result.replace(last, "") + last
        found = _contracted(draft, equation.inputs, own, ordered)
        axes = tuple(ordered.index(label) for label in result)
        return draft.add(transpose, (found,), {"axes": axes})
    return None


COMMON: tuple[Rule, ...] = (restore_result, transpose_result)

RULES: dict[Primitive, tuple[Rule, ...]] = {
    **dict.fromkeys(
        (windows, overlap_add, astype, flip, broadcast_to, reshape, slice_, pad_with_zeros),
        (restore_later,),
    ),
    **dict.fromkeys((reduce_sum, reduce_max, reduce_min, reduce_prod), (reduce_packed,)),
    concatenate: (concatenate_packed,),
    contract: (contract_transposed, pack_examples, examples_last),
}
