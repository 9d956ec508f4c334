"""Equal signatures exactly where the compiled code is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.compiler.programs import program_of, spec


def of(function: Any, *specs: Any) -> str:
    return program_of(function, *(specs or (spec(3), spec(3)))).signature


def test_programs_traced_twice_have_one_signature() -> None:
    assert of(lambda x, y: np.sin(x) * 2.0 + y) == of(lambda a, b: np.sin(a) * 2.0 + b)


@pytest.mark.parametrize(
    "other",
    [
        lambda x, y: np.sin(y) * 2.0 + x,
        lambda x, y: np.cos(x) * 2.0 + y,
        lambda x, y: np.sin(x) * 2.0000000000000004 + y,
        lambda x, y: np.sin(x) * -2.0 + y,
        lambda x, y: y + np.sin(x) * 2.0,
        lambda x, y: (np.sin(x) * 2.0 + y, y),
        lambda x, y: np.sin(x * 2.0) + y,
    ],
)
def test_other_equations_operands_numbers_or_outputs_are_told_apart(other: Any) -> None:
    assert of(other) != of(lambda x, y: np.sin(x) * 2.0 + y)


def test_parameters_shapes_and_dtypes_are_told_apart() -> None:
    texts = [
        of(lambda x, y: np.sum(x, 0), spec(3, 3), spec()),
        of(lambda x, y: np.sum(x, 1), spec(3, 3), spec()),
        of(lambda x, y: np.sum(x, 0), spec(3, 4), spec()),
        of(lambda x, y: np.sum(x, 0), spec(3, 3), spec(1)),
        of(lambda x, y: np.sum(x, 0), spec(3, 3, dtype=np.float32), spec()),
        of(lambda x, y: np.sum(x, 0), spec(3, 3), spec(dtype=np.int64)),
        of(lambda x, y: np.max(x, 0), spec(3, 3), spec()),
    ]
    assert len(set(texts)) == len(texts)


def test_zeros_of_either_sign_and_nans_are_numbers_of_their_own() -> None:
    texts = [of(lambda x, y, n=n: x * n + y) for n in (0.0, -0.0, float("nan"), float("inf"), 1)]
    assert len(set(texts)) == len(texts)


def test_unused_inputs_count_but_source_lines_do_not() -> None:
    def first(x: Any, y: Any) -> Any:
        return x + 1.0

    def second(x: Any, y: Any) -> Any:
        return x + 1.0

    assert of(first) == of(second)
    assert of(first, spec(3), spec(3)) != of(lambda x: x + 1.0, spec(3))
