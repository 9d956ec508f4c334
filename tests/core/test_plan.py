"""A plan computes what its program means, into the memory it is given."""

import warnings
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.core.program import Program, finish, trace
from thalweg.core.spec import FLOAT64, Spec
from thalweg.core.tensor import as_tensor, make
from thalweg.engines.plan import Input, Plan, computed

SHAPES = [(), (5,), (3, 4), (150, 170)]


def program_of(function: Any, arrays: list[Any], numbers: int, counters: list[Any]) -> Program:
    """Return the program of a function of numbers, arrays and counters."""
    specs = [Spec((), FLOAT64, weak=True)] * numbers
    specs += [Spec(a.shape, a.dtype) for a in (*arrays, *counters)]
    results, current, symbols = trace(function, specs, lambda s: make(s, None, s.spec.weak))
    return finish(current, symbols, [current.lift(as_tensor(result)) for result in results])


def compared(function: Any, numbers: list[float], arrays: list[Any], counters: list[Any]) -> None:
    """Run a function thrice by a plan and by its definition; arrays and counters are updated."""
    program = program_of(function, arrays, len(numbers), counters)
    roles = [Input.NUMBER] * len(numbers) + [Input.ARRAY] * len(arrays)
    roles += [Input.COUNTER] * len(counters)
    outputs = len(arrays) + len(counters)
    plan = Plan(program, roles, range(len(numbers), len(numbers) + outputs))
    memory = [a.copy() for a in (*arrays, *counters)]
    expected = [a.copy() for a in memory]
    for _ in range(3):
        plan.run(numbers, memory)
        expected = computed(program, [*numbers, *expected])
        for found, wanted in zip(memory, expected, strict=True):
            assert found.dtype == wanted.dtype
            rtol = 1e-15 if found.dtype == np.float64 else 1e-6
            np.testing.assert_allclose(found, wanted, rtol=rtol)


def sample(shape: Any, dtype: Any = np.float64, seed: int = 0) -> Any:
    return np.asarray(np.random.default_rng(seed).normal(size=shape)).astype(dtype)


FUNCTIONS = {
    "momentum": lambda rate, decay, p, m: (p - rate * (m * decay + p), m * decay + p),
    "swap": lambda rate, decay, p, m: (m, p),
    "same": lambda rate, decay, p, m: (p + m, p + m),
    "unchanged": lambda rate, decay, p, m: (p, m * rate),
    "literal": lambda rate, decay, p, m: (tw.zeros_like(p), m + 3.0),
    "numbers": lambda rate, decay, p, m: (p * 0.0 + rate**decay / (rate - 0.5), m),
    "norm": lambda rate, decay, p, m: (p / tw.sqrt(tw.sum(p * p)), m - tw.mean(p)),
    "views": lambda rate, decay, p, m: (tw.reshape(tw.reshape(p, (-1,)) * 2.0, p.shape), m + p),
    "choice": lambda rate, decay, p, m: (tw.where(p > m, p, rate), tw.maximum(m, decay)),
    "sign": lambda rate, decay, p, m: (tw.sign(p) * tw.abs(m), -tw.minimum(p, m)),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_plan_computes_what_its_program_means(name: str, shape: Any, dtype: Any) -> None:
    arrays = [sample(shape, dtype), sample(shape, dtype, seed=1)]
    compared(FUNCTIONS[name], [0.3, 0.9], arrays, [])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("counter", [np.asarray(0, np.int32), np.asarray(1.0, np.float32)])
def test_counters_are_computed_with_as_numbers(shape: Any, counter: Any) -> None:
    def step(decay: Any, p: Any, count: Any) -> Any:
        new = tw.minimum(count, 100) + 1
        weight = 1.0 - decay ** tw.astype(new, "float64")
        return p * tw.astype(weight, p.dtype), new

    compared(step, [0.9], [sample(shape)], [counter])


def test_memory_is_written_in_place_and_kept_apart() -> None:
    def step(p: Any, m: Any) -> Any:
        return p - m, m + p

    p, m = sample((7,)), sample((7,), seed=1)
    before = p.copy(), m.copy()
    Plan(program_of(step, [p, m], 0, []), [Input.ARRAY] * 2, [0, 1]).run((), [p, m])
    np.testing.assert_array_equal(p, before[0] - before[1])
    np.testing.assert_array_equal(m, before[0] + before[1])


def test_changed_numbers_are_read_when_the_sequence_is_another() -> None:
    p = np.ones(3)
    plan = Plan(program_of(lambda n, p: (p * n,), [p], 1, []), [Input.NUMBER, Input.ARRAY], [1])
    plan.run((2.0,), [p])
    plan.run((5.0,), [p])
    assert p.tolist() == [10.0] * 3


@pytest.mark.parametrize("numbers", [(0.0, 1.0), (-1.0, 0.5), (1e200, 2.0), (1e308, 1e308)])
def test_numbers_that_python_refuses_are_infinite_or_nan(numbers: Any) -> None:
    def step(a: Any, b: Any, p: Any, count: Any) -> Any:
        return p * (1.0 / a), count / (a * 0.0) + tw.sqrt(a) + a**b

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compared(step, list(numbers), [sample((3,))], [np.asarray(1.0)])


def test_arrays_that_are_not_contiguous_are_updated_too() -> None:
    def step(p: Any, m: Any) -> Any:
        return p * m, m + 1.0

    base = sample((300, 200))
    p, m = base.T, sample((200, 300), seed=1)
    expected = p * m
    Plan(program_of(step, [p, m], 0, []), [Input.ARRAY] * 2, [0, 1]).run((), [p, m])
    np.testing.assert_array_equal(base.T, expected)
