"""Losses: Optax's values and JAX's gradients, in float64 and in float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.stats
import torch
from sklearn.metrics import mean_pinball_loss

import thalweg as tw
from thalweg.errors import ArgumentError, DtypeError, IndexOutOfRange
from thalweg.testing import check_gradients

RANDOM = np.random.default_rng(5)
PREDICTIONS = RANDOM.normal(size=(6, 4)) * 3
TARGETS = RANDOM.normal(size=(6, 4))
SOFT = RANDOM.dirichlet(np.ones(4), size=6)
HARD = (TARGETS > 0).astype(float)
CLASSES = np.array([0, 3, 1, 1, 2, 0])
COUNTS = RANDOM.poisson(2.0, size=(6, 4))

LOSSES: dict[str, tuple[Callable[..., Any], Callable[..., Any], Any]] = {
    "squared_error": (tw.losses.squared_error, optax.squared_error, TARGETS),
    "l2_loss": (tw.losses.l2_loss, optax.l2_loss, TARGETS),
    "log_cosh": (tw.losses.log_cosh, optax.log_cosh, TARGETS),
    "huber_loss": (tw.losses.huber_loss, optax.huber_loss, TARGETS),
    "huber_loss, delta": (
        lambda p, t: tw.losses.huber_loss(p, t, delta=2.5),
        lambda p, t: optax.huber_loss(p, t, delta=2.5),
        TARGETS,
    ),
    "hinge_loss": (tw.losses.hinge_loss, optax.hinge_loss, 2 * HARD - 1),
    "sigmoid, hard": (
        tw.losses.sigmoid_binary_cross_entropy,
        optax.sigmoid_binary_cross_entropy,
        HARD,
    ),
    "sigmoid, soft": (
        tw.losses.sigmoid_binary_cross_entropy,
        optax.sigmoid_binary_cross_entropy,
        SOFT,
    ),
    "softmax": (tw.losses.softmax_cross_entropy, optax.softmax_cross_entropy, SOFT),
    "softmax, first axis": (
        lambda p, t: tw.losses.softmax_cross_entropy(p, t, axis=0),
        lambda p, t: optax.softmax_cross_entropy(p, t, axis=0),
        SOFT,
    ),
    "softmax, classes": (
        tw.losses.softmax_cross_entropy_with_integer_labels,
        optax.softmax_cross_entropy_with_integer_labels,
        CLASSES,
    ),
    "softmax, classes, first axis": (
        lambda p, t: tw.losses.softmax_cross_entropy_with_integer_labels(p, t, axis=0),
        lambda p, t: optax.softmax_cross_entropy_with_integer_labels(p, t, axis=0),
        CLASSES[:4],
    ),
}
each_loss = pytest.mark.parametrize("name", LOSSES)


@each_loss
def test_values_are_those_of_optax(name: str) -> None:
    found, oracle, targets = LOSSES[name]
    expected = jax.jit(oracle)(PREDICTIONS, targets)
    np.testing.assert_allclose(found(PREDICTIONS, targets), expected, 1e-12, 1e-15)
    traced = tw.jit(found)(PREDICTIONS, targets)
    np.testing.assert_allclose(np.asarray(traced), expected, 1e-12, 1e-15)


@each_loss
def test_float32_predictions_give_float32_losses_and_gradients(name: str) -> None:
    found, oracle, targets = LOSSES[name]
    small = PREDICTIONS.astype(np.float32)
    labels = targets.astype(np.float32) if targets.dtype == np.float64 else targets
    result = found(small, labels)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, jax.jit(oracle)(small, labels), rtol=1e-4, atol=1e-6)
    slope = tw.grad(lambda p: tw.sum(found(p, labels)))(small)
    assert slope.dtype == np.float32


@each_loss
def test_gradients_are_those_of_jax_and_of_differences(name: str) -> None:
    found, oracle, targets = LOSSES[name]
    slope = tw.grad(lambda p: tw.sum(found(p, targets)))(PREDICTIONS)
    expected = jax.jit(jax.grad(lambda p: jnp.sum(oracle(p, targets))))(PREDICTIONS)
    np.testing.assert_allclose(slope, expected, rtol=1e-12, atol=1e-15)
    check_gradients(lambda p: found(p, targets), PREDICTIONS)


def test_targets_default_to_zero() -> None:
    for loss in (
        tw.losses.squared_error,
        tw.losses.l2_loss,
        tw.losses.absolute_error,
        tw.losses.huber_loss,
        tw.losses.log_cosh,
    ):
        np.testing.assert_array_equal(loss(PREDICTIONS), loss(PREDICTIONS, np.zeros((6, 4))))


def test_the_absolute_error_is_that_of_numpy() -> None:
    found = tw.losses.absolute_error(PREDICTIONS, TARGETS)
    np.testing.assert_array_equal(found, np.abs(PREDICTIONS - TARGETS))
    check_gradients(tw.losses.absolute_error, PREDICTIONS, TARGETS)
    assert tw.grad(tw.losses.absolute_error)(0.0) == 0.0


@pytest.mark.parametrize("q", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_the_quantile_loss_is_that_of_scikit_learn(q: float) -> None:
    found = tw.mean(tw.losses.quantile_loss(PREDICTIONS, TARGETS, q=q)).item()
    assert found == pytest.approx(mean_pinball_loss(TARGETS, PREDICTIONS, alpha=q), rel=1e-13)
    check_gradients(lambda p, t: tw.losses.quantile_loss(p, t, q=q), PREDICTIONS, TARGETS)


def test_the_quantile_loss_is_least_at_the_quantile() -> None:
    y = RANDOM.normal(size=999)
    slope = tw.grad(lambda p: tw.mean(tw.losses.quantile_loss(p, y, q=0.3)))
    quantile = float(np.quantile(y, 0.3))
    assert slope(quantile - 0.02) < 0 < slope(quantile + 0.02)


def test_the_poisson_loss_is_the_likelihood_of_scipy_and_the_loss_of_torch() -> None:
    rates = np.exp(PREDICTIONS * 0.3)
    found = tw.losses.poisson_nll(PREDICTIONS * 0.3, COUNTS)
    constant = scipy.special.gammaln(COUNTS + 1.0)
    np.testing.assert_allclose(found + constant, -scipy.stats.poisson.logpmf(COUNTS, rates), 1e-10)
    expected = torch.nn.functional.poisson_nll_loss(
        torch.tensor(PREDICTIONS * 0.3), torch.tensor(COUNTS), reduction="none"
    )
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-13)
    check_gradients(lambda p: tw.losses.poisson_nll(p, COUNTS), PREDICTIONS * 0.3)


def test_the_logistic_loss_keeps_its_digits_in_both_tails() -> None:
    logits = np.array([-800.0, -40.0, -20.0, 0.0, 20.0, 40.0, 800.0])
    one = tw.losses.sigmoid_binary_cross_entropy(logits, np.ones(7))
    zero = tw.losses.sigmoid_binary_cross_entropy(logits, np.zeros(7))
    np.testing.assert_allclose(one, np.logaddexp(0, -logits), rtol=1e-15)
    np.testing.assert_allclose(zero, np.logaddexp(0, logits), rtol=1e-15)
    slope = tw.grad(lambda x: tw.sum(tw.losses.sigmoid_binary_cross_entropy(x, np.ones(7))))(logits)
    np.testing.assert_allclose(slope, -scipy.special.expit(-logits), rtol=1e-14)


def test_second_derivatives_exist_where_training_starts() -> None:
    labels = np.array([0.0, 1.0, 0.25])
    curvature = tw.hessian(lambda x: tw.sum(tw.losses.sigmoid_binary_cross_entropy(x, labels)))(
        np.zeros(3)
    )
    np.testing.assert_allclose(curvature, 0.25 * np.eye(3))
    assert tw.hessian(lambda x: tw.losses.huber_loss(x))(0.0) == 1.0


def test_labels_of_other_dtypes_do_not_widen_the_loss() -> None:
    logits = tw.Tensor(PREDICTIONS.astype(np.float32))
    for labels in (HARD.astype(int), HARD.astype(bool), HARD.astype(np.float32)):
        assert tw.losses.sigmoid_binary_cross_entropy(logits, labels).dtype == np.float32


def test_labels_that_are_no_class_are_refused() -> None:
    with pytest.raises(
        IndexOutOfRange, match="index 4 is out of bounds for dimension 1 with size 4"
    ):
        tw.losses.softmax_cross_entropy_with_integer_labels(PREDICTIONS, np.full(6, 4))
    with pytest.raises(DtypeError, match="must be integers"):
        tw.losses.softmax_cross_entropy_with_integer_labels(PREDICTIONS, np.zeros(6))


def test_arguments_outside_their_range_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"delta 0; it must be positive"):
        tw.losses.huber_loss(PREDICTIONS, TARGETS, delta=0)
    with pytest.raises(ArgumentError, match=r"q 1.5; it must lie between 0 and 1"):
        tw.losses.quantile_loss(PREDICTIONS, TARGETS, q=1.5)
