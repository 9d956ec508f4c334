"""Affine positions: sums, multiples, bounds, and where an index lies in memory."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from thalweg.compiler.kernels.affine import ZERO, Affine, Var, axis_variables, linear, of

A, B, C = Var(0, 4), Var(1, 3), Var(2, 5)


def value(at: Affine, **values: int) -> int:
    given = {A: values.get("i", 0), B: values.get("j", 0), C: values.get("k", 0)}
    return at.constant + sum(coefficient * given[var] for var, coefficient in at.terms)


def test_sums_and_multiples_are_those_of_their_values() -> None:
    a, b = of(A, 2, 5) + of(C), of(B, -3) + of(A) + 1
    for i, j, k in itertools.product(range(4), range(3), range(5)):
        at = {"i": i, "j": j, "k": k}
        assert value(a + b, **at) == value(a, **at) + value(b, **at)
        assert value(a * -2 + 7, **at) == -2 * value(a, **at) + 7
    assert a * 0 == ZERO


def test_equal_expressions_are_equal_however_they_were_made() -> None:
    assert of(A) + of(B) + of(C) == of(C) + (of(B) + of(A))
    assert of(A) + of(A) == of(A, 2)
    assert of(A, 2) + of(A, -2) + of(B) == of(B)
    assert hash(of(A) + of(B)) == hash(of(B) + of(A))
    assert of(Var(0, 4)) != of(Var(0, 5)), "another extent is another variable"


def test_a_variable_that_can_only_be_0_is_left_out() -> None:
    assert of(Var(7, 1), 3, 2) == Affine(2)
    assert axis_variables((4, 1, 3)) == (of(Var(0, 4)), ZERO, of(Var(2, 3)))


def test_bounds_are_the_least_and_greatest_value() -> None:
    for at in (of(A), of(A, -2, 3) + of(C), of(B, 5) + of(A, -1) + 2, Affine(4)):
        values = [
            value(at, i=i, j=j, k=k) for i, j, k in itertools.product(range(4), range(3), range(5))
        ]
        assert at.bounds() == (min(values), max(values))


def test_parts_of_an_expression() -> None:
    at = of(A, 2) + of(B, -1) + 3
    assert [at.coefficient(var) for var in (A, B, C)] == [2, -1, 0]


@pytest.mark.parametrize("shape", [(4, 3, 5), (4,), (), (1, 3), (4, 1, 1), (1, 1)])
def test_linear_positions_are_those_of_row_major_memory(shape: tuple[int, ...]) -> None:
    index = axis_variables(shape)
    at = linear(index, shape)
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    for place in np.ndindex(shape):
        values = dict(zip((f"{i}" for i in range(len(shape))), place, strict=True))
        found = at.constant + sum(c * values[str(var.number)] for var, c in at.terms)
        assert found == numbers[place]
