"""Random numbers that a function draws while it is traced: drawn once, not in every run."""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy import random as numpy_random  # here, as NumPy imports it no sooner than it is used

from thalweg.core.generator import default_generator
from thalweg.errors import printable


@contextlib.contextmanager
def warned_of_random_numbers(
    function: Callable[..., Any], generators: Sequence[Any], name: str, repeated: str
) -> Iterator[None]:
    """Warn if random numbers are drawn inside: each run would see the same ones.

    Args:
        function: What is traced.
        generators: The generators it refers to, beside the default ones of thalweg, NumPy and
            Python.
        name: What the function is.
        repeated: What runs it again, and again.
    """
    before = _states(generators)
    yield
    if _states(generators) != before:
        code = getattr(function, "__code__", None)
        where = (
            f" ({printable(code.co_filename)}:{code.co_firstlineno})" if code is not None else ""
        )
        warnings.warn(
            f"The {name}{where} drew random numbers while it was traced. They were drawn once: "
            f"every {repeated} uses the same ones. Draw them before and give them as data; or, if "
            f"they shall stay the same, draw them from np.random.default_rng(0) made inside the "
            f"{name}.",
            stacklevel=2,
        )


def _states(generators: Sequence[Any]) -> list[str]:
    # Beside those, the three that every module shares.
    numpys = numpy_random.get_state(legacy=False)  # noqa: NPY002
    shared = random.getstate(), numpys, default_generator.position
    return [_text(state) for state in (*shared, *map(_state, generators))]


def _text(state: Any) -> str:
    """Write a state out in full, also the long arrays in it."""
    if isinstance(state, dict):
        return " ".join(f"{key}={_text(value)}" for key, value in state.items())
    return str(state.tobytes() if isinstance(state, np.ndarray) else state)


def _state(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return generator.getstate()
    if isinstance(generator, numpy_random.RandomState):
        return generator.get_state(legacy=False)
    return generator.bit_generator.state
