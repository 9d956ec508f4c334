"""The vector mathematics against 120-bit arithmetic, and against NumPy where values are special."""

from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from tests.engines.llvm.kernels import TYPES, elementwise, runnable
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.mathematics.functions import MATHEMATICS

TARGETS = ["avx512", "avx2", "sse"]
BINARY = {"power", "logaddexp"}
# Those are in `test_floats`.
FLOATS = {"fmod", "nextafter", "rint", "sign_bit"}
UNARY = sorted(set(MATHEMATICS) - BINARY - FLOATS)
# The largest error allowed, in units of the last place.
BOUND = 2.0
POINTS = 150


def sigmoid(x: mpmath.mpf) -> mpmath.mpf:
    return 1 / (1 + mpmath.exp(-x))


def logaddexp(a: mpmath.mpf, b: mpmath.mpf) -> mpmath.mpf:
    return max(a, b) + mpmath.log1p(mpmath.exp(-abs(a - b)))


EXACT: dict[str, Callable] = {
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "arctan": mpmath.atan,
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "sigmoid": sigmoid,
    "power": mpmath.power,
    "logaddexp": logaddexp,
}
RANGES = {
    "exp": [(-700, 700), (-1, 1)],
    "expm1": [(-40, 700), (-1, 1)],
    "log": [(0.001, 10), (0.5, 2), (0.99, 1.01)],
    "log1p": [(-0.999, 1), (-0.01, 0.01), (0, 1e5)],
    "sin": [(-8, 8), (-9e4, 9e4)],
    "cos": [(-8, 8), (-9e4, 9e4)],
    "tan": [(-8, 8), (-9e4, 9e4)],
    "arctan": [(-5, 5), (-1, 1), (-100, 100)],
    "tanh": [(-1.2, 1.2), (-20, 20)],
    "erf": [(-1.5, 1.5), (-6, 6)],
    "sigmoid": [(-5, 5), (-700, 700), (-40, 40)],
}
NARROW = {"exp": (-87, 88), "expm1": (-20, 88), "sigmoid": (-87, 87)}


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


def points(name: str, type: str) -> np.ndarray:
    rng = np.random.default_rng(7)
    ranges = RANGES[name]
    if type == "f32" and name in NARROW:
        ranges = [NARROW[name], *ranges[2:], (-1, 1)]
    parts = [rng.uniform(low, high, POINTS) for low, high in ranges]
    # Every magnitude, tiny ones above all.
    exponents = rng.uniform(-300 if type == "f64" else -37, -1, POINTS)
    sign = 1 if name == "log" else rng.choice([-1, 1], POINTS)
    parts.append(sign * 10.0**exponents)
    if name in ("sin", "cos", "tan"):
        parts.append(rng.integers(1, 55_000, POINTS) * np.pi / 2)
        parts.append(10.0 ** rng.uniform(5, 30, 20))
    return np.concatenate(parts).astype(TYPES[type])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", UNARY)
def test_results_are_within_two_units_of_the_last_place(name: str, type: str, target: str) -> None:
    x = points(name, type)
    got = elementwise(MATHEMATICS[name], x, target=runnable(target))
    with mpmath.workprec(120):
        errors = ulps(got, [EXACT[name](mpmath.mpf(float(v))) for v in x])
    worst = int(np.argmax(errors))
    assert errors[worst] <= BOUND, f"{name}({x[worst]}) = {got[worst]}: {errors[worst]} ulp"


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
        # Where the operands cancel, only the absolute error is small.
        with np.errstate(invalid="ignore"):
            bad &= ~(np.abs(got - expected) < 1e-30)
    assert not bad.any(), list(zip(x[bad], y[bad], got[bad], expected[bad], strict=True))


@pytest.mark.parametrize("type", ["f32", "f64"])
def test_limits_of_erf_and_sigmoid_are_exact(type: str) -> None:
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -1e30], TYPES[type])
    got = elementwise(MATHEMATICS["erf"], x)
    np.testing.assert_array_equal(got, [0, 0, 1, -1, np.nan, 1, -1])
    assert np.signbit(got).tolist()[:2] == [False, True]
    got = elementwise(MATHEMATICS["sigmoid"], x)
    np.testing.assert_array_equal(got, [0.5, 0.5, 1, 0, np.nan, 1, 0])


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
