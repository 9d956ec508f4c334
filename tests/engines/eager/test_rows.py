"""Loops over rows by machine code are NumPy's, to the last bit; what they refuse is told."""

from __future__ import annotations

import numpy as np
import pytest

from thalweg.engines.eager import rows

RNG = np.random.default_rng(8)

KINDS = pytest.mark.parametrize("kind", ["f", "d"])


def _numbers(kind: str, *shape: int) -> np.ndarray:
    found = RNG.normal(size=shape).astype(kind)
    found.reshape(-1)[::7] = -0.0
    return found


@KINDS
def test_elements_at_positions(kind: str) -> None:
    x, index = _numbers(kind, 64, 300), RNG.integers(0, 300, (64, 17))
    found = rows.gathered(x, index)
    assert found is not None
    assert found.tobytes() == np.take_along_axis(x, index, 1).tobytes()
    assert rows.gathered(x, np.where(index == index[3, 4], -1, index)) is None
    assert rows.gathered(x, np.where(index == index[3, 4], 300, index)) is None
    assert rows.gathered(x.T, index) is None
    short = rows.gathered(x, index.astype(np.int32))
    assert short is not None
    assert short.tobytes() == found.tobytes()


@KINDS
def test_values_added_at_positions(kind: str) -> None:
    x, index = _numbers(kind, 64, 300), RNG.integers(0, 300, (64, 40))
    values = _numbers(kind, 64, 40)
    expected, before = x.copy(), x.copy()
    np.add.at(expected, (np.arange(64)[:, None], index), values)
    found = rows.added(x, index, values)
    assert found is not None
    assert found.tobytes() == expected.tobytes()
    assert x.tobytes() == before.tobytes()
    assert rows.added(x, index + 300, values) is None
    assert rows.added(x, index, values[:, :3]) is None


@KINDS
def test_rows_added_at_positions(kind: str) -> None:
    x, index, values = _numbers(kind, 90, 200), RNG.integers(0, 90, 95), _numbers(kind, 95, 200)
    expected = x.copy()
    np.add.at(expected, index, values)
    found = rows.rows_added(x, index, values)
    assert found is not None
    assert found.tobytes() == expected.tobytes()
    assert rows.rows_added(x, index - 90, values) is None


@KINDS
@pytest.mark.parametrize(("name", "ufunc"), [("summed", np.add), ("multiplied", np.multiply)])
def test_totals_so_far(kind: str, name: str, ufunc: np.ufunc) -> None:
    for shape in ((1 << 15,), (3, 5, 2048)):
        x = _numbers(kind, *shape)
        found = rows.accumulated(name, x)
        assert found is not None
        assert found.tobytes() == ufunc.accumulate(x, -1).tobytes()


@KINDS
@pytest.mark.parametrize("largest", [True, False])
def test_the_largest_and_the_smallest(kind: str, largest: bool) -> None:
    x = RNG.integers(-30, 30, (40, 500)).astype(kind)
    x[0, 3], x[1, 4] = np.inf, -np.inf
    for count in (1, 5, 32):
        found = rows.top(x, count, largest)
        assert found is not None
        order = np.argsort(-x if largest else x, 1, kind="stable")[:, :count]
        assert found[1].tolist() == order.tolist()
        assert found[0].tolist() == np.take_along_axis(x, order, 1).tolist()
    assert rows.top(x, 33, largest) is None
    x[7, 400] = np.nan
    assert rows.top(x, 5, largest) is None


def test_numbers_of_one_distance_are_rounded_once() -> None:
    for low, high, count in ((0.0, 1.0, 1 << 15), (-3.0, 17.5, (1 << 15) + 1)):
        step = np.float32(np.float32(high - low) / np.float32(count - 1))
        found = rows.evenly_spaced(low, high, step, count)
        assert found is not None
        half = count // 2
        first = np.arange(half, dtype=np.longdouble) * np.longdouble(step) + low
        last = high - np.arange(count - half, dtype=np.longdouble)[::-1] * np.longdouble(step)
        assert found.tolist() == np.concatenate([first, last]).astype(np.float32).tolist()
