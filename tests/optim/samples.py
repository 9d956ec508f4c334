"""One row an optimizer, a transformation and a schedule: how to make it, in several ways.

Each sample builds its value from a namespace of Optax's names, thalweg's or Optax's own.
"""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import thalweg as tw

Sample = Callable[[Any], Any]


class Layer(NamedTuple):
    """A node of the sample parameters that is no plain container."""

    weights: Any
    nothing: Any


def params(dtype: Any = np.float64) -> dict[str, Any]:
    """Return sample parameters: a matrix, a vector, a scalar, a named tuple with a None."""
    rng = np.random.default_rng(0)
    return {
        "matrix": rng.normal(size=(3, 2)).astype(dtype),
        "vector": rng.normal(size=4).astype(dtype),
        "scalar": np.asarray(rng.normal(), dtype),
        "layer": Layer(rng.normal(size=(2, 1, 2)).astype(dtype), None),
    }


# Data of the loss that the sample parameters are fitted to.
DATA = (np.random.default_rng(0).uniform(0.5, 1.5, size=12),)


def loss(p: Any, x: Any) -> Any:
    """Return the squared distances of all parameters from 0.3, as data weigh them."""
    return np.mean(x) * sum(np.sum((leaf - 0.3) ** 2) for leaf in tw.tree.leaves(p))


MASK = {"matrix": True, "vector": False, "scalar": True, "layer": False}
LABELS = {"matrix": "a", "vector": "b", "scalar": "a", "layer": Layer("b", None)}


def mask_of(tree: Any) -> Any:
    """Select the matrix and the scalar."""
    return {name: name in ("matrix", "scalar") for name in tree}


# What updates get beside gradients and parameters: the loss.
EXTRA = {"value": 0.7}

# For what Optax cannot update: a parameter without axes.
NO_SCALAR = {**dict.fromkeys(MASK, True), "scalar": False}


def deprecated(sample: Sample) -> Sample:
    """Return a sample that says nothing of its age."""

    def quiet(o: Any) -> Any:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            return sample(o)

    return quiet


def upper_bounded(step: Any, power: Any) -> Any:
    """Return a share of averages kept that is at most 0.95, computed in the dtype of the power."""
    return 0.95 - 0.95 * (step * 1.0 + 1.0) ** -power


OPTIMIZERS: dict[str, list[Sample]] = {
    "sgd": [
        lambda o: o.sgd(0.1),
        lambda o: o.sgd(0.1, momentum=0.9),
        lambda o: o.sgd(0.1, momentum=0.8, nesterov=True),
        lambda o: o.sgd(o.exponential_decay(1.0, 50, 0.5), momentum=0.9),
        lambda o: o.sgd(lambda step: 0.1 * 0.95**step),
    ],
    "adam": [
        lambda o: o.adam(0.1),
        lambda o: o.adam(0.1, b1=0.7, b2=0.95, eps=1e-3, eps_root=1e-4),
        lambda o: o.adam(0.1, nesterov=True),
        lambda o: o.adam(0.1, b1=0.0, b2=0.0),
        lambda o: o.adam(o.cosine_decay_schedule(0.1, 150, alpha=0.1)),
    ],
    "nadam": [lambda o: o.nadam(0.1), lambda o: o.nadam(0.02, b1=0.8, b2=0.99, eps=1e-4)],
    "adamw": [
        lambda o: o.adamw(0.1),
        lambda o: o.adamw(0.1, weight_decay=0.05, mask=MASK),
        lambda o: o.adamw(0.1, weight_decay=0.05, mask=mask_of, nesterov=True),
        lambda o: o.adamw(0.1, weight_decay=o.linear_schedule(0.1, 0.0, 100)),
        lambda o: o.adamw(0.1, weight_decay=0.0),
    ],
    "nadamw": [lambda o: o.nadamw(0.1), lambda o: o.nadamw(0.1, b1=0.8, weight_decay=0.2)],
    "adamax": [lambda o: o.adamax(0.1), lambda o: o.adamax(0.1, b1=0.5, b2=0.7, eps=0.1)],
    "adamaxw": [lambda o: o.adamaxw(0.1), lambda o: o.adamaxw(0.1, weight_decay=0.05, mask=MASK)],
    "amsgrad": [
        lambda o: o.amsgrad(0.1),
        lambda o: o.amsgrad(0.1, b1=0.5, b2=0.7, eps=0.1, eps_root=0.1),
        lambda o: o.amsgrad(0.1, bias_correction_mu=False, bias_correction_nu=False),
    ],
    "radam": [
        lambda o: o.radam(0.1),
        lambda o: o.radam(0.1, b2=0.95, eps=0.1, eps_root=0.1, threshold=6.0, nesterov=True),
    ],
    "adadelta": [
        lambda o: o.adadelta(1.0),
        lambda o: o.adadelta(0.5, rho=0.5, eps=0.1, weight_decay=0.1, weight_decay_mask=MASK),
        lambda o: o.adadelta(),
    ],
    "rprop": [
        lambda o: o.rprop(0.1),
        lambda o: o.rprop(0.1, 0.3, 1.5, min_step_size=0.05, max_step_size=0.12),
        lambda o: o.rprop(100.0),
    ],
    "adagrad": [
        lambda o: o.adagrad(0.5),
        lambda o: o.adagrad(0.5, initial_accumulator_value=0.0, eps=1e-3),
    ],
    "rmsprop": [
        lambda o: o.rmsprop(0.01),
        lambda o: o.rmsprop(0.01, decay=0.7, eps=1e-4, initial_scale=0.5, eps_in_sqrt=False),
        lambda o: o.rmsprop(0.01, momentum=0.9),
        lambda o: o.rmsprop(0.01, momentum=0.9, nesterov=True, bias_correction=True),
        lambda o: o.rmsprop(0.01, centered=True, eps=1e-3, initial_scale=1.0),
        lambda o: o.rmsprop(0.01, centered=True, eps=1e-2, eps_in_sqrt=False, initial_scale=1.0),
    ],
    "lion": [
        lambda o: o.lion(0.01),
        lambda o: o.lion(0.01, b1=0.7, b2=0.8, weight_decay=0.1, mask=MASK),
    ],
    "sign_sgd": [lambda o: o.sign_sgd(0.01)],
    "signum": [
        lambda o: o.signum(0.01),
        lambda o: o.signum(o.exponential_decay(0.1, 50, 0.5), 0.5),
        lambda o: o.signum(0.01, accumulator_dtype="float32"),
    ],
    "adabelief": [
        lambda o: o.adabelief(0.1),
        lambda o: o.adabelief(0.1, 0.5, 0.7, 0.1, 0.01, nesterov=True),
    ],
    "adafactor": [
        lambda o: o.adafactor(0.1),
        lambda o: o.adafactor(0.1, 2, 0.5, -3, momentum=0.9, weight_decay_rate=0.01),
        lambda o: o.adafactor(
            *(o.linear_schedule(0.1, 0.01, 50), 1),
            clipping_threshold=None,
            weight_decay_rate=0.1,
            eps=1e-3,
            weight_decay_mask=MASK,
        ),
        lambda o: o.adafactor(min_dim_size_to_factor=2, factored=False),
        lambda o: o.adafactor(min_dim_size_to_factor=2, multiply_by_parameter_scale=False),
    ],
    "adan": [
        lambda o: o.adan(0.1),
        lambda o: o.adan(0.1, 0.5, 0.6, 0.7, 0.1, 0.01, weight_decay=0.1, mask=MASK),
    ],
    "fromage": [
        lambda o: o.fromage(0.1),
        lambda o: o.fromage(o.exponential_decay(0.5, 50, 0.5), min_norm=2.0),
    ],
    "lamb": [
        lambda o: o.lamb(0.1),
        lambda o: o.lamb(0.1, 0.5, 0.7, 0.1, 0.01, weight_decay=0.1, mask=MASK),
    ],
    "lars": [
        lambda o: o.lars(0.1),
        lambda o: o.lars(0.1, 0.1, MASK, 0.5, 0.1, mask_of, momentum=0.5, nesterov=True),
        lambda o: o.lars(o.linear_schedule(1.0, 0.1, 50), o.linear_schedule(0.1, 0.0, 100)),
    ],
    "noisy_sgd": [
        lambda o: o.noisy_sgd(0.1, key=0),
        lambda o: o.noisy_sgd(o.exponential_decay(1.0, 50, 0.5), 0.5, 0.1, 7),
    ],
    "novograd": [
        lambda o: o.novograd(0.1),
        lambda o: o.novograd(0.1, 0.5, 0.7, 0.1, 0.01, weight_decay=0.1),
    ],
    "optimistic_adam": [
        deprecated(lambda o: o.optimistic_adam(0.1)),
        deprecated(lambda o: o.optimistic_adam(0.1, 0.3, 0.5, 0.7, 0.1, nesterov=False)),
    ],
    "optimistic_adam_v2": [
        lambda o: o.optimistic_adam_v2(0.1),
        lambda o: o.optimistic_adam_v2(
            o.exponential_decay(0.1, 50, 0.5), alpha=0.5, beta=2.0, b1=0.5, nesterov=False
        ),
    ],
    "optimistic_gradient_descent": [
        lambda o: o.optimistic_gradient_descent(0.1),
        lambda o: o.optimistic_gradient_descent(o.linear_schedule(0.1, 0.0, 100), 0.5, 2.0),
    ],
    "polyak_sgd": [
        lambda o: o.polyak_sgd(),
        lambda o: o.polyak_sgd(0.03, 0.5, 0.1, 0.1),
        lambda o: o.polyak_sgd(scaling=o.linear_schedule(1.0, 0.0, 100), f_min=0.1, variant="sps+"),
        lambda o: o.polyak_sgd(f_min=1.0),
        lambda o: o.polyak_sgd(f_min=1.0, variant="sps+"),
    ],
    "sm3": [
        lambda o: o.masked(o.sm3(0.1), NO_SCALAR),
        lambda o: o.masked(o.sm3(0.1, 0.5), NO_SCALAR),
    ],
    "yogi": [lambda o: o.yogi(0.1), lambda o: o.yogi(0.1, 0.5, 0.7, 0.1)],
}

# Each with a rate that takes it down to a minimum in 2,000 steps.
DESCENDING: dict[str, Callable[[Any, float], Any]] = {
    "sgd": lambda o, rate: o.sgd(rate, momentum=0.9),
    "adam": lambda o, rate: o.adam(20 * rate),
    "nadam": lambda o, rate: o.nadam(20 * rate),
    "adamw": lambda o, rate: o.adamw(20 * rate, weight_decay=1e-6),
    "nadamw": lambda o, rate: o.nadamw(20 * rate, weight_decay=1e-6),
    "adagrad": lambda o, rate: o.adagrad(1000 * rate),
    "adamax": lambda o, rate: o.adamax(20 * rate),
    "adamaxw": lambda o, rate: o.adamaxw(20 * rate, weight_decay=1e-6),
    "amsgrad": lambda o, rate: o.amsgrad(20 * rate),
    "radam": lambda o, rate: o.radam(20 * rate),
    "adadelta": lambda o, rate: o.adadelta(250 * rate),
    "rprop": lambda o, rate: o.rprop(rate),
    "rmsprop": lambda o, rate: o.rmsprop(o.exponential_decay(10 * rate, 500, 0.5)),
    "lion": lambda o, rate: o.lion(o.exponential_decay(10 * rate, 500, 0.5), weight_decay=0.0),
    "sign_sgd": lambda o, rate: o.sign_sgd(o.cosine_decay_schedule(5 * rate, 2000)),
    "signum": lambda o, rate: o.signum(o.cosine_decay_schedule(5 * rate, 2000)),
    "adabelief": lambda o, rate: o.adabelief(20 * rate),
    "adafactor": lambda o, rate: o.adafactor(o.cosine_decay_schedule(10 * rate, 2000)),
    "adan": lambda o, rate: o.adan(20 * rate),
    "fromage": lambda o, rate: o.fromage(o.cosine_decay_schedule(10 * rate, 2000)),
    "lamb": lambda o, rate: o.lamb(o.cosine_decay_schedule(10 * rate, 2000)),
    "lars": lambda o, rate: o.lars(o.cosine_decay_schedule(5 * rate, 2000), trust_coefficient=0.5),
    "noisy_sgd": lambda o, rate: o.noisy_sgd(2 * rate, 0.01, key=0),
    "novograd": lambda o, rate: o.novograd(o.cosine_decay_schedule(5 * rate, 2000)),
    "optimistic_adam": lambda o, rate: deprecated(lambda o: o.optimistic_adam(20 * rate))(o),
    "optimistic_adam_v2": lambda o, rate: o.optimistic_adam_v2(20 * rate),
    "optimistic_gradient_descent": lambda o, rate: o.optimistic_gradient_descent(2 * rate),
    "polyak_sgd": lambda o, rate: o.polyak_sgd(),
    "sm3": lambda o, rate: o.sm3(100 * rate),
    "yogi": lambda o, rate: o.yogi(20 * rate),
}

TRANSFORMATIONS: dict[str, list[Sample]] = {
    "identity": [lambda o: o.identity()],
    "set_to_zero": [lambda o: o.set_to_zero()],
    "stateless": [lambda o: o.stateless(lambda updates, params: params)],
    "stateless_with_tree_map": [lambda o: o.stateless_with_tree_map(lambda u, p: u + 2 * p)],
    "scale": [lambda o: o.scale(-0.3), lambda o: o.scale(2)],
    "scale_by_learning_rate": [
        lambda o: o.scale_by_learning_rate(0.1),
        lambda o: o.scale_by_learning_rate(0.1, flip_sign=False),
        lambda o: o.scale_by_learning_rate(o.linear_schedule(1.0, 0.0, 100)),
        lambda o: o.scale_by_learning_rate(None),
    ],
    "scale_by_schedule": [
        lambda o: o.scale_by_schedule(o.polynomial_schedule(1.0, 0.1, 2, 100, 20)),
        lambda o: o.scale_by_schedule(lambda step: 0.95**step),
    ],
    "scale_by_sign": [lambda o: o.scale_by_sign()],
    "trace": [
        lambda o: o.trace(0.9),
        lambda o: o.trace(0.9, nesterov=True),
        lambda o: o.trace(0.9, accumulator_dtype="float32"),
    ],
    "ema": [
        lambda o: o.ema(0.9),
        lambda o: o.ema(0.5, debias=False),
        lambda o: o.ema(0.5, accumulator_dtype="float32"),
    ],
    "scale_by_adam": [
        lambda o: o.scale_by_adam(),
        lambda o: o.scale_by_adam(b1=0.5, b2=0.9, eps=0.1, eps_root=0.1, nesterov=True),
        lambda o: o.scale_by_adam(mu_dtype="float32"),
    ],
    "scale_by_adamax": [lambda o: o.scale_by_adamax(), lambda o: o.scale_by_adamax(0.5, 0.7, 0.1)],
    "scale_by_amsgrad": [
        lambda o: o.scale_by_amsgrad(),
        lambda o: o.scale_by_amsgrad(0.5, 0.7, 0.1, mu_dtype="float32", bias_correction_nu=False),
    ],
    "scale_by_radam": [
        lambda o: o.scale_by_radam(),
        lambda o: o.scale_by_radam(0.5, 0.9, 0.1, threshold=4.5),
    ],
    "scale_by_adadelta": [lambda o: o.scale_by_adadelta(), lambda o: o.scale_by_adadelta(0.5, 0.1)],
    "scale_by_rprop": [lambda o: o.scale_by_rprop(0.1), lambda o: o.scale_by_rprop(0.0)],
    "scale_by_lion": [
        lambda o: o.scale_by_lion(),
        lambda o: o.scale_by_lion(b1=0.5, b2=0.7, mode="smooth", smooth_beta=2.0),
        lambda o: o.scale_by_lion(mode="refined"),
    ],
    "scale_by_rss": [lambda o: o.scale_by_rss(), lambda o: o.scale_by_rss(0.0, 1e-2)],
    "scale_by_rms": [
        lambda o: o.scale_by_rms(),
        lambda o: o.scale_by_rms(0.5, 1e-3, 0.1, eps_in_sqrt=False, bias_correction=True),
    ],
    "scale_by_stddev": [
        lambda o: o.scale_by_stddev(0.9, 1e-3, 1.0),
        lambda o: o.scale_by_stddev(0.9, 0.1, 1.0, eps_in_sqrt=False),
        lambda o: o.scale_by_stddev(0.9, 1.0, bias_correction=True),
    ],
    "scale_by_belief": [
        lambda o: o.scale_by_belief(),
        lambda o: o.scale_by_belief(0.5, 0.7, 0.1, 0.1, nesterov=True),
    ],
    "scale_by_adan": [
        lambda o: o.scale_by_adan(),
        lambda o: o.scale_by_adan(0.5, 0.6, 0.7, 0.1, 0.1),
    ],
    "scale_by_factored_rms": [
        lambda o: o.scale_by_factored_rms(),
        lambda o: o.scale_by_factored_rms(True, 0.5, -2, 2, 0.01),
        lambda o: o.scale_by_factored_rms(False, min_dim_size_to_factor=1),
        lambda o: o.scale_by_factored_rms(min_dim_size_to_factor=1, decay_rate_fn=upper_bounded),
    ],
    "scale_by_novograd": [
        lambda o: o.scale_by_novograd(),
        lambda o: o.scale_by_novograd(0.5, 0.7, 0.1, 0.1, 0.1),
        lambda o: o.scale_by_novograd(mu_dtype="float32"),
    ],
    "scale_by_optimistic_gradient": [
        lambda o: o.scale_by_optimistic_gradient(),
        lambda o: o.scale_by_optimistic_gradient(0.5, 2.0),
    ],
    "scale_by_polyak": [
        lambda o: o.scale_by_polyak(),
        lambda o: o.scale_by_polyak(0.1, 0.03, 0.1),
        lambda o: o.scale_by_polyak(1.0, variant="sps+"),
    ],
    "scale_by_sm3": [
        lambda o: o.masked(o.scale_by_sm3(), NO_SCALAR),
        lambda o: o.masked(o.scale_by_sm3(0.5, 0.7, 0.1), NO_SCALAR),
    ],
    "scale_by_yogi": [
        lambda o: o.scale_by_yogi(),
        lambda o: o.scale_by_yogi(0.5, 0.7, 0.1, 0.1, 0.0),
    ],
    "scale_by_distance_over_gradients": [
        lambda o: o.masked(o.scale_by_distance_over_gradients(), NO_SCALAR),
        lambda o: o.masked(o.scale_by_distance_over_gradients(0.1, 0.1, "float64", 2.0), NO_SCALAR),
    ],
    "scale_by_trust_ratio": [
        lambda o: o.scale_by_trust_ratio(trust_coefficient=0.5),
        lambda o: o.scale_by_trust_ratio(1.5, 0.1, 0.1),
    ],
    "scale_by_param_block_norm": [
        lambda o: o.scale_by_param_block_norm(),
        lambda o: o.scale_by_param_block_norm(1.0),
    ],
    "scale_by_param_block_rms": [
        lambda o: o.scale_by_param_block_rms(),
        lambda o: o.scale_by_param_block_rms(0.7),
    ],
    "normalize_by_update_norm": [
        lambda o: o.normalize_by_update_norm(),
        lambda o: o.normalize_by_update_norm(2.0, 0.1),
    ],
    "centralize": [lambda o: o.centralize()],
    "apply_every": [
        lambda o: o.apply_every(),
        lambda o: o.apply_every(3),
        lambda o: o.chain(o.adam(0.1), o.apply_every(k=7)),
    ],
    "add_noise": [lambda o: o.add_noise(0.5, 0.1, 3), lambda o: o.add_noise(0.0, 0.1, key=3)],
    "add_decayed_weights": [
        lambda o: o.add_decayed_weights(),
        lambda o: o.add_decayed_weights(0.1, mask=MASK),
        lambda o: o.add_decayed_weights(o.linear_schedule(1.0, 0.0, 10)),
    ],
    "clip": [lambda o: o.clip(0.7)],
    "clip_by_global_norm": [
        lambda o: o.clip_by_global_norm(1.0),
        lambda o: o.clip_by_global_norm(4.0),
        lambda o: o.clip_by_global_norm(1e6),
    ],
    "clip_by_block_rms": [lambda o: o.clip_by_block_rms(0.8)],
    "adaptive_grad_clip": [
        lambda o: o.adaptive_grad_clip(0.1),
        lambda o: o.adaptive_grad_clip(0.5, eps=0.5),
    ],
    "zero_nans": [lambda o: o.chain(o.zero_nans(), o.scale(-0.1))],
    "keep_params_nonnegative": [lambda o: o.chain(o.scale(-0.1), o.keep_params_nonnegative())],
    "apply_if_finite": [
        lambda o: o.apply_if_finite(o.adam(0.1), 3),
        lambda o: o.apply_if_finite(o.sgd(0.1, momentum=0.9), 0),
    ],
    "conditionally_mask": [lambda o: o.conditionally_mask(o.adam(0.1), lambda step: step % 3 == 0)],
    "conditionally_transform": [
        lambda o: o.conditionally_transform(o.adam(0.1), lambda step: step >= 20)
    ],
    "MultiSteps": [
        lambda o: o.MultiSteps(o.adam(0.1), 1, accumulator_dtype="float64"),
        lambda o: o.MultiSteps(o.sgd(0.1, momentum=0.9), 4, accumulator_dtype=None),
        lambda o: o.MultiSteps(o.adam(0.1), 3, use_grad_mean=False),
        lambda o: o.MultiSteps(o.adam(0.1), lambda step: 1 + step // 10, accumulator_dtype=None),
        lambda o: o.MultiSteps(o.sgd(0.1), 2, True, o.skip_not_finite, "float64"),
        lambda o: o.MultiSteps(
            o.sgd(0.1), 2, True, lambda u, i, p: o.skip_large_updates(u, i, p, 14.0), "float64"
        ),
    ],
    "chain": [
        lambda o: o.chain(o.clip_by_global_norm(1.0), o.adam(0.1), o.ema(0.5)),
        lambda o: o.chain(o.chain(o.trace(0.9)), o.scale(-0.1)),
    ],
    "named_chain": [
        lambda o: o.named_chain(("z", o.trace(0.9)), ("decay", o.add_decayed_weights(0.1)))
    ],
    "masked": [
        lambda o: o.masked(o.adam(0.1), MASK),
        lambda o: o.masked(o.sgd(0.1, momentum=0.9), mask_of),
        lambda o: o.masked(o.add_decayed_weights(0.1), True),
    ],
    "partition": [
        lambda o: o.partition({"a": o.adam(0.1), "b": o.sgd(0.1, momentum=0.9)}, LABELS),
        lambda o: o.partition({"a": o.set_to_zero(), "b": o.adamw(0.1), "c": o.sgd(1.0)}, LABELS),
    ],
    "freeze": [lambda o: o.freeze(MASK), lambda o: o.freeze(True)],
    "selective_transform": [
        lambda o: o.selective_transform(o.adam(0.1), freeze_mask=MASK),
        lambda o: o.selective_transform(o.sgd(0.1, momentum=0.9), freeze_mask=False),
    ],
    "flatten": [
        lambda o: o.flatten(o.adam(0.1)),
        lambda o: o.flatten(o.chain(o.clip_by_block_rms(0.5), o.trace(0.9))),
    ],
    "snapshot": [
        lambda o: o.chain(o.snapshot("sum", lambda tree: tree["matrix"].sum()), o.adam(0.1))
    ],
    "measure_with_ema": [
        lambda o: o.measure_with_ema(lambda tree: tree, 0.9),
        lambda o: o.measure_with_ema(
            lambda tree: tree, 0.5, debias=False, accumulator_dtype="float32"
        ),
    ],
    "inject_hyperparams": [
        lambda o: o.inject_hyperparams(o.adam)(learning_rate=0.1),
        lambda o: o.inject_hyperparams(o.sgd)(o.exponential_decay(1.0, 50, 0.5), momentum=0.9),
        lambda o: o.inject_hyperparams(o.scale_by_adam)(
            b1=o.piecewise_interpolate_schedule("linear", 0.5, {100: 1.8}), b2=0.99
        ),
    ],
}

SCHEDULES: dict[str, list[Sample]] = {
    "constant_schedule": [lambda o: o.constant_schedule(0.3), lambda o: o.constant_schedule(1)],
    "linear_schedule": [
        lambda o: o.linear_schedule(1.0, 0.1, 50),
        lambda o: o.linear_schedule(0.0, 1.0, 50, transition_begin=20),
        lambda o: o.linear_schedule(1.0, 0.1, 0),
        lambda o: o.linear_schedule(1.0, 0.1, 50, transition_begin=-20),
    ],
    "polynomial_schedule": [
        lambda o: o.polynomial_schedule(1.0, 0.1, 2, 50),
        lambda o: o.polynomial_schedule(1.0, 0.1, 0.5, 50, 10),
        lambda o: o.polynomial_schedule(0.1, 1.0, 3.0, -1),
    ],
    "exponential_decay": [
        lambda o: o.exponential_decay(1.0, 100, 0.9),
        lambda o: o.exponential_decay(1.0, 10, 0.5, 20, staircase=True),
        lambda o: o.exponential_decay(1.0, 10, 0.5, end_value=0.2),
        lambda o: o.exponential_decay(0.1, 10, 1.5, end_value=0.9),
        lambda o: o.exponential_decay(0.1, 10, 1.5, transition_begin=-5),
        lambda o: o.exponential_decay(0.7, 10, 0.0, end_value=2.0),
        lambda o: o.exponential_decay(0.7, 10, 0),
        lambda o: o.exponential_decay(0.7, 0, 0.5),
    ],
    "cosine_decay_schedule": [
        lambda o: o.cosine_decay_schedule(0.5, 100),
        lambda o: o.cosine_decay_schedule(0.5, 100, alpha=0.1, exponent=2.0),
        lambda o: o.cosine_decay_schedule(0.5, 7, exponent=0.7),
    ],
    "piecewise_constant_schedule": [
        lambda o: o.piecewise_constant_schedule(0.5),
        lambda o: o.piecewise_constant_schedule(0.5, {30: 0.1, 10: 2, 199: 0.0}),
    ],
    "piecewise_interpolate_schedule": [
        lambda o: o.piecewise_interpolate_schedule("linear", 0.5, {30: 0.1, 10: 2.0}),
        lambda o: o.piecewise_interpolate_schedule("cosine", 0.5, {30: 0.1, 120: 5.0}),
        lambda o: o.piecewise_interpolate_schedule("cosine", 0.5, {0: 0.1, 20: 3.0}),
        lambda o: o.piecewise_interpolate_schedule("linear", 0.5),
    ],
    "cosine_onecycle_schedule": [
        lambda o: o.cosine_onecycle_schedule(150, 0.5),
        lambda o: o.cosine_onecycle_schedule(100, 0.5, 0.5, 10.0, 100.0),
    ],
    "linear_onecycle_schedule": [
        lambda o: o.linear_onecycle_schedule(150, 0.5),
        lambda o: o.linear_onecycle_schedule(100, 0.5, 0.5, 0.6, 10.0, 100.0),
    ],
    "sgdr_schedule": [
        lambda o: o.sgdr_schedule(
            [
                {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 5, "decay_steps": 50},
                {
                    "init_value": 0.1,
                    "peak_value": 0.5,
                    "warmup_steps": 0,
                    "decay_steps": 100,
                    "end_value": 0.05,
                    "exponent": 1.5,
                },
            ]
        )
    ],
    "join_schedules": [
        lambda o: o.join_schedules(
            [o.constant_schedule(1.0), o.exponential_decay(1.0, 9, 0.5), lambda step: step * 2.0],
            [20, 70],
        ),
        lambda o: o.join_schedules([o.linear_schedule(0.0, 1.0, 10)], []),
    ],
    "warmup_constant_schedule": [lambda o: o.warmup_constant_schedule(0.0, 1.0, 30)],
    "warmup_cosine_decay_schedule": [
        lambda o: o.warmup_cosine_decay_schedule(0.0, 1.0, 20, 150),
        lambda o: o.warmup_cosine_decay_schedule(0.1, 1.0, 20, 150, end_value=0.2, exponent=1.5),
        lambda o: o.warmup_cosine_decay_schedule(0.1, 0.0, 20, 150, end_value=0.2),
    ],
    "warmup_exponential_decay_schedule": [
        lambda o: o.warmup_exponential_decay_schedule(0.0, 1.0, 20, 10, 0.8),
        lambda o: o.warmup_exponential_decay_schedule(0.0, 1.0, 20, 10, 0.8, 5, True, 0.3),
    ],
}

# The transformations that Optax has not; or not in PyTorch's form, which is a keyword of them.
OWN_TRANSFORMATIONS: dict[str, list[Sample]] = {
    "with_loss_scaling": [
        lambda o: o.with_loss_scaling(o.sgd(0.1), 1.0),
        lambda o: o.with_loss_scaling(o.adam(0.1), 4.0, growth_interval=2),
    ],
    "with_master_params": [
        lambda o: o.with_master_params(o.adam(0.1)),
        lambda o: o.with_master_params(o.sgd(0.1, 0.9), "float64"),
    ],
    "with_weight_decay": [
        lambda o: o.with_weight_decay(o.adam(0.1), 0.05),
        lambda o: o.with_weight_decay(
            o.sgd(o.linear_schedule(0.1, 0.01, 50), 0.9), o.linear_schedule(0.1, 0.0, 20), MASK
        ),
    ],
    "asgd": [lambda o: o.asgd(0.01), lambda o: o.asgd(0.05, lambd=0.1, alpha=0.5, t0=2.0)],
    "factored_descent": [
        lambda o: o.factored_descent(0.01),
        lambda o: o.factored_descent(0.1, beta2_decay=-0.5, eps1=1e-4, eps2=0.1, d=2.0),
    ],
    "groups": [
        lambda o: o.groups({"**.weights": o.sgd(0.1, momentum=0.9), "m*": o.adam(0.1)}, o.scale(1))
    ],
    "monitor": [
        lambda o: o.monitor(
            {
                "sum": lambda tree: tree["matrix"].sum(),
                "mean": o.measure_with_ema(lambda tree: tree["matrix"].sum(), 0.9),
            }
        )
    ],
    "orthogonalize": [lambda o: o.orthogonalize(), lambda o: o.orthogonalize((3.4, -4.7, 2.0), 3)],
    "scale_by_amsgrad": [lambda o: o.scale_by_amsgrad(0.5, 0.7, 0.1, max_before_correction=True)],
    "scale_by_nadam": [
        lambda o: o.scale_by_nadam(),
        lambda o: o.scale_by_nadam(0.5, 0.7, 0.1, 0.1),
    ],
    "scale_by_radam": [
        lambda o: o.scale_by_radam(eps_before_correction=True),
        lambda o: o.scale_by_radam(0.5, 0.9, 0.1, eps_before_correction=True),
    ],
    "scale_by_rprop": [
        lambda o: o.scale_by_rprop(0.1, delayed=False),
        lambda o: o.scale_by_rprop(0.1, 0.3, 1.5, 0.05, 0.12, delayed=False),
    ],
    "scale_by_rss": [
        lambda o: o.scale_by_rss(0.0, 1e-10, eps_in_sqrt=False),
        lambda o: o.scale_by_rss(0.5, 0.1, eps_in_sqrt=False),
    ],
    "scale_by_shape": [lambda o: o.scale_by_shape(), lambda o: o.scale_by_shape("match_rms_adamw")],
}

# Those whose parameters are pairs.
OF_PAIRS: dict[str, list[Sample]] = {
    "lookahead": [
        lambda o: o.lookahead(o.sgd(0.1, momentum=0.9), 5, 0.5),
        lambda o: o.lookahead(o.adam(0.1), 3, 0.8, reset_state=True),
        lambda o: o.lookahead(o.sgd(0.1), 1, 0.0),
    ]
}

# The schedules that Optax has not, under these names.
OWN_SCHEDULES: dict[str, list[Sample]] = {
    "inverse_decay": [lambda o: o.inverse_decay(2.0, 0.5), lambda o: o.inverse_decay(0.1, 0.0)],
    "step_schedule": [
        lambda o: o.step_schedule(0.5, 20),
        lambda o: o.step_schedule(0.5, 1, gamma=0.9),
        lambda o: o.step_schedule(0.5, 30, gamma=0.0),
    ],
    "multi_step_schedule": [
        lambda o: o.multi_step_schedule(0.5, [30, 10, 30, 150]),
        lambda o: o.multi_step_schedule(0.5, [], gamma=2.0),
    ],
    "cosine_annealing_schedule": [
        lambda o: o.cosine_annealing_schedule(0.5, 30),
        lambda o: o.cosine_annealing_schedule(0.5, 150, 0.1),
    ],
    "cosine_restarts_schedule": [
        lambda o: o.cosine_restarts_schedule(0.5, 30),
        lambda o: o.cosine_restarts_schedule(0.5, 7, multiplier=2, end_value=0.1),
        lambda o: o.cosine_restarts_schedule(0.5, 1, multiplier=3),
    ],
    "triangular_schedule": [
        lambda o: o.triangular_schedule(0.1, 0.5, 20),
        lambda o: o.triangular_schedule(0.1, 0.5, 20, 7, mode="triangular2"),
        lambda o: o.triangular_schedule(0.1, 0.5, 20, 30, mode="exp_range", gamma=0.99),
        lambda o: o.triangular_schedule(0.1, 0.5, 20, 0),
        lambda o: o.triangular_schedule(0.1, 0.5, 20, height=lambda cycle, step: 1 / cycle),
    ],
    "one_cycle_schedule": [
        lambda o: o.one_cycle_schedule(0.5, 150),
        lambda o: o.one_cycle_schedule(0.5, 180, 0.4, "linear", three_phase=True),
        lambda o: o.one_cycle_schedule(0.5, 200, pct_start=0.0, div_factor=10.0),
        lambda o: o.one_cycle_schedule(0.5, 100, pct_start=0.01, final_div_factor=10.0),
    ],
}


def listed(rows: dict[str, list[Sample]]) -> list[Any]:
    """Return the samples of a table as pytest parameters, numbered within their row."""
    quiet = pytest.mark.filterwarnings("ignore:`optimistic_adam` is deprecated")
    return [
        pytest.param(sample, id=f"{name}-{i}", marks=quiet if name == "optimistic_adam" else ())
        for name, samples in rows.items()
        for i, sample in enumerate(samples)
    ]


# What searches along a line, whose update wants the loss, and L-BFGS, of which rounding errors
# grow from step to step: `test_linesearches`.
SEARCHING: dict[str, list[Sample]] = {
    "lbfgs": [
        lambda o: o.lbfgs(),
        lambda o: o.lbfgs(0.7, memory_size=2, scale_init_precond=False),
        lambda o: o.lbfgs(memory_size=3, linesearch=o.scale_by_backtracking_linesearch(20)),
    ],
    "scale_by_lbfgs": [
        lambda o: o.scale_by_lbfgs(),
        lambda o: o.scale_by_lbfgs(memory_size=1, scale_init_precond=False),
    ],
    "scale_by_backtracking_linesearch": [
        lambda o: o.scale_by_backtracking_linesearch(15),
        lambda o: o.scale_by_backtracking_linesearch(
            4, 0.3, 0.5, 2.0, max_learning_rate=3.0, atol=1e-3, rtol=1e-4, store_grad=True
        ),
    ],
    "scale_by_zoom_linesearch": [
        lambda o: o.scale_by_zoom_linesearch(15),
        lambda o: o.scale_by_zoom_linesearch(
            25, 4.0, 1e-6, 3.0, 1e-3, 0.01, None, 1e-7, initial_guess_strategy="one"
        ),
    ],
}
