"""Positions of elements, as NumPy and PyTorch give them."""

from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import ArgumentError


@pytest.mark.parametrize("x", [3.0, 0.0, [0.0, 2.0], [[1.0, 0.0], [0.0, 2.0]], np.ones((0, 2))])
@pytest.mark.parametrize("as_tuple", [True, False])
def test_positions_of_what_is_not_zero_are_pytorch_s(x: Any, as_tuple: bool) -> None:
    found = wing.nonzero(wing.tensor(x), as_tuple=as_tuple)
    wanted = torch.nonzero(torch.tensor(x), as_tuple=as_tuple)
    pairs = zip(found, wanted, strict=True) if as_tuple else [(found, wanted)]
    for one, other in pairs:
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_number_alone_has_no_positions_as_in_numpy() -> None:
    with pytest.raises(ArgumentError, match="no positions"):
        tw.nonzero(tw.tensor(1.0))
