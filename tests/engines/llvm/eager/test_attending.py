"""Softmax of scores under masks, against NumPy; and masks of every shape that broadcasts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from thalweg import torch as wing
from thalweg.engines.llvm.eager.attending import weighted

RANDOM = np.random.default_rng(19)


def _softmax(scores: Any) -> Any:
    with np.errstate(invalid="ignore"):
        powers = np.exp(scores - scores.max(-1, keepdims=True))
    return np.nan_to_num(powers / powers.sum(-1, keepdims=True))


@pytest.mark.parametrize(("kind", "tolerance"), [("f", 2e-6), ("d", 1e-14)])
@pytest.mark.parametrize("mask", ["", "?", "same"])
@pytest.mark.parametrize("keys", [1, 7, 8, 29])
def test_weights(keys: int, mask: str, kind: str, tolerance: float) -> None:
    scores = (5 * RANDOM.standard_normal((4, keys))).astype(kind)
    wanted, given = scores.astype(np.float64) * 0.25, []
    if mask == "?":
        seen = RANDOM.random((4, keys)) < 0.5
        seen[1] = False
        wanted, given = np.where(seen, wanted, -np.inf), [seen]
    elif mask:
        added = RANDOM.standard_normal((4, keys)).astype(kind)
        added[2, 0] = -np.inf
        wanted, given = wanted + added, [added]
    run = weighted(kind, kind if mask == "same" else mask)
    found = run(scores, np.dtype(kind).type(0.25), *given)
    np.testing.assert_allclose(found, _softmax(wanted), rtol=20 * tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", [(), (1,), (5,), (4, 1), (4, 5), (1, 1, 5), (3, 4, 1)])
@pytest.mark.parametrize("truth", [True, False])
def test_masks_that_broadcast(shape: tuple[int, ...], truth: bool) -> None:
    q, k, v = (RANDOM.standard_normal((2, 3, n, 6)).astype(np.float32) for n in (4, 5, 5))
    mask = RANDOM.random(shape) < 0.7 if truth else RANDOM.standard_normal(shape)
    given = np.asarray(mask, np.bool_ if truth else np.float32)
    results = []
    for lib in (wing, torch):
        attend = lib.nn.functional.scaled_dot_product_attention
        tensors = [lib.tensor(x) for x in (q, k, v)]
        # PyTorch wants two axes at least.
        own = given if given.ndim > 1 else given.reshape(1, -1)
        results.append(attend(*tensors, attn_mask=lib.tensor(given if lib is wing else own)))
    np.testing.assert_allclose(results[0].numpy(), results[1].numpy(), rtol=1e-5, atol=1e-6)
