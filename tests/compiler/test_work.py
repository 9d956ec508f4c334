"""How much work equations are said to be."""

from __future__ import annotations

import numpy as np

from tests.compiler.programs import program_of, spec
from thalweg.compiler.kernels.materialize import LONG, total_effort, turns


def test_a_product_counts_the_pairs_it_multiplies() -> None:
    program = program_of(lambda X, w: X @ w, spec(30, 20), spec(20, 10))
    assert max(map(turns, program.equations)) == 30 * 20 * 10


def test_a_contraction_counts_its_labels() -> None:
    program = program_of(lambda x, y: np.einsum("bij,bkj->bik", x, y), spec(4, 3, 5), spec(4, 7, 5))
    assert max(map(turns, program.equations)) == 4 * 3 * 5 * 7


def test_a_sum_counts_what_it_reads_and_a_gather_what_it_gives() -> None:
    rows = spec(10, dtype=np.int32)
    program = program_of(lambda X, i: np.sum(X[i]), spec(100_000, 3), rows)
    assert max(map(turns, program.equations)) == 30


def test_dear_operations_count_for_more() -> None:
    plain = program_of(lambda x: x + x, spec(1000))
    dear = program_of(lambda x: np.exp(x), spec(1000))
    assert total_effort(dear) > 5 * total_effort(plain)


def test_steps_of_mini_batches_are_not_long() -> None:
    def step(w: object, X: object) -> object:
        return np.mean(np.tanh(X @ w) ** 2)

    assert total_effort(program_of(step, spec(64, 64), spec(100, 64))) < LONG
    assert total_effort(program_of(step, spec(1000, 1000), spec(5000, 1000))) > LONG
