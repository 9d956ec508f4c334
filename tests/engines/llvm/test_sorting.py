"""Axes put into order: every dtype, extents around every change of method, ties, special values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of
from tests.engines.llvm.kernels import runnable
from tests.engines.loops import spec_of
from tests.fuzz.guard import Guarded
from thalweg.engines.jit import jit
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.testing import check_engines_agree

RANDOM = np.random.default_rng(0)
SPECIAL = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 1.5])
FLOATS, INTEGERS = ["f8", "f4", "f2"], ["i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"]
EXTENTS = (0, 1, 2, 3, 7, 15, 16, 17, 33, 65, 100, 101, 257, 800, 801)


def drawn(dtype: str, shape: Any) -> Any:
    """Return numbers with ties, at both ends of what a dtype holds."""
    if dtype == "?":
        return RANDOM.random(shape) < 0.5
    if dtype in FLOATS:
        values = np.where(RANDOM.random(shape) < 0.4, RANDOM.choice(SPECIAL, shape), 0.0)
        return (values + RANDOM.integers(-2, 3, shape) * RANDOM.integers(0, 2, shape)).astype(dtype)
    limits = np.iinfo(dtype)
    values = np.array([limits.min, limits.max, limits.max - 1, 0, 1, 2], dtype)
    return np.asarray(RANDOM.choice(values, shape), dtype)


def ordered(x: Any, axis: int = -1) -> tuple[Any, Any]:
    return tw.argsort(x, axis), tw.argsort(x, axis, descending=True)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, "?"])
def test_equal_elements_stay_in_their_order_and_nan_is_largest(dtype: str) -> None:
    arrays = [drawn(dtype, n) for n in EXTENTS]
    found = jit(lambda xs: [ordered(x) for x in xs], engine="native")(arrays)
    for x, (up, down) in zip(arrays, found, strict=True):
        np.testing.assert_array_equal(up, np.argsort(x, kind="stable"))
        backwards = len(x) - 1 - np.argsort(x[::-1], kind="stable")[::-1]
        np.testing.assert_array_equal(down, backwards)


@pytest.mark.parametrize("target", ["avx512", "avx2", "sse"])
def test_any_axis_of_any_array_wherever_its_elements_lie(target: str) -> None:
    arrays = [drawn("f8", shape) for shape in ((3, 70, 4), (5, 1), (1, 70), (0, 3), (2, 0))]
    arrays.append(drawn("f8", (90, 66))[::-2, ::3])

    def all_axes(*xs: Any) -> Any:
        return [ordered(y, axis) for x in xs for y in (x, x.T) for axis in range(x.ndim)]

    program = program_of(lambda *xs: tuple(sum(all_axes(*xs), ())), *map(spec_of, arrays))
    found = NativeEngine(runnable(target)).compile(program)(*arrays)
    wanted = [order for pair in all_axes(*map(tw.Tensor, arrays)) for order in pair]
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_in_order_already_and_what_is_backwards() -> None:
    for n in (7, 50, 500):
        rising = np.repeat(np.sort(RANDOM.normal(size=n)), 2)
        both = jit(ordered, engine="native")
        np.testing.assert_array_equal(both(rising)[0], np.arange(2 * n))
        np.testing.assert_array_equal(
            both(rising[::-1].copy())[0], np.argsort(rising[::-1], kind="stable")
        )


def test_several_sorts_of_one_program_share_what_they_work_in() -> None:
    x, y, z = (RANDOM.normal(size=n) for n in (300, 40, 300))
    check_engines_agree(
        lambda x, y, z: (
            ordered(x * 2), ordered(z), ordered(y), ordered(np.outer(y, x), 0), np.sort(z) - x
        ),
        x, y, z,
    )  # fmt: skip


def test_it_touches_no_memory_but_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    guarded = Guarded()
    guarded.engine(monkeypatch)
    for shape in ((1,), (3,), (16,), (65,), (500,), (801,), (3, 129), (129, 3)):
        x = drawn("f8" if len(shape) < 2 else "f4", shape)
        found = jit(ordered, engine="native")(guarded.copy(x))
        np.testing.assert_array_equal(found[0], np.argsort(x, axis=-1, kind="stable"))
