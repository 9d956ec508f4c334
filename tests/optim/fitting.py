"""Two matrices to fit, with an optimizer attached."""

from typing import Any

import numpy as np

import thalweg as tw


def leaves(dtype: Any = np.float64) -> tuple[Any, Any, Any]:
    """Return two matrices to fit and what is fitted."""
    rng = np.random.default_rng(0)
    w, b, x = (rng.normal(size=s).astype(dtype) for s in ((6, 4), (6, 1), (4, 1)))
    return tw.Tensor(w, requires_grad=True), tw.Tensor(b, requires_grad=True), tw.Tensor(x)


def loss_of(w: Any, b: Any, x: Any) -> Any:
    return ((w @ x + b) ** 2).sum()


def train(optimizer: Any, params: tuple[Any, Any, Any], steps: int) -> Any:
    def closure() -> Any:
        optimizer.zero_grad()
        loss = loss_of(*params)
        loss.backward()
        return loss

    return [optimizer.step(closure) for _ in range(steps)]


def values(*tensors: Any) -> list[Any]:
    return [t.numpy(force=True).copy() for t in tensors]


def assert_equal(left: list[Any], right: list[Any]) -> None:
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a, b)


def differ(left: list[Any], right: list[Any]) -> bool:
    return any((a != b).any() for a, b in zip(left, right, strict=True))
