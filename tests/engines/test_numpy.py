"""The reference engine: what is its alone."""

import tracemalloc
from typing import Any

import numpy as np

from tests.compiler.programs import program_of, spec
from thalweg.engines.numpy import NumpyEngine


def test_values_are_freed_after_their_last_use() -> None:
    def function(x: Any) -> Any:
        for _ in range(20):
            x = np.sin(x)
        return x

    big = np.ones(100_000)
    run = NumpyEngine().compile(program_of(function, spec(*big.shape)))
    tracemalloc.start()
    try:
        run(big)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * big.nbytes
