"""a·b + c is rounded once, whatever the operands."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from thalweg.ops.elementwise.fused import fma


def exact(a: float, b: float, c: float, dtype: Any) -> Any:
    """Round the exact value to nearest, ties to even, by trying the neighbours."""
    value = Fraction(a) * Fraction(b) + Fraction(c)
    near = np.asarray(float(value)).astype(dtype)[()]
    around = [np.nextafter(near, dtype(-np.inf)), near, np.nextafter(near, dtype(np.inf))]
    distances = [abs(Fraction(float(x)) - value) for x in around]
    best = [x for x, d in zip(around, distances, strict=True) if d == min(distances)]
    return best[0] if len(best) == 1 else next(x for x in best if not significand(x) % 2)


def significand(x: Any) -> int:
    return int(x.view(np.int32 if x.dtype == np.float32 else np.int64))


def check(operands: list[Any], dtype: Any) -> None:
    found = fma(*operands, dtype)
    rows = np.broadcast_arrays(*operands)
    expected = [exact(*map(float, row), dtype) for row in zip(*rows, strict=True)]
    np.testing.assert_array_equal(found, np.array(expected, dtype))
    assert found.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1.0, 1e-19, 1e-38, 1e18, 1e-160, 1e-300, 1e150])
def test_sums_are_rounded_once(dtype: Any, scale: float) -> None:
    if not float(np.finfo(dtype).tiny) < scale < float(np.finfo(dtype).max):
        scale = 2.0
    random = np.random.default_rng(1)
    a = (random.standard_normal(300) * scale).astype(dtype)
    b = random.standard_normal(300).astype(dtype)
    check([a, b, (random.standard_normal(300) * scale).astype(dtype)], dtype)
    # The product and the third operand cancel but for a few bits.
    check([a, b, (-a * b * (1 + random.integers(-2, 3, 300) * 2.0**-24)).astype(dtype)], dtype)
    check([a, dtype(0.3), dtype(scale)], dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_that_decide_a_tie_decide_it(dtype: Any) -> None:
    random = np.random.default_rng(2)
    eps = dtype(np.finfo(dtype).eps)
    c = (1 + random.integers(0, 2**20, 500) * eps).astype(dtype)
    # Half a unit in the last place, and so little less that float64 does not see it.
    k = random.integers(-3, 4, 500)
    check([(eps / 2 * (1 + k * eps)).astype(dtype), (1 - k * eps).astype(dtype), c], dtype)
    check([(-eps / 2 * (1 + k * eps)).astype(dtype), (1 - k * eps).astype(dtype), c], dtype)


def test_smallest_numbers_are_rounded_once() -> None:
    tiny = np.float32(2.0**-149)
    odd = np.arange(1, 200, 2, dtype=np.float32)
    for factor in (0.5, 0.5 + 2.0**-24, 0.5 - 2.0**-25):
        check([odd * tiny, np.float32(factor), np.float32(0)], np.float32)
        check([odd * tiny, np.float32(factor), tiny], np.float32)
    check([np.float64(2.0**-1074) * np.arange(1, 50, 2), 0.5, 2.0**-1074], np.float64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_infinities_and_nan_are_those_of_the_plain_sum(dtype: Any) -> None:
    largest = np.finfo(dtype).max
    a = np.array([np.inf, -np.inf, np.nan, largest, -largest, np.inf, 0.0, -0.0], dtype)
    c = np.array([1, np.inf, 1, largest, -largest, -np.inf, -0.0, -0.0], dtype)
    with np.errstate(all="ignore"):
        expected = a * dtype(2) + c
    found = fma(a, 2, c, dtype)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


def test_a_sum_that_overflows_only_on_the_way_is_finite() -> None:
    assert fma(1e200, 1e200, 0.0, np.float64) == np.inf
    assert fma(2.0**1000, 2.0**24, -(2.0**1023), np.float64) == 2.0**1023
    assert fma([[1.0], [2.0]], [3.0, 4.0], 1.0, np.float64).tolist() == [[4, 5], [7, 9]]
