"""Updates inside of `jax.jit`, ours beside Optax's: `taskset -c 0 python -m benchmarks.updates`."""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax

from benchmarks.timing import pin, processor_microseconds
from thalweg import optim

ROUNDS, COMPILATIONS, SAMPLE = 15, 5, 0.05

NAMES = ("sgd with momentum", "adam", "adamw after clipping", "lion", "rmsprop", "adafactor")


def transformation(lib: Any, name: str) -> Any:
    """Return one of the transformations from a library of them."""
    match name:
        case "sgd with momentum":
            return lib.sgd(1e-3, momentum=0.9)
        case "adamw after clipping":
            return lib.chain(lib.clip_by_global_norm(1.0), lib.adamw(1e-3))
    return getattr(lib, name)(1e-3)


def network(widths: tuple[int, ...]) -> Any:
    """Return parameters of a perceptron, float32."""
    rng = np.random.default_rng(0)
    pairs = itertools.pairwise(widths)
    layers = [{"w": rng.normal(size=pair), "b": np.zeros(pair[1])} for pair in pairs]
    return jax.tree.map(lambda a: jax.numpy.asarray(a, "float32"), layers)


def compiled(lib: Any, name: str, params: Any) -> tuple[Callable[[], Any], float]:
    """Return a call of a compiled step, and the seconds that tracing and compiling took."""
    transform = transformation(lib, name)

    def step(gradients: Any, state: Any, params: Any) -> Any:
        updates, state = transform.update(gradients, state, params)
        return jax.tree.map(lambda p, u: p + u, params, updates), state

    state = transform.init(params)
    began = time.process_time()
    run = jax.jit(step).lower(params, state, params).compile()
    taken = time.process_time() - began
    return lambda: jax.block_until_ready(run(params, state, params)), taken


def compare(name: str, params: Any) -> str:
    """Return a line: microseconds of a step, seconds of compiling, and the ratios to Optax's."""
    libraries = (optim, optax)
    compiling: list[tuple[float, ...]] = []
    for _ in range(COMPILATIONS):
        pairs = [compiled(lib, name, params) for lib in libraries]
        compiling.append(tuple(taken for _, taken in pairs))
    calls = [call for call, _ in pairs]
    repeats = max(1, int(SAMPLE * 1e6 / processor_microseconds(calls[1], 3)))
    running = [
        tuple(processor_microseconds(call, repeats) for call in calls) for _ in range(ROUNDS)
    ]
    cells = [statistics.median(a for a, _ in running), _ratio(running)]
    cells += [statistics.median(a for a, _ in compiling), _ratio(compiling)]
    return f"{name:<24}{cells[0]:10.0f}{cells[1]:8.2f}{cells[2]:12.2f}{cells[3]:8.2f}"


def _ratio(pairs: list[tuple[float, ...]]) -> float:
    return statistics.median(ours / theirs for ours, theirs in pairs)


def report() -> None:
    """Print a table for each of two networks."""
    pin()
    for widths in ((64, 64, 64, 10), (784, 1024, 1024, 1024, 10)):
        sys.stdout.write(f"{widths}: µs a step, to Optax's; s of compiling, to Optax's\n")
        params = network(widths)
        for name in NAMES:
            sys.stdout.write(compare(name, params) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    report()
