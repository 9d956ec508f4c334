"""Everything a run can be continued from, with its history, in memory or in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg import tree
from thalweg.core.tensor import Tensor, make
from thalweg.errors import CheckpointError
from thalweg.training import storage
from thalweg.training.inputs import Batches

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class History:
    """The course of a fit.

    Attributes:
        loss: The loss of each step, on its batch, before its update; float64 of shape (steps,).
        validation: The loss on the validation data, float64 of shape (evaluations,).
        validation_step: How many steps had been made at each evaluation, int64.
        steps_per_epoch: The number of steps in an epoch.
    """

    loss: NDArray[np.float64]
    validation: NDArray[np.float64]
    validation_step: NDArray[np.int64]
    steps_per_epoch: int

    @property
    def step(self) -> Array:
        """How many steps had been made when each loss was taken, from 0 on."""
        return np.arange(len(self.loss))

    @property
    def epoch(self) -> Array:
        """How many epochs had been made when each loss was taken."""
        return self.step / self.steps_per_epoch

    @property
    def validation_epoch(self) -> Array:
        """How many epochs had been made at each evaluation."""
        return self.validation_step / self.steps_per_epoch

    def __len__(self) -> int:
        return len(self.loss)

    def __repr__(self) -> str:
        evaluations = f", {len(self.validation)} evaluations" if len(self.validation) else ""
        return f"History({len(self.loss)} steps{evaluations})"


@dataclass(frozen=True, eq=False)
class Record:
    """A run as it stands after a step.

    Attributes:
        params: The leaves of the parameters.
        state: The leaves of the optimizer's state.
        best: The leaves of the parameters of the best evaluation, or None before the first.
        losses: The loss of every step so far.
        validation: The loss of every evaluation so far.
        validation_step: The steps made at each evaluation.
        step: How many steps have been made.
        began: The step at which the call of `fit` began that this record is of.
        finished: Whether that call made all its steps, or was stopped on purpose.
        layout: How the epochs are laid out.
        optimizer: The optimizer, or its text.
        loss: The name of the loss.
        engine: The name of the engine.
        seconds: The time that call took so far.
        running: The part of it spent in steps.
        compiling: The time it took to trace and compile, apart from these.
        called: The part of `running` spent in calls back into Python, by what was called.
    """

    params: list[Array]
    state: list[Array]
    best: list[Array] | None
    losses: Array
    validation: Array
    validation_step: Array
    step: int
    began: int
    finished: bool
    layout: Batches
    optimizer: object
    loss: str
    engine: str
    seconds: float
    running: float
    compiling: float
    called: dict[str, float] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: of the optimizer, which may hold functions, its text."""
        return {**vars(self), "optimizer": str(self.optimizer)}


@dataclass(frozen=True, slots=True)
class Trees:
    """The trees around a record's arrays, with the arrays' numbers for leaves.

    Attributes:
        params: The tree of the parameters.
        kinds: What the caller had for each array.
        state: The tree of the optimizer's state.
    """

    params: Any
    kinds: tuple[type, ...]
    state: Any

    @classmethod
    def of(cls, params: tree.TreeDef, kinds: tuple[type, ...], state: tree.TreeDef) -> Trees:
        """Return the trees of flattened parameters and state."""
        return cls(_numbers(params), kinds, _numbers(state))

    def require_writable(self) -> None:
        """Refuse, before a run rather than after it, trees that no file can hold.

        Raises:
            CheckpointError: If a key of a dict is none that JSON can hold.
        """
        storage.describe(self.params)
        storage.describe(self.state)

    def names(self) -> list[str]:
        """Return the names of the parameters, in the order of their arrays."""
        places, named = tree.leaves(self.params), tree.names(self.params)
        found = {place: ".".join(way) for place, way in zip(places, named, strict=True)}
        return [found[i] for i in range(len(found))]

    def params_of(self, arrays: Sequence[Array]) -> Any:
        """Return parameters in the caller's tree and kinds of arrays."""
        places, definition = tree.flatten_parameters(self.params)
        return tree.unflatten(definition, [_as_kind(arrays[i], self.kinds[i]) for i in places])

    def state_of(self, arrays: Sequence[Array]) -> Any:
        """Return the optimizer's state as its `init` makes it of such parameters."""
        tensors = any(issubclass(kind, Tensor) for kind in self.kinds)
        scalar: type = Tensor if tensors else np.generic
        array: type = Tensor if tensors else np.ndarray
        places, definition = tree.flatten_parameters(self.state)
        found = [_as_kind(arrays[i], array if arrays[i].ndim else scalar) for i in places]
        return tree.unflatten(definition, found)


def _numbers(definition: tree.TreeDef) -> Any:
    return tree.unflatten(definition, range(definition.num_leaves))


def _as_kind(array: Array, kind: type) -> Any:
    # Copies: what the caller does to them must not reach the run.
    if issubclass(kind, Tensor):
        return make(array.copy())
    if issubclass(kind, float):
        # NumPy's float64 is a Python float too, and keeps its own type.
        return kind(array)
    return array[()] if issubclass(kind, np.generic) else array.copy()


_FACTS = (
    "step", "began", "finished", "optimizer", "loss", "engine", "seconds", "running", "compiling",
)  # fmt: skip

_SERIES = ("losses", "validation", "validation_step")

_KINDS = {"float": float, "Tensor": Tensor}


def write_record(path: str | os.PathLike[str], record: Record, trees: Trees) -> None:
    """Write a record to a file; errors as `storage.write` states them."""
    arrays = {name: getattr(record, name) for name in _SERIES}
    for name in ("params", "state", "best"):
        for i, array in enumerate(getattr(record, name) or ()):
            arrays[f"{name}/{i}"] = array
    facts = {name: getattr(record, name) for name in _FACTS}
    facts["optimizer"] = str(record.optimizer)
    facts["layout"] = asdict(record.layout)
    facts["called"] = record.called
    facts["trees"] = {
        "params": storage.describe(trees.params),
        "kinds": [kind.__name__ for kind in trees.kinds],
        "state": storage.describe(trees.state),
        # A module's buffers and random numbers stand behind the optimizer's state.
        "carried": len(record.state) - len(tree.leaves(trees.state)),
    }
    storage.write(path, arrays, facts)


def read_record(path: str | os.PathLike[str]) -> tuple[Record, Trees]:
    """Read a record from a file.

    Raises:
        CheckpointError: If the file is missing, damaged or none of a fit.
    """
    return record_of(path, *storage.read(path))


def record_of(path: Any, arrays: Mapping[str, Array], facts: Any) -> tuple[Record, Trees]:
    """Return the record that the arrays and facts of a file are.

    Raises:
        CheckpointError: If they are none of a fit.
    """
    try:
        described = facts["trees"]
        leaves = {name: _numbered(arrays, name) for name in ("params", "state", "best")}
        trees = Trees(
            storage.rebuild(described["params"], len(leaves["params"])),
            tuple(_KINDS.get(name, np.ndarray) for name in described["kinds"]),
            storage.rebuild(described["state"], len(leaves["state"]) - described.get("carried", 0)),
        )
        plain: dict[str, Any] = {name: arrays[name] for name in _SERIES}
        plain |= {name: facts[name] for name in _FACTS}
        record = Record(
            params=leaves["params"],
            state=leaves["state"],
            best=leaves["best"] or None,
            layout=Batches(**facts["layout"]),
            called={str(k): float(v) for k, v in facts.get("called", {}).items()},
            **plain,
        )
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path} is not the record of a fit ({error}). Give a file that save or checkpoint "
            "wrote."
        ) from error
    return record, trees


def _numbered(arrays: Mapping[str, Array], name: str) -> list[Array]:
    count = sum(key.startswith(f"{name}/") for key in arrays)
    return [arrays[f"{name}/{i}"] for i in range(count)]
