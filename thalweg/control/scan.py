"""Loops whose number of turns is known: scan, fori_loop, map."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.autodiff.batching import vmap
from thalweg.control.body import hoist, require_structure, tensors_of, trace_turn
from thalweg.control.conditional import while_loop
from thalweg.control.loops import loop
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, as_tensor, astype, make
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.numpy.kinds import same_kind
from thalweg.ops.numpy.libraries import in_its_library

__all__ = ["fori_loop", "map", "scan"]


@in_its_library
@same_kind
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int = 1,
) -> tuple[Any, Any]:
    """Go along the leading axis of arrays, each turn with what the one before it carried over.

    It computes `carry, y = f(carry, x)` for one row x of `xs` after another: a recursion over
    time as one loop of a program, whose length costs nothing to compile.

    Args:
        f: Maps (carry, x) to (carry, y), trees of arrays; the carry keeps its structure, shapes
            and dtypes. It is run once, on traced tensors.
        init: The first carry.
        xs: A tree of arrays with one row a turn along axis 0; None if there are none.
        length: The number of turns, where `xs` does not tell it.
        reverse: Whether to begin with the last row; the results stay in the rows' order.
        unroll: Accepted as in JAX; the compiler chooses.

    Returns:
        (carry, ys): the last carry, and the turns' y stacked along a new axis 0.

    Raises:
        ShapeError: If the rows' numbers differ, or a carry changes its shape or dtype.
        ArgumentError: If the number of turns is not told, or f returns no such pair.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.scan(lambda total, x: (total + x, total * x), 0.0, np.array([1.0, 2.0, 3.0]))
        (np.float64(6.0), array([0., 2., 9.]))
    """
    first, rows = tensors_of(init), tensors_of(xs)
    turns = _turns(rows, length)
    one = [Spec(tuple(x.shape[1:]), x.dtype) for x in rows]

    def turn(carry: Any, x: Any) -> Any:
        found = f(carry, x)
        if not isinstance(found, (tuple, list)) or len(found) != 2:
            raise ArgumentError(
                f"scan's function returned {type(found).__name__}; it wants a pair (carry, y). "
                "Return None as y if nothing is to be stacked."
            )
        require_structure("scan", found[0], init)
        return tuple(found)

    body, first = trace_turn("scan", turn, (init, xs), first, one)
    body = hoist(body, len(first) + len(rows), turns > 0)
    found = loop(body, first, rows, (), turns, bool(reverse))
    carry = tree.unflatten(tree.structure(init), found[: len(first)])
    return carry, tree.unflatten(tree.structure(body.result[1]), found[len(first) :])


def _turns(rows: list[Tensor], length: int | None) -> int:
    """Return the number of turns.

    Raises:
        ShapeError: If the rows' numbers differ, or there are none.
    """
    counts = [x.shape[0] if x.ndim else -1 for x in rows]
    if length is not None:
        counts.append(operator.index(length))
    if not counts:
        raise ArgumentError(
            "scan got neither rows nor a length; give xs, or length= with the number of turns."
        )
    if min(counts) < 0 or len(set(counts)) > 1:
        raise ShapeError(
            f"scan goes along axis 0 of arrays of shapes {[tuple(x.shape) for x in rows]} with "
            f"length={length}; give arrays of one extent along that axis, and no other length."
        )
    return counts[0]


@in_its_library
@same_kind
def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """Return f(upper − 1, … f(lower + 1, f(lower, init))).

    Args:
        lower: The first number, an integer.
        upper: The number behind the last. Where both are Python integers, reverse derivatives
            exist; other bounds may change from run to run without compiling again.
        body_fun: Maps (number, value) to the next value, of the same structure, shapes and dtypes.
        init_val: The first value, a tree of arrays.

    Raises:
        ShapeError: If the value changes its structure, shape or dtype.

    Example:
        >>> import thalweg as tw
        >>> tw.fori_loop(0, 5, lambda i, total: total + i, 0)
        np.int64(10)
    """
    if isinstance(lower, int) and isinstance(upper, int):
        turns = max(0, upper - lower)

        def turn(carry: Any, _: Any) -> Any:
            number, value = carry
            return (number + 1, body_fun(_counter(number), value)), None

        return scan(turn, (np.int64(lower), init_val), length=turns)[0][1]
    first, last = (astype(as_tensor(bound), np.int64) for bound in (lower, upper))
    return while_loop(
        lambda carry: carry[0] < last,
        lambda carry: (carry[0] + 1, body_fun(_counter(carry[0]), carry[1])),
        (first, init_val),
    )[1]


def _counter(number: Tensor) -> Tensor:
    """Return the number of a turn as a Python number is: it takes its partner's dtype."""
    return make(number.array, None, True, number.results)


@in_its_library
@same_kind
def map(f: Callable[[Any], Any], xs: Any, *, batch_size: int | None = None) -> Any:
    """Apply a function to one row after another, and stack what it returns.

    It needs the memory of one turn, where `vmap` needs that of all.

    Args:
        f: Maps a tree of rows to a tree of arrays.
        xs: A tree of arrays with one row a turn along axis 0.
        batch_size: How many rows are computed together, by `vmap`; one by default.

    Raises:
        ShapeError: If the rows' numbers differ.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.map(np.sum, np.ones((3, 4)))
        array([4., 4., 4.])
    """
    if batch_size is None:
        return scan(lambda _, x: (None, f(x)), None, xs)[1]
    return vmap(f, chunk_size=batch_size)(xs)
