"""Linear algebra and Fourier transforms: values of NumPy, derivatives of differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import ArgumentError, ShapeError
from thalweg.testing import check_gradients

RANDOM = np.random.default_rng(7)
TALL, WIDE, SQUARE = (RANDOM.normal(size=shape) for shape in ((2, 4, 3), (2, 3, 4), (2, 3, 3)))
DEFINITE = SQUARE @ np.swapaxes(SQUARE, -1, -2) + np.eye(3)


def symmetric(x: Any) -> Any:
    return (x + tw.matrix_transpose(x)) / 2


DIFFERENTIABLE: dict[str, tuple[Callable[..., Any], np.ndarray]] = {
    "cholesky": (lambda x: tw.linalg.cholesky(symmetric(x)), DEFINITE),
    "upper cholesky": (lambda x: tw.linalg.cholesky(symmetric(x), upper=True), DEFINITE),
    "eigenvalues": (lambda x: tw.linalg.eigvalsh(symmetric(x)), DEFINITE),
    "eigenvectors": (lambda x: tw.linalg.eigh(symmetric(x)).eigenvectors ** 2, DEFINITE),
    "singular values": (tw.linalg.svdvals, TALL),
    "wide singular vectors": (lambda x: tw.linalg.svd(x).U ** 2, WIDE),
    "logdet": (wing.logdet, DEFINITE),
    "power": (lambda x: tw.linalg.matrix_power(x, -3), DEFINITE),
    "pinv": (tw.linalg.pinv, TALL),
    "nuclear norm": (lambda x: tw.linalg.matrix_norm(x, ord="nuc"), TALL),
    "spectral norm": (lambda x: tw.linalg.matrix_norm(x, ord=2), WIDE),
    "condition": (tw.linalg.cond, SQUARE),
    "cross": (lambda x: tw.cross(x, x[::-1] + 1.0), SQUARE),
    "triangular": (lambda x: tw.linalg.solve_triangular(x, x + 1.0, upper=False), DEFINITE),
    "rfft": (lambda x: tw.real(tw.fft.rfft(x)), TALL),
    "irfft": (lambda x: tw.fft.irfft(x, n=5), TALL),
    "imaginary parts": (lambda x: tw.imag(tw.fft.fftn(x)), SQUARE),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives_are_those_of_differences(name: str) -> None:
    function, at = DIFFERENTIABLE[name]
    check_gradients(function, at)


@pytest.mark.parametrize("shape", [(2, 4, 3), (2, 3, 4), (3, 3), (0, 2, 2), (2, 0, 3)])
@pytest.mark.parametrize("full", [False, True])
def test_parts_multiply_to_the_matrix(shape: tuple[int, ...], full: bool) -> None:
    x = RANDOM.normal(size=shape)
    u, s, vh = (part.numpy() for part in tw.linalg.svd(tw.tensor(x), full_matrices=full))
    expected = np.linalg.svd(x, full_matrices=full)
    assert [part.shape for part in expected] == [u.shape, s.shape, vh.shape]
    k = s.shape[-1]
    np.testing.assert_allclose((u[..., :k] * s[..., None, :]) @ vh[..., :k, :], x, atol=1e-12)
    np.testing.assert_allclose(np.swapaxes(u, -1, -2) @ u, np.broadcast_to(
        np.eye(u.shape[-1]), (*u.shape[:-2], u.shape[-1], u.shape[-1])), atol=1e-12)  # fmt: skip
    mode = "complete" if full else "reduced"
    q, r = (part.numpy() for part in tw.linalg.qr(tw.tensor(x), mode=mode))
    expected_qr = np.linalg.qr(x, mode=mode)
    assert [part.shape for part in expected_qr] == [q.shape, r.shape]
    np.testing.assert_allclose(q @ r, x, atol=1e-12)


@pytest.mark.parametrize("order", ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_norms_of_matrices_are_those_of_pytorch(order: Any) -> None:
    found = tw.linalg.norm(tw.tensor(TALL), order, axis=(1, 2))
    expected = torch.linalg.norm(torch.tensor(TALL), order, dim=(1, 2))
    np.testing.assert_allclose(found.numpy(), expected.numpy(), 1e-12)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 0.5, np.inf, -np.inf])
def test_norms_of_vectors_are_those_of_pytorch(order: Any) -> None:
    found = tw.linalg.vector_norm(tw.tensor(TALL), order, axis=(0, 2), keepdims=True)
    expected = torch.linalg.vector_norm(torch.tensor(TALL), order, dim=(0, 2), keepdim=True)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), 1e-12)


@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
@pytest.mark.parametrize("n", [None, 3, 6])
def test_transforms_are_those_of_numpy(norm: Any, n: int | None) -> None:
    z = SQUARE + 1j * SQUARE[::-1]
    for name in ("fft", "ifft", "irfft", "hfft", "rfft", "ihfft"):
        x = SQUARE if name in ("rfft", "ihfft") else z
        found = getattr(tw.fft, name)(tw.tensor(x), n=n, axis=1, norm=norm).numpy()
        expected = getattr(np.fft, name)(x, n=n, axis=1, norm=norm)
        np.testing.assert_allclose(found, expected, 1e-12, 1e-12, err_msg=name)
    for name in ("fftn", "ifftn", "rfftn", "irfftn"):
        x = SQUARE if name == "rfftn" else z
        sizes, axes = (None, None) if n is None else ((n, 4), (0, 2))
        found = getattr(tw.fft, name)(tw.tensor(x), s=sizes, axes=axes, norm=norm).numpy()
        expected = getattr(np.fft, name)(x, s=sizes, axes=axes, norm=norm)
        np.testing.assert_allclose(found, expected, 1e-12, 1e-12, err_msg=name)


def test_numpys_functions_of_matrices_find_these() -> None:
    x = tw.tensor(SQUARE)
    np.testing.assert_allclose(np.linalg.inv(x).numpy(), np.linalg.inv(SQUARE))
    np.testing.assert_allclose(np.linalg.diagonal(x).numpy(), np.linalg.diagonal(SQUARE))
    np.testing.assert_allclose(np.diagonal(x).numpy(), np.diagonal(SQUARE))
    np.testing.assert_allclose(np.linalg.trace(x).numpy(), np.linalg.trace(SQUARE))


def test_what_has_no_inverse_is_explained() -> None:
    with pytest.raises(ArgumentError, match=r"linalg\.inv found no result"):
        tw.linalg.inv(tw.zeros(2, 2))
    with pytest.raises(ShapeError, match="square matrices"):
        tw.linalg.det(tw.zeros(2, 3))


@pytest.mark.parametrize(
    "function", [tw.linalg.inv, tw.linalg.svdvals, tw.linalg.pinv, wing.logdet]
)
def test_a_batch_is_a_loop(function: Callable[..., Any]) -> None:
    looped = np.stack([function(tw.tensor(x)).numpy() for x in DEFINITE])
    np.testing.assert_allclose(tw.vmap(function)(tw.tensor(DEFINITE)).numpy(), looped, 1e-12)
