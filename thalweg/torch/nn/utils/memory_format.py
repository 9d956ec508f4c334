"""The order of convolutions' weights in memory."""

from __future__ import annotations

from typing import Any, TypeVar

from thalweg.torch.nn.modules.module import Module

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]

Model = TypeVar("Model", bound=Module)


def convert_conv2d_weight_memory_format(module: Model, memory_format: Any) -> Model:
    """Return the module as it is: memory has one order here, and values depend on none.

    Args:
        module: A model.
        memory_format: Accepted as in PyTorch; it has no meaning here.
    """
    return module


def convert_conv3d_weight_memory_format(module: Model, memory_format: Any) -> Model:
    """Return the module as it is; the arguments are as in `convert_conv2d_weight_memory_format`."""
    return module
