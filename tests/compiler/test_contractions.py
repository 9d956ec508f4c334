from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.compiler.programs import arguments_for, body, program_of, run, spec
from thalweg.compiler.pipeline import optimize

CASES: dict[str, tuple[Any, tuple[Any, ...], list[str]]] = {
    "sums over one element": (
        lambda x: np.sum(x, axis=1),
        (spec(3, 1),),
        ["b = reshape(a, shape=(3,))", "return b"],
    ),
    "largest of one element": (
        lambda x: np.max(x, axis=1),
        (spec(3, 1),),
        ["b = reshape(a, shape=(3,))", "return b"],
    ),
    "running sums of one element": (lambda x: np.cumsum(x, axis=1), (spec(3, 1),), ["return a"]),
    "sums of ones": (
        lambda x: x * np.sum(np.ones_like(x), axis=1, keepdims=True),
        (spec(2, 3),),
        ["b = multiply(a, 3.0)", "return b"],
    ),
    "sums of nothing": (lambda x: np.sum(np.full_like(x, np.inf)), (spec(0),), ["return 0.0"]),
    "largest of equals": (
        lambda x: x * np.max(np.full_like(x, 0.1)),
        (spec(3),),
        ["b = multiply(a, 0.1)", "return b"],
    ),
    "sums over repetitions": (
        lambda x: np.sum(np.broadcast_to(x, (4, 3)), axis=0),
        (spec(3),),
        ["b = multiply(a, 4.0)", "return b"],
    ),
    "sums over repetitions and elements": (
        lambda x: np.sum(np.broadcast_to(x, (4, 3))),
        (spec(3),),
        ["b = reduce_sum(a, axis=(0,))", "c = multiply(b, 4.0)", "return c"],
    ),
    "sums beside repetitions": (
        lambda x: np.sum(np.broadcast_to(x, (4, 3)), axis=1),
        (spec(3),),
        ["b = reduce_sum(a, axis=(0,))", "c = broadcast_to(b, shape=(4,))", "return c"],
    ),
    "sums over inner repetitions": (
        lambda x: np.sum(np.broadcast_to(x, (4, 3, 5)), axis=(1, 2)),
        (spec(4, 1, 5),),
        [
            "b = reduce_sum(a, axis=(2,))",
            "c = reshape(b, shape=(4,))",
            "d = multiply(c, 3.0)",
            "return d",
        ],
    ),
    "extremes over repetitions and elements": (
        lambda x: np.min(np.broadcast_to(x, (4, 3))),
        (spec(3),),
        ["b = reduce_min(a, axis=(0,))", "return b"],
    ),
    "extremes beside repetitions": (
        lambda x: np.max(np.broadcast_to(x, (4, 3)), axis=1),
        (spec(4, 1),),
        ["b = reshape(a, shape=(4,))", "return b"],
    ),
    "signs come after sums": (
        lambda x, y: y - np.sum(-x),
        (spec(3), spec()),
        ["c = reduce_sum(a, axis=(0,))", "d = add(b, c)", "return d"],
    ),
    "a sign that is needed otherwise": (
        lambda x: (np.sum(-x), -x),
        (spec(3),),
        ["b = negative(a)", "c = reduce_sum(b, axis=(0,))", "return c, b"],
    ),
    "outer products": (
        lambda x, y: x @ y,
        (spec(3, 1), spec(1, 4)),
        ["c = multiply(a, b)", "return c"],
    ),
    "stacks of outer products": (
        lambda x, y: x @ y,
        (spec(2, 3, 1), spec(2, 1, 4)),
        ["c = multiply(a, b)", "return c"],
    ),
    "inner products": (
        lambda x, y: x @ y,
        (spec(1, 3), spec(3, 1)),
        ["c = matrix_product(a, b)", "return c"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_contractions(case: str) -> None:
    function, specs, wanted = CASES[case]
    program = program_of(function, *specs)
    optimized = optimize(program)
    optimized.check()
    assert body(optimized) == wanted
    for hostile in (False, True):
        given = arguments_for(specs, hostile=hostile)
        for before, after in zip(run(program, *given), run(optimized, *given), strict=True):
            np.testing.assert_allclose(after, before, rtol=1e-14)


@pytest.mark.parametrize(
    ("dtype", "count", "folded"),
    [(np.float32, 2**24, True), (np.float32, 2**24 + 1, False), (np.float64, 2**24 + 1, True)],
)
def test_ones_are_counted_where_the_dtype_has_the_number(
    dtype: Any, count: int, folded: bool
) -> None:
    def function(x: Any) -> Any:
        return np.sum(np.broadcast_to(np.ones_like(x), (count,)))

    lines = body(optimize(program_of(function, spec(dtype=dtype))))
    assert (len(lines) == 1) is folded
