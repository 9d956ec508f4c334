"""Models as users of PyTorch write and train them: the same losses and parameters."""

import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.torch.nn.libraries import THALWEG, Library, fill, same
from thalweg import torch as wing
from thalweg.torch import nn

RNG = np.random.default_rng(1234)
X = RNG.normal(size=(200, 5))
Y = X @ np.array([3.0, 0.0, -2.0, 1.0, 0.5]) + RNG.normal(size=200)


def step(module: Any, lib: Library, rate: float) -> None:
    with lib.no_grad():
        for parameter in module.parameters():
            parameter -= rate * parameter.grad
    module.zero_grad()


def test_the_model_of_the_lecture_with_its_own_fit() -> None:
    def code(lib: Library) -> Any:
        class Model(lib.nn.Module):  # type: ignore[name-defined,misc]
            def __init__(self, k: int) -> None:
                super().__init__()
                beta = lib.ones(k) * 0.5
                beta.requires_grad = True
                self.beta = lib.nn.Parameter(beta)

            def forward(self, x: Any) -> Any:
                return x @ self.beta

            def fit(self, x: Any, y: Any, n: int) -> list[float]:
                losses = []
                for _ in range(n):
                    loss = ((self(x) - y) ** 2).sum()
                    losses.append(loss.item())
                    loss.backward()
                    step(self, lib, 1e-3)
                return losses

        model = Model(X.shape[1])
        losses = model.fit(lib.array(X), lib.array(Y), 30)
        return losses, model.beta

    losses, _ = same(code, rel=1e-12)
    assert losses[-1] < losses[0] / 5


def test_a_perceptron_of_two_layers_trained_on_batches() -> None:
    def code(lib: Library) -> Any:
        class Perceptron(lib.nn.Module):  # type: ignore[name-defined,misc]
            def __init__(self) -> None:
                super().__init__()
                self.hidden = lib.nn.ModuleList([lib.nn.Linear(5, 8), lib.nn.Linear(8, 8)])
                self.out = lib.nn.Linear(8, 1)

            def forward(self, x: Any) -> Any:
                for layer in self.hidden:
                    x = layer(x).tanh() if lib is not THALWEG else wing.tanh(layer(x))
                return self.out(x).squeeze(-1)

        model = fill(Perceptron(), lib)
        x, y = lib.array(X), lib.array(Y)
        losses = []
        for i in range(100):
            rows = slice(10 * (i % 20), 10 * (i % 20) + 10)
            loss = ((model(x[rows]) - y[rows]) ** 2).mean()
            loss.backward()
            lib.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            step(model, lib, 0.01)
            losses.append(loss.item())
        return losses, model.state_dict()

    same(code, rel=1e-10)


def model_and_data() -> tuple[Any, Any, Any]:
    model = fill(nn.Sequential(nn.Linear(5, 8), nn.Linear(8, 1), nn.Flatten(0)), THALWEG)
    return model, wing.tensor(X), wing.tensor(Y)


def train(model: Any, x: Any, y: Any, steps: int) -> Any:
    for _ in range(steps):
        ((model(x) - y) ** 2).mean().backward()
        step(model, THALWEG, 0.01)
    return [p.tolist() for p in model.parameters()]


def test_many_steps_leak_nothing() -> None:
    model, x, y = model_and_data()
    train(model, x, y, 20)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        train(model, x, y, 300)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert after - before < 20_000


def test_models_trained_in_threads_are_those_trained_alone() -> None:
    expected = train(*model_and_data(), steps=40)
    found: list[Any] = []

    def run() -> None:
        found.append(train(*model_and_data(), steps=40))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def test_an_update_outside_no_grad_says_what_to_do() -> None:
    model, x, y = model_and_data()
    ((model(x) - y) ** 2).mean().backward()
    with pytest.raises(tw.errors.GradientError, match="no_grad"):
        model[0].weight -= 0.1 * model[0].weight.grad
