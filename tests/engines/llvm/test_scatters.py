"""Additions at positions, running sums, positions of extremes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of
from tests.engines.loops import check_loop, spec_of
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.errors import IndexOutOfRange
from thalweg.ops.index.take import scatter_add, scatter_add_along_axis
from thalweg.testing import check_engines_agree

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("columns", [1, 3, 8, 9, 65])
def test_rows_are_added_in_order_also_where_they_repeat(columns: int, dtype: Any) -> None:
    x, u = (RANDOM.integers(-9, 9, (n, columns)).astype(dtype) for n in (6, 20))
    i = RANDOM.integers(-6, 6, 20)
    check_engines_agree(
        lambda x, i, u: (
            scatter_add(x, i, u, axis=0),
            scatter_add(x * x, i, u + u, axis=0),
            scatter_add(x.T, i, u.T, axis=1),
            scatter_add(x[:, 0], i, u[:, 0], axis=0),
            scatter_add(x, i[3], u[0], axis=0),
        ),
        x,
        i,
        u,
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_any_axis_with_positions_of_any_shape(axis: int) -> None:
    x = RANDOM.normal(size=(3, 4, 5))
    i = RANDOM.integers(0, 3, (2, 7))
    u = RANDOM.normal(size=(*x.shape[:axis], 2, 7, *x.shape[axis + 1 :]))
    check_engines_agree(lambda x, i, u: scatter_add(x, i, u, axis=axis), x, i, u)
    along = RANDOM.integers(-3, 3, (*x.shape[:axis], 6, *x.shape[axis + 1 :]))
    v = RANDOM.normal(size=along.shape)
    check_engines_agree(lambda x, i, u: scatter_add_along_axis(x, i, u, axis=axis), x, along, v)


def test_a_position_out_of_range_adds_nothing_outside() -> None:
    program = program_of(
        lambda x, i, u: (scatter_add(x, i, u, axis=0), x + 1.0),
        *map(spec_of, (np.zeros(4), np.zeros(2, int), np.zeros(2))),
    )
    compiled = NativeEngine().compile(program)
    for wrong in (4, -5, 2**40):
        with pytest.raises(IndexOutOfRange):
            compiled(np.zeros(4), np.array([0, wrong]), np.ones(2))
    assert compiled(np.zeros(4), np.array([0, -1]), np.ones(2))[0].tolist() == [1.0, 0, 0, 1.0]


@pytest.mark.parametrize("shape", [(40, 8), (40, 3), (40,)])
def test_a_table_learns_at_the_rows_it_was_read(shape: tuple[int, ...]) -> None:
    def step(E: Any, items: Any, y: Any, rate: Any, rows: Any) -> Any:
        def loss(E: Any) -> Any:
            return np.mean((E[items[rows]].reshape((len(rows), -1)).sum(1) - y[rows]) ** 2)

        value, gradient = tw.value_and_grad(loss)(E)
        return E - rate * gradient, value

    E, items, y = RANDOM.normal(size=shape), RANDOM.integers(-40, 40, 90), RANDOM.normal(size=90)
    check_loop(step, [E], [items, y], [0.1], rows=90, batch=8, steps=30, rtol=1e-10)


@pytest.mark.parametrize("shape", [(1,), (9,), (200,), (5, 1), (1, 5), (3, 33), (4, 5, 17), (0, 3)])
def test_running_sums_and_extremes_along_each_axis(shape: tuple[int, ...]) -> None:
    x = RANDOM.normal(size=shape)
    # Ties: the first one counts.
    i = RANDOM.integers(0, 3, shape)
    for axis in range(len(shape)):
        if shape[axis]:
            check_engines_agree(
                lambda x, i, axis=axis: (
                    np.cumsum(x, axis),
                    np.cumsum(np.exp(x) + i, axis),
                    np.argmax(x, axis),
                    np.argmin(x * x, axis),
                    np.argmax(i, axis),
                    np.argmin(i > 1, axis),
                ),
                x,
                i,
            )
    check_engines_agree(lambda x: (np.argmax(x), np.argmin(x), np.cumsum(x)), RANDOM.normal(size=9))


def test_the_first_nan_is_the_extreme() -> None:
    x = RANDOM.normal(size=(4, 20))
    x[0, 3] = x[0, 7] = x[1, 0] = x[2, 19] = np.nan
    for axis in (0, 1):
        check_engines_agree(
            lambda x, axis=axis: (np.argmax(x, axis), np.argmin(x, axis), np.cumsum(x, axis)), x
        )
