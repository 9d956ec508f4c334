"""Losses with loops and branches are trained as any other: natively, in batches, resumed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw

_random = np.random.default_rng(4)
SERIES = _random.normal(size=(23, 6))
PARAMS = {"w": np.array([0.3, -0.2]), "u": 0.1 * _random.normal(size=(2, 2))}


def recurrent(params: Any, series: Any) -> Any:
    """Predict each number of a series from a state that is carried along it."""

    def turn(h: Any, x: Any) -> Any:
        error = x - h @ params["w"]
        return np.tanh(h @ params["u"] + x[:, None]), np.mean(error * error)

    errors = tw.scan(turn, np.zeros((len(series), 2)), series.T)[1]
    return np.mean(errors)


def unrolled(params: Any, series: Any) -> Any:
    h, total = np.zeros((len(series), 2)), 0.0
    for t in range(6):
        error = series[:, t] - h @ params["w"]
        total = total + np.mean(error * error)
        h = np.tanh(h @ params["u"] + series[:, t][:, None])
    return total / 6


def one_by_one(params: Any, series: Any) -> Any:
    """Return the mean over rows, each of which goes another way."""

    def of_row(row: Any) -> Any:
        start = tw.cond(row[0] > 0, lambda w: w[0], lambda w: -w[1], params["w"])
        last = tw.scan(lambda h, x: (np.sin(h + x) * params["u"][0, 0], None), start, row)[0]
        return (last - 1.0) ** 2

    return np.mean(tw.vmap(of_row)(series))


def fitted(loss: Any, **more: Any) -> Any:
    settings = {"optimizer": tw.optim.adam(0.05), "steps": 12, "seed": 0, "shuffle": "epoch"}
    return tw.fit(loss, PARAMS, SERIES, **(settings | more))


@pytest.mark.parametrize("batch_size", [None, 5, 23])
@pytest.mark.parametrize("loss", [recurrent, one_by_one])
def test_engines_train_alike(loss: Any, batch_size: int | None) -> None:
    native = fitted(loss, engine="native", batch_size=batch_size)
    reference = fitted(loss, engine="numpy", batch_size=batch_size)
    np.testing.assert_allclose(native.history.loss, reference.history.loss, 1e-9)
    for name in PARAMS:
        np.testing.assert_allclose(native.params[name], reference.params[name], 1e-8)
    assert native.history.loss[-1] < native.history.loss[0]


def test_a_loop_trains_as_the_same_written_out() -> None:
    looped = fitted(recurrent, engine="native", batch_size=5)
    written = fitted(unrolled, engine="native", batch_size=5)
    np.testing.assert_allclose(looped.history.loss, written.history.loss, 1e-10)


@pytest.mark.parametrize("loss", [recurrent, one_by_one])
def test_a_resumed_fit_is_the_whole_one_bit_for_bit(loss: Any) -> None:
    whole = fitted(loss, engine="native", batch_size=5)
    half = fitted(loss, engine="native", batch_size=5, steps=7)
    resumed = fitted(loss, engine="native", batch_size=5, steps=5, resume=half)
    assert np.array_equal(whole.history.loss, resumed.history.loss)
    for name in PARAMS:
        assert np.array_equal(whole.params[name], resumed.params[name])
