"""Other libraries' arrays on their way in and out: JAX's, PyTorch's, any of the Array API.

The first two are held by tensors and computed with by their own library (`thalweg/foreign.py`);
those of any other become NumPy's on the way.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

from thalweg import tree
from thalweg.core.operation import register
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.errors import UnsupportedOperation
from thalweg.foreign import AT_HAND, OWN, ArrayLibrary, Foreign, is_other, library_of, met

Function = Callable[..., Any]

P = ParamSpec("P")

Result = TypeVar("Result")

_ARRAYS = (np.ndarray, np.generic)


def admitted(value: Any) -> Any:
    """Return a tensor that holds an array, NumPy's or another library's; all else as it is."""
    if isinstance(value, _ARRAYS):
        return as_tensor(value)
    if value.__class__ in OWN:
        return value
    library = library_of(value)
    if library is not None:
        return make(library.wrap(value))
    return as_tensor(_to_numpy(value)) if _is_array(value) else value


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array_namespace__") and not isinstance(value, type)


def _to_numpy(value: Any) -> np.ndarray[Any, Any]:
    try:
        return np.from_dlpack(value)
    except (BufferError, TypeError, AttributeError):
        return np.asarray(value)


def without(value: Any) -> Any:
    """Return what a tensor holds, if that is another library's; all else as it is."""
    array = value.array if isinstance(value, Tensor) else None
    return array.value if array.__class__ is Foreign else value


def values_of(tensor: Tensor) -> np.ndarray[Any, Any] | None:
    """Return the values of a tensor that any library holds; None where they are traced.

    Where NumPy has not their dtype they are in float32.
    """
    array: Any = tensor.array
    if array.__class__ is not Foreign:
        return array if isinstance(array, np.ndarray) else None
    if not array.library.is_known(array.value):
        return None
    found = np.asarray(array.library.to_numpy(array.value))
    return found.astype(np.float32) if is_other(array.dtype) else found


class OfLibrary:
    """That arrays of JAX or PyTorch were given: results become arrays of that library.

    Args:
        library: The library.
        like: One of the arrays, on whose device what is made anew is put.
    """

    def __init__(self, library: ArrayLibrary, like: Any) -> None:
        self.library, self.like = library, like

    def outside(self, result: Any, given: Iterable[Any] = ()) -> Any:
        """Return a result whose tensors are arrays of the library.

        Args:
            result: A tree of tensors, and of anything else.
            given: The operands, of which no result that can be written shows the memory.
        """
        taken = set(map(id, given))

        def plain(leaf: Any) -> Any:
            array = leaf.array if isinstance(leaf, Tensor) else leaf
            if array.__class__ is Foreign:
                value = array.value
                if id(value) in taken:
                    return self.library.own(value)
                taken.add(id(value))
                return value
            if not isinstance(array, np.ndarray) or (array is not leaf and leaf.requires_grad):
                return leaf
            return self.library.from_numpy(array, self.like)

        return plain(result) if isinstance(result, Tensor) else tree.map(plain, result)

    def handed_on(self, value: Any) -> Any:
        """Return what the library's own functions take: its arrays, and functions of them."""
        if isinstance(value, Tensor):
            return self.outside(value)
        if not callable(value):
            return value
        return lambda *args, **kwargs: self.outside(
            value(*tree.map(admitted, args), **tree.map(admitted, kwargs))
        )

    def taken_back(self, value: Any) -> Any:
        """Return what the library's own functions return: tensors, and functions of them."""
        if not callable(value) or library_of(value) is not None:
            return admitted(value)
        return lambda *args: tree.map(admitted, value(*tree.map(self.handed_on, args)))


class OfNamespace:
    """That arrays of another library of the Array API were given: results become such arrays."""

    def __init__(self, like: Any) -> None:
        self.namespace = like.__array_namespace__()

    def outside(self, result: Any, given: Iterable[Any] = ()) -> Any:
        """Return a result whose tensors are arrays of the library."""

        def plain(leaf: Any) -> Any:
            array = leaf.array if isinstance(leaf, Tensor) else leaf
            if not isinstance(array, np.ndarray) or (array is not leaf and leaf.requires_grad):
                return leaf
            return self.namespace.asarray(array, copy=True)

        return plain(result) if isinstance(result, Tensor) else tree.map(plain, result)


def beside(value: Tensor, like: Tensor) -> Tensor:
    """Return a tensor of known values as one of the library whose array another one holds."""
    array = like.array
    if array.__class__ is not Foreign or not isinstance(value.array, np.ndarray):
        return value
    library = array.library
    return make(library.wrap(library.from_numpy(value.array, array.value)))


def is_foreign(leaves: Sequence[Any], held: bool = False) -> bool:
    """Tell whether arrays of other libraries are among some leaves, and decide what is computed.

    Beside thalweg's own tensors they are numbers like NumPy's; not so while a function runs that
    was called with such arrays, in which tensors are numbers made anew.

    Args:
        leaves: The leaves.
        held: Whether those of JAX and PyTorch are meant alone, and those that tensors hold too.
    """
    tensors = {leaf.array.__class__ for leaf in leaves if isinstance(leaf, Tensor)}
    if tensors and Foreign not in tensors and AT_HAND.get() is None:
        return False
    if held:
        return bool(tensors) or any(library_of(leaf) is not None for leaf in leaves)
    return any(leaf.__class__ not in OWN and _is_foreign(leaf) for leaf in leaves)


def _is_foreign(value: Any) -> bool:
    return library_of(value) is not None or _is_array(value)


def call_with(function: Callable[..., Any], leaves: Sequence[Any], definition: Any) -> Any:
    """Call a function of tensors with other libraries' arrays; it returns arrays of that library.

    Args:
        function: The function.
        leaves: The leaves of its arguments, those by position and those by name.
        definition: The structure of both.
    """
    library = met(leaves)
    inside = [of_users(x) if _is_function(x) else admitted(x) for x in leaves]
    positional, keywords = tree.unflatten(definition, inside)
    first = next(x for x in leaves if x.__class__ not in OWN and _is_foreign(x))
    before = AT_HAND.set(first)
    try:
        result = function(*positional, **keywords)
    finally:
        AT_HAND.reset(before)
    if any(isinstance(leaf, Tensor) for leaf in leaves):
        return result
    return (OfNamespace(first) if library is None else OfLibrary(library, first)).outside(
        result, leaves
    )


def of_library(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Call a function of tensors with arrays of JAX or PyTorch, of which it returns such arrays.

    NotImplemented is returned where there are none.
    """
    if met((*args, *kwargs.values())) is None:
        return NotImplemented
    leaves, definition = tree.flatten((args, kwargs))
    if not is_foreign(leaves):
        return NotImplemented
    return call_with(function, leaves, definition)


register("of_library", of_library)


def in_any_library(function: Callable[P, Result]) -> Callable[P, Result]:
    """Return a function of tensors that takes arrays of other libraries as operations do."""

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> Result:
        found: Any = of_library(function, args, kwargs)
        return function(*args, **kwargs) if found is NotImplemented else found

    return called


def of_torch(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Call a function of PyTorch's with what tensors hold, where that is PyTorch's."""
    leaves, definition = tree.flatten((args, kwargs))
    held = [without(leaf) for leaf in leaves]
    if any(isinstance(value, Tensor) for value in held):
        return NotImplemented
    positional, keywords = tree.unflatten(definition, held)
    return tree.map(admitted, function(*positional, **keywords))


register("of_torch", of_torch)


def of_users(function: Callable[..., Result]) -> Callable[..., Result]:
    """Return a function of the user's so that other libraries' arrays reach it as they are.

    Ours, and NumPy's, are returned as they are: they compute with tensors. Functions of the user's
    that a partial one of ours holds are wrapped.
    """
    inner = function.func if isinstance(function, functools.partial) else function
    room = (getattr(inner, "__module__", None) or "").partition(".")[0]
    if room in ("thalweg", "numpy") or isinstance(inner, np.ufunc):
        return _holding(function) if isinstance(function, functools.partial) else function

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        leaves, definition = tree.flatten((args, kwargs))
        values = (without(leaf) for leaf in leaves if isinstance(leaf, Tensor))
        first = next((x for x in values if not isinstance(x, Tensor)), None)
        library = library_of(first)
        if library is None:
            return function(*args, **kwargs)
        # What was made anew, such as a count, is of that library too.
        ours = OfLibrary(library, first)
        held = [ours.outside(x) if isinstance(x, Tensor) else x for x in leaves]
        positional, keywords = tree.unflatten(definition, held)
        return tree.map(admitted, function(*positional, **keywords))

    return called


def _holding(function: functools.partial[Result]) -> functools.partial[Result]:
    """Return a partial function with those that it holds as `of_users` makes them."""
    if not any(map(_is_function, tree.leaves((function.args, function.keywords)))):
        return function
    args, keywords = with_users((function.args, function.keywords))
    return functools.partial(function.func, *args, **keywords)


def drawing(function: Callable[..., Result]) -> Callable[..., Result]:
    """Return a user's function of a key, and others, so that it gets the library's own keys."""
    called = of_users(function)
    if called is function:
        return function

    def drawn(key: Any, *args: Any, **kwargs: Any) -> Result:
        array = key.array if isinstance(key, Tensor) else None
        if array.__class__ is Foreign and array.dtype.kind in "iu":
            key = make(array.library.own_key(array))
        return called(key, *args, **kwargs)

    return drawn


def with_users(value: Any) -> Any:
    """Return a value, or containers of values, in which functions are as `of_users` makes them."""
    if value.__class__ is dict:
        return {key: with_users(x) for key, x in value.items()}
    if value.__class__ in (list, tuple):
        return value.__class__(map(with_users, value))
    return of_users(value) if _is_function(value) else value


def _is_function(value: Any) -> bool:
    """Tell whether a value is a function and nothing else, such as a class or a node of trees."""
    if value.__class__ in OWN or isinstance(value, type):
        return False
    return callable(value) and (hasattr(value, "__name__") or isinstance(value, functools.partial))


# ---- functions of functions


def in_library(name: str, function: Function, *made_of: Any) -> Function:
    """Return a function that JAX's or PyTorch's of this name replaces where such arrays are given.

    Functions among the arguments are the user's where the arrays are, and get them as they are;
    where tensors that hold such arrays are given, they are ours, and get such tensors.

    Args:
        name: The name.
        function: What is called with all else.
        made_of: What a transformation was called with that made the function.
    """

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        leaves, definition = tree.flatten_known((args, kwargs))
        first = next((x for x in map(without, leaves) if library_of(x) is not None), None)
        if first is None or not is_foreign(leaves, held=True):
            return function(*args, **kwargs)
        library = met(map(without, leaves))
        assert library is not None
        ours = OfLibrary(library, first) if any(isinstance(x, Tensor) for x in leaves) else None
        outside = _same_value if ours is None else ours.handed_on
        positional, keywords = tree.unflatten(definition, map(outside, leaves))
        instead = library.functions.get(name)
        if instead is None:
            raise UnsupportedOperation(
                f"{name} was called with arrays of {library.name}, for which there is none here. "
                f"Use what {library.name} has for it, or convert the arrays to NumPy's."
            )
        if made_of:
            instead = instead(*map(outside, made_of))
        found = instead(*positional, **keywords)
        return found if ours is None else tree.map(ours.taken_back, found)

    return called


def in_its_library(function: Callable[P, Result]) -> Callable[P, Result]:
    """Return a function as `in_library` does, under its own name."""
    return in_library(function.__name__, function)


def _same_value(value: Any) -> Any:
    return value
