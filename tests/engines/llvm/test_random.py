"""Random bits of the native engine are those of the definition, bit for bit."""

import ctypes

import numpy as np
import pytest

from tests.engines.llvm.kernels import elementwise, runnable
from thalweg.engines.llvm.code.jit import load
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.random import permutation, threefry2x32
from thalweg.random.bits import keyed_permutation, threefry2x32_pairs

TARGETS = ["avx512", "avx2", "sse"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("which", [0, 1])
def test_threefry_equals_the_definition(which: int, target: str) -> None:
    rng = np.random.default_rng(0)
    high, low = rng.integers(-(2**31), 2**31, (2, 37)).astype(np.int32)

    def bits(e: Emitter, high: Value, low: Value) -> Value:
        key = e.constant(0xDEADBEEF, "i32"), e.constant(17, "i32")
        return threefry2x32(e, key, high, low)[which]

    got = elementwise(bits, high, low, target=runnable(target)).view(np.uint32)
    expected = threefry2x32_pairs((0xDEADBEEF, 17), high.view(np.uint32), low.view(np.uint32))
    np.testing.assert_array_equal(got, expected[which])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("n", [0, 1, 2, 31, 32, 33, 64, 65, 1000])
def test_permutations_equal_the_definition_and_stay_in_their_array(n: int, target: str) -> None:
    chosen = runnable(target)
    library = load([permutation(chosen)], ["permute"], chosen)
    permute = library.function("permute", None, ctypes.c_void_p, *[ctypes.c_int64] * 3)
    for seed, epoch in [(0, 0), (123_456_789_012_345, 7), (-3, 2**40)]:
        order = np.full(n + 4, -7, np.int32)
        permute(order.ctypes.data, n, seed, epoch)
        np.testing.assert_array_equal(order[:n], keyed_permutation(n, seed, epoch))
        assert (order[n:] == -7).all()


def test_the_permutation_of_this_machine_has_the_name_asked_for() -> None:
    assert "define void @shuffle(ptr %order" in permutation(Target.host(), "shuffle")
