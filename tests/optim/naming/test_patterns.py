"""Patterns of parameters' names, in rules and in masks, on trees and on modules."""

import pickle
from typing import Any

import numpy as np
import pytest

import thalweg as tw
import thalweg.torch as wing
from thalweg import optim
from thalweg.errors import ArgumentError
from thalweg.optim.naming.patterns import matches

nn = wing.nn

X = np.random.default_rng(0).normal(size=(12, 3))
Y = np.random.default_rng(1).normal(size=(12, 2))


class Scaled(nn.Module):
    """A module with a bias at the top and others below."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
        self.bias = nn.Parameter(wing.zeros(2))

    def forward(self, x: Any) -> Any:
        return self.layers(x) + self.bias


BIASES = ["bias", "layers.0.bias", "layers.2.bias"]
WEIGHTS = ["layers.0.weight", "layers.2.weight"]


@pytest.mark.parametrize(
    ("pattern", "name", "holds"),
    [
        ("**.bias", "bias", True),
        ("**.bias", "layers.0.bias", True),
        ("**.bias", "layers.0.bias.scale", False),
        ("**.bias", "layers.0.unbias", False),
        ("layers.*.weight", "layers.10.weight", True),
        ("layers.*.weight", "layers.1.inner.weight", False),
        ("layers.**.weight", "layers.weight", True),
        ("layers.?.weight", "layers.10.weight", False),
        ("**", "", True),
        ("w[0]", "w[0]", True),
    ],
)
def test_a_pattern_goes_by_steps(pattern: str, name: str, holds: bool) -> None:
    assert matches(pattern, tuple(name.split(".")) if name else ()) is holds


def test_the_biases_of_a_module_are_those_at_any_depth() -> None:
    model = Scaled()
    optimizer = optim.groups({"**.bias": optim.set_to_zero()}, optim.sgd(0.1))
    before = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
    tw.fit(model, (X, Y), loss=nn.functional.mse_loss, optimizer=optimizer, steps=3)
    moved = {n for n, p in model.named_parameters() if (before[n] != p.detach().numpy()).any()}
    assert moved == set(WEIGHTS)


def test_an_account_of_a_module_is_of_what_it_trains() -> None:
    model = Scaled()
    model.layers[0].requires_grad_(False)
    optimizer = optim.groups({"**.bias": optim.sgd(0.1)}, optim.adam(0.1))
    assert optim.account(optimizer, model).splitlines() == [
        "bias             (2,)    sgd(learning_rate=0.1)",
        "layers.2.bias    (2,)    sgd(learning_rate=0.1)",
        "layers.2.weight  (2, 4)  adam(learning_rate=0.1)",
    ]


def test_the_parameters_of_pytorch_s_module_go_by_their_names() -> None:
    torch = pytest.importorskip("torch")
    from thalweg.bridges.torch import Optimizer

    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 1))
    rules = optim.groups({"**.bias": optim.set_to_zero()}, optim.sgd(0.1))
    assert optim.account(rules, model).startswith("0.bias    (2,)    set_to_zero()\n0.weight")
    optimizer = Optimizer(model.named_parameters(), rules)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    model(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    moved = {n for n, p in model.named_parameters() if not torch.equal(before[n], p)}
    assert moved == {"0.weight", "1.weight"}


def test_a_pattern_that_matches_nothing_names_what_there_is() -> None:
    rules = optim.groups({"**.bais": optim.set_to_zero()}, optim.sgd(0.1))
    with pytest.raises(
        ArgumentError, match=r"'\*\*.bais' matches no parameter; there are bias, layers.0.bias, la"
    ):
        tw.fit(Scaled(), (X, Y), loss=nn.functional.mse_loss, optimizer=rules, steps=1)
    many = {f"p{i}": 1.0 for i in range(100)}
    with pytest.raises(ArgumentError, match=r"there are p0, .*, … \(100 in all\)"):
        optim.masked(optim.sgd(0.1), "q*").init(many)


# ---- masks

PARAMS = {"0.weight": 1.0, "0.bias": 1.0, "head": {"weight": 1.0, "bias": 1.0}}


@pytest.mark.parametrize(
    ("mask", "chosen"),
    [
        ("**.bias", ["0.bias", "head.bias"]),
        (optim.matching("head.**", "0.bias"), ["0.bias", "head.bias", "head.weight"]),
        (optim.matching(excluding="**.bias"), ["0.weight", "head.weight"]),
        (optim.matching("head.*", excluding=["**.bias"]), ["head.weight"]),
        (optim.matching(), ["0.bias", "0.weight", "head.bias", "head.weight"]),
    ],
)
def test_a_pattern_is_a_mask(mask: Any, chosen: list[str]) -> None:
    made = optim.masked(optim.scale(0.0), mask)
    assert pickle.loads(pickle.dumps(made)) == made
    updates, _ = made.update(PARAMS, made.init(PARAMS))
    names = ["0.bias", "0.weight", "head.bias", "head.weight"]
    zeros = [n for n, u in zip(names, tw.tree.leaves(updates), strict=True) if u == 0]
    assert zeros == chosen
    frozen = optim.freeze(mask)
    assert frozen.update(PARAMS, frozen.init(PARAMS))[0] == updates
    half = optim.selective_transform(optim.scale(2.0), freeze_mask=mask)
    moved = tw.tree.leaves(half.update(PARAMS, half.init(PARAMS))[0])
    assert [n for n, u in zip(names, moved, strict=True) if u == 0] == chosen


@pytest.mark.parametrize("mask", ["**.bais", optim.matching(excluding="norm.*")])
def test_a_mask_that_matches_nothing_is_refused(mask: Any) -> None:
    for made in (optim.masked(optim.sgd(0.1), mask), optim.adamw(0.1, mask=mask)):
        with pytest.raises(ArgumentError, match=r"matches no parameter; there are 0.bias, 0.wei"):
            made.init(PARAMS)


def test_gradients_that_are_none_do_not_matter_to_a_mask() -> None:
    made = optim.masked(optim.scale(2.0), "b")
    state = made.init({"w": 1.0, "b": 1.0})
    assert made.update({"w": 1.0, "b": None}, state)[0] == {"w": 1.0, "b": None}


def test_a_pattern_is_text() -> None:
    with pytest.raises(ArgumentError, match=r"got 3 where a pattern of names is wanted"):
        optim.matching("w", 3)  # type: ignore[arg-type]


def test_a_frozen_mask_may_be_a_function() -> None:
    half = optim.selective_transform(
        optim.scale(2.0), freeze_mask=lambda p: tw.tree.map(lambda leaf: np.ndim(leaf) == 0, p)
    )
    tree = {"w": np.ones(2), "b": np.ones(())}
    updates = half.update(tree, half.init(tree))[0]
    assert (updates["w"].tolist(), updates["b"].item()) == ([2.0, 2.0], 0.0)


def test_an_account_reads_patterns_in_masks() -> None:
    optimizer = optim.chain(optim.masked(optim.add_decayed_weights(0.1), "w*"), optim.sgd(0.1))
    assert optim.account(optimizer, {"w": 1.0, "b": 1.0}).splitlines() == [
        "b  ()  sgd(learning_rate=0.1)",
        "w  ()  add_decayed_weights(weight_decay=0.1) → sgd(learning_rate=0.1)",
    ]
