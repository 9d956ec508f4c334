"""PyTorch's path to what concerns every module: `torch.nn.modules.module`."""

from thalweg.torch.nn.modules import module

__all__ = ["module"]
