"""The kind of a result is that of what was given: arrays for arrays, tensors for tensors.

Arrays of other libraries: `thalweg/ops/numpy/libraries.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

from thalweg import tree
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.foreign import NUMPYS, OWN
from thalweg.ops.numpy.libraries import call_with, is_foreign

P = ParamSpec("P")

Result = TypeVar("Result")

_ARRAYS = (np.ndarray, np.generic)

NUMBERS = (*_ARRAYS, bool, int, float, complex)

# Classes of operands that are arrays or numbers: one look at their set is enough.
_PLAIN = {*NUMPYS, bool, int, float, complex}

_TENSORS = {Tensor}


def same_kind(function: Callable[P, Result], *operands: Any) -> Callable[P, Result]:
    """Return a function whose results are arrays where its arguments are, and else tensors.

    Args:
        function: Takes trees of arrays, and returns one of tensors.
        operands: What else it computes with.
    """

    @functools.wraps(function)
    def kept(*args: P.args, **kwargs: P.kwargs) -> Result:
        result = function(*args, **kwargs)
        for argument in args:
            if argument.__class__ is Tensor:
                return result
        found: Result = as_given(result, tree.leaves((args, kwargs, operands)))
        return found

    return kept


def on_tensors(function: Callable[P, Result]) -> Callable[P, Result]:
    """Return a function that is run on tensors, and whose results are as its arguments are.

    As `same_kind`, for functions that do not make their arguments tensors themselves.
    """

    @functools.wraps(function)
    def kept(*args: P.args, **kwargs: P.kwargs) -> Result:
        if not kwargs and set(map(type, args)) == _TENSORS:
            return function(*args, **kwargs)
        leaves, definition = tree.flatten((args, kwargs))
        kinds = set(map(type, leaves))
        arrays = not kinds.isdisjoint(NUMPYS)
        if not OWN.issuperset(kinds):
            leaves, definition = tree.flatten_known((args, kwargs))
            if is_foreign(leaves):
                hosted: Result = call_with(function, leaves, definition)
                return hosted
            arrays = any(isinstance(leaf, _ARRAYS) for leaf in leaves)
        if arrays:
            inside = [as_tensor(x) if isinstance(x, _ARRAYS) else x for x in leaves]
            positional, keywords = tree.unflatten(definition, inside)
            result = function(*positional, **keywords)
        else:
            result = function(*args, **kwargs)
        if Tensor in kinds:
            return result
        given = arrays and _PLAIN.issuperset(kinds)
        found: Result = (_plain_like if given else as_given)(result, leaves, ())
        return found

    return kept


def are_arrays(leaves: Iterable[Any]) -> bool:
    """Tell whether there are arrays or numbers among some operands, and no tensors."""
    found = False
    for leaf in leaves:
        if isinstance(leaf, Tensor):
            return False
        found = found or isinstance(leaf, NUMBERS) or hasattr(leaf, "__array__")
    return found


def as_given(result: Any, operands: Sequence[Any], shown: Iterable[Any] | None = None) -> Any:
    """Return a result as arrays, if arrays and numbers are all that it was computed from.

    An array without axes becomes a NumPy scalar, as NumPy's functions return it; and a Python
    number where only such were given, so that it gives way to other dtypes as they do. What is
    traced or has a history stays a tensor. The arrays are the caller's own: writable, and on
    memory that no operand and no other result has.

    Args:
        result: A tree of tensors, and of anything else.
        operands: The leaves of the operands.
        shown: Arrays that the result may show beside them; None if it may show any.
    """
    return _plain_like(result, operands, shown) if are_arrays(operands) else result


def _plain_like(result: Any, operands: Sequence[Any], shown: Iterable[Any] | None) -> Any:
    taken = {_owner(array) for array in operands if isinstance(array, np.ndarray)}
    if shown is not None:
        taken.update(map(_owner, shown))

    def plain(leaf: Any) -> Any:
        array = leaf.array if isinstance(leaf, Tensor) else leaf
        if not isinstance(array, np.ndarray) or (array is not leaf and leaf.requires_grad):
            return leaf
        if array is not leaf and not array.ndim:
            return array.item() if leaf.weak else array[()]
        owner = _owner(array)
        if owner in taken or (array is not leaf and (shown is None or owner != id(array))):
            return array.copy()
        taken.add(owner)
        return array

    return plain(result) if isinstance(result, Tensor) else tree.map(plain, result)


def _owner(array: np.ndarray[Any, Any]) -> int:
    """Return what tells whose memory an array shows."""
    shown: Any = array
    while isinstance(shown, np.ndarray) and shown.base is not None:
        shown = shown.base
    return id(shown)
