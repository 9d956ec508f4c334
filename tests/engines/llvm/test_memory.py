"""Loads and stores touch the active lanes and nothing else; booleans are bytes."""

import ctypes
import mmap

import numpy as np
import pytest

from tests.engines.llvm.kernels import TYPES, elementwise, run, runnable
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target

TARGETS = ["avx512", "avx2", "sse"]


def samples(type: str, size: int) -> np.ndarray:
    return np.random.default_rng(size).integers(0, 100, size).astype(TYPES[type])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", TYPES)
def test_copies_of_every_length_are_exact(type: str, target: str) -> None:
    width = runnable(target).lanes("i64" if type == "i1" else type)
    for size in {1, 2, width - 1, width, width + 1, 2 * width + width // 2} - {0}:
        x = samples(type, size)
        got = elementwise(lambda e, a: a, x, target=runnable(target), width=width)
        np.testing.assert_array_equal(got, x)


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("active", [0, 1, 3, 8])
def test_masks_load_zeros_and_spare_memory(type: str, active: int) -> None:
    x, out = samples(type, 9)[1:], samples(type, 8)
    expected = np.where(np.arange(8) < active, x, 0)
    for masked_store in (False, True):
        e = Emitter(Target.host())
        source, result = e.parameter("x", "ptr"), e.parameter("y", "ptr")
        v = e.load(source, type, 8, active=active)
        e.store(v, result, active=active if masked_store else None)
        before = out.copy()
        run(e, [source, result], x, out)
        if masked_store:
            expected = np.where(np.arange(8) < active, x, before)
        np.testing.assert_array_equal(out, expected.astype(TYPES[type]))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64", "i1", "i32", "i64"])
@pytest.mark.parametrize("active", [None, 1, 3])
def test_gathers_follow_their_offsets(type: str, active: int | None, target: str) -> None:
    x, order = samples(type, 8), np.array([7, 2, 5, 0, 1, 3, 6, 4], np.int32)
    out = np.zeros(8, TYPES[type])
    e = Emitter(runnable(target))
    source, index, result = (e.parameter(name, "ptr") for name in ("x", "i", "y"))
    offsets = e.load(index, "i32", 8)
    v = e.gather(source, offsets, type, active=active)
    e.store(v, result)
    run(e, [source, index, result], x, order, out)
    live = np.arange(8) < (8 if active is None else active)
    # The other lanes hold the first element: not what LLVM knows, from which it concludes wrongly.
    np.testing.assert_array_equal(out, np.where(live, x[order], x[order[0]]))


def test_equal_loads_are_one_unless_asked_otherwise() -> None:
    e = Emitter(Target.host())
    x = e.parameter("x", "ptr")
    first = e.load(x, "f64", 4)
    e.store(e.add(first, 1.0), x)
    assert e.load(x, "f64", 4) is first
    again = e.load(x, "f64", 4, cse=False)
    e.store(e.add(again, 1.0), x)
    run(e, [x], array := np.zeros(4))
    assert (array == 2).all()


def test_a_prefetch_of_any_address_is_harmless() -> None:
    e = Emitter(Target.host())
    x = e.parameter("x", "ptr")
    e.prefetch(e.offset(x, 1 << 40))
    run(e, [x], np.zeros(1))


@pytest.mark.parametrize("source", ["i8", "i32", "i64", "f32", "f64"])
@pytest.mark.parametrize("active", [1, 2, 3, 5])
def test_converted_tails_do_not_read_past_the_end_of_memory(source: str, active: int) -> None:
    page = mmap.PAGESIZE
    memory = mmap.mmap(-1, 2 * page)
    view = np.frombuffer(memory, np.uint8)
    libc = ctypes.CDLL(None)
    protect = libc.mprotect
    protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    # The second page may not be touched: reading it would end the process.
    assert protect(view.ctypes.data + page, page, 0) == 0
    size = active * np.dtype(TYPES[source]).itemsize
    x = view[page - size : page].view(TYPES[source])
    x[:] = np.arange(1, active + 1)
    for to in TYPES:
        e = Emitter(Target.host())
        pointer, result = e.parameter("x", "ptr"), e.parameter("y", "ptr")
        e.store(e.convert(e.load(pointer, source, 8, active), to), result)
        run(e, [pointer, result], x, out := np.ones(8, TYPES[to]))
        np.testing.assert_array_equal(out, np.append(x, np.zeros(8 - active)).astype(TYPES[to]))
    assert protect(view.ctypes.data + page, page, 3) == 0
