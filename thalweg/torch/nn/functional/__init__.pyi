"""The functions that layers apply: PyTorch's names, arguments and numbers."""

# Written by `python -m tests.stubs`.

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from thalweg.core import tensor as _core
from thalweg.torch.functions.pooling import adaptive_max_pool1d as adaptive_max_pool1d
from thalweg.torch.functions.pooling import (
    adaptive_max_pool1d_with_indices as adaptive_max_pool1d_with_indices,
)
from thalweg.torch.functions.pooling import adaptive_max_pool2d as adaptive_max_pool2d
from thalweg.torch.functions.pooling import (
    adaptive_max_pool2d_with_indices as adaptive_max_pool2d_with_indices,
)
from thalweg.torch.functions.pooling import adaptive_max_pool3d as adaptive_max_pool3d
from thalweg.torch.functions.pooling import (
    adaptive_max_pool3d_with_indices as adaptive_max_pool3d_with_indices,
)
from thalweg.torch.functions.pooling import fractional_max_pool2d as fractional_max_pool2d
from thalweg.torch.functions.pooling import (
    fractional_max_pool2d_with_indices as fractional_max_pool2d_with_indices,
)
from thalweg.torch.functions.pooling import fractional_max_pool3d as fractional_max_pool3d
from thalweg.torch.functions.pooling import (
    fractional_max_pool3d_with_indices as fractional_max_pool3d_with_indices,
)
from thalweg.torch.functions.windows import Extents, Padding
from thalweg.torch.nn.functional import activation as activation
from thalweg.torch.nn.functional import attention as attention
from thalweg.torch.nn.functional import classes as classes
from thalweg.torch.nn.functional import classification as classification
from thalweg.torch.nn.functional import ctc as ctc
from thalweg.torch.nn.functional import heads as heads
from thalweg.torch.nn.functional import losses as losses
from thalweg.torch.nn.functional import native as native
from thalweg.torch.nn.functional import normalization as normalization
from thalweg.torch.nn.functional import sampling as sampling
from thalweg.torch.nn.functional import vision as vision
from thalweg.torch.nn.functional.classification import LinearCrossEntropyOptions
from thalweg.torch.tensors import TorchTensor

_Out: TypeAlias = TorchTensor | np.ndarray[Any, Any] | tuple[Any, ...] | None

def adaptive_avg_pool1d(input: ArrayLike, output_size: ArrayLike) -> TorchTensor:
    r"""Means of as many windows of (N, C, L) or (C, L) as wanted; see `adaptive_avg_pool2d`."""

def adaptive_avg_pool2d(input: ArrayLike, output_size: ArrayLike) -> TorchTensor:
    r"""Means of as many windows of images as wanted."""

def adaptive_avg_pool3d(input: ArrayLike, output_size: ArrayLike) -> TorchTensor:
    r"""Means of as many windows of volumes as wanted; see `adaptive_avg_pool2d`."""

def affine_grid(
    theta: ArrayLike, size: Sequence[int], align_corners: bool | None = None
) -> TorchTensor:
    r"""Return where an affine map reads each pixel: grids for `grid_sample`."""

def alpha_dropout(
    input: ArrayLike, p: float = 0.5, training: bool = False, inplace: bool = False
) -> TorchTensor:
    r"""Dropout that keeps mean and variance of what `selu` gives: dropped is its lowest value."""

def avg_pool1d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Means of windows of (N, C, L); see `avg_pool2d`."""

def avg_pool2d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Means of windows of images, as `torch.nn.functional.avg_pool2d`."""

def avg_pool3d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> TorchTensor:
    r"""Means of windows of volumes (N, C, D, H, W); see `avg_pool2d`."""

def batch_norm(
    input: ArrayLike,
    running_mean: _core.Tensor | None,
    running_var: _core.Tensor | None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-05,
) -> TorchTensor:
    r"""Give each channel mean 0 and variance 1, in training by the batch, else by running ones."""

def bilinear(
    input1: ArrayLike, input2: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None
) -> TorchTensor:
    r"""Return x₁ᵀ W_k x₂ + b_k for each output k."""

def binary_cross_entropy(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Return -y ln p - (1 - y) ln(1 - p), the logarithms no less than -100."""

def binary_cross_entropy_with_logits(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> TorchTensor:
    r"""Logistic loss: -w y ln σ(x) - (1 - y) ln(1 - σ(x)), exact in both tails."""

def celu(input: ArrayLike, alpha: float = 1.0, inplace: bool = False) -> TorchTensor:
    r"""Exponential linear unit with a continuous derivative: x where x > 0, else α (e^(x/α) - 1)."""

def celu_(input: TorchTensor, alpha: float = 1.0) -> TorchTensor:
    r"""Write `celu` of a tensor into its own memory."""

def channel_shuffle(input: ArrayLike, groups: int) -> TorchTensor:
    r"""Deal the channels of (N, C, …) out again, one of each group in turn."""

def conv1d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Padding = 0,
    dilation: Extents = 1,
    groups: int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Correlate (N, C, L) with weights (O, C/groups, k): out[n, o, i] = Σ w[o, c, u] x[n, c, i+u]."""

def conv2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Padding = 0,
    dilation: Extents = 1,
    groups: int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Correlate images with weights, as `torch.nn.functional.conv2d`."""

def conv3d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Padding = 0,
    dilation: Extents = 1,
    groups: int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Correlate volumes (N, C, D, H, W) with weights (O, C/groups, kD, kH, kW)."""

def conv_tbc(
    input: ArrayLike, weight: ArrayLike, bias: ArrayLike, pad: int = 0, *, out: _Out = None
) -> TorchTensor:
    r"""Correlate (times, N, C) with weights (k, C, O): out[t] = b + Σ x[t+u] w[u]."""

def conv_transpose1d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Extents = 0,
    output_padding: Extents = 0,
    groups: int = 1,
    dilation: Extents = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""The transpose of `conv1d`: (N, C, L) and weights (C, O/groups, k); see `conv_transpose2d`."""

def conv_transpose2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Extents = 0,
    output_padding: Extents = 0,
    groups: int = 1,
    dilation: Extents = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""The transpose of `conv2d` in its input, as `torch.nn.functional.conv_transpose2d`."""

def conv_transpose3d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Extents = 0,
    output_padding: Extents = 0,
    groups: int = 1,
    dilation: Extents = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""The transpose of `conv3d`: (N, C, D, H, W) and weights (C, O/groups, kD, kH, kW)."""

def cosine_embedding_loss(
    input1: ArrayLike,
    input2: ArrayLike,
    target: ArrayLike,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Return 1 - cos(x₁, x₂) where y = 1, and max(0, cos(x₁, x₂) - margin) where y = -1."""

def cosine_similarity(
    x1: ArrayLike, x2: ArrayLike, dim: int = 1, eps: float = 1e-08
) -> TorchTensor:
    r"""Cosine of the angle between vectors: Σ x₁x₂ / (max(‖x₁‖, ε) max(‖x₂‖, ε))."""

def cross_entropy(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> TorchTensor:
    r"""Cross-entropy with the softmax: -ln softmax(x)[y], or -Σ y ln softmax(x)."""

def ctc_loss(
    log_probs: ArrayLike,
    targets: ArrayLike,
    input_lengths: ArrayLike,
    target_lengths: ArrayLike,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> TorchTensor:
    r"""Connectionist temporal classification: -ln Σ of the probabilities of all alignments."""

def dropout(
    input: ArrayLike, p: float = 0.5, training: bool = True, inplace: bool = False
) -> TorchTensor:
    r"""Set elements to zero with probability p in training, and divide the others by 1 - p."""

def dropout1d(
    input: ArrayLike, p: float = 0.5, training: bool = True, inplace: bool = False
) -> TorchTensor:
    r"""Set whole channels of (N, C, L) or (C, L) to zero with probability p, as `dropout`."""

def dropout2d(
    input: ArrayLike, p: float = 0.5, training: bool = True, inplace: bool = False
) -> TorchTensor:
    r"""Set whole channels of (N, C, H, W) to zero with probability p, as `dropout`."""

def dropout3d(
    input: ArrayLike, p: float = 0.5, training: bool = True, inplace: bool = False
) -> TorchTensor:
    r"""Set whole channels of (N, C, D, H, W) or (C, D, H, W) to zero, as `dropout`."""

def elu(input: ArrayLike, alpha: float = 1.0, inplace: bool = False) -> TorchTensor:
    r"""Exponential linear unit: x where x > 0, else α (eˣ - 1)."""

def elu_(input: TorchTensor, alpha: float = 1.0) -> TorchTensor:
    r"""Write `elu` of a tensor into its own memory."""

def embedding(
    input: ArrayLike,
    weight: ArrayLike,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> TorchTensor:
    r"""Return the row of each index."""

def embedding_bag(
    input: ArrayLike,
    weight: ArrayLike,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> TorchTensor:
    r"""Return the sum, the mean or the largest elements of the rows of each bag of indices."""

def feature_alpha_dropout(
    input: ArrayLike, p: float = 0.5, training: bool = False, inplace: bool = False
) -> TorchTensor:
    r"""`alpha_dropout` of whole channels of (N, C, …)."""

def fold(
    input: ArrayLike,
    output_size: Extents,
    kernel_size: Extents,
    dilation: Extents = 1,
    padding: Extents = 0,
    stride: Extents = 1,
) -> TorchTensor:
    r"""Add columns (N, C·kH·kW, windows) to an image (N, C, H, W): the transpose of `unfold`."""

def gaussian_nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    var: ArrayLike,
    full: bool = False,
    eps: float = 1e-06,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Negative log-likelihood of normal numbers: ½ (ln v + (ŷ - y)² / v), v = max(variance, ε)."""

def gelu(input: ArrayLike, approximate: str = "none") -> TorchTensor:
    r"""Gaussian error linear unit: x Φ(x), Φ the normal distribution function."""

def glu(input: ArrayLike, dim: int = -1) -> TorchTensor:
    r"""Gated linear unit: a σ(b), a the first half along the axis and b the second."""

def grid_sample(
    input: ArrayLike,
    grid: ArrayLike,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> TorchTensor:
    r"""Read images or volumes at positions between their pixels."""

def group_norm(
    input: ArrayLike,
    num_groups: int,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-05,
) -> TorchTensor:
    r"""Give each group of channels of each example mean 0 and variance 1."""

def gumbel_softmax(
    logits: ArrayLike, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> TorchTensor:
    r"""Draw shares of classes that tend to one class as τ does to 0: softmax((x + g) / τ)."""

def hardshrink(input: ArrayLike, lambd: float = 0.5) -> TorchTensor:
    r"""Return x where |x| > λ, else 0."""

def hardsigmoid(input: ArrayLike, inplace: bool = False) -> TorchTensor:
    r"""Return (x + 3) / 6, limited to lie between 0 and 1."""

def hardswish(input: ArrayLike, inplace: bool = False) -> TorchTensor:
    r"""Return x (x + 3) / 6 between -3 and 3, 0 below and x above."""

def hardtanh(
    input: ArrayLike, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> TorchTensor:
    r"""Limit x to lie between two bounds; the derivative at a bound is 0."""

def hardtanh_(input: TorchTensor, min_val: float = -1.0, max_val: float = 1.0) -> TorchTensor:
    r"""Write `hardtanh` of a tensor into its own memory."""

def hinge_embedding_loss(
    input: ArrayLike,
    target: ArrayLike,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Return x where y = 1, and max(0, margin - x) where y = -1."""

def huber_loss(
    input: ArrayLike,
    target: ArrayLike,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: ArrayLike | None = None,
) -> TorchTensor:
    r"""Huber's loss: ½ e² where |e| ≤ δ, else δ (|e| - ½ δ), of e = ŷ - y."""

def instance_norm(
    input: ArrayLike,
    running_mean: _core.Tensor | None = None,
    running_var: _core.Tensor | None = None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> TorchTensor:
    r"""Give each channel of each example mean 0 and variance 1; arguments as of `batch_norm`."""

def interpolate(
    input: ArrayLike,
    size: int | Sequence[int] | None = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> TorchTensor:
    r"""Resample along all axes but the first two."""

def kl_div(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> TorchTensor:
    r"""Kullback-Leibler divergence, element by element: y (ln y - x)."""

def l1_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: ArrayLike | None = None,
) -> TorchTensor:
    r"""Absolute error: |ŷ - y|; arguments as of `mse_loss`."""

def layer_norm(
    input: ArrayLike,
    normalized_shape: Sequence[int],
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-05,
) -> TorchTensor:
    r"""Give the last axes mean 0 and variance 1: (x - μ) / √(σ² + ε) · w + b."""

def leaky_relu(
    input: ArrayLike, negative_slope: float = 0.01, inplace: bool = False
) -> TorchTensor:
    r"""Return x where x > 0, else a small multiple of x."""

def leaky_relu_(input: TorchTensor, negative_slope: float = 0.01) -> TorchTensor:
    r"""Write `leaky_relu` of a tensor into its own memory."""

def linear(input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> TorchTensor:
    r"""Return x Wᵀ + b."""

def linear_cross_entropy(
    input: ArrayLike,
    linear_weight: ArrayLike,
    target: ArrayLike,
    *,
    linear_bias: Any = None,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> TorchTensor:
    r"""Cross-entropy of scores that are linear in the input: `cross_entropy` of W x + b."""

def local_response_norm(
    input: ArrayLike, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0
) -> TorchTensor:
    r"""Divide each channel by a power of the mean square around it: x / (k + α mean x²)^β."""

def log_softmax(
    input: ArrayLike, dim: int | None = None, _stacklevel: int = 3, dtype: DTypeLike | None = None
) -> TorchTensor:
    r"""Logarithm of `softmax`, without overflow: x - ln Σ eˣ."""

def logsigmoid(input: ArrayLike) -> TorchTensor:
    r"""Logarithm of the logistic function, without overflow."""

def lp_pool1d(
    input: ArrayLike,
    norm_type: float,
    kernel_size: Extents,
    stride: Extents | None = None,
    ceil_mode: bool = False,
) -> TorchTensor:
    r"""Norms of windows of (N, C, L) or (C, L); see `lp_pool2d`."""

def lp_pool2d(
    input: ArrayLike,
    norm_type: float,
    kernel_size: Extents,
    stride: Extents | None = None,
    ceil_mode: bool = False,
) -> TorchTensor:
    r"""Norms of windows of images: (Σ xᵖ)^(1/p)."""

def lp_pool3d(
    input: ArrayLike,
    norm_type: float,
    kernel_size: Extents,
    stride: Extents | None = None,
    ceil_mode: bool = False,
) -> TorchTensor:
    r"""Norms of windows of volumes (N, C, D, H, W); see `lp_pool2d`."""

def margin_ranking_loss(
    input1: ArrayLike,
    input2: ArrayLike,
    target: ArrayLike,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Return max(0, margin - y (x₁ - x₂)); y = 1 wants x₁ the larger, y = -1 x₂."""

@overload
def max_pool1d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> TorchTensor:
    r"""Maxima of windows of (N, C, L); see `max_pool2d`."""

@overload
def max_pool1d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[TorchTensor, TorchTensor]:
    r"""Maxima of windows of (N, C, L); see `max_pool2d`."""

@overload
def max_pool1d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""Maxima of windows of (N, C, L); see `max_pool2d`."""

def max_pool1d_with_indices(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    return_indices: bool = True,
    *,
    out: _Out = None,
) -> tuple[TorchTensor, TorchTensor]:
    r"""Return `max_pool1d` and the maxima's positions."""

@overload
def max_pool2d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> TorchTensor:
    r"""Maxima of windows of images, as `torch.nn.functional.max_pool2d`."""

@overload
def max_pool2d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[TorchTensor, TorchTensor]:
    r"""Maxima of windows of images, as `torch.nn.functional.max_pool2d`."""

@overload
def max_pool2d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""Maxima of windows of images, as `torch.nn.functional.max_pool2d`."""

def max_pool2d_with_indices(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    return_indices: bool = True,
) -> tuple[TorchTensor, TorchTensor]:
    r"""Return `max_pool2d` and the maxima's positions in the flattened image."""

def max_pool3d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""Maxima of windows of volumes (N, C, D, H, W); see `max_pool2d`."""

def max_pool3d_with_indices(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    return_indices: bool = True,
) -> tuple[TorchTensor, TorchTensor]:
    r"""Return `max_pool3d` and the maxima's positions in the flattened volume."""

def max_unpool1d(
    input: ArrayLike,
    indices: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    output_size: Sequence[int] | None = None,
) -> TorchTensor:
    r"""Put maxima of windows of (N, C, L) or (C, L) back; see `max_unpool2d`."""

def max_unpool2d(
    input: ArrayLike,
    indices: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    output_size: Sequence[int] | None = None,
) -> TorchTensor:
    r"""Put maxima of windows of images back to their positions, with zeros elsewhere."""

def max_unpool3d(
    input: ArrayLike,
    indices: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    output_size: Sequence[int] | None = None,
) -> TorchTensor:
    r"""Put maxima of windows of volumes back; see `max_unpool2d`."""

def mish(input: ArrayLike, inplace: bool = False) -> TorchTensor:
    r"""Return x tanh(ln(1 + eˣ))."""

def mse_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: ArrayLike | None = None,
) -> TorchTensor:
    r"""Squared error: (ŷ - y)²."""

def multi_head_attention_forward(
    query: ArrayLike,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: ArrayLike,
    in_proj_bias: ArrayLike,
    bias_k: ArrayLike,
    bias_v: ArrayLike,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: ArrayLike,
    out_proj_bias: ArrayLike,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[TorchTensor, TorchTensor | None]:
    r"""Attend with several heads, each by its own part of projected features; join what they see."""

def multi_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    p: int = 1,
    margin: float = 1.0,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Hinge loss of several classes: Σ max(0, margin - x[y] + x[i])ᵖ / classes over i ≠ y."""

def multilabel_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Hinge loss of several right classes: Σ max(0, 1 - x[y] + x[i]) / classes."""

def multilabel_soft_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Mean of the logistic losses of all classes, each 0 or 1."""

def native_channel_shuffle(input: ArrayLike, groups: int) -> TorchTensor:
    r"""`channel_shuffle`, by another of its names."""

def nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Negative log-likelihood of classes: -x[y], x the logarithms of their probabilities."""

def normalize(
    input: ArrayLike,
    p: float = 2.0,
    dim: int | Sequence[int] | None = 1,
    eps: float = 1e-12,
    out: _core.Tensor | None = None,
) -> TorchTensor:
    r"""Divide vectors by their length, or by ε where that is larger: x / max(‖x‖ₚ, ε)."""

def one_hot(input: ArrayLike, num_classes: int = -1) -> TorchTensor:
    r"""Return integers, 1 at each class and 0 elsewhere, along a new last axis."""

def pad(
    input: ArrayLike, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> TorchTensor:
    r"""Widen a tensor along its last axes."""

def pairwise_distance(
    x1: ArrayLike, x2: ArrayLike, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False
) -> TorchTensor:
    r"""Distance of vectors along the last axis: ‖x₁ - x₂ + ε‖ₚ."""

def pdist(input: ArrayLike, p: float = 2.0, *, out: _Out = None) -> TorchTensor:
    r"""Distances of the rows of a matrix from all later rows: of n rows n (n - 1) / 2."""

def pixel_shuffle(input: ArrayLike, upscale_factor: int) -> TorchTensor:
    r"""Lay out groups of r² channels as r by r pixels: (…, C r², H, W) to (…, C, H r, W r)."""

def pixel_unshuffle(input: ArrayLike, downscale_factor: int) -> TorchTensor:
    r"""Lay out r by r pixels as r² channels, the inverse of `pixel_shuffle`."""

def poisson_nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-08,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Negative log-likelihood of Poisson counts: e^ŷ - y ŷ, or ŷ - y ln(ŷ + ε)."""

def prelu(input: ArrayLike, weight: ArrayLike) -> TorchTensor:
    r"""Return x where x > 0, else w x, with one learned slope w, or one for each channel."""

def relu(input: ArrayLike, inplace: bool = False) -> TorchTensor:
    r"""Rectified linear unit: x where x > 0, else 0."""

def relu6(input: ArrayLike, inplace: bool = False) -> TorchTensor:
    r"""Return x limited to lie between 0 and 6."""

def relu_(input: TorchTensor) -> TorchTensor:
    r"""Write `relu` of a tensor into its own memory."""

def rms_norm(
    input: ArrayLike,
    normalized_shape: Sequence[int],
    weight: ArrayLike | None = None,
    eps: float | None = None,
) -> TorchTensor:
    r"""Give the last axes mean square 1: x / √(mean x² + ε) · w."""

def rrelu(
    input: ArrayLike,
    lower: float = 0.125,
    upper: float = 0.3333333333333333,
    training: bool = False,
    inplace: bool = False,
) -> TorchTensor:
    r"""Leaky rectifier whose slope below zero is random in training, and its mean else."""

def rrelu_(
    input: TorchTensor,
    lower: float = 0.125,
    upper: float = 0.3333333333333333,
    training: bool = False,
) -> TorchTensor:
    r"""Write `rrelu` of a tensor into its own memory."""

def scaled_dot_product_attention(
    query: ArrayLike,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> TorchTensor:
    r"""Return means of the values, weighted by how well keys fit queries: softmax(s Q Kᵀ + M) V."""

def selu(input: ArrayLike, inplace: bool = False) -> TorchTensor:
    r"""Self-normalizing linear unit: λ x where x > 0, else λ α (eˣ - 1), λ ≈ 1.0507, α ≈ 1.6733."""

def selu_(input: TorchTensor) -> TorchTensor:
    r"""Write `selu` of a tensor into its own memory."""

def sigmoid(input: ArrayLike) -> TorchTensor:
    r"""Logistic function: 1 / (1 + e⁻ˣ)."""

def silu(input: ArrayLike, inplace: bool = False) -> TorchTensor:
    r"""Sigmoid linear unit: x σ(x)."""

def smooth_l1_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> TorchTensor:
    r"""Return ½ e² / β where |e| < β, else |e| - ½ β, of e = ŷ - y."""

def soft_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Logistic loss of targets -1 and 1: ln(1 + e^(-yx))."""

def softmax(
    input: ArrayLike, dim: int | None = None, _stacklevel: int = 3, dtype: DTypeLike | None = None
) -> TorchTensor:
    r"""Exponentials that sum to one along an axis: eˣ / Σ eˣ."""

def softmin(
    input: ArrayLike, dim: int | None = None, _stacklevel: int = 3, dtype: DTypeLike | None = None
) -> TorchTensor:
    r"""Return `softmax` of -x."""

def softplus(input: ArrayLike, beta: float = 1.0, threshold: float = 20.0) -> TorchTensor:
    r"""Smooth rectifier: ln(1 + e^(βx)) / β, and x itself where βx is above the threshold."""

def softshrink(input: ArrayLike, lambd: float = 0.5) -> TorchTensor:
    r"""Return x moved towards zero by λ, and 0 where |x| ≤ λ."""

def softsign(input: ArrayLike) -> TorchTensor:
    r"""Return x / (1 + |x|)."""

def tanh(input: ArrayLike) -> TorchTensor:
    r"""Hyperbolic tangent."""

def tanhshrink(input: ArrayLike) -> TorchTensor:
    r"""Return x - tanh x."""

def threshold(
    input: ArrayLike, threshold: float, value: float, inplace: bool = False
) -> TorchTensor:
    r"""Return x where it is above the threshold, else the value."""

def threshold_(input: TorchTensor, limit: float, value: float) -> TorchTensor:
    r"""Write `threshold` of a tensor into its own memory."""

def triplet_margin_loss(
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-06,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Return max(0, d(a, p) - d(a, n) + margin), d the distance of `pairwise_distance`."""

def triplet_margin_with_distance_loss(
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    distance_function: Callable[[_core.Tensor, _core.Tensor], _core.Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> TorchTensor:
    r"""Return `triplet_margin_loss` with another distance."""

def unfold(
    input: ArrayLike,
    kernel_size: Extents,
    dilation: Extents = 1,
    padding: Extents = 0,
    stride: Extents = 1,
) -> TorchTensor:
    r"""Write the windows of (N, C, H, W) as columns (N, C·kH·kW, windows), as PyTorch's `unfold`."""

def upsample(
    input: ArrayLike,
    size: int | Sequence[int] | None = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> TorchTensor:
    r"""Resample by `interpolate`, whose older name this is; a warning says so."""

def upsample_bilinear(
    input: ArrayLike, size: int | Sequence[int] | None = None, scale_factor: Any = None
) -> TorchTensor:
    r"""Resample images by `interpolate` between centres of corners; a warning says so."""

def upsample_nearest(
    input: ArrayLike, size: int | Sequence[int] | None = None, scale_factor: Any = None
) -> TorchTensor:
    r"""Resample by `interpolate` with the nearest element; a warning says so."""
