"""Whether a transformation may be traced once and run from then on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.optim.recipe import Recipe

# Arguments that are functions of names and shapes, which are the same at every step.
_OF_SHAPES = ("mask", "label", "filter", "spec", "dimension")


def is_pure(value: Any, name: str = "") -> bool:
    """Tell whether all functions that compute with values are thalweg's own.

    A function of the user's may look at anything that changes from step to step, which a trace
    would not see: it is called at every step instead.

    Args:
        value: A transformation, or what one was made with.
        name: The argument that it was given for.
    """
    if isinstance(value, Recipe):
        return all(is_pure(given, key) for key, given in value.made_by[1].items())
    if isinstance(value, Mapping):
        return all(is_pure(given, name) for given in value.values())
    if isinstance(value, (list, tuple)):
        return all(is_pure(given, name) for given in value)
    if not callable(value) or isinstance(value, type):
        return True
    ours = (getattr(value, "__module__", None) or "").partition(".")[0] == "thalweg"
    return ours or any(word in name for word in _OF_SHAPES)
