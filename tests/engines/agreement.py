"""Every sample of a primitive on an engine, beside the primitive's own meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.compiler.programs import run
from tests.samples import Sample
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Program, Symbol
from thalweg.core.tensor import as_tensor

# Largest difference from NumPy, relative to the larger of 1 and the value.
CLOSE = {"float64": 1e-13, "complex128": 1e-13, "float32": 1e-5, "complex64": 1e-5}


def dtypes_of(row: Sample) -> set[str]:
    return {np.asarray(x).dtype.name for x in row.operands} | {str(row.params.get("dtype"))}


def by_dtype(rows: Sequence[Sample]) -> dict[str, list[Sample]]:
    """Return the samples of each floating dtype; those of no floating numbers are float64's."""
    found: dict[str, list[Sample]] = {}
    for row in rows:
        found.setdefault("float32" if "float32" in dtypes_of(row) else "float64", []).append(row)
    return found


def program_for(primitive: Primitive, rows: Sequence[Sample]) -> Program:
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


def check_primitive(engine: Any, primitive: Primitive, rows: Sequence[Sample]) -> None:
    """Fail unless the engine gives of every sample what the primitive means."""
    program = program_for(primitive, rows)
    arguments = [np.asarray(operand) for row in rows for operand in row.operands]
    found, wanted = engine.compile(program)(*arguments), run(program, *arguments)
    for row, a, b in zip(rows, found, map(np.asarray, wanted), strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape), row
        close = CLOSE.get(b.dtype.name, 0.0)
        np.testing.assert_allclose(a, b, rtol=close, atol=close, err_msg=str(row))
