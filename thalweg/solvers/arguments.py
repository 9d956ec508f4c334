"""The further arguments of a user's function: numbers, which a run takes anew, and all others."""

from __future__ import annotations

from typing import Any

from thalweg import tree
from thalweg.autodiff.transformed import Transformed
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.numpy.kinds import NUMBERS

# The arguments that are numbers; and all others, with their structure.
Dynamic = tuple[Any, ...]
Statics = tuple[Any, ...]

# What SciPy takes for a derivative by differences; here derivatives are exact.
_DIFFERENCES = ("2-point", "3-point", "cs")


def given_derivative(name: str, given: Any, also: tuple[Any, ...] = ()) -> Any:
    """Return a derivative that the user gave, or None if it is to be derived.

    Args:
        name: The argument's.
        given: What was given.
        also: What else may be given.

    Raises:
        ArgumentError: If it is nothing of that.
    """
    if given is None or given is False or (isinstance(given, str) and given in _DIFFERENCES):
        return None
    if callable(given) or any(given is other for other in also):
        return given
    raise ArgumentError(
        f"{name}={given!r} was given. It wants a function, or None: then it is derived, exactly."
    )


def split_arguments(args: Any) -> tuple[Dynamic, Statics]:
    """Return the arguments that are numbers, and all others with their structure."""
    given = args if isinstance(args, tuple) else (args,)
    leaves, definition = tree.flatten(given)
    numeric = tuple(isinstance(leaf, (Tensor, *NUMBERS)) for leaf in leaves)
    dynamic = tuple(leaf for leaf, n in zip(leaves, numeric, strict=True) if n)
    others = tuple(None if n else leaf for leaf, n in zip(leaves, numeric, strict=True))
    return dynamic, (definition, numeric, others)


def whole_arguments(dynamic: Dynamic, statics: Statics) -> tuple[Any, ...]:
    """Return the arguments of both kinds."""
    definition, numeric, others = statics
    rest = iter(dynamic)
    leaves = [next(rest) if n else other for n, other in zip(numeric, others, strict=True)]
    found: tuple[Any, ...] = tree.unflatten(definition, leaves)
    return found


def taking_part(function: Any, fronts: int, first: int, last: int) -> Any:
    """Return a function of all arguments of a problem, of which it takes some.

    Args:
        function: What is no function is returned as it is.
        fronts: How many arguments stand in front of these.
        first: The first that it takes.
        last: The one behind the last.
    """
    if not callable(function):
        return function

    def taking(*given: Any) -> Any:
        return function(*given[:fronts], *given[fronts + first : fronts + last])

    return Transformed(taking, taking_part, function, fronts, first, last)
