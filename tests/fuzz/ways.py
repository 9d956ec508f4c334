"""The ways a program of statements is run, each compared with what NumPy computes.

`python -m tests.fuzz.ways FIRST END` tries many programs and counts the outcomes.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

import thalweg as tw
from tests.fuzz.written import Writing, written_program

Array = np.ndarray[Any, Any]

# Recorded without a trace, values that a derivative needs and that were overwritten are refused.
REFUSED = "modified by an inplace operation"


def wanted(program: Writing) -> Array:
    """What NumPy computes."""
    found: Array = program.function()(program.values(), np)
    return found


def difference_quotients(program: Writing) -> Array:
    """The derivative of a weighted sum of what NumPy computes."""
    x, function = program.values(), program.function()
    found, step = np.zeros(x.size), 1e-6
    for i in range(x.size):
        ahead, behind = x.copy(), x.copy()
        ahead.flat[i] += step
        behind.flat[i] -= step
        rise = function(ahead, np) - function(behind, np)
        found[i] = weights(rise) @ rise / (2 * step)
    return found.reshape(x.shape)


def weights(values: Any) -> Array:
    """Return a weight for each value."""
    return np.cos(np.arange(values.size))


def _function(program: Writing) -> Callable[[Any], Any]:
    function = program.function()
    return lambda p: function(p, tw)


def _loss(program: Writing) -> Callable[[Any], Any]:
    function = _function(program)

    def loss(p: Any) -> Any:
        values = function(p)
        return np.sum(values * weights(values))

    return loss


def _batched(program: Writing) -> Any:
    x = program.values()
    return tw.vmap(_function(program))(np.stack([x + 0.25, x]))[1]


VALUES: dict[str, Callable[[Writing], Any]] = {
    "eager": lambda program: _function(program)(tw.tensor(program.values())),
    "jit": lambda program: tw.jit(_function(program), engine="numpy")(program.values()),
    "vmap": _batched,
}

DERIVATIVES: dict[str, Callable[[Writing], Any]] = {
    "grad": lambda program: tw.grad(_loss(program))(program.values()),
    "jit of grad": lambda program: tw.jit(tw.grad(_loss(program)), engine="numpy")(
        program.values()
    ),
}

NATIVE: dict[str, Callable[[Writing], Any]] = {
    "native": lambda program: tw.jit(_function(program))(program.values())
}


def outcome(program: Writing, way: Callable[[Writing], Any], right: Array, close: float) -> str:
    """Run a program in one way; return "" if it is right, "refused", or what is wrong."""
    try:
        found = np.asarray(way(program))
    except tw.errors.GradientError as error:
        return "refused" if REFUSED in str(error) else f"raised {error}"
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"
    if found.shape == right.shape and np.allclose(found, right, close, close):
        return ""
    return f"gave {found} instead of {right}"


def outcomes(program: Writing, native: bool = False) -> dict[str, str]:
    """Run a program in every way; return what happened by the name of the way."""
    values, slopes = wanted(program), difference_quotients(program)
    ways = VALUES | (NATIVE if native else {})
    found = {name: outcome(program, way, values, 1e-9) for name, way in ways.items()}
    return found | {name: outcome(program, way, slopes, 1e-4) for name, way in DERIVATIVES.items()}


def main(first: int, end: int, native: bool) -> int:
    """Try seeds first … end - 1; print what is wrong and the counts; return the exit status."""
    started, counts = time.perf_counter(), Counter[tuple[str, str]]()
    for seed in range(first, end):
        program = written_program(seed)
        for name, told in outcomes(program, native).items():
            counts[name, told if told in ("", "refused") else "wrong"] += 1
            if told not in ("", "refused"):
                sys.stdout.write(f"seed {seed}, {name}: {told}\n{program.source}\n")
                sys.stdout.flush()
    for (name, told), count in sorted(counts.items()):
        sys.stdout.write(f"{name}: {count} {told or 'right'}\n")
    seconds = time.perf_counter() - started
    sys.stdout.write(f"seeds {first} to {end - 1} in {seconds:.0f} s\n")
    return 1 if any(told == "wrong" for _, told in counts) else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), "native" in sys.argv[3:]))
