"""Following pointers gives the order that exchanging gives."""

import numpy as np
import pytest

from thalweg.random.fisher_yates import shuffled


def by_exchanges(targets: list[int]) -> list[int]:
    order = list(range(len(targets)))
    for i, target in enumerate(targets):
        order[i], order[target] = order[target], order[i]
    return order


@pytest.mark.parametrize("n", [1, 2, 499, 500, 501, 3000])
def test_shuffles_are_the_exchanges_one_after_another(n: int) -> None:
    random = np.random.default_rng(n)
    positions = np.arange(n)
    for targets in (
        positions + random.integers(0, np.arange(n, 0, -1)),
        positions,
        np.full(n, n - 1),
        np.minimum(positions + 1, n - 1),
        np.maximum(positions, random.integers(0, n)),
    ):
        assert shuffled(targets).tolist() == by_exchanges(targets.tolist())
