"""The vector mathematics against 120-bit arithmetic, and against NumPy where values are special."""

from typing import Any

import mpmath
import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of, spec
from tests.engines.llvm.kernels import TYPES, elementwise, runnable
from thalweg.core.primitive import PRIMITIVES
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.mathematics.functions import MATHEMATICS

TARGETS = ["avx512", "avx2", "sse"]
BINARY = {"power", "logaddexp", "hypot", "arctan2"}
# Those are in `test_floats`.
FLOATS = {"fmod", "nextafter", "rint", "sign_bit"}
UNARY = sorted(set(MATHEMATICS) - BINARY - FLOATS)
# The largest error allowed, in units of the last place.
BOUND = 2.0
POINTS = 150


def logaddexp(a: mpmath.mpf, b: mpmath.mpf) -> mpmath.mpf:
    return max(a, b) + mpmath.log1p(mpmath.exp(-abs(a - b)))


def ulps(got: np.ndarray, exact: list[mpmath.mpf]) -> np.ndarray:
    """Errors in units of the last place of the exact results."""
    info = np.finfo(got.dtype)
    lowest = info.minexp - info.nmant
    places = [max(int(mpmath.floor(mpmath.log(abs(r), 2))) - info.nmant, lowest) for r in exact]
    return np.array(
        [
            float(abs(mpmath.mpf(float(g)) - r) / mpmath.mpf(2) ** place)
            for g, r, place in zip(got, exact, places, strict=True)
        ]
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64"])
def test_powers_are_within_two_units_of_the_last_place(type: str, target: str) -> None:
    rng = np.random.default_rng(3)
    largest = 300 if type == "f64" else 37
    x = np.concatenate(
        [
            rng.uniform(0.1, 3, POINTS),
            10.0 ** rng.uniform(-largest, largest, POINTS),
            rng.uniform(0.99, 1.01, POINTS),
        ]
    ).astype(TYPES[type])
    limit = 0.99 * largest * np.log(10) / np.maximum(np.abs(np.log(x.astype(float))), 1e-9)
    y = np.clip(rng.uniform(-1, 1, x.size) * limit, -1e15, 1e15).astype(TYPES[type])
    got = elementwise(MATHEMATICS["power"], x, y, target=runnable(target))
    with mpmath.workprec(200):
        exact = [
            mpmath.power(mpmath.mpf(float(a)), mpmath.mpf(float(b)))
            for a, b in zip(x, y, strict=True)
        ]
        assert ulps(got, exact).max() <= BOUND


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64"])
def test_logaddexp_is_within_two_units_of_the_last_place_of_its_larger_operand(
    type: str, target: str
) -> None:
    rng = np.random.default_rng(4)
    a = rng.uniform(-40, 40, 2 * POINTS).astype(TYPES[type])
    b = np.where(np.arange(a.size) % 2, rng.uniform(-40, 40, a.size), 0).astype(TYPES[type])
    got = elementwise(MATHEMATICS["logaddexp"], a, b, target=runnable(target))
    with mpmath.workprec(120):
        exact = [
            logaddexp(mpmath.mpf(float(p)), mpmath.mpf(float(q))) for p, q in zip(a, b, strict=True)
        ]
        errors = np.array(
            [float(mpmath.mpf(float(g)) - r) for g, r in zip(got, exact, strict=True)]
        )
    scale = np.maximum(np.spacing(np.maximum(np.abs(a), np.abs(b))), np.spacing(np.abs(got)))
    assert (np.abs(errors) / scale).max() <= BOUND


def special(type: str) -> np.ndarray:
    info = np.finfo(TYPES[type])
    odd = 2.0**info.nmant + 1
    numbers = [0, 0.25, 0.5, 1 / 3, 1, 1.5, 2, 3, 4, 5, 20, 88.8, 1e6, 123456.7, 1e10, odd, 2 * odd]
    numbers += [np.inf, info.max, info.tiny, info.smallest_subnormal, 1e-8]
    numbers += [710, 745.5] if type == "f64" else [103.9]
    return np.array([*numbers, *[-n for n in numbers], np.nan], TYPES[type])


def agree(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Equal to four units of the last place, signs of zero and all; or both NaN."""
    close = np.isclose(got, expected, rtol=4 * np.finfo(got.dtype).eps, atol=0)
    same = (np.signbit(got) == np.signbit(expected)) & close
    return same | (np.isnan(got) & np.isnan(expected))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted(set(UNARY) - {"erf", "sigmoid"}))
def test_special_values_are_those_of_numpy(name: str, type: str, target: str) -> None:
    x = special(type)
    got = elementwise(MATHEMATICS[name], x, target=runnable(target))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    bad = ~agree(got, expected)
    assert not bad.any(), list(zip(x[bad], got[bad], expected[bad], strict=True))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted(BINARY))
def test_special_pairs_are_those_of_numpy(name: str, type: str, target: str) -> None:
    x, y = (values.ravel() for values in np.meshgrid(special(type), special(type)))
    got = elementwise(MATHEMATICS[name], x, y, target=runnable(target))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, y)
    bad = ~agree(got, expected)
    if name == "logaddexp":
        # Where the larger operand and the logarithm cancel, only the absolute errors are small.
        with np.errstate(all="ignore"):
            larger = np.minimum(np.maximum(x, y), 0)
            bad &= ~(np.abs(got - expected) <= 2 * np.spacing(np.abs(larger)))
    assert not bad.any(), list(zip(x[bad], y[bad], got[bad], expected[bad], strict=True))


@pytest.mark.parametrize("type", ["f32", "f64"])
def test_limits_of_erf_and_sigmoid_are_exact(type: str) -> None:
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -1e30], TYPES[type])
    got = elementwise(MATHEMATICS["erf"], x)
    np.testing.assert_array_equal(got, [0, 0, 1, -1, np.nan, 1, -1])
    assert np.signbit(got).tolist()[:2] == [False, True]
    got = elementwise(MATHEMATICS["sigmoid"], x)
    np.testing.assert_array_equal(got, [0.5, 0.5, 1, 0, np.nan, 1, 0])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64"])
def test_powers_of_the_base_and_cubes_have_exact_results(type: str, target: str) -> None:
    def found(name: str, x: np.ndarray) -> np.ndarray:
        return elementwise(MATHEMATICS[name], x.astype(TYPES[type]), target=runnable(target))

    limits = np.finfo(TYPES[type])
    twos = np.arange(limits.minexp - limits.nmant, limits.maxexp, dtype=float)
    np.testing.assert_array_equal(found("log2", 2.0**twos), twos)
    np.testing.assert_array_equal(found("exp2", twos), 2.0**twos)
    tens = np.arange(11.0 if type == "f32" else 23.0)
    np.testing.assert_array_equal(found("log10", 10.0**tens), tens)
    roots = np.arange(-200.0, 201.0)
    np.testing.assert_array_equal(found("cbrt", roots**3), roots)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("width", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted({*UNARY, *BINARY}))
def test_the_width_of_the_vectors_never_changes_a_bit(name: str, type: str, width: int) -> None:
    x = np.random.default_rng(1).uniform(0.1, 3, 21).astype(TYPES[type])
    x[[3, 17]] = 1e6, 1e20  # beyond the fast range of the sine, beside lanes within it
    arguments = [x, x[::-1].copy()] if name in BINARY else [x]
    got = elementwise(MATHEMATICS[name], *arguments, width=width)
    expected = elementwise(MATHEMATICS[name], *arguments)
    np.testing.assert_array_equal(got, expected)


def test_an_invariant_sine_is_computed_once_outside_the_loop() -> None:
    e = Emitter(Target.host())
    x, y = e.parameter("x", "ptr"), e.parameter("y", "ptr")
    index, _ = e.begin_loop(4)
    outside = MATHEMATICS["sin"](e, e.load(x, "f64"))
    assert MATHEMATICS["sin"](e, e.load(x, "f64")) is outside
    assert outside.depth == 0
    e.store(outside, e.element(y, index, "f64"))
    e.end_loop()
    assert e.text().count("@sin") == 1


@pytest.mark.parametrize("name", sorted({*UNARY, *BINARY, *FLOATS} - {"sign_bit"}))
def test_first_and_second_derivatives_are_native(name: str) -> None:
    primitive = PRIMITIVES[name]
    count = len(primitive.rules)

    def slope(*operands: Any) -> Any:
        return tw.grad(lambda *xs: tw.sum(primitive(*xs)))(*operands)

    def curvature(*operands: Any) -> Any:
        return tw.grad(lambda *xs: tw.sum(slope(*xs)))(*operands)

    for function in (slope, curvature):
        program = program_of(function, *[spec(3)] * count)
        assert NativeEngine().unsupported(program) == []
