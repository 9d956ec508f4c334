"""Errors that a loss raises while it is traced, told with the user's line and shapes."""

from __future__ import annotations

import contextlib
import inspect
import traceback
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from thalweg import tree
from thalweg.core.tensor import Tensor
from thalweg.errors import ThalwegError, TrainingDiverged

if TYPE_CHECKING:
    from thalweg.training.program import Problem

_OWN = ("thalweg.", "numpy", "contextlib", "optree")


@contextlib.contextmanager
def at_the_users_line(problem: Problem, data: Sequence[Tensor]) -> Iterator[None]:
    """Add to an error the line of the loss it comes from, and what the loss was called with."""
    try:
        yield
    except TrainingDiverged:
        raise
    except ThalwegError as error:
        told = f"{error} The loss was called with {_called_with(problem, data)}{_line(error)}."
        raise type(error)(told) from error


def _line(error: BaseException) -> str:
    """Return " at FILE:LINE" for the innermost line that is the user's."""
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(_OWN) and module != "thalweg":
            found = f", at {frame.f_code.co_filename}:{line}"
    return found


def _called_with(problem: Problem, data: Sequence[Tensor]) -> str:
    """Describe the arguments of the loss by name and shape."""
    names = _names(problem.loss)
    params = _shapes(tree.unflatten(problem.params, [spec.shape for spec in problem.param_specs]))
    arguments: Any = tree.unflatten(problem.data, list(data))
    items: list[tuple[str, Any]] = [(names[0] if names else "params", params)]
    if isinstance(arguments, dict):
        items += [(name, _shapes(tree.map(lambda t: t.shape, v))) for name, v in arguments.items()]
    else:
        for position, value in enumerate(arguments, 1):
            name = names[position] if position < len(names) else f"data[{position - 1}]"
            items.append((name, _shapes(tree.map(lambda t: t.shape, value))))
    return ", ".join(f"{name} {shape}" for name, shape in items)


def _shapes(shapes: Any) -> str:
    text = str(shapes)
    return text if len(text) <= 300 else f"{text[:300]}…"


def _names(loss: Any) -> list[str]:
    try:
        parameters = inspect.signature(loss).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in parameters if parameter.kind in positional]
