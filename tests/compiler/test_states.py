"""States that are read transposed come transposed, and the step means the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.compiler.programs import program_of, run, spec
from thalweg.compiler.states import keep_transposed, read_transposed

RNG = np.random.default_rng(0)
W, M, V, X = (
    RNG.normal(size=(4, 5)),
    RNG.normal(size=(4, 5)),
    RNG.normal(size=(3, 4)),
    RNG.normal(size=(6, 5)),
)


def step(w: Any, m: Any, v: Any, x: Any) -> Any:
    h = np.tanh(x @ w.T)
    return w - m, m * 0.5 + h.T @ x, v + w[:3, :4], np.sum(v @ h.T)


STEP = program_of(step, *(spec(*a.shape) for a in (W, M, V, X)))


def test_what_is_first_read_transposed_and_its_like_are_found() -> None:
    assert read_transposed(STEP, 3) == [0, 1]
    assert (
        read_transposed(program_of(lambda w, x: (w @ x.T, w.T @ w), spec(4, 4), spec(4, 4)), 1)
        == []
    )
    row = program_of(lambda w, x: (w + 1.0, x @ w.T), spec(1, 5), spec(6, 5))
    assert read_transposed(row, 1) == [], "a row lies as its transpose does"


def test_the_step_means_the_same() -> None:
    turned = keep_transposed(STEP, [0, 1])
    turned.check()
    w, m, v, total = run(turned, W.T, M.T, V, X)
    for found, wanted in zip((w.T, m.T, v, total), run(STEP, W, M, V, X), strict=True):
        np.testing.assert_array_equal(found, wanted)
