"""Lines of the user's code, which errors, warnings and equations name."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType

from thalweg.errors import printable


class _CurrentPlace(threading.local):
    """The line of what is written for another step, if it is not to be looked for."""

    line = ""


current_place = _CurrentPlace()

# So many lines are known before all are looked for anew.
_MANY = 1024

# Whose frames on the stack are not the user's code.
_LIBRARIES = frozenset(
    {
        "contextlib",
        "functools",
        "jax",
        "numpy",
        "optree",
        "pandas",
        "scipy",
        "sklearn",
        "thalweg",
        "torch",
    }
)

# Whether a module is the user's, by its name.
_users: dict[str, bool] = {}


def is_users(frame: FrameType) -> bool:
    """Tell whether a frame runs the user's code, not that of a library."""
    name = frame.f_globals.get("__name__", "")
    found = _users.get(name)
    if found is None:
        found = _users[name] = name.partition(".")[0] not in _LIBRARIES
    return found


# Lines of the user's code by their places in it, which is kept.
_known_lines: dict[tuple[int, int], tuple[str, CodeType]] = {}


def user_line(above: int = 1) -> str:
    """Return the line of the user's code that is being run, as FILE:LINE.

    Args:
        above: How many of the innermost frames are known to be none of the user's.
    """
    if current_place.line:
        return current_place.line
    frame: FrameType | None = sys._getframe(above)
    try:
        # What `is_users` tells, without a call where the module was met before.
        while not _users[frame.f_globals["__name__"]]:  # type: ignore[union-attr]
            frame = frame.f_back  # type: ignore[union-attr]
    except (KeyError, AttributeError):
        while frame is not None and not is_users(frame):
            frame = frame.f_back
    if frame is None:
        return ""
    code = frame.f_code
    place = id(code), frame.f_lasti
    line = _known_lines.get(place)
    if line is None:
        if len(_known_lines) > _MANY:
            _known_lines.clear()
        line = f"{printable(code.co_filename)}:{frame.f_lineno}", code
        _known_lines[place] = line
    return line[0]


@contextmanager
def at_line(source: str) -> Iterator[None]:
    """Write equations as if a line of the user's, or the one that is run, made them."""
    before, current_place.line = current_place.line, source
    try:
        yield
    finally:
        current_place.line = before


def level_of_user() -> int:
    """Return the `stacklevel` with which a warning of the caller names the user's line."""
    frame: FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and not is_users(frame):
        frame, level = frame.f_back, level + 1
    return level if frame is not None else 1


def raised_at(error: BaseException, inside: int = 0) -> str:
    """Return the innermost line of the user's that an error came from, as FILE:LINE.

    Args:
        error: What was raised.
        inside: How many of the outermost frames do not count.
    """
    frames = list(traceback.walk_tb(error.__traceback__))[inside:]
    for frame, line in reversed(frames):
        if is_users(frame):
            return f"{printable(frame.f_code.co_filename)}:{line}"
    return ""
