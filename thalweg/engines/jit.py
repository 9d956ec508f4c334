"""jit: a function traced once a signature, then run by an engine."""

from __future__ import annotations

import functools
import threading
import time
import warnings
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, overload

import numpy as np

from thalweg import tree
from thalweg.autodiff.reverse import captured_by
from thalweg.autodiff.transformed import Transformed
from thalweg.control import rolling  # noqa: F401 (every program that is traced is rolled)
from thalweg.core.apply import run
from thalweg.core.layout import note_layout
from thalweg.core.operation import op
from thalweg.core.program import Equation, Program, Symbol, finish, trace
from thalweg.core.spec import Array
from thalweg.core.tape import is_recorded
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.engines.randomness import warned_of_random_numbers
from thalweg.engines.registry import Fallback, chosen, warning_text
from thalweg.errors import ArgumentError
from thalweg.foreign import OWN
from thalweg.lines import level_of_user
from thalweg.ops.numpy.kinds import NUMBERS, as_given
from thalweg.ops.numpy.libraries import in_library, is_foreign

_ARRAYS = (Tensor, *NUMBERS)

P = ParamSpec("P")
Result = TypeVar("Result")


@dataclass(eq=False)
class _Traced:
    """One signature: its program, what it captured, and the engine's function for it."""

    program: Program
    captured: list[Tensor]
    structure: tree.TreeDef
    results: list[tuple[bool, type[Tensor]]]
    engine: str
    fallback: Fallback

    @functools.cached_property
    def run(self) -> Callable[..., list[Any]]:
        """The engine's function, compiled when it is first needed."""
        engine, lacking = chosen(self.engine, [self.program], self.fallback)
        compiled = engine.compile(self.program)
        return compiled if lacking is None else _telling(compiled, lacking)

    def __call__(self, given: list[Tensor]) -> Any:
        tensors = [*given, *self.captured]
        if any(map(is_recorded, tensors)):
            # Results have memory of their own, as those that an engine computes.
            results = run(self.program, tensors)
            apart = [_own_copy(result, tensors) for result in results]
            found = [
                make(t.array, t.node, True, t.results) if w and not t.weak else t
                for t, (w, _) in zip(apart, self.results, strict=True)
            ]
        else:
            arrays = self.run(*(tensor.array for tensor in tensors))
            found = [make(a, None, *kept) for a, kept in zip(arrays, self.results, strict=True)]
        return tree.unflatten(self.structure, found)

    @property
    def is_short(self) -> bool:
        """Whether arrays may go straight to compiled code, whose results have own memory."""
        return getattr(vars(self).get("run"), "gives_own_memory", False)

    def of_arrays(self, arrays: list[Array]) -> Any:
        """Return the results for arrays alone, as arrays and NumPy's numbers."""
        found = self.run(*arrays, *(tensor.array for tensor in self.captured))
        results = [
            a if a.ndim else a.item() if weak else a[()]
            for a, (weak, _) in zip(found, self.results, strict=True)
        ]
        return tree.unflatten(self.structure, results)


def _telling(compiled: Any, lacking: Equation) -> Callable[..., list[Any]]:
    """Return a compiled function that warns after its first call of what it calls back for."""
    untold = [lacking]

    def run(*arrays: Any) -> list[Any]:
        if not untold:
            return compiled(*arrays)  # type: ignore[no-any-return]
        began = time.perf_counter()
        found: list[Any] = compiled(*arrays)
        seconds = time.perf_counter() - began
        for equation in untold[:]:
            untold.clear()
            spent = sum(getattr(compiled, "called", {}).values())
            text = warning_text(equation, min(1.0, spent / seconds) if spent else None)
            warnings.warn(text, stacklevel=level_of_user())
        return found

    return run


@overload
def jit(
    function: Callable[P, Result],
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    engine: str = "auto",
    fallback: Fallback = "callback",
) -> Callable[P, Result]: ...
@overload
def jit(
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    engine: str = "auto",
    fallback: Fallback = "callback",
) -> Callable[[Callable[P, Result]], Callable[P, Result]]: ...
def jit(
    function: Callable[..., Any] | None = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    engine: str = "auto",
    fallback: Fallback = "callback",
) -> Any:
    """Return a function that computes the same on an engine, from a program traced once.

    The function runs in Python once for every signature: the tree structure of its arguments,
    the shape and dtype of every array or number, and the value of every static argument. Arrays
    of outer scopes that it uses are inputs of the program, read anew at each call. Inside a
    trace, or where a derivative is wanted, the program's operations are applied one by one.

    Args:
        function: Maps trees of arrays and numbers to a tree of arrays; without it, `jit` returns
            a decorator.
        static_argnums: Positional arguments that are constants of the program; hashable.
        static_argnames: Keyword arguments likewise. Strings and other leaves that are no
            numbers are static without being named.
        engine: "auto", "native", "numpy", "jax" or "torch".
        fallback: What becomes of an operation that the native engine cannot compute. "callback"
            calls NumPy for it from inside of the compiled program, and says so after the first
            call in one warning with the operation, its line and its share of the time; "refuse"
            raises an EngineError that names it. Both hold for "auto" and "native".

    Raises:
        ArgumentError: If a static argument cannot be hashed, or the engine is unknown.
        EngineError: If the native engine cannot compute all, with the fallback "refuse".
        TracingError: If the function asks for the value of a traced tensor.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> distance = tw.jit(lambda x, y: np.sqrt(np.sum((x - y) ** 2)), engine="numpy")
        >>> distance(np.array([0.0, 3.0]), np.array([4.0, 0.0]))
        np.float64(5.0)
    """
    options: dict[str, Any] = {
        "static_argnums": static_argnums, "static_argnames": static_argnames, "engine": engine,
        "fallback": fallback,
    }  # fmt: skip
    if function is None:
        return functools.partial(jit, **options)
    positions = {static_argnums} if isinstance(static_argnums, int) else set(static_argnums)
    names = {static_argnames} if isinstance(static_argnames, str) else set(static_argnames)
    known: dict[Any, _Traced] = {}
    # By what is seen of arrays at a glance, where nothing but arrays is given.
    short: dict[Any, _Traced] = {}
    lock = threading.Lock()

    @functools.wraps(function)
    def compiled(*args: Any, **kwargs: Any) -> Any:
        static = {i % len(args) for i in positions if -len(args) <= i < len(args)}
        wrapped = tuple(_static(a) if i in static else a for i, a in enumerate(args))
        keywords = {k: _static(a) if k in names else a for k, a in kwargs.items()}
        leaves, definition = tree.flatten((wrapped, keywords))
        glance = _glance(leaves, definition)
        traced = None if glance is None else _known(short, glance)
        if traced is not None and not any(map(is_recorded, traced.captured)):
            return traced.of_arrays(leaves)
        if not OWN.issuperset(map(type, leaves)) and is_foreign(leaves, held=True):
            # Their library's compiler is around the call, if there is one.
            return in_library("jit", compiled, function)(*args, **kwargs)
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, _ARRAYS)]
        given = [as_tensor(leaves[i]) for i in places]
        # How the elements lie decides what is a view in the function.
        orders = tuple((i, x.array.strides) for i, x in enumerate(given) if _is_strided(x))
        constants = tuple((i, v) for i, v in enumerate(leaves) if not isinstance(v, _ARRAYS))
        kinds = tuple((tensor.spec, tensor.results) for tensor in given)
        key = (definition, kinds, constants, orders)
        found = _known(known, key)
        if found is None:
            # Traced outside the lock: two threads may both trace, and the first one is kept.
            made = _trace(function, leaves, definition, places, given, engine, fallback)
            with lock:
                found = known.setdefault(key, made)
        shown = [tensor.array for tensor in found.captured]
        result = as_given(found(given), [leaves[i] for i in places], shown)
        if glance is not None and found.is_short:
            short[glance] = found
        return result

    return Transformed(compiled, functools.partial(jit, **options), function)


def _known(programs: dict[Any, _Traced], key: Any) -> _Traced | None:
    """Return what was traced for a key, if anything was.

    Raises:
        ArgumentError: If an argument in it cannot be hashed.
    """
    try:
        return programs.get(key)
    except TypeError as error:
        raise ArgumentError(
            f"jit got an argument that is neither an array nor hashable: {error}. Pass arrays "
            "and numbers in tuples, lists and dicts, or make the argument hashable."
        ) from error


def _glance(leaves: list[Any], definition: tree.TreeDef) -> Hashable:
    """Return what a program is found by if all leaves are arrays of NumPy's, else None."""
    seen: list[Hashable] = [definition]
    for leaf in leaves:
        if leaf.__class__ is not np.ndarray:
            return None
        seen += (leaf.shape, leaf.dtype, leaf.flags.c_contiguous or leaf.strides)
    return tuple(seen)


@dataclass(frozen=True)
class _Static:
    """A constant of the program; constants of one type and value share a program."""

    kind: type
    value: Any


def _static(value: Any) -> _Static:
    # 1, 1.0 and True are equal, yet programs made with them differ.
    return _Static(type(value), value)


def _trace(
    function: Callable[..., Any],
    leaves: list[Any],
    definition: tree.TreeDef,
    places: list[int],
    given: list[Tensor],
    engine: str,
    fallback: Fallback,
) -> _Traced:
    def on_symbols(*tensors: Tensor) -> Any:
        for tensor, array in zip(tensors, given, strict=True):
            note_layout(tensor.array, array.array)
        arguments = [leaf.value if isinstance(leaf, _Static) else leaf for leaf in leaves]
        for place, tensor, like in zip(places, tensors, given, strict=True):
            arguments[place] = make(tensor.array, None, tensor.weak, like.results)
        args, kwargs = tree.unflatten(definition, arguments)
        return function(*args, **kwargs)

    specs = [tensor.spec for tensor in given]
    with warned_of_random_numbers(function):
        result, current, symbols = trace(on_symbols, specs, _symbolic)
    found, structure = tree.flatten(result)
    tensors = [as_tensor(leaf) for leaf in found]
    program = finish(current, symbols, [current.lift(tensor) for tensor in tensors])
    results = [(tensor.weak, tensor.results) for tensor in tensors]
    return _Traced(program, captured_by(current), structure, results, engine, fallback)


def _own_copy(result: Tensor, given: list[Tensor]) -> Tensor:
    if result.origin is None and not any(result is tensor for tensor in given):
        return result
    return op.clone(result)


def _is_strided(tensor: Tensor) -> bool:
    array = tensor.array
    return array.__class__ is not Symbol and not array.flags.c_contiguous


def _symbolic(symbol: Symbol) -> Tensor:
    return make(symbol, None, symbol.spec.weak)
