"""From where to where a run goes, and what it stops for on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from thalweg.data.memory import require_memory
from thalweg.errors import ArgumentError
from thalweg.training.inputs import whole_number
from thalweg.training.record import Record

Evaluate = Callable[[Sequence[Any]], float]


@dataclass(frozen=True, slots=True)
class Course:
    """What a run is to do.

    Attributes:
        start: The step it starts from.
        total: The step it ends at.
        began: The step at which this call of fit began, or the interrupted one it completes.
        evaluate: The loss on the validation data, if there are any, of the leaves of parameters
            and state.
        evaluate_every: The steps between two evaluations; 0 for none.
        patience: After how many evaluations without a new best one to stop; 0 for never.
    """

    start: int
    total: int
    began: int
    evaluate: Evaluate | None
    evaluate_every: int
    patience: int


def read_course(
    steps_per_epoch: int,
    before: Record | None,
    wanted: tuple[Any, Any],
    evaluations: tuple[Any, Any],
    evaluate: Evaluate | None,
    heard: bool,
) -> Course:
    """Check the arguments that say how long a run is.

    Args:
        steps_per_epoch: The number of steps in an epoch.
        before: The run to continue, if any.
        wanted: The arguments `epochs` and `steps`.
        evaluations: The arguments `evaluate_every` and `patience`.
        evaluate: The loss on the validation data, if there are any.
        heard: Whether a callback listens to evaluations.

    Raises:
        ArgumentError: If one is outside its range, or needs validation data that are missing.
        DataError: If the history would not fit in memory.
    """
    epochs, steps = wanted
    if steps is not None and epochs != 1:
        raise ArgumentError(
            f"epochs={epochs!r} and steps={steps!r} were given; each says how long to run. "
            "Give one of them."
        )
    if steps is None:
        advice = "It is how often to go through the data."
        count = steps_per_epoch * whole_number("epochs", epochs, 1, advice)
    else:
        count = whole_number("steps", steps, 1, "It is how many steps to make.")
    start = 0 if before is None else before.step
    began = start if before is None or before.finished else before.began
    if began + count < start:
        raise ArgumentError(
            f"The run to resume was interrupted at step {start} of a call that began at step "
            f"{began}; {count} steps of it would end before. An interrupted run is completed: "
            "give the epochs or steps of the interrupted call, or more."
        )
    require_memory(8 * (began + count - start), f"The loss of each of {count:,} steps")
    every, patience = evaluations
    if evaluate is None:
        _require_validation(evaluate_every=None if heard else every, patience=patience)
    if every is not None:
        every = whole_number("evaluate_every", every, 1, "It is a number of steps.")
    if patience is not None:
        patience = whole_number("patience", patience, 1, "It is a number of evaluations.")
    if evaluate is None and not heard:
        every = 0
    elif every is None:
        every = min(steps_per_epoch, count)
    return Course(start, began + count, began, evaluate, every, patience or 0)


def _require_validation(**arguments: Any) -> None:
    for name, value in arguments.items():
        if value is not None:
            raise ArgumentError(
                f"{name}={value!r} was given, but there are no validation data to evaluate. "
                f"Give validation=(X, y), in the form of the data, or leave {name} out."
            )
