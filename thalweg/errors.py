"""Every error thalweg raises on purpose.

ThalwegError
├── ShapeError             operands or parameters whose shapes do not fit
│   └── EmptyAxis          an extreme of no elements
├── DtypeError             a dtype an operation or a fit cannot work with
│   ├── WrongIndex         values used as an index that are no integers
│   └── Uncountable        numbers of a dtype that has no next one
├── ArgumentError          an argument outside its range, or an unknown name
│   ├── AxisError          an axis that a tensor does not have
│   ├── NoResult           a matrix that has no decomposition, or no inverse, as asked for
│   └── UnsupportedOption  arguments that PyTorch too takes one by one only
├── CallError              a call with arguments that the function does not take
├── IndexOutOfRange        an index that points outside its axis
├── MissingEntry           a dictionary without an entry that is needed
├── GradientError          a derivative that does not exist as asked
│   └── MissingDerivative  a user's Function without the part that was needed
├── TracingError           a value that exists only when the program runs
├── UnsupportedOperation   a NumPy function or primitive that thalweg cannot run
├── DataError              data that cannot be trained on
├── SpecError              an optimizer or model written as text that means nothing
├── CheckpointError        a file that is damaged or belongs to another run
│   ├── MissingFile        a file that is not there
│   ├── DamagedFile        a file of PyTorch's that is damaged
│   └── RefusedPickle      a pickle that asks for more than plain data
├── MissingLibrary         a library that is not installed, and what installs it
├── EngineError            an engine that cannot compile or run a program
├── MemberError            a member that a module lacks, or a name that none can have
├── StateError             a state that does not fit the module it is for
├── WorkerError            a loader's worker process that died or is late
└── TrainingDiverged       a run whose loss or parameters stopped being finite

Each is also one of Python's own errors; where users of NumPy and of PyTorch would catch different
ones (a ValueError here, a RuntimeError there), it is both.
"""

from __future__ import annotations

import difflib
import functools
import pickle
import re
from collections.abc import Iterable
from typing import Any
from unicodedata import category

import numpy as np

SHOWN_CHARACTERS = 60


class ThalwegError(Exception):
    """Anything thalweg refuses on purpose; what its message quotes cannot command a terminal."""

    _one_line = False

    def __init__(self, *arguments: object) -> None:
        shown = printable if self._one_line else _lines
        super().__init__(*(shown(a) if isinstance(a, str) else a for a in arguments))


class ShapeError(ThalwegError, ValueError, RuntimeError):
    """Operands or parameters whose shapes do not fit together."""


class EmptyAxis(ShapeError, IndexError):
    """A maximum or minimum over an axis without elements."""


class DtypeError(ThalwegError, TypeError, RuntimeError):
    """A dtype that an operation or a fit cannot work with."""


class WrongIndex(DtypeError, IndexError):
    """Values used as an index that are no integers."""


class Uncountable(DtypeError, ValueError):
    """Numbers of a dtype that has no next one, such as Booleans; a ValueError, as Optax's."""


class ArgumentError(ThalwegError, ValueError, RuntimeError):
    """An argument outside its range, or a name nobody knows."""


class AxisError(ArgumentError, IndexError):
    """An axis that a tensor does not have."""


class NoResult(ArgumentError, np.linalg.LinAlgError):
    """A matrix that has no decomposition, or no inverse, as asked for.

    Its arguments are what was asked for, and why that is not there.
    """

    def at(self, source: str) -> str:
        """Return the message with a line behind what was asked for."""
        operation, reason = self.args
        return (
            f"{operation}{source} found no result: {reason.rstrip('.')}. Check the matrix, or add "
            "a small multiple of the identity to it."
        )

    def __str__(self) -> str:
        return self.at("") if len(self.args) == 2 else super().__str__()


class UnsupportedOption(ArgumentError, NotImplementedError):
    """Arguments that PyTorch too takes one by one only."""


class CallError(ThalwegError, TypeError):
    """A call with arguments that the function does not take, or without ones it needs."""


class IndexOutOfRange(ThalwegError, IndexError, RuntimeError):
    """An index array that points outside the axis it indexes."""


class MissingEntry(ThalwegError, KeyError):
    """A dictionary without an entry that is needed."""

    # A KeyError shows its argument quoted, as if it were the key.
    __str__ = Exception.__str__


class GradientError(ThalwegError, RuntimeError):
    """A derivative that does not exist as asked."""


class MissingDerivative(GradientError, NotImplementedError):
    """A user's Function without the forward or the backward that was needed."""


class TracingError(ThalwegError, TypeError, RuntimeError):
    """Python asked for a value that exists only when the traced program runs."""


class UnsupportedOperation(ThalwegError, TypeError):
    """A NumPy function or a primitive that thalweg cannot run."""


class DataError(ThalwegError, ValueError):
    """Data that cannot be trained on, with the column and rows at fault."""

    _one_line = True


class SpecError(ThalwegError, ValueError):
    """An optimizer or model written as text that cannot be understood."""

    _one_line = True


class CheckpointError(ThalwegError, ValueError):
    """A file that is damaged, incomplete or belongs to another run."""

    _one_line = True


class MissingFile(CheckpointError, FileNotFoundError):
    """A file that is not there."""


class DamagedFile(CheckpointError, RuntimeError):
    """A file of PyTorch's that is incomplete or contradicts itself."""


class RefusedPickle(CheckpointError, pickle.UnpicklingError):
    """A pickle that asks for something else than plain data."""


class MissingLibrary(ThalwegError, ImportError):
    """A library that a part of thalweg needs is not installed; what installs it."""


class EngineError(ThalwegError, RuntimeError):
    """An engine that cannot compile or run a program."""


class MemberError(ThalwegError, AttributeError, KeyError):
    """A member that a module does not have, or a name that a member cannot have."""

    __str__ = Exception.__str__  # KeyError would quote the message


class StateError(ThalwegError, RuntimeError):
    """A state that does not fit the module it is for."""


class WorkerError(ThalwegError, RuntimeError):
    """A loader's worker process that died, or did not answer in time."""


class TrainingDiverged(ThalwegError, ArithmeticError):
    """A run whose loss or parameters stopped being finite.

    Attributes:
        step: The first step whose loss or parameters were not finite.
        params: The last parameters that were finite.
        fit: The run up to that point, as `tw.fit` would have returned it.
    """

    def __init__(self, message: str, *, step: int, params: Any, fit: Any = None) -> None:
        super().__init__(message)
        self.step = step
        self.params = params
        self.fit = fit

    def __reduce__(self) -> tuple[Any, ...]:
        # Made anew of its message alone, as exceptions are, it would lack what it carries.
        facts = {"step": self.step, "params": self.params, "fit": self.fit}
        return functools.partial(type(self), **facts), self.args, vars(self)


def printable(text: object) -> str:
    r"""Return a text as one line that shows what it holds and does nothing.

    Every foreign text that is shown unquoted goes through here: names of columns, categories,
    files and parameters, cells, and what others' messages quote. Control characters, those that
    turn the direction of writing, and halves of characters become escapes as in Python's `repr`,
    which does as much for quoted text.

    Example:
        >>> print(printable("red\x1b[31m\nµ"))
        red\x1b[31m\nµ
    """
    line = str(text)
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() or category(c) == "Zs" else repr(c)[1:-1] for c in line)


def shown(text: object) -> str:
    """Quote a text for a message, cut to a readable length.

    Example:
        >>> shown("price")
        "'price'"
    """
    quoted = printable(repr(text))
    if len(quoted) <= SHOWN_CHARACTERS:
        return quoted
    return f"{quoted[: SHOWN_CHARACTERS - 1]}…{quoted[-1]}"


def _lines(message: str) -> str:
    """Return a message whose lines and tabs are meant as such, and all else shown."""
    return message if message.isprintable() else _LAYOUT.sub(lambda m: printable(m[0]), message)


_LAYOUT = re.compile(r"[^\n\t]+")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'adam'?" for a misspelt name, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
