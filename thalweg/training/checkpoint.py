"""When a run writes itself to a file, and how one is taken up again."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from thalweg.errors import ArgumentError, CheckpointError
from thalweg.training.batches import Batches, whole_number
from thalweg.training.record import Array, Record, read_record
from thalweg.training.result import Fit


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often a run writes itself to a file; it does at its end in any case.

    Args:
        path: The file. It is replaced whole: after a crash it is the old one or the new one.
        steps: Write after every so many steps.
        seconds: Write when so much time has passed since the last; by default 10 s, unless
            `steps` is given.

    Raises:
        ArgumentError: If steps or seconds is not positive.
    """

    path: str | os.PathLike[str]
    steps: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.steps is not None:
            whole_number("steps", self.steps, 1, "It is the number of steps between two files.")
        elif self.seconds is None:
            object.__setattr__(self, "seconds", 10.0)
        if self.seconds is not None and not self.seconds > 0:
            raise ArgumentError(
                f"seconds={self.seconds!r} was given, but the time between two checkpoints must "
                "be positive. Give one such as 10.0."
            )


def read_checkpoint(checkpoint: Any) -> Checkpoint | None:
    """Return the checkpoint argument of `fit` as a Checkpoint.

    Raises:
        ArgumentError: If it is neither a path nor a Checkpoint.
        CheckpointError: If its folder is missing.
    """
    if checkpoint is None:
        return None
    if isinstance(checkpoint, (str, os.PathLike)):
        checkpoint = Checkpoint(checkpoint)
    if not isinstance(checkpoint, Checkpoint):
        raise ArgumentError(
            f"checkpoint={checkpoint!r} was given; it wants a path, or Checkpoint(path, …)."
        )
    folder = Path(os.path.realpath(checkpoint.path)).parent
    if not folder.is_dir():
        raise CheckpointError(
            f"checkpoint={os.fspath(checkpoint.path)!r} was given, but the folder {folder} does "
            "not exist. Create it first."
        )
    return checkpoint


def read_resume(resume: Any, checkpoint: Checkpoint | None) -> Record | None:
    """Return the record to continue from.

    A missing file is an error, unless the run writes its checkpoints to that same file: so a
    script that is started again after a crash starts from the beginning or from where it was.

    Raises:
        ArgumentError: If it is neither a path nor a Fit.
        CheckpointError: If the file is missing or damaged.
    """
    if resume is None:
        return None
    if isinstance(resume, Fit):
        return resume.record
    if not isinstance(resume, (str, os.PathLike)):
        raise ArgumentError(
            f"resume={resume!r} was given; it wants the path of a checkpoint, or a Fit."
        )
    own = checkpoint is not None and os.path.realpath(resume) == os.path.realpath(checkpoint.path)
    if own and not Path(resume).exists():
        return None
    return read_record(resume)[0]


# How to call what is no argument of fit.
_LABELS = {
    "rows": "The number of rows",
    "remainder": "The size of an epoch's smaller last batch (see drop_last)",
}


def require_same(
    record: Record, params: list[Array], state: list[Array], layout: Batches, optimizer: object
) -> None:
    """Refuse to continue a run with something else than it was begun with.

    Numbers of the optimizer, such as its learning rate, may differ.

    Raises:
        CheckpointError: If parameters, optimizer state or the layout of the epochs differ.
    """
    for name, given, kept in (
        ("parameters", params, record.params),
        ("optimizer's state", state, record.state),
    ):
        mine = [(array.shape, array.dtype.name) for array in given]
        theirs = [(array.shape, array.dtype.name) for array in kept]
        if mine != theirs:
            whose = f" of {optimizer}" if given is state else ""
            kept_by = f", of {record.optimizer}" if given is state else ""
            raise CheckpointError(
                f"The {name}{whose} would be {_listed(mine)}, but the run to resume has "
                f"{_listed(theirs)}{kept_by}. Resume with the params and the optimizer it was "
                "begun with, or start a new run from its params."
            )
    for field in fields(Batches):
        mine, theirs = getattr(layout, field.name), getattr(record.layout, field.name)
        if mine != theirs:
            raise CheckpointError(
                f"{_LABELS.get(field.name, field.name)} is {_shown(field.name, mine)} here, but "
                f"{_shown(field.name, theirs)} in the run to resume; its order "
                "of rows could not go on. Resume with the data and batches it was begun with, or "
                "start a new run from its params."
            )


def _shown(name: str, value: Any) -> str:
    return "None (all rows)" if name == "batch_size" and value == 0 else repr(value)


def _listed(specs: list[Any]) -> str:
    listed = ", ".join(f"{dtype}{list(shape)}" for shape, dtype in specs[:6])
    return listed + (", …" if len(specs) > 6 else "") if specs else "nothing"


__all__ = ["Checkpoint", "read_checkpoint", "read_resume", "require_same"]
