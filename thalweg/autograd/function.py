"""Derivatives of one's own, by the name PyTorch's users import them from."""

from thalweg.autodiff.extending import Function
from thalweg.autodiff.once import once_differentiable

__all__ = ["Function", "once_differentiable"]
