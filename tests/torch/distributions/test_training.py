"""Models whose losses are densities: trained by hand as with PyTorch, and by `tw.fit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(1)
X = RNG.uniform(-2, 2, (60, 1))
Y = np.sin(2 * X) + 0.2 * RNG.normal(size=X.shape)
COUNTS = RNG.poisson(np.exp(0.5 * X)).astype(float)


def mixture(lib: Any) -> tuple[Any, Callable[[Any, Any], Any], Any]:
    """A mixture density network."""
    d = lib.distributions
    model = lib.nn.Sequential(lib.nn.Linear(1, 8), lib.nn.Tanh(), lib.nn.Linear(8, 9))

    def loss(out: Any, y: Any) -> Any:
        logits, loc, spread = out.chunk(3, -1)
        parts = d.Normal(loc, spread.exp())
        return -d.MixtureSameFamily(d.Categorical(logits=logits), parts).log_prob(y[:, 0]).mean()

    return model, loss, Y


def flow(lib: Any) -> tuple[Any, Callable[[Any, Any], Any], Any]:
    """Transforms of normal numbers by parameters that depend on x."""
    d = lib.distributions
    model = lib.nn.Linear(1, 2)

    def loss(out: Any, y: Any) -> Any:
        shift, scale = out.chunk(2, -1)
        steps = [d.AffineTransform(shift, scale.exp()), d.TanhTransform()]
        base = d.Normal(lib.zeros_like(shift), 1.0)
        return -d.TransformedDistribution(base, steps).log_prob(y / 3).mean()

    return model, loss, Y


def counts(lib: Any) -> tuple[Any, Callable[[Any, Any], Any], Any]:
    """Negative binomial regression."""
    model = lib.nn.Linear(1, 2)

    def loss(out: Any, y: Any) -> Any:
        size, logits = out.chunk(2, -1)
        return -lib.distributions.NegativeBinomial(size.exp(), logits=logits).log_prob(y).mean()

    return model, loss, COUNTS


def evidence(lib: Any) -> tuple[Any, Callable[[Any, Any], Any], Any]:
    """A divergence from a prior beside a likelihood."""
    d = lib.distributions
    model = lib.nn.Linear(1, 2)

    def loss(out: Any, y: Any) -> Any:
        loc, spread = out.chunk(2, -1)
        posterior = d.Independent(d.Normal(loc, spread.exp()), 1)
        prior = d.Independent(d.Normal(lib.zeros_like(loc), 1.0), 1)
        return (d.kl_divergence(posterior, prior) - posterior.log_prob(y)).mean()

    return model, loss, Y


TASKS = {"mixture": mixture, "flow": flow, "counts": counts, "evidence": evidence}


def by_hand(lib: Any, name: str, steps: int) -> np.ndarray[Any, Any]:
    """Return the losses of gradient descent."""
    lib.manual_seed(3)
    model, loss, targets = TASKS[name](lib)
    optimizer = lib.optim.SGD(model.parameters(), lr=0.05)
    x, y, losses = lib.tensor(X), lib.tensor(targets), []
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return np.array(losses)


@pytest.mark.parametrize("name", TASKS)
def test_losses_are_pytorch_s_at_every_step_and_in_a_native_run(name: str) -> None:
    theirs = by_hand(torch, name, 30)
    np.testing.assert_allclose(by_hand(wing, name, 30), theirs, 1e-9)
    wing.manual_seed(3)
    model, loss, targets = TASKS[name](wing)
    fit = tw.fit(
        model, (X, targets), loss=loss, optimizer=tw.optim.sgd(0.05), batch_size=60, epochs=30,
        shuffle=False, progress=False,
    )  # fmt: skip
    np.testing.assert_allclose(fit.history.loss, theirs, 1e-9)
    assert theirs[-1] < theirs[0]
