"""The program: runs a command; its end is an exit status and a line, never a traceback."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence

from thalweg.cli.status import DIVERGED, DONE, FAILED, INTERRUPTED, MISTAKEN
from thalweg.errors import ThalwegError, TrainingDiverged, printable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        arguments: What was written after the program's name; None for the process's own.

    Example:
        >>> main(["--version"])  # doctest: +ELLIPSIS
        0...
        0
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal without Greek letters shows their codes rather than an error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings(), _logged():
            warnings.showwarning = _warn
            return _run(sys.argv[1:] if arguments is None else list(arguments))
    except TrainingDiverged as error:
        # The end of its message tells where Python finds the parameters.
        return _say(str(error).partition(" The last finite parameters are")[0], DIVERGED)
    except ThalwegError as error:
        return _say(str(error), MISTAKEN)
    except KeyboardInterrupt:
        return _say("Interrupted; nothing was written.", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has enough; the interpreter must not try to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except MemoryError:
        return _say("There is not enough memory for this file; fit a part of its rows.", MISTAKEN)
    except Exception as error:
        if os.environ.get("THALWEG_TRACEBACK"):
            raise
        return _say(
            f"An error in thalweg itself: {type(error).__name__}: {error}. Set "
            "THALWEG_TRACEBACK=1 to see where, and report it, please.",
            FAILED,
        )


def _run(arguments: list[str]) -> int:
    # These take longer to import than everything else that a mistyped command needs.
    from cyclopts.exceptions import CycloptsError

    from thalweg.cli.application import DEVICE, STANDARD_INPUT, application

    # A lone hyphen is no option, but standard input.
    written = [DEVICE if argument == STANDARD_INPUT else argument for argument in arguments]
    try:
        status = application()(
            written, exit_on_error=False, print_error=False, result_action="return_value"
        )
    except CycloptsError as error:
        return _say(f"{error} See thalweg --help.", MISTAKEN)
    return status if isinstance(status, int) else DONE


class _Messages(logging.Handler):
    """What is logged, as lines of standard error as it is then."""

    def emit(self, record: logging.LogRecord) -> None:
        _say(record.getMessage())


@contextlib.contextmanager
def _logged() -> Iterator[None]:
    """Write what the logger `thalweg` says: warnings, until an option asks for more or less."""
    logger, handler = logging.getLogger("thalweg"), _Messages()
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    logging.getLogger("thalweg").warning("%s", message)


def _say(message: str, status: int = DONE) -> int:
    """Write one line to standard error and return the status."""
    sys.stderr.write(f"thalweg: {printable(' '.join(message.split()))}\n")
    return status
