"""States as dicts: PyTorch's layout, its errors, and runs that go on as if never stopped."""

import copy
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.optim.test_contract import assert_equal, leaves, make, train, values
from tests.torch.optim.torch_configurations import CLASSES, STEPPED
from thalweg import torch as wing

each_class = pytest.mark.parametrize("name", CLASSES)


@each_class
def test_a_resumed_run_equals_an_uninterrupted_one(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [w, b])
    train(optimizer, (w, b, x), 7)
    saved = copy.deepcopy(optimizer.state_dict())
    v, c = (wing.tensor(p.numpy(force=True), requires_grad=True) for p in (w, b))
    resumed = make(name, [v, c])
    resumed.load_state_dict(saved)
    train(optimizer, (w, b, x), 7)
    train(resumed, (v, c, x), 7)
    assert_equal(values(w, b), values(v, c))


def test_a_resumed_transformation_equals_an_uninterrupted_one() -> None:
    def made(params: Any) -> Any:
        return wing.optim.Optimizer(params, tw.optim.chain(tw.optim.clip(1.0), tw.optim.adam(0.1)))

    w, b, x = leaves()
    optimizer = made([w, b])
    train(optimizer, (w, b, x), 3)
    saved = copy.deepcopy(optimizer.state_dict())
    v, c = (wing.tensor(p.numpy(force=True), requires_grad=True) for p in (w, b))
    resumed = made([v, c])
    resumed.load_state_dict(saved)
    train(optimizer, (w, b, x), 3)
    train(resumed, (v, c, x), 3)
    assert_equal(values(w, b), values(v, c))


@pytest.mark.parametrize("name", STEPPED)
def test_the_layout_is_that_of_torch(name: str) -> None:
    w, b, x = leaves()
    ours = make(name, [w, b])
    train(ours, (w, b, x), 2)
    theirs = getattr(torch.optim, name)(torch.nn.ParameterList([torch.zeros(2, 2)] * 1))
    theirs.param_groups[0]["params"][0].grad = torch.ones(2, 2)
    theirs.step()
    mine, reference = ours.state_dict(), theirs.state_dict()
    assert mine.keys() == reference.keys()
    assert mine["param_groups"][0].keys() == reference["param_groups"][0].keys()
    assert mine["param_groups"][0]["params"] == [0, 1]
    there = {k for k, v in reference["state"].get(0, {}).items() if v is not None}
    assert set(mine["state"].get(0, {})) == there


def test_a_state_of_torch_can_be_loaded() -> None:
    start = np.arange(4.0)
    q, p = torch.tensor(start, requires_grad=True), wing.tensor(start, requires_grad=True)
    theirs, ours = torch.optim.Adam([q], lr=0.1), wing.optim.Adam([p], lr=0.1)
    for optimizer, param, lib in ((theirs, q, torch), (ours, p, wing)):
        param.grad = lib.ones_like(param.detach())
        optimizer.step()
    saved = theirs.state_dict()
    saved["state"] = {
        i: {k: wing.tensor(v.numpy()) for k, v in kept.items()}
        for i, kept in saved["state"].items()
    }
    again = wing.tensor(q.detach().numpy(), requires_grad=True)
    loaded = wing.optim.Adam([again])
    loaded.load_state_dict(saved)
    for optimizer, param in ((loaded, again), (ours, p)):
        param.grad = wing.ones_like(param.detach())
        optimizer.step()
    np.testing.assert_allclose(again.numpy(force=True), p.numpy(force=True), rtol=1e-14)


def test_tensors_are_not_copied_by_saving_but_are_by_loading() -> None:
    w, b, x = leaves()
    optimizer = make("Adam", [w, b])
    train(optimizer, (w, b, x), 1)
    saved = optimizer.state_dict()
    assert saved["state"][0]["exp_avg"] is optimizer.state[w]["exp_avg"]
    optimizer.load_state_dict(saved)
    assert saved["state"][0]["exp_avg"] is not optimizer.state[w]["exp_avg"]


def test_loading_replaces_options_but_not_defaults() -> None:
    w, b, _ = leaves()
    saved = make("SGD", [w, b], lr=0.5, momentum=0.9).state_dict()
    optimizer = make("SGD", [w, b], lr=0.1)
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert optimizer.param_groups[0]["momentum"] == 0.9
    assert optimizer.defaults["lr"] == 0.1


def test_floating_state_takes_the_dtype_of_its_parameter_but_for_the_step() -> None:
    w, b, x = leaves()
    optimizer = make("Adam", [w, b])
    train(optimizer, (w, b, x), 2)
    narrow = leaves(np.float32)
    loaded = make("Adam", list(narrow[:2]))
    loaded.load_state_dict(optimizer.state_dict())
    assert {str(v.dtype) for v in loaded.state[narrow[0]].values()} == {"torch.float32"}
    train(loaded, narrow, 2)


def test_states_under_other_keys_survive() -> None:
    w, b, _ = leaves()
    optimizer = make("SGD", [w, b])
    optimizer.state["run"] = {"seed": 3}
    other = make("SGD", [w, b])
    other.load_state_dict(optimizer.state_dict())
    assert other.state["run"] == {"seed": 3}


def test_another_number_of_groups_is_refused() -> None:
    w, b, _ = leaves()
    saved = make("SGD", [{"params": [w]}, {"params": [b]}]).state_dict()
    with pytest.raises(ValueError, match="different number of parameter groups"):
        make("SGD", [w, b]).load_state_dict(saved)


def test_another_number_of_parameters_is_refused() -> None:
    w, b, _ = leaves()
    with pytest.raises(ValueError, match="doesn't match the size of"):
        make("SGD", [w]).load_state_dict(make("SGD", [w, b]).state_dict())


def test_names_of_parameters_are_saved() -> None:
    w, b, _ = leaves()
    saved = make("SGD", [("w", w), ("b", b)]).state_dict()
    assert saved["param_groups"][0]["param_names"] == ["w", "b"]
    other = make("SGD", [("w", w), ("b", b)])
    other.load_state_dict(saved)
    assert other.param_groups[0]["param_names"] == ["w", "b"]


def test_a_step_that_was_saved_as_a_number_becomes_a_tensor() -> None:
    w, b, x = leaves()
    optimizer = make("Adam", [w, b])
    train(optimizer, (w, b, x), 2)
    saved = copy.deepcopy(optimizer.state_dict())
    for kept in saved["state"].values():
        kept["step"] = 2
    optimizer.load_state_dict(saved)
    train(optimizer, (w, b, x), 1)
    assert optimizer.state[w]["step"].item() == 3.0
