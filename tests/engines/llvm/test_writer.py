"""Values at positions: ends of arrays, guarded reads, gathers, shapes read as other shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of
from tests.engines.llvm.kernels import runnable
from tests.engines.loops import check_loop, spec_of
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.testing import check_engines_agree

RANDOM = np.random.default_rng(0)
# Around one and several vectors of each type, and around where loops begin.
EXTENTS = (1, 2, 7, 8, 9, 15, 16, 17, 18, 31, 33, 63, 64, 65, 71, 72, 73, 127, 130)


@pytest.mark.parametrize("extent", EXTENTS)
def test_a_store_at_an_arrays_end_leaves_its_neighbours_alone(extent: int) -> None:
    # Neighbours in memory, of every size of element: each is written up to its end.
    def several(x: Any, i: Any) -> Any:
        whole = tw.astype(x * np.float32(8.0), np.int64)
        return whole, x * 2, whole > 3, tw.astype(x, float), i + 1, x * 3, tw.astype(i, np.int64)

    x, i = RANDOM.normal(size=extent).astype(np.float32), np.arange(extent, dtype=np.int32)
    check_engines_agree(several, x, i)
    check_engines_agree(lambda x, i: several(x, i)[::-1], x, i)


@pytest.mark.parametrize("extent", EXTENTS)
def test_states_beside_each_other_stay_apart(extent: int) -> None:
    def step(a: Any, i: Any, b: Any, j: Any) -> Any:
        return a * np.float32(0.5), i + tw.astype(a, np.int64), ~b, j + 1, np.sum(j)

    a = 10 * RANDOM.normal(size=extent).astype(np.float32)
    numbers = np.arange(extent)
    check_loop(step, [a, numbers, a > 1, numbers.astype(np.int32)], rtol=1e-6)


@pytest.mark.parametrize("extent", EXTENTS)
@pytest.mark.parametrize("low", [0, 1, 3])
def test_padding_and_joining_change_values_only_at_their_ends(extent: int, low: int) -> None:
    def guarded(x: Any) -> Any:
        y = np.exp(x)
        return (
            np.pad(y, (low, 2)),
            np.concatenate((y[:low], 2.0 * y, y[-1:], x)),
            np.pad(x, (2, low))[1:-1] - 1.0,
            np.sum(np.concatenate((y, x * x))),
        )

    check_engines_agree(guarded, RANDOM.normal(size=extent))


@pytest.mark.parametrize("extent", EXTENTS)
def test_shifted_neighbours_as_in_a_chain(extent: int) -> None:
    def rosenbrock(x: Any) -> Any:
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    x = RANDOM.normal(size=extent)
    check_engines_agree(lambda x: tw.value_and_grad(rosenbrock)(x), x)


@pytest.mark.parametrize("spacing", [1, 2, 3])
@pytest.mark.parametrize("extent", [1, 4, 9, 30])
def test_strided_parts_and_what_their_gradients_spread(extent: int, spacing: int) -> None:
    def parts(x: Any) -> Any:
        return np.sum(np.sin(x[::spacing]) ** 2) + np.sum(x[:, ::-1][1::spacing] ** 3)

    x = RANDOM.normal(size=(extent, 5))
    check_engines_agree(lambda x: tw.value_and_grad(parts)(x), x)
    check_engines_agree(lambda x: tw.value_and_grad(parts)(x.T), x)


@pytest.mark.parametrize("dtype", [np.int64, np.int32])
@pytest.mark.parametrize("count", [1, 3, 8, 9, 17, 70])
def test_gathers_count_from_either_end(count: int, dtype: Any) -> None:
    x = RANDOM.normal(size=(6, 4, 5))
    i = RANDOM.integers(-6, 6, count).astype(dtype)
    j = RANDOM.integers(-5, 5, (3, count)).astype(dtype)
    check_engines_agree(
        lambda x, i, j: (
            x[i],
            np.exp(x)[i] * 2.0,
            np.take(x, j, 2),
            np.take(x[1:, :, 2], j[:, :3] // 2, 1),
            np.sum(x[i] * x[i[::-1]], 0),
        ),
        x,
        i,
        j,
    )


def test_gathers_of_gathers() -> None:
    x, i, j = RANDOM.normal(size=(9, 3)), np.array([3, -1, 0, 8]), np.array([2, -4, 1, 1, 0])
    check_engines_agree(lambda x, i, j: (x[i[j]], x[i][j], x[:, 1][i][j] + x[j, 2]), x, i, j)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((6, 4), (4, 6)),
        ((6, 4), (24,)),
        ((24,), (2, 3, 4)),
        ((6, 1, 4), (4, 6, 1)),
        ((6, 4, 1), (3, 8)),
        ((1, 1, 24, 1), (2, 12)),
        ((1,), (1, 1)),
        ((), (1, 1)),
    ],
)
def test_reshaping_keeps_the_order_in_memory(before: Any, after: Any) -> None:
    x = RANDOM.normal(size=before)
    check_engines_agree(
        lambda x: (
            np.reshape(x, after),
            np.reshape(np.exp(x), after) * 2.0,
            np.reshape(np.reshape(x, after) + 1.0, before),
            np.sum(np.reshape(x * x, after), axis=-1),
        ),
        x,
    )


@pytest.mark.parametrize("steps", [60, 700])
def test_chains_longer_than_pythons_stack(steps: int) -> None:
    def chain(x: Any, i: Any) -> Any:
        y = x
        for _ in range(steps):
            y = 0.99 * y + 0.01
            x = x[i]
        return y, x

    check_engines_agree(chain, RANDOM.normal(size=11), RANDOM.permutation(11))


def test_positions_beyond_what_32_bits_count() -> None:
    # Pages that nobody touches take no memory.
    x = np.zeros(2**31 + 100, np.bool_)
    x[2**31 + 7] = True
    i = np.array([2**31 + 7, -93, 5, 2**31 + 8])
    program = program_of(
        lambda x, i: (x[i], x[2**31 + 3 :], x[:: 2**30], x[::-1][85:95]), spec_of(x), spec_of(i)
    )
    chosen, end, strided, reverse = NativeEngine().compile(program)(x, i)
    assert chosen.tolist() == [True, True, False, False]
    assert np.flatnonzero(end).tolist() == [4]
    assert strided.tolist() == [False] * 3
    assert np.flatnonzero(reverse).tolist() == [7]


@pytest.mark.parametrize("target", ["avx512", "avx2", "sse"])
def test_inputs_are_not_read_beyond_their_ends(target: str) -> None:
    # The array ends where an unreadable page begins: reading beyond would end the process.
    import ctypes
    import mmap

    page = mmap.PAGESIZE
    held = mmap.mmap(-1, 2 * page)
    address = ctypes.addressof(ctypes.c_char.from_buffer(held))
    libc = ctypes.CDLL(None)
    assert libc.mprotect(ctypes.c_void_p(address + page), ctypes.c_size_t(page), 0) == 0

    def reads(x: Any) -> Any:
        return x * 2, np.sum(x), np.cumsum(x), x[::-1], np.pad(x, (1, 2)), x[::2], x[-1:]

    try:
        for dtype in (np.float64, np.float32, np.int64, np.int32, np.bool_):
            for extent in (1, 3, 8, 17, 67):
                nbytes = extent * np.dtype(dtype).itemsize
                view = np.frombuffer(held, np.uint8, nbytes, page - nbytes).view(dtype)
                view[:] = np.arange(extent) % 2
                compiled = NativeEngine(runnable(target)).compile(program_of(reads, spec_of(view)))
                assert compiled(view)[1] == view.sum()
    finally:
        libc.mprotect(ctypes.c_void_p(address + page), ctypes.c_size_t(page), 3)
