"""Rows and channels normalized, of all extents, against NumPy in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg.engines.llvm.eager.normalizing import followed, of_channels, of_rows

RANDOM = np.random.default_rng(7)
EPS = 1e-5


def _wanted(x: Any, axes: tuple[int, ...], weight: Any, bias: Any) -> Any:
    x, weight, bias = (np.asarray(a, np.float64) for a in (x, weight, bias))
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    values = (x - mean) / np.sqrt(variance + EPS)
    return values * weight + bias, values, 1 / np.sqrt(variance + EPS), mean, variance


@pytest.mark.parametrize("kind", "fd")
@pytest.mark.parametrize("n", [1, 7, 8, 9, 40, 1000])
def test_rows(kind: str, n: int) -> None:
    x = (RANDOM.standard_normal((3, n)) + 5).astype(kind)
    weight, bias = RANDOM.standard_normal((2, n)).astype(kind)
    out, values, factor = of_rows(kind, True)(x, weight, bias, EPS)
    wanted = _wanted(x, (1,), weight, bias)
    tolerance = {"rtol": 2e-4, "atol": 2e-4} if kind == "f" else {"rtol": 1e-9, "atol": 1e-9}
    for mine, theirs in zip((out, values, factor[:, None]), wanted, strict=False):
        assert mine.dtype == np.dtype(kind)
        np.testing.assert_allclose(mine, theirs, **tolerance)
    assert of_rows(kind, False)(x, weight, bias, EPS).tobytes() == out.tobytes()


@pytest.mark.parametrize("kind", "fd")
@pytest.mark.parametrize("shape", [(2, 1), (1, 9), (5, 16), (3, 33)])
def test_channels(kind: str, shape: tuple[int, int]) -> None:
    images = RANDOM.standard_normal((shape[0], 4, shape[1])).astype(kind)
    weight, bias = RANDOM.standard_normal((2, 4)).astype(kind)
    found = of_channels(kind)(images, weight, bias, EPS)
    wanted = _wanted(images, (0, 2), weight[:, None], bias[:, None])
    for mine, theirs in zip(found[:2], wanted[:2], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)
    for mine, theirs in zip(found[2:], wanted[2:], strict=True):
        np.testing.assert_allclose(mine, theirs.ravel(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", "fd")
def test_running_values_follow(kind: str) -> None:
    running, new = RANDOM.standard_normal((2, 5)).astype(kind)
    found = followed(kind)(running, new, 1.25, 0.1)
    assert found.dtype == np.dtype(kind)
    np.testing.assert_allclose(found, 0.9 * running + 0.1 * 1.25 * new, rtol=1e-6)
