"""Distances and similarities of vectors, as modules."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.torch.nn import functional
from thalweg.torch.nn.modules.module import Applied, Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class PairwiseDistance(Module):
    """Distance of vectors along the last axis: ‖x₁ - x₂ + ε‖ₚ."""

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Any, x2: Any) -> Tensor:
        """Return the distances."""
        return functional.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Applied, of=functional.cosine_similarity):
    """Cosine of the angle between vectors along an axis."""

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        self._begin(locals())

    def forward(self, x1: Any, x2: Any) -> Tensor:
        """Return the cosines."""
        return self._apply_to(x1, x2)
