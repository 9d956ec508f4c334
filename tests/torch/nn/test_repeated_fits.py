"""A module that is fitted again is traced again only if something in it changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch
from thalweg.errors import TracingError
from thalweg.torch import nn
from thalweg.torch.nn.modules.module import register_module_forward_hook
from thalweg.training.prepare import STEPS

pytestmark = pytest.mark.singles

X = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
Y = X[:, :1]
FACTOR = {"value": 2.0}


class Net(nn.Module):
    scale = 1.0

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.norm, self.last = nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)
        self.power = 2
        self.shift = torch.zeros(4)
        self.settings = {"slope": 0.5}

    def forward(self, x: Any) -> Any:
        hidden = self.norm(self.first(x)) + self.shift
        hidden = torch.where(hidden > 0, hidden, self.settings["slope"] * hidden)
        return self.scale * FACTOR["value"] * self.last(hidden) ** self.power


def fitted(model: nn.Module, loss: Any = nn.functional.mse_loss, **options: Any) -> Any:
    options = {"optimizer": tw.optim.sgd(0.01), "batch_size": 8, "epochs": 1, **options}
    return tw.fit(model, (X, Y), loss=loss, **options)


def losses(fit: Any) -> list[float]:
    return [*map(float, fit.history.loss)]


def is_kept(model: nn.Module, **options: Any) -> bool:
    before = list(map(id, STEPS.values()))
    fitted(model, **options)
    return sorted(map(id, STEPS.values())) == sorted(before)


def test_a_fit_of_the_same_module_is_kept_whatever_its_parameters_are() -> None:
    model = Net()
    fitted(model)
    assert is_kept(model)
    with torch.no_grad():
        model.first.weight.zero_()
        model.norm.running_mean.fill_(3.0)
    assert is_kept(model)
    assert is_kept(Net())
    assert is_kept(model, epochs=3, optimizer=tw.optim.sgd(0.02))
    assert not is_kept(model, optimizer=tw.optim.adam(0.02))


def test_a_kept_fit_is_that_of_a_first_one() -> None:
    first, second = Net(), Net()
    fitted(first, seed=1)
    with torch.no_grad():
        for p in second.parameters():
            p.add_(0.1)
    other = Net()
    other.load_state_dict(second.state_dict())
    found = fitted(second, seed=5)
    STEPS.clear()
    expected = fitted(other, seed=5)
    assert losses(found) == losses(expected)
    for ours, theirs in zip(second.state_dict().values(), other.state_dict().values(), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def other_hook(model: Net) -> None:
    model.first.register_forward_hook(lambda part, inputs, output: output * 2)


def linear_forward(model: Net) -> None:
    model.forward = lambda x: model.last(model.norm(model.first(x)))  # type: ignore[method-assign]


CHANGES: dict[str, Callable[[Net], Any]] = {
    "a number": lambda model: setattr(model, "power", 1),
    "a number in a dict": lambda model: model.settings.update(slope=0.25),
    "a tensor": lambda model: setattr(model, "shift", torch.ones(4)),
    "a tensor in place": lambda model: model.shift.fill_(2.0),
    "a layer": lambda model: setattr(model, "norm", nn.LayerNorm(4)),
    "a layer's setting": lambda model: setattr(model.norm, "momentum", 0.5),
    "the mode of a layer": lambda model: model.norm.eval(),
    "a frozen parameter": lambda model: model.first.weight.requires_grad_(False),
    "a tied parameter": lambda model: setattr(model.norm, "bias", model.norm.weight),
    "a hook": other_hook,
    "a hook of a parameter": lambda model: model.first.weight.register_hook(lambda g: 2 * g),
    "forward": lambda model: setattr(
        model, "forward", lambda x: model.last(model.norm(model.first(x)))
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_a_module_is_seen(name: str) -> None:
    model, other = Net(), Net()
    fitted(model, seed=3)
    for net in (model, other):
        CHANGES[name](net)
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        with torch.no_grad():
            theirs.copy_(mine)
    for mine, theirs in zip(model.buffers(), other.buffers(), strict=True):
        theirs.copy_(mine)
    found = fitted(model, seed=4)
    STEPS.clear()
    assert losses(found) == losses(fitted(other, seed=4))


def test_a_change_outside_of_a_module_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Net()
    assert [is_kept(model) for _ in range(2)][1]
    monkeypatch.setitem(FACTOR, "value", 3.0)
    assert not is_kept(model)
    monkeypatch.setattr(Net, "scale", 0.5)
    assert not is_kept(model)
    assert not is_kept(model, loss=nn.L1Loss())
    assert is_kept(model, loss=nn.L1Loss())
    assert not is_kept(model, loss=nn.L1Loss(reduction="sum"))
    handle = register_module_forward_hook(lambda part, inputs, output: output * 1.5)
    try:
        assert not is_kept(model)
    finally:
        handle.remove()


def test_what_shows_the_memory_of_a_parameter_is_refused_the_second_time_too() -> None:
    model = Net()
    model.shift = model.first.weight.detach()[:, 0].clone()
    fitted(model, optimizer=tw.optim.sgd(0.0))
    model.shift = model.first.weight.detach()[:, 0]
    with pytest.raises(TracingError, match="shows memory of the module"):
        fitted(model)


def test_random_numbers_of_a_kept_fit_follow_its_seed() -> None:
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))
    state = model.state_dict()
    start = {name: value.clone() for name, value in state.items()}
    found = []
    for seed in (1, 2, 1):
        model.load_state_dict(start)
        found.append(losses(fitted(model, seed=seed)))
    assert found[0] == found[2] != found[1]


def test_a_repeated_fit_takes_milliseconds() -> None:
    model = Net()
    fitted(model)
    times = []
    for _ in range(40):
        began = time.process_time()
        fitted(model)
        times.append(time.process_time() - began)
    # It takes less than two, and more beside other processes, which use the same caches.
    assert min(times) < 0.004
