"""Every primitive there is, compiled alone: native code computes what NumPy does and calls nobody.

What is written of other primitives is expanded first, as in every program. Complex numbers are the
only ones that are called back for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import primitives, program_of, run
from tests.engines.agreement import CLOSE, by_dtype, dtypes_of
from tests.samples import COMPLEX, OF_PROGRAMS, ROWS, UP_TO_SIGN, Sample, call, samples
from thalweg.core.primitive import PRIMITIVES
from thalweg.core.program import Program, finish, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import as_tensor, make
from thalweg.engines.llvm.code.running import CompiledProgram
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.llvm.ir.target import Target

HOST = Target.host()
# This processor, and what it has in common with those of narrower vectors.
TARGETS = [
    "host",
    *(n for n in ("avx2", "sse") if Target.named(n).vector_bytes < HOST.vector_bytes),
]

REAL = sorted(ROWS.keys() - COMPLEX.keys())


def native(program: Program, target: str) -> CompiledProgram:
    """Compile by an engine that calls back for what it lacks."""
    processor = HOST if target == "host" else Target.named(target)
    return NativeEngine(processor, calls_back=True).compile(program)


CASES = [(name, dtype) for name in REAL for dtype in by_dtype(samples(name))]


def traced(name: str, rows: list[Sample]) -> tuple[Program, list[Any]]:
    """Return a program that applies a primitive to every sample's operands, and its arguments."""

    def applied(*given: Any) -> list[Any]:
        operands = iter(given)
        return [
            call(PRIMITIVES[name], tuple(itertools.islice(operands, len(row.operands))), row.params)
            for row in rows
        ]

    arguments = [np.asarray(x) for row in rows for x in row.operands]
    specs = [as_tensor(x).spec for x in arguments]
    found, current, symbols = trace(applied, specs, make)
    program = finish(current, symbols, [current.lift(as_tensor(r)) for r in found])
    captured = [np.asarray(tensor.array) for tensor, _ in current.captured.values()]
    return program, arguments + captured


@pytest.mark.sampled(8)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_a_real_primitive_is_native_and_means_what_numpy_means(
    name: str, dtype: str, target: str
) -> None:
    rows = by_dtype(samples(name))[dtype]
    program, arguments = traced(name, rows)
    compiled = native(program, target)
    assert compiled.callees == [], "it would call back"
    for row, got in zip(rows, compiled(*arguments), strict=True):
        with np.errstate(all="ignore"):
            wanted = np.asarray(PRIMITIVES[name].meaning(*row.operands, **row.params))
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape), row
        if name in UP_TO_SIGN:
            got = with_signs(got, wanted, row)
        close = CLOSE.get(wanted.dtype.name, 0.0)
        np.testing.assert_allclose(got, wanted, rtol=close, atol=close, err_msg=str(row))
    assert compiled.called == {}


def with_signs(found: Any, wanted: Any, row: Sample) -> Any:
    """Return vectors in columns with the signs of others; the row of values has no signs."""
    m, n = np.shape(row.operands[0])[-2:]
    is_value = np.arange(found.shape[-2]) == (m if found.shape[-2] == m + n + 1 else 0)
    agree = np.where(is_value[:, None], 0.0, found * wanted).sum(-2, keepdims=True)
    return np.where(is_value[:, None], found, found * np.sign(agree))


def test_what_is_not_native_is_complex() -> None:
    assert len(COMPLEX) <= 8
    for name in COMPLEX:
        for row in samples(name):
            program, _ = traced(name, [row])
            symbols = *program.inputs, *program.outputs
            assert any(symbol.dtype.kind == "c" for symbol in symbols), name
            assert native(program, TARGETS[0]).callees, f"{name} is native, and no exception"


@pytest.mark.parametrize("name", REAL)
def test_what_floating_numbers_are_given_to_has_samples_of_both_dtypes(name: str) -> None:
    known = set().union(*map(dtypes_of, samples(name)))
    assert ("float64" in known) == ("float32" in known)


# ---- primitives that run programs, or give bundles or take them

X = np.random.default_rng(0).normal(size=(4, 3))


@tw.custom_vjp
def cubed(x: Any) -> Any:
    return x * x * x


cubed.defvjp(lambda x: (cubed(x), x), lambda x, g: (3.0 * g * x * x,))


def _scanned(x: Any) -> Any:
    return tw.scan(lambda c, r: (c * 0.5 + np.sin(r), c * r), x[0], x)[1]


PROGRAMS: dict[str, Callable[..., Any]] = {
    "chosen_branch": lambda x: tw.cond(x[0, 0] > 0, np.sin, np.cos, x),
    "conditional_loop": lambda x: tw.while_loop(lambda c: np.sum(c) < 9, lambda c: c * c + 1, x),
    "counted_loop": _scanned,
    "packed": lambda x: tw.vmap(lambda r: tw.cond(x[0, 0] > 0, np.sin, np.cos, r))(x),
    "part": _scanned,
    "with_rule": lambda x: tw.grad(lambda x: np.sum(cubed(x)))(x),
}


def test_every_primitive_of_programs_has_a_program() -> None:
    # The whole point of `callback` is that NumPy is called; a fused form is in no program.
    assert PROGRAMS.keys() == OF_PROGRAMS.keys() - {"callback", "fused"}
    assert ROWS.keys() | OF_PROGRAMS.keys() >= {
        name for name, p in PRIMITIVES.items() if p.meaning.__module__.startswith("thalweg.")
    }


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_primitive_of_programs_is_native(name: str, dtype: str, target: str) -> None:
    program = program_of(PROGRAMS[name], Spec(X.shape, np.dtype(dtype)))
    assert name in primitives(program)
    compiled = native(program, target)
    assert compiled.callees == []
    x = X.astype(dtype)
    (found,), (wanted,) = compiled(x), run(program, x)
    np.testing.assert_allclose(found, wanted, rtol=CLOSE[dtype], atol=CLOSE[dtype])
