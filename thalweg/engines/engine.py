"""What every engine offers: run a program once, or repeat a training step over batches of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from thalweg.core.program import Program
from thalweg.errors import EngineError

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Loop:
    """A training run as programs.

    A step maps `(*state, *data, *scalars, rows)` to `(*state, loss)`: data are whole arrays, of
    which the program itself gathers `rows`; scalars are float64 hyperparameters.

    Attributes:
        step: One step on a full batch. It has no `rows` input when `batch_size` is 0.
        remainder: The same step on an epoch's last, smaller batch, or None if there is none.
        states: How many leading inputs are state, replaced by the leading outputs.
        data: How many inputs after those are data, the same arrays all along.
        rows: The number of rows an epoch draws from.
        batch_size: The rows of a full batch; 0 means that each step uses the data whole.
        reshuffled: Whether each epoch draws the keyed permutation of its number; otherwise the
            order given at the start is repeated.
    """

    step: Program
    remainder: Program | None
    states: int
    data: int
    rows: int
    batch_size: int
    reshuffled: bool

    @property
    def programs(self) -> list[Program]:
        """The step and, if there is one, that of the remainder."""
        return [self.step] if self.remainder is None else [self.step, self.remainder]

    @property
    def steps_per_epoch(self) -> int:
        """The number of steps in an epoch."""
        if self.batch_size == 0:
            return 1
        return self.rows // self.batch_size + (self.remainder is not None)

    def check(self) -> None:
        """Verify that the steps can follow each other.

        Raises:
            EngineError: If a state changes its shape or dtype, the loss is no scalar, rows are
                not int32, or an epoch has no step.
        """
        if self.steps_per_epoch < 1:
            raise EngineError(
                f"An epoch of {self.rows} rows has no batch of {self.batch_size}. Make batches "
                "smaller, or give the program of the remainder."
            )
        for program in self.programs:
            self._check(program)

    def _check(self, program: Program) -> None:
        for state, output in zip(program.inputs[: self.states], program.outputs[:-1], strict=True):
            if (state.shape, state.dtype) != (output.shape, output.dtype):
                raise EngineError(
                    f"A step puts {output.spec} in the place of the state {state.spec}. A state "
                    "keeps its shape and dtype over all steps: convert what replaces it."
                )
        if program.outputs[-1].shape != ():
            raise EngineError(
                f"A step gives a loss of shape {program.outputs[-1].shape}. Return a scalar, such "
                "as its mean."
            )
        if self.batch_size and program.inputs[-1].dtype != np.int32:
            raise EngineError(
                f"A step takes rows of dtype {program.inputs[-1].dtype}; engines give int32. "
                "Trace it with rows of that dtype."
            )


def missing_order() -> EngineError:
    """Return the error of a run that wants an order of the rows and got none."""
    return EngineError(
        "A run was begun without an order for a loop that is not reshuffled. "
        "Give begin() the order of the rows, int32 of shape (rows,)."
    )


class Run(Protocol):
    """A loop with its own state. Steps are numbered from 0 over all epochs."""

    def advance(self, start: int, steps: int, losses: Array) -> None:
        """Run steps start … start + steps - 1 and write the loss of each.

        Raises:
            IndexOutOfRange: If an index array of the loss points outside its axis.
        """

    def state(self) -> list[Array]:
        """Return copies of the current state."""

    def restore(self, state: Sequence[Array]) -> None:
        """Replace the current state."""


# What a run starts from, as `CompiledLoop.begin` describes it.
Start = tuple[Sequence[Array], Sequence[Array], Array, Array | None, int]


class CompiledLoop(Protocol):
    """A loop ready to run, any number of times and in any number of threads."""

    def begin(
        self,
        state: Sequence[Array],
        data: Sequence[Array],
        scalars: Array,
        order: Array | None,
        seed: int,
        /,
    ) -> Run:
        """Start a run.

        Args:
            state: Initial values, one a state input.
            data: Arrays, one a data input; they are read in place and must not change.
            scalars: float64 of shape (number of scalar inputs,).
            order: int32 of shape (rows,), or None if the loop is reshuffled or has no rows.
            seed: The key of the permutations of a reshuffled loop.
        """


class Engine(Protocol):
    """Compiles programs and loops."""

    @property
    def name(self) -> str:
        """The name under which users choose the engine."""

    def unsupported(self, program: Program) -> list[Any]:
        """Return the equations this engine cannot run."""

    def compile(self, program: Program) -> Callable[..., list[Array]]:
        """Return a function from arrays to arrays, in the order of inputs and outputs.

        Raises:
            EngineError: If the engine lacks a primitive; it names it and the user's line.
        """

    def compile_loop(self, loop: Loop) -> CompiledLoop:
        """Return a loop ready to run; errors as for `compile`."""
