"""Windows of few numbers: PyTorch's values, and those of the long road."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from thalweg import torch as wing

RANDOM = np.random.default_rng(0)

EXTENTS = {1: (11,), 2: (7, 5), 3: (6, 5, 7)}

WINDOWS = list(itertools.product([2, 3], [None, 1, 2], [0, 1], [False, True]))


def _called(name: str, x: Any, *arguments: Any, **options: Any) -> list[Any]:
    found = []
    for lib in (wing, torch):
        given = lib.tensor(x)
        found.append(getattr(lib.nn.functional, name)(given, *arguments, **options).numpy())
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_maxima(rank: int, dtype: Any) -> None:
    x = RANDOM.standard_normal((2, 3, *EXTENTS[rank])).astype(dtype)
    x[0, 0, 0], x[1, 0, 1] = np.nan, -np.inf
    for size, stride, padding, ceil in WINDOWS:
        for dilation in (1, 2):
            mine, theirs = _called(
                f"max_pool{rank}d", x, size, stride, padding, dilation=dilation, ceil_mode=ceil
            )
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rank", [1, 2])
def test_means(rank: int, dtype: Any) -> None:
    x = RANDOM.standard_normal((2, 3, *EXTENTS[rank])).astype(dtype)
    for (size, stride, padding, ceil), whole in itertools.product(WINDOWS, (True, False)):
        mine, theirs = _called(f"avg_pool{rank}d", x, size, stride, padding, ceil, whole)
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-6)


def test_windows_of_each_axis_and_of_turned_images() -> None:
    x = np.ascontiguousarray(RANDOM.standard_normal((2, 3, 6, 8)).astype(np.float32)).swapaxes(2, 3)
    for name, options in (("max_pool2d", {"dilation": (1, 2)}), ("avg_pool2d", {})):
        mine, theirs = _called(name, x, (3, 2), stride=(1, 2), padding=(1, 0), **options)
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def test_recorded_and_plain_images_have_the_same_values() -> None:
    x = wing.tensor(RANDOM.standard_normal((2, 3, 6, 8)).astype(np.float32))
    for name in ("max_pool2d", "avg_pool2d"):
        pool = getattr(wing.nn.functional, name)
        recorded = pool(x.clone().requires_grad_(), 3, 2, 1)
        assert recorded.requires_grad
        assert pool(x, 3, 2, 1).numpy().tobytes() == recorded.detach().numpy().tobytes()


def test_what_does_not_fit_is_refused_as_ever() -> None:
    with pytest.raises(RuntimeError):
        wing.nn.functional.max_pool2d(wing.zeros(1, 1, 2, 2), 5)
    with pytest.raises(RuntimeError):
        wing.nn.functional.avg_pool2d(wing.zeros(1, 1, 4, 4), 2, padding=2)
