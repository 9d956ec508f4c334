"""Losses as modules: each applies the function of `functional` that its name says."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.nn import functional
from thalweg.torch.nn.functional.classification import (
    LinearCrossEntropyOptions,
    linear_cross_entropy,
)
from thalweg.torch.nn.functional.ctc import ctc_loss
from thalweg.torch.nn.functional.losses import reduction_of
from thalweg.torch.nn.modules.linear import Linear
from thalweg.torch.nn.modules.module import Applied, describe

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss",
    "GaussianNLLLoss", "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss",
    "LinearCrossEntropyLoss", "LinearCrossEntropyOptions", "MSELoss", "MarginRankingLoss",
    "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "NLLLoss2d",
    "PoissonNLLLoss", "SmoothL1Loss", "SoftMarginLoss", "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]  # fmt: skip


class Loss(Applied):
    """A loss: a function of predictions and targets, reduced to a number.

    Weights are buffers.
    """

    reduction: str

    def _begin(self, given: Mapping[str, Any]) -> None:
        """Keep the arguments; an older way of choosing the reduction becomes the reduction."""
        weights = {name: given[name] for name in ("weight", "pos_weight") if name in given}
        super()._begin({name: value for name, value in given.items() if name not in weights})
        for name, value in weights.items():
            self.register_buffer(name, value)
        older = given.get("size_average"), given.get("reduce")
        if older != (None, None):
            self.reduction = reduction_of(self.reduction, *older)


class TargetLoss(Loss):
    """A loss of predictions and targets alone.

    Args:
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum", or "none" for one loss an element.
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        self._begin(locals())

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return self._apply_to(input, target)


class WeightedLoss(TargetLoss):
    """A loss with a weight for each class or element, which is a buffer.

    Args:
        weight: The weights, or None.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        self._begin(locals())


# ---- numbers


class MSELoss(TargetLoss, of=functional.mse_loss):
    """Squared error: (ŷ - y)².

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.MSELoss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
        tensor(2.)
    """


class L1Loss(TargetLoss, of=functional.l1_loss):
    """Absolute error: |ŷ - y|."""


class SmoothL1Loss(TargetLoss, of=functional.smooth_l1_loss):
    """Return ½ e² / β where |e| < β, else |e| - ½ β."""

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        self._begin(locals())


class HuberLoss(TargetLoss, of=functional.huber_loss):
    """Huber's loss: ½ e² where |e| ≤ δ, else δ (|e| - ½ δ)."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        self._begin(locals())


class PoissonNLLLoss(Loss, of=functional.poisson_nll_loss):
    """Negative log-likelihood of Poisson counts; see `functional.poisson_nll_loss`."""

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        self._begin(locals())

    def forward(self, log_input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return self._apply_to(log_input, target)


class GaussianNLLLoss(Loss, of=functional.gaussian_nll_loss):
    """Negative log-likelihood of normal numbers; see `functional.gaussian_nll_loss`."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        self._begin(locals())

    def forward(self, input: Any, target: Any, var: Any) -> Tensor:
        """Return the loss."""
        return self._apply_to(input, target, var)


# ---- classes


class CrossEntropyLoss(WeightedLoss, of=functional.cross_entropy):
    """Cross-entropy with the softmax; see `functional.cross_entropy`.

    Args:
        weight: A factor for each class.
        size_average: An older way of choosing the reduction.
        ignore_index: The class that has no loss.
        reduce: An older way of choosing the reduction.
        reduction: "mean", "sum" or "none".
        label_smoothing: How much of each target is shared among all classes, from 0 to 1.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.CrossEntropyLoss()(torch.zeros((2, 4)), torch.tensor([0, 3]))
        tensor(1.3863)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        self._begin(locals())


class NLLLoss(WeightedLoss, of=functional.nll_loss):
    """Negative log-likelihood of classes, from logarithms of probabilities."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        self._begin(locals())


class NLLLoss2d(NLLLoss):
    """`NLLLoss` by its name of old for images."""


class LinearCrossEntropyLoss(Loss):
    """Cross-entropy of scores that are linear in the input; see `functional.cross_entropy`.

    Args:
        in_features: The input's last extent.
        num_classes: The number of classes.
        out_features: Extents of as many losses as each example has; none for one.
        bias: Whether a number is added to each score.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.
        reduction: "mean", "sum" or "none".
        weight: A factor for each class, shape (num_classes,).
        ignore_index: The class that has no loss; -100 by default.
        label_smoothing: How much of each target is shared among all classes, from 0 to 1.
        options: Accepted as in PyTorch, where it saves memory; the result is the same.

    Raises:
        ShapeError: If the weight is of another shape.
        ArgumentError: If `label_smoothing` is not between 0 and 1.

    Attributes:
        linear: The layer of the scores.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> loss = nn.LinearCrossEntropyLoss(5, 10, out_features=(4, 3), reduction="none")
        >>> loss(torch.ones(2, 5), torch.zeros(2, 4, 3, dtype=torch.int64)).shape
        torch.Size([2, 4, 3])
    """

    weight: Tensor | None

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise ShapeError(
                f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}"
            )
        if not 0 <= label_smoothing <= 1:
            raise ArgumentError(
                f"expected label_smoothing to be in range [0, 1], got {label_smoothing}"
            )
        self._begin({"weight": weight})
        self.num_classes = num_classes
        self.out_features = out_features
        self.reduction = reduction_of(reduction, None, None)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.options = options
        scores = math.prod(out_features, start=num_classes)
        self.linear = Linear(in_features, scores, bias=bias, dtype=dtype)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        shape, bias = (self.num_classes, *self.out_features), self.linear.bias
        return linear_cross_entropy(
            input,
            reshape(self.linear.weight, (*shape, self.linear.in_features)),
            target,
            linear_bias=None if bias is None else reshape(bias, shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        """Return the arguments."""
        options = describe(self, "reduction", "ignore_index", "label_smoothing", "options")
        sizes = describe(self, "num_classes", "out_features")
        bias = f"bias={self.linear.bias is not None}"
        return f"in_features={self.linear.in_features}, {sizes}, {bias}, {options}"


class CTCLoss(Loss, of=ctc_loss):
    """Connectionist temporal classification; see `functional.ctc_loss`.

    Args:
        blank: The class that stands between labels.
        reduction: "mean", of each loss divided by the number of its labels, "sum" or "none".
        zero_infinity: Whether labels that cannot be aligned have loss and derivatives 0.
    """

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        self._begin(locals())

    def forward(
        self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any
    ) -> Tensor:
        """Return the loss."""
        return self._apply_to(log_probs, targets, input_lengths, target_lengths)


class KLDivLoss(TargetLoss, of=functional.kl_div):
    """Kullback-Leibler divergence, element by element; see `functional.kl_div`."""

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        self._begin(locals())


class BCELoss(WeightedLoss, of=functional.binary_cross_entropy):
    """Binary cross-entropy of probabilities; see `functional.binary_cross_entropy`."""


class BCEWithLogitsLoss(WeightedLoss, of=functional.binary_cross_entropy_with_logits):
    """Logistic loss of log-odds; see `functional.binary_cross_entropy_with_logits`."""

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        self._begin(locals())


class SoftMarginLoss(TargetLoss, of=functional.soft_margin_loss):
    """Logistic loss of targets -1 and 1: ln(1 + e^(-yx))."""


class MultiLabelSoftMarginLoss(WeightedLoss, of=functional.multilabel_soft_margin_loss):
    """Mean of the logistic losses of all classes, each 0 or 1."""


class _PairLoss(Loss):
    """A loss of pairs, with a margin.

    Args:
        margin: The margin.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        self._begin(locals())

    def forward(self, input1: Any, input2: Any, target: Any) -> Tensor:
        """Return the loss."""
        return self._apply_to(input1, input2, target)


class HingeEmbeddingLoss(TargetLoss, of=functional.hinge_embedding_loss):
    """Return x where y = 1, and max(0, margin - x) where y = -1."""

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        self._begin(locals())


class MarginRankingLoss(_PairLoss, of=functional.margin_ranking_loss):
    """Return max(0, margin - y (x₁ - x₂))."""


class CosineEmbeddingLoss(_PairLoss, of=functional.cosine_embedding_loss):
    """Return 1 - cos(x₁, x₂) where y = 1, and max(0, cos(x₁, x₂) - margin) where y = -1."""


class MultiMarginLoss(WeightedLoss, of=functional.multi_margin_loss):
    """Hinge loss of several classes; see `functional.multi_margin_loss`.

    Raises:
        ArgumentError: If p is neither 1 nor 2.
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        self._begin(locals())
        if p not in (1, 2):
            raise ArgumentError(f"only p == 1 and p == 2 supported, and p={p} was given.")


class MultiLabelMarginLoss(TargetLoss, of=functional.multilabel_margin_loss):
    """Hinge loss of several right classes; see `functional.multilabel_margin_loss`."""


class _TripletLoss(Loss):
    """A loss of triplets, whose margin is positive."""

    def _begin(self, given: Mapping[str, Any]) -> None:
        super()._begin(given)
        if self.margin <= 0:
            raise ArgumentError(
                f"{self._get_name()}: expected margin to be greater than 0, got {self.margin} "
                "instead"
            )

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Tensor:
        """Return the loss."""
        return self._apply_to(anchor, positive, negative)


class TripletMarginLoss(_TripletLoss, of=functional.triplet_margin_loss):
    """Return max(0, d(a, p) - d(a, n) + margin); see `functional.triplet_margin_loss`.

    Raises:
        ArgumentError: If the margin is not positive.
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        self._begin(locals())


class TripletMarginWithDistanceLoss(_TripletLoss, of=functional.triplet_margin_with_distance_loss):
    """`TripletMarginLoss` with another distance.

    Raises:
        ArgumentError: If the margin is not positive.
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        self._begin(locals())
