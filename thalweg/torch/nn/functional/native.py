"""What layers compute under the names of `torch` itself, and in its order of arguments.

A reduction is a number there: 0 for none, as by default, 1 for the mean, 2 for the sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import ones, zeros
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.index import take
from thalweg.ops.reduce.statistics import var
from thalweg.ops.reduce.sums import mean
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.functions import windows
from thalweg.torch.functions.pooling import adaptive_max_pool1d_with_indices
from thalweg.torch.naming import adopted, as_tensor
from thalweg.torch.nn.functional import (
    activation,
    classification,
    losses,
    normalization,
    sampling,
    vision,
)
from thalweg.torch.nn.functional import ctc as alignment
from thalweg.torch.nn.functional.dropout import (
    alpha_dropout,
    dropout,
    dropout2d,
    feature_alpha_dropout,
    mask,
    require_probability,
)
from thalweg.torch.nn.functional.embedding import embedding as rows_at
from thalweg.torch.nn.functional.embedding import embedding_bag as bags_of
from thalweg.torch.nn.functional.embedding import owner_of_each
from thalweg.torch.nn.functional.vision import native_channel_shuffle
from thalweg.torch.steps import step

__all__ = [
    "adaptive_max_pool1d", "affine_grid_generator", "alpha_dropout_", "batch_norm",
    "binary_cross_entropy_with_logits", "celu_", "constant_pad_nd", "convolution",
    "cosine_embedding_loss", "ctc_loss", "dropout_", "embedding", "embedding_bag",
    "embedding_renorm_", "feature_alpha_dropout_", "feature_dropout", "feature_dropout_",
    "grid_sampler", "grid_sampler_2d", "grid_sampler_3d", "hinge_embedding_loss", "instance_norm",
    "kl_div", "margin_ranking_loss", "native_batch_norm", "native_channel_shuffle",
    "native_dropout", "native_group_norm", "native_layer_norm", "poisson_nll_loss", "rrelu_",
    "triplet_margin_loss",
]  # fmt: skip

_REDUCTIONS = ("none", "mean", "sum")


def _chosen(what: str, names: Sequence[str], number: int) -> str:
    """Return the name that a number stands for."""
    if isinstance(number, str) or not 0 <= number < len(names):
        known = ", ".join(f"{i} for {name!r}" for i, name in enumerate(names))
        raise ArgumentError(f"{number!r} is not a valid {what}. Give {known}.")
    return names[number]


def _reduction(number: int) -> str:
    return _chosen("reduction", _REDUCTIONS, number)


# ---- losses


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, pos_weight: Any = None, reduction: int = 0
) -> Tensor:
    """Logistic loss; see `nn.functional.binary_cross_entropy_with_logits`."""
    return classification.binary_cross_entropy_with_logits(
        input, target, weight, None, None, _reduction(reduction), pos_weight
    )


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """Loss of the cosine of two inputs; see `nn.functional.cosine_embedding_loss`."""
    return classification.cosine_embedding_loss(
        input1, input2, target, margin, reduction=_reduction(reduction)
    )


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """Connectionist temporal classification; see `nn.functional.ctc_loss`."""
    return alignment.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, _reduction(reduction),
        zero_infinity,
    )  # fmt: skip


def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, reduction: int = 0
) -> Tensor:
    """Loss of distances of what is alike or not; see `nn.functional.hinge_embedding_loss`."""
    return classification.hinge_embedding_loss(
        input, target, margin, reduction=_reduction(reduction)
    )


def kl_div(input: Any, target: Any, reduction: int = 0, *, log_target: bool = False) -> Tensor:
    """Kullback-Leibler divergence, element by element; see `nn.functional.kl_div`."""
    kind = _reduction(reduction)
    if kind != "mean":
        return classification.kl_div(input, target, reduction=kind, log_target=log_target)
    return mean(classification.kl_div(input, target, reduction="none", log_target=log_target))


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """Loss of which of two is larger; see `nn.functional.margin_ranking_loss`."""
    return classification.margin_ranking_loss(
        input1, input2, target, margin, reduction=_reduction(reduction)
    )


def poisson_nll_loss(
    input: Any, target: Any, log_input: bool, full: bool, eps: float, reduction: int
) -> Tensor:
    """Negative log-likelihood of counts; see `nn.functional.poisson_nll_loss`."""
    return losses.poisson_nll_loss(
        input, target, log_input, full, eps=eps, reduction=_reduction(reduction)
    )


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """Loss of two distances from an anchor; see `nn.functional.triplet_margin_loss`."""
    return classification.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, reduction=_reduction(reduction)
    )


# ---- embeddings

_MODES = ("sum", "mean", "max")


def embedding(
    weight: Any,
    indices: Any,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Return the row of each index; see `nn.functional.embedding`. No padding is -1.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.embedding(torch.tensor([[0.0, 1.0], [2.0, 3.0]]), torch.tensor([1])).tolist()
        [[2.0, 3.0]]
    """
    padding = padding_idx if padding_idx >= 0 else None
    return rows_at(indices, weight, padding, None, 2.0, scale_grad_by_freq, sparse)


def embedding_bag(
    weight: Any,
    indices: Any,
    offsets: Any,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return sums, means or maxima of bags of rows; see `nn.functional.embedding_bag`.

    Args:
        weight: The rows.
        indices: All bags' indices, one after another.
        offsets: Where each bag begins.
        scale_grad_by_freq: Whether the derivative of a row is divided by how often it is read.
        mode: 0 for sums, 1 for means, 2 for maxima.
        sparse: Accepted as in PyTorch; derivatives are dense.
        per_sample_weights: A factor of each index's row, for sums.
        include_last_offset: Whether the last of the offsets is where the last bag ends.
        padding_idx: A row that does not count.

    Returns:
        The bags' rows; the bag of each index; how many indices of each bag count; and nothing,
        where PyTorch keeps places of maxima.
    """
    how = _chosen("mode", _MODES, mode)
    found = bags_of(
        indices, weight, offsets, None, 2.0, scale_grad_by_freq, how, sparse, per_sample_weights,
        include_last_offset, padding_idx,
    )  # fmt: skip
    entries = take.as_indices(indices)
    owner = owner_of_each(entries, offsets, include_last_offset)
    counted = astype(owner < found.shape[0], np.int64)
    if padding_idx is not None:
        padded = equal(entries, padding_idx % as_tensor(weight).shape[0])
        counted = where(padded, 0, counted)
    sizes = take.scatter_add(zeros(found.shape[0] + 1, np.int64), owner, counted, axis=0)
    return found, owner, sizes[: found.shape[0]], as_tensor(np.zeros(0, np.int64))


def embedding_renorm_(weight: Any, indices: Any, max_norm: float, norm_type: float) -> Tensor:
    """Shorten rows that are read and longer than `max_norm`, in their own memory."""
    rows_at(indices, weight, None, max_norm, norm_type)
    return as_tensor(weight)


# ---- convolution, padding, pooling, sampling


def convolution(
    input: Any,
    weight: Any,
    bias: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    """Correlate, or apply the transpose, over as many axes as the weight has beyond two.

    Example:
        >>> import thalweg.torch as torch
        >>> x, w = torch.ones(1, 1, 4), torch.ones(1, 1, 2)
        >>> torch.convolution(x, w, None, [1], [0], [1], False, [0], 1)
        tensor([[[2., 2., 2.]]])
    """
    rank = as_tensor(weight).ndim - 2
    if not 1 <= rank <= 3:
        raise ShapeError(
            f"convolution got a weight of shape {as_tensor(weight).shape}; it wants 3 to 5 axes."
        )
    steps, cut, gaps, more = map(tuple, (stride, padding, dilation, output_padding))
    if transposed:
        function = getattr(windows, f"conv_transpose{rank}d")
        return function(input, weight, bias, steps, cut, more, groups, gaps)  # type: ignore[no-any-return]
    function = getattr(windows, f"conv{rank}d")
    return function(input, weight, bias, steps, cut, gaps, groups)  # type: ignore[no-any-return]


def constant_pad_nd(input: Any, pad: Sequence[int], value: float = 0) -> Tensor:
    """Pad with a number, last axis first; see `nn.functional.pad`."""
    return vision.pad(input, pad, "constant", value)


def adaptive_max_pool1d(input: Any, output_size: Any) -> tuple[Tensor, Tensor]:
    """Return the largest elements of so many windows, and their places."""
    found, places = adaptive_max_pool1d_with_indices(input, output_size)
    return found, places


_INTERPOLATIONS = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def grid_sampler(
    input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """Read an image or a volume at places; see `nn.functional.grid_sample`.

    Args:
        input: (N, C, H, W) or (N, C, D, H, W).
        grid: Places from -1 to 1, (N, …, 2) or (N, …, 3).
        interpolation_mode: 0 for bilinear, 1 for nearest, 2 for bicubic.
        padding_mode: 0 for zeros, 1 for the border, 2 for reflection.
        align_corners: Whether -1 and 1 are the centres of the outermost elements.
    """
    return sampling.grid_sample(
        input, grid, _chosen("interpolation mode", _INTERPOLATIONS, interpolation_mode),
        _chosen("padding mode", _PADDINGS, padding_mode), align_corners,
    )  # fmt: skip


@step("GridSampler2D")
def grid_sampler_2d(
    input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """Read images at places; arguments as of `grid_sampler`."""
    return _sampled(4, input, grid, interpolation_mode, padding_mode, align_corners)


@step("GridSampler3D")
def grid_sampler_3d(
    input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """Read volumes at places; arguments as of `grid_sampler`."""
    return _sampled(5, input, grid, interpolation_mode, padding_mode, align_corners)


def _sampled(axes: int, input: Any, *rest: Any) -> Tensor:
    x = as_tensor(input)
    if x.ndim != axes:
        raise ShapeError(
            f"grid_sampler(): expected {axes}D input and grid with same number of dimensions, but "
            f"got input with sizes {list(x.shape)}."
        )
    return grid_sampler(x, *rest)


def affine_grid_generator(theta: Any, size: Sequence[int], align_corners: bool) -> Tensor:
    """Return the places that an affine map leads to; see `nn.functional.affine_grid`."""
    return sampling.affine_grid(theta, size, align_corners)


# ---- normalizations


def batch_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """Give each channel mean 0 and variance 1; see `nn.functional.batch_norm`."""
    return normalization.batch_norm(
        input, running_mean, running_var, weight, bias, training, momentum, eps
    )


def instance_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """Give each channel of each example mean 0 and variance 1, as `nn.functional.instance_norm`."""
    return normalization.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def _statistics(x: Tensor, axes: tuple[int, ...], eps: float) -> tuple[Tensor, Tensor]:
    """Return the means over axes, and 1/√(variance + ε), with these axes kept."""
    return mean(x, axes, keepdims=True), 1 / sqrt(var(x, axes, keepdims=True) + eps)


def native_batch_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization with the batch's means and 1/√(variance + ε); none in prediction."""
    x = as_tensor(input)
    found = normalization.batch_norm(
        x, running_mean, running_var, weight, bias, training, momentum, eps
    )
    if not training:
        return found, adopted(zeros(0, x.dtype)), adopted(zeros(0, x.dtype))
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    middle, factor = _statistics(stop_gradient(x), axes, eps)
    return found, reshape(middle, -1), reshape(factor, -1)


def native_layer_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any, bias: Any, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalization over the last axes, with the means and 1/√(variance + ε)."""
    x = as_tensor(input)
    found = normalization.layer_norm(x, normalized_shape, weight, bias, eps)
    axes = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    return found, *_statistics(stop_gradient(x), axes, eps)


@step("NativeGroupNorm")
def native_group_norm(
    input: Any, weight: Any, bias: Any, N: int, C: int, HxW: int, group: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalization of groups of channels, with the means and 1/√(variance + ε) of each."""
    x = as_tensor(input)
    if math.prod(x.shape) != N * C * HxW or x.shape[:2] != (N, C):
        raise ShapeError(
            f"Expected input of {N}, {C} and {HxW} elements along its axes, but native_group_norm "
            f"got shape {x.shape}."
        )
    found = normalization.group_norm(x, group, weight, bias, eps)
    middle, factor = _statistics(reshape(x, (N, group, C // group * HxW)), (2,), eps)
    return found, reshape(middle, (N, group)), reshape(factor, (N, group))


# ---- dropout, and what is written into the input


def native_dropout(input: Any, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """Return what dropout keeps, and a mask that tells which elements these are."""
    x = as_tensor(input)
    require_probability("native_dropout", p)
    if train is False or p == 0:
        return x * 1, ones(x.shape, np.bool_)
    if p == 1:
        return x * 0, zeros(x.shape, np.bool_)
    kept = mask(tuple(x.shape), p, x)
    return x * kept / (1 - p), astype(kept, np.bool_)


def feature_dropout(input: Any, p: float, train: bool) -> Tensor:
    """Set whole channels of (N, C, …) to zero with probability p; see `nn.functional.dropout2d`."""
    return _of_features(dropout2d, input, p, train, False)


def feature_dropout_(input: Any, p: float, train: bool) -> Tensor:
    """`feature_dropout`, written into the input."""
    return _of_features(dropout2d, input, p, train, True)


def feature_alpha_dropout_(input: Any, p: float, train: bool) -> Tensor:
    """`feature_alpha_dropout`, written into the input."""
    return _of_features(feature_alpha_dropout, input, p, train, True)


def _of_features(
    function: Callable[..., Tensor], input: Any, p: float, train: bool, inplace: bool
) -> Tensor:
    x = as_tensor(input)
    if train and p and x.ndim < 2:
        raise ShapeError(
            f"Feature dropout requires at least 2 dimensions in the input, and got {x.ndim}."
        )
    return function(x, p, train, inplace)


def dropout_(input: Any, p: float, train: bool) -> Tensor:
    """`dropout`, written into the input."""
    return dropout(input, p, train, True)


def alpha_dropout_(input: Any, p: float, train: bool) -> Tensor:
    """`alpha_dropout`, written into the input."""
    return alpha_dropout(input, p, train, True)


def celu_(input: Any, alpha: float = 1.0) -> Tensor:
    """`celu`, written into the input."""
    return activation.celu_(input, alpha)


def rrelu_(
    input: Any,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    generator: Any = None,
) -> Tensor:
    """`rrelu`, written into the input."""
    if generator is not None:
        raise ArgumentError("rrelu_ draws from the one stream; set it with manual_seed.")
    return activation.rrelu_(input, lower, upper, training)
