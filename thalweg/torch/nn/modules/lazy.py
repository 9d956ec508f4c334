"""Lazy modules: layers that learn the extents of their inputs when they are first called."""

from __future__ import annotations

from itertools import chain
from typing import Any, ClassVar

import numpy as np

from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, TracingError
from thalweg.ops.creation.creation import zeros
from thalweg.torch.functions.windows import Extents
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.modules import batchnorm
from thalweg.torch.nn.modules.batchnorm import RunningNorm
from thalweg.torch.nn.modules.images import conv
from thalweg.torch.nn.modules.images.conv import Convolution, TransposedConvolution
from thalweg.torch.nn.modules.linear import Linear
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy

__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d",
    "LazyConv3d", "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d",
    "LazyInstanceNorm1d", "LazyInstanceNorm2d", "LazyInstanceNorm3d", "LazyLinear",
]  # fmt: skip


class LazyModuleMixin(Module):
    """What a module is made lazy with: parameters and buffers may be uninitialized until called.

    A subclass defines `initialize_parameters`, which is called with the arguments of the first
    call, and sets `cls_to_become`, the class that a module then has; None to keep its own.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> class Scaled(nn.modules.lazy.LazyModuleMixin, nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.scale = nn.UninitializedParameter()
        ...     def initialize_parameters(self, x):
        ...         self.scale.materialize(x.shape[-1:])
        ...         nn.init.ones_(self.scale)
        ...     def forward(self, x):
        ...         return self.scale * x
        >>> Scaled()(torch.ones(2, 3)).shape
        torch.Size([2, 3])
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_new = True

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give all parameters and buffers their shapes, by the arguments of the first call."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}. Define it: it is "
            "called with what the module is first called with."
        )

    def has_uninitialized_params(self) -> bool:
        """Tell whether a parameter or a buffer of the module itself has no shape yet."""
        members = chain(self._parameters.values(), self._buffers.values())
        return any(map(is_lazy, members))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what `forward` returns; at first, learn the shapes, and become another class."""
        if self.__dict__.get("_is_new"):
            self._learn(*args, **kwargs)
        return Module.__call__(self, *args, **kwargs)

    def _learn(self, *args: Any, **kwargs: Any) -> None:
        _require_values(type(self).__name__, (*args, *kwargs.values()))
        self.initialize_parameters(*args, **kwargs)
        if self.has_uninitialized_params():
            raise ArgumentError(
                f"module {self._get_name()} has not been fully initialized: initialize_parameters "
                "left parameters or buffers without a shape. Call materialize on each."
            )
        del self._is_new
        if self.cls_to_become is not None:
            self.__class__ = self.cls_to_become  # type: ignore[assignment]

    def _detached(self, member: Tensor) -> Tensor:
        return member if is_lazy(member) else super()._detached(member)

    def _take(self, name: str, member: Any, key: str, value: Any, assign: bool) -> str:
        if is_lazy(member):
            if is_lazy(value):
                return ""
            with no_grad():
                member.materialize(value.shape)
        return super()._take(name, member, key, value, assign)


def _require_values(name: str, given: tuple[Any, ...]) -> None:
    if any(isinstance(value, Tensor) and value.is_symbolic for value in given):
        raise TracingError(
            f"{name} was first called while a function is traced, where its weights cannot be "
            "made. Call the model with a batch before."
        )


class LazyLinear(LazyModuleMixin, Linear):
    """`Linear` whose `in_features` is the last extent of its first input.

    Args:
        out_features: The extent of the output's last axis.
        bias: Whether there is a summand.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.LazyLinear(2)
        >>> layer(torch.ones((5, 3))).shape
        torch.Size([5, 2])
        >>> layer
        Linear(in_features=3, out_features=2, bias=True)
    """

    cls_to_become = Linear

    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once there are any."""
        if not self.has_uninitialized_params() and self.in_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        """Learn `in_features`, and draw the parameters."""
        extent = as_tensor(input).shape[-1]
        if self.has_uninitialized_params():
            self.in_features = extent
            _materialize(self, weight=(self.out_features, extent), bias=(self.out_features,))
            self.reset_parameters()
        elif not self.in_features:
            if extent != self.weight.shape[-1]:
                raise ArgumentError(
                    f"The in_features inferred from input: {extent} is not equal to in_features "
                    f"from self.weight: {self.weight.shape[-1]}"
                )
            self.in_features = extent


def _materialize(module: Module, **shapes: tuple[int, ...]) -> None:
    """Give the uninitialized members of these names their shapes."""
    for name, shape in shapes.items():
        member: Any = getattr(module, name)
        if is_lazy(member):
            member.materialize(shape)


# ---- convolutions


class _LazyConvolution(LazyModuleMixin, Convolution):
    """A convolution whose `in_channels` are those of its first input."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Extents,
        stride: Extents = 1,
        padding: Extents | str = 0,
        dilation: Extents = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._leave_open(out_channels, bias, dtype)

    def _leave_open(self, out_channels: int, bias: bool, dtype: Any) -> None:
        self.weight = UninitializedParameter(dtype=dtype)
        self.out_channels = out_channels
        if bias:
            self.bias = UninitializedParameter(dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once there are any."""
        if not self.has_uninitialized_params() and self.in_channels:
            super().reset_parameters()

    def initialize_parameters(self, input: Any, *args: Any, **kwargs: Any) -> None:
        """Learn `in_channels`, and draw the parameters."""
        if not self.has_uninitialized_params():
            axis = 0 if isinstance(self, TransposedConvolution) else 1
            self.in_channels = self.weight.shape[axis] * (self.groups if axis else 1)
            return
        shape, rank = as_tensor(input).shape, self.rank
        if len(shape) not in (rank + 1, rank + 2):
            raise ArgumentError(
                f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {shape}"
            )
        self.in_channels = shape[-rank - 1]
        self._check()
        _materialize(self, weight=self._shape(), bias=(self.out_channels,))
        self.reset_parameters()


class _LazyTransposedConvolution(_LazyConvolution, TransposedConvolution):
    """A transposed convolution whose `in_channels` are those of its first input."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Extents,
        stride: Extents = 1,
        padding: Extents = 0,
        output_padding: Extents = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Extents = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        LazyModuleMixin.__init__(
            self, 0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation,
            padding_mode,
        )  # fmt: skip
        self._leave_open(out_channels, bias, dtype)


class LazyConv1d(_LazyConvolution, conv.Conv1d):
    """`Conv1d` whose `in_channels` are those of its first input."""

    cls_to_become = conv.Conv1d


class LazyConv2d(_LazyConvolution, conv.Conv2d):
    """`Conv2d` whose `in_channels` are those of its first input.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.LazyConv2d(8, 3)
        >>> layer(torch.ones((2, 3, 5, 5))).shape
        torch.Size([2, 8, 3, 3])
        >>> layer
        Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))
    """

    cls_to_become = conv.Conv2d


class LazyConv3d(_LazyConvolution, conv.Conv3d):
    """`Conv3d` whose `in_channels` are those of its first input."""

    cls_to_become = conv.Conv3d


class LazyConvTranspose1d(_LazyTransposedConvolution, conv.ConvTranspose1d):
    """`ConvTranspose1d` whose `in_channels` are those of its first input."""

    cls_to_become = conv.ConvTranspose1d


class LazyConvTranspose2d(_LazyTransposedConvolution, conv.ConvTranspose2d):
    """`ConvTranspose2d` whose `in_channels` are those of its first input."""

    cls_to_become = conv.ConvTranspose2d


class LazyConvTranspose3d(_LazyTransposedConvolution, conv.ConvTranspose3d):
    """`ConvTranspose3d` whose `in_channels` are those of its first input."""

    cls_to_become = conv.ConvTranspose3d


# ---- normalizations


class _LazyNorm(LazyModuleMixin, RunningNorm):
    """A normalization whose `num_features` are the channels of its first input."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name in ("weight", "bias") if affine and bias else ("weight",) if affine else ():
            setattr(self, name, UninitializedParameter(dtype=dtype))
        if track_running_stats:
            self.running_mean = UninitializedBuffer(dtype=dtype)
            self.running_var = UninitializedBuffer(dtype=dtype)
            self.num_batches_tracked = zeros((), np.int64)

    def reset_parameters(self) -> None:
        """Set factors, summands and running values to their first ones, once there are any."""
        if not self.has_uninitialized_params() and self.num_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        """Learn `num_features`."""
        if not self.has_uninitialized_params():
            known = self.weight if self.running_mean is None else self.running_mean
            self.num_features = 0 if known is None else known.shape[0]
            return
        x = self._check(input)
        self.num_features = x.shape[self._channels(x)]
        names = ("weight", "bias", "running_mean", "running_var")
        _materialize(self, **dict.fromkeys(names, (self.num_features,)))
        self.reset_parameters()

    def _channels(self, x: Tensor) -> int:
        """Return the axis of channels."""
        return 1


class _LazyInstanceNorm(_LazyNorm):
    """A normalization of each example, which may come without a batch."""

    def _channels(self, x: Tensor) -> int:
        return x.ndim - max(self.axes) + 1


class LazyBatchNorm1d(_LazyNorm, batchnorm.BatchNorm1d):
    """`BatchNorm1d` whose `num_features` are the channels of its first input.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> model = nn.Sequential(nn.LazyLinear(4), nn.LazyBatchNorm1d())
        >>> model(torch.ones((5, 3))).shape
        torch.Size([5, 4])
        >>> model[1].running_mean.shape
        torch.Size([4])
    """

    cls_to_become = batchnorm.BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, batchnorm.BatchNorm2d):
    """`BatchNorm2d` whose `num_features` are the channels of its first input."""

    cls_to_become = batchnorm.BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, batchnorm.BatchNorm3d):
    """`BatchNorm3d` whose `num_features` are the channels of its first input."""

    cls_to_become = batchnorm.BatchNorm3d


class LazyInstanceNorm1d(_LazyInstanceNorm, batchnorm.InstanceNorm1d):
    """`InstanceNorm1d` whose `num_features` are the channels of its first input."""

    cls_to_become = batchnorm.InstanceNorm1d


class LazyInstanceNorm2d(_LazyInstanceNorm, batchnorm.InstanceNorm2d):
    """`InstanceNorm2d` whose `num_features` are the channels of its first input."""

    cls_to_become = batchnorm.InstanceNorm2d


class LazyInstanceNorm3d(_LazyInstanceNorm, batchnorm.InstanceNorm3d):
    """`InstanceNorm3d` whose `num_features` are the channels of its first input."""

    cls_to_become = batchnorm.InstanceNorm3d
