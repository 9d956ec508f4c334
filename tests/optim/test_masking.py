"""Transformations of some leaves: masked and partition."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError, ShapeError


def test_a_mask_leaves_the_other_updates_as_they_are() -> None:
    masked = optim.masked(optim.scale(-1.0), {"w": True, "b": False})
    updates, _ = masked.update({"w": 1.0, "b": 2.0}, masked.init({"w": 0.0, "b": 0.0}))
    assert (updates["w"], updates["b"]) == (-1.0, 2.0)


def test_a_masked_transformation_has_no_state_for_other_leaves() -> None:
    masked = optim.masked(optim.trace(0.9), {"w": True, "b": False})
    state = masked.init({"w": np.zeros(2), "b": np.zeros(3)})
    assert len(tw.tree.leaves(state)) == 1
    assert state.inner_state.trace["b"] == optim.MaskedNode()


def test_a_mask_may_be_a_prefix_of_the_tree() -> None:
    masked = optim.masked(optim.scale(-1.0), {"net": True, "head": False})
    updates, _ = masked.update(
        {"net": [1.0, 2.0], "head": (3.0,)}, masked.init({"net": [0.0, 0.0], "head": (0.0,)})
    )
    assert list(updates["net"]) == [-1.0, -2.0]
    assert updates["head"] == (3.0,)


def test_a_mask_of_another_structure_is_refused() -> None:
    with pytest.raises(ShapeError, match="structure"):
        optim.masked(optim.scale(-1.0), {"w": True}).init({"b": 0.0})


def test_extra_arguments_are_masked_on_request() -> None:
    seen = {}

    def update(updates: Any, state: Any, params: Any = None, **extra: Any) -> Any:
        seen.update(extra)
        return updates, state

    inner = optim.GradientTransformation(lambda params: (), update)
    tree = {"w": 1.0, "b": 2.0}
    for wanted in (False, True):
        masked = optim.masked(inner, {"w": True, "b": False}, mask_compatible_extra_args=wanted)
        masked.update(tree, masked.init(tree), tree, tags={"w": "x", "b": "y"}, value=3.0)
        assert seen["value"] == 3.0
        assert seen["tags"]["b"] == (optim.MaskedNode() if wanted else "y")


def test_labels_without_a_transformation_are_refused() -> None:
    groups = optim.partition({"a": optim.sgd(0.1)}, {"w": "a", "b": "other"})
    with pytest.raises(ArgumentError, match=r"labelled 'other'.*for 'a'.*Add one"):
        groups.init({"w": 0.0, "b": 0.0})


def test_labels_may_come_from_a_function_of_the_parameters() -> None:
    groups = optim.partition(
        {0: optim.scale(10.0), 1: optim.set_to_zero()},
        lambda tree: tw.tree.map(lambda leaf: np.ndim(leaf), tree),
    )
    tree = [np.ones(2), np.array(1.0)]
    updates, _ = groups.update(tree, groups.init(tree), tree)
    np.testing.assert_array_equal(updates[0], [0.0, 0.0])
    assert updates[1] == 10.0


def test_the_older_name_of_partition_is_partition() -> None:
    assert optim.multi_transform is optim.partition


def test_a_frozen_tree_of_other_keys_is_refused_in_the_words_of_jax() -> None:
    frozen = optim.freeze({"w": True, "other": False})
    with pytest.raises(ShapeError, match="Dict key mismatch"):
        frozen.init({"w": 0.0, "b": 0.0})
    half = optim.selective_transform(optim.sgd(0.1), freeze_mask={"w": True})
    with pytest.raises(ShapeError, match="Dict key mismatch"):
        half.init({"w": 0.0, "b": 0.0})
