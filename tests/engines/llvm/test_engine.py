"""The native engine as a whole: every primitive, every dtype, every class of processor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.compiler.programs import program_of, spec
from tests.engines.llvm.kernels import runnable
from tests.samples import REFERENCE_ONLY, Sample, samples
from thalweg.core.primitive import PRIMITIVES, Primitive
from thalweg.core.program import Equation, Program, Symbol
from thalweg.core.spec import Spec
from thalweg.core.tensor import as_tensor
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.numpy import NumpyEngine
from thalweg.errors import EngineError

# Largest difference from NumPy, relative to the larger of 1 and the value.
CLOSE = {"float64": 1e-13, "float32": 1e-5}


def program_for(primitive: Primitive, rows: list[Sample]) -> Program:
    """Return one program of an equation a sample, each with operands of its own."""
    inputs: list[Symbol] = []
    equations = []
    for row in rows:
        operands = tuple(Symbol(as_tensor(operand).spec) for operand in row.operands)
        output = Symbol(primitive.spec(*(symbol.spec for symbol in operands), **row.params))
        inputs += operands
        equations.append(Equation(primitive, operands, row.params, output))
    outputs = tuple(equation.output for equation in equations)
    return Program(tuple(inputs), tuple(equations), outputs)


@pytest.mark.parametrize("target", ["avx512", "avx2", "sse"])
@pytest.mark.parametrize("name", sorted(set(PRIMITIVES) - REFERENCE_ONLY))
def test_a_primitive_gives_what_numpy_gives(name: str, target: str) -> None:
    rows = samples(name)
    program = program_for(PRIMITIVES[name], rows)
    arguments = [np.asarray(operand) for row in rows for operand in row.operands]
    engine = NativeEngine(runnable(target))
    assert engine.unsupported(program) == []
    found = engine.compile(program)(*arguments)
    wanted = NumpyEngine().compile(program)(*arguments)
    for row, a, b in zip(rows, found, wanted, strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape), row
        close = CLOSE.get(b.dtype.name, 0.0)
        np.testing.assert_allclose(a, b, rtol=close, atol=close, err_msg=str(row))


def test_what_it_cannot_run_is_named_with_the_users_line() -> None:
    def divided(x: Any, y: Any) -> Any:
        return np.sin(x), y // y

    program = program_of(divided, spec(3), Spec((3,), np.dtype(np.uint64)))
    engine = NativeEngine()
    (equation,) = engine.unsupported(program)
    assert equation.primitive.name == "floor_divide"
    message = r"cannot run floor_divide on uint64, uint64 \(.*test_engine\.py:\d+\)"
    with pytest.raises(EngineError, match=message):
        engine.compile(program)


def test_a_primitive_it_does_not_know_is_refused_not_guessed() -> None:
    strange = Primitive("strange", "elementwise", np.sin, lambda x: x, (None,), None, None)
    try:
        x, y = Symbol(spec(3)), Symbol(spec(3))
        program = Program((x,), (Equation(strange, (x,), {}, y, "model.py:7"),), (y,))
        with pytest.raises(EngineError, match=r"cannot run strange on float64 \(model\.py:7\)"):
            NativeEngine().compile(program)
    finally:
        del PRIMITIVES["strange"]


def test_programs_without_equations_hand_their_inputs_out() -> None:
    program = program_of(lambda a, b: (b, a, 2.5, 3, True), spec(2), spec(dtype=np.float32))
    a = np.array([1.0, 2.0])
    found = NativeEngine().compile(program)(a, np.float32(4.0))
    assert [np.asarray(v).tolist() for v in found] == [4.0, [1.0, 2.0], 2.5, 3, True]
    assert [v.dtype.name for v in found] == ["float32", "float64", "float64", "int64", "bool"]
    found[1][0] = 7.0
    assert a[0] == 1.0, "a result is a copy"


def test_what_is_passed_through_must_be_of_a_dtype_it_knows() -> None:
    program = program_of(lambda x, y: (x, y + 1.0), Spec((3,), np.dtype(complex)), spec(3))
    assert [e.primitive.name for e in NativeEngine().unsupported(program)] == ["astype"]
    with pytest.raises(EngineError, match="cannot run astype on complex128"):
        NativeEngine().compile(program)
