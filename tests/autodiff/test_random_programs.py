"""Random programs of views and changes in place do what PyTorch does with them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from tests.autodiff.programs import Overlapping, run
from thalweg import torch as wing

torch = pytest.importorskip("torch")

BLOCKS, PROGRAMS = 8, 25


def compared(seed: int, length: int, rare: float = 0.0) -> bool:
    """Compare one program; False if PyTorch refuses it, or reads what it just wrote."""
    try:
        theirs = run(torch, seed, length, rare)
    except Overlapping:
        return False
    ours = run(wing, seed, length, rare)
    if len(ours[0]) < len(theirs[0]):
        return False
    if "freed" in ours[0] or ours[3] == "freed":
        # PyTorch walks a second time where no step kept values; we never do.
        return bool(ours[0] == theirs[0] and ours[3] == theirs[3])
    assert ours[0] == theirs[0], "refused steps"
    for a, b in itertools.zip_longest(ours[1], theirs[1]):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    assert ours[2] == theirs[2], "requires_grad and is_leaf"
    if theirs[3] in ("refused", "freed"):
        # We keep the result of a change in place, which PyTorch overwrites: more derivatives exist.
        return bool(ours[3] == theirs[3])
    for x, y in itertools.zip_longest(ours[3] or [], theirs[3] or []):
        assert (x is None) == (y is None)
        if x is not None:
            np.testing.assert_allclose(x, y, rtol=1e-8, atol=1e-10)
    return True


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_programs_agree_with_torch(block: int) -> None:
    agreed: list[Any] = []
    for seed in range(block * PROGRAMS, (block + 1) * PROGRAMS):
        try:
            agreed.append(compared(seed, 4 + seed % 5))
        except Exception as error:
            error.add_note(f"in run(lib, {seed}, {4 + seed % 5})")
            raise
    assert sum(agreed) >= 0.7 * PROGRAMS


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("block", range(6))
def test_random_programs_with_walks_back_and_views_in_place_agree_with_torch(block: int) -> None:
    agreed: list[Any] = []
    for seed in range(block * PROGRAMS, (block + 1) * PROGRAMS):
        try:
            agreed.append(compared(seed, 8, rare=0.5))
        except Exception as error:
            error.add_note(f"in run(lib, {seed}, 8, rare=0.5)")
            raise
    assert sum(agreed) >= 0.7 * PROGRAMS
