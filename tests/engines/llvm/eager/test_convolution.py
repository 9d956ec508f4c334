"""Convolutions as sums of products, of all ranks, steps, gaps and groups, against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from thalweg.engines.llvm.eager.convolution import convolved

RANDOM = np.random.default_rng(17)

CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...], Any, Any, int]] = {
    "one axis": ((2, 3, 21), (4, 3, 5), 1, 1, 1),
    "shorter than a vector": ((2, 3, 6), (4, 3, 3), 1, 1, 1),
    "images": ((2, 4, 9, 20), (6, 4, 3, 2), (2, 1), (1, 3), 1),
    "steps along the last axis": ((1, 4, 9, 20), (6, 4, 3, 2), (1, 3), (2, 1), 1),
    "groups": ((3, 6, 5, 11), (4, 3, 2, 3), 1, 1, 2),
    "channels apart": ((2, 5, 6, 40), (5, 1, 3, 3), 1, 1, 5),
    "volumes": ((1, 2, 4, 5, 12), (3, 2, 2, 2, 2), (1, 2, 1), (1, 1, 2), 1),
}


@pytest.mark.parametrize(("kind", "tolerance"), [("f", 1e-5), ("d", 1e-13)])
@pytest.mark.parametrize("case", CASES)
def test_products(case: str, kind: str, tolerance: float) -> None:
    shape, of_weight, steps, gaps, groups = CASES[case]
    rank = len(shape) - 2
    x, weight = (RANDOM.standard_normal(s).astype(kind) for s in (shape, of_weight))
    bias = RANDOM.standard_normal(of_weight[0]).astype(kind)
    convolve = getattr(torch.nn.functional, f"conv{rank}d")
    given = (torch.tensor(a, dtype=torch.float64) for a in (x, weight, bias))
    wanted = convolve(*given, stride=steps, dilation=gaps, groups=groups).numpy()
    steps, gaps = (n if isinstance(n, tuple) else (n,) * rank for n in (steps, gaps))
    facts = np.array(list(zip(steps, gaps, strict=True))).reshape(-1)
    for dense in {steps[-1] == 1, False}:
        room = np.empty(wanted.shape, kind)
        convolved(kind, rank, dense)(x, weight, bias, facts, room)
        np.testing.assert_allclose(room, wanted, rtol=tolerance, atol=10 * tolerance)
