"""A program of a user, of whose every line type checkers know the type.

`mypy --strict` and pyright find nothing to report, and nothing that they would call `Any`.
"""

from typing import assert_type

import numpy as np

import thalweg as tw
import thalweg.torch as torch
from thalweg.torch import nn
from thalweg.torch.nn import functional as F  # noqa: N812

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Params = dict[str, Array]


def loss(w: Array, features: Array, labels: Array) -> np.floating:
    return np.mean((labels - features @ w) ** 2)


def energy(w: tw.Tensor) -> tw.Tensor:
    return tw.sum(w**2)


@tw.jit
def step(w: tw.Tensor) -> tw.Tensor:
    return w - 0.1 * tw.grad(energy)(w)


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x).squeeze(-1)


def tensors(x: tw.Tensor, array: Array) -> None:
    assert_type(tw.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), tw.Tensor)
    assert_type(tw.zeros(2, 3, dtype=tw.float32), tw.Tensor)
    assert_type(tw.exp(x), tw.Tensor)
    assert_type(tw.exp(array), tw.Tensor)
    assert_type(tw.sum(x, axis=0, keepdims=True), tw.Tensor)
    assert_type(tw.mean([1.0, 2.0]), tw.Tensor)
    assert_type(2.0 * x @ x.T - x**2 / array, tw.Tensor)
    assert_type(x[0, 1:], tw.Tensor)
    assert_type(x > 1.0, tw.Tensor)
    assert_type(x == x, tw.Tensor)
    assert_type(x.reshape(4).reshape((2, -1)).max(axis=0), tw.Tensor)
    assert_type(tw.unique(x), tw.Tensor)
    assert_type(tw.linalg.solve(x, [1.0, 2.0]), tw.Tensor)
    assert_type(tw.random.normal(tw.random.key(0), (2, 3)), tw.Tensor)
    assert_type(x.shape[0], int)
    assert_type(x.sum().item(), float)
    assert_type(x.sum().backward(), None)
    assert_type(x.grad, tw.Tensor | None)


def derivatives(w: Array, x: tw.Tensor, features: Array, labels: Array) -> None:
    assert_type(tw.grad(loss)(w, features, labels), Array)
    assert_type(tw.value_and_grad(loss)(w, features, labels), tuple[np.floating, Array])
    assert_type(tw.jit(tw.grad(loss))(w, features, labels), Array)
    assert_type(tw.jit(loss, engine="numpy")(w, features, labels), np.floating)
    assert_type(tw.vmap(energy)(x), tw.Tensor)
    assert_type(step(x), tw.Tensor)


def training(w: Array, params: Params, features: Array, labels: Array) -> None:
    optimizer = tw.optim.chain(tw.optim.clip_by_global_norm(1.0), tw.optim.adam(0.1))
    assert_type(optimizer, tw.optim.GradientTransformation)
    state = optimizer.init(params)
    updates, state = optimizer.update(params, state, params)
    assert_type(updates, Params)
    assert_type(tw.optim.apply_updates(params, updates), Params)
    fit = tw.fit(loss, w, (features, labels), optimizer=optimizer, batch_size=4, epochs=2)
    assert_type(fit.params, Array)
    assert_type(fit.steps, int)
    assert_type(fit.us_per_step, float)


def stateful(batch: torch.Tensor, target: torch.Tensor) -> None:
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    output = model(batch)
    assert_type(output, torch.Tensor)
    assert_type(Model()(batch), torch.Tensor)
    cost = F.cross_entropy(output, target)
    assert_type(cost, torch.Tensor)
    adam.zero_grad()
    assert_type(cost.backward(), None)
    assert_type(adam.step(), None)
    assert_type(output.max(dim=1).values.unsqueeze(0), torch.Tensor)
    assert_type(torch.sum(input=batch, dim=0, keepdim=True).add_(1.0), torch.Tensor)
    assert_type(torch.randn(16, 2) * batch.relu(), torch.Tensor)
    fit = tw.fit(model, (batch, target), loss=F.cross_entropy, optimizer=tw.optim.sgd(0.1))
    assert_type(fit.epochs, float)
