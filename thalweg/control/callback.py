"""Functions of NumPy arrays inside of programs: called back from wherever a program runs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MethodType
from typing import Any, Literal, Protocol

import numpy as np

from thalweg import tree
from thalweg.core.apply import Flags, Operands, apply
from thalweg.core.operation import op
from thalweg.core.primitive import general
from thalweg.core.program import call_apart
from thalweg.core.spec import Array, Bundle, Spec, pack
from thalweg.core.tensor import as_tensor
from thalweg.errors import (
    ArgumentError,
    CallError,
    DtypeError,
    GradientError,
    ShapeError,
    UnsupportedOperation,
    printable,
    shown,
)
from thalweg.lines import user_line
from thalweg.ops.control.bundle import parts
from thalweg.ops.numpy.kinds import as_given
from thalweg.ops.numpy.libraries import in_any_library

__all__ = ["pure_callback"]

Method = Literal["sequential", "expand_dims", "broadcast_all"]

_METHODS = ("sequential", "expand_dims", "broadcast_all")


class Called(Protocol):
    """What a program calls: a function of arrays, whose results are known before."""

    @property
    def results(self) -> tuple[Spec, ...]:
        """The specs of its results."""

    @property
    def work(self) -> int:
        """How many additions' time it takes, as far as that is known."""

    @property
    def told(self) -> str:
        """What errors call it."""

    def __call__(self, *arrays: Array) -> list[Array]:
        """Return the results."""

    def batched(self, size: int, operands: Operands, flags: Flags) -> tuple[Operands, Called]:
        """Return what is called, and with what, for a batch of operands."""


def _without_derivative(g: Any, out: Any, *operands: Any, function: Called) -> Any:
    raise GradientError(
        f"A derivative of {function.told} was asked for; of a Python function nobody knows one. "
        "Give it one with custom_vjp, or keep it out of what is differentiated with "
        "tw.stop_gradient on its arguments."
    )


def _batched(size: int, operands: Operands, flags: Flags, function: Called) -> Any:
    given, batched = function.batched(size, operands, flags)
    return apply(callback, given, {"function": batched})


@general(
    lambda *specs, function: Bundle.of(function.results),
    variadic=_without_derivative,
    forward=_without_derivative,
    strong=True,
    role="whole",
    work=lambda *specs, function: function.work,
    batch=lambda primitive, size, operands, flags, params: _batched(
        size, operands, flags, **params
    ),
)
def callback(*arrays: Array, function: Called) -> Array:
    """Call a function of arrays, which gives arrays of the specs that it states."""
    return pack(function(*arrays))


@dataclass(frozen=True, eq=False)
class HostFunction:
    """A user's function, on the leaves of its arguments.

    Attributes:
        function: The function.
        arguments: The structure of `(args, kwargs)`.
        structure: That of its results.
        results: Their specs.
        method: What vmap does with it, None if that was not said.
        line: The user's line that calls it.
    """

    function: Callable[..., Any]
    arguments: tree.TreeDef
    structure: tree.TreeDef
    results: tuple[Spec, ...]
    method: Method | None
    line: str

    @functools.cached_property
    def is_plain(self) -> bool:
        """Whether the arguments are arrays alone, by position."""
        leaves = (0.0,) * self.arguments.num_leaves
        return bool(self.arguments == tree.structure((leaves, {})))

    @property
    def told(self) -> str:
        """What errors call it."""
        name = getattr(self.function, "__qualname__", type(self.function).__qualname__)
        return f"pure_callback({printable(name)}){f' at {self.line}' if self.line else ''}"

    @property
    def work(self) -> int:
        """The number of its results' elements: what it computes them of is not known."""
        return sum(spec.size for spec in self.results)

    def __call__(self, *arrays: Array) -> list[Array]:
        """Return the results, after a look whether they are what was stated.

        The function has copies: it may keep or change what it is given.

        Raises:
            CallError: If the function returned another tree than was stated.
            ShapeError: If a result has another shape.
            DtypeError: If a result has another dtype.
        """
        given = list(map(np.array, arrays))
        if self.is_plain:
            found = call_apart(self.function, *given)
        else:
            args, kwargs = tree.unflatten(self.arguments, given)
            found = call_apart(self.function, *args, **kwargs)
        if found.__class__ is np.ndarray and self.structure.is_leaf():
            return [self._checked(found, self.results[0])]
        leaves, structure = tree.flatten(found)
        if structure != self.structure:
            raise CallError(
                f"{self.told} returned {shown(structure)}; {shown(self.structure)} was stated. "
                "Return a tree of arrays nested as result_shape_dtypes is."
            )
        return [self._checked(*pair) for pair in zip(leaves, self.results, strict=True)]

    def _checked(self, leaf: Any, spec: Spec) -> Array:
        """Return a result as an array of its own."""
        if leaf.__class__ is np.ndarray:
            array: Array = np.array(leaf)
        else:
            array = np.array(leaf, spec.dtype if _gives_way(leaf, spec) else None)
        if array.shape != spec.shape:
            raise ShapeError(self._refusal("shape", array.shape, spec.shape, "reshape"))
        if array.dtype != spec.dtype:
            raise DtypeError(self._refusal("dtype", array.dtype, spec.dtype, "astype"))
        return array

    def _refusal(self, what: str, given: Any, wanted: Any, change: str) -> str:
        return (
            f"{self.told} returned an array of {what} {given}; {wanted} was stated. State what it "
            f"returns, or convert that with {change}."
        )

    def batched(self, size: int, operands: Operands, flags: Flags) -> tuple[Operands, Called]:
        """Return what is called, and with what, for a batch of operands.

        Raises:
            UnsupportedOperation: If it was not said how.
        """
        if self.method is None:
            raise UnsupportedOperation(
                f"{self.told} was mapped over a batch, and how was not said. Give it "
                f"vmap_method=, one of {', '.join(map(repr, _METHODS))}."
            )
        if self.method == "sequential":
            return operands, Repeated(self, size, flags)
        extent = size if self.method == "broadcast_all" else 1
        given = tuple(
            x if flag else op.broadcast_to(x, (extent, *x.shape))
            for x, flag in zip(operands, flags, strict=True)
        )
        return given, replace(self, results=_stacked(size, self.results))

    def _key(self) -> tuple[Any, ...]:
        function: Any = self.function
        bound = isinstance(function, MethodType)
        same = (id(function.__self__), id(function.__func__)) if bound else (id(function),)
        return (*same, self.arguments, self.structure, self.results, self.method)

    def __eq__(self, other: object) -> bool:
        # The same function, not an equal one: what it computes may hang on its identity.
        return isinstance(other, HostFunction) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        name = getattr(self.function, "__qualname__", type(self.function).__qualname__)
        return f"{name}{self.arguments}->{', '.join(map(str, self.results))}"


@dataclass(frozen=True)
class Repeated:
    """A function called for each example of a batch, one after another.

    Attributes:
        function: The function.
        size: The number of examples.
        flags: Which operands have an axis 0 of examples.
    """

    function: Called
    size: int
    flags: Flags

    @property
    def results(self) -> tuple[Spec, ...]:
        """The specs of its results."""
        return _stacked(self.size, self.function.results)

    @property
    def work(self) -> int:
        """How many additions' time it takes."""
        return self.size * self.function.work

    @property
    def told(self) -> str:
        """What errors call it."""
        return self.function.told

    def __call__(self, *arrays: Array) -> list[Array]:
        """Return the examples' results, stacked."""
        found = [np.empty(spec.shape, spec.dtype) for spec in self.results]
        for i in range(self.size):
            given = [x[i] if flag else x for x, flag in zip(arrays, self.flags, strict=True)]
            for stack, value in zip(found, self.function(*given), strict=True):
                stack[i] = value
        return found

    def batched(self, size: int, operands: Operands, flags: Flags) -> tuple[Operands, Called]:
        """Return what is called, and with what, for a batch of operands."""
        return operands, Repeated(self, size, flags)

    def __str__(self) -> str:
        return f"{self.size}{self.flags} {self.function}"


def _stacked(size: int, specs: Sequence[Spec]) -> tuple[Spec, ...]:
    return tuple(Spec((size, *spec.shape), spec.dtype) for spec in specs)


def _gives_way(leaf: Any, spec: Spec) -> bool:
    """Tell whether a result is a Python number, which takes the dtype that was stated."""
    if type(leaf) not in (bool, int, float, complex):
        return False
    return bool(np.result_type(leaf, spec.dtype) == spec.dtype)


@in_any_library
def pure_callback(
    function: Callable[..., Any],
    result_shape_dtypes: Any,
    *args: Any,
    vmap_method: Method | None = None,
    **kwargs: Any,
) -> Any:
    """Call a Python function of NumPy arrays from inside of a traced or compiled function.

    In a program the call is one operation, of which nothing is known but what it returns. The
    native engine calls Python for it from inside its loop; everything else stays compiled. The
    function must be pure: it may be called any number of times, or never if nobody reads what it
    returns. It gets copies and runs in whatever thread the program runs in; what it raises ends
    the run and is raised from it. It has no derivative by itself.

    Args:
        function: Maps NumPy arrays, in the trees of `args` and `kwargs`, to a tree of arrays.
        result_shape_dtypes: What it returns: a tree of objects with a `shape` and a `dtype`, such
            as arrays or `jax.ShapeDtypeStruct`.
        args: Trees of arrays that it is called with.
        vmap_method: How it is called for a batch: "sequential", once an example; "expand_dims"
            or "broadcast_all", once with a further axis 0 of all that is batched, and of extent
            1, or that of the batch, of everything else. None refuses.
        kwargs: Trees of arrays that it is called with, by name.

    Returns:
        What the function returned; in a program, traced tensors.

    Raises:
        ArgumentError: If `result_shape_dtypes` has a leaf without shape or dtype, or there is no
            such `vmap_method`.
        CallError: If the function returned another tree than was stated.
        ShapeError: If a result has another shape.
        DtypeError: If a result has another dtype.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> def ranks(x):
        ...     return np.argsort(np.argsort(x))
        >>> f = tw.jit(lambda x: tw.pure_callback(ranks, np.empty(3, int), 2 * x) + 1)
        >>> f(np.array([0.5, -1.0, 3.0]))
        array([2, 1, 3])

    Source: `jax.pure_callback`, whose meaning it has.
    """
    if vmap_method is not None and vmap_method not in _METHODS:
        raise ArgumentError(
            f"pure_callback got vmap_method={vmap_method!r}; it wants "
            f"{', '.join(map(repr, _METHODS))} or None."
        )
    leaves, definition = tree.flatten((args, kwargs))
    stated, structure = tree.flatten(result_shape_dtypes)
    host = HostFunction(
        function, definition, structure, tuple(map(_stated, stated)), vmap_method, user_line()
    )
    operands = tuple(map(as_tensor, leaves))
    found = parts(apply(callback, operands, {"function": host}), range(len(stated)))
    return as_given(tree.unflatten(structure, found), leaves, ())


def _stated(leaf: Any) -> Spec:
    """Return the spec that an object with a shape and a dtype states.

    Raises:
        ArgumentError: If it has none, or NumPy has no numbers of that dtype.
    """
    try:
        spec = Spec(tuple(map(int, leaf.shape)), np.dtype(leaf.dtype))
    except (AttributeError, TypeError):
        spec = None
    if spec is None or spec.dtype.kind not in "biufc":
        raise ArgumentError(
            f"pure_callback got {shown(leaf)} among result_shape_dtypes; it wants objects with a "
            "shape and a dtype of numbers, such as np.empty(3, np.float64)."
        )
    return spec
