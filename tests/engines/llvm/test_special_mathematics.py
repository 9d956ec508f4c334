"""The special functions in vectors, against 160-bit arithmetic and SciPy's special values."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import thalweg as tw
from tests.accuracy.special import ROWS
from tests.compiler.programs import program_of
from tests.engines.llvm.kernels import TYPES, elementwise, runnable
from thalweg.core.primitive import PRIMITIVES
from thalweg.core.spec import Spec
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.mathematics.special.functions import SPECIAL

pytestmark = pytest.mark.sampled(6)

# How many points a function is tested at, by how many operands it has.
POINTS = {1: 48, 2: 24, 3: 12}
BITS = 200


def stated(name: str) -> float:
    """Return the error in units of the last place that a primitive's documentation states."""
    found = re.search(r"Natively within ([0-9.]+) ulp\b", PRIMITIVES[name].__doc__ or "")
    assert found, f"the documentation of {name} does not say: Natively within … ulp"
    return float(found[1])


def exact_values(name: str, arrays: tuple[np.ndarray[Any, Any], ...]) -> list[tuple[Any, Any]]:
    """Return what a function is at points, and the number whose last place counts."""
    exact, _, beside = ROWS[name]
    with mpmath.workprec(BITS):
        rows = [[mpmath.mpf(float(v)) for v in row] for row in zip(*arrays, strict=True)]
        found = [mpmath.re(exact(*row)) for row in rows]
        return [(v, max(abs(v), beside(*row))) for v, row in zip(found, rows, strict=True)]


def errors(got: np.ndarray[Any, Any], exact: list[tuple[Any, Any]]) -> np.ndarray[Any, Any]:
    """Return errors in units of the last place of results, or of what changed operands make."""
    limits, found = np.finfo(got.dtype), []
    for number, (value, beside) in zip(got.tolist(), exact, strict=True):
        if abs(value) > limits.max:
            found.append(0.0 if np.isinf(number) else np.inf)
            continue
        place = max(mpmath.mag(beside) - 1, limits.minexp) - limits.nmant
        found.append(float(mpmath.ldexp(abs(mpmath.mpf(number) - value), -place)))
    return np.array(found)


def points(name: str, type: str) -> tuple[np.ndarray[Any, Any], ...]:
    return ROWS[name][1](TYPES[type], POINTS[len(PRIMITIVES[name].rules)])


def test_every_function_is_measured() -> None:
    assert ROWS.keys() == SPECIAL.keys()


@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_errors_are_within_what_is_stated(name: str, type: str) -> None:
    arrays = points(name, type)
    exact = exact_values(name, arrays)
    for target in ("avx2", "sse") if type == "f64" else ("avx2",):
        got = elementwise(SPECIAL[name], *arrays, target=runnable(target))
        found = errors(got, exact)
        worst = int(np.argmax(found))
        where = [float(array[worst]) for array in arrays]
        assert found[worst] <= stated(name), f"{name}{where} = {got[worst]}: {found[worst]} ulp"


EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, 10.0, 30.0, 172.0, -200.5, 1e30, -1e30]
EDGES += [np.inf, -np.inf, np.nan, 1e-30]
FEW = [0.0, 1.0, -1.0, 0.5, 2.0, 1e30, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_special_values_are_those_of_the_meaning(name: str, type: str) -> None:
    count = len(PRIMITIVES[name].rules)
    edges = np.array(FEW if count == 3 else EDGES, TYPES[type])
    arguments = [grid.ravel() for grid in np.meshgrid(*[edges] * count)]
    got = elementwise(SPECIAL[name], *arguments)
    with np.errstate(all="ignore"):
        expected = PRIMITIVES[name].meaning(*arguments)
    tolerance = 1e-9 if type == "f64" else 1e-6
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=np.finfo(got.dtype).tiny)


@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_neighbours_in_a_vector_never_change_a_bit(name: str, type: str) -> None:
    arguments = [argument[:37] for argument in points(name, type)]
    expected = elementwise(SPECIAL[name], *arguments, width=1)
    for width in (2, 8):
        got = elementwise(SPECIAL[name], *arguments, width=width)
        np.testing.assert_array_equal(got, expected)


SECOND: dict[str, Callable[..., Any]] = {
    name: getattr(tw.special, name)
    for name in (
        "i0",
        "i0e",
        "i1",
        "i1e",
        "j0",
        "j1",
        "erfc",
        "erfcx",
        "erfinv",
        "ndtr",
        "ndtri",
        "log_ndtr",
        "digamma",
        "gamma",
    )
}
SECOND |= {"lgamma": tw.special.gammaln, "betaln": tw.special.betaln}
SECOND |= {"polygamma": lambda x: tw.special.polygamma(2, x)}
SECOND |= {name: getattr(tw.special, name) for name in ("gammainc", "gammaincc", "betainc")}
SECOND |= {"zeta of both": tw.special.zeta}
SECOND |= {"zeta": tw.special.zeta, "hurwitz": lambda x: tw.special.zeta(3.0, x)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SECOND)
def test_derivatives_compile_whole(name: str, dtype: Any) -> None:
    function, count = SECOND[name], {"betainc": 3, "zeta": 1}.get(name, 1)
    count = 2 if name in ("betaln", "gammainc", "gammaincc", "zeta of both") else count

    def first(*operands: Any) -> Any:
        return tw.grad(lambda *xs: tw.sum(function(*xs)), tuple(range(count)))(*operands)

    def second(*operands: Any) -> Any:
        # Second derivatives by shapes are not known; those by the last operand are.
        *others, last = operands
        return tw.grad(lambda x: tw.sum(first(*others, x)[-1]))(last)

    specs = [Spec((5,), np.dtype(dtype))] * count
    for program in (program_of(first, *specs), program_of(second, *specs)):
        assert NativeEngine().unsupported(program) == []


def test_an_order_that_is_known_is_multiplied_out() -> None:
    e = Emitter(runnable("avx2"))
    q = e.load(e.parameter("q", "ptr"), "f32", 8)
    SPECIAL["zeta"](e, e.constant(2.0, "f32", 8), q)
    whole = len(e.text())
    e = Emitter(runnable("avx2"))
    SPECIAL["zeta"](e, e.constant(2.5, "f32", 8), e.load(e.parameter("q", "ptr"), "f32", 8))
    assert whole < len(e.text()) / 2


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_derivatives_of_the_logarithm_of_gamma_hold_just_left_of_poles(order: int) -> None:
    random = np.random.default_rng(0)
    near_zero = -(10.0 ** random.uniform(-60 / (order + 1), -0.5, 200))
    near_others = -np.arange(1.0, 51.0) * (1 + random.choice([-1, 1], 50) * 1e-9)
    x = np.concatenate([near_zero, near_others])
    found = np.asarray(tw.jit(lambda x: tw.special.polygamma(order, x), engine="native")(x))
    with mpmath.workdps(40):
        exact = np.array([float(mpmath.polygamma(order, mpmath.mpf(float(v)))) for v in x])
    np.testing.assert_allclose(found, exact, rtol=2e-15)
