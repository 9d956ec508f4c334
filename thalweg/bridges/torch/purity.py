"""What a transformation is made of: functions of the user's, and numbers that its state holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.recipe import Recipe
from thalweg.optim.schedules.injecting import Injected

# Arguments that are functions of names and shapes, which are the same at every step.
_OF_SHAPES = ("mask", "label", "filter", "spec", "dimension")


def is_pure(transformation: Recipe) -> bool:
    """Tell whether all functions that compute with values are thalweg's own.

    A function of the user's may look at anything that changes from step to step, which a trace
    would not see: it is called at every step instead.
    """
    return all(
        not callable(value)
        or isinstance(value, (type, Recipe))
        or _is_ours(value)
        or any(word in name for word in _OF_SHAPES)
        for name, value in _parts(transformation, "")
    )


def refuse_numbers_in_state(transformation: Recipe) -> None:
    """Accept a transformation whose numbers are not in its state.

    Raises:
        ArgumentError: If some are, by `inject_hyperparams`.
    """
    for _, value in _parts(transformation, ""):
        if isinstance(value, Injected):
            inner = getattr(value.inner_factory, "__name__", value.inner_factory)
            raise ArgumentError(
                f"{transformation} keeps its numbers in its state, where options of parameter "
                f"groups do not reach them. Give {inner}(…) itself: its numbers are options."
            )


def _parts(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield what a value was made with, and what that was made with, by name of argument."""
    yield name, value
    if isinstance(value, Recipe):
        made_by, given = value.made_by
        yield "", made_by
        for key, each in given.items():
            yield from _parts(each, key)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _parts(each, name)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _parts(each, name)


def _is_ours(function: Any) -> bool:
    """Tell whether a function is thalweg's, or a factory of one that is."""
    if isinstance(function, Injected):
        return _is_ours(function.inner_factory)
    module = getattr(function, "__module__", None) or type(function).__module__
    return module.partition(".")[0] == "thalweg"
