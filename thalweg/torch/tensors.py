"""The wing's tensor: the one Tensor, with PyTorch's methods beside NumPy's."""

from __future__ import annotations

from thalweg.core import tensor as core


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
        thalweg.Size([1, 1, 2])
    """

    __slots__ = ()


TorchTensor.results = TorchTensor
