"""States that a step reads transposed lie transposed, and nothing else about the run changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 5)), RNG.normal(size=(60, 3))
W, V = RNG.normal(size=(4, 5)), RNG.normal(size=(3, 4))


def transposed(params: Any, x: Any, y: Any) -> Any:
    return np.mean((np.tanh(x @ params["W"].T) @ params["V"].T - y) ** 2)


def straight(params: Any, x: Any, y: Any) -> Any:
    return np.mean((np.tanh(x @ params["W"]) @ params["V"] - y) ** 2)


def run(loss: Any, params: Any, **options: Any) -> Any:
    chosen = tw.optim.chain(tw.optim.clip_by_global_norm(1.0), tw.optim.adam(0.01))
    return tw.fit(loss, params, (X, Y), optimizer=chosen, batch_size=16, **options)


@pytest.mark.parametrize("engine", ["native", "numpy"])
def test_both_ways_to_write_a_layer_give_the_same(engine: str) -> None:
    one = run(transposed, {"W": W, "V": V}, epochs=5, engine=engine)
    other = run(straight, {"W": W.T.copy(), "V": V.T.copy()}, epochs=5, engine=engine)
    np.testing.assert_allclose(one.history.loss, other.history.loss, rtol=1e-12)
    np.testing.assert_allclose(one.params["W"], other.params["W"].T, rtol=1e-10)
    assert one.params["V"].shape == (3, 4)
    assert one.params["V"].flags.c_contiguous


def test_a_resumed_run_equals_an_uninterrupted_one() -> None:
    params = {"W": W, "V": V}
    half = run(transposed, params, epochs=2)
    resumed, whole = (
        run(transposed, params, epochs=2, resume=half),
        run(transposed, params, epochs=4),
    )
    np.testing.assert_array_equal(resumed.params["W"], whole.params["W"])
    np.testing.assert_array_equal(resumed.history.loss, whole.history.loss)


def test_a_diverging_run_is_explained() -> None:
    with pytest.raises(tw.errors.TrainingDiverged) as caught:
        tw.fit(
            lambda p, x, y: np.mean((x @ p.T - y) ** 2), RNG.normal(size=(3, 5)), (X, Y),
            optimizer=tw.optim.sgd(1e3), steps=1000,
        )  # fmt: skip
    assert "learning rate" in str(caught.value)
    assert caught.value.params.shape == (3, 5)
