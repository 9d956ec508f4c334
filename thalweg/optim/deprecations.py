"""Names of Optax that are on their way out: they work, and say what is to be written instead."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")

Result = TypeVar("Result")


def deprecated(
    replacement: str = "", removed: str = ""
) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """Make a function warn where it is called, in the words that Optax has.

    Args:
        replacement: What to write instead; empty if there is nothing.
        removed: The version of Optax that is without it.
    """

    def declare(function: Callable[P, Result]) -> Callable[P, Result]:
        words = [f"The function {function.__name__} is deprecated."]
        if replacement:
            words.append(f"Please use {replacement} instead.")
        if removed:
            words.append(f"This function will be/was removed in optax {removed}.")

        @functools.wraps(function)
        def warning(*args: P.args, **kwargs: P.kwargs) -> Result:
            warnings.warn(" ".join(words), DeprecationWarning, stacklevel=2)
            return function(*args, **kwargs)

        return warning

    return declare


def moved(name: str, before: str, now: ModuleType) -> Any:
    """Return what a module has that another one had before, and warn of that.

    Args:
        name: Its name.
        before: The name of the module that had it.
        now: The module that has it.
    """
    warnings.warn(
        f"{before}.{name} is deprecated: use {now.__name__}.{name}.",
        DeprecationWarning,
        stacklevel=3,
    )
    return getattr(now, name)
