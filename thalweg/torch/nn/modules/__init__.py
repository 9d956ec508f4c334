"""PyTorch's paths to what concerns every module: `torch.nn.modules.module`, and `lazy` ones."""

from thalweg.torch.nn.modules import lazy, module

__all__ = ["lazy", "module"]
