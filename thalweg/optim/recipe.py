"""Values that know how they were made: transformations and schedules.

A recipe is a factory with its arguments. From it follow printing, comparing, pickling, and the
split into *structure* and *hyperparameters*: two recipes of one structure differ only in numbers,
so that one compiled program serves both and takes the numbers as run-time scalars.

Which arguments are numbers is read off the factory's signature: parameters annotated `float` (or
`ScalarOrSchedule`), in containers too; and floats given for parameters without annotation.
Everything else, also an integer for a parameter annotated `int`, is structure.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, ParamSpec, Self, TypeVar

from thalweg.core.calls import Arguments
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.foreign import OWN, Foreign
from thalweg.ops.numpy.libraries import with_users

__all__ = ["factory"]

Numbers = list[tuple[str, Any]]

_FLOATING = re.compile(r"\bfloat\b|\bScalarOrSchedule\b")


class Form(Arguments):
    """The arguments of a factory, and which of them are numbers."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self.floating = {name: _floating(p) for name, p in self.parameters.items()}
        self._may_be_numbers = [n for n, floating in self.floating.items() if floating is not False]

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return all arguments of a call by name, numbers as Python floats."""
        arguments = super().bind(args, kwargs)
        for name in self._may_be_numbers:
            value = arguments[name]
            if value.__class__ is not float and _is_number(value, self.floating[name]):
                arguments[name] = _plain(value)
        return arguments

    def shown(self, arguments: dict[str, Any]) -> Iterator[str]:
        """Yield the arguments worth printing: the required ones and those off their default."""
        for name, value in arguments.items():
            parameter = self.parameters[name]
            if parameter.kind is parameter.VAR_POSITIONAL:
                yield from map(_show, value)
            elif type(value) is not type(parameter.default) or value != parameter.default:
                yield f"{name}={_show(value)}"


def _floating(parameter: inspect.Parameter) -> bool | None:
    """Tell whether a parameter takes numbers; None if its signature does not say."""
    if parameter.annotation is parameter.empty:
        return None
    return _FLOATING.search(str(parameter.annotation)) is not None


class Recipe:
    """A value with the factory and the arguments that made it."""

    __slots__ = ("__weakref__", "_arguments", "_factory", "_form", "_numbers", "_structure")

    def __init_subclass__(cls) -> None:
        OWN.add(cls)

    _factory: Callable[..., Any]
    _form: Form
    _arguments: dict[str, Any]
    _numbers: Numbers
    _structure: Hashable

    def remember(self, factory: Callable[..., Any], form: Form, arguments: dict[str, Any]) -> Self:
        """Note how this value was made, and return it."""
        self._factory, self._form, self._arguments = factory, form, arguments
        self._structure = None
        return self

    def twin(self) -> Self:
        """Return a new value that behaves the same."""
        raise NotImplementedError

    @property
    def made_by(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        """The factory, and its arguments by name."""
        return self._factory, dict(self._arguments)

    @property
    def structure(self) -> Hashable:
        """A key equal for recipes that differ in nothing but their hyperparameters."""
        return self._scanned()[0]

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """The numbers by where they stand, as `{'[1].learning_rate': 0.1}`, in a fixed order."""
        return dict(self._scanned()[1])

    def rebuild(self, values: Sequence[Any]) -> Self:
        """Return the same recipe with other hyperparameters.

        Args:
            values: One a hyperparameter, in the order of `hyperparameters`: numbers, or traced
                weak scalars.

        Raises:
            ArgumentError: If there are too few or too many, or one is outside its range.
        """
        numbers = self._scanned()[1]
        if len(values) != len(numbers):
            raise ArgumentError(
                f"rebuild got {len(values)} values for {len(numbers)} hyperparameters. "
                f"Give one for each of {', '.join(path for path, _ in numbers) or 'none'}."
            )
        rest = iter(values)
        arguments = {
            name: _replace(value, self._form.floating[name], rest)
            for name, value in self._arguments.items()
        }
        args, kwargs = self._form.split(arguments)
        made: Self = self._factory(*args, **kwargs)
        return made

    def _scanned(self) -> tuple[Hashable, Numbers]:
        if self._structure is None:
            numbers: Numbers = []
            keys = []
            for name, value in self._arguments.items():
                variadic = self._form.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
                path = "" if variadic else name
                keys.append(_scan(value, self._form.floating[name], path, numbers))
            self._numbers = numbers
            self._structure = (self._factory, *keys)
        return self._structure, self._numbers

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Recipe):
            return NotImplemented
        return self is other or self._scanned() == other._scanned()

    def __hash__(self) -> int:
        structure, numbers = self._scanned()
        return hash((structure, tuple(value for _, value in numbers)))

    def __repr__(self) -> str:
        return f"{_show(self._factory)}({', '.join(self._form.shown(self._arguments))})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _call, (self._factory, *self._form.split(self._arguments))


P = ParamSpec("P")
Made = TypeVar("Made", bound=Recipe)


def factory(function: Callable[P, Made]) -> Callable[P, Made]:
    """Make the transformations or schedules that a function returns know how they were made.

    Args:
        function: Any function that returns a transformation or a schedule. Annotate its numbers
            with `float`: they become hyperparameters, which can change without recompiling.

    Example:
        >>> import thalweg as tw
        >>> @tw.optim.factory
        ... def clipped_sgd(learning_rate: float, max_norm: float = 1.0):
        ...     return tw.optim.chain(
        ...         tw.optim.clip_by_global_norm(max_norm), tw.optim.sgd(learning_rate)
        ...     )
        >>> clipped_sgd(0.1)
        clipped_sgd(learning_rate=0.1)
        >>> clipped_sgd(0.1).hyperparameters
        {'learning_rate': 0.1, 'max_norm': 1.0}
    """
    form = Form(function)

    @functools.wraps(function)
    def make(*args: P.args, **kwargs: P.kwargs) -> Made:
        arguments = form.bind(args, kwargs)
        positional, named = form.split(with_users(arguments))
        made = function(*positional, **named)
        return made.twin().remember(make, form, arguments)

    make.__signature__ = _signature(function)  # type: ignore[attr-defined]
    return make


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature of a function with types in place of their names, where those are known.

    So a reader of signatures finds `ScalarOrSchedule`, of arguments that may be schedules.
    """
    found, known = inspect.signature(function), function.__globals__
    parameters = [
        p.replace(annotation=known.get(p.annotation, p.annotation))
        if isinstance(p.annotation, str)
        else p
        for p in found.parameters.values()
    ]
    return found.replace(parameters=parameters)


def _call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return function(*args, **kwargs)


# ---- numbers


def _is_number(value: Any, floating: bool | None) -> bool:
    if floating is False or isinstance(value, bool):
        return False
    if isinstance(value, float):
        return True
    return floating is True and (isinstance(value, int) or _is_scalar(value))


def _is_scalar(value: Any) -> bool:
    """Tell whether a value is an array or a tensor that holds one number."""
    return getattr(value, "shape", None) == () and getattr(value, "dtype", None) is not None


def _plain(value: Any) -> Any:
    """Return a number as a Python float, unless it is traced, differentiated or foreign."""
    if isinstance(value, Tensor):
        known = not (value.is_symbolic or value.requires_grad or isinstance(value.array, Foreign))
        return float(value) if known else value
    known = isinstance(value, (int, float)) or type(value).__module__ == "numpy"
    return float(value) if known else value


# ---- walks over an argument: all three visit its numbers in one order


# Stands in a structure where a hyperparameter was; texts stand there with their type.
_NUMBER = "·"


class _Identity:
    """A stand-in for an unhashable object, equal to itself alone."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def _items(mapping: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    # The order of a plain dict's keys means nothing; that of an ordered one does.
    items = list(mapping.items())
    return sorted(items, key=lambda item: repr(item[0])) if type(mapping) is dict else items


def _scan(value: Any, floating: bool | None, path: str, numbers: Numbers) -> Hashable:
    """Return a hashable stand-in for an argument, and append its numbers."""
    if isinstance(value, Recipe):
        key, inner = value._scanned()
        for below, number in inner:
            dot = "." if path and not below.startswith("[") else ""
            numbers.append((f"{path}{dot}{below}", number))
        return key
    if _is_number(value, floating):
        numbers.append((path, _plain(value)))
        return _NUMBER
    if isinstance(value, Mapping):
        pairs = [(k, _scan(v, floating, f"{path}[{k!r}]", numbers)) for k, v in _items(value)]
        return type(value), *pairs
    if isinstance(value, (list, tuple)):
        keys = [_scan(v, floating, f"{path}[{i}]", numbers) for i, v in enumerate(value)]
        return type(value), *keys
    return _key(value)


def _key(value: Any) -> Hashable:
    if isinstance(value, Tensor):
        return _Identity(value) if value.is_symbolic else _key(value.array)
    if isinstance(value, functools.partial):
        bound = tuple((name, _key(given)) for name, given in value.keywords.items())
        return _key(value.func), tuple(map(_key, value.args)), bound
    if hasattr(value, "tobytes") and hasattr(value, "dtype"):
        return value.shape, str(value.dtype), value.tobytes()
    try:
        hash(value)
    except TypeError:
        return _Identity(value)
    return type(value), value


def _replace(value: Any, floating: bool | None, rest: Iterator[Any]) -> Any:
    """Return an argument with its numbers replaced by the next values."""
    if isinstance(value, Recipe):
        return value.rebuild([next(rest) for _ in value._scanned()[1]])
    if _is_number(value, floating):
        return next(rest)
    if isinstance(value, Mapping):
        replaced = {k: _replace(v, floating, rest) for k, v in _items(value)}
        # In the order given: a state may be in that of the keys.
        return type(value)({k: replaced[k] for k in value})  # type: ignore[call-arg]
    if isinstance(value, (list, tuple)):
        items = [_replace(v, floating, rest) for v in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def _show(value: Any) -> str:
    if isinstance(value, Recipe):
        return repr(value)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_show(k)}: {_show(v)}' for k, v in value.items())}}}"
    if type(value) is list:
        return f"[{', '.join(map(_show, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(_show, value))}{',' if len(value) == 1 else ''})"
    name = getattr(value, "__name__", None)
    return name if callable(value) and name is not None else repr(value)
