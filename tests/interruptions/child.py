"""A process that fits something slow, until Ctrl-C; it tells when that arrived."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable

import numpy as np

import thalweg as tw


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def _fit(loss: Callable[..., object], params: object, data: object = None, **more: object) -> None:
    say("ready")
    started = time.monotonic()
    try:
        tw.fit(loss, params, data, optimizer=tw.optim.sgd(1e-6), seed=0, **more)
    except KeyboardInterrupt as interruption:
        heard = time.monotonic()
        fit = getattr(interruption, "fit", None)
        leaves = [] if fit is None else tw.tree.leaves(fit.params)
        same = (
            fit is None
            or fit.steps > 0
            or all(
                np.array_equal(a, b) for a, b in zip(leaves, tw.tree.leaves(params), strict=True)
            )
        )
        say("heard", heard, "none" if fit is None else fit.steps, same, heard - started)
    else:
        say("ended", time.monotonic() - started)


def tracing() -> None:
    def loss(p: object) -> object:
        say("begun")
        total = p
        for i in range(200_000):
            total = np.sin(total) + i
        return total

    _fit(loss, 0.5, steps=1)


def compiling() -> None:
    def loss(p: object, y: object) -> object:
        mean, spread, total = 0.0, 1.0, 0.0
        for i in range(SIZE["compiling"]):
            # Turns that are not alike, or they would be one loop that compiles in a moment.
            bent = np.tanh if kinds[i] else np.sin
            gain = spread / (spread + np.exp(p[0]) * (1 + bent(mean) ** 2))
            error = y[i] - mean
            total = total + np.log(spread) + error**2 / spread
            mean = mean + gain * error * np.exp(p[1] * mean)
            spread = (1 - gain) * spread + np.log1p(np.exp(p[2]))
        say("begun")
        return total

    # Another program each time, so that none is found on disk.
    shift = time.time_ns() % 997
    rng = np.random.default_rng(shift)
    kinds, y = rng.integers(0, 2, SIZE["compiling"]), rng.normal(size=SIZE["compiling"] + shift)
    _fit(loss, np.array([0.1, 0.01, 0.2]), y, steps=3)


def short() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1000, 10)), rng.normal(size=1000)

    def loss(p: object, X: object, y: object) -> object:
        say("begun")
        return np.mean((X @ p - y) ** 2)

    _fit(loss, np.zeros(10), (X, y), batch_size=10, steps=10**9)


def long() -> None:
    n = SIZE["long"]
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, n))
    params = [rng.normal(size=(n, n)) / n**0.5 for _ in range(5)]

    def loss(p: list[object], X: object) -> object:
        say("begun")
        for weights in p:
            X = np.tanh(X @ weights)
        return np.mean(X**2)

    _fit(loss, params, X, steps=10, engine=ENGINE)


SIZE = {"compiling": 600, "long": 4000}
ENGINE = "auto"

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    phase = sys.argv[1]
    if len(sys.argv) > 2:
        SIZE[phase] = int(sys.argv[2])
    if len(sys.argv) > 3:
        ENGINE = sys.argv[3]
    {"tracing": tracing, "compiling": compiling, "short": short, "long": long}[phase]()
