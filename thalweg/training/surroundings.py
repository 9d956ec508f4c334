"""What a loss refers to besides its arguments: by name, steady or not, trained or not."""

from __future__ import annotations

import functools
import itertools
import types
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from thalweg.autodiff.transformed import Transformed
from thalweg.core.program import Program
from thalweg.core.tape import history
from thalweg.core.tensor import Tensor
from thalweg.engines.fingerprint import (
    checksum,
    is_library,
    is_outside,
    members_of,
    names_read,
    slots_of,
)
from thalweg.engines.randomness import SHARED, drawn_once, is_generator, random_state
from thalweg.errors import TracingError, printable
from thalweg.lines import level_of_user
from thalweg.training.carrying import Carrying
from thalweg.training.program import UNKNOWN, Problem, Traced

# A loss that refers to more than this is known in part.
_LIMIT = 5_000

_ATOMS = (int, float, complex, str, bytes, type(None), np.generic, np.dtype, np.ufunc)

_COUNTS = (itertools.count, itertools.cycle, itertools.repeat)

# Its generators may be seeded by the operating system at every call.
_NUMPYS = "numpy.random"

# Where modules keep what is assigned to them; it is found by name.
_REGISTRIES = frozenset({"_parameters", "_buffers", "_modules"})


class Surroundings:
    """Everything that a function's code leads to: `found` has its names and values in order.

    Names are written as the author would reach the value: `settings['rate']`, `model.fc.weight`.

    Attributes:
        found: The values by name.
        unsteady: Whether there is something whose state cannot be told, or a clock: what may give
            another value at every call without a trace here.
    """

    def __init__(self, function: Callable[..., Any], also: Mapping[str, Any] | None = None) -> None:
        self.found: dict[str, Any] = {}
        self.unsteady = False
        self._seen: dict[int, Any] = {}
        self._left = _LIMIT
        self._visit("", function)
        self.found.update(also or {})

    def _visit(self, label: str, value: Any) -> None:
        if self._left <= 0:
            return
        self._left -= 1
        if not isinstance(value, _ATOMS):
            if id(value) in self._seen:
                return
            self._seen[id(value)] = value
        if isinstance(value, (*_ATOMS, *_COUNTS, np.ndarray, Tensor)) or is_generator(value):
            self.found[label] = value
            node = value.node if isinstance(value, Tensor) else None
            for hook in list(node.watched.hooks.values()) if node and node.watched else []:
                self._visit(f"the hook of {label}", hook)
            return
        try:
            self.unsteady |= _is_unsteady(value)
            parts = list(_parts(label, value))
        except Exception:  # what attributes of the user's own raise when they are looked at
            self.unsteady, parts = True, []
        if not parts:
            self.found[label] = value
        for inner, part in parts:
            self._visit(inner, part)

    def name_of(self, array: np.ndarray[Any, Any]) -> str | None:
        """Return the name of an array, or of a tensor on it; None if it has none."""
        for label, value in self.found.items():
            if value is array or (isinstance(value, Tensor) and value.array is array):
                return label
        return None

    def state(self) -> dict[str, Any]:
        """Return what can be told of each value, to be compared later."""
        return {label: _mark(value) for label, value in self.found.items()}


def _is_unsteady(value: Any) -> bool:
    if isinstance(value, types.ModuleType):
        name = value.__name__
        return is_outside(name) or not is_library(name) or name == _NUMPYS
    if callable(value):
        home = str(getattr(value, "__module__", ""))
        return is_outside(home) or home.startswith(_NUMPYS)
    hidden = not hasattr(value, "__dict__") and not any(map(slots_of, type(value).__mro__))
    return hidden and not isinstance(value, (Mapping, list, tuple, set, frozenset))


def _parts(label: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a value is made of, with names."""
    if isinstance(value, types.FunctionType):
        yield from _parts_of_function(value)
    elif isinstance(value, types.MethodType):
        yield label, value.__func__
        yield "self", value.__self__
    elif isinstance(value, Transformed):
        yield label, value.made[1]
    elif isinstance(value, functools.partial):
        yield label, value.func
        yield from ((f"{label} argument {i}", a) for i, a in enumerate(value.args, 1))
        yield from value.keywords.items()
    elif isinstance(value, Mapping):
        yield from ((f"{label}[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, (list, tuple, deque)):
        yield from ((f"{label}[{i}]", part) for i, part in enumerate(value))
    elif isinstance(value, type):
        yield from _functions(label, value)
    elif not isinstance(value, types.ModuleType):
        yield from _parts_of_object(label, value)


def _parts_of_function(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    code = function.__code__
    if is_library(function.__module__) and not function.__closure__:
        return
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    for name, attributes in names_read(code):
        try:
            value = cells[name].cell_contents if name in cells else function.__globals__[name]
        except (KeyError, ValueError):
            continue
        for attribute in attributes:
            inside = value is np and attribute == "random"
            if not isinstance(value, types.ModuleType) or (
                is_library(value.__name__) and not inside
            ):
                break
            name, value = f"{name}.{attribute}", getattr(value, attribute, None)
        yield name, value
    named = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    yield from zip(named[len(named) - len(defaults) :], defaults, strict=True)
    yield from (function.__kwdefaults__ or {}).items()


def _parts_of_object(label: str, value: Any) -> Iterator[tuple[str, Any]]:
    before = f"{label}." if label else ""
    attributes = dict(getattr(value, "__dict__", None) or {})
    for base in type(value).__mro__:
        for slot in slots_of(base):
            if hasattr(value, slot):
                attributes[slot] = getattr(value, slot)
    for registry in _REGISTRIES & attributes.keys():
        attributes.update(attributes.pop(registry))
    yield from ((f"{before}{name}", part) for name, part in attributes.items())
    yield from _functions(label, type(value))


def _functions(label: str, owner: type) -> Iterator[tuple[str, Any]]:
    for base in owner.__mro__:
        if is_library(base.__module__):
            continue
        for name, member in members_of(base):
            if isinstance(member, types.FunctionType):
                yield from _parts_of_function(member)
            else:
                yield f"{label or owner.__name__}.{name}", member


def _mark(value: Any) -> Any:
    if isinstance(value, Tensor):
        value = value.array
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, None if value.dtype.hasobject else checksum(value)
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, _ATOMS):
        return repr(value)
    if is_generator(value):
        return random_state(value)
    return repr(value) if isinstance(value, _COUNTS) else id(value)


# So many names stand in a message.
_SHOWN = 4


def trace_steadily(problem: Problem, trace: Callable[[], Traced]) -> tuple[Traced, bool]:
    """Trace a loss, and once more if it may be another one at each call.

    What it changes without being changed by it, such as a count of its calls, is warned of.

    Args:
        problem: Whose loss it is.
        trace: Traces it.

    Returns:
        What was traced, and whether tracing left everything as it was.

    Raises:
        TracingError: If it depends on what it changes itself, or on a clock or the like; of random
            numbers it is warned.
    """
    before = Surroundings(problem.loss, also=SHARED)
    state = before.state()
    found = trace()
    after = Surroundings(problem.loss, also=SHARED)
    changed = _changes(state, after.state())
    if not changed and not before.unsteady:
        return found, True
    drawn = [name for name in changed if is_generator(after.found.get(name))]
    if drawn:
        what = f"The loss ({', '.join(drawn)}, {_where_drawn(problem, found, after)})"
        warnings.warn(drawn_once(what, "loss", "step"), stacklevel=level_of_user())
        return found, False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        where = _first_difference(found, trace())
    if where is not None:
        raise TracingError(_refusal_of_change(changed, where))
    if changed:
        warnings.warn(_warning_of_changes(changed), stacklevel=level_of_user())
    return found, not changed


def _where_drawn(problem: Problem, traced: Traced, look: Surroundings) -> str:
    """Say which lines use arrays that were made while tracing, or else where the loss is."""
    known = {
        id(value.array if isinstance(value, Tensor) else value) for value in look.found.values()
    }
    pairs = zip(traced.captured, traced.lines, strict=True)
    lines = dict.fromkeys(line for array, line in pairs if id(array) not in known)
    if lines:
        return f"used at {', '.join(lines)}"
    loss = problem.loss
    function = loss.source if isinstance(loss, Carrying) else loss
    code = getattr(function, "__code__", None)
    if code is None:
        return "somewhere"
    return f"in {printable(code.co_filename)}:{code.co_firstlineno}"


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    missing = object()
    names = dict.fromkeys((*after, *before))
    return [n for n in names if before.get(n, missing) != after.get(n, missing)]


def _warning_of_changes(names: list[str]) -> str:
    return (
        f"The loss changed {_names(names)} while it was traced; it runs in Python once, and not "
        "at every step. Use a callback of the run, or keep what shall follow it in a buffer of "
        "the module (register_buffer). What it kept of traced values is gone after the fit."
    )


def _refusal_of_change(names: list[str], where: str) -> str:
    what = f"{_names(names)}, which it changes itself" if names else "a value"
    return (
        f"The loss depends on {what}, used at {where}: it is another one at each call, but a run "
        "traces it once and would use the first value at every step. Keep such a value in a buffer "
        "of the module (register_buffer) and change it by tensor operations, give it as data, or "
        "train with callbacks between several fits."
    )


def _names(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _first_difference(one: Traced, other: Traced) -> str | None:
    """Return the user's line where two traces of a loss differ first, if they do."""
    for a, b, line in zip(one.captured, other.captured, other.lines, strict=False):
        if not (a is b or (a.shape == b.shape and np.array_equal(a, b, equal_nan=True))):
            return line
    for program, like in zip(one.programs, other.programs, strict=True):
        if program.signature != like.signature:
            return _first_other_line(program, like)
    return None


def _first_other_line(program: Program, like: Program) -> str:
    pairs = zip(program.signature.split("\n"), like.signature.split("\n"), strict=False)
    first = next((i for i, (a, b) in enumerate(pairs) if a != b), -1) - len(like.inputs)
    if 0 <= first < len(like.equations):
        return like.equations[first].source or UNKNOWN
    return UNKNOWN


def warn_of_untrained(problem: Problem, traced: Traced) -> None:
    """Warn, once a trace, of tensors that require gradients and stay as they are.

    Raises:
        TracingError: If one was computed from a trained parameter before the fit.
    """
    if not traced.untrained:
        return
    loss = problem.loss
    surroundings = Surroundings(loss)
    trained = set(map(id, loss.trained)) if isinstance(loss, Carrying) else set()
    told: dict[str, str] = {}
    for tensor, line in traced.untrained:
        for leaf in _leaves(tensor, traced.began):
            name = surroundings.name_of(leaf.array) or f"a tensor of shape {tuple(leaf.shape)}"
            if id(leaf) in trained:
                raise TracingError(
                    f"The loss uses at {line} what was computed from {name} before the fit; it "
                    "would stay as it is while the parameter is trained. Compute it inside the "
                    "loss."
                )
            told.setdefault(name, line)
    if told:
        listed = ", ".join(f"{name} (used at {line})" for name, line in told.items())
        warnings.warn(
            f"The loss uses {listed}, which requires grad but is no parameter that this fit "
            "trains: it stays as it is. Make it a member of the module or part of params, or call "
            "requires_grad_(False) on it if that is meant.",
            stacklevel=level_of_user(),
        )


def _leaves(tensor: Tensor, until: int) -> Iterator[Tensor]:
    """Yield the leaves older than a moment that a tensor was computed from, or it itself."""
    for node in history([tensor.node]):
        leaf = node.leaf() if node.leaf is not None else None
        if leaf is not None and node.order < until:
            yield leaf
