"""Errors that a loss raises while it is traced, told with the user's line and shapes."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from thalweg import tree
from thalweg.core.program import raised_at
from thalweg.core.tensor import Tensor
from thalweg.errors import ThalwegError, TrainingDiverged

if TYPE_CHECKING:
    from thalweg.training.program import Problem


@contextlib.contextmanager
def at_the_users_line(problem: Problem, data: Sequence[Tensor]) -> Iterator[None]:
    """Add to an error the line of the loss it comes from, and what the loss was called with."""
    try:
        yield
    except TrainingDiverged:
        raise
    except ThalwegError as error:
        told = f"{error} The loss was called with {called_with(problem, data)}{_line(error)}."
        raise type(error)(told) from error


@contextlib.contextmanager
def from_the_optimizer(problem: Problem) -> Iterator[None]:
    """Add to an error that it comes from the optimizer, and the user's line if there is one."""
    try:
        yield
    except ThalwegError as error:
        told = f"{error} It came from the optimizer, {problem.optimizer}{_line(error, inside=1)}."
        raise type(error)(told) from error


def _line(error: BaseException, inside: int = 0) -> str:
    """Return ", at FILE:LINE" for the innermost line that is the user's.

    Args:
        error: What was raised.
        inside: How many of the outermost frames do not count.
    """
    line = raised_at(error, inside)
    return f", at {line}" if line else ""


def called_with(problem: Problem, data: Sequence[Tensor]) -> str:
    """Describe the arguments of the loss by name and shape."""
    names = _names(problem.loss)
    params = _shapes(tree.unflatten(problem.params, [spec.shape for spec in problem.param_specs]))
    arguments: Any = tree.unflatten(problem.data, list(data))
    items: list[tuple[str, Any]] = [(names[0] if names else "params", params)]
    if isinstance(arguments, dict):
        items += [
            (name, _shapes(tree.map(lambda t: tuple(t.shape), v))) for name, v in arguments.items()
        ]
    else:
        for position, value in enumerate(arguments, 1):
            name = names[position] if position < len(names) else f"data[{position - 1}]"
            items.append((name, _shapes(tree.map(lambda t: tuple(t.shape), value))))
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
