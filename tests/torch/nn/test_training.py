"""Stateful training over many steps and in several threads: nothing leaks, nothing is shared."""

from __future__ import annotations

import gc
import threading
import tracemalloc

import numpy as np

from thalweg import torch as wing
from thalweg.torch import nn

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(50, 5)), RNG.normal(size=(50, 1))


def train(steps: int, seed: int) -> list[np.ndarray]:
    with LOCK:  # the default random stream is one for all threads
        wing.manual_seed(seed)
        model = nn.Sequential(
            nn.Linear(5, 8, dtype=wing.float64), nn.Linear(8, 1, dtype=wing.float64)
        )
    optimizer = wing.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        ((model(wing.tensor(X)) - wing.tensor(Y)) ** 2).mean().backward()
        optimizer.step()
    return [p.detach().numpy().copy() for p in model.parameters()]


LOCK = threading.Lock()


def test_a_thousand_steps_leak_nothing() -> None:
    wing.manual_seed(0)
    model = nn.Linear(5, 1, dtype=wing.float64)
    optimizer = wing.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def steps(count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            ((np.tanh(model(wing.tensor(X))) - wing.tensor(Y)) ** 2).mean().backward()
            optimizer.step()

    steps(100)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        steps(1000)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # Counters and caches of Python may grow by some bytes; a tape left behind by every step would
    # be a million.
    assert grown < 100_000


def test_eight_threads_train_as_one_does() -> None:
    found: dict[int, list[np.ndarray]] = {}
    threads = [
        threading.Thread(target=lambda seed=seed: found.__setitem__(seed, train(50, seed)))
        for seed in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(8):
        for a, b in zip(found[seed], train(50, seed), strict=True):
            np.testing.assert_array_equal(a, b)
