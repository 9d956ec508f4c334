"""Losses of alignments against PyTorch's, for all numbers of labels and equal neighbours."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from thalweg.engines.llvm.eager.alignments import AHEAD, alignment_losses, states_of

RANDOM = np.random.default_rng(13)


@pytest.mark.parametrize(("kind", "tolerance"), [("f", 2e-5), ("d", 1e-12)])
@pytest.mark.parametrize("labels", [1, 2, 7, 8, 20])
def test_losses(labels: int, kind: str, tolerance: float) -> None:
    times, batch, classes = 45, 6, 3
    logs = torch.tensor(RANDOM.standard_normal((times, batch, classes))).log_softmax(2).numpy()
    wanted = torch.tensor(RANDOM.integers(0, classes - 1, (batch, labels))) + 1
    logs = logs.astype(kind)
    theirs = torch.nn.functional.ctc_loss(
        torch.tensor(logs, dtype=torch.float64), wanted, (times,) * batch, (labels,) * batch,
        reduction="none",
    )  # fmt: skip
    states = states_of(labels)
    found = alignment_losses(kind)(
        logs.transpose(1, 0, 2), wanted.numpy(), 0, np.empty((batch, states), np.int64),
        np.empty((batch, states), kind), np.empty((batch, states + AHEAD), kind),
    )  # fmt: skip
    np.testing.assert_allclose(found, theirs.numpy(), rtol=tolerance)


def test_labels_that_do_not_fit_have_infinite_losses() -> None:
    logs, labels = np.zeros((1, 2, 3)), np.array([[1, 1]])
    with np.errstate(all="ignore"):
        found = alignment_losses("d")(
            logs, labels, 0, np.empty((1, 16), np.int64), np.empty((1, 16)), np.empty((1, 18))
        )
    assert found.tolist() == [np.inf]
