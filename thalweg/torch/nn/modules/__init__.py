"""PyTorch's path to what concerns every module: `tw.nn.modules.module`."""

from thalweg.torch.nn.modules import module

__all__ = ["module"]
