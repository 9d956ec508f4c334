"""PyTorch as thalweg knows it: how its tensors are held, and what computes with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch

from thalweg.core.spec import OBJECT
from thalweg.engines.torch import elementwise, matrices, structure
from thalweg.engines.torch.functions import FUNCTIONS
from thalweg.engines.torch.structure import NUMPYS, dtype_of_torch
from thalweg.foreign import Foreign, dtype_of


class TorchLibrary:
    """PyTorch's tensors."""

    name = "torch"
    table: ClassVar[Mapping[str, Callable[..., Any]]] = {
        **elementwise.ROWS, **structure.ROWS, **matrices.ROWS,
    }  # fmt: skip
    functions: ClassVar[Mapping[str, Callable[..., Any]]] = FUNCTIONS

    def wrap(self, value: Any) -> Foreign:
        """Return a tensor with its shape and NumPy's dtype."""
        if value.__class__ is tuple:
            return Foreign(self, value, (len(value),), OBJECT)
        dtype = value.dtype
        return Foreign(self, value, tuple(value.shape), NUMPYS.get(dtype) or dtype_of(dtype))

    def dtype(self, dtype: Any) -> Any:
        """Return PyTorch's dtype for one of NumPy's."""
        return dtype_of_torch(dtype)

    def operand(self, array: np.ndarray[Any, Any], like: Any, weak: bool) -> Any:
        """Return one of NumPy's arrays as a tensor: a number on the CPU, where all take it."""
        lacking = weak and like.dtype not in NUMPYS
        dtype = like.dtype if lacking else dtype_of_torch(array.dtype)
        if array.ndim:
            return torch.tensor(np.ascontiguousarray(array), dtype=dtype, device=like.device)
        return torch.tensor(array.item(), dtype=dtype, device="cpu")

    def from_numpy(self, array: np.ndarray[Any, Any], like: Any) -> Any:
        """Return a tensor of its own memory, on the device of another one."""
        given = np.ascontiguousarray(array).reshape(array.shape)  # no negative strides
        return torch.tensor(given, dtype=dtype_of_torch(array.dtype), device=like.device)

    def is_known(self, value: Any) -> bool:
        """Tell whether a tensor is neither compiled with, nor transformed, nor without memory."""
        if value.__class__ not in (torch.Tensor, torch.nn.Parameter) or value.is_meta:
            return False
        wrapped: bool = torch._C._functorch.is_functorch_wrapped_tensor(value)
        return not (torch.compiler.is_compiling() or wrapped)

    def to_numpy(self, value: Any) -> np.ndarray[Any, Any]:
        """Return the values of a tensor of any device, without its history."""
        plain = value.detach().cpu()
        dtype = NUMPYS.get(plain.dtype)
        found: np.ndarray[Any, Any] = (plain if dtype else plain.float()).numpy()
        return found

    def filled_like(
        self, value: Any, number: Any, dtype: Any, shape: tuple[int, ...] | None = None
    ) -> Any:
        """Return one number in a shape, by default that of a tensor, on its device."""
        kind = dtype_of_torch(dtype)
        if shape is None:
            return torch.full_like(value, number, dtype=kind, requires_grad=False)
        return torch.full(shape, number, dtype=kind, device=value.device)

    def key_words(self, array: Foreign) -> Foreign:
        """Return a key as it is: PyTorch has generators, and no keys."""
        return array

    def own_key(self, array: Foreign) -> Foreign:
        """Return a key as it is."""
        return array

    def own(self, value: Any) -> Any:
        """Return the same values in memory of their own."""
        return value.clone()


LIBRARY = TorchLibrary()
