"""The native engine as a whole: what it refuses, and programs at its edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of, spec
from thalweg.core.operation import OPERATIONS
from thalweg.core.primitive import PRIMITIVES, Primitive, linear
from thalweg.core.program import Equation, Program, Symbol
from thalweg.core.spec import Spec
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.errors import EngineError


def test_what_it_cannot_run_is_named_with_the_users_line() -> None:
    def divided(x: Any, y: Any) -> Any:
        return np.sin(x), y / y

    program = program_of(divided, spec(3), Spec((3,), np.dtype(np.complex128)))
    engine = NativeEngine()
    (equation,) = engine.unsupported(program)
    assert equation.primitive.name == "divide"
    message = r"cannot run divide on complex128, complex128 \(.*test_engine\.py:\d+\)"
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


def test_a_users_primitive_that_moves_elements_is_batched_and_compiled_as_it_says_where_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for register in (PRIMITIVES, OPERATIONS):
        monkeypatch.setitem(register, "every_pair", None)  # undone after the test

    @linear(
        lambda x: Spec((*x.shape[:-1], x.shape[-1] // 2, 2), x.dtype),
        lambda g, out, x: tw.reshape(g, x.shape),
        role="move",
        reads=lambda index, x: ((*index[:-2], index[-2] * 2 + index[-1]),),
    )
    def every_pair(x: np.ndarray) -> np.ndarray:
        """Neighbours side by side."""
        return x.reshape(*x.shape[:-1], -1, 2)

    def differences(x: Any) -> Any:
        return every_pair(np.exp(x))[..., 1] - every_pair(x + 1.0)[..., 0]

    x = np.random.default_rng(0).normal(size=(5, 8))
    wanted = np.exp(x)[:, 1::2] - (x + 1.0)[:, ::2]
    for function in (differences, tw.vmap(differences)):
        np.testing.assert_allclose(tw.jit(function, engine="native")(x), wanted, rtol=1e-13)
    slopes = tw.jit(tw.grad(lambda x: np.sum(differences(x))), engine="native")(x)
    np.testing.assert_allclose(slopes[:, 1::2], np.exp(x)[:, 1::2], rtol=1e-13)
    np.testing.assert_array_equal(slopes[:, ::2], -1.0)


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
