"""A module spread over devices: here there is one, and it calls the module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.torch.nn.modules.module import Module

__all__ = ["DataParallel"]


class DataParallel(Module):
    """A module whose batches PyTorch spreads over graphics cards; on the CPU it calls the module.

    Args:
        module: What is called, under the name `module`.
        device_ids: Accepted as in PyTorch; there are none.
        output_device: Likewise.
        dim: The axis of examples; it has no meaning here.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> model = nn.DataParallel(nn.Linear(3, 2))
        >>> model(torch.ones(5, 3)).shape, list(model.state_dict())
        (torch.Size([5, 2]), ['module.weight', 'module.bias'])
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[Any] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """Return what the module does."""
        return self.module(*inputs, **kwargs)
