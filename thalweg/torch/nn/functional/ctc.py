"""Connectionist temporal classification: the loss of labels that are not aligned with times."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.control.fused import Fused
from thalweg.control.scan import scan
from thalweg.core.program import tracing
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError, DtypeError, IndexOutOfRange, ShapeError
from thalweg.ops.creation.creation import full, zeros
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import greater, less, logical_and, maximum, not_equal, where
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.elementwise.exponential import exp, logaddexp
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.index.take import take, take_along_axis
from thalweg.ops.reduce.sums import cumsum, sum
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.join import concatenate, stack
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.torch.functions.short.road import followed, is_recorded, known, new, require, tries
from thalweg.torch.fused.alignments import aligned_losses, aligned_losses_alone, aligned_losses_back
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.functional.losses import aggregate, reduction_of
from thalweg.torch.steps import call_step

__all__ = ["ctc_loss"]

# Stands for the logarithm of 0: finite, so that derivatives are; and sums with it change nothing.
_NOTHING = -1e30


def _aligned(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: Any = 0,
    reduction: Any = "mean", zero_infinity: Any = False,
) -> Tensor:  # fmt: skip
    """Return the loss of labels that are classes, where they can be aligned."""
    logs = followed(log_probs)
    require(logs.ndim == 3 and logs.dtype.char in "fd" and reduction in ("none", "mean", "sum"))
    times, batch, classes = logs.shape
    require(blank.__class__ is int and 0 <= blank < classes)
    spans, lengths = _counts(input_lengths, batch), _counts(target_lengths, batch)
    least, most = np.minimum.reduce(spans), np.maximum.reduce(spans)
    require(int(least) > 0 and int(most) <= times)
    labels = _in_rows(known(targets), lengths, classes)
    options: dict[str, Any] = {
        "labels": labels, "times": spans, "lengths": lengths, "blank": blank,
        "zero_infinity": bool(zero_infinity),
    }  # fmt: skip
    if not is_recorded(log_probs):
        found = tracing.quiet(aligned_losses_alone, logs, **options)
        require(bool(abs(np.add.reduce(found)) < np.inf))
        return new(_reduced(found, lengths, reduction))
    losses = _ALIGNED(log_probs, **options)
    if zero_infinity:
        call_step(losses, (log_probs,), "WhereBackward0")
    # Infinite losses and NaN add up to no number.
    require(bool(abs(np.add.reduce(losses.array)) < np.inf))
    if reduction == "mean":
        losses = losses / new(np.maximum(lengths, 1).astype(logs.dtype))
    return aggregate(losses, reduction)


def _reduced(losses: Array, lengths: Array, reduction: str) -> Array:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return np.asarray(np.add.reduce(losses))
    total = np.add.reduce(np.divide(losses, np.maximum(lengths, 1), dtype=losses.dtype))
    return np.asarray(total / losses.dtype.type(len(losses)))


def _counts(given: Any, batch: int) -> Array:
    """Return one number an example."""
    if given.__class__ in (tuple, list):
        require(all(n.__class__ is int for n in given))
        counts = np.array(given, np.int64)
    else:
        held = known(given)
        require(held.dtype.char in "li")
        counts = held.astype(np.int64)
    require(counts.shape == (batch,) and batch > 0)
    return counts


def _in_rows(labels: Array, lengths: Array, classes: int) -> Array:
    """Return labels in rows, one an example; what stands behind its own is some class."""
    least, most = int(np.minimum.reduce(lengths)), int(np.maximum.reduce(lengths))
    require(labels.dtype.char in "li" and least >= 0 and most > 0)
    if least == most and labels.shape == (len(lengths), most):
        whole = labels.astype(np.int64)
        require(np.maximum.reduce(whole.view(np.uint64), None) < classes)
        return whole
    own = np.arange(most) < lengths[:, None]
    rows = np.zeros((len(lengths), most), np.int64)
    if labels.ndim == 1:
        require(len(labels) == np.add.reduce(lengths))
        rows[own] = labels
    else:
        require(labels.ndim == 2 and len(labels) == len(lengths) and labels.shape[1] >= most)
        np.copyto(rows, labels[:, :most], where=own)
    # Negative numbers are the largest of all without signs.
    require(np.maximum.reduce(rows.view(np.uint64), None) < classes)
    return rows


@tries(_aligned)
def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Connectionist temporal classification: -ln Σ of the probabilities of all alignments.

    The derivative by the logarithms takes them for normalized, as PyTorch's does: it is p less
    the probability of a class at a time given the labels, of which each time's sum is 0.

    Args:
        log_probs: Logarithms of probabilities, of shape (times, N, classes) or (times, classes).
        targets: Labels, of shape (N, labels), or of all examples one after another, (sum,).
        input_lengths: How many times of each example count, N whole numbers.
        target_lengths: How many labels each example has, N whole numbers.
        blank: The class that stands between labels.
        reduction: "mean", of each loss divided by the number of its labels, "sum" or "none".
        zero_infinity: Whether labels that cannot be aligned have loss and derivatives 0.

    Raises:
        ShapeError: If shapes do not fit together.
        DtypeError: If lengths are not integers.
        ArgumentError: If a length is negative or too large, or the blank is no class.
        IndexOutOfRange: If a label is no class.

    Source:
        Graves et al., "Connectionist Temporal Classification", 2006, section 4.1.

    Example:
        >>> import math, thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> logs = torch.full((2, 1, 2), -math.log(2.0))
        >>> F.ctc_loss(logs, torch.tensor([[1]]), (2,), (1,))
        tensor(0.2877)
    """
    kind = reduction_of(reduction, None, None)
    logs = as_tensor(log_probs)
    batched = logs.ndim == 3
    if logs.ndim not in (2, 3):
        raise ShapeError(
            f"Expected 3-dimensional tensor, but got {logs.ndim}-dimensional tensor for argument "
            "#1 'log_probs' of ctc_loss. Give (times, batch, classes) or (times, classes)."
        )
    logs = logs if batched else expand_dims(logs, 1)
    times, batch, classes = logs.shape
    if not 0 <= blank < classes:
        raise ArgumentError(
            f"blank must be in label range, 0 to {classes - 1}, and {blank} was given."
        )
    spans = _lengths("input_lengths", input_lengths, batch, times)
    lengths = _lengths("target_lengths", target_lengths, batch, None)
    labels = _labels(as_tensor(targets), lengths, batch, classes)
    losses = _losses(_Lattice(logs, labels, spans, lengths, blank), zero_infinity)
    if kind == "mean":
        return aggregate(losses / maximum(lengths, 1), kind)
    return aggregate(losses if batched else reshape(losses, ()), kind)


def _lengths(name: str, given: Any, batch: int, most: int | None) -> Tensor:
    """Return one length an example."""
    lengths = as_tensor(given)
    if lengths.dtype.kind not in "iu":
        raise DtypeError(f"{name} must be integral, and is of {lengths.dtype}. Give integers.")
    lengths = astype(reshape(lengths, -1), np.int64)
    if lengths.shape != (batch,):
        raise ShapeError(
            f"{name} must be of size batch_size, {batch}, and {lengths.size} were given."
        )
    for value in [] if lengths.is_symbolic else lengths.numpy():
        if value < 0 or (most is not None and value > most):
            bound = "at least 0" if value < 0 else f"at most {most}"
            raise ArgumentError(f"Expected {name} to have value {bound}, but got value {value}")
    return lengths


def _labels(given: Tensor, lengths: Tensor, batch: int, classes: int) -> Tensor:
    """Return labels in rows, one an example; behind its own ones stands any class."""
    labels = astype(given, np.int64)
    known = not lengths.is_symbolic
    if labels.ndim == 1:
        total = int(lengths.numpy().sum()) if known else labels.shape[0]
        if labels.shape[0] != total:
            raise _wrong_size("size", total, 0, labels)
        longest = int(lengths.numpy().max(initial=0)) if known else total
        starts = cumsum(lengths) - lengths
        places = expand_dims(starts, 1) + arange(longest)
        labels = take(labels, clip(places, 0, max(total - 1, 0)), axis=0) if total else places
    elif labels.ndim != 2 or labels.shape[0] != batch:
        raise _wrong_size("size", batch, 0, labels)
    elif known and lengths.numpy().max(initial=0) > labels.shape[1]:
        raise _wrong_size("size at least", int(lengths.numpy().max()), 1, labels)
    if known and not labels.is_symbolic:
        own = np.arange(labels.shape[1]) < lengths.numpy()[:, None]
        wrong = own & ((labels.numpy() < 0) | (labels.numpy() >= classes))
        if wrong.any():
            raise IndexOutOfRange(
                f"ctc_loss got the label {labels.numpy()[wrong][0]}; labels are from 0 to "
                f"{classes - 1}, the classes of log_probs."
            )
    return clip(labels, 0, classes - 1)


def _wrong_size(what: str, wanted: int, axis: int, labels: Tensor) -> ShapeError:
    extent = labels.shape[axis] if axis < labels.ndim else 0
    return ShapeError(
        f"Expected tensor to have {what} {wanted} at dimension {axis}, but got size {extent} for "
        f"argument #2 'targets' of ctc_loss, which has shape {tuple(labels.shape)}. Give (batch, "
        "labels), or the labels of all examples one after another."
    )


class _Lattice(NamedTuple):
    """What alignments run through: times, and labels with a blank before, between and behind."""

    logs: Tensor
    labels: Tensor
    times: Tensor
    lengths: Tensor
    blank: int

    @property
    def states(self) -> Tensor:
        """The class of each state: blank, label, blank, …, label, blank."""
        batch, count = self.labels.shape
        blanks = full((batch, count), self.blank, dtype=np.int64)
        pairs = reshape(stack([blanks, self.labels], 2), (batch, 2 * count))
        return concatenate([pairs, full((batch, 1), self.blank, dtype=np.int64)], 1)

    def inside(self) -> Tensor:
        """Tell of which times of which example there are inputs: shape (times, N)."""
        return less(expand_dims(arange(self.logs.shape[0]), 1), self.times)


def _composed(
    logs: Tensor, *, labels: Array, times: Array, lengths: Array, blank: int, zero_infinity: bool
) -> Tensor:
    given = as_tensor(labels), as_tensor(times), as_tensor(lengths)
    return _losses(_Lattice(logs, *given, blank), zero_infinity)


_ALIGNED = Fused(
    "CtcLossBackward0", aligned_losses, aligned_losses_back, _composed, aligned_losses_alone
)


def _losses(lattice: _Lattice, zero_infinity: bool) -> Tensor:
    """Return the loss of each example."""
    last = _forward(lattice)
    ends = 2 * lattice.lengths
    at_blank, at_label = (_at(last, maximum(place, 0)) for place in (ends, ends - 1))
    nothing = astype(as_tensor(_NOTHING), last.dtype)
    found = -logaddexp(at_blank, where(greater(ends, 0), at_label, nothing))
    impossible = greater(found, -_NOTHING / 2)
    logs = lattice.logs
    fixed = stop_gradient(logs)
    # It is 0, and its derivative that of the normalization: infinite logarithms have none.
    known = logical_and(expand_dims(lattice.inside(), 2), greater(fixed, _NOTHING))
    change = where(known, logs - fixed, 0.0) * where(known, exp(fixed), 0.0)
    normal = sum(change, (0, 2))
    found = where(impossible, 0.0, found + normal)
    if zero_infinity:
        return found
    # Of an infinite loss the derivatives are NaN: those of √x - √x at 0.
    root = sqrt(where(impossible, normal, 1.0))
    return found + where(impossible, np.inf + (root - root), 0.0)


def _at(rows: Tensor, places: Tensor) -> Tensor:
    return take_along_axis(rows, expand_dims(places, 1), 1)[:, 0]


def _forward(lattice: _Lattice) -> Tensor:
    """Return the logarithms of the forward probabilities after each example's last time."""
    logs, states = lattice.logs, lattice.states
    batch, count = states.shape
    kind = logs.dtype
    # From a label the next is reached at once, unless it is the same.
    skips = _skips(states)
    spread = broadcast_to(expand_dims(states, 0), (logs.shape[0], batch, count))
    seen = maximum(take_along_axis(logs, spread, 2), astype(as_tensor(_NOTHING), kind))
    nothing = full((batch, 2), _NOTHING, dtype=kind)

    def turn(before: Tensor, row: tuple[Tensor, Tensor]) -> tuple[Tensor, None]:
        at_time, counts = row
        one = concatenate([nothing[:, :1], before[:, :-1]], 1)
        two = concatenate([nothing, before[:, :-2]], 1)[:, :count]
        found = at_time + logaddexp(logaddexp(before, one), where(skips, two, _NOTHING))
        return where(expand_dims(counts, 1), maximum(found, _NOTHING), before), None

    start = concatenate(
        [zeros((batch, 1), dtype=kind), full((batch, count - 1), _NOTHING, dtype=kind)], 1
    )
    return scan(turn, start, (seen, lattice.inside()))[0]  # type: ignore[no-any-return]


def _skips(states: Tensor) -> Tensor:
    """Tell which states are reached from the one before the one before: those that differ."""
    ahead = full((states.shape[0], 2), False, dtype=np.bool_)
    return concatenate([ahead, not_equal(states[:, 2:], states[:, :-2])], 1)[:, : states.shape[1]]
