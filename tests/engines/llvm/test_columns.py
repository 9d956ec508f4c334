"""Reductions down columns: vectors of columns, several at once, whatever is left over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg.testing import check_engines_agree

RANDOM = np.random.default_rng(0)
EXTENTS = (2, 3, 7, 8, 9, 31, 32, 33, 64, 100)


def reduced(x: Any) -> Any:
    """Several reductions beside each other, and maps on them."""
    mean = np.mean(x, axis=0)
    return mean, np.max(x, axis=0), np.min(x * x, axis=0), np.sqrt(np.abs(mean)) - 1.0


@pytest.mark.parametrize("columns", EXTENTS)
@pytest.mark.parametrize("rows", [2, 3, 5, 8, 41])
def test_columns_of_any_number_and_length(rows: int, columns: int) -> None:
    x = RANDOM.normal(size=(rows, columns))
    check_engines_agree(reduced, x)
    check_engines_agree(reduced, x.astype(np.float32))


@pytest.mark.parametrize("axis", [0, 1, (0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_axes_ahead_of_the_last(axis: Any) -> None:
    x = RANDOM.normal(size=(4, 3, 5, 18))
    check_engines_agree(lambda x: (np.sum(x, axis), np.max(np.exp(x), axis)), x)


def test_a_sum_of_what_is_computed_gathered_padded_and_joined() -> None:
    x, i = RANDOM.normal(size=(6, 11)), np.array([0, -1, 3, 3])
    check_engines_agree(
        lambda x, i: (
            np.sum(x[i], 0),
            np.sum(np.concatenate((x, x[:2]), 0), 0),
            np.sum(np.concatenate((x, 2.0 * x[:, :3]), 1), 0),
            np.sum(x.T[:, ::-1], 0),
        ),
        x,
        i,
    )
