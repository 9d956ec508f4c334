"""Remainders, neighbours, signs and whole numbers of floats: exactly NumPy's, for any bits."""

from collections.abc import Callable

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of
from tests.engines.llvm.kernels import TYPES, elementwise, runnable
from thalweg.core.spec import Spec
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.llvm.kernels.lowering import LOWERINGS

TARGETS = ["avx512", "avx2", "sse"]
INTEGERS = {"f32": np.int32, "f64": np.int64}
OF_ONE: dict[str, Callable] = {"rint": np.rint, "sign_bit": np.signbit}
OF_TWO: dict[str, Callable] = {"fmod": np.fmod, "nextafter": np.nextafter, "remainder": np.mod}


def numbers(type: str) -> np.ndarray:
    """Every kind of number, ties of rounding and random bits among them."""
    limits, random = np.finfo(TYPES[type]), np.random.default_rng(1)
    least = limits.smallest_subnormal
    listed = [0, 1, 0.5, 1.5, 2.5, 1 - limits.epsneg, 1e6, 2.0**limits.nmant + 0.5, np.inf]
    listed += [2.0 ** (limits.nmant + 1) + 2, limits.max, limits.tiny, limits.tiny - least]
    listed += [least, 3 * least, limits.max / 3, limits.max / 2**limits.nmant]
    bits = random.integers(*(np.iinfo(INTEGERS[type]).min, 0), 20, INTEGERS[type])
    special = np.array(listed, TYPES[type])
    return np.concatenate([special, -special, [np.nan], bits.view(TYPES[type])]).astype(TYPES[type])


def equal(got: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Equal, signs of zeros and all; or both NaN."""
    same = (got == wanted) & (np.signbit(got) == np.signbit(wanted))
    return same | (np.isnan(got) & np.isnan(wanted))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", OF_ONE)
def test_functions_of_a_float_equal_those_of_numpy(name: str, type: str, target: str) -> None:
    x = numbers(type)
    got = elementwise(LOWERINGS[name], x, target=runnable(target))
    assert equal(got, OF_ONE[name](x).astype(x.dtype)).all()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", OF_TWO)
def test_functions_of_two_floats_equal_those_of_numpy(name: str, type: str, target: str) -> None:
    x, y = (grid.ravel() for grid in np.meshgrid(numbers(type), numbers(type)))
    got = elementwise(LOWERINGS[name], x, y, target=runnable(target))
    with np.errstate(all="ignore"):
        wanted = OF_TWO[name](x, y)
    bad = ~equal(got, wanted)
    assert not bad.any(), list(zip(x[bad], y[bad], got[bad], wanted[bad], strict=True))[:5]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64"])
def test_remainders_of_long_quotients_are_exact(type: str, target: str) -> None:
    random = np.random.default_rng(2)
    y = random.uniform(1e-3, 3, 2000).astype(TYPES[type])
    # Quotients up to 2⁵⁶, whole ones and those just below among them.
    x = (y * 2.0 ** random.uniform(0, 56, y.size)).astype(TYPES[type])
    x[::3] = np.rint(x[::3] / y[::3]) * y[::3]
    x[::6] = np.nextafter(x[::6], TYPES[type](0))
    got = elementwise(LOWERINGS["fmod"], x, y, target=runnable(target))
    assert equal(got, np.fmod(x, y)).all()


def test_the_next_half_is_native() -> None:
    half = Spec((3,), np.dtype(np.float16))
    program = program_of(tw.nextafter, half, half)
    assert not NativeEngine().unsupported(program)
    x, y = np.float16([1.0, 0.0, 65504.0]), np.float16([2.0, -1.0, 0.0])
    found = tw.jit(tw.nextafter, engine="native")(x, y)
    np.testing.assert_array_equal(found, np.nextafter(x, y))
