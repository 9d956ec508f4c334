"""Normalizations with running statistics, as layers."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor, is_known
from thalweg.core.writing import overwrite, refill
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.dtypes import TORCH
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn import functional
from thalweg.torch.nn.modules.module import Module, describe
from thalweg.torch.nn.modules.normalization import Scaling
from thalweg.torch.nn.parameter import add_parameters, copy_into

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm1d", "InstanceNorm2d",
    "InstanceNorm3d", "SyncBatchNorm",
]  # fmt: skip


class RunningNorm(Scaling):
    """What normalizations with running statistics share.

    Args:
        num_features: The number of channels.
        eps: What is added to the variance.
        momentum: How far running values move towards the batch's; None for their plain average.
        affine: Whether there are learned factors and summands, one for each channel.
        track_running_stats: Whether there are running values; without, those of the batch are
            used in prediction too.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The dtype of parameters and buffers; by default the default dtype.
        bias: Whether there are summands.

    Attributes:
        weight: The factors, of shape (num_features,), 1 at first; None without.
        bias: The summands, likewise, 0 at first; None without.
        running_mean: A buffer of shape (num_features,), 0 at first.
        running_var: A buffer of shape (num_features,), 1 at first.
        num_batches_tracked: A buffer: how many batches the running values have seen.
    """

    _version = 2  # since batches are counted

    # How many axes an input may have, and how that is said.
    axes: ClassVar[tuple[int, ...]]

    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        kind = TORCH.default if dtype is None else dtype
        for name, extents, of in (
            ("running_mean", (num_features,), kind),
            ("running_var", (num_features,), kind),
            ("num_batches_tracked", (), np.int64),
        ):
            self.register_buffer(name, zeros(extents, of) if track_running_stats else None)
        shape = (num_features,) if affine else None
        add_parameters(self, dtype, weight=shape, bias=shape if bias else None)

    def reset_running_stats(self) -> None:
        """Set running means to 0, running variances to 1 and their count to 0."""
        for buffer, value in (
            (self.running_mean, 0.0),
            (self.running_var, 1.0),
            (self.num_batches_tracked, 0),
        ):
            if buffer is not None:
                copy_into(buffer, np.full(buffer.shape, value))

    def reset_parameters(self) -> None:
        """Set the factors to 1, the summands to 0, and the running values to their first ones."""
        self.reset_running_stats()
        super().reset_parameters()

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any
    ) -> None:
        """Take a dictionary of before batches were counted, or of unknown age, without a count."""
        count = self.num_batches_tracked
        if count is not None and (local_metadata.get("version") or 1) < 2:
            state_dict.setdefault(f"{prefix}num_batches_tracked", count)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def _check(self, input: Any) -> Tensor:
        x = as_tensor(input)
        if x.ndim not in self.axes:
            raise ArgumentError(
                f"expected {' or '.join(f'{n}D' for n in self.axes)} input (got {x.ndim}D input)"
            )
        return x

    def extra_repr(self) -> str:
        """Return the arguments."""
        options = f"{describe(self, 'eps', 'momentum', 'affine')}, bias={self.bias is not None}"
        return f"{self.num_features}, {options}, {describe(self, 'track_running_stats')}"


class _BatchNorm(RunningNorm):
    """Give each channel mean 0 and variance 1."""

    def forward(self, input: Any) -> Tensor:
        """Return the input normalized; in training by the batch, and the running values move."""
        x = self._check(input)
        momentum: Any = 0.0 if self.momentum is None else self.momentum
        count = self.num_batches_tracked
        if self.training and count is not None:
            if is_known(count):
                refill(count, count.array + 1)
            else:
                with no_grad():
                    overwrite(count, count + 1)
            if self.momentum is None:
                momentum = 1.0 / astype(count.detach(), np.float64)
        average, variance = self.running_mean, self.running_var
        by_batch = self.training or (average is None and variance is None)
        if self.training and not self.track_running_stats:
            average = variance = None
        return functional.batch_norm(
            x, average, variance, self.weight, self.bias, by_batch, momentum, self.eps
        )


class BatchNorm1d(_BatchNorm):
    """Give each channel of (N, C) or (N, C, L) mean 0 and variance 1; see `BatchNorm2d`.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.BatchNorm1d(1, eps=0)
        >>> layer(torch.tensor([[1.0], [3.0]])).tolist()
        [[-1.0], [1.0]]
        >>> layer.running_mean
        tensor([0.2000])
    """

    axes = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Give each channel of images (N, C, H, W) mean 0 and variance 1.

    In training by mean and variance of the batch, which running values follow; in prediction,
    after `eval()`, by these. Arguments and attributes: `num_features`, `eps`, `momentum`,
    `affine`, `track_running_stats`; see `functional.batch_norm`.
    """

    axes = (4,)


class BatchNorm3d(_BatchNorm):
    """Give each channel of volumes (N, C, D, H, W) mean 0 and variance 1; see `BatchNorm2d`."""

    axes = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalization over all processes of a group; of one process, as `BatchNorm2d`.

    Arguments and attributes as of `BatchNorm2d`; inputs have two axes or more. `process_group` is
    accepted as in PyTorch: here there is one process.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )
        self.process_group = process_group

    def _check(self, input: Any) -> Tensor:
        x = as_tensor(input)
        if x.ndim < 2:
            raise ArgumentError(f"expected at least 2D input (got {x.ndim}D input)")
        if not x.shape[1]:
            raise ArgumentError("SyncBatchNorm number of input channels should be non-zero")
        return x

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """Return a module in which each batch normalization is one of these, its tensors the same.

        Example:
            >>> from thalweg.torch import nn
            >>> model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2, eps=0.1))
            >>> type(nn.SyncBatchNorm.convert_sync_batchnorm(model)[1]).__name__
            'SyncBatchNorm'
        """
        found = module
        if isinstance(module, _BatchNorm):
            found = SyncBatchNorm(
                module.num_features, module.eps, module.momentum, module.affine,
                module.track_running_stats, process_group, bias=module.bias is not None,
            )  # fmt: skip
            for members in ("_parameters", "_buffers"):
                getattr(found, members).update(getattr(module, members))
            found.training = module.training
        for name, child in module.named_children():
            found.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return found


class _InstanceNorm(RunningNorm):
    """Give each channel of each example mean 0 and variance 1."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def forward(self, input: Any) -> Tensor:
        """Return the input normalized."""
        x = self._check(input)
        batched = x.ndim == max(self.axes)
        found = functional.instance_norm(
            x if batched else reshape(x, (1, *x.shape)),
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return found if batched else reshape(found, x.shape)


class InstanceNorm1d(_InstanceNorm):
    """Give each channel of each example of (N, C, L) or (C, L) mean 0 and variance 1."""

    axes = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Give each channel of each image (N, C, H, W) or (C, H, W) mean 0 and variance 1."""

    axes = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Give each channel of each volume mean 0 and variance 1."""

    axes = (4, 5)
