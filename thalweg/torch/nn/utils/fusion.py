"""A batch normalization in evaluation taken into the layer before it."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.parameter import Parameter

__all__ = [
    "fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights",
]  # fmt: skip

Layer = TypeVar("Layer", bound=Module)

Pair = tuple[Parameter, Parameter]


class FusionError(ArgumentError, AssertionError):
    """Layers that cannot be made one."""


def _require_fixed(layer: Module, bn: Any) -> None:
    if layer.training or bn.training:
        raise FusionError("Fusion only for eval! Call eval() on both modules first.")
    if bn.running_mean is None or bn.running_var is None:
        raise FusionError(
            "bn.running_mean and bn.running_var must not be None: track_running_stats=False "
            "leaves nothing fixed to fuse."
        )


def fuse_conv_bn_eval(conv: Layer, bn: Module, transpose: bool = False) -> Layer:
    """Return a convolution that computes what another and a batch normalization after it do.

    Args:
        conv: The convolution, in its evaluation mode.
        bn: The batch normalization, in its evaluation mode and with running statistics.
        transpose: Whether it is a transposed convolution.

    Raises:
        FusionError: If one is in its training mode, or there are no running statistics.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> conv, bn = nn.Conv1d(2, 3, 1).eval(), nn.BatchNorm1d(3).eval()
        >>> x = torch.ones(1, 2, 4)
        >>> torch.allclose(nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)))
        True
    """
    _require_fixed(conv, bn)
    fused: Any = copy.deepcopy(conv)
    norm: Any = bn
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight,
        norm.bias, transpose,
    )  # fmt: skip
    return fused  # type: ignore[no-any-return]


def fuse_conv_bn_weights(
    conv_w: Any,
    conv_b: Any,
    bn_rm: Any,
    bn_rv: Any,
    bn_eps: float,
    bn_w: Any,
    bn_b: Any,
    transpose: bool = False,
) -> Pair:
    """Return the weight and bias of a convolution with a batch normalization in it.

    Args:
        conv_w: The convolution's weight.
        conv_b: Its bias, or None.
        bn_rm: The running mean.
        bn_rv: The running variance.
        bn_eps: What is added to the variance.
        bn_w: The normalization's weight, or None.
        bn_b: Its bias, or None.
        transpose: Whether the weight is one of a transposed convolution, inputs first.
    """
    shape = (1, -1) if transpose else (-1, 1)
    shape += (1,) * (conv_w.ndim - 2)
    scale = 1 / sqrt(bn_rv + bn_eps) if bn_w is None else bn_w / sqrt(bn_rv + bn_eps)
    bias = _fused_bias(conv_b, bn_rm, scale, bn_b)
    return _parameters(conv_w * reshape(scale, shape), bias, conv_w, conv_b)


def fuse_linear_bn_eval(linear: Layer, bn: Module) -> Layer:
    """Return a linear layer that computes what another and a batch normalization after it do.

    Args:
        linear: The linear layer, in its evaluation mode.
        bn: The batch normalization, in its evaluation mode, of as many features or of one.

    Raises:
        FusionError: If one is in its training mode, or there are no running statistics, or features
            differ.
    """
    fused: Any
    norm: Any = bn
    fused = linear
    if not (fused.training or norm.training) and norm.num_features not in (1, fused.out_features):
        raise FusionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={fused.out_features} and bn.num_features={norm.num_features}"
        )
    _require_fixed(linear, bn)
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight,
        norm.bias,
    )  # fmt: skip
    return fused  # type: ignore[no-any-return]


def fuse_linear_bn_weights(
    linear_w: Any, linear_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any
) -> Pair:
    """Return the weight and bias of a linear layer with a batch normalization in it.

    The arguments are as in `fuse_conv_bn_weights`.
    """
    scale = bn_w / sqrt(bn_rv + bn_eps)
    bias = _fused_bias(linear_b, bn_rm, scale, bn_b)
    return _parameters(linear_w * expand_dims(scale, -1), bias, linear_w, linear_b)


def _fused_bias(bias: Any, mean: Any, scale: Any, shift: Any) -> Any:
    moved = (-mean if bias is None else bias - mean) * scale
    return moved if shift is None else moved + shift


def _parameters(weight: Any, bias: Any, old_weight: Any, old_bias: Any) -> Pair:
    """Return parameters of the dtypes of the layer's own, trained if those are."""
    trained = False if old_bias is None else old_bias.requires_grad
    like = old_weight if old_bias is None else old_bias
    return (
        Parameter(weight.detach().to(old_weight.dtype), old_weight.requires_grad),
        Parameter(bias.detach().to(like.dtype), trained),
    )
