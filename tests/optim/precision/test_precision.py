"""Wide masters of narrow parameters, and scaled losses: what a step is does not change."""

import pickle
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError

RATE = optim.exponential_decay(0.1, 3, 0.5)


def gradients_of(steps: int, shape: Any = (3,), dtype: Any = np.float16) -> list[Any]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(dtype) for _ in range(steps)]


def followed(optimizer: Any, params: Any, gradients: list[Any]) -> tuple[Any, Any]:
    state = optimizer.init(params)
    for gradient in gradients:
        updates, state = optimizer.update(gradient, state, params)
        params = optim.apply_updates(params, updates)
    return params, state


# ---- masters


@pytest.mark.parametrize("inner", [optim.adam(RATE), optim.adamw(0.01), optim.sgd(0.01, 0.9)])
@pytest.mark.parametrize("dtype", ["float32", np.float64])
def test_masters_are_the_parameters_of_a_wide_run(inner: Any, dtype: Any) -> None:
    start, gradients = np.array([1.0, -300.0, 1e-3], np.float16), gradients_of(20)
    params, state = followed(optim.with_master_params(inner, dtype), start, gradients)
    wide = [g.astype(dtype) for g in gradients]
    expected, _ = followed(inner, start.astype(dtype), wide)
    np.testing.assert_array_equal(state.master_params, expected)
    assert state.master_params.dtype == dtype
    np.testing.assert_array_equal(params, expected.astype(np.float16))
    assert params.dtype == np.float16


@pytest.mark.parametrize("library", ["jax", "torch"])
def test_small_steps_are_not_lost_in_bfloat16(library: str) -> None:
    if library == "jax":
        jnp = pytest.importorskip("jax.numpy")
        one, g = jnp.ones(2, jnp.bfloat16), jnp.full(2, -0.0009765625, jnp.bfloat16)
    else:
        torch = pytest.importorskip("torch")
        one = torch.ones(2, dtype=torch.bfloat16)
        g = torch.full((2,), -0.0009765625, dtype=torch.bfloat16)
    lost, _ = followed(optim.sgd(1.0), one, [g] * 16)
    kept, state = followed(optim.with_master_params(optim.sgd(1.0)), one, [g] * 16)
    assert str(kept.dtype).endswith("bfloat16")
    assert [float(x) for x in lost] == [1.0, 1.0]
    assert [float(x) for x in kept] == [1.015625, 1.015625]
    assert str(state.master_params.dtype).endswith("float32")


def test_other_parameters_are_updated_as_they_are() -> None:
    params = {"n": np.ones(2, np.float16), "d": np.ones(2), "z": np.ones(2, complex)}
    made = optim.with_master_params(optim.sgd(0.1))
    updates, state = made.update(params, made.init(params), params)
    assert {k: v.dtype.name for k, v in state.master_params.items()} == {
        "n": "float32", "d": "float64", "z": "complex128",
    }  # fmt: skip
    np.testing.assert_array_equal(updates["d"], -0.1)


def test_a_parameter_that_was_changed_since_is_taken_over() -> None:
    made = optim.with_master_params(optim.sgd(0.25))
    params = np.array([1.0, -1.0], np.float16)
    _, state = made.update(params, made.init(params), params)
    clipped = np.array([0.75, 0.0], np.float16)
    updates, state = made.update(np.full(2, 1.0, np.float16), state, clipped)
    np.testing.assert_array_equal(state.master_params, [0.5, -0.25])
    np.testing.assert_array_equal(updates, [-0.25, -0.25])


# ---- scaled losses


@pytest.mark.parametrize("inner", [optim.adam(RATE), optim.sgd(0.1, 0.9)])
def test_gradients_of_a_scaled_loss_step_as_those_of_the_loss(inner: Any) -> None:
    made, start = optim.with_loss_scaling(inner, 8.0, growth_interval=3), np.ones(3)
    state, params, scales = made.init(start), start, []
    gradients = gradients_of(10, dtype=float)
    for gradient in gradients:
        scale = optim.loss_scale(state)
        scales.append(float(scale))
        updates, state = made.update(scale * gradient, state, params)
        params = optim.apply_updates(params, updates)
    np.testing.assert_allclose(params, followed(inner, start, gradients)[0], rtol=1e-14)
    assert scales == [8.0] * 3 + [16.0] * 3 + [32.0] * 3 + [64.0]


def test_what_is_left_out_has_never_been() -> None:
    made = optim.with_loss_scaling(optim.adam(RATE), 8.0)
    state = made.init(np.ones(2))
    _, state = made.update(np.array([8.0, 4.0]), state)
    for bad in (np.inf, np.nan):
        updates, after = made.update(np.array([bad, 1.0]), state)
        np.testing.assert_array_equal(updates, 0.0)
        for a, b in zip(*map(tw.tree.leaves, (state.inner_state, after.inner_state)), strict=True):
            np.testing.assert_array_equal(a, b)
        assert (float(after.scale), int(after.skipped), int(after.growth_count)) == (4.0, 1, 0)
    again, _ = made.update(np.array([8.0, 4.0]), state)
    assert np.isfinite(again).all()


def test_the_scale_stays_finite_and_positive() -> None:
    made = optim.with_loss_scaling(optim.sgd(0.1), 2.0**127, growth_interval=1)
    _, state = made.update(np.zeros(1), made.init(np.zeros(1)))
    assert float(state.scale) == 2.0**127
    made = optim.with_loss_scaling(optim.sgd(0.1), 2.0**-126)
    _, state = made.update(np.full(1, np.nan), made.init(np.zeros(1)))
    assert 0 < float(state.scale) < 1e-37


def loss(p: Any, x: Any) -> Any:
    return ((x @ p - 1.0) ** 2).mean()


X = np.random.default_rng(1).normal(size=(12, 3))


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_a_fit_scales_its_loss_and_records_it_as_it_is(engine: str) -> None:
    plain, scaled = (
        tw.fit(loss, np.zeros(3), X, optimizer=made, batch_size=4, epochs=4, engine=engine)
        for made in (optim.adam(RATE), optim.with_loss_scaling(optim.adam(RATE), 1024.0))
    )
    np.testing.assert_allclose(scaled.params, plain.params, rtol=1e-12)
    np.testing.assert_allclose(scaled.history.loss, plain.history.loss, rtol=1e-12)


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_mixed_precision_trains_where_gradients_of_float16_vanish(engine: str) -> None:
    # The gradient, 2⁻²⁶, is 0 in float16; steps of 2⁻¹⁶ are lost on 1.
    def tiny(p: Any) -> Any:
        return (p * np.float16(2.0**-13)).sum() * np.float16(2.0**-13)

    sgd = optim.sgd(2.0**10)
    mixed = optim.with_loss_scaling(optim.with_master_params(sgd), 2.0**15)
    start = np.ones(2, np.float16)
    fits = [
        tw.fit(tiny, start, optimizer=made, steps=64, engine=engine)
        for made in (optim.with_master_params(sgd), mixed)
    ]
    np.testing.assert_array_equal(fits[0].params, 1.0)
    np.testing.assert_array_equal(fits[1].params, np.float16(1 - 64 * 2.0**-16))
    assert fits[1].params.dtype == np.float16


def test_accumulation_and_scaling_count_the_steps_that_are_made() -> None:
    inner = optim.MultiSteps(optim.adam(RATE), 2, accumulator_dtype=None)
    made = optim.with_loss_scaling(inner, 4.0)
    state, params = made.init(np.ones(2)), np.ones(2)
    batches = [*gradients_of(4, (2,), float)]
    for gradient in (batches[0], np.full(2, np.inf), *batches[1:3], np.full(2, np.nan), batches[3]):
        updates, state = made.update(optim.loss_scale(state) * gradient, state, params)
        params = optim.apply_updates(params, updates)
    means = [(batches[0] + batches[1]) / 2, (batches[2] + batches[3]) / 2]
    np.testing.assert_allclose(params, followed(optim.adam(RATE), np.ones(2), means)[0])
    assert int(state.skipped) == 2
    assert int(state.inner_state.gradient_step) == 2


@pytest.mark.parametrize(
    "made",
    [
        optim.with_master_params(optim.adam(0.1)),
        optim.with_loss_scaling(optim.with_master_params(optim.adam(RATE)), 4.0),
    ],
)
def test_they_pickle_print_and_change_numbers(made: Any) -> None:
    assert pickle.loads(pickle.dumps(made)) == made
    assert made.rebuild(list(made.hyperparameters.values())) == made
    assert repr(made).startswith("with_")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ArgumentError, match="masters are float32 or float64"):
        optim.with_master_params(optim.sgd(0.1), "float16")
    with pytest.raises(ArgumentError, match=r"backoff_factor=1\.0"):
        optim.with_loss_scaling(optim.sgd(0.1), backoff_factor=1.0)
    with pytest.raises(ArgumentError, match="growth_interval=0"):
        optim.with_loss_scaling(optim.sgd(0.1), growth_interval=0)
    twice = optim.with_loss_scaling(optim.with_loss_scaling(optim.sgd(0.1)))
    with pytest.raises(ArgumentError, match="2 scales of the loss"):
        tw.fit(loss, np.zeros(3), X, optimizer=twice)
    assert optim.loss_scale(optim.adam(0.1).init(1.0)) == 1.0
