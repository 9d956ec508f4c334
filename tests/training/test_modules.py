"""tw.fit of a module equals the stateful loop, natively; buffers and draws are part of the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import ArgumentError, CallError
from thalweg.torch import nn
from thalweg.torch.utils.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    RandomSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 5))
Y = np.tanh(X @ RNG.normal(size=(5, 2)))


class Tanh(nn.Module):
    def forward(self, x: Any) -> Any:
        return np.tanh(x)


class Centred(nn.Module):
    """Subtract a running mean, which is a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", tw.zeros(5))
        self.register_buffer("seen", tw.tensor(0))

    def forward(self, x: Any) -> Any:
        if self.training:
            self.mean += 0.1 * (x.detach().mean(axis=0) - self.mean)
            self.seen += 1
        return x - self.mean


def perceptron() -> nn.Module:
    wing.manual_seed(0)
    float64 = {"dtype": tw.float64}
    return nn.Sequential(Centred(), nn.Linear(5, 8, **float64), Tanh(), nn.Linear(8, 2, **float64))


def mse(output: Any, target: Any) -> Any:
    return np.mean((output - target) ** 2)


def loop(model: nn.Module, optimizer: Any, steps: int, batch: int) -> None:
    for i in range(steps):
        rows = slice(i * batch % 100, i * batch % 100 + batch)
        optimizer.zero_grad()
        mse(model(tw.tensor(X[rows])), tw.tensor(Y[rows])).backward()
        optimizer.step()


OPTIMIZERS: list[tuple[Callable[[], Any], Callable[[Any], Any]]] = [
    (lambda: tw.optim.sgd(0.1, momentum=0.9), lambda p: wing.optim.SGD(p, lr=0.1, momentum=0.9)),
    (lambda: tw.optim.adam(0.01), lambda p: wing.optim.Adam(p, lr=0.01)),
]


@pytest.mark.parametrize("engine", ["native", "numpy"])
@pytest.mark.parametrize("position", range(len(OPTIMIZERS)))
def test_a_fit_equals_the_stateful_loop(position: int, engine: str) -> None:
    pure, stateful = OPTIMIZERS[position]
    ours, theirs = perceptron(), perceptron()
    found = tw.fit(
        ours, (X, Y), loss=mse, optimizer=pure(), batch_size=20, steps=100, shuffle=False,
        engine=engine,
    )  # fmt: skip
    loop(theirs, stateful(theirs.parameters()), 100, 20)
    assert found.engine == engine
    want = theirs.state_dict()
    for name, value in ours.state_dict().items():
        np.testing.assert_allclose(value.numpy(), want[name].numpy(), rtol=1e-10, atol=1e-12)
    assert ours[0].seen.item() == 100
    assert set(found.params) == {name for name, _ in ours.named_parameters()}


def test_frozen_parameters_stay() -> None:
    model = perceptron()
    model[1].requires_grad_(False)
    before = model[1].weight.detach().numpy().copy()
    found = tw.fit(model, (X, Y), loss=mse, optimizer=tw.optim.sgd(0.1), steps=5)
    assert set(found.params) == {"3.weight", "3.bias"}
    np.testing.assert_array_equal(model[1].weight.detach().numpy(), before)


def test_validation_is_evaluated_in_evaluation_mode() -> None:
    model = perceptron()
    found = tw.fit(
        model, (X, Y), loss=mse, optimizer=tw.optim.sgd(0.1), batch_size=20, epochs=2,
        validation=(X, Y),
    )  # fmt: skip
    assert model.training
    model.eval()
    want = mse(model(tw.tensor(X)), tw.tensor(Y)).item()
    assert found.history.validation[-1] == pytest.approx(want, rel=1e-12)


def test_a_resumed_fit_equals_an_uninterrupted_one() -> None:
    whole, parts = perceptron(), perceptron()
    options: dict[str, Any] = {"loss": mse, "optimizer": tw.optim.adam(0.01), "batch_size": 20}
    tw.fit(whole, (X, Y), epochs=4, **options)
    first = tw.fit(parts, (X, Y), epochs=2, **options)
    tw.fit(parts, (X, Y), epochs=2, resume=first, **options)
    for a, b in zip(whole.state_dict().values(), parts.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_a_loader_of_arrays_stands_for_its_data_and_options() -> None:
    one, other = perceptron(), perceptron()
    data = TensorDataset(X, Y)
    tw.fit(one, DataLoader(data, batch_size=20), loss=mse, optimizer=tw.optim.sgd(0.1), epochs=2)
    tw.fit(
        other, (X, Y), loss=mse, optimizer=tw.optim.sgd(0.1), epochs=2, batch_size=20,
        shuffle=False,
    )  # fmt: skip
    np.testing.assert_array_equal(one[1].weight.detach().numpy(), other[1].weight.detach().numpy())


def test_mistakes_are_told() -> None:
    model = perceptron()
    with pytest.raises(CallError, match=r"fit\(model, \(X, y\), loss=…, optimizer=…\)"):
        tw.fit(model, (X, Y), optimizer=tw.optim.sgd(0.1))
    with pytest.raises(ArgumentError, match=r"a tuple \(X, y\) of arrays"):
        tw.fit(model, X, loss=mse, optimizer=tw.optim.sgd(0.1))
    with pytest.raises(ArgumentError, match="without a parameter that requires grad"):
        tw.fit(Tanh(), (X, Y), loss=mse, optimizer=tw.optim.sgd(0.1))


def regression() -> nn.Module:
    wing.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Dropout(0.2), nn.Linear(4, 2))


OPTIONS: dict[str, Any] = {"loss": mse, "optimizer": tw.optim.adam(0.01), "batch_size": 20}


def test_a_run_with_buffers_is_resumed_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    whole, halved = regression(), regression()
    tw.fit(whole, (X, Y), epochs=4, **OPTIONS)
    tw.fit(halved, (X, Y), epochs=2, checkpoint=path, **OPTIONS)
    again = regression()
    tw.fit(again, (X, Y), epochs=2, resume=path, **OPTIONS)
    for one, other in zip(again.state_dict().values(), whole.state_dict().values(), strict=True):
        assert np.array_equal(one.numpy(), other.numpy())
    assert tw.load(path).params.keys() == dict(whole.named_parameters()).keys()


def test_parts_of_data_sets_and_loaders_of_them_are_data() -> None:
    rows = TensorDataset(X, Y)
    part, rest = Subset(rows, range(80)), ConcatDataset([Subset(rows, range(80, 100))])
    given = [
        ((X[:80], Y[:80]), (X[80:], Y[80:])),
        (part, rest),
        (DataLoader(part, batch_size=20, shuffle=True), DataLoader(rest, batch_size=7)),
    ]
    fits = [
        tw.fit(regression(), data, validation=held, epochs=2, **OPTIONS) for data, held in given
    ]
    for fit in fits[1:]:
        assert np.array_equal(fit.history.loss, fits[0].history.loss)
        assert np.array_equal(fit.history.validation, fits[0].history.validation)


class Own(Dataset[Any]):
    def __getitem__(self, index: int) -> Any:
        return X[index], Y[index]

    def __len__(self) -> int:
        return len(X)


WEIGHTED = WeightedRandomSampler([1.0] * 100, 100)
ROWS = TensorDataset(X, Y)
LEFT_OUT: list[tuple[Any, str]] = [
    (DataLoader(ROWS, batch_size=10, sampler=WEIGHTED), "the sampler WeightedRandomSampler"),
    (DataLoader(ROWS, batch_size=10, sampler=RandomSampler(ROWS, num_samples=5)), "num_samples"),
    (DataLoader(ROWS, batch_size=10, collate_fn=lambda rows: rows), "a collate_fn"),
    (DataLoader(ROWS, batch_size=None), "no batch_size"),
    (DataLoader(ROWS, batch_sampler=[[0, 1], [2]]), "batch_s"),
    (DataLoader(Own(), batch_size=10), r"type Own.*DataLoader\(dataset, batch_size=len"),
    (Own(), "type Own"),
]


@pytest.mark.parametrize(("data", "told"), LEFT_OUT)
def test_what_a_run_would_leave_out_of_a_loader_is_refused(data: Any, told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        tw.fit(regression(), data, loss=mse, optimizer=tw.optim.adam(0.01))


def test_errors_call_the_data_by_the_names_of_the_module() -> None:
    with pytest.raises(ValueError, match=r"data\[0\] \(input\).*data\[1\] \(target\)"):
        tw.fit(regression(), (X, Y[:-1]), **OPTIONS)
    with pytest.raises(ValueError, match=r"x \(20, 4\), target \(20, 2\)"):
        tw.fit(Wide(), (X[:, :4], Y), **OPTIONS)


class Wide(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(5, 2)

    def forward(self, x: Any, scale: float = 1.0) -> Any:
        return self.linear(x) * scale


MISTAKEN: list[tuple[Any, dict[str, Any], str]] = [
    (nn.Sequential, {}, "the class Sequential.*Sequential"),
    ((X, Y), {}, "tuple in the place of the module"),
    (mse, {}, r"fit\(loss, params, data"),
    (Wide(), {"loss": nn.MSELoss}, r"the class loss=MSELoss. Call it: MSELoss\(\)"),
    (
        Wide(),
        {"optimizer": wing.optim.SGD([tw.zeros(1, requires_grad=True)])},
        r"optim.sgd\(0.01\)",
    ),
    (Wide(), {"optimizer": wing.optim.Adam}, r"optim.adam\(0.01\)"),
]


@pytest.mark.parametrize(("model", "options", "told"), MISTAKEN, ids=range(len(MISTAKEN)))
def test_a_call_that_is_not_of_a_module_says_what_is_wanted(
    model: Any, options: dict[str, Any], told: str
) -> None:
    with pytest.raises((CallError, ArgumentError), match=told):
        tw.fit(model, (X, Y), **{**OPTIONS, **options})
