"""Losses of alignments and their slopes beside PyTorch's: any number of labels, repeated too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from thalweg.engines.llvm.eager.alignments import (
    AHEAD,
    alignment_losses,
    alignment_slopes,
    states_of,
)

RANDOM = np.random.default_rng(13)


def _losses(logs: Any, labels: Any, times: Any, lengths: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return losses of logarithms (batch, times, classes), and what the way back takes."""
    batch, steps, _ = logs.shape
    states = states_of(labels.shape[1])
    room = (
        np.empty((batch, states), np.int64), np.empty((batch, states + AHEAD), logs.dtype),
        np.empty((batch, steps, states + AHEAD), logs.dtype),
    )  # fmt: skip
    given = logs, *room, times, lengths
    return alignment_losses(logs.dtype.char)(*given, labels, 0), given


@pytest.mark.parametrize(("kind", "tolerance"), [("f", 2e-5), ("d", 1e-11)])
@pytest.mark.parametrize("labels", [1, 2, 7, 8, 20])
def test_losses_and_slopes(labels: int, kind: str, tolerance: float) -> None:
    steps, batch, classes = 45, 6, 3
    logs = torch.tensor(RANDOM.standard_normal((steps, batch, classes))).log_softmax(2).numpy()
    wanted = torch.tensor(RANDOM.integers(0, classes - 1, (batch, labels))) + 1
    logs = torch.tensor(logs.astype(kind).astype("d"), requires_grad=True)
    times, lengths = np.array([45, 44, 43, 45, 41, 45]), np.array([labels] * 4 + [labels - 1, 0])
    theirs = torch.nn.functional.ctc_loss(
        logs, wanted, torch.tensor(times), torch.tensor(lengths), reduction="none"
    )
    g = RANDOM.standard_normal(batch).astype(kind)
    theirs.backward(torch.tensor(g.astype("d")))
    rows = logs.detach().numpy().astype(kind).transpose(1, 0, 2)
    found, given = _losses(rows, wanted.numpy(), times, lengths)
    np.testing.assert_allclose(found, theirs.detach().numpy(), rtol=tolerance)
    room = np.empty((2, *given[2].shape), kind)
    slopes = alignment_slopes(kind)(*given, found, g, *room)
    wanted_slopes = logs.grad.numpy().transpose(1, 0, 2)
    np.testing.assert_allclose(slopes, wanted_slopes, rtol=0, atol=50 * tolerance)


def test_labels_that_do_not_fit_have_infinite_losses() -> None:
    one = np.array([1])
    with np.errstate(all="ignore"):
        found, _ = _losses(np.zeros((1, 2, 3)), np.array([[1, 1]]), 2 * one, 2 * one)
    assert found.tolist() == [np.inf]
