"""What NumPy has too is called as PyTorch calls it: by position, and by its names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from thalweg import torch as wing

X = np.random.default_rng(0).normal(size=(3, 4))
REDUCTIONS = (
    "all", "amax", "amin", "any", "argmax", "argmin", "logsumexp", "max", "mean", "median", "min",
    "mode", "nanmean", "nanmedian", "nansum", "prod", "std", "sum", "var",
)  # fmt: skip
CALLS: tuple[tuple[Any, ...], ...] = ((), (1,), (1, True), (-1, False))


def parts(found: Any) -> list[Any]:
    """Return the arrays of a result, which may be several."""
    return [part.numpy() for part in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize("args", CALLS, ids=str)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_dimensions_and_whether_they_stay_come_by_position(name: str, args: Any) -> None:
    if name in ("logsumexp", "mode") and not args:
        args = (0,)
    want = parts(getattr(torch, name)(torch.tensor(X), *args))
    for found in (
        getattr(wing, name)(wing.tensor(X), *args), getattr(wing.tensor(X), name)(*args)
    ):  # fmt: skip
        for one, other in zip(parts(found), want, strict=True):
            assert (one.shape, one.dtype) == (other.shape, other.dtype)
            np.testing.assert_allclose(one, other, rtol=1e-14)


def test_a_dtype_is_given_by_name() -> None:
    x = wing.tensor(X)
    assert wing.sum(x, 1, True, dtype=wing.float32).dtype is wing.float32
    with pytest.raises(TypeError, match="3 positional arguments but 4 were given"):
        wing.sum(x, 1, True, wing.float32)
    with pytest.raises(TypeError, match="multiple values for argument 'keepdim'"):
        x.sum(1, True, keepdim=True)
    with pytest.raises(TypeError, match="must be tuple of ints, but found bool"):
        wing.norm(x, 1, True)
