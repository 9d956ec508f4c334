"""Averages of stochastic steps: batch means beside what is known of the steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import thalweg as tw
from thalweg.errors import ArgumentError, DataError
from thalweg.inference import Iterates, batch_means, regression


def autoregressive(steps: int, share: float, seed: int) -> Any:
    """Return a series of x_t = share x_(t−1) + e, e of variance 1."""
    noise, series = np.random.default_rng(seed).normal(size=steps), np.empty(steps)
    at = 0.0
    for t in range(steps):
        at = share * at + noise[t]
        series[t] = at
    return series


def test_batch_means_know_of_neighbours_alike() -> None:
    found = [batch_means(autoregressive(30_000, 0.9, seed), decay=0.0) for seed in range(12)]
    used = found[0].rows
    exact = 1.0 / (1.0 - 0.9) / np.sqrt(used)
    errors = np.array([one.std_errors[0] for one in found])
    assert_allclose(np.sqrt(np.mean(errors**2)), exact, rtol=0.15)
    # As if steps were independent, it would be a fifth of that.
    assert errors.min() > 2 * np.sqrt(1 / (1 - 0.81)) / np.sqrt(used)


def test_one_pass_of_sgd_has_the_statistical_error() -> None:
    rng = np.random.default_rng(0)
    n = 5000
    X = rng.normal(size=(n, 2))
    y = X @ [1.0, -0.5] + rng.normal(size=n)
    loss = lambda b, X, y: 0.5 * np.mean((y - X @ b) ** 2)
    kept = Iterates()
    schedule = lambda step: 0.5 * (step + 1.0) ** -0.505
    tw.fit(
        loss, np.zeros(2), (X, y), optimizer=tw.optim.sgd(schedule), batch_size=1, epochs=1,
        evaluate_every=1, callbacks=kept,
    )  # fmt: skip
    found = batch_means(kept, decay=0.505)
    exact = regression(X, y, intercept=False)
    assert found.names == ("params[0]", "params[1]")
    assert_allclose(found.std_errors, exact.std_errors, rtol=0.4)
    assert (np.abs(found.estimates - [1.0, -0.5]) < 4 * found.std_errors).all()
    assert "After one pass over the rows" in " ".join(repr(found).split())


def test_what_is_refused() -> None:
    with pytest.raises(ArgumentError, match="too few"):
        batch_means(np.zeros(12))
    with pytest.raises(ArgumentError, match="below 1"):
        batch_means(np.zeros(1000), decay=1.0)
    with pytest.raises(DataError, match="step 3 is not finite"):
        batch_means([{"a": np.array([1.0, np.nan if i == 3 else 0.0])} for i in range(9)])
