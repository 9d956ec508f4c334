"""The shape of the wing's tensors."""

from __future__ import annotations

from thalweg.core.spec import Size


class TorchSize(Size):
    """The extent of each axis: a tuple that prints, slices and adds as PyTorch's.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.zeros(2, 3, 4).shape[1:]
        torch.Size([3, 4])
    """

    __slots__ = ()

    library = "torch"

    def __format__(self, form: str) -> str:
        # PyTorch's scripts print shapes inside of texts.
        return object.__format__(self, form)
