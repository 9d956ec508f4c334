"""Models by name: what is read, what is refused, and the scores they give."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from thalweg.errors import SpecError
from thalweg.estimators.models import (
    Model,
    flat,
    initial,
    nested,
    parse_model,
    scores,
    squared_weights,
)


def test_a_network_is_affine_maps_with_rectifiers_between() -> None:
    params = initial(Model("mlp", (7, 3)), features=4, outputs=2, seed=5)
    params["weights"][-1] = np.random.default_rng(0).normal(size=(3, 2))
    X = np.random.default_rng(1).normal(size=(6, 4))
    (A, B, C), (a, b, c) = params["weights"], params["biases"]
    hidden = np.maximum(np.maximum(X @ A + a, 0) @ B + b, 0)
    assert_allclose(scores(params, X), hidden @ C + c)
    assert squared_weights(params) == sum(np.sum(W**2) for W in (A, B, C))


def test_one_output_gives_one_score_a_row() -> None:
    params = initial(Model("mlp", (7,)), features=4, outputs=1, seed=5)
    assert scores(params, np.ones((6, 4))).shape == (6,)


def test_initial_weights_follow_from_the_seed() -> None:
    first, same, other = (initial(Model("mlp", (50,)), 40, 1, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["weights"][0], same["weights"][0])
    assert not np.array_equal(first["weights"][0], other["weights"][0])
    assert_allclose(first["weights"][0].std(), np.sqrt(2 / 40), rtol=0.1)


def test_parameters_come_back_from_their_names() -> None:
    params = initial(Model("mlp", (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)), 3, 1, seed=0)
    back = nested(flat(params))
    for kind in ("weights", "biases"):
        for one, two in zip(params[kind], back[kind], strict=True):
            np.testing.assert_array_equal(one, two)


# ---- by name


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("linear", Model("linear")),
        (" linear ", Model("linear")),
        ("mlp:64", Model("mlp", (64,))),
        ("mlp:64,32", Model("mlp", (64, 32))),
        ("mlp: 64 , 32", Model("mlp", (64, 32))),
    ],
)
def test_a_model_is_read(text: str, model: Model) -> None:
    assert parse_model(text) == model
    assert parse_model(str(model)) == model


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is no model ''; choose linear, or mlp:64,32"),
        ("linaer", "there is no model 'linaer'; choose linear"),
        ("MLP:3", "there is no model 'MLP:3'"),
        ("linear:3", "linear has none"),
        ("mlp", "layer of size ''; give whole numbers from 1 to 65536"),
        ("mlp:", "layer of size ''"),
        ("mlp:64,", "layer of size ''"),
        ("mlp:0", "layer of size '0'"),
        ("mlp:-3", "layer of size '-3'"),
        ("mlp:3.5", "layer of size '3.5'"),
        ("mlp:６４", "layer of size '６４'"),
        ("mlp:99999", "layer of size '99999'"),
        ("mlp:" + ",".join(["2"] * 40), "40 hidden layers; give at most 32"),
    ],
)
def test_a_model_that_means_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        parse_model(text)


@settings(max_examples=1000, deadline=None)
@given(st.one_of(st.text(max_size=20), st.text("mlp:linear0123456789, ", max_size=20)))
def test_any_text_is_a_model_or_a_refusal(text: str) -> None:
    with suppress(SpecError):
        assert isinstance(parse_model(text), Model)
