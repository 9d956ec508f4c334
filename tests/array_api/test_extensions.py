"""The standard's linear algebra and Fourier transforms, compared with array-api-strict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.array_api.strict import FLOATS, REALS, agree, require_equal, xp

REGULAR = np.random.default_rng(3).normal(size=(2, 3, 3)) + 3 * np.eye(3)
DEFINITE = REGULAR @ np.swapaxes(REGULAR, -1, -2)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "name",
    ["inv", "det", "slogdet", "pinv", "svdvals", "matrix_rank", "matrix_norm", "vector_norm"],
)
def test_functions_of_matrices(name: str, dtype: str) -> None:
    agree(f"linalg.{name}", REGULAR.astype(dtype))


@pytest.mark.parametrize("dtype", FLOATS)
def test_decompositions_and_systems(dtype: str) -> None:
    x, b = DEFINITE.astype(dtype), REGULAR.astype(dtype)
    agree("linalg.cholesky", x)
    agree("linalg.cholesky", x, upper=True)
    agree("linalg.eigvalsh", x)
    agree("linalg.solve", x, b)
    agree("linalg.solve", x, b[0, 0])
    agree("linalg.matrix_power", x, -2)
    for name in ("eigh", "qr", "svd"):
        parts = getattr(tw.linalg, name)(tw.asarray(x))
        expected = getattr(xp.linalg, name)(xp.asarray(x))
        assert [p.dtype for p in parts] == [np.asarray(p).dtype for p in expected]
        # Vectors are known but for their signs.
        require_equal([abs(p) for p in parts], [np.abs(np.asarray(p)) for p in expected])


@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_norms(ord: Any) -> None:
    agree("linalg.matrix_norm", REGULAR, ord=ord, keepdims=True)
    if not isinstance(ord, str):
        agree("linalg.vector_norm", REGULAR, ord=ord, axis=(0, 2))


TRANSFORMS = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fftn", "ifftn", "rfftn", "irfftn"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name: str, dtype: str) -> None:
    real = name in ("rfft", "ihfft", "rfftn")
    if real == (dtype in REALS):
        for norm in ("backward", "ortho", "forward"):
            agree(f"fft.{name}", REGULAR.astype(dtype), norm=norm)


def test_frequencies() -> None:
    for name in ("fftfreq", "rfftfreq"):
        require_equal(getattr(tw.fft, name)(5, d=0.5), getattr(xp.fft, name)(5, d=0.5))
    for name in ("fftshift", "ifftshift"):
        agree(f"fft.{name}", REGULAR)
        agree(f"fft.{name}", REGULAR, axes=-1)
