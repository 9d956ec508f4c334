"""Many public functions in one run: a parameter each, whose first step is their slope."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import thalweg as tw
from tests.by_type.samples import Call
from tests.by_type.walking import Refused, along, traced
from thalweg import optim
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.errors import ThalwegError

# Functions of one loss: more make a larger program, fewer more programs.
TOGETHER = 24

Entry = tuple[str, Callable[..., Any], Call, float]


def is_native(function: Callable[..., Any], call: Call, dtype: np.dtype[Any]) -> bool | None:
    """Tell whether the native engine runs a function and its derivative, None if none does."""
    start = np.zeros((), dtype)
    try:
        program = traced(tw.grad(along(function, call, dtype)), [start])
    except Refused:
        return None
    return not NativeEngine().unsupported(program.program)


def steps_of(entries: list[Entry], dtype: np.dtype[Any], engine: str) -> dict[str, float]:
    """Return by function the slope that one step of gradient descent went down."""
    losses = [along(function, call, dtype) for _, function, call, _ in entries]

    def loss(p: Any) -> Any:
        total: Any = 0.0
        for i, each in enumerate(losses):
            total = total + each(p[i])
        return total

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = tw.fit(
            loss,
            np.zeros(len(entries), dtype),
            steps=1,
            optimizer=optim.sgd(1.0),
            engine=engine,  # type: ignore[arg-type]
        )
    return {entry[0]: -float(step) for entry, step in zip(entries, result.params, strict=True)}


def fitted(entries: list[Entry], dtype: np.dtype[Any], engine: str) -> dict[str, str]:
    """Return by function what is wrong with its slope in a run, nothing where it is right."""
    found: dict[str, str] = {}
    for first in range(0, len(entries), TOGETHER):
        group = entries[first : first + TOGETHER]
        for name, slope in _steps_apart(group, dtype, engine).items():
            wanted = next(entry[3] for entry in group if entry[0] == name)
            if isinstance(slope, str):
                found[name] = slope
                continue
            close = 2e-3 if dtype.itemsize == 4 else 1e-6
            fits = abs(slope - wanted) <= close * max(1.0, abs(wanted))
            found[name] = "" if fits else f"slope {slope}, not {wanted}"
    return found


def _steps_apart(group: list[Entry], dtype: np.dtype[Any], engine: str) -> dict[str, Any]:
    """Run a group at once; where that fails, halves of it, to find out which function fails."""
    try:
        return dict(steps_of(group, dtype, engine))
    except ThalwegError as error:
        if len(group) == 1:
            return {group[0][0]: f"{type(error).__name__}: {error}".splitlines()[0]}
        half = len(group) // 2
        first, second = group[:half], group[half:]
        return _steps_apart(first, dtype, engine) | _steps_apart(second, dtype, engine)
