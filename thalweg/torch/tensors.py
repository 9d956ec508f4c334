"""The wing's tensor: the one Tensor, with PyTorch's methods and dtypes beside NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core import tensor as core
from thalweg.core.operation import op
from thalweg.ops.creation.dtypes import require_cpu
from thalweg.torch.dtypes import TORCH, of_numpy
from thalweg.torch.size import TorchSize


class TorchTensor(core.Tensor):
    """A tensor with PyTorch's methods; what is computed from it is one too.

    Args:
        data: Extents, or one `torch.Size`, for zeros of that shape; or a sequence of numbers or an
            array, which are copied; or a tensor, whose memory is shared and whose dtype stays.
        device: "cpu" or None.
        dtype: The dtype of all but a tensor's; by default the default one, also of integers.

    Raises:
        TypeError: If it is none of these.
        ArgumentError: If another device is asked for.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.Tensor([[1, 4]])
        >>> x.sqrt().unsqueeze(0).size(), torch.Tensor(2, 3).shape
        (torch.Size([1, 1, 2]), torch.Size([2, 3]))
    """

    __slots__ = ()

    promotion = TORCH
    extents = TorchSize
    selects = True

    def __init__(self, *data: Any, device: Any = None, dtype: Any = None) -> None:
        require_cpu(device)
        first = data[0] if data else None
        wanted = np.dtype(TORCH.default if dtype is None else dtype)
        if isinstance(first, core.Tensor) and len(data) == 1:
            super().__init__(())
            shown = op.reshape(first, first.shape)
            self.array, self.node, self.origin = shown.array, shown.node, shown.origin
        elif isinstance(first, TorchSize) and len(data) == 1:
            super().__init__(np.zeros(first, wanted))
        elif all(isinstance(extent, (int, np.integer)) for extent in data):
            super().__init__(np.zeros(data or 0, wanted))
        elif len(data) > 1 or not np.iterable(first):
            raise TypeError(
                f"new(): data must be a sequence (got {type(first).__name__}). Give extents, a "
                "sequence of numbers or an array; torch.tensor takes a number."
            )
        else:
            super().__init__(first, dtype=wanted)

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
