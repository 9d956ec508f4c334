"""What is made from nothing by Fourier transforms' functions has the default dtype."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from thalweg import torch as wing


@pytest.mark.singles
@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_frequencies_are_of_the_default_dtype(name: str) -> None:
    ours, theirs = getattr(wing.fft, name)(5, d=0.5), getattr(torch.fft, name)(5, d=0.5)
    assert ours.dtype == wing.float32
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)
    assert getattr(wing.fft, name)(5, dtype=wing.float64).dtype == wing.float64
