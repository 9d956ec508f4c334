from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.compiler.programs import body, primitives, program_of, run, spec
from thalweg.compiler.pipeline import optimize


def optimized_body(function: Any, *specs: Any) -> list[str]:
    program = optimize(program_of(function, *specs))
    program.check()
    return body(program)


def test_arithmetic_of_literals_is_done_at_once() -> None:
    def function(x: Any) -> Any:
        half = np.ones_like(x) / 2.0
        return x + np.tanh(half)

    assert optimized_body(function, spec(3)) == [f"b = add(a, {np.tanh(0.5)})", "return b"]


def test_literals_overflow_silently_as_when_run() -> None:
    program = optimize(program_of(lambda x: x * np.exp(1000.0 * np.ones_like(x)), spec(3)))
    assert body(program) == ["b = multiply(a, inf)", "return b"]


def test_impossible_integer_powers_are_left_to_the_run() -> None:
    def function(x: Any) -> Any:
        return np.power(np.full_like(x, 2), np.full_like(x, -1))

    program = optimize(program_of(function, spec(dtype=int)))
    with pytest.raises(ValueError, match="negative integer powers"):
        run(program, 1)


def test_an_output_may_be_a_literal() -> None:
    assert optimized_body(lambda x: np.ones_like(x) * 2.0, spec()) == ["return 2.0"]
    assert optimized_body(lambda x: np.ones_like(x) * 2.0, spec(3)) == [
        "b = broadcast_to(2.0, shape=(3,))",
        "return b",
    ]


def test_broadcast_operands_broadcast_by_themselves() -> None:
    lines = optimized_body(lambda x, y: np.broadcast_to(x, (2, 3)) + y, spec(3), spec(2, 3))
    assert lines == ["c = add(a, b)", "return c"]


def test_what_only_repeats_is_computed_once() -> None:
    lines = optimized_body(lambda x: np.tanh(np.broadcast_to(x, (4, 3))), spec(3))
    assert lines == ["b = tanh(a)", "c = broadcast_to(b, shape=(4, 3))", "return c"]


def test_leading_ones_need_no_reshape() -> None:
    lines = optimized_body(lambda x, y: x[None, :] - y, spec(3), spec(2, 3))
    assert lines == ["c = subtract(a, b)", "return c"]
    lines = optimized_body(lambda x, y: np.reshape(x, 3) - y, spec(1, 3), spec(2, 3))
    assert lines == ["c = subtract(a, b)", "return c"]


def test_a_reshape_that_decides_the_shape_stays() -> None:
    lines = optimized_body(lambda x, y: np.reshape(x, 3) - y, spec(1, 3), spec(3))
    assert lines == ["c = reshape(a, shape=(3,))", "d = subtract(c, b)", "return d"]


def test_sums_in_either_order_are_one() -> None:
    program = optimize(program_of(lambda x, y: (x + y) * np.exp(y + x), spec(3), spec(3)))
    assert primitives(program) == ["add", "exp", "multiply"]


def test_signs_move_to_scalars() -> None:
    lines = optimized_body(lambda x, c: -(c * x), spec(3), spec())
    assert lines == ["c = negative(b)", "d = multiply(a, c)", "return d"]


def test_division_by_one_number_becomes_multiplication() -> None:
    lines = optimized_body(lambda x, c: x / c, spec(10), spec())
    assert lines == ["c = divide(1.0, b)", "d = multiply(a, c)", "return d"]
    assert optimized_body(lambda x: x / 4.0, spec(10)) == ["b = multiply(a, 0.25)", "return b"]


def test_scalars_are_divided_as_written() -> None:
    assert optimized_body(lambda x: x / 3.0, spec()) == ["b = divide(a, 3.0)", "return b"]


@pytest.mark.parametrize("divisor", [0.0, -0.0, np.inf, np.nan, 3.0])
def test_division_by_one_number_treats_special_values_as_before(divisor: float) -> None:
    program = program_of(lambda x, c: x / c, spec(6), spec())
    given = [np.array([0.0, 1.0, -2.0, np.inf, -np.inf, np.nan]), np.array(divisor)]
    np.testing.assert_allclose(run(optimize(program), *given)[0], run(program, *given)[0])
