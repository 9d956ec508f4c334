"""Matrix products: every orientation, batches, degenerate extents, and maps on the result."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of
from tests.engines.llvm.kernels import runnable
from tests.engines.loops import spec_of
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.testing import check_engines_agree

RANDOM = np.random.default_rng(0)
# Rows, inner extent, columns: none, one, less than a vector, whole vectors, and some more.
SIZES = [
    *itertools.product((1, 3, 8, 17), (1, 2, 4, 9, 40), (1, 5, 8, 27)),
    (0, 3, 4),
    (3, 0, 4),
    (3, 4, 0),
    (64, 64, 64),
    (2, 300, 3),
    (100, 3, 1),
    (1, 33, 130),
    (32, 32, 32),
    (20, 37, 24),
]


def drawn(*shape: int, dtype: Any = np.float64) -> Any:
    return RANDOM.integers(-4, 5, shape).astype(dtype)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_products_of_operands_as_they_lie_and_transposed(size: tuple[int, int, int]) -> None:
    rows, inner, columns = size
    a, b = drawn(rows, inner), drawn(inner, columns)

    def products(a: Any, b: Any, at: Any, bt: Any) -> Any:
        # The products stand apart: none may write beyond its end into the next.
        return a @ b, at.T @ b, a @ bt.T, at.T @ bt.T, bt @ at

    check_engines_agree(products, a, b, a.T.copy(), b.T.copy())
    given = [x.astype(np.float32) for x in (a, b, a.T.copy(), b.T.copy())]
    check_engines_agree(products, *given)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.bool_])
@pytest.mark.parametrize("size", [(3, 9, 5), (17, 4, 16), (1, 20, 1), (9, 1, 7)], ids=str)
def test_products_of_integers_and_booleans(size: tuple[int, int, int], dtype: Any) -> None:
    a, b = drawn(*size[:2], dtype=dtype), drawn(*size[1:], dtype=dtype)
    check_engines_agree(lambda a, b: (a @ b, b.T @ a.T), a, b)


@pytest.mark.parametrize("batch", [(1,), (3,), (2, 3), (0,)])
@pytest.mark.parametrize("size", [(2, 3, 4), (9, 17, 5), (1, 8, 1), (5, 4, 1)], ids=str)
def test_batches_of_products(size: tuple[int, int, int], batch: tuple[int, ...]) -> None:
    a, b = drawn(*batch, *size[:2]), drawn(*batch, *size[1:])
    check_engines_agree(
        lambda a, b: (a @ b, np.swapaxes(b, -1, -2) @ np.swapaxes(a, -1, -2), np.exp(a @ b * 0.1)),
        a,
        b,
    )


@pytest.mark.parametrize("size", [(3, 9, 5), (17, 6, 16), (40, 12, 1), (1, 20, 33)], ids=str)
def test_maps_on_a_result_see_each_element_once(size: tuple[int, int, int]) -> None:
    a, b = drawn(*size[:2]), drawn(*size[1:])
    column, row = drawn(size[0], 1), drawn(size[2])

    def layer(a: Any, b: Any, column: Any, row: Any) -> Any:
        z = a @ b + row
        return z, np.maximum(z, 0.0), z * column, 2.0 * z - 1.0

    check_engines_agree(layer, a, b, column, row)


def test_operands_that_are_computed_sliced_gathered_and_padded() -> None:
    a, b, i = drawn(12, 9), drawn(9, 7), np.array([3, -1, 0, 3, 8])
    check_engines_agree(
        lambda a, b, i: (
            np.exp(0.1 * a) @ b,
            a[i] @ b,
            a[:, i] @ b[i],
            a[::2, ::-1] @ b[:, 1:],
            np.pad(a, ((1, 0), (0, 2))) @ np.pad(b, ((2, 0), (0, 0))),
            a.T[i].T @ np.broadcast_to(b[0], (5, 7)),
            np.concatenate((a, a), 1) @ np.concatenate((b, 2.0 * b), 0),
        ),
        a,
        b,
        i,
    )


def test_gradients_of_a_product_reuse_its_operands() -> None:
    def loss(W: Any, V: Any, X: Any) -> Any:
        return np.sum(np.tanh(X @ W) @ V)

    gradients = tw.value_and_grad(lambda p, X: loss(*p, X))
    check_engines_agree(gradients, (drawn(6, 10) / 8, drawn(10, 3) / 8), drawn(21, 6) / 8)


@pytest.mark.parametrize("target", ["avx512", "avx2", "sse"])
def test_every_class_of_processor(target: str) -> None:
    engine = NativeEngine(runnable(target))
    for dtype in (np.float64, np.float32):
        for size in ((5, 9, 7), (33, 17, 20), (8, 40, 1), (1, 40, 9)):
            a, b = drawn(*size[:2], dtype=dtype), drawn(*size[1:], dtype=dtype)
            program = program_of(lambda a, b: (a @ b, b.T @ a.T), spec_of(a), spec_of(b))
            first, second = engine.compile(program)(a, b)
            np.testing.assert_array_equal(first, a @ b)
            np.testing.assert_array_equal(second, (a @ b).T)


def test_rows_of_whole_tiles_are_summed_in_one_order() -> None:
    row, b = RANDOM.normal(size=40), RANDOM.normal(size=(40, 32))
    found = np.asarray(tw.jit(lambda a, b: a @ b)(np.tile(row, (32, 1)), b))
    np.testing.assert_array_equal(found, np.tile(found[0], (32, 1)))
    np.testing.assert_allclose(found[0], row @ b, rtol=1e-12)
