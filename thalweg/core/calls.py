"""Calls with arguments that a function does not take, explained."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from thalweg.errors import CallError, did_you_mean

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


def bind(
    name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Return the arguments of a call by name.

    Raises:
        CallError: If one is unknown, missing, given twice or too many.
    """
    try:
        return signature.bind(*args, **kwargs)
    except TypeError as error:
        known = list(signature.parameters)
        unknown = [word for word in kwargs if word not in known]
        what = f" got an unknown argument {unknown[0]!r}." if unknown else f": {error}."
        meant = _meant(unknown[0], known) if unknown else ""
        raise CallError(f"{name}{what}{meant or f' Its arguments are {_listed(known)}.'}") from None


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
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> Result:
            try:
                bind(function.__name__, signature, args, kwargs)
            except CallError as error:
                raise CallError(f"{error}{advise(*args, **kwargs)}") from None
            return function(*args, **kwargs)

        return checked

    return decorate
