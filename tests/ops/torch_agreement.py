"""Whether a function and its derivatives are those of a function of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import thalweg as tw
from thalweg import torch as wing

CLOSE = 1e-12


def agree(ours: Callable[..., Any], theirs: Callable[..., Any], *operands: Any) -> None:
    """Compare results and gradients, in NumPy's meaning and from the native engine."""
    tensors = [torch.tensor(x, requires_grad=True) for x in operands]
    wanted = theirs(*tensors)
    direction = np.random.default_rng(1).normal(size=tuple(wanted.shape))
    (wanted * torch.tensor(direction)).sum().backward()
    expected = [wanted.detach().numpy(), *(t.grad.numpy() for t in tensors)]

    def both(*given: Any) -> Any:
        grads = tw.grad(
            lambda *xs: wing.sum(ours(*xs) * direction), argnums=tuple(range(len(given)))
        )(*given)
        return (ours(*given), *grads)

    given = [wing.tensor(x) for x in operands]
    for run in (both, tw.jit(both, engine="native")):
        for found, value in zip(run(*given), expected, strict=True):
            assert tuple(found.shape) == value.shape
            np.testing.assert_allclose(np.asarray(found), value, rtol=CLOSE, atol=CLOSE)
