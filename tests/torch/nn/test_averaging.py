"""Averages of weights are those of PyTorch."""

import copy
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.torch import nn
from thalweg.torch.optim import swa_utils

torch = pytest.importorskip("torch")
oracle = torch.optim.swa_utils

STEPS = 12


def values(step: int) -> Any:
    rng = np.random.default_rng(step)
    return rng.normal(size=(2, 3)), rng.normal(size=2), rng.normal(size=4), rng.integers(0, 99, 2)


class Ours(nn.Module):
    """A model with parameters, a floating buffer and a whole one."""

    def __init__(self) -> None:
        super().__init__()
        weight, bias, drift, seen = map(wing.tensor, values(0))
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(bias)
        self.register_buffer("drift", drift)
        self.register_buffer("seen", seen)

    def forward(self, x: Any) -> Any:
        return x @ self.weight.T + self.bias


class Theirs(torch.nn.Module):  # type: ignore[misc]
    """The same model of PyTorch's."""

    def __init__(self) -> None:
        super().__init__()
        weight, bias, drift, seen = map(torch.tensor, values(0))
        self.weight = torch.nn.Parameter(weight)
        self.bias = torch.nn.Parameter(bias)
        self.register_buffer("drift", drift)
        self.register_buffer("seen", seen)

    def forward(self, x: Any) -> Any:
        return x @ self.weight.T + self.bias


def train(library: Any, model: Any, averaged: Any) -> list[Any]:
    """Return the averages after each of some changes of a model."""
    found = []
    for step in range(1, STEPS):
        with library.no_grad():
            for name, value in zip(("weight", "bias", "drift", "seen"), values(step), strict=True):
                getattr(model, name).copy_(library.tensor(value))
        averaged.update_parameters(model)
        state = averaged.state_dict()
        found.append({name: np.asarray(value.detach().numpy()) for name, value in state.items()})
    return [copy.deepcopy(entry) for entry in found]


RULES: dict[str, Any] = {
    "the mean": lambda s: {},
    "the mean, by its rule": lambda s: {"avg_fn": s.get_swa_avg_fn()},
    "an exponential one": lambda s: {"avg_fn": s.get_ema_avg_fn(0.9)},
    "an exponential one, together": lambda s: {"multi_avg_fn": s.get_ema_multi_avg_fn(0.9)},
    "a slow one": lambda s: {"multi_avg_fn": s.get_ema_multi_avg_fn()},
    "one's own": lambda s: {"avg_fn": lambda a, p, n: a + (p - a) * 0.5 / (n + 1)},
}


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_averages_are_those_of_pytorch(rule: Any, use_buffers: bool) -> None:
    ours, theirs = Ours(), Theirs()
    mine = swa_utils.AveragedModel(ours, use_buffers=use_buffers, **rule(swa_utils))
    other = oracle.AveragedModel(theirs, use_buffers=use_buffers, **rule(oracle))
    found, expected = train(wing, ours, mine), train(torch, theirs, other)
    for step, (one, two) in enumerate(zip(found, expected, strict=True)):
        assert one.keys() == two.keys()
        for name in one:
            # PyTorch rounds whole numbers in its own way; none is further off than one.
            whole = one[name].dtype.kind == "i" and name != "n_averaged" and use_buffers
            atol = step + 1 if whole else 1e-15
            np.testing.assert_allclose(one[name], two[name], rtol=1e-13, atol=atol, err_msg=name)


def test_the_mean_of_many_tensors_at_once_is_the_mean() -> None:
    # PyTorch computes its weights in single precision, and refuses buffers of whole numbers.
    results = []
    for rule in ({"multi_avg_fn": swa_utils.get_swa_multi_avg_fn()}, {}):
        model = Ours()
        averaged = swa_utils.AveragedModel(model, use_buffers=True, **rule)
        results.append(train(wing, model, averaged))
    for one, two in zip(*results, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], two[name])


def test_the_averaged_model_predicts_with_the_averages_and_trains_nothing() -> None:
    model = Ours()
    averaged = swa_utils.AveragedModel(model)
    train(wing, model, averaged)
    weight = np.mean([values(step)[0] for step in range(1, STEPS)], axis=0)
    bias = np.mean([values(step)[1] for step in range(1, STEPS)], axis=0)
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(averaged(wing.tensor(x)).detach().numpy(), x @ weight.T + bias)
    assert averaged.module is not model
    assert int(averaged.n_averaged) == STEPS - 1
    assert all(parameter.grad_fn is None for parameter in averaged.parameters())


def test_averages_go_on_from_a_state() -> None:
    model = Ours()
    averaged = swa_utils.AveragedModel(model)
    train(wing, model, averaged)
    resumed = swa_utils.AveragedModel(Ours())
    resumed.load_state_dict(averaged.state_dict())
    for one in (averaged, resumed):
        one.update_parameters(Ours())
    for mine, other in zip(averaged.parameters(), resumed.parameters(), strict=True):
        np.testing.assert_array_equal(mine.detach().numpy(), other.detach().numpy())


def test_two_rules_are_one_too_many() -> None:
    rules = {"avg_fn": swa_utils.get_swa_avg_fn(), "multi_avg_fn": swa_utils.get_swa_multi_avg_fn()}
    with pytest.raises(tw.errors.ArgumentError, match="one rule"):
        swa_utils.AveragedModel(Ours(), **rules)


@pytest.mark.parametrize("decay", [-0.1, 1.1, np.nan])
def test_a_decay_is_a_share(decay: float) -> None:
    for make in (swa_utils.get_ema_avg_fn, swa_utils.get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match="Invalid decay value"):
            make(decay)


def test_a_model_of_other_tensors_is_refused() -> None:
    averaged = swa_utils.AveragedModel(Ours())
    with pytest.raises(ValueError, match="a model of 1 tensors"):
        averaged.update_parameters(nn.Linear(3, 2, bias=False))


class Normalized(nn.Module):
    """Subtracts the mean over a batch, and its running mean in prediction."""

    def __init__(self) -> None:
        super().__init__()
        self.momentum: float | None = 0.1
        self.register_buffer("running_mean", wing.zeros(3))
        self.register_buffer("batches", wing.tensor(0))

    def reset_running_stats(self) -> None:
        self.running_mean.zero_()
        self.batches.zero_()

    def forward(self, x: Any) -> Any:
        if not self.training:
            return x - self.running_mean
        self.batches.add_(1)
        share = self.momentum if self.momentum is not None else 1 / int(self.batches)
        mean = x.mean(axis=0)
        self.running_mean.copy_((1 - share) * self.running_mean + share * mean)
        return x - mean


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("labelled", [True, False])
def test_running_statistics_are_computed_anew(training: bool, labelled: bool) -> None:
    rng = np.random.default_rng(0)
    batches = [wing.tensor(rng.normal(size=(5, 3))) for _ in range(4)]
    model = nn.Sequential(Normalized(), nn.Identity())
    model(batches[0])
    model.train(training)
    loader = [(batch, 1) for batch in batches] if labelled else batches
    swa_utils.update_bn(loader, model)
    expected = np.mean([batch.numpy().mean(axis=0) for batch in batches], axis=0)
    np.testing.assert_allclose(model[0].running_mean.numpy(), expected, rtol=1e-14)
    assert model[0].momentum == 0.1
    assert model.training is training


def test_a_model_without_running_statistics_sees_no_batch() -> None:
    def unread() -> Any:
        raise AssertionError("a batch was read")
        yield

    swa_utils.update_bn(unread(), nn.Linear(1, 1))


def test_the_names_of_pytorch_are_found_where_it_has_them() -> None:
    for name in swa_utils.__all__:
        assert getattr(wing.optim.swa_utils, name) is getattr(swa_utils, name)
        assert hasattr(oracle, name)
    with pytest.raises(AttributeError, match="no attribute 'AverageModel'"):
        _ = wing.optim.swa_utils.AverageModel
