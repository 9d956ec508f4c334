"""Small operations called one by one, beside PyTorch: `taskset -c 0 python -m benchmarks.eager`."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.timing import processor_microseconds

CALLS, ROUNDS = 3_000, 15


def operations(lib: Any) -> dict[str, Callable[[], Any]]:
    """Return what is called, on vectors of 32 numbers and matrices of 8 rows."""
    a, b = lib.arange(32.0) / 7, lib.arange(32.0) / 5 + 1
    m, n = lib.arange(64.0).reshape(8, 8) / 9, lib.arange(64.0).reshape(8, 8) / 11
    return {
        "a + b": lambda: a + b,
        "m.reshape(4, 16)": lambda: m.reshape(4, 16),
        "m.T": lambda: m.T,
        "m[1]": lambda: m[1],
        "a[2:5]": lambda: a[2:5],
        "relu(a)": lambda: lib.relu(a),
        "a.sum()": lambda: a.sum(),
        "exp(a)": lambda: lib.exp(a),
        "m @ n": lambda: m @ n,
    }


def microseconds(call: Callable[[], Any]) -> float:
    """Return the processor time of a call."""
    call()
    return processor_microseconds(call, CALLS)


def main() -> None:
    """Print the time of each operation by PyTorch and here, and the ratio, as medians."""
    import torch

    from thalweg import torch as wing

    torch.set_num_threads(1)
    theirs, ours = operations(torch), operations(wing)
    for name in theirs:
        pairs = [(microseconds(theirs[name]), microseconds(ours[name])) for _ in range(ROUNDS)]
        first, second = (statistics.median(times) for times in zip(*pairs, strict=True))
        ratio = statistics.median(mine / other for other, mine in pairs)
        sys.stdout.write(f"{name:18}{first:7.2f} µs {second:7.2f} µs {ratio:7.2f}\n")


if __name__ == "__main__":
    main()
