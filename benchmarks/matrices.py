"""Cholesky and the solves by it beside NumPy's LAPACK.

`taskset -c 0 python -m benchmarks.matrices`. NumPy factors a matrix, no more; thalweg factors it
and solves twice by the factor, once called by itself, and once in the midst of a native run.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

import numpy as np

import thalweg as tw
from benchmarks.timing import pin, seconds

ROUNDS = 15
SIZES = (8, 32, 128, 512)


def solved(A: Any, b: Any) -> Any:
    """Return A⁻¹ b by the Cholesky factor of A."""
    L = np.linalg.cholesky(A)
    z = tw.linalg.solve_triangular(L, b, lower=True)
    return tw.linalg.solve_triangular(L.T, z, lower=False)


def _in_a_run(turns: int) -> Any:
    """Return a function that does so in turns, of another matrix each."""

    def run(A: Any, b: Any) -> Any:
        eye = np.eye(b.shape[0])
        return tw.fori_loop(0, turns, lambda i, x: solved(A + (1e-9 * x[0]) * eye, b), b)

    return tw.jit(run)


def _compare(size: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(size, size))
    A, b = X @ X.T + size * np.eye(size), rng.normal(size=size)
    turns = max(2, 100_000 // size**2)
    alone, run = tw.jit(solved), _in_a_run(turns)
    off = np.abs(alone(A, b) - np.linalg.solve(A, b)).max()
    ways = (
        lambda: [np.linalg.cholesky(A) for _ in range(turns)],
        lambda: [alone(A, b) for _ in range(turns)],
        lambda: run(A, b),
    )
    for way in ways:
        way()
    taken = [[seconds(way) for way in ways] for _ in range(ROUNDS)]
    microseconds = [statistics.median(t) / turns * 1e6 for t in zip(*taken, strict=True)]
    ratios = [statistics.median(row[i] / row[0] for row in taken) for i in (1, 2)]
    sys.stdout.write(
        f"{size:>5}{microseconds[0]:>10.1f} µs"
        + "".join(f"{t:>14.1f} µs{r:>7.2f}" for t, r in zip(microseconds[1:], ratios, strict=True))
        + f"{off:>12.1e}\n"
    )
    sys.stdout.flush()


def report() -> None:
    """Print microseconds, and ratios to NumPy's factorization."""
    pin()
    sys.stdout.write(
        f"{'size':>5}{'NumPy':>13}{'a call':>17}{'':>7}{'in a run':>17}{'':>7}{'apart':>12}\n"
    )
    for size in SIZES:
        _compare(size)


if __name__ == "__main__":
    report()
