"""The wing's tensor: the one Tensor, with PyTorch's methods and dtypes beside NumPy's."""

from __future__ import annotations

from typing import Any

from thalweg.core import tensor as core
from thalweg.torch.dtypes import TORCH, of_numpy
from thalweg.torch.size import TorchSize


class TorchTensor(core.Tensor):
    """A tensor with PyTorch's methods; what is computed from it is one too.

    Args:
        data: Anything `numpy.asarray` accepts.
        requires_grad: Whether `backward()` computes its derivative.
        dtype: The dtype to convert to; by default that of the data.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.Tensor([[1.0, 4.0]])
        >>> x.sqrt().unsqueeze(0).size()
        torch.Size([1, 1, 2])
    """

    __slots__ = ()

    promotion = TORCH
    extents = TorchSize

    @property
    def dtype(self) -> Any:
        """The type of the elements."""
        return of_numpy(self.array.dtype)

    def __format__(self, form: str) -> str:
        """Format the only number, as PyTorch does; a tensor with axes as its text alone.

        Raises:
            TypeError: If a format is given for a tensor with axes.
        """
        if self.ndim == 0 and not self.is_symbolic:
            return format(self.item(), form)
        return object.__format__(self, form)


TorchTensor.results = TorchTensor
