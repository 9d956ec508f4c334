"""Cross entropies by rows, against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from thalweg.engines.llvm.eager.classes import cross_entropies

RANDOM = np.random.default_rng(11)


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize(("kind", "tolerance"), [("f", 2e-6), ("d", 1e-13)])
@pytest.mark.parametrize("classes", [1, 3, 8, 37])
def test_losses_and_what_is_kept(classes: int, kind: str, tolerance: float, reduction: str) -> None:
    x = (10 * RANDOM.standard_normal((5, classes))).astype(kind)
    y = RANDOM.integers(0, classes, 5)
    wanted = torch.nn.functional.cross_entropy(
        torch.tensor(x, dtype=torch.float64), torch.tensor(y), reduction=reduction
    )
    losses, powers, total = cross_entropies(kind, reduction, True)(x, y)
    np.testing.assert_allclose(losses, wanted, rtol=tolerance, atol=10 * tolerance)
    softmax = torch.softmax(torch.tensor(x, dtype=torch.float64), 1)
    np.testing.assert_allclose(powers / total[:, None], softmax, rtol=10 * tolerance, atol=1e-30)
    alone = cross_entropies(kind, reduction, False)(x, y)
    assert np.asarray(alone).tobytes() == np.asarray(losses).tobytes()


def test_what_is_not_finite() -> None:
    x = np.zeros((3, 4))
    x[0, 1], x[1, 2], x[2, 0] = np.nan, np.inf, -np.inf
    y = np.array([0, 1, 0])
    with np.errstate(all="ignore"):
        found = cross_entropies("d", "none", False)(x, y)
    wanted = torch.nn.functional.cross_entropy(torch.tensor(x), torch.tensor(y), reduction="none")
    np.testing.assert_array_equal(found, wanted.numpy())
