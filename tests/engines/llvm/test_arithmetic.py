"""Instructions on values mean what NumPy means by them, in whole vectors and masked tails."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.engines.llvm.kernels import TYPES, elementwise, run, runnable
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value

TARGETS = ["avx512", "avx2", "sse"]
FLOATS = np.array(
    [0.0, -0.0, 1.0, -1.5, 2.5, 3.5, np.inf, -np.inf, np.nan, 1e-310, 7.25, -123.75, 1e9]
)
INTEGERS = np.array([0, 1, -1, 7, -7, 3, -3, 100, -128, 127, 64, 5, 2])


def pairs(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(values, values)
    return x.ravel(), y.ravel()


BINARY: dict[str, Callable] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64", "i32", "i64"])
@pytest.mark.parametrize("name", BINARY)
def test_binary_operations_equal_those_of_numpy(name: str, type: str, target: str) -> None:
    values = FLOATS if type.startswith("f") else INTEGERS
    x, y = pairs(values.astype(TYPES[type]))
    got = elementwise(lambda e, a, b: getattr(e, name)(a, b), x, y, target=runnable(target))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(got, BINARY[name](x, y))


@pytest.mark.parametrize("type", ["f32", "f64"])
def test_division_and_remainder_of_floats_follow_ieee(type: str) -> None:
    x, y = pairs(FLOATS.astype(TYPES[type]))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(elementwise(Emitter.divide, x, y), x / y)
        np.testing.assert_array_equal(elementwise(Emitter.remainder, x, y), np.fmod(x, y))


@pytest.mark.parametrize("type", ["i32", "i64"])
def test_division_of_integers_truncates_and_never_traps(type: str) -> None:
    least = np.iinfo(TYPES[type]).min
    x, y = pairs(np.append(INTEGERS, least).astype(TYPES[type]))

    def truncated(a: int, b: int) -> int:
        if b == 0:
            return 0
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return least if quotient == -least else quotient

    expected = [truncated(int(a), int(b)) for a, b in zip(x, y, strict=True)]
    np.testing.assert_array_equal(elementwise(Emitter.divide, x, y), expected)
    expected = [int(np.fmod(a, b)) if b not in (0, -1) else 0 for a, b in zip(x, y, strict=True)]
    np.testing.assert_array_equal(elementwise(Emitter.remainder, x, y), expected)
    np.testing.assert_array_equal(
        elementwise(lambda e, a: e.divide(a, -7), x), [truncated(int(a), -7) for a in x]
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("constant_first", [False, True])
def test_maximum_and_minimum_with_a_constant_keep_nan(target: str, constant_first: bool) -> None:
    def relu(e: Emitter, a: Value) -> Value:
        return e.maximum(0.0, a) if constant_first else e.maximum(a, 0.0)

    got = elementwise(relu, FLOATS, target=runnable(target))
    np.testing.assert_array_equal(got, np.maximum(FLOATS, 0.0))
    got = elementwise(lambda e, a: e.minimum(a, float("nan")), FLOATS, target=runnable(target))
    assert np.isnan(got).all()


UNARY: dict[str, Callable] = {
    "negate": np.negative,
    "absolute": np.abs,
    "sqrt": np.sqrt,
    "floor": np.floor,
    "ceil": np.ceil,
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", UNARY)
def test_unary_operations_equal_those_of_numpy(name: str, type: str, target: str) -> None:
    x = FLOATS.astype(TYPES[type])
    got = elementwise(lambda e, a: getattr(e, name)(a), x, target=runnable(target))
    with np.errstate(all="ignore"):
        expected = UNARY[name](x)
    np.testing.assert_array_equal(got, expected)
    number = ~np.isnan(x)
    np.testing.assert_array_equal(np.signbit(got[number]), np.signbit(expected[number]))


def test_fused_multiply_add_rounds_once_on_targets_that_have_it() -> None:
    x = np.full(9, 1 + 2.0**-30)
    fused = elementwise(lambda e, a: e.fma(a, a, -1.0), x, target=runnable("avx2"))
    twice = elementwise(lambda e, a: e.fma(a, a, -1.0), x, target=runnable("sse"))
    assert (twice == x * x - 1).all()
    if Target.host().fused:
        assert (fused == 2.0**-29 + 2.0**-60).all()


@pytest.mark.parametrize("type", ["i32", "i64"])
def test_bit_operations_equal_those_of_numpy(type: str) -> None:
    x, y = pairs(INTEGERS.astype(TYPES[type]))
    unsigned = x.view(f"u{x.itemsize}")
    count = (y & 15).astype(x.dtype)
    np.testing.assert_array_equal(elementwise(Emitter.bit_and, x, y), x & y)
    np.testing.assert_array_equal(elementwise(Emitter.bit_or, x, y), x | y)
    np.testing.assert_array_equal(elementwise(Emitter.bit_xor, x, y), x ^ y)
    np.testing.assert_array_equal(elementwise(Emitter.invert, x), ~x)
    np.testing.assert_array_equal(elementwise(Emitter.shift_left, x, count), x << count)
    got = elementwise(Emitter.shift_right_arithmetic, x, count)
    np.testing.assert_array_equal(got, x >> count)
    got = elementwise(Emitter.shift_right_logical, x, count)
    np.testing.assert_array_equal(got.view(unsigned.dtype), unsigned >> count.view(unsigned.dtype))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("to", TYPES)
@pytest.mark.parametrize("source", TYPES)
def test_conversions_equal_astype_within_range(source: str, to: str, target: str) -> None:
    values = np.array([0, 1, -1, 2.75, -2.75, 100, -100, 0.25, -0.0, 3, 5, 6, 7, 8, 9, 10, 11])
    # Tails of one lane and of more: a masked store of converted lanes must not be widened.
    for size in (values.size - 1, values.size, 3):
        x = values[:size].astype(TYPES[source])
        for width in (4, 16):
            got = elementwise(
                lambda e, a: e.convert(a, to), x, target=runnable(target), width=width, result=to
            )
            np.testing.assert_array_equal(got, x.astype(TYPES[to]))


@pytest.mark.parametrize("source", ["f32", "f64"])
def test_conversion_of_what_no_integer_holds_is_defined(source: str) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30], TYPES[source])
    got = elementwise(lambda e, a: e.convert(a, "i32"), x, result="i32")
    largest, least = 2**31 - 1, -(2**31)
    np.testing.assert_array_equal(got, [0, largest, least, largest, least])
    got = elementwise(lambda e, a: e.convert(a, "i1"), x, result="i1")
    assert got.all(), "NaN and infinities are not zero"


def test_comparisons_select_lanes() -> None:
    x, y = pairs(FLOATS)
    got = elementwise(lambda e, a, b: e.compare("olt", a, b), x, y, result="i1")
    np.testing.assert_array_equal(got, x < y)
    got = elementwise(lambda e, a, b: e.select(e.compare("une", a, b), a, -1), x, y)
    np.testing.assert_array_equal(got, np.where(x != y, x, -1))


@pytest.mark.parametrize("count", [1, 2, 4, 8, 16])
def test_tree_reduction_gives_the_sum_of_vector_j_in_lane_j(count: int) -> None:
    rng = np.random.default_rng(count)
    x, width = rng.integers(-100, 100, (count, 8)).astype(np.float64), 8
    e = Emitter(Target.host())
    source, sums = e.parameter("x", "ptr"), e.parameter("y", "ptr")
    vectors = [e.load(e.element(source, i * width, "f64"), "f64", width) for i in range(count)]
    e.store(e.tree_reduce(vectors, e.add), sums)
    e.store(e.horizontal(vectors[0], e.maximum), e.element(sums, count, "f64"))
    run(e, [source, sums], x, got := np.zeros(count + 1))
    np.testing.assert_array_equal(got[:count], x.sum(1))
    assert got[count] == x[0].max()


def test_lanes_are_shuffled_extracted_and_inserted() -> None:
    x = np.arange(8.0)
    e = Emitter(Target.host())
    source, out = e.parameter("x", "ptr"), e.parameter("y", "ptr")
    v = e.load(source, "f64", 4)
    w = e.load(e.offset(source, 32), "f64", 4)
    e.store(e.shuffle(v, w, [7, 0, 1, 4]), out)
    scalar = e.extract(w, 2)
    e.store(e.insert(v, scalar, 3), e.element(out, 4, "f64"))
    e.store(e.shuffle(e.extract(v, 1), scalar, [1, 0, 0, 1]), e.element(out, 8, "f64"))
    e.store(e.convert(e.lanes("i32", 4), "f64"), e.element(out, 12, "f64"))
    run(e, [source, out], x, got := np.zeros(16))
    np.testing.assert_array_equal(got, [7, 0, 1, 4, 0, 1, 2, 6, 6, 1, 1, 6, 0, 1, 2, 3])


def test_operands_of_different_types_are_refused() -> None:
    e = Emitter(Target.host())
    with pytest.raises(TypeError, match="convert them first"):
        e.add(e.constant(1, "f32"), e.constant(1, "f64"))
    with pytest.raises(TypeError, match="must be a Value"):
        e.add(1, 2)
    with pytest.raises(ValueError, match="a vector of 4 lanes"):
        e.add(e.constant(1, "f32", 4), e.constant(1, "f32", 8))
