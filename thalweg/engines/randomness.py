"""Random numbers that a function draws while it is traced: drawn once, not in every run."""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy import random as numpy_random  # here, as NumPy imports it no sooner than it is used

from thalweg.errors import printable
from thalweg.lines import level_of_user
from thalweg.random.generator import Generator, default_generator

# Those that every module shares, by what their users call them.
SHARED = {
    "thalweg's default generator": default_generator,
    "NumPy's global generator": numpy_random.get_state.__self__,  # type: ignore[attr-defined]
    "Python's global generator": random.getstate.__self__,  # type: ignore[attr-defined]
}


@contextlib.contextmanager
def warned_of_random_numbers(function: Callable[..., Any]) -> Iterator[None]:
    """Warn if a function that is traced inside draws from a shared generator.

    Each call of the compiled function would see the same numbers.
    """
    before = list(map(random_state, SHARED.values()))
    yield
    if list(map(random_state, SHARED.values())) != before:
        code = getattr(function, "__code__", None)
        where = (
            f" ({printable(code.co_filename)}:{code.co_firstlineno})" if code is not None else ""
        )
        warnings.warn(
            drawn_once(f"The function{where}", "function", "call"), stacklevel=level_of_user()
        )


def drawn_once(what: str, name: str, repeated: str) -> str:
    """Say that random numbers were drawn once.

    Args:
        what: What drew them.
        name: What was traced.
        repeated: What runs it again, and again.
    """
    return (
        f"{what} drew random numbers while it was traced. They were drawn once: every {repeated} "
        f"uses the same ones. Draw them before and give them as data; or, if they shall stay the "
        f"same, draw them from np.random.default_rng(0) made inside the {name}."
    )


def is_generator(value: Any) -> bool:
    """Tell whether a value is a random number generator, thalweg's, NumPy's or Python's."""
    kinds = (numpy_random.Generator, numpy_random.RandomState, random.Random, Generator)
    return isinstance(value, kinds)


def random_state(generator: Any) -> str:
    """Return the state of a random number generator, written out in full."""
    if isinstance(generator, random.Random):
        return _text(generator.getstate())
    if isinstance(generator, Generator):
        return _text(generator.position)
    if isinstance(generator, numpy_random.RandomState):
        return _text(generator.get_state(legacy=False))
    return _text(generator.bit_generator.state)


def _text(state: Any) -> str:
    """Write a state out in full, also the long arrays in it."""
    if isinstance(state, dict):
        return " ".join(f"{key}={_text(value)}" for key, value in state.items())
    return str(state.tobytes() if isinstance(state, np.ndarray) else state)
