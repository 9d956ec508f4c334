"""PyTorch's `torch.signal`: windows that signals are multiplied with."""

from thalweg.torch.signal import windows as windows

__all__ = ["windows"]
