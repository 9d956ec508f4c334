"""Calls with arguments that a function does not take, explained."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from thalweg.errors import CallError, did_you_mean

_Parameter = inspect.Parameter
_POSITIONAL = _Parameter.POSITIONAL_OR_KEYWORD

P = ParamSpec("P")
Result = TypeVar("Result")

# Other libraries' names for what a call here is named differently.
_NAMES_ELSEWHERE = {
    "alpha": "learning_rate",
    "beta1": "b1",
    "beta2": "b2",
    "beta_1": "b1",
    "beta_2": "b2",
    "epsilon": "eps",
    "eta": "learning_rate",
    "lr": "learning_rate",
    "n_epochs": "epochs",
    "num_epochs": "epochs",
    "max_iter": "epochs",
    "n_steps": "steps",
    "num_steps": "steps",
    "random_state": "seed",
    "validation_data": "validation",
    "verbose": "progress",
    "x0": "params",
}


class Arguments:
    """What arguments a function takes.

    Attributes:
        name: The function's name.
        parameters: Its parameters by name.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.name = getattr(function, "__name__", type(function).__name__)
        self._signature = inspect.signature(function)
        self.parameters = self._signature.parameters
        kinds = {p.kind for p in self.parameters.values()}
        self._by_name = kinds <= {_Parameter.POSITIONAL_OR_KEYWORD, _Parameter.KEYWORD_ONLY}
        self._positional = [n for n, p in self.parameters.items() if p.kind <= _POSITIONAL]
        self._defaults = {n: p.default for n, p in self.parameters.items()}
        self._required = [n for n, p in self.parameters.items() if p.default is p.empty]

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return all arguments of a call by name, the defaults among them.

        Raises:
            CallError: If one is unknown, missing, given twice or too many.
        """
        if self._by_name and len(args) <= len(self._positional):
            # The ordinary call, ten times faster than by `inspect`.
            given = self._defaults.copy()
            given.update(zip(self._positional, args, strict=False))
            twice = kwargs and not kwargs.keys().isdisjoint(self._positional[: len(args)])
            given.update(kwargs)
            missing = any(given[name] is _Parameter.empty for name in self._required)
            if len(given) == len(self._defaults) and not missing and not twice:
                return given
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise CallError(self._mistake(kwargs, error)) from None
        bound.apply_defaults()
        return bound.arguments

    def split(self, arguments: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the positional and the keyword arguments of a call."""
        if self._by_name:
            return (), arguments
        bound = inspect.BoundArguments(self._signature, arguments)
        return bound.args, bound.kwargs

    def _mistake(self, kwargs: Mapping[str, Any], error: TypeError) -> str:
        known = list(self.parameters)
        unknown = [word for word in kwargs if word not in known]
        what = f" got an unknown argument {unknown[0]!r}." if unknown else f": {error}."
        meant = _meant(unknown[0], known) if unknown else ""
        return f"{self.name}{what}{meant or f' Its arguments are {_listed(known)}.'}"


def _meant(word: str, known: list[str]) -> str:
    elsewhere = _NAMES_ELSEWHERE.get(word.lower())
    return f" Here it is named {elsewhere!r}." if elsewhere in known else did_you_mean(word, known)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


def explained(advise: Callable[..., str]) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """Check the arguments of every call of a function, and explain those that do not fit.

    Args:
        advise: Called with the arguments of such a call, returns what else to say.
    """

    def decorate(function: Callable[P, Result]) -> Callable[P, Result]:
        arguments = Arguments(function)

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> Result:
            try:
                arguments.bind(args, kwargs)
            except CallError as error:
                raise CallError(f"{error}{advise(*args, **kwargs)}") from None
            return function(*args, **kwargs)

        return checked

    return decorate
