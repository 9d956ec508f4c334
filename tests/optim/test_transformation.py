"""Gradient transformations as pairs of functions, and the simplest of them."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError, ShapeError


def init(params: Any) -> Any:
    return optim.EmptyState()


def test_a_transformation_unpacks_into_init_and_update() -> None:
    transformation = optim.sgd(0.5)
    start, update = transformation
    assert len(transformation) == 2
    assert transformation[0] == start
    updates, _ = update([2.0], start([1.0]), [1.0])
    assert updates[0] == -1.0


def test_an_update_without_extra_arguments_is_not_given_any() -> None:
    def update(updates: Any, state: Any, params: Any = None) -> Any:
        return updates, state

    chained = optim.chain(optim.GradientTransformation(init, update), optim.identity())
    assert chained.update(1.0, chained.init(1.0), 1.0, value=3.0)[0] == 1.0


def test_an_update_is_given_the_extra_arguments_it_takes() -> None:
    def update(updates: Any, state: Any, params: Any = None, *, value: Any) -> Any:
        return updates * value, state

    def greedy(updates: Any, state: Any, params: Any = None, **extra: Any) -> Any:
        return updates * extra["other"], state

    chained = optim.chain(
        optim.GradientTransformation(init, update),
        optim.GradientTransformationExtraArgs(init, greedy),
    )
    assert chained.update(1.0, chained.init(1.0), value=3.0, other=5.0)[0] == 15.0


def test_an_update_may_be_any_callable() -> None:
    class Doubling:
        def __call__(self, updates: Any, state: Any, params: Any = None, **extra: Any) -> Any:
            return 2 * updates, state

    assert optim.GradientTransformation(init, Doubling()).update(1.0, (), a=1)[0] == 2.0


def test_updates_are_applied_in_the_dtype_of_the_parameters() -> None:
    params = {"a": np.ones(2, np.float32), "b": None, "c": 1.0}
    after = optim.apply_updates(params, {"a": np.ones(2), "b": None, "c": 0.5})
    assert after["a"].dtype == np.float32
    assert after["b"] is None
    assert after["c"] == 1.5


def test_updates_of_another_structure_are_refused() -> None:
    with pytest.raises(ShapeError, match="structure"):
        optim.apply_updates({"a": 1.0}, {"b": 1.0})


def test_the_count_saturates_instead_of_wrapping() -> None:
    count = tw.Tensor(np.int32(2**31 - 2))
    for _ in range(3):
        count = optim.safe_increment(count)
        assert count.dtype == np.int32
        assert count == 2**31 - 1


@pytest.mark.parametrize("forgotten", [optim.adam, "adam", None])
def test_what_is_no_transformation_is_refused(forgotten: Any) -> None:
    told = r"where a gradient transformation.*(Call it first: adam|Give|Write)"
    with pytest.raises(ArgumentError, match=told):
        optim.chain(optim.clip(1.0), forgotten)


def test_a_foreign_pair_of_init_and_update_is_accepted() -> None:
    from collections import namedtuple

    pair = namedtuple("pair", "init update")(init, lambda u, s, params=None: (3 * u, s))
    chained = optim.chain(pair, optim.scale(2.0))
    assert chained.update(1.0, chained.init(1.0))[0] == 6.0


def test_a_chain_refuses_the_state_of_another() -> None:
    chained = optim.chain(optim.trace(0.9), optim.scale(1.0))
    with pytest.raises(ArgumentError, match="2 transformations got a state of 1"):
        chained.update(1.0, (optim.EmptyState(),))


def test_a_named_chain_keeps_states_by_name_and_order() -> None:
    named = optim.named_chain(("z", optim.trace(0.5)), ("a", optim.scale(2.0)))
    updates, state = named.update(1.0, named.init(0.0))
    assert list(state) == ["z", "a"]
    assert updates == 2.0
    assert state["z"].trace == 1.0


def test_names_given_twice_are_refused() -> None:
    with pytest.raises(ArgumentError, match="'a', 'a'"):
        optim.named_chain(("a", optim.clip(1.0)), ("a", optim.clip(1.0)))


def test_weight_decay_asks_for_the_parameters() -> None:
    optimizer = optim.adamw(0.1)
    with pytest.raises(
        ArgumentError, match=r"add_decayed_weights.*update\(updates, state, params\)"
    ):
        optimizer.update([1.0], optimizer.init([1.0]))


@pytest.mark.filterwarnings("ignore:optim.global_norm is deprecated")
def test_the_global_norm_covers_all_leaves() -> None:
    tree = {"a": np.array([3.0]), "b": [np.array([[4.0]]), None]}
    assert optim.global_norm(tree) == 5.0
    assert optim.global_norm({}) == 0.0
    assert optim.global_norm(np.ones(4, np.float32)).dtype == np.float32


def test_clipping_keeps_what_is_small_bit_for_bit() -> None:
    gradient = np.array([0.1, -0.2])
    np.testing.assert_array_equal(optim.clip_by_global_norm(1.0).update(gradient, ())[0], gradient)


def test_clipping_does_not_hide_infinity() -> None:
    updates, _ = optim.clip_by_global_norm(1.0).update(np.array([np.inf, 1.0]), ())
    assert np.isnan(updates[0])
