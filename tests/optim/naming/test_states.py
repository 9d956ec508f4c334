"""The names of a state's leaves."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.contrib_samples import CONTRIB, Names, params_of
from tests.optim.samples import OPTIMIZERS, listed, params
from thalweg import optim
from thalweg.errors import ArgumentError
from thalweg.optim.naming.states import with_named

PARAMS = {"0.weight": np.ones((2, 2)), "head": {"bias": np.ones(2)}}


def test_leaves_go_by_transformation_field_and_parameter() -> None:
    assert [*optim.named_state(optim.adam(0.1).init(PARAMS))] == [
        *("ScaleByAdamState.count", "ScaleByAdamState.mu.0.weight"),
        *("ScaleByAdamState.mu.head.bias", "ScaleByAdamState.nu.0.weight"),
        "ScaleByAdamState.nu.head.bias",
    ]


@pytest.mark.parametrize(
    "more",
    [
        lambda adam: optim.chain(optim.clip(1.0), adam),
        lambda adam: optim.chain(adam, optim.scale(1.0), optim.trace(0.9)),
        lambda adam: optim.chain(optim.chain(optim.clip(1.0), adam), optim.clip(1.0)),
    ],
)
def test_what_else_is_in_a_chain_does_not_matter(more: Any) -> None:
    adam = optim.adam(0.1)
    names = [*optim.named_state(adam.init(PARAMS))]
    found = [*optim.named_state(more(adam).init(PARAMS))]
    assert [name for name in found if not name.startswith("TraceState")] == names
    alone = optim.named_state(optim.scale_by_adam().init(PARAMS))
    assert [*alone] == names


def test_several_of_a_kind_are_numbered() -> None:
    state = optim.chain(optim.trace(0.9), optim.chain(optim.trace(0.5))).init({"w": 1.0})
    assert [*optim.named_state(state)] == ["TraceState#1.trace.w", "TraceState#2.trace.w"]


def test_rules_and_chains_by_name_are_named() -> None:
    made = optim.named_chain(
        ("momentum", optim.trace(0.9)), ("rules", optim.groups({"**.bias": optim.trace(0.9)},
                                                               optim.adam(0.1))),
    )  # fmt: skip
    names = [*optim.named_state(made.init(PARAMS))]
    assert names[0] == "momentum.trace.0.weight"
    assert "rules.inner_states.**.bias.inner_state.trace.head.bias" in names


@pytest.mark.filterwarnings("ignore:`optimistic_adam` is deprecated")
@pytest.mark.parametrize("sample", listed({k: v[:1] for k, v in (OPTIMIZERS | CONTRIB).items()}))
def test_every_state_has_names_of_its_own_in_the_order_of_its_leaves(sample: Any) -> None:
    start = params_of("galore")
    state = sample(Names(optim)).init(start)
    names = optim.named_state(state)
    for found, leaf in zip(names.values(), tw.tree.leaves(state), strict=True):
        assert found is leaf
    zeros = with_named(state, dict.fromkeys(names, 0))
    assert tw.tree.structure(zeros) == tw.tree.structure(state)
    assert set(tw.tree.leaves(zeros)) <= {0}


def test_two_leaves_of_one_name_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"have the name TraceState.trace.a.b"):
        optim.named_state(optim.trace(0.9).init({"a.b": 1.0, "a": {"b": 1.0}}))


def test_a_tree_without_names_has_one_leaf() -> None:
    assert optim.named_state(3.0) == {"·": 3.0}
    assert optim.named_state((1.0, None, [2.0])) == {"0": 1.0, "2.0": 2.0}
    assert params()["layer"].nothing is None
