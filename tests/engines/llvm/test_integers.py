"""Shifts, common divisors and multiples, and remainders of integers, as NumPy's in every case."""

from collections.abc import Callable

import numpy as np
import pytest

import thalweg as tw
from tests.engines.llvm.kernels import TYPES, elementwise, runnable
from thalweg.engines.llvm.kernels.lowering import LOWERINGS

FUNCTIONS: dict[str, Callable] = {
    "and_bits": np.bitwise_and,
    "or_bits": np.bitwise_or,
    "xor_bits": np.bitwise_xor,
    "shift_left": np.left_shift,
    "shift_right": np.right_shift,
    "gcd": np.gcd,
    "lcm": np.lcm,
    "fmod": np.fmod,
}
NARROW = ["int8", "uint8", "int16", "uint16", "uint32", "uint64"]
# What is the same for signed and unsigned numbers of 64 bits.
MODULAR = ["and_bits", "or_bits", "xor_bits", "shift_left"]


def pairs(dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Every two special numbers, and random ones, large and small."""
    random, limits = np.random.default_rng(5), np.iinfo(dtype)
    numbers = [0, 1, 2, 3, 6, 7, 8, 31, 32, 63, 64, 96, limits.max, limits.max // 2, limits.min]
    numbers += [-n for n in numbers if limits.min < 0 and n > 0] + [limits.min // 2]
    special = np.array([n for n in numbers if limits.min <= n <= limits.max], dtype)
    x, y = (grid.ravel() for grid in np.meshgrid(special, special))
    a, b = random.integers(limits.min, limits.max, (2, 300), dtype=dtype, endpoint=True)
    a[::2] %= np.array(60, dtype)
    b[::3] %= np.array(90, dtype)
    return np.concatenate([x, a]), np.concatenate([y, b])


@pytest.mark.parametrize("target", ["avx512", "avx2", "sse"])
@pytest.mark.parametrize("type", ["i32", "i64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_integers_equal_those_of_numpy(name: str, type: str, target: str) -> None:
    x, y = pairs(np.dtype(TYPES[type]))
    with np.errstate(all="ignore"):
        wanted = FUNCTIONS[name](x, y)
    for width in (None, 1):
        got = elementwise(LOWERINGS[name], x, y, target=runnable(target), width=width)
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_narrow_and_unsigned_integers_are_computed_with_as_numpy_does(
    name: str, dtype: str
) -> None:
    if dtype == "uint64" and name not in MODULAR:
        pytest.skip("computed by NumPy")
    x, y = pairs(np.dtype(dtype))
    with np.errstate(all="ignore"):
        wanted = FUNCTIONS[name](x, y)
    primitive = getattr(tw.core.operation.op, name)
    np.testing.assert_array_equal(tw.jit(primitive, engine="native")(x, y), wanted)


def test_a_divisor_of_equal_operands_is_searched_once() -> None:
    x = np.arange(-8, 8)
    got = elementwise(lambda e, a, b: e.add(LOWERINGS["gcd"](e, a, b), 0), x, x[::-1].copy())
    np.testing.assert_array_equal(got, np.gcd(x, x[::-1]))
