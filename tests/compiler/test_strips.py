"""Which kernels over rows of few columns become a strip, and which are better left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.compiler.plans import plan_of
from thalweg.compiler.kernels.strips import fuse_strips

VECTOR_BYTES = 32
# One number a row, three, one a column, as many again; all of float64.
SHAPES: list[Any] = [(100,), (100, 3), (3,), (100, 3)]


def kinds(function: Any, *shapes: Any) -> list[str]:
    plan = plan_of(function, *(shapes or SHAPES))
    fuse_strips(plan, VECTOR_BYTES)
    return [kernel.kind.value for kernel in plan.kernels]


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def density(x: Any, m: Any) -> Any:
    return np.sum(np.log(np.sum(np.exp(-((x[:, None] - m) ** 2)), axis=1)))


STRIPS: dict[str, Any] = {
    "a softmax": lambda x, A, m, B: softmax(A),
    "a softmax of something dear": lambda x, A, m, B: softmax(np.tanh(A) - m),
    "sums of all rows and columns": lambda x, A, m, B: (softmax(A), np.sum(softmax(A), axis=0)),
    "a number of everything": lambda x, A, m, B: density(x, m),
    "what is computed of sums": lambda x, A, m, B: m - np.sum(softmax(A) * x[:, None], 0) / 7,
    "a column by its number": lambda x, A, m, B: softmax(A)[:, 1] * x,
    "rows by position": lambda x, A, m, B: softmax(A[::-1]),
}
ASIDE: dict[str, Any] = {
    "a sum of each column": lambda x, A, m, B: np.sum(A, axis=0),
    "nothing that is broadcast": lambda x, A, m, B: np.exp(A) * B,
    "cheap maps": lambda x, A, m, B: A + m,
}


@pytest.mark.parametrize("name", STRIPS)
def test_what_goes_over_the_same_rows_is_one_strip(name: str) -> None:
    assert kinds(STRIPS[name]) == ["strip"]


@pytest.mark.parametrize("name", ASIDE)
def test_what_is_as_fast_along_its_rows_is_no_strip(name: str) -> None:
    assert "strip" not in kinds(ASIDE[name])


@pytest.mark.parametrize("shape", [(16, 3), (100, 17), (100, 1), (3, 100), (5, 20, 3)])
def test_few_rows_many_columns_and_further_axes_are_no_strip(shape: tuple[int, ...]) -> None:
    assert "strip" not in kinds(softmax, shape)


def test_a_whole_that_is_read_by_every_row_ends_a_strip() -> None:
    found = kinds(lambda x, A, m, B: (e := softmax(A)) / np.sum(e * e))
    assert found == ["strip", "row"]


def test_other_rows_are_read_behind_a_strip() -> None:
    found = kinds(lambda x, A, m, B: (e := softmax(A)) - e[::-1] * m)
    assert found == ["strip", "map"]


def test_sums_of_an_axis_that_strips_read_lie_before_them() -> None:
    found = kinds(lambda x, A, m, B: softmax(A * np.exp(np.sum(B, axis=0))))
    assert found == ["column", "strip"]


@pytest.mark.parametrize("columns", [3, 10])
def test_a_strip_is_written_in_code_of_bounded_length(columns: int) -> None:
    def deep(A: Any) -> Any:
        for _ in range(20):
            A = softmax(np.tanh(A))
        return A

    assert "strip" not in kinds(deep, (100, columns))
    assert "strip" in kinds(softmax, (100, columns))
