"""Products, distances, spreads, chosen elements and counts, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg.engines.eager.loops import strict
from thalweg.engines.llvm.eager.products import chosen, counted, distances, products, spread

RANDOM = np.random.default_rng(23)

KINDS = pytest.mark.parametrize("kind", "fd")


@KINDS
@pytest.mark.parametrize("n", [1, 8, 19])
def test_products_and_distances(kind: str, n: int) -> None:
    x, y = RANDOM.standard_normal(5).astype(kind), RANDOM.standard_normal(n).astype(kind)
    assert products(kind)(x, y).tobytes() == np.multiply.outer(x, y).tobytes()
    a, b = RANDOM.standard_normal((5, 3)).astype(kind), RANDOM.standard_normal((n, 3)).astype(kind)
    wanted = np.linalg.norm(a.astype("d")[:, None] - b, axis=-1)
    found = distances(kind)(a, np.ascontiguousarray(b.T))
    np.testing.assert_allclose(found, wanted, rtol=1e-5 if kind == "f" else 1e-14)


@KINDS
@pytest.mark.parametrize("axis", [0, 1])
def test_spreads_along_any_axis(kind: str, axis: int) -> None:
    x = (RANDOM.standard_normal((7, 9)) + 100).astype(kind)
    for correction in (0, 1, 3):
        for root, wanted in ((False, np.var), (True, np.std)):
            found = spread(kind, root, correction)(x, axis=axis, keepdims=True)
            assert found.dtype == np.dtype(kind)
            theirs = wanted(x.astype("d"), axis=axis, keepdims=True, ddof=correction)
            np.testing.assert_allclose(found, theirs, rtol=1e-6)


@KINDS
def test_chosen_elements(kind: str) -> None:
    x, index = RANDOM.standard_normal((4, 6)).astype(kind), RANDOM.integers(0, 6, (4, 3))
    assert chosen(kind)(x, index).tobytes() == np.take_along_axis(x, index, 1).tobytes()
    for wrong in (-1, 6, 2**40, -(2**62)):
        index[3, 1] = wrong
        with pytest.raises(FloatingPointError):
            strict.run(chosen(kind), x, index)
    x[:] = np.nan
    assert np.isnan(strict.run(chosen(kind), x, index % 6)).all()


@KINDS
def test_counts(kind: str) -> None:
    x: Any = RANDOM.standard_normal(3000).astype(kind)
    x[:6] = -1.0, 2.0, np.nan, np.inf, -np.inf, 2.0
    x[6:500] = RANDOM.integers(-10, 20, 494) / 10
    edges = np.linspace(-1.0, 2.0, 31)
    with np.errstate(invalid="ignore"):
        found = counted(kind)(x, np.append(edges, np.inf), np.empty(30, kind))
    wanted, _ = np.histogram(x[np.isfinite(x)].astype("d"), 30, (-1.0, 2.0))
    np.testing.assert_array_equal(found, wanted)
