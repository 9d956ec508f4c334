"""Losses of sequences whose labels are not aligned with them."""

from __future__ import annotations

from typing import Any

from thalweg.control.scan import scan
from thalweg.core.spec import INT64
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.ops.creation.creation import full, zeros
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.comparison import equal, greater_equal, less, logical_and, where
from thalweg.ops.elementwise.conversion import as_floating, astype
from thalweg.ops.elementwise.exponential import logaddexp
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.index.take import as_indices, take_along_axis
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import expand_dims
from thalweg.ops.shape.transpose import transpose
from thalweg.ops.special.activations import log_softmax
from thalweg.optim.losses.loss import loss

__all__ = ["ctc_loss", "ctc_loss_with_forward_probs"]


@loss
def ctc_loss(
    logits: Any,
    logit_paddings: Any,
    labels: Any,
    label_paddings: Any,
    *,
    blank_id: int = 0,
    log_epsilon: Any = -1e5,
) -> Any:
    """Connectionist temporal classification: -ln Σ of the probabilities of all alignments.

    Args:
        logits: Of shape (batch, times, classes), one class being the blank.
        logit_paddings: Of shape (batch, times): 1 where a time is padding, else 0.
        labels: Integers of shape (batch, labels).
        label_paddings: Of shape (batch, labels): 1 where a label is padding, else 0; paddings
            are behind all labels.
        blank_id: The class of the blank.
        log_epsilon: The logarithm that stands for that of 0, finite.

    Raises:
        ShapeError: If shapes do not fit together.
        DtypeError: If the labels are not integers.

    Source:
        Graves et al., "Connectionist Temporal Classification", 2006.

    Example:
        >>> import thalweg as tw
        >>> labels, none = tw.Tensor([[1]]), tw.zeros((1, 1))
        >>> tw.losses.ctc_loss(tw.zeros((1, 2, 2)), tw.zeros((1, 2)), labels, none)
        tensor([0.2877])
    """
    return ctc_loss_with_forward_probs(
        logits, logit_paddings, labels, label_paddings, blank_id=blank_id, log_epsilon=log_epsilon
    )[0]


@loss
def ctc_loss_with_forward_probs(
    logits: Any,
    logit_paddings: Any,
    labels: Any,
    label_paddings: Any,
    *,
    blank_id: int = 0,
    log_epsilon: Any = -1e5,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return `ctc_loss`, and the logarithms of the forward probabilities of all times.

        loss = −ln(φ + ε),    φ behind the last label and ε of it, at the last time

    Between labels there is a blank: φ is the forward probability of the blank before label n, with
    one more behind the last, and ε that of label n itself.

    Args:
        logits: Of shape (batch, times, classes), one class being the blank.
        logit_paddings: Of shape (batch, times): 1 where a time is padding, else 0.
        labels: Integers of shape (batch, labels).
        label_paddings: Of shape (batch, labels): 1 where a label is padding, else 0; paddings
            are behind all labels.
        blank_id: The class of the blank.
        log_epsilon: The logarithm that stands for that of 0, finite.

    Returns:
        (loss, ln φ, ln ε), of shapes (batch,), (times, batch, labels + 1), (times, batch, labels).

    Raises:
        ShapeError: If shapes do not fit together.
        DtypeError: If the labels are not integers.

    Source:
        Graves et al., "Connectionist Temporal Classification", 2006, section 4.1.

    Example:
        >>> import thalweg as tw
        >>> labels, none = tw.Tensor([[1]]), tw.zeros((1, 1))
        >>> given = tw.zeros((1, 2, 2)), tw.zeros((1, 2)), labels, none
        >>> [tuple(x.shape) for x in tw.losses.ctc_loss_with_forward_probs(*given)]
        [(1,), (2, 1, 2), (2, 1, 1)]
    """
    x, classes = as_floating(logits, None), as_indices(labels)
    time_padding, label_padding = as_tensor(logit_paddings), as_tensor(label_paddings)
    _check_shapes(x, time_padding, classes, label_padding)
    logs = log_softmax(x, -1)
    repeated = _repeated(classes, x.dtype)
    rows = (
        transpose(_of_labels(logs, classes), (1, 0, 2)),
        transpose(logs[:, :, blank_id : blank_id + 1], (1, 0, 2)),
        expand_dims(astype(transpose(time_padding), x.dtype), -1),
    )
    batch, count = classes.shape
    nothing = full((batch, count), log_epsilon, dtype=x.dtype)
    first = concatenate([zeros((batch, 1), dtype=x.dtype), nothing], 1), nothing

    def turn(before: tuple[Tensor, Tensor], row: tuple[Tensor, Tensor, Tensor]) -> Any:
        found = _advanced(*before, *row, repeated, log_epsilon)
        return found, found

    _, (blanks, emits) = scan(turn, first, rows)
    last = _joined(blanks[-1], emits[-1])
    blanks = concatenate([blanks[:-1], expand_dims(last, 0)], 0)
    lengths = count - astype(sum(label_padding, 1), INT64)
    at_end = equal(arange(count + 1), expand_dims(lengths, 1))
    return -sum(where(at_end, last, 0.0), 1), blanks, emits


def _check_shapes(x: Tensor, time_padding: Tensor, classes: Tensor, label_padding: Tensor) -> None:
    """Refuse shapes that do not fit together.

    Raises:
        ShapeError: If they do not.
    """
    fit = x.ndim == 3 and classes.ndim == 2 and x.shape[0] == classes.shape[0]
    if not fit or x.shape[:2] != time_padding.shape or classes.shape != label_padding.shape:
        given = ", ".join(str(tuple(t.shape)) for t in (x, time_padding, classes, label_padding))
        raise ShapeError(
            f"ctc_loss got logits, logit_paddings, labels and label_paddings of shapes {given}; it "
            "wants (batch, times, classes), (batch, times), (batch, labels) and (batch, labels)."
        )


def _repeated(classes: Tensor, dtype: Any) -> Tensor:
    """Return 1 where a label is the same as the one behind it, else 0; 0 for the last."""
    same = astype(equal(classes[:, :-1], classes[:, 1:]), dtype)
    return concatenate([same, zeros((classes.shape[0], min(1, classes.shape[1])), dtype=dtype)], 1)


def _of_labels(logs: Tensor, classes: Tensor) -> Tensor:
    """Return the logarithm of each label at each time; 0 for what is no class, as padding is."""
    size = logs.shape[-1]
    known = logical_and(greater_equal(classes, 0), less(classes, size))
    shape = (*logs.shape[:2], classes.shape[1])
    places = broadcast_to(expand_dims(clip(classes, 0, size - 1), 1), shape)
    return where(expand_dims(known, 1), take_along_axis(logs, places, 2), 0.0)


def _joined(blank: Tensor, added: Tensor) -> Tensor:
    """Add to each blank but the first the probability that comes from the label before it."""
    return concatenate([blank[:, :1], logaddexp(blank[:, 1:], added)], 1)


def _advanced(
    blank: Tensor,
    emit: Tensor,
    log_label: Tensor,
    log_blank: Tensor,
    padding: Tensor,
    repeated: Tensor,
    log_epsilon: Any,
) -> tuple[Tensor, Tensor]:
    """Return the forward probabilities one time on; at padding they stay what they are."""
    # A label is left for the next one at once, unless that is the same: then through a blank.
    left = _joined(blank, emit + log_epsilon * repeated)
    emitted = logaddexp(left[:, :-1] + log_label, emit + log_label)
    rested = _joined(left + log_blank, emit + log_blank + log_epsilon * (1.0 - repeated))
    kept = 1.0 - padding
    return padding * blank + kept * rested, padding * emit + kept * emitted
