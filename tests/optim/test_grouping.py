"""Rules for groups of parameters, and accounts of who gets which."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import Layer
from thalweg import optim
from thalweg.errors import ArgumentError

PARAMS = {
    "layers": [Layer(np.ones((2, 2)), np.ones(2)), Layer(np.ones((2, 2)), None)],
    "head": {"bias": np.ones(2), "w": np.ones((2, 2))},
}


def ones() -> Any:
    return tw.tree.map(np.ones_like, PARAMS)


def test_each_parameter_gets_the_rule_of_its_name() -> None:
    optimizer = optim.groups(
        {"layers.*.nothing": optim.sgd(1.0), "**.bias": optim.set_to_zero()}, optim.sgd(0.1)
    )
    updates, _ = optimizer.update(ones(), optimizer.init(PARAMS), PARAMS)
    assert updates["layers"][0].nothing.tolist() == [-1.0, -1.0]
    assert updates["head"]["bias"].tolist() == [0.0, 0.0]
    for leaf in (updates["layers"][0].weights, updates["layers"][1].weights, updates["head"]["w"]):
        np.testing.assert_array_equal(leaf, -0.1)


def test_frozen_parameters_have_no_state() -> None:
    optimizer = optim.groups({"layers.**": optim.set_to_zero(), "head.**": optim.adam(0.1)})
    assert optim.tree.size(optim.tree.get(optimizer.init(PARAMS), "mu")) == 6


@pytest.mark.parametrize(
    ("rules", "default", "message"),
    [
        ({"**.bais": 1}, 0, r"'\*\*.bais' matches no parameter"),
        ({"**.bias": 1, "head.*": 1}, 0, r"head.bias matches the patterns .* and .*narrower"),
        ({"layers.**": 1}, None, r"head.bias matches none of the patterns 'layers.\*\*'"),
    ],
)
def test_patterns_that_do_not_fit_are_refused(rules: Any, default: Any, message: str) -> None:
    made = {pattern: optim.sgd(0.1) for pattern in rules}
    optimizer = optim.groups(made, None if default is None else optim.sgd(0.1))
    with pytest.raises(ArgumentError, match=message):
        optimizer.init(PARAMS)


def test_the_order_of_rules_means_nothing() -> None:
    rules = {"layers.**": optim.sgd(0.1), "head.**": optim.adam(0.1)}
    assert optim.groups(rules) == optim.groups(dict(reversed(rules.items())))
    assert optim.groups(rules).hyperparameters["rules['layers.**'].learning_rate"] == 0.1


def test_an_account_looks_into_chains_masks_and_partitions() -> None:
    params = {"w": np.ones((3, 2)), "b": np.ones(2)}
    optimizer = optim.named_chain(
        ("clip", optim.clip(1.0)),
        ("decay", optim.masked(optim.add_decayed_weights(0.1), lambda p: {"w": True, "b": False})),
        ("rest", optim.partition({0: optim.sgd(0.1), 1: optim.adam(0.2)}, {"w": 1, "b": 0})),
    )
    assert optim.account(optimizer, params).splitlines() == [
        "b  (2,)    clip(max_delta=1.0) → sgd(learning_rate=0.1)",
        "w  (3, 2)  clip(max_delta=1.0) → add_decayed_weights(weight_decay=0.1)"
        " → adam(learning_rate=0.2)",
    ]
    masked = optim.masked(optim.sgd(0.1), {"w": True, "b": False})
    assert optim.account(masked, params).startswith("b  (2,)    unchanged")


def test_groups_are_fitted_natively_and_sweep_without_compiling_again() -> None:
    x = np.random.default_rng(0).normal(size=(12, 3))

    def loss(p: Any, x: Any) -> Any:
        return ((x @ p["w"] + p["bias"]) ** 2).mean()

    for rate in (0.1, 0.01):
        optimizer = optim.groups({"bias": optim.sgd(rate)}, optim.adam(0.1))
        start = {"w": np.ones(3), "bias": np.ones(())}
        native, reference = (
            tw.fit(loss, start, (x,), optimizer=optimizer, batch_size=4, epochs=3, engine=engine)
            for engine in ("native", "numpy")
        )
        for a, b in zip(*map(tw.tree.leaves, (native.params, reference.params)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
