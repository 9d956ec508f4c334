"""What a module's loss does beside computing: hooks, draws, counts, tensors of other modules."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.training.test_penalties import Network, X, Y, assert_same, made, mse, stepped
from thalweg import torch as wing
from thalweg.errors import CallError, TracingError
from thalweg.torch import nn
from thalweg.torch.nn.modules import module as globally

MASK = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])


def halved(module: Any, inputs: Any, outputs: Any) -> Any:
    return tuple(None if g is None else 0.5 * g for g in inputs)


HOOKS: dict[str, Callable[[Any], Any]] = {
    "of a parameter": lambda m: m.fc.weight.register_hook(lambda g: 2 * g),
    "that clips": lambda m: m.out.weight.register_hook(lambda g: g.clamp(-0.01, 0.01)),
    "that masks": lambda m: m.out.weight.register_hook(lambda g: g * MASK),
    "after backward": lambda m: m.out.register_full_backward_hook(halved),
    "of a layer inside": lambda m: m.fc.register_full_backward_hook(halved),
    "before backward": lambda m: m.out.register_full_backward_pre_hook(lambda m, g: (3 * g[0],)),
    "after forward": lambda m: m.fc.register_forward_hook(lambda m, i, o: 2 * o),
    "before forward": lambda m: m.fc.register_forward_pre_hook(lambda m, i: (i[0] + 1,)),
    "around all": lambda m: globally.register_module_forward_hook(lambda m, i, o: 1.1 * o),
    "behind all": lambda m: globally.register_module_full_backward_hook(halved),
}


def trained(model: nn.Module, loss: Any = mse, **options: Any) -> tw.Fit:
    given = {"optimizer": tw.optim.sgd(0.05, momentum=0.9), "batch_size": 6, "epochs": 2, **options}
    return tw.fit(model, (X, Y), loss=loss, shuffle=False, engine="numpy", **given)


def looped(model: nn.Module, loss: Any = mse) -> list[float]:
    return stepped(model, loss, wing.optim.SGD(model.parameters(), lr=0.05, momentum=0.9), 2, 6)


@pytest.mark.parametrize("name", HOOKS)
def test_hooks_are_part_of_the_run(name: str) -> None:
    ours, theirs, without = made(Network), made(Network), made(Network)
    plain = trained(without)
    with HOOKS[name](ours):
        found = trained(ours)
    with HOOKS[name](theirs):
        losses = looped(theirs)
    np.testing.assert_allclose(found.history.loss, losses, rtol=1e-11)
    assert_same(ours, theirs)
    assert not np.array_equal(plain.params["out.weight"], found.params["out.weight"])


def test_a_hook_that_needs_a_stored_gradient_is_refused() -> None:
    model = made(Network)
    model.fc.weight.register_post_accumulate_grad_hook(lambda p: None)
    with pytest.raises(CallError, match=r"'fc.weight'.*register_post_accumulate_grad_hook"):
        trained(model)


# ---- what is not trained


def test_a_second_module_stays_and_is_warned_of() -> None:
    ours, theirs, other = made(Network), made(Network), nn.Linear(2, 2, dtype=tw.float64)
    before = other.weight.detach().numpy().copy()
    loss = lambda out, y: mse(other(out), y)
    told = r"other.weight \(used at .*test_module_surroundings.py:\d+\), other.bias.*stays as it is"
    with pytest.warns(UserWarning, match=told):
        found = trained(ours, loss)
    np.testing.assert_allclose(found.history.loss, looped(theirs, loss), rtol=1e-11)
    np.testing.assert_array_equal(other.weight.detach().numpy(), before)
    other.requires_grad_(False)
    trained(made(Network), lambda out, y: mse(other(out), y))


def test_parameters_are_frozen_as_they_are_when_a_fit_starts() -> None:
    ours, theirs = made(Network), made(Network)
    for frozen in (True, False, True):
        for model in (ours, theirs):
            model.fc.requires_grad_(not frozen)
        loss = lambda m: lambda o, y: mse(o, y) + sum(p.square().sum() for p in m.parameters())
        found = trained(ours, loss(ours))
        assert ("fc.weight" in found.params) is not frozen
        looped(theirs, loss(theirs))
        assert_same(ours, theirs)


def written(model: Any) -> Any:
    def loss(out: Any, y: Any) -> Any:
        with tw.no_grad():
            model.fc.weight.clamp_(-0.1, 0.1)
        return mse(out, y)

    return loss


def computed(model: Any) -> Any:
    penalty = model.fc.weight.square().sum()
    return lambda out, y: mse(out, y) + penalty


def viewed(model: Any) -> Any:
    row = model.fc.weight.data[0]
    return lambda out, y: mse(out, y) + row.sum() * out.sum()


def shown(model: Any) -> Any:
    row = model.fc.weight.detach().numpy()
    return lambda out, y: mse(out, y) + np.sum(row)


def switched(model: Any) -> Any:
    def loss(out: Any, y: Any) -> Any:
        model.fc.weight.requires_grad_(False)
        found = mse(out, y) + model.fc.weight.square().sum()
        model.fc.weight.requires_grad_(True)
        return found

    return loss


REFUSED = {
    written: r"'fc.weight' was changed",
    computed: r"computed from model.fc.weight before the fit",
    viewed: r"refers to row, which shows memory of the module's 'fc.weight'",
    shown: r"refers to row, which shows memory of the module's 'fc.weight'",
    switched: r"'fc.weight' was changed",
}


@pytest.mark.parametrize("make", REFUSED)
def test_what_would_not_follow_the_parameters_is_refused(make: Any) -> None:
    model = made(Network)
    with pytest.raises(TracingError, match=REFUSED[make]):
        trained(model, make(model))
    assert not model.fc.weight.is_symbolic
    looped(model)


# ---- draws and state


class Noisy(nn.Module):
    """A module with something of everything that changes from call to call."""

    def __init__(self, addition: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2, dtype=tw.float64)
        self.addition = addition
        self.generator = wing.Generator()
        self.rng, self.python = np.random.default_rng(0), random.Random(0)
        self.calls, self.count, self.rest = 0, itertools.count(), iter(range(100))
        self.kept, self.hidden, self.last = {"n": 0}, tw.zeros(2, dtype=tw.float64), None
        self.register_buffer("late", None)

    def forward(self, x: Any) -> Any:
        return self.fc(x) + self.addition(self, x)


DRAWS: dict[str, Callable[[Any, Any], Any]] = {
    "rand": lambda m, x: wing.rand(2),
    "rand of a generator": lambda m, x: wing.rand(2, generator=m.generator),
    "randn": lambda m, x: wing.randn(x.shape[0], 1),
    "randn_like": lambda m, x: wing.randn_like(x)[:, :2],
    "rand_like": lambda m, x: wing.rand_like(x)[:, :2],
    "normal": lambda m, x: wing.normal(1.0, 2.0, (2,)),
    "normal around tensors": lambda m, x: wing.normal(x, 2.0)[:, :2],
    "randint": lambda m, x: wing.randint(0, 100, (2,)),
    "randint_like": lambda m, x: wing.randint_like(x, 0, 100)[:, :2],
    "bernoulli": lambda m, x: wing.bernoulli(0.5 + 0 * x).sum(),
    "bernoulli of one probability": lambda m, x: wing.bernoulli(x, 0.3).sum(),
    "randperm": lambda m, x: wing.randperm(10)[:2],
    "dropout": lambda m, x: nn.functional.dropout(1 + 0 * x).sum(),
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_new_at_every_step(name: str) -> None:
    still: dict[str, Any] = {"optimizer": tw.optim.sgd(0.0), "batch_size": None, "epochs": 12}
    found = trained(made(lambda: Noisy(DRAWS[name])), **still)
    assert len(set(found.history.loss.tolist())) > 4
    again = trained(made(lambda: Noisy(DRAWS[name])), **still)
    np.testing.assert_array_equal(found.history.loss, again.history.loss)


def test_noise_has_the_spread_that_it_is_drawn_with() -> None:
    class Mean(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(tw.zeros(1, dtype=tw.float64))

        def forward(self, x: Any) -> Any:
            return wing.normal(3.0, 2.0, (1000,)) + self.w

    second = lambda out, y: ((out - 3.0) ** 2).mean()
    found = trained(Mean(), second, optimizer=tw.optim.sgd(0.0), epochs=50)
    assert np.mean(found.history.loss) == pytest.approx(4.0, rel=0.02)


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (lambda m, x: m.rng.normal(size=2), r"model.rng, used at .*surroundings.py:\d+\) drew"),
        (lambda m, x: m.python.random(), r"model.python, in .*surroundings.py:\d+\) drew"),
        (lambda m, x: np.random.normal(size=2), r"NumPy's global generator, used at .*drew"),  # noqa: NPY002
        (lambda m, x: random.random(), r"Python's global generator, in .*drew"),
    ],
    ids=range(4),
)
def test_draws_of_other_generators_are_warned_of(draw: Any, told: str) -> None:
    with pytest.warns(UserWarning, match=told):
        trained(Noisy(draw))


def counted(m: Any, x: Any) -> Any:
    m.calls += 1
    return m.calls


def counted_in_a_dictionary(m: Any, x: Any) -> Any:
    m.kept["n"] += 1
    return m.kept["n"]


def remembered(m: Any, x: Any) -> Any:
    m.hidden = tw.tanh(m.fc(x).mean(axis=0) + m.hidden)
    return m.hidden


def first(m: Any, x: Any) -> Any:
    m.calls, before = 1, m.calls
    return before


def given_late(m: Any, x: Any) -> Any:
    m.late = tw.zeros(2, dtype=tw.float64) if m.late is None else m.late + 1.0
    return m.late


STATE = {
    counted: r"model.calls, which it changes itself, used at .*surroundings.py:\d+",
    counted_in_a_dictionary: r"model.kept\['n'\], which it changes itself, used at",
    first: r"model.calls, which it changes itself, used at",
    remembered: "kept from an earlier call|used after the function that traced it",
    given_late: "'late' was None",
    (lambda m, x: next(m.count)): "model.count, which it changes itself, used at",
    (lambda m, x: next(m.rest)): r"depends on a value, used at .*surroundings.py:\d+",
    (lambda m, x: time.time()): r"depends on a value, used at .*surroundings.py:\d+",
    (lambda m, x: time.perf_counter()): "depends on a value, used at",
}


@pytest.mark.parametrize("addition", STATE, ids=range(len(STATE)))
def test_a_loss_that_changes_what_it_depends_on_is_refused(addition: Any) -> None:
    with pytest.raises(TracingError, match=STATE[addition]):
        trained(Noisy(addition))


def test_what_is_changed_without_effect_is_warned_of_and_holds_no_trace() -> None:
    def kept(m: Any, x: Any) -> Any:
        m.last, m.new = m.fc(x), [m.fc(x)]
        m.calls += 1
        return 0.0

    model = Noisy(kept)
    with pytest.warns(UserWarning, match=r"changed model.calls, model.last, model.new"):
        trained(model)
    assert model.last is None
    assert model.new == []
