"""Bad hyperparameters are refused with their name, range and value."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from thalweg import optim
from thalweg.errors import ArgumentError

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optim.adam(-0.1), r"learning_rate=-0.1 .*\[0, ∞\).*negate the loss"),
        (lambda: optim.adam(NAN), r"learning_rate=nan .*\[0, ∞\)"),
        (lambda: optim.sgd(INF), r"learning_rate=inf .*\[0, ∞\)"),
        (lambda: optim.sgd("0.1"), r"learning_rate='0.1' .*number"),
        (lambda: optim.sgd(True), r"learning_rate=True .*number"),
        (lambda: optim.sgd(np.float32(-1)), r"learning_rate=-1.0 "),
        (lambda: optim.adam(0.1, b1=1.0), r"b1=1.0 .*\[0, 1\).*as 0.9"),
        (lambda: optim.adam(0.1, b2=-0.1), r"b2=-0.1 .*\[0, 1\)"),
        (lambda: optim.adam(0.1, b2=None), r"b2=None .*number"),
        (lambda: optim.adam(0.1, eps=-1e-8), r"eps=-1e-08 .*\[0, ∞\)"),
        (lambda: optim.adam(0.1, eps_root=NAN), r"eps_root=nan"),
        (lambda: optim.adamw(0.1, weight_decay=NAN), r"weight_decay=nan .*\(-∞, ∞\).*schedule"),
        (lambda: optim.sgd(0.1, momentum=1.5), r"momentum=1.5 .*\[0, 1\)"),
        (lambda: optim.ema(1.0), r"decay=1.0 .*\[0, 1\)"),
        (lambda: optim.rmsprop(0.1, decay=2), r"decay=2.0 .*\[0, 1\)"),
        (lambda: optim.rmsprop(0.1, initial_scale=-1), r"initial_scale=-1.0 .*\[0, ∞\)"),
        (lambda: optim.adagrad(0.1, initial_accumulator_value=-1), r"initial_accumulator_value=-1"),
        (lambda: optim.lion(0.1, b1=3), r"b1=3.0"),
        (lambda: optim.adamax(0.1, b1=1.0), r"b1=1.0 .*\[0, 1\)"),
        (lambda: optim.amsgrad(0.1, eps_root=-1), r"eps_root=-1.0 .*\[0, ∞\)"),
        (lambda: optim.radam(0.1, threshold=NAN), r"threshold=nan .*finite"),
        (lambda: optim.adadelta(rho=1), r"rho=1.0 .*\[0, 1\)"),
        (lambda: optim.rprop(0.1, eta_minus=0), r"eta_minus=0.0 .*\(0, ∞\)"),
        (lambda: optim.rprop(0.1, max_step_size=-1), r"max_step_size=-1.0 .*\[0, ∞\)"),
        (lambda: optim.inverse_decay(1.0, -0.5), r"decay_rate=-0.5 .*\[0, ∞\)"),
        (lambda: optim.scale_by_lion(mode="sharp"), r"mode='sharp' .*'hard', 'smooth', 'refined'"),
        (lambda: optim.scale_by_lion(mode="smoth"), r"Did you mean 'smooth'"),
        (lambda: optim.scale(NAN), r"step_size=nan .*finite"),
        (lambda: optim.clip(-1), r"max_delta=-1.0 .*\[0, ∞\)"),
        (lambda: optim.clip_by_global_norm(0), r"max_norm=0.0 .*\(0, ∞\).*greater than zero"),
        (lambda: optim.clip_by_block_rms(-1), r"threshold=-1.0 .*\(0, ∞\)"),
        (lambda: optim.constant_schedule(NAN), r"value=nan"),
        (lambda: optim.linear_schedule(1, INF, 10), r"end_value=inf"),
        (lambda: optim.polynomial_schedule(1, 0, NAN, 10), r"power=nan"),
        (lambda: optim.exponential_decay(1, 10, -0.5), r"decay_rate=-0.5 .*\[0, ∞\)"),
        (lambda: optim.exponential_decay(1, 10, 0.5, end_value=NAN), r"end_value=nan"),
        (lambda: optim.cosine_decay_schedule(1, 0), r"decay_steps=0 .*\(0, ∞\)"),
        (
            lambda: optim.warmup_cosine_decay_schedule(0, 1, 10, 10),
            r"decay_steps=10 and warmup_steps=10",
        ),
        (
            lambda: optim.piecewise_constant_schedule(1, {5: -1.0}),
            r"boundaries_and_scales\[5\]=-1.0",
        ),
        (
            lambda: optim.piecewise_interpolate_schedule("cubic", 1),
            r"'cubic' .*'linear' or 'cosine'",
        ),
        (lambda: optim.join_schedules([abs], [3]), r"1 schedules and 1 boundaries"),
        (lambda: optim.inject_hyperparams(optim.adam)(-1.0), r"learning_rate=-1.0"),
        (lambda: optim.inject_hyperparams(optim.adam, "esp"), r"'esp'.*adam.*Did you mean 'eps'"),
    ],
)
def test_a_bad_hyperparameter_is_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize("rate", [0, 0.0, 1, np.float32(0.5), np.asarray(0.5), abs])
def test_a_good_learning_rate_is_accepted(rate: Any) -> None:
    assert optim.sgd(rate).structure
