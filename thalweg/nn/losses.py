"""Losses as modules: each applies the function of `functional` that its name says."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.nn import functional
from thalweg.nn.functional.reducing import chosen
from thalweg.nn.module import Module


class Loss(Module):
    """A loss: a function of predictions and targets, reduced to a number.

    Args:
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum", or "none" for one loss an element.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        asked = size_average is not None or reduce is not None
        self.reduction = chosen(reduction, size_average, reduce) if asked else reduction


class WeightedLoss(Loss):
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
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


# ---- numbers


class MSELoss(Loss):
    """Squared error: (ŷ - y)².

    Example:
        >>> import thalweg as tw
        >>> from thalweg import nn
        >>> nn.MSELoss()(tw.tensor([1.0, 2.0]), tw.tensor([1.0, 4.0]))
        tensor(2.)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """Absolute error: |ŷ - y|."""

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(Loss):
    """Return ½ e² / β where |e| < β, else |e| - ½ β."""

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Loss):
    """Huber's loss: ½ e² where |e| ≤ δ, else δ (|e| - ½ δ)."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.huber_loss(input, target, self.reduction, self.delta)


class PoissonNLLLoss(Loss):
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
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.poisson_nll_loss(
            log_input,
            target,
            self.log_input,
            self.full,
            eps=self.eps,
            reduction=self.reduction,
        )


class GaussianNLLLoss(Loss):
    """Negative log-likelihood of normal numbers; see `functional.gaussian_nll_loss`."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Any, target: Any, var: Any) -> Tensor:
        """Return the loss."""
        return functional.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


# ---- classes


class CrossEntropyLoss(WeightedLoss):
    """Cross-entropy with the softmax; see `functional.cross_entropy`.

    Args:
        weight: A factor for each class.
        size_average: An older way of choosing the reduction.
        ignore_index: The class that has no loss.
        reduce: An older way of choosing the reduction.
        reduction: "mean", "sum" or "none".
        label_smoothing: How much of each target is shared among all classes, from 0 to 1.

    Example:
        >>> import thalweg as tw
        >>> from thalweg import nn
        >>> nn.CrossEntropyLoss()(tw.zeros((2, 4)), tw.tensor([0, 3]))
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
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(WeightedLoss):
    """Negative log-likelihood of classes, from logarithms of probabilities."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.nll_loss(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class KLDivLoss(Loss):
    """Kullback-Leibler divergence, element by element; see `functional.kl_div`."""

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.kl_div(
            input, target, reduction=self.reduction, log_target=self.log_target
        )


class BCELoss(WeightedLoss):
    """Binary cross-entropy of probabilities; see `functional.binary_cross_entropy`."""

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(WeightedLoss):
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
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class SoftMarginLoss(Loss):
    """Logistic loss of targets -1 and 1: ln(1 + e^(-yx))."""

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """Mean of the logistic losses of all classes, each 0 or 1."""

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return functional.multilabel_soft_margin_loss(
            input, target, self.weight, reduction=self.reduction
        )
