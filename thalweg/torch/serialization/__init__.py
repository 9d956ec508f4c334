"""PyTorch's `torch.serialization`: files of tensors, ours and PyTorch's, read as data alone."""

from thalweg.torch.serialization.loading import load
from thalweg.training.saving import save

__all__ = ["load", "save"]
