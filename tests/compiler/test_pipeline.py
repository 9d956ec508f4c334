from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import thalweg as tw
from tests.compiler.programs import STEPS, arguments_for, primitives, program_of, run, spec
from thalweg.compiler.pipeline import PASSES, optimize
from thalweg.core.program import Program


def assert_same_values(before: Program, after: Program, arguments: list[Any]) -> None:
    for wanted, got in zip(run(before, *arguments), run(after, *arguments), strict=True):
        assert (wanted.shape, wanted.dtype) == (got.shape, got.dtype)
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("hostile", [False, True])
def test_training_steps_compute_the_same_after_every_pass(name: str, hostile: bool) -> None:
    step = STEPS[name]
    original = program_of(step.function, *step.specs)
    program = original
    for compiler_pass in PASSES:
        program = compiler_pass.run(program)
        program.check()
        for seed in range(3):
            assert_same_values(original, program, arguments_for(step.specs, seed, hostile))


@pytest.mark.parametrize("name", STEPS)
def test_training_steps_become_as_short_as_stated(name: str) -> None:
    step = STEPS[name]
    program = program_of(step.function, *step.specs)
    assert len(optimize(program).equations) == step.equations < len(program.equations)


@pytest.mark.parametrize("name", STEPS)
def test_optimizing_again_changes_nothing(name: str) -> None:
    step = STEPS[name]
    program = optimize(program_of(step.function, *step.specs))
    again = optimize(program)
    assert (again.inputs, again.equations, again.outputs) == (
        program.inputs,
        program.equations,
        program.outputs,
    )


@pytest.mark.parametrize("name", STEPS)
def test_optimization_is_deterministic(name: str) -> None:
    step = STEPS[name]
    texts = {str(optimize(program_of(step.function, *step.specs))) for _ in range(3)}
    assert len(texts) == 1


def test_every_equation_keeps_the_line_it_came_from() -> None:
    program = optimize(program_of(STEPS["tanh"].function, *STEPS["tanh"].specs))
    assert all("programs.py" in equation.source for equation in program.equations)


def test_a_sparse_gradient_updates_its_table_in_place() -> None:
    step = STEPS["embedding"]
    program = optimize(program_of(step.function, *step.specs))
    scatter = next(e for e in program.equations if e.primitive.name == "scatter_add")
    table = program.inputs[3]
    assert scatter.inputs[0] is table
    assert scatter.output is program.outputs[0]


def test_label_gradients_become_elementwise() -> None:
    program = optimize(program_of(STEPS["softmax"].function, *STEPS["softmax"].specs))
    assert "scatter_add_along_axis" not in primitives(program)


# ---- random programs: derandomized, and without jumps between values equal but for rounding

_SHAPES = [(), (3,), (1, 3), (2, 1), (2, 3)]
_UNARY = [
    np.tanh,
    np.exp,
    np.square,
    np.negative,
    np.absolute,
    lambda x: x**3,
    lambda x: x * 1.0,
    lambda x: x * 0.0,
    lambda x: x / 4.0,
    lambda x: 3.0 * x,
    lambda x: x / 3.0,
    lambda x: 0.0 - x,
    lambda x: tw.Tensor.astype(x > 0.4567, float),
    lambda x: np.where(x > 0.4567, x, 0.0),
    lambda x: np.sum(x),
    lambda x: np.mean(x, axis=-1, keepdims=True) if x.ndim else x,
    lambda x: np.broadcast_to(x, (2, 3)) if x.shape in _SHAPES else x,
    lambda x: np.reshape(x, (1, *x.shape)) if x.ndim < 2 else np.reshape(x, -1)[:3],
    lambda x: x.T,
    lambda x: x[..., :1] if x.ndim else x,
    lambda x: x[..., ::-1] if x.ndim else x,
    lambda x: np.max(x, axis=0) if x.ndim else x,
    lambda x: np.zeros_like(x),
    lambda x: np.ones_like(x),
]
_BINARY = [
    np.add,
    np.subtract,
    np.multiply,
    np.divide,
    np.maximum,
    np.minimum,
    lambda x, y: np.where(x > y, x, y),
    lambda x, y: np.where(np.logical_and(x > 0.4567, x > 0.4567), x, -y),
]


def _grown(choices: list[tuple[int, int, int]], values: list[Any]) -> list[Any]:
    """Apply one operation a choice to earlier values; those that do not broadcast are left out."""
    values = list(values)
    for operation, first, second in choices:
        x, y = values[first % len(values)], values[second % len(values)]
        if operation < len(_UNARY):
            values.append(_UNARY[operation](x))
            continue
        try:
            np.broadcast_shapes(x.shape, y.shape)
        except ValueError:
            continue
        values.append(_BINARY[operation - len(_UNARY)](x, y))
    return values


_CHOICES = st.lists(
    st.tuples(
        st.integers(0, len(_UNARY) + len(_BINARY) - 1), st.integers(0, 40), st.integers(0, 40)
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(_CHOICES, st.booleans(), st.integers(0, 9))
def test_random_programs_compute_the_same(
    choices: list[tuple[int, int, int]], hostile: bool, seed: int
) -> None:
    specs = tuple(spec(*shape) for shape in _SHAPES)
    program = program_of(lambda *xs: tuple(_grown(choices, list(xs))[-3:]), *specs)
    optimized = optimize(program)
    optimized.check()
    assert len(optimized.equations) <= 2 * len(program.equations)
    assert_same_values(program, optimized, arguments_for(specs, seed, hostile))
    assert optimize(optimized).equations == optimized.equations


@settings(max_examples=40, deadline=None, derandomize=True)
@given(_CHOICES, st.integers(0, 9))
def test_derivatives_of_random_programs_compute_the_same(
    choices: list[tuple[int, int, int]], seed: int
) -> None:
    specs = tuple(spec(*shape) for shape in _SHAPES)

    def derivative(*xs: Any) -> Any:
        def loss(parameters: Any) -> Any:
            return np.mean(np.tanh(_grown(choices, list(parameters))[-1]))

        value, gradients = tw.value_and_grad(loss)(tuple(xs))
        return (value, *gradients)

    program = program_of(derivative, *specs)
    optimized = optimize(program)
    optimized.check()
    assert_same_values(program, optimized, arguments_for(specs, seed))
