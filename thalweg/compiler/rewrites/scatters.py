"""Rules that keep sparse gradients sparse.

The derivative of a read is a scatter into zeros. These rules carry what an optimizer does to such a
gradient over to the few updates in it, and add the updates to the parameter itself. The result
differs from the dense one in the order in which repeated positions are added, and where the factor
is not finite: the dense gradient would be NaN also where nothing was read.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from thalweg.compiler.rewrites.rewrite import Draft, Rule
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Symbol
from thalweg.core.spec import INT64, DType, Spec
from thalweg.ops.creation.creation import iota
from thalweg.ops.elementwise.arithmetic import add, multiply, negative, subtract
from thalweg.ops.elementwise.comparison import equal, less, where
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.index.take import scatter_add, scatter_add_along_axis
from thalweg.ops.shape.reshape import reshape

Change = Callable[[Symbol], Symbol]

# (zeros that a scatter adds to, its updates) -> what it is to add to instead
Onto = Callable[[Symbol, Symbol], Symbol]


def scale_updates(draft: Draft, equation: Equation) -> Symbol | None:
    """`multiply(scatter_add(0, i, u), c) -> scatter_add(0, i, multiply(u, c))` for a scalar c.

    A division by a scalar is such a product already.
    """
    x, y = equation.inputs
    for scattered, factor in ((x, y), (y, x)):
        if factor.spec.size == 1 and scattered.shape == equation.output.shape:
            # A factor of shape (1, 1) must not add axes to the updates.
            scalar = draft.add(reshape, (factor,), {"shape": ()})
            found = _changed(draft, scattered, _times(draft, scalar))
            if found is not None:
                return found
    return None


def _times(draft: Draft, scalar: Symbol) -> Change:
    return lambda updates: draft.add(multiply, (updates, scalar))


def negate_updates(draft: Draft, equation: Equation) -> Symbol | None:
    """`negative(scatter_add(0, i, u)) -> scatter_add(0, i, negative(u))`."""
    return _changed(draft, equation.inputs[0], lambda u: draft.add(negative, (u,)))


def convert_updates(draft: Draft, equation: Equation) -> Symbol | None:
    """`astype(scatter_add(0, i, u)) -> scatter_add(0, i, astype(u))` to a wider floating dtype.

    Never to a narrower one: the sum would lose what the dtype of its terms was chosen for.
    """
    x, dtype = equation.inputs[0], equation.output.dtype
    if x.dtype.kind != "f" or dtype.kind != "f" or dtype.itemsize < x.dtype.itemsize:
        return None
    return _changed(draft, x, lambda u: draft.add(astype, (u,), {"dtype": dtype}))


def _scatter(draft: Draft, symbol: Symbol) -> Equation | None:
    """Return the scatter that computes a symbol, if it may be replaced."""
    found = draft.producer(symbol, scatter_add, scatter_add_along_axis)
    return found if found is not None and draft.is_used_once(symbol) else None


def _changed(draft: Draft, symbol: Symbol, change: Change) -> Symbol | None:
    """Return scatters into zeros with each of their updates changed."""

    def zeros(base: Symbol, updates: Symbol) -> Symbol:
        return draft.full(0, base.shape, change(updates).dtype)

    return _moved(draft, symbol, zeros, change)


def _moved(draft: Draft, symbol: Symbol, onto: Onto, change: Change) -> Symbol | None:
    """Return scatters into zeros moved onto something else, each of their updates changed."""
    scatter = _scatter(draft, symbol)
    if scatter is None:
        return None
    base, indices, updates = scatter.inputs
    found: Symbol | None
    if draft.is_filled(base, 0):
        found = onto(base, updates)
    else:
        found = _moved(draft, base, onto, change)
    if found is None:
        return None
    return draft.add(scatter.primitive, (found, indices, change(updates)), scatter.params)


def add_updates(draft: Draft, equation: Equation) -> Symbol | None:
    """`add(p, scatter_add(0, i, u)) -> scatter_add(p, i, u)`, chains of scatters likewise."""
    x, y = equation.inputs
    return _added(draft, y, x, equation) or _added(draft, x, y, equation)


def subtract_updates(draft: Draft, equation: Equation) -> Symbol | None:
    """`subtract(p, scatter_add(0, i, u)) -> scatter_add(p, i, negative(u))`."""
    x, y = equation.inputs
    negated = _changed(draft, y, lambda u: draft.add(negative, (u,)))
    return None if negated is None else _added(draft, negated, x, equation)


def _added(draft: Draft, symbol: Symbol, base: Symbol, equation: Equation) -> Symbol | None:
    """Return scatters into zeros moved onto another base."""
    output = equation.output
    if symbol.shape != output.shape:
        return None
    return _moved(draft, symbol, lambda *_: draft.conform(base, output.spec), lambda u: u)


# ---- one position a row


def choose_rather_than_scatter(draft: Draft, equation: Equation) -> Symbol | None:
    """`scatter_add_along_axis(0, i, u) -> where(equal(iota, i), u, 0)` for one position a row.

    The derivative of reading the label's column, as elementwise work that fuses. Only where a
    read with the same indices is there to refuse those that are out of range. Exact.
    """
    base, indices, updates = equation.inputs
    axis = equation.params["axis"]
    extent = base.shape[axis]
    if (
        indices.shape[axis] != 1
        or updates.shape != indices.shape
        or not draft.is_filled(base, 0)
        or not draft.are_checked(indices, extent)
    ):
        return None
    shape = tuple(extent if a == axis else 1 for a in range(len(base.shape)))
    dtype = _position_dtype(indices.dtype, extent)
    positions = draft.add(iota, (), {"shape": shape, "dtype": dtype, "axis": axis})
    hit = draft.add(equal, (positions, _from_front(draft, indices, extent, dtype)))
    return draft.add(where, (hit, updates, draft.literal(0, updates.dtype)))


def _position_dtype(dtype: DType, extent: int) -> DType:
    return dtype if dtype.kind == "i" and extent <= np.iinfo(dtype).max else INT64


def _from_front(draft: Draft, indices: Symbol, extent: int, dtype: DType) -> Symbol:
    indices = draft.conform(indices, Spec(indices.shape, dtype))
    behind = draft.add(less, (indices, draft.literal(0, dtype)))
    wrapped = draft.add(add, (indices, draft.literal(extent, dtype)))
    return draft.add(where, (behind, wrapped, indices))


RULES: dict[Primitive, tuple[Rule, ...]] = {
    multiply: (scale_updates,),
    negative: (negate_updates,),
    astype: (convert_updates,),
    add: (add_updates,),
    subtract: (subtract_updates,),
    scatter_add_along_axis: (choose_rather_than_scatter,),
}
