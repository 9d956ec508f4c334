"""The further arguments of a user's function: numbers, which a run takes anew, and all others."""

from __future__ import annotations

from typing import Any

from thalweg import tree
from thalweg.core.tensor import Tensor
from thalweg.ops.numpy.kinds import NUMBERS

# The arguments that are numbers; and all others, with their structure.
Dynamic = tuple[Any, ...]
Statics = tuple[Any, ...]


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
