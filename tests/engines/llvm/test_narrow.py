"""Small, unsigned and half numbers: moved, converted and computed with as NumPy does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.core.operation import op
from thalweg.core.program import finish, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import as_tensor, make
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.llvm.ir.target import Target

ENGINES = {name: NativeEngine(Target.named(name)) for name in ("sse", "avx2")}
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
NARROW = ("int8", "uint8", "int16", "uint16", "uint32", "uint64", "float16")
ALL = (*INTEGERS, "float16", "float32", "float64", "bool")


def native(function: Callable[..., Any], *arrays: Any, engine: str = "avx2") -> Any:
    return native_all([function], *arrays, engine=engine)[0]


def native_all(functions: Any, *arrays: Any, engine: str = "avx2") -> list[Any]:
    """Return the results of functions in one program."""
    specs = [Spec(a.shape, a.dtype) for a in arrays]
    result, current, symbols = trace(
        lambda *given: [f(*given) for f in functions], specs, lambda s: make(s, None, s.spec.weak)
    )
    program = finish(current, symbols, [current.lift(as_tensor(r)) for r in result])
    chosen = ENGINES[engine]
    assert chosen.unsupported(program) == []
    captured = [tensor.array for tensor, _ in current.captured.values()]
    return chosen.compile(program)(*arrays, *captured)


def values(dtype: str, count: int = 37) -> Any:
    rng = np.random.default_rng(ALL.index(dtype))
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return rng.integers(0, 2, count).astype(bool)
    if kind.kind == "f":
        return (rng.normal(size=count) * 10.0 ** rng.integers(-6, 4, count)).astype(kind)
    info = np.iinfo(kind)
    edges = [info.min, info.max, 0, 1, info.max // 2, info.max // 2 + 1, info.min // 2]
    drawn = rng.integers(info.min, info.max, count - len(edges), dtype=kind, endpoint=True)
    return np.concatenate([np.array(edges, kind), drawn])


def reference(function: Callable[..., Any], *arrays: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(function(*map(tw.tensor, arrays)))


@pytest.mark.parametrize("before", ALL)
@pytest.mark.parametrize("engine", ENGINES)
def test_each_dtype_is_converted_as_numpy_does(before: str, engine: str) -> None:
    floating = np.dtype(before).kind == "f"
    # Beyond an integer's range no answer is defined.
    for x in [values(before)] if not floating else [values(before), np.arange(128).astype(before)]:
        names = [a for a in ALL if not floating or len(x) == 128 or np.dtype(a).kind not in "iu"]
        functions = [lambda t, a=after: tw.astype(t, a) for after in names]
        for after, got in zip(names, native_all(functions, x, engine=engine), strict=True):
            with np.errstate(all="ignore"):
                want = x.astype(after)
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want, err_msg=after)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_half_is_read_and_written(engine: str) -> None:
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    for wide in (np.float32, np.float64):
        np.testing.assert_array_equal(
            native(lambda t, w=wide: tw.astype(t, w), halves, engine=engine), halves.astype(wide)
        )
        exact = halves[np.isfinite(halves)].astype(wide)
        exact.sort()
        rng = np.random.default_rng(0)
        between = (exact[1:] + exact[:-1]) / 2  # ties
        above, below = np.nextafter(between, wide(np.inf)), np.nextafter(between, -wide(np.inf))
        bits = np.uint32 if wide is np.float32 else np.uint64
        any_ = rng.integers(0, np.iinfo(bits).max, 50_000, dtype=bits).view(wide)
        scaled = (rng.normal(size=50_000) * 10.0 ** rng.uniform(-9, 6, 50_000)).astype(wide)
        given = np.concatenate([exact, between, above, below, any_, scaled])
        with np.errstate(all="ignore"):
            want = given.astype(np.float16)
        got = native(lambda t: tw.astype(t, np.float16), given, engine=engine)
        np.testing.assert_array_equal(got, want)


BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "less": lambda x, y: x < y,
    "greater_equal": lambda x, y: x >= y,
    "equal": lambda x, y: x == y,
    "where": lambda x, y: tw.where(x > y, x, y),
    "product": lambda x, y: tw.reshape(x[:36], (6, 6)) @ tw.reshape(y[:36], (6, 6)),
    "concatenate": lambda x, y: tw.concatenate([x, y[::2]]),
}
UNARY = {
    "negative": lambda x: -x,
    "square": np.square,
    "scalar": lambda x: 100 - x,
    "sum": np.sum,
    "max": np.max,
    "min": np.min,
    "argmax": np.argmax,
    "cumsum": lambda x: tw.cumsum(x[:9]),
    "transpose": lambda x: tw.reshape(x[:36], (4, 9)).T,
    "flip": lambda x: tw.flip(x[:30], 0),
    "slice": lambda x: x[3:30:2],
    "take": lambda x: tw.take(x, np.array([3, 1, -1, 30]), axis=0),
    "pad": lambda x: tw.concatenate([tw.zeros_like(x[:3]), x]),
    "windows": lambda x: tw.reshape(x[:36], (6, 6))[1:5, 2:4],
    "bool": lambda x: tw.astype(x, bool),
    "mean": np.mean,
    "divide": lambda x: x / 7,
    "float": lambda x: tw.astype(x, np.float32) * np.float32(0.5),
}


@pytest.mark.parametrize("dtype", NARROW)
def test_narrow_numbers_are_computed_with_as_numpy_does(dtype: str) -> None:
    x, y = values(dtype), np.roll(values(dtype), 5)
    if dtype == "float16":
        x, y = (np.clip(v, -50, 50) for v in (x, y))
    functions = {**BINARY, **{name: lambda x, y, f=f: f(x) for name, f in UNARY.items()}}
    found = native_all(functions.values(), x, y)
    for (name, function), got in zip(functions.items(), found, strict=True):
        want = reference(function, x, y)
        assert got.dtype == want.dtype, name
        if dtype == "float16" or want.dtype.kind == "f":
            tolerance = {"float16": 2e-3, "float32": 1e-6, "float64": 1e-13}.get(want.dtype.name, 0)
            np.testing.assert_allclose(
                got.astype(float), want.astype(float), rtol=tolerance, atol=tolerance, err_msg=name
            )
        else:
            np.testing.assert_array_equal(got, want, err_msg=name)


def test_the_basic_operations_on_halves_are_rounded_once() -> None:
    rng = np.random.default_rng(1)
    x, y = (rng.normal(size=5000).astype(np.float16) for _ in range(2))
    for function in (np.add, np.subtract, np.multiply, np.divide):
        np.testing.assert_array_equal(native(function, x, y), function(x, y))
    np.testing.assert_array_equal(native(np.sqrt, np.abs(x)), np.sqrt(np.abs(x)))


@pytest.mark.parametrize("dtype", INTEGERS[:6])
def test_small_integers_divide_as_numpy_does(dtype: str) -> None:
    x, y = values(dtype), np.roll(values(dtype), 5)
    y[y == 0] = 3
    for function in (np.floor_divide, np.remainder):
        with np.errstate(all="ignore"):
            want = function(x, y)
        np.testing.assert_array_equal(native(function, x, y), want)


UNSIGNED: dict[str, Callable[..., Any]] = {
    **{f.__name__: f for f in (np.absolute, np.floor, np.ceil, np.sign, np.signbit)},
    **{f.__name__: f for f in (np.floor_divide, np.remainder, np.fmod, np.gcd, np.lcm, np.power)},
    **{f.__name__: f for f in (np.left_shift, np.right_shift, np.divide)},
    "by a number": lambda x: (x // 3) * 7 + x % (2**63 + 5),
}


@pytest.mark.parametrize("engine", ENGINES)
def test_all_that_is_computed_with_uint64_is_native(engine: str) -> None:
    rng = np.random.default_rng(2)
    counts = np.array([*range(70), *(2**63, 2**64 - 1, 2**63 + 1) * 5], np.uint64)
    x = np.concatenate([values("uint64"), rng.integers(0, 2**64, len(counts), np.uint64)])
    y = np.concatenate([np.roll(values("uint64"), 5), counts])
    calls = [lambda x, y, f=f: f(x, y) if _takes_two(f) else f(x) for f in UNSIGNED.values()]
    found = native_all(calls, x, y, engine=engine)
    for name, call, got in zip(UNSIGNED, calls, found, strict=True):
        with np.errstate(all="ignore"):
            want = call(x, y)
        assert got.dtype == want.dtype, name
        np.testing.assert_array_equal(got, want, err_msg=name)


def _takes_two(function: Callable[..., Any]) -> bool:
    return getattr(function, "nin", 1) == 2


@pytest.mark.parametrize("how", ["multiply", "maximum", "minimum"])
def test_elements_of_uint64_are_combined_natively(how: str) -> None:
    x, y, places = values("uint64"), values("uint64")[::-1], np.arange(37) % 5
    want = x.copy()
    getattr(np, how).at(want, places, y)

    def combined(x: Any, places: Any, y: Any) -> Any:
        return op.combine_at(x, places, y, how=how)

    np.testing.assert_array_equal(native(combined, x, places, y), want)


@pytest.mark.parametrize("toward", [np.inf, -np.inf, 0.0, 1.0, np.nan])
def test_the_next_half_is_numpys(toward: float) -> None:
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    with np.errstate(over="ignore"):
        want = np.nextafter(halves, np.float16(toward))
    got = native(np.nextafter, halves, np.full_like(halves, toward))
    np.testing.assert_array_equal(got, want)
    numbers = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(got[numbers]), np.signbit(want[numbers]))
