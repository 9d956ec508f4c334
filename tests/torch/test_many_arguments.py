"""Methods that take any number of arguments, as PyTorch's do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from thalweg import torch as wing

X = np.arange(24.0).reshape(2, 3, 4)

CALLS: dict[str, Callable[[Any], Any]] = {
    "permute": lambda x: x.permute(1, 2, 0),
    "expand": lambda x: x[:1].expand(5, 3, 4),
    "view": lambda x: x.view(3, 2, 2, 2),
    "reshape": lambda x: x.reshape(3, 2, 2, 2),
    "tile": lambda x: x.tile(1, 2, 1),
    "new_zeros": lambda x: x.new_zeros(2, 3, 4, 5),
}


@pytest.mark.parametrize("name", CALLS)
def test_axes_and_extents_one_by_one(name: str) -> None:
    mine, their = CALLS[name](wing.tensor(X)), CALLS[name](torch.tensor(X))
    np.testing.assert_array_equal(mine.numpy(), their.numpy())
