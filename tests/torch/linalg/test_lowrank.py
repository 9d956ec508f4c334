"""`svd_lowrank` and `pca_lowrank` beside PyTorch's, from the same random vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg import torch as wing

torch = pytest.importorskip("torch")

X = np.random.default_rng(0).normal(size=(2, 9, 5))

CALLS: dict[str, Any] = {
    "svd, tall": lambda lib, x: lib.svd_lowrank(x, 3),
    "svd, wide": lambda lib, x: lib.svd_lowrank(x.mT, q=2, niter=1),
    "svd less a mean": lambda lib, x: lib.svd_lowrank(x, 2, M=x.mean(1, keepdim=True)),
    "pca": lambda lib, x: lib.pca_lowrank(x),
    "pca of two": lambda lib, x: lib.pca_lowrank(x[0], 2, niter=4),
    "pca as it is": lambda lib, x: lib.pca_lowrank(x, 3, center=False),
}


@pytest.mark.parametrize("name", CALLS)
def test_values_vectors_and_the_stream_are_those_of_pytorch(name: str) -> None:
    found = []
    for lib in (torch, wing):
        lib.manual_seed(4)
        U, S, V = CALLS[name](lib, lib.tensor(X))
        # Signs of pairs of vectors are the routine's choice, their products are not.
        whole = (U * S[..., None, :]) @ V.mT
        found.append(
            [t.numpy() for t in (S, whole, abs(U), abs(V), lib.rand(2, dtype=lib.float64))]
        )
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


def test_derivatives_flow_through_the_values() -> None:
    grads = []
    for lib in (torch, wing):
        lib.manual_seed(4)
        x = lib.tensor(X[0], requires_grad=True)
        lib.svd_lowrank(x, 5)[1].sum().backward()
        grads.append(x.grad.numpy())
    np.testing.assert_allclose(grads[1], grads[0], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("q", "niter"), [(6, 2), (-1, 2), (2, -1)])
def test_impossible_counts_are_refused_as_in_pytorch(q: int, niter: int) -> None:
    for lib in (torch, wing):
        with pytest.raises(ValueError, match="must be non-negative integer"):
            lib.pca_lowrank(lib.tensor(X[0]), q, niter=niter)
