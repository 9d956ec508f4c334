"""Reductions along rows: short and long, several phases, kept on both sides, any axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg.testing import check_engines_agree

RANDOM = np.random.default_rng(0)
# Around one vector, around the longest row that is written out, and far beyond.
EXTENTS = (1, 2, 3, 7, 8, 9, 63, 64, 65, 72, 73, 300)


def softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_parts(x: Any) -> Any:
    """Every intermediate is a result too, so that it is stored and read again."""
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    s = np.sum(e, axis=-1, keepdims=True)
    return e, s, e / s, np.flip(e), np.sum(s)


def standardized(x: Any) -> Any:
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return centred, centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + 1e-5)


def three_in_a_row(x: Any) -> Any:
    a = np.sum(x, axis=-1, keepdims=True)
    b = np.sum(np.tanh(x - a), axis=-1, keepdims=True)
    return np.max(x * b, axis=-1), np.sum(np.min(x - b, axis=-1))


@pytest.mark.parametrize("function", [softmax, softmax_parts, standardized, three_in_a_row])
@pytest.mark.parametrize("extent", EXTENTS)
def test_rows_of_any_length(function: Any, extent: int) -> None:
    x = RANDOM.normal(size=(3, extent))
    check_engines_agree(function, x)
    check_engines_agree(function, x[0])
    check_engines_agree(function, x.astype(np.float32))


@pytest.mark.parametrize("axis", [None, 0, 1, 2, (0, 1), (0, 2), (1, 2)])
@pytest.mark.parametrize("shape", [(2, 3, 5), (3, 1, 40), (1, 9, 9), (5, 17, 1), (33, 2, 19)])
def test_any_axes_of_any_shape(shape: tuple[int, ...], axis: Any) -> None:
    def both(x: Any, i: Any) -> Any:
        total = np.sum(x * x, axis=axis, keepdims=True)
        return total, np.max(x, axis=axis), np.sum(i, axis=axis), x / total, np.prod(x, axis=axis)

    # The product of a thousand of them is no subnormal number, which has few digits.
    x = RANDOM.choice([-1.0, 1.0], shape) * RANDOM.uniform(0.8, 1.25, shape)
    check_engines_agree(both, x, RANDOM.integers(-9, 9, shape))


def test_nan_and_infinities_reach_the_result() -> None:
    x = RANDOM.normal(size=(4, 70))
    x[0, 3], x[1, 69], x[2, 40], x[3, 0] = np.nan, np.nan, np.inf, -np.inf
    check_engines_agree(lambda x: (np.max(x, 1), np.min(x, 1), np.sum(x, 1), softmax(x)), x)


def test_a_sum_does_not_depend_on_what_lies_beyond_its_row() -> None:
    # The lanes beyond a row's end read the next row, or nothing.
    x = np.full((3, 5), np.nan)
    x[1] = [1.0, 2.0, 3.0, 4.0, 5.0]
    check_engines_agree(lambda x: (np.sum(x, 1), np.max(x[1]), np.sum(np.log(x[1]))), x)
