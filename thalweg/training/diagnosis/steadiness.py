"""Whether a loss is the same at every call: what tracing sees once would be used at every step."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.program import Program, level_of_user
from thalweg.core.tensor import Tensor
from thalweg.engines.randomness import SHARED, drawn_once, is_generator
from thalweg.errors import TracingError, printable
from thalweg.training.program import UNKNOWN, Problem, Traced
from thalweg.training.surroundings import Surroundings

# So many names stand in a message.
_SHOWN = 4


def trace_steadily(problem: Problem, trace: Callable[[], Traced]) -> tuple[Traced, bool]:
    """Trace a loss, and once more if it may be another one at each call.

    What it changes without being changed by it, such as a count of its calls, is warned of.

    Args:
        problem: Whose loss it is.
        trace: Traces it.

    Returns:
        What was traced, and whether tracing left everything as it was.

    Raises:
        TracingError: If it depends on what it changes itself, or on a clock or the like; of random
            numbers it is warned.
    """
    before = _Look(problem.loss)
    found = trace()
    after = _Look(problem.loss)
    changed = _changes(before.state, after.state)
    if not changed and not before.unsteady:
        return found, True
    drawn = [name for name in changed if is_generator(after.found.get(name))]
    if drawn:
        what = f"The loss ({', '.join(drawn)}, {_where_drawn(problem, found, after)})"
        warnings.warn(drawn_once(what, "loss", "step"), stacklevel=level_of_user())
        return found, False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        where = _first_difference(found, trace())
    if where is not None:
        raise TracingError(_unsteady(changed, where))
    if changed:
        warnings.warn(_changed(changed), stacklevel=level_of_user())
    return found, not changed


def _where_drawn(problem: Problem, traced: Traced, look: _Look) -> str:
    """Say which lines use arrays that were made while tracing, or else where the loss is."""
    known = {
        id(value.array if isinstance(value, Tensor) else value) for value in look.found.values()
    }
    pairs = zip(traced.captured, traced.lines, strict=True)
    lines = dict.fromkeys(line for array, line in pairs if id(array) not in known)
    if lines:
        return f"used at {', '.join(lines)}"
    function = problem.loss if problem.model is None else type(problem.model).forward
    code = getattr(function, "__code__", None)
    return (
        f"in {printable(code.co_filename)}:{code.co_firstlineno}"
        if code is not None
        else "somewhere"
    )


class _Look:
    """What a loss refers to at a moment, and its state."""

    def __init__(self, loss: Callable[..., Any]) -> None:
        surroundings = Surroundings(loss)
        surroundings.found.update(SHARED)
        self.unsteady = surroundings.unsteady
        self.found = surroundings.found
        self.state = surroundings.state()


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    missing = object()
    names = dict.fromkeys((*after, *before))
    return [n for n in names if before.get(n, missing) != after.get(n, missing)]


def _changed(names: list[str]) -> str:
    return (
        f"The loss changed {_listed(names)} while it was traced; it runs in Python once, and not "
        "at every step. Use a callback of the run, or keep what shall follow it in a buffer of "
        "the module (register_buffer). What it kept of traced values is gone after the fit."
    )


def _unsteady(names: list[str], where: str) -> str:
    what = f"{_listed(names)}, which it changes itself" if names else "a value"
    return (
        f"The loss depends on {what}, used at {where}: it is another one at each call, but a run "
        "traces it once and would use the first value at every step. Keep such a value in a buffer "
        "of the module (register_buffer) and change it by tensor operations, give it as data, or "
        "train with callbacks between several fits."
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _first_difference(one: Traced, other: Traced) -> str | None:
    """Return the user's line where two traces of a loss differ first, if they do."""
    for a, b, line in zip(one.captured, other.captured, other.lines, strict=False):
        if not (a is b or (a.shape == b.shape and np.array_equal(a, b, equal_nan=True))):
            return line
    for program, like in zip(one.programs, other.programs, strict=True):
        if program.signature != like.signature:
            return _first_other_line(program, like)
    return None


def _first_other_line(program: Program, like: Program) -> str:
    pairs = zip(program.signature.split("\n"), like.signature.split("\n"), strict=False)
    first = next((i for i, (a, b) in enumerate(pairs) if a != b), -1) - len(like.inputs)
    if 0 <= first < len(like.equations):
        return like.equations[first].source or UNKNOWN
    return UNKNOWN
