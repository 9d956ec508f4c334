"""Random numbers that a loss draws while it is traced: drawn once, not at every step."""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np


@contextlib.contextmanager
def warned_of_random_numbers(loss: Callable[..., Any], generators: Sequence[Any]) -> Iterator[None]:
    """Warn if random numbers are drawn inside: each step would see the same ones.

    Args:
        loss: What is traced.
        generators: The generators it refers to, beside those of `numpy.random` and `random`.
    """
    before = _states(generators)
    yield
    if _states(generators) != before:
        code = getattr(loss, "__code__", None)
        where = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
        warnings.warn(
            f"The loss{where} drew random numbers while it was traced. They were drawn once: every "
            "step uses the same ones. Draw them before and give them as data; or, if they shall "
            "stay the same, draw them from np.random.default_rng(0) made inside the loss.",
            stacklevel=2,
        )


def _states(generators: Sequence[Any]) -> list[str]:
    # Beside those, the two that every module shares.
    shared = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002
    return [_text(state) for state in (*shared, *map(_state, generators))]


def _text(state: Any) -> str:
    """Write a state out in full, also the long arrays in it."""
    if isinstance(state, dict):
        return " ".join(f"{key}={_text(value)}" for key, value in state.items())
    return str(state.tobytes() if isinstance(state, np.ndarray) else state)


def _state(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return generator.getstate()
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return generator.bit_generator.state
