"""Sums over many rows in blocks are those over all rows at once."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thalweg.inference import tall

RNG = np.random.default_rng(0)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tall, "NUMBERS_AT_ONCE", 40)


@pytest.mark.parametrize("shape", [(500, 4), (4, 4), (3, 7), (9, 4), (1, 3)])
@pytest.mark.usefixtures("small_blocks")
def test_triangles_are_those_of_numpy_but_for_signs(shape: tuple[int, int]) -> None:
    A, weights = RNG.normal(size=shape) * 10.0 ** np.arange(shape[1]), RNG.random(shape[0]) + 0.1
    ones, root = np.ones((len(A), 1)), np.sqrt(weights)[:, None]
    for R, matrix in (
        (tall.triangle(A), A),
        (tall.triangle(A, weights), root * A),
        (tall.triangle(A, weights, constant=True), root * np.hstack([ones, A])),
    ):
        wanted = np.linalg.qr(matrix, mode="r")
        signs = np.sign(np.diag(R) * np.diag(wanted))[:, None]
        assert_allclose(R[: len(signs)], signs * wanted[: len(signs)], rtol=1e-9, atol=1e-12)


def test_no_digits_are_lost_where_the_product_of_columns_would_lose_them() -> None:
    first = RNG.normal(size=5000)
    A = np.column_stack([first, first + 1e-9 * RNG.normal(size=5000)])
    R = tall.triangle(A)
    apart = np.linalg.norm(A[:, 1] - A[:, 0] * (A[:, 0] @ A[:, 1]) / (A[:, 0] @ A[:, 0]))
    assert_allclose(abs(R[1, 1]), apart, rtol=1e-4)


@pytest.mark.usefixtures("small_blocks")
def test_products_and_scaled_rows() -> None:
    A, B, weights = RNG.normal(size=(101, 3)), RNG.normal(size=(101, 2)), RNG.normal(size=101)
    assert_allclose(tall.gram(A, weights), A.T @ np.diag(weights) @ A, rtol=1e-12)
    assert_allclose(tall.gram(A, weights, B), A.T @ np.diag(weights) @ B, rtol=1e-12)
    scaled, whole = tall.ScaledRows(A, weights), weights[:, None] * A
    assert len(scaled) == 101
    assert np.array_equal(np.asarray(scaled), whole)
    assert_allclose(scaled.sum(axis=0), whole.sum(axis=0), rtol=1e-12)
    for scores in (scaled, whole):
        assert_allclose(tall.squares(scores), whole.T @ whole, rtol=1e-12)


def test_blocks_are_all_rows_once_and_never_fewer_than_columns() -> None:
    for rows, columns in ((0, 3), (1, 3), (10**6, 50), (4000, 3000)):
        parts = list(tall.blocks(rows, columns))
        sizes = [part.stop - part.start for part in parts]
        assert sum(sizes) == rows
        assert all(size >= min(rows, columns) for size in sizes[:-1])
