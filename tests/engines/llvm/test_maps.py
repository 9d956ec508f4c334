"""Elementwise kernels over any domain, and matrices transposed in tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg.testing import check_engines_agree

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    "shapes",
    [
        ((3, 7), (7,)),
        ((3, 7), (3, 1)),
        ((2, 3, 9), (3, 1)),
        ((2, 3, 9), (2, 1, 9)),
        ((5, 1, 1), (1, 4, 1)),
        ((1, 1), (1,)),
        ((4, 0, 2), (2,)),
        ((17, 33), ()),
        ((2, 2, 2, 2, 3), (2, 1, 2, 1, 3)),
    ],
)
def test_operands_of_any_shapes_that_broadcast(shapes: Any) -> None:
    x, y = (RANDOM.normal(size=shape) for shape in shapes)
    check_engines_agree(
        lambda x, y: (x + y, np.maximum(x, y) * 2.0, np.where(x > y, x, -y), x - y.T.T), x, y
    )


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1), (2, 0, 1)])
def test_axes_in_any_order(order: tuple[int, ...]) -> None:
    x, y = RANDOM.normal(size=(3, 4, 9)), RANDOM.normal(size=(9, 4, 3))
    check_engines_agree(
        lambda x, y: (
            np.transpose(x, order) * 2.0,
            np.exp(np.transpose(x)) + y,
            np.sum(np.transpose(x, order), -1),
        ),
        x,
        y,
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int32])
@pytest.mark.parametrize("rows", [8, 9, 16, 17, 40])
@pytest.mark.parametrize("columns", [4, 5, 8, 15, 16, 33])
def test_transposes_packed_for_a_product(rows: int, columns: int, dtype: Any) -> None:
    a = RANDOM.integers(-3, 4, (11, columns)).astype(dtype)
    b = RANDOM.integers(-3, 4, (rows, columns)).astype(dtype)
    check_engines_agree(lambda a, b: (a @ b.T, b @ a.T, b.T), a, b)


def test_mixed_widths_in_one_kernel() -> None:
    x, i = RANDOM.normal(size=(5, 19)).astype(np.float32), RANDOM.integers(-9, 9, (5, 19))

    def mixed(x: Any, i: Any) -> Any:
        wide = x.astype(float) * i
        return wide, (wide > 0.5).astype(np.int32), np.where(i > 0, x, -x), (i < 0) & (x > 0)

    check_engines_agree(mixed, x, i)
