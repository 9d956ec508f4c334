"""Softmax over many classes, rare ones in clusters: the loss of a model of language."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.comparison import greater_equal, less, logical_and, where
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.index.take import scatter_add, take, take_along_axis
from thalweg.ops.reduce.extremes import argmax
from thalweg.ops.reduce.sums import mean
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.ops.special.activations import log_softmax
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.modules.container import ModuleList, Sequential
from thalweg.torch.nn.modules.linear import Linear
from thalweg.torch.nn.modules.module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):
    """The logarithm of each target's probability, and the loss, their negative mean."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Negative log-likelihood of classes of which frequent ones cost little.

    The first classes have scores of their own, beside one for each cluster of the others; the
    scores in a cluster are those of an input projected to fewer features.

    Args:
        in_features: The input's last extent.
        n_classes: The number of classes, sorted by how frequent they are.
        cutoffs: Where clusters begin, increasing, from 1 to n_classes - 1.
        div_value: By how much less features each cluster has than the one before.
        head_bias: Whether a number is added to the scores of the first classes and clusters.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Raises:
        ArgumentError: If the cutoffs are not as said.

    Attributes:
        head: The layer of the first classes and of the clusters.
        tail: For each cluster, a projection and a layer of its classes.

    Source:
        Grave et al., "Efficient softmax approximation for GPUs", 2016. arXiv:1609.04309

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[5, 10])
        >>> found = layer(torch.ones(3, 16), torch.tensor([0, 7, 19]))
        >>> found.output.shape, layer.log_prob(torch.ones(3, 16)).shape
        (torch.Size([3]), torch.Size([3, 20]))
    """

    head: Linear
    tail: ModuleList

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        ends = list(cutoffs)
        if not ends:
            raise ArgumentError(
                "cutoffs should be a sequence of length larger than 0. Say where clusters begin."
            )
        whole = all(int(c) == c for c in ends)
        if not whole or ends != sorted(set(ends)) or ends[0] <= 0 or ends[-1] > n_classes - 1:
            raise ArgumentError(
                "cutoffs should be a sequence of unique, positive integers sorted in an "
                "increasing order, where each value is between 1 and n_classes-1; "
                f"{ends} were given, of {n_classes} classes."
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*ends, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = ends[0]
        self.n_clusters = len(ends)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, dtype=dtype)
        self.tail = ModuleList()
        for number, (low, high) in enumerate(pairwise(self.cutoffs)):
            width = int(in_features // (div_value ** (number + 1)))
            projection = Linear(in_features, width, bias=False, dtype=dtype)
            scores = Linear(width, high - low, bias=False, dtype=dtype)
            self.tail.append(Sequential(projection, scores))

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        self.head.reset_parameters()
        for projection, scores in self.tail:
            projection.reset_parameters()
            scores.reset_parameters()

    def forward(self, input_: Any, target_: Any) -> _ASMoutput:
        """Return the logarithm of each target's probability, and the loss.

        Args:
            input_: Of shape (N, in_features), or (in_features,).
            target_: Classes, of shape (N,) or ().

        Raises:
            ShapeError: If the shapes do not fit.
            IndexOutOfRange: If a target is no class.
        """
        x, y = as_tensor(input_), as_tensor(target_)
        _check_shapes(x, y)
        batched = y.ndim > 0
        x, y = (x, y) if batched else (expand_dims(x, 0), expand_dims(y, 0))
        self._require_classes(y)
        found = zeros(y.shape, x.dtype)
        chosen = y
        for number, (low, high) in enumerate(pairwise(self.cutoffs)):
            inside = logical_and(greater_equal(y, low), less(y, high))
            found = self._add_cluster(found, x, y, number, inside)
            chosen = where(inside, self.shortlist_size + number, chosen)
        head = log_softmax(self.head(x), 1)
        found = found + _at(head, chosen)
        loss = mean(-found)
        return _ASMoutput(found if batched else reshape(found, ()), loss)

    def _require_classes(self, y: Tensor) -> None:
        if y.is_symbolic or not y.size:
            return
        least, largest = int(y.numpy().min()), int(y.numpy().max())
        if least < 0 or largest >= self.n_classes:
            raise IndexOutOfRange(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{least}, {largest}] were found."
            )

    def _add_cluster(
        self, found: Tensor, x: Tensor, y: Tensor, number: int, inside: Tensor
    ) -> Tensor:
        """Add the logarithms of the probabilities within a cluster, of what lies in it."""
        low, high = self.cutoffs[number : number + 2]
        places = clip(y - low, 0, high - low - 1)
        if inside.is_symbolic:
            return found + where(inside, _at(log_softmax(self.tail[number](x), 1), places), 0.0)
        rows = np.flatnonzero(inside.numpy())
        if not rows.size:
            return found
        scores = self.tail[number](take(x, rows, axis=0))
        own = _at(log_softmax(scores, 1), take(places, rows, axis=0))
        return scatter_add(found, rows, own, axis=0)

    def log_prob(self, input: Any) -> Tensor:
        """Return the logarithms of the probabilities of all classes, of shape (N, n_classes)."""
        x = as_tensor(input)
        head = log_softmax(self.head(x), 1)
        parts = [head[:, : self.shortlist_size]]
        for number, layer in enumerate(self.tail):
            of_cluster = expand_dims(head[:, self.shortlist_size + number], 1)
            parts.append(log_softmax(layer(x), 1) + of_cluster)
        return concatenate(parts, 1)

    def predict(self, input: Any) -> Tensor:
        """Return the most probable class of each example."""
        first = argmax(self.head(input), 1)
        short = less(first, self.shortlist_size)
        if not short.is_symbolic and short.numpy().all():
            return first
        return where(short, first, argmax(self.log_prob(input), 1))


def _check_shapes(x: Tensor, y: Tensor) -> None:
    if y.ndim > 1:
        raise ShapeError(
            f"0D or 1D target tensor expected, multi-target not supported; got shape {y.shape}. "
            "Flatten input and target."
        )
    if y.ndim and x.shape[:1] != y.shape:
        raise ShapeError(
            "Input and target should have the same size in the batch dimension; they have shapes "
            f"{x.shape} and {y.shape}."
        )
    if x.ndim != y.ndim + 1:
        raise ShapeError(
            f"{y.ndim}D target tensor expects {y.ndim + 1}D input tensors, but found inputs with "
            f"size {x.shape}"
        )


def _at(rows: Tensor, places: Tensor) -> Tensor:
    """Return of each row the element at its place."""
    return take_along_axis(rows, expand_dims(astype(places, np.int64), 1), 1)[:, 0]
