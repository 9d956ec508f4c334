"""Whatever a module's loss meets of the module is the run's: the stateful loop is the oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.torch import nn

RNG = np.random.default_rng(5)
X = RNG.normal(size=(22, 4))
Y = np.tanh(X @ RNG.normal(size=(4, 2)))
OTHER = tw.tensor(RNG.normal(size=(7, 4)))
THIRD = tw.tensor(RNG.normal(size=(7, 4)))

Loss = Callable[[Any, Any], Any]


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4, dtype=tw.float64)
        self.fc = nn.Linear(4, 3, dtype=tw.float64)
        self.out = nn.Linear(3, 2, dtype=tw.float64)

    def forward(self, x: Any) -> Any:
        return self.out(tw.tanh(self.fc(self.norm(x))))


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Linear(4, 4, dtype=tw.float64)
        self.decode = nn.Linear(4, 4, dtype=tw.float64)
        self.decode.weight = self.encode.weight
        self.head = nn.Linear(4, 2, dtype=tw.float64)

    def forward(self, x: Any) -> Any:
        return self.head(self.decode(tw.tanh(self.encode(x))))


class Normed(nn.Module):
    """A linear map whose rows have a length of their own: weight normalization."""

    def __init__(self) -> None:
        super().__init__()
        self.direction = nn.Parameter(tw.tensor(RNG.normal(size=(2, 4))))
        self.length = nn.Parameter(tw.ones(2, 1, dtype=tw.float64))

    @property
    def weight(self) -> Any:
        return self.length * self.direction / (self.direction**2).sum(dim=1, keepdim=True).sqrt()

    def forward(self, x: Any) -> Any:
        return x @ self.weight.T


class Assigned(nn.Module):
    """A buffer that is assigned a new tensor at each call, and one that is written."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", tw.zeros(4, dtype=tw.float64))
        self.register_buffer("calls", tw.tensor(0.0, dtype=tw.float64))
        self.fc = nn.Linear(4, 2, dtype=tw.float64)

    def forward(self, x: Any) -> Any:
        if self.training:
            self.mean = 0.5 * self.mean + 0.5 * x.detach().mean(axis=0)
            self.calls += 1.0
        return self.fc(x - self.mean) / (1.0 + 0.01 * self.calls)


class WithHead(nn.Module):
    """A head that `forward` leaves to the loss."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(4, 3, dtype=tw.float64)
        self.head = nn.Linear(3, 2, dtype=tw.float64)

    def forward(self, x: Any) -> Any:
        return tw.tanh(self.body(x))


def mse(out: Any, y: Any) -> Any:
    return ((out - y) ** 2).mean()


def squares(model: Any) -> Loss:
    return lambda out, y: mse(out, y) + 0.1 * sum(p.square().sum() for p in model.parameters())


def saved(model: Any) -> Loss:
    weight = model.fc.weight
    return lambda out, y: mse(out, y) + 0.2 * weight.abs().sum()


def collected(model: Any) -> Loss:
    kept = {"all": [p for p in model.parameters() if p.ndim > 1]}
    return lambda out, y: mse(out, y) + 0.05 * sum((p**4).sum() for p in kept["all"])


def detached(model: Any) -> Loss:
    alias = model.fc.weight.detach()
    return lambda out, y: mse(out, y) * (1 + (alias**2).sum()) + (alias * model.fc.weight).sum()


def gradient_penalty(model: Any) -> Loss:
    def loss(out: Any, y: Any) -> Any:
        fit = mse(out, y)
        found = wing.autograd.grad(fit, list(model.parameters()), create_graph=True)
        return fit + 0.1 * sum((g**2).sum() for g in found)

    return loss


def input_penalty(model: Any) -> Loss:
    def loss(out: Any, y: Any) -> Any:
        x = OTHER.detach().requires_grad_(True)
        (slope,) = wing.autograd.grad(model(x).sum(), x, create_graph=True)
        return mse(out, y) + 0.1 * ((slope**2).sum(axis=1).sqrt() - 1.0).square().mean()

    return loss


def in_evaluation(model: Any) -> Loss:
    def loss(out: Any, y: Any) -> Any:
        model.eval()
        still = model(OTHER)
        model.train()
        return mse(out, y) + 0.1 * still.square().mean()

    return loss


def no_grad(model: Any) -> Loss:
    def loss(out: Any, y: Any) -> Any:
        with tw.no_grad():
            scale = model.fc.weight.norm()
        return mse(out, y) + 0.1 * scale * model.out.weight.square().sum()

    return loss


def triplet(model: Any) -> Loss:
    def loss(out: Any, y: Any) -> Any:
        near, far = model(OTHER), model(THIRD)
        return mse(out, y) + tw.relu(0.3 + (near - 0.5).square().sum() - (far + 0.5).square().sum())

    return loss


class Criterion(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.weight = 0.1

    def forward(self, out: Any, y: Any) -> Any:
        return (
            mse(out, y)
            + self.weight * nn.utils.parameters_to_vector(self.model.parameters()).square().sum()
        )


VARIANTS: dict[str, tuple[Callable[[], nn.Module], Callable[[Any], Loss]]] = {
    "squares of all parameters": (Network, squares),
    "one parameter": (Network, lambda m: lambda o, y: mse(o, y) + m.fc.weight.square().sum()),
    "a member of a Sequential": (
        lambda: nn.Sequential(nn.Linear(4, 3, dtype=tw.float64), nn.Linear(3, 2, dtype=tw.float64)),
        lambda m: lambda o, y: mse(o, y) + 0.1 * m[0].weight.abs().sum() - 0.1 * m[1].bias.sum(),
    ),
    "a closure over a parameter": (Network, saved),
    "parameters in a dictionary": (Network, collected),
    "aliases of a parameter's memory": (Network, detached),
    "parameters_to_vector": (
        Network,
        lambda m: lambda o, y: mse(o, y)
        + 0.1 * nn.utils.parameters_to_vector(m.parameters()).norm(),
    ),
    "named_parameters": (
        Network,
        lambda m: lambda o, y: mse(o, y)
        + sum(0.1 * p.square().sum() for n, p in m.named_parameters() if n.endswith("weight")),
    ),
    "state_dict": (
        Network,
        lambda m: lambda o, y: mse(o, y) * (1 + m.state_dict()["fc.weight"].square().sum()),
    ),
    "state_dict with variables": (
        Network,
        lambda m: lambda o, y: mse(o, y)
        + 0.1 * m.state_dict(keep_vars=True)["fc.weight"].square().sum(),
    ),
    "get_parameter": (
        Network,
        lambda m: lambda o, y: mse(o, y) + 0.3 * m.get_parameter("out.weight").square().sum(),
    ),
    "a buffer": (
        Network,
        lambda m: lambda o, y: mse(o, y) + (m.norm.running_mean * m.fc.weight).sum(),
    ),
    "tied weights": (Tied, squares),
    "one of the tied names": (
        Tied, lambda m: lambda o, y: mse(o, y) + 0.3 * m.decode.weight.square().sum(),
    ),
    "weight normalization": (Normed, lambda m: lambda o, y: mse(o, y) + m.weight.abs().sum()),
    "weight normalization, all": (Normed, squares),
    "assigned buffers": (Assigned, squares),
    "a head in the loss": (WithHead, lambda m: lambda o, y: mse(m.head(o), y)),
    "a head in the loss, and a penalty": (
        WithHead,
        lambda m: lambda o, y: mse(m.head(o), y) + 0.1 * m.head.weight.square().sum(),
    ),
    "the model called twice": (Network, lambda m: lambda o, y: mse(o, y) + m(OTHER).pow(2).mean()),
    "a triplet": (Network, triplet),
    "evaluation mode inside": (Network, in_evaluation),
    "without gradients inside": (Network, no_grad),
    "a penalty on gradients": (Tied, gradient_penalty),
    "a penalty on gradients in the input": (Tied, input_penalty),
    "data": (Network, lambda m: lambda o, y: mse(o, y) * m.fc.weight.data.square().sum()),
    "a module for a loss": (Network, Criterion),
    "an orthogonality penalty": (
        Tied,
        lambda m: lambda o, y: mse(o, y)
        + 0.1 * (m.encode.weight @ m.encode.weight.T - tw.eye(4)).square().sum(),
    ),
    "a function of NumPy's on a parameter": (
        Tied, lambda m: lambda o, y: mse(o, y) + np.sum(np.abs(m.encode.weight)),
    ),
    "the nuclear norm": (
        Tied, lambda m: lambda o, y: mse(o, y) + 0.1 * tw.linalg.norm(m.encode.weight, ord="nuc"),
    ),
}  # fmt: skip

OPTIMIZERS: list[tuple[Any, Callable[[Any], Any]]] = [
    (tw.optim.sgd(0.02, momentum=0.9), lambda p: wing.optim.SGD(p, lr=0.02, momentum=0.9)),
    (tw.optim.adam(0.01), lambda p: wing.optim.Adam(p, lr=0.01)),
    (
        tw.optim.adamw(0.01, weight_decay=0.1),
        lambda p: wing.optim.AdamW(p, lr=0.01, weight_decay=0.1),
    ),
]


def stepped(model: nn.Module, loss: Loss, optimizer: Any, epochs: int, batch: int) -> list[float]:
    losses = []
    for _ in range(epochs):
        for start in range(0, len(X), batch):
            rows = slice(start, start + batch)
            optimizer.zero_grad()
            value = loss(model(tw.tensor(X[rows])), tw.tensor(Y[rows]))
            value.backward()
            optimizer.step()
            losses.append(value.item())
    return losses


def made(build: Callable[[], nn.Module]) -> nn.Module:
    wing.manual_seed(1)
    global RNG
    RNG = np.random.default_rng(1)
    return build()


def assert_same(ours: nn.Module, theirs: nn.Module) -> None:
    want = theirs.state_dict()
    for name, value in ours.state_dict().items():
        np.testing.assert_allclose(
            value.numpy(), want[name].numpy(), rtol=1e-11, atol=1e-12, err_msg=name
        )


NATIVE = ("squares of all parameters", "tied weights", "assigned buffers", "a penalty on gradients")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", VARIANTS)
def test_a_fit_with_a_penalty_equals_the_stateful_loop(name: str) -> None:
    build, loss_of = VARIANTS[name]
    position = list(VARIANTS).index(name) % len(OPTIMIZERS)
    pure, stateful = OPTIMIZERS[position]
    ours, theirs = made(build), made(build)
    found = tw.fit(
        ours, (X, Y), loss=loss_of(ours), optimizer=pure, batch_size=6, epochs=3, shuffle=False,
        engine="native" if name in NATIVE else "numpy",
    )  # fmt: skip
    losses = stepped(theirs, loss_of(theirs), stateful(theirs.parameters()), 3, 6)
    np.testing.assert_allclose(found.history.loss, losses, rtol=1e-11)
    assert_same(ours, theirs)
