"""float16 parameters: no optimizer makes NaN of zero, tiny or large gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import optax
import pytest

import thalweg as tw
from thalweg import optim
from thalweg import torch as wing

GRADIENTS = {
    "zero": [0.0, 0.0, 0.0],
    "tiny": [6e-8, -6e-8, 1e-7],
    "large": [6e4, -6e4, 3e4],
    "mixed": [0.0, 1e-3, -2.0],
}
FUNCTIONS: dict[str, Any] = {
    **{
        name: lambda n=name: getattr(optim, n)(learning_rate=0.01)
        for name in (
            *("sgd", "adam", "adamw", "nadam", "nadamw", "adagrad", "rmsprop", "adamax"),
            *("lion", "sign_sgd", "adamaxw", "amsgrad", "radam", "adadelta", "adabelief", "adan"),
            *("adafactor", "fromage", "lamb", "lars", "novograd", "optimistic_adam_v2"),
            *("optimistic_gradient_descent", "sm3", "yogi"),
        )
    },
    **{
        name: getattr(optim, name)
        for name in (
            *("scale_by_adadelta", "scale_by_adamax", "scale_by_nadam", "scale_by_stddev"),
            *("scale_by_trust_ratio", "scale_by_param_block_norm", "scale_by_param_block_rms"),
            *("normalize_by_update_norm", "scale_by_distance_over_gradients", "polyak_sgd"),
        )
    },
    "scale_by_amsgrad": lambda: optim.scale_by_amsgrad(max_before_correction=True),
    "scale_by_radam": lambda: optim.scale_by_radam(eps_before_correction=True),
    "scale_by_rss": lambda: optim.scale_by_rss(0.0, 1e-10, eps_in_sqrt=False),
}
CLASSES = [
    *("Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta"),
    *("SGD", "Rprop", "ASGD", "Adafactor"),
]
each_gradient = pytest.mark.parametrize("size", GRADIENTS)


def steps(optimizer: Any, dtype: Any, gradient: list[float]) -> tuple[Any, Any]:
    params = np.array([1.0, -2.0, 0.5], dtype)
    state = optimizer.init(params)
    updates: Any = None
    for _ in range(3):
        updates, state = optimizer.update(np.array(gradient, dtype), state, params, value=0.7)
        params = np.asarray(optim.apply_updates(params, updates))
    return np.asarray(updates), params


@each_gradient
@pytest.mark.parametrize("name", FUNCTIONS)
def test_updates_in_float16_are_those_in_float64_rounded(name: str, size: str) -> None:
    updates, params = steps(FUNCTIONS[name](), np.float16, GRADIENTS[size])
    exact, wanted = steps(FUNCTIONS[name](), np.float64, np.float16(GRADIENTS[size]).tolist())
    assert updates.dtype == params.dtype == np.float16
    assert not np.isnan(params).any()
    with np.errstate(over="ignore"):
        exact, wanted = exact.astype(np.float16), wanted.astype(np.float16)
    np.testing.assert_allclose(updates, exact, rtol=2e-2, atol=1e-3)
    np.testing.assert_allclose(params, wanted, rtol=2e-2, atol=5e-3)


@each_gradient
@pytest.mark.parametrize("name", CLASSES)
def test_the_stateful_optimizers_stay_finite(name: str, size: str) -> None:
    p = wing.tensor(np.array([1, -2, 0.5], np.float16)).requires_grad_()
    optimizer = getattr(wing.optim, name)([p], lr=0.01)
    for _ in range(3):
        p.grad = wing.tensor(np.array(GRADIENTS[size], np.float16))
        optimizer.step()
    assert p.dtype == np.float16
    assert np.isfinite(p.detach().numpy()).all()


@pytest.mark.parametrize("name", ["adam", "rmsprop", "adagrad", "nadamw"])
def test_float32_updates_are_still_those_of_optax(name: str) -> None:
    for gradient in GRADIENTS.values():
        mine = steps(getattr(optim, name)(learning_rate=0.01), np.float32, gradient)[1]
        theirs, params = getattr(optax, name)(learning_rate=0.01), np.float32([1.0, -2.0, 0.5])
        state = theirs.init(params)
        for _ in range(3):
            updates, state = theirs.update(np.float32(gradient), state, params)
            params = optax.apply_updates(params, updates)
        np.testing.assert_allclose(mine, params, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:The native engine cannot run")
def test_a_fit_of_float16_with_zero_gradients_stays_where_it_is() -> None:
    start = np.array([1.0, 0.0], np.float16)
    result = tw.fit(
        lambda p: tw.sum(p * np.array([0.0, 1.0], np.float16)) ** 2 + tw.sum(p[:1] * 0.0),
        start,
        steps=4,
        optimizer=optim.adam(0.1),
    )
    np.testing.assert_array_equal(result.params, start)
