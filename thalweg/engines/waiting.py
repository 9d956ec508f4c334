"""Long work during which Ctrl-C is heard at once: waited for, and copies of large arrays in pieces.

Python looks for signals between its own instructions only: a step of half a minute, or a module
that LLVM takes seconds for, would hold Ctrl-C back until it ends. Such work goes to a thread of
its own while the main one waits, which signals wake.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import numpy as np

Array = np.ndarray[Any, Any]

# New memory of this size is touched in a few hundredths of a second on a slow machine.
_PIECE = 1 << 23


def copied(array: Array, order: Literal["K", "C"] = "K") -> Array:
    """Return a copy of an array in a memory order, by default its own."""
    if array.nbytes <= _PIECE:
        return array.copy(order)
    return fill(np.empty_like(array, order=order), array)


def fill(target: Array, source: Array) -> Array:
    """Write an array's values into another one of its shape, and return that."""
    if source.nbytes <= _PIECE or not source.ndim:
        target[...] = source
        return target
    rows = max(1, _PIECE * len(source) // source.nbytes)
    for start in range(0, len(source), rows):
        piece = slice(start, start + rows)
        if rows == 1 and source.ndim > 1:
            fill(target[start], source[start])
        else:
            target[piece] = source[piece]
    return target


Result = TypeVar("Result")

# How often the main thread looks up where waiting does not notice signals.
_LOOK_SECONDS = 0.05


def interruptible(work: Callable[[], Result], stop: Callable[[], None] = lambda: None) -> Result:
    """Return what the work returns, or raise what it raises; on Ctrl-C leave it at once.

    Only the main thread hears of signals, so elsewhere the work is simply done.

    Args:
        work: Called once, in a thread of its own, with the caller's context variables.
        stop: Called if the wait is interrupted: asks the work to end early. Nobody waits for it,
            except the interpreter when it exits.

    Raises:
        KeyboardInterrupt: On Ctrl-C, or whatever else a signal's handler raises.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    done = threading.Lock()
    done.acquire()
    found: list[Result] = []
    failed: list[BaseException] = []
    context = contextvars.copy_context()

    def run() -> None:
        try:
            found.append(context.run(work))
        except BaseException as error:
            failed.append(error)
        finally:
            done.release()

    thread = threading.Thread(target=run, name="thalweg")
    try:
        thread.start()
        while not done.acquire(timeout=_LOOK_SECONDS):
            pass
    except BaseException:
        stop()
        raise
    if failed:
        raise failed[0]
    return found[0]
